/** What the processes below one cost, from /proc. */
import { readdirSync, readFileSync } from 'node:fs';

/** Of USER_HZ, which is 100 on every Linux. */
const TICK_MS = 10;

/** The process and all that came of it and still live. */
export function familyOf(pid: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    const parent = /^\d+$/.test(name) ? fieldsOf(Number(name))?.[1] : undefined;
    if (parent !== undefined) parents.set(Number(name), Number(parent));
  }
  const family = [pid];
  for (const member of family)
    for (const [child, parent] of parents) if (parent === member) family.push(child);
  return family;
}

/** Milliseconds of processor time that a process used so far; 0 when it is gone. */
export function usedMs(pid: number): number {
  const fields = fieldsOf(pid);
  return fields ? (Number(fields[11]) + Number(fields[12])) * TICK_MS : 0;
}

/** Megabytes in memory: all that it maps, and its share when what it shares is divided among those who share it. */
export function memoryOf(pid: number): { readonly resident: number; readonly share: number } {
  const text = read(`/proc/${pid}/smaps_rollup`) ?? '';
  const megabytes = (name: string): number =>
    (Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0) * 1024) / 1e6;
  return { resident: megabytes('Rss'), share: megabytes('Pss') };
}

/** The fields of /proc/PID/stat from the third on: the second is a name, which may have spaces in it. */
function fieldsOf(pid: number): readonly string[] | undefined {
  const text = read(`/proc/${pid}/stat`);
  return text?.slice(text.lastIndexOf(')') + 2).split(' ');
}

/** Undefined for a process that is gone. */
function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
