/** Reading a profile from a file: JSON with the place of a mistake, and `{"file": ...}` in place of PEM texts. */
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parseProfile, type Profile } from '../contract/profile.ts';
import { utf8Strict } from '../lib/bytes.ts';
import { failure, type Failure } from '../lib/failure.ts';
import { err, ok, type Result } from '../lib/result.ts';
import { jsonMistake } from './json-text.ts';

export const MAX_FILE_BYTES = 1024 * 1024;

/** Reads, completes and checks a profile. Errors are of the family `config`. */
export function readProfile(path: string): Result<Profile, Failure> {
  const octets = readSmallFile(path);
  if (!octets.ok) return err(failure('config.profile-unreadable', { file: path, detail: octets.error }));
  const text = utf8Strict(octets.value)?.replace(/^\ufeff/, '');
  if (text === undefined)
    return err(failure('config.profile-not-json', { file: path, detail: 'it is not text in UTF-8' }));
  const mistake = jsonMistake(text);
  if (mistake !== undefined) return err(failure('config.profile-not-json', { file: path, ...mistake }));
  const value: unknown = JSON.parse(text);
  const problems: string[] = [];
  const profile = parseProfile(inlineFiles(value, dirname(resolve(path)), problems));
  // A file that could not be read leaves an empty text behind, of which the schema complains once more.
  const unread = problems.map((problem) => problem.slice(0, problem.indexOf(':')));
  const others = profile.ok
    ? []
    : profile.error.filter((problem) => !unread.includes(problem.slice(0, problem.indexOf(':'))));
  if (profile.ok && problems.length === 0) return profile;
  return err(failure('config.profile-invalid', { file: path, problems: [...problems, ...others] }));
}

const PEM_PLACES: readonly (readonly [section: string, key: string])[] = [
  ['gateway', 'authorities'],
  ['user', 'certificate'],
  ['user', 'privateKey'],
];

/** A copy of the JSON value with the contents of files in the places where PEM belongs, and nowhere else. */
function inlineFiles(value: unknown, folder: string, problems: string[]): unknown {
  if (!isRecord(value)) return value;
  const copy: Record<string, unknown> = { ...value };
  for (const [section, key] of PEM_PLACES) {
    const inner = copy[section];
    if (isRecord(inner) && Object.hasOwn(inner, key))
      copy[section] = { ...inner, [key]: inlined(inner[key], `${section}.${key}`, folder, problems) };
  }
  return copy;
}

function inlined(value: unknown, place: string, folder: string, problems: string[]): unknown {
  if (Array.isArray(value)) return value.map((part: unknown) => inlined(part, place, folder, problems));
  if (!isRecord(value) || Object.keys(value).join() !== 'file') return value;
  const { file } = value;
  if (typeof file !== 'string' || file === '') {
    problems.push(`${place}: {"file": ...} must name a file in text`);
    return '';
  }
  const octets = readSmallFile(resolve(folder, file));
  if (!octets.ok) {
    problems.push(`${place}: the file ${file} could not be read: ${octets.error}`);
    return '';
  }
  const text = utf8Strict(octets.value);
  if (text?.includes('-----BEGIN ') === true) return text;
  problems.push(
    `${place}: the file ${file} is not PEM; openssl can convert it (-inform DER, or pkcs12 for .p12)`,
  );
  return '';
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The octets of a regular file of at most 1 MiB, or why they could not be read. Never waits on a pipe. */
export function readSmallFile(path: string): Result<Uint8Array, string> {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch (error) {
    return err(reasonOf(error));
  }
  try {
    const stat = fstatSync(fd);
    if (stat.isDirectory()) return err('it is a folder');
    if (!stat.isFile()) return err('it is not a regular file');
    if (stat.size > MAX_FILE_BYTES) return err('it is longer than 1 MiB');
    return ok(readFileSync(fd));
  } catch (error) {
    return err(reasonOf(error));
  } finally {
    closeSync(fd);
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'you may not read it',
  EPERM: 'you may not read it',
  ENOTDIR: 'a part of its path is not a folder',
  ELOOP: 'its links go round in a circle',
  ENAMETOOLONG: 'its name is too long',
  ENXIO: 'it is not a regular file',
};

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return REASONS[code] ?? (code === '' ? 'it could not be opened' : `the system says ${code}`);
}
