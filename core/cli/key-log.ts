/** The file into which the keys of a connection are written, for decrypting a capture of it with Wireshark. */
import { closeSync, constants, fstatSync, openSync, writeSync } from 'node:fs';
import { failure, type Failure } from '../lib/failure.ts';
import { err, ok, type Result } from '../lib/result.ts';

export interface KeyLog {
  /** Writes one line; the line break is added. */
  readonly write: (line: string) => void;
  readonly close: () => void;
}

const { O_WRONLY, O_APPEND, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK } = constants;

/**
 * Opens or makes the file. Only root may have keys written, and only into a file that nobody else can read or
 * swap: a new one of mode 0600, or an old one that is root's own, regular, 0600, and known by one name.
 */
export function openKeyLog(path: string, userId: number | undefined): Result<KeyLog, Failure> {
  const refuse = (detail: string) => err(failure('config.keylog-refused', { file: path, detail }));
  if (userId !== 0) return refuse('only root may have keys written');
  let fd: number;
  try {
    fd = openOrMake(path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'an unknown error';
    return refuse(code === 'ELOOP' ? 'it is a symbolic link' : `it could not be opened (${code})`);
  }
  const stat = fstatSync(fd);
  const problem = !stat.isFile()
    ? 'it is not a regular file'
    : stat.uid !== 0
      ? 'it belongs to another user'
      : (stat.mode & 0o177) !== 0
        ? 'others than root may use it; its mode must be 0600'
        : stat.nlink !== 1
          ? 'it has a second name'
          : undefined;
  if (problem !== undefined) {
    closeSync(fd);
    return refuse(problem);
  }
  return ok({ write: (line) => void writeSync(fd, `${line}\n`), close: () => closeSync(fd) });
}

function openOrMake(path: string): number {
  try {
    return openSync(path, O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    return openSync(path, O_WRONLY | O_APPEND | O_NOFOLLOW | O_NONBLOCK);
  }
}
