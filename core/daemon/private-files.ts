import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { failure, type Failure } from '../lib/failure.ts';

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;
const GROUP_OR_OTHERS_WRITE = 0o022;

/** Why a directory or file cannot be trusted; its owner's number is what it must be. */
export class UntrustedPlace extends Error {}

/**
 * Makes a directory of ours with this mode if it is not there, and makes sure that it is one and that only `owner` can
 * write in it. Throws UntrustedPlace.
 */
export function ownDirectory(path: string, mode: number, owner: number): void {
  mkdirSync(path, { recursive: true, mode });
  const found = lstatSync(path);
  if (!found.isDirectory() || found.uid !== owner || (found.mode & GROUP_OR_OTHERS_WRITE) !== 0) {
    throw new UntrustedPlace(`${path} is not a directory that only its owner can write in`);
  }
}

/**
 * The text of a regular file that only `owner` can write; undefined when there is none. A link is none. Throws
 * UntrustedPlace for a file of somebody else, and for one of more than `limit` octets.
 */
export function readOwn(path: string, owner: number, limit: number): string | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT') return undefined;
    if (code === 'ELOOP') throw new UntrustedPlace(`${path} is a link`);
    throw error;
  }
  try {
    const found = fstatSync(descriptor);
    if (!found.isFile() || found.uid !== owner || (found.mode & GROUP_OR_OTHERS_WRITE) !== 0) {
      throw new UntrustedPlace(`${path} is not a file that only its owner can write`);
    }
    if (found.size > limit) throw new UntrustedPlace(`${path} is longer than ${limit} octets`);
    return readFileSync(descriptor, 'utf8');
  } finally {
    closeSync(descriptor);
  }
}

/** Why something could not be written: the disk is full or read-only, or the place is not to be trusted. */
export function notSaved(error: unknown): Failure {
  return failure('platform.not-saved', { detail: error instanceof Error ? error.message : String(error) });
}

/** What is being written in a directory: in this process nothing ever is when something else begins. */
const FRESH = /^\..+\.new$/;

/**
 * Puts a text into a file of 0600, whole or not at all: it is on the disk before it takes the place of the old one. The
 * directory is ours alone; what a process before was writing when it was killed goes.
 */
export function writeOwn(directory: string, name: string, text: string): void {
  for (const left of readdirSync(directory).filter((one) => FRESH.test(one))) {
    rmSync(join(directory, left), { force: true });
  }
  const fresh = join(directory, `.${name}.new`);
  const descriptor = openSync(fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    // All of it or an error: a full disk may take a part of a single write.
    writeFileSync(descriptor, text);
    fsyncSync(descriptor);
  } catch (error) {
    rmSync(fresh, { force: true });
    throw error;
  } finally {
    closeSync(descriptor);
  }
  renameSync(fresh, join(directory, name));
  syncDirectory(directory);
}

export function removeOwn(directory: string, name: string): void {
  rmSync(join(directory, name), { force: true });
  syncDirectory(directory);
}

/** Names in a directory, sorted; none when it is not there. */
export function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory).sort();
  } catch {
    return [];
  }
}

/** The octets of the files in a directory, but for the one of this name. */
export function octetsIn(directory: string, except: string): number {
  return namesIn(directory)
    .filter((name) => name !== except)
    .map((name) => lstatSync(join(directory, name), { throwIfNoEntry: false })?.size ?? 0)
    .reduce((sum, size) => sum + size, 0);
}

function syncDirectory(directory: string): void {
  const descriptor = openSync(directory, O_RDONLY);
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
