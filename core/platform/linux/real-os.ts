import { readFileSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import type { Failure } from '../../lib/failure.ts';
import { ok, type Result } from '../../lib/result.ts';
import { NetlinkSocket } from '../../node-tun/index.ts';
import { journalFile } from './journal-file.ts';
import { ipBatch } from './netlink/ip-batch.ts';
import type { CommandResult, LinuxOs, Tool } from './os.ts';
import { isAlive, ownIdentity } from './process-identity.ts';
import { startTool } from './tool-process.ts';
import { findTool } from './tools.ts';

/** Cleared at boot, like everything that the journal describes. */
const JOURNAL_DIRECTORY = '/run/causeway';

/** This machine. `journalDirectory` is for tests. */
export function realOs(journalDirectory = JOURNAL_DIRECTORY): LinuxOs {
  const paths = new Map<Tool, string>();
  const pathOf = (tool: Tool): Result<string, Failure> => {
    const path = paths.get(tool);
    if (path !== undefined) return ok(path);
    const found = findTool(tool);
    if (found.ok) paths.set(tool, found.value);
    return found;
  };
  return {
    run: async (tool, args, input) => {
      const done = tool === 'ip' ? overNetlink(args, input) : undefined;
      if (done) return ok(done);
      const path = pathOf(tool);
      return path.ok ? ok(await startTool(path.value, args).finish(input)) : path;
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

/** Whoever connects waits for it, and a process takes longer than all that it is asked to do. */
function overNetlink(args: readonly string[], input: string): CommandResult | undefined {
  try {
    return ipBatch(args, input, () => NetlinkSocket.open());
  } catch {
    return undefined;
  }
}

/** What changes is the network namespace's, so each has a journal of its own: its inode number. */
function networkNamespace(): string {
  return /^net:\[(\d+)\]$/.exec(readlinkSync('/proc/self/ns/net'))?.[1] ?? 'unknown';
}
