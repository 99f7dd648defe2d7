import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fsyncSync,
  ftruncateSync,
  lstatSync,
  openSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { DnsView } from './arrange.ts';
import type { ResolvConfFile } from './os.ts';
import { MAX_TEXT_LENGTH, type Before } from './steps.ts';

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;
const RESOLV_CONF = '/etc/resolv.conf';
const ROOT = 0;
const WRITABLE_BY_OTHERS = 0o022;
const PERMISSIONS = 0o777;
/** Links in a row. The kernel follows 40. */
const MAX_LINKS = 8;

/** /etc/resolv.conf on the disk. `path` is for tests. */
export function resolvConfFile(path = RESOLV_CONF): ResolvConfFile {
  return { look: () => look(path), at, through, put, tidy };
}

function look(path: string): DnsView['resolvConf'] {
  const here = at(path);
  if (here.kind === 'absent') return { path, before: here, leads: path, text: '' };
  if (here.kind === 'file') return { path, before: here, leads: path, text: here.text };
  const { leads, text } = through(path, here.target);
  if (isRootsAlone(dirname(leads))) {
    const there = at(leads);
    if (there.kind === 'file') return { path: leads, before: there, leads, text };
  }
  // Others can write there, or there is nothing: what is ours takes the place of the link instead.
  return { path, before: here, leads, text };
}

function at(path: string): Before {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return { kind: 'absent' };
  if (found.isSymbolicLink()) return { kind: 'link', target: readlinkSync(path) };
  if (!found.isFile()) throw new Error(`${path} is neither a file nor a link`);
  const { mode, uid, gid } = found;
  return { kind: 'file', text: read(path, O_NOFOLLOW), mode: mode & PERMISSIONS, uid, gid };
}

/** Follows links by hand, so that where they lead is known even when nothing is there. */
function through(path: string, target: string): { readonly leads: string; readonly text: string } {
  let leads = join(real(dirname(path)), '_');
  let next: string | undefined = target;
  for (let links = 0; next !== undefined && links < MAX_LINKS; links++) {
    const to = resolve(dirname(leads), next);
    leads = join(real(dirname(to)), to.slice(to.lastIndexOf('/') + 1));
    next = attempt(() => readlinkSync(leads));
  }
  return { leads, text: attempt(() => read(leads, 0)) ?? '' };
}

/** Without links, where there is such a directory. */
function real(directory: string): string {
  return attempt(() => realpathSync(directory)) ?? directory;
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

function read(path: string, flags: number): string {
  const descriptor = openSync(path, O_RDONLY | O_NONBLOCK | flags);
  try {
    const text = readFileSync(descriptor, 'latin1');
    if (text.length > MAX_TEXT_LENGTH) throw new Error(`${path} is longer than ${MAX_TEXT_LENGTH} octets`);
    return text;
  } finally {
    closeSync(descriptor);
  }
}

/** Whether nobody but root can put something else into a directory, or it into another's place. */
function isRootsAlone(directory: string): boolean {
  const found = statSync(directory, { throwIfNoEntry: false });
  if (!found?.isDirectory() || found.uid !== ROOT || (found.mode & WRITABLE_BY_OTHERS) !== 0) return false;
  return directory === '/' || isRootsAlone(dirname(directory));
}

function put(path: string, what: Before): void {
  const fresh = freshName(path);
  tidy(path);
  switch (what.kind) {
    case 'absent':
      rmSync(path, { force: true });
      break;
    case 'link':
      symlinkSync(what.target, fresh);
      renameSync(fresh, path);
      break;
    case 'file':
      if (isMountPoint(path)) putInPlace(path, what);
      else putFile(path, fresh, what);
      break;
  }
  sync(dirname(path));
}

function putFile(path: string, fresh: string, what: Before & { kind: 'file' }): void {
  const descriptor = openSync(fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    writeFileSync(descriptor, what.text, 'latin1');
    fchownSync(descriptor, what.uid, what.gid);
    fchmodSync(descriptor, what.mode);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(fresh, path);
}

/** Containers have a file mounted there: what it is called cannot change, what is in it can. */
function isMountPoint(path: string): boolean {
  const lines = readFileSync('/proc/self/mountinfo', 'latin1').split('\n');
  return lines.some((line) => line.split(' ')[4] === path);
}

/** The new text over the old one, and then its length: whatever is between is known by its beginning and its end. */
function putInPlace(path: string, what: Before & { kind: 'file' }): void {
  const descriptor = openSync(path, O_WRONLY | O_NOFOLLOW);
  try {
    writeFileSync(descriptor, what.text, 'latin1');
    ftruncateSync(descriptor, Buffer.byteLength(what.text, 'latin1'));
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  chmodSync(path, what.mode);
}

function tidy(path: string): void {
  rmSync(freshName(path), { force: true });
}

/** Beside the file, so that one takes the other's place within one file system. */
function freshName(path: string): string {
  return `${path}.causeway-new`;
}

function sync(directory: string): void {
  const descriptor = openSync(directory, O_RDONLY);
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
