import { readFileSync } from 'node:fs';
import type { ProcessIdentity } from './os.ts';

/** This process. */
export function ownIdentity(): ProcessIdentity {
  const found = statusOf(process.pid);
  if (found === undefined) throw new Error('/proc is not mounted');
  return { pid: process.pid, startTicks: found.startTicks };
}

/** True when that very process still runs: not one that got its number later, nor its unburied remains. */
export function isAlive(identity: ProcessIdentity): boolean {
  const found = statusOf(identity.pid);
  return found !== undefined && found.startTicks === identity.startTicks && !found.dead;
}

/** When a process started, in clock ticks since boot; undefined when there is none. */
export function startOf(pid: number, proc = '/proc'): number | undefined {
  return statusOf(pid, proc)?.startTicks;
}

/** State and start time from /proc/<pid>/stat: `pid (name) state ppid ... starttime ...`, proc_pid_stat(5). */
function statusOf(
  pid: number,
  proc = '/proc',
): { readonly dead: boolean; readonly startTicks: number } | undefined {
  let text: string;
  try {
    text = readFileSync(`${proc}/${pid}/stat`, 'latin1');
  } catch {
    return undefined;
  }
  // The name may hold anything, spaces and parentheses too: fields count from behind the last one.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state = 'X'] = fields;
  return { dead: state === 'Z' || state === 'X', startTicks: Number(fields[19]) };
}
