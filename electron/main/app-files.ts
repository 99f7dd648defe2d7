import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { appSettingsSchema, type AppSettings } from '../../core/contract/gui-api.ts';
import { utf8 } from '../../core/lib/bytes.ts';

const pixels = z.number().int().min(-100_000).max(100_000);
const placeSchema = z.strictObject({
  x: pixels,
  y: pixels,
  width: pixels,
  height: pixels,
  isMaximized: z.boolean(),
});

/** What the app keeps for itself: no secret, and nothing that the service has. */
const keptSchema = z.strictObject({
  settings: appSettingsSchema,
  /** Accounts of the keychain that have a secret of ours, so that it need not be opened to know. */
  remembered: z.array(z.string().max(200)).max(1000).default([]),
  window: placeSchema.optional(),
});

export type Kept = z.output<typeof keptSchema>;

const NAME = 'settings.json';

/** Settings of the app in a directory of the user's. What cannot be read is as if it were not there. */
export class AppFiles {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  read(): Kept {
    let value: unknown;
    try {
      value = JSON.parse(readFileSync(join(this.#directory, NAME), 'utf8'));
    } catch {
      value = undefined;
    }
    const parsed = keptSchema.safeParse(value);
    return parsed.success ? parsed.data : { settings: defaultSettings(), remembered: [] };
  }

  /** Replaces it whole, or throws and leaves what was there. */
  write(kept: Kept): void {
    mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
    const fresh = join(this.#directory, `${NAME}.${process.pid}.tmp`);
    try {
      const file = openSync(fresh, 'w', 0o600);
      try {
        const octets = utf8(`${JSON.stringify(kept, undefined, 2)}\n`);
        for (let done = 0; done < octets.length;) done += writeSync(file, octets, done);
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      renameSync(fresh, join(this.#directory, NAME));
    } catch (error) {
      rmSync(fresh, { force: true });
      throw error;
    }
  }
}

export function defaultSettings(): AppSettings {
  return appSettingsSchema.parse({});
}
