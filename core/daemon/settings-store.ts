import { join } from 'node:path';
import { type MachineSettings, settingsSchema } from '../contract/settings.ts';
import { failure, type Failure } from '../lib/failure.ts';
import { err, ok, type Result } from '../lib/result.ts';
import { notSaved, ownDirectory, readOwn, writeOwn } from './private-files.ts';

const NAME = 'settings.json';
const MAX_OCTETS = 64 * 1024;

/** The settings of the machine, in the service's own directory. */
export class SettingsStore {
  readonly #directory: string;
  readonly #owner: number;

  constructor(directory: string, owner: number) {
    this.#directory = directory;
    this.#owner = owner;
  }

  /** The defaults while nobody has written any. Fails with config.profile-unreadable. */
  read(): Result<MachineSettings, Failure> {
    try {
      const text = readOwn(join(this.#directory, NAME), this.#owner, MAX_OCTETS);
      return ok(settingsSchema.parse(text === undefined ? {} : JSON.parse(text)));
    } catch (error) {
      return err(unreadable(error));
    }
  }

  write(settings: MachineSettings): Result<null, Failure> {
    try {
      ownDirectory(this.#directory, 0o700, this.#owner);
      writeOwn(this.#directory, NAME, `${JSON.stringify(settings, undefined, 2)}\n`);
      return ok(null);
    } catch (error) {
      return err(notSaved(error));
    }
  }
}

function unreadable(error: unknown): Failure {
  const detail = error instanceof Error ? error.message : String(error);
  return failure('config.profile-unreadable', { file: NAME, detail });
}
