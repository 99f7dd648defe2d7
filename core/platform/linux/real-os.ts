import { spawn } from 'node:child_process';
import { readFileSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { err, ok } from '../../lib/result.ts';
import { journalFile } from './journal-file.ts';
import type { CommandResult, LinuxOs, Tool } from './os.ts';
import { isAlive, ownIdentity } from './process-identity.ts';
import { findTool } from './tools.ts';

/** Cleared at boot, like everything that the journal describes. */
const JOURNAL_DIRECTORY = '/run/causeway';
/** The tools answer within milliseconds; one that hangs must not hang the connection. */
const COMMAND_TIMEOUT_MS = 10_000;
/** As much of what a tool says as is kept. */
const STDERR_LIMIT = 65_536;

/** This machine. `journalDirectory` is for tests. */
export function realOs(journalDirectory = JOURNAL_DIRECTORY): LinuxOs {
  const paths = new Map<Tool, string>();
  return {
    run: async (tool, args, input) => {
      const path = paths.get(tool);
      if (path !== undefined) return ok(await runCommand(path, args, input));
      const found = findTool(tool);
      if (!found.ok) return err(found.error);
      paths.set(tool, found.value);
      return ok(await runCommand(found.value, args, input));
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

/** What changes is the network namespace's, so each has a journal of its own: its inode number. */
function networkNamespace(): string {
  return /^net:\[(\d+)\]$/.exec(readlinkSync('/proc/self/ns/net'))?.[1] ?? 'unknown';
}

/** No shell, no environment of the caller's, messages in English. */
function runCommand(path: string, args: readonly string[], input: string): Promise<CommandResult> {
  return new Promise((resolve) => {
    const child = spawn(path, args, {
      cwd: '/',
      env: { LC_ALL: 'C' },
      stdio: ['pipe', 'ignore', 'pipe'],
      timeout: COMMAND_TIMEOUT_MS,
      killSignal: 'SIGKILL',
    });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      if (stderr.length < STDERR_LIMIT) stderr += text;
    });
    child.once('error', (error) => resolve({ status: -1, stderr: error.message }));
    child.once('close', (status) => resolve({ status: status ?? -1, stderr }));
    // A tool that ends before it has read everything says why on its own.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}
