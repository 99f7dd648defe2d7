import * as z from 'zod';
import type { Failure } from '../lib/failure.ts';
import type { Log } from '../lib/ports.ts';
import { err, ok, type Result } from '../lib/result.ts';
import { notSaved, ownDirectory, readOwn, removeOwn, writeOwn } from './private-files.ts';
import { join } from 'node:path';

const NAME = 'automatic.json';
const MAX_OCTETS = 4 * 1024;

const chosenSchema = z.strictObject({ uid: z.number().int().nonnegative(), profile: z.string().max(80) });

/** For whom, and with which profile, connections are made and ended by themselves. */
export type Chosen = z.output<typeof chosenSchema>;

/** Keeps that choice in the service's own directory. */
export class AutomaticStore {
  readonly #directory: string;
  readonly #owner: number;
  readonly #log: Log;

  constructor(directory: string, owner: number, log: Log) {
    this.#directory = directory;
    this.#owner = owner;
    this.#log = log;
  }

  /** What cannot be read counts as no choice: then nothing is done that nobody asked for. */
  read(): Chosen | undefined {
    try {
      const text = readOwn(join(this.#directory, NAME), this.#owner, MAX_OCTETS);
      return text === undefined ? undefined : chosenSchema.parse(JSON.parse(text));
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      this.#log('error', 'automatic-unreadable', { detail });
      return undefined;
    }
  }

  /** Fails with platform.not-saved. */
  write(chosen: Chosen | undefined): Result<null, Failure> {
    try {
      ownDirectory(this.#directory, 0o700, this.#owner);
      if (chosen) writeOwn(this.#directory, NAME, `${JSON.stringify(chosen)}\n`);
      else removeOwn(this.#directory, NAME);
      return ok(null);
    } catch (error) {
      return err(notSaved(error));
    }
  }
}
