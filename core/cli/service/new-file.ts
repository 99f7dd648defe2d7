import { closeSync, constants, openSync, rmSync, writeFileSync } from 'node:fs';
import { failure, type Failure } from '../../lib/failure.ts';

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;

/** Makes a file of 0600. What is there already stays as it is, also when it is a link. */
export function saveNew(file: string, text: string): Failure | undefined {
  try {
    const descriptor = openSync(file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    try {
      writeFileSync(descriptor, text);
    } catch (error) {
      rmSync(file, { force: true });
      throw error;
    } finally {
      closeSync(descriptor);
    }
    return undefined;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    const detail = code === 'EEXIST' ? 'there is something with that name already' : String(code ?? error);
    return failure('config.file-not-written', { file, detail });
  }
}
