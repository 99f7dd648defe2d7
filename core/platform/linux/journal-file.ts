import {
  closeSync,
  constants,
  fsyncSync,
  fstatSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { JournalStore } from './os.ts';
import { isAlive, ownIdentity } from './process-identity.ts';

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_RDONLY, O_WRONLY } = constants;
const GROUP_OR_OTHERS = 0o077;
/** A text that is being written, by which process: its number and when it started. */
const FRESH = /\.(\d+)-(\d+)\.new$/;

/**
 * A journal in a file of 0600, in a directory of 0700 that belongs to us alone: what stands in it becomes
 * commands of root. A new text is complete on the disk before it takes the place of the old one.
 */
export function journalFile(path: string): JournalStore {
  const directory = dirname(path);
  const { pid, startTicks } = ownIdentity();
  const fresh = `${path}.${pid}-${startTicks}.new`;
  return {
    place: path,
    read: () => {
      sweep(directory);
      return readPrivate(path);
    },
    create: (text) => {
      ensurePrivate(directory);
      writeFresh(fresh, text);
      try {
        // Unlike renaming, linking fails when there is one already.
        linkSync(fresh, path);
      } catch (error) {
        if (codeOf(error) === 'EEXIST') return false;
        throw error;
      } finally {
        rmSync(fresh, { force: true });
      }
      syncDirectory(directory);
      return true;
    },
    replace: (text) => {
      writeFresh(fresh, text);
      renameSync(fresh, path);
      syncDirectory(directory);
    },
    remove: () => {
      rmSync(path, { force: true });
      syncDirectory(directory);
    },
  };
}

function readPrivate(path: string): string | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(path, O_RDONLY | O_NOFOLLOW);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const { uid, mode } = fstatSync(descriptor);
    if (uid !== process.geteuid?.() || (mode & GROUP_OR_OTHERS) !== 0) {
      throw new Error('others could have written it');
    }
    return readFileSync(descriptor, 'utf8');
  } finally {
    closeSync(descriptor);
  }
}

function ensurePrivate(directory: string): void {
  try {
    mkdirSync(directory, { mode: 0o700 });
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
  const found = lstatSync(directory);
  if (!found.isDirectory() || found.uid !== process.geteuid?.() || (found.mode & GROUP_OR_OTHERS) !== 0) {
    throw new Error(`${directory} is not a directory that only root can enter`);
  }
}

/** Takes away what processes left that were killed while they wrote. */
function sweep(directory: string): void {
  let names: readonly string[];
  try {
    names = readdirSync(directory);
  } catch {
    return;
  }
  for (const name of names) {
    const [, pid, startTicks] = FRESH.exec(name) ?? [];
    if (pid === undefined || isAlive({ pid: Number(pid), startTicks: Number(startTicks) })) continue;
    rmSync(join(directory, name), { force: true });
  }
}

function writeFresh(path: string, text: string): void {
  // Whoever put something there is not us.
  rmSync(path, { force: true });
  const descriptor = openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    // All of it or an error: a full disk may take a part of a single write.
    writeFileSync(descriptor, text);
    fsyncSync(descriptor);
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  } finally {
    closeSync(descriptor);
  }
}

function syncDirectory(directory: string): void {
  const descriptor = openSync(directory, O_RDONLY);
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}
