import { readFileSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import type { Failure } from '../../lib/failure.ts';
import { ok, type Result } from '../../lib/result.ts';
import { journalFile } from './journal-file.ts';
import type { LinuxOs, Tool } from './os.ts';
import { isAlive, ownIdentity } from './process-identity.ts';
import { startTool, type ToolProcess } from './tool-process.ts';
import { findTool } from './tools.ts';

/** Cleared at boot, like everything that the journal describes. */
const JOURNAL_DIRECTORY = '/run/causeway';

/** What of this machine makes connecting faster, and changes nothing on it. */
export interface Readiness {
  /** Starts a tool that will soon be run with these arguments: it then only has to read its input. */
  readonly prepare: (tool: Tool, args: readonly string[]) => void;
  /** Ends what was prepared and not run. */
  readonly dismiss: () => void;
}

/** This machine. `journalDirectory` is for tests. */
export function realOs(journalDirectory = JOURNAL_DIRECTORY): LinuxOs & Readiness {
  const paths = new Map<Tool, string>();
  const prepared = new Map<string, ToolProcess>();
  const pathOf = (tool: Tool): Result<string, Failure> => {
    const path = paths.get(tool);
    if (path !== undefined) return ok(path);
    const found = findTool(tool);
    if (found.ok) paths.set(tool, found.value);
    return found;
  };
  return {
    prepare: (tool, args) => {
      const line = commandLine(tool, args);
      if (prepared.get(line)?.waits() === true) return;
      const path = pathOf(tool);
      // Whoever then wants to run it is told that it is missing.
      if (path.ok) prepared.set(line, startTool(path.value, args));
    },
    dismiss: () => {
      for (const waiting of prepared.values()) void waiting.finish('');
      prepared.clear();
    },
    run: async (tool, args, input) => {
      const path = pathOf(tool);
      if (!path.ok) return path;
      const ready = prepared.get(commandLine(tool, args));
      prepared.delete(commandLine(tool, args));
      const process = ready?.waits() === true ? ready : startTool(path.value, args);
      return ok(await process.finish(input));
    },
    readParameter: (path) => {
      try {
        return readFileSync(path, 'latin1').trim();
      } catch {
        return undefined;
      }
    },
    writeParameter: (path, value) => {
      writeFileSync(path, value, { flag: 'r+' });
    },
    parameterInterfaces: () => {
      try {
        return readdirSync('/proc/sys/net/ipv4/conf');
      } catch {
        return [];
      }
    },
    journal: journalFile(`${journalDirectory}/net-${networkNamespace()}.json`),
    self: ownIdentity(),
    isAlive,
  };
}

function commandLine(tool: Tool, args: readonly string[]): string {
  return [tool, ...args].join(' ');
}

/** What changes is the network namespace's, so each has a journal of its own: its inode number. */
function networkNamespace(): string {
  return /^net:\[(\d+)\]$/.exec(readlinkSync('/proc/self/ns/net'))?.[1] ?? 'unknown';
}
