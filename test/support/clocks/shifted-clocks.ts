import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileLibrary } from '../shared-library.ts';

/*
 * The clocks of a machine that sleeps, for one program: nothing is done to the clocks of this machine. The library of
 * shifted-clocks.c stands before the C library, through which node, its addons and the C++ library read every clock.
 */

const SOURCE = join(import.meta.dirname, 'shifted-clocks.c');

/** By how much each clock is ahead of the machine's, in milliseconds. */
export interface Shift {
  /** CLOCK_MONOTONIC: stands still in a sleep. */
  readonly monotonicMs: number;
  /** CLOCK_BOOTTIME: goes on in a sleep. */
  readonly boottimeMs: number;
  /** CLOCK_REALTIME: what people see and set. */
  readonly realtimeMs: number;
}

/** The clocks of the programs that are started with `wrap` before them. Close them in any case. */
export class ShiftedClocks {
  /** A command that becomes its arguments, with these clocks. */
  readonly wrap: readonly string[];
  readonly #directory: string;
  readonly #file: number;
  #shift: Shift = { monotonicMs: 0, boottimeMs: 0, realtimeMs: 0 };

  constructor() {
    this.#directory = mkdtempSync(join(tmpdir(), 'cw-clocks-'));
    const library = compileLibrary(SOURCE, this.#directory);
    const file = join(this.#directory, 'shift');
    this.#file = openSync(file, 'w');
    this.#write();
    this.wrap = ['/usr/bin/env', `LD_PRELOAD=${library}`, `CW_CLOCKS=${file}`];
  }

  /** So much passes at once, on each of them that is named; less than nothing when a clock is set back. */
  pass(by: Partial<Shift>): void {
    const { monotonicMs, boottimeMs, realtimeMs } = this.#shift;
    this.#shift = {
      monotonicMs: monotonicMs + (by.monotonicMs ?? 0),
      boottimeMs: boottimeMs + (by.boottimeMs ?? 0),
      realtimeMs: realtimeMs + (by.realtimeMs ?? 0),
    };
    this.#write();
  }

  close(): void {
    closeSync(this.#file);
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #write(): void {
    const { monotonicMs, boottimeMs, realtimeMs } = this.#shift;
    const shifts = [monotonicMs, boottimeMs, realtimeMs].map((ms) => BigInt(Math.round(ms * 1e6)));
    writeSync(this.#file, BigInt64Array.from(shifts), 0, undefined, 0);
  }
}
