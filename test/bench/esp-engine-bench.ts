import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Bench } from './report.ts';

const SCRIPT = join(import.meta.dirname, 'esp-engine.ts');

/** What esp-engine.ts writes with --json. */
interface EngineReport {
  readonly packetLength: number;
  readonly rows: readonly {
    readonly suite: string;
    readonly direction: string;
    readonly microseconds: number;
    readonly bareMicroseconds: number;
    readonly ratio: number;
  }[];
}

/** The ESP engine's cost for a packet, in a process of its own, beside the bare cipher calls. */
export const espEngineBench: Bench = {
  name: 'esp-engine',
  about: 'what the ESP engine costs a packet, against the bare node:crypto calls',
  run: async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [SCRIPT, '--json']);
    const { packetLength, rows } = JSON.parse(stdout) as EngineReport;
    return rows.map((row) => ({
      bench: 'esp-engine',
      metric: `${row.direction} ${packetLength} octets, ${row.suite}`,
      unit: 'us',
      ours: row.microseconds,
      peer: 'node:crypto alone',
      theirs: row.bareMicroseconds,
      ratio: row.ratio,
      runs: 1,
    }));
  },
};
