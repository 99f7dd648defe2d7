import { createHash } from 'node:crypto';
import { globSync, lstatSync, readFileSync, writeFileSync, mkdirSync, copyFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/*
 * Packs a directory into the archive that Electron loads an app from. Native parts are put beside it, since an operating
 * system loads code from files alone.
 *
 *   +--------+--------+--------+--------+------------------+---------+-----------------
 *   |   4    | a + 8  | a + 4  | length |  header as JSON  | 0 0 0   | files, one
 *   | u32 LE |        |        | of it  |  (length octets) | up to 4 | after the other
 *   +--------+--------+--------+--------+------------------+---------+-----------------
 *
 * `a` is the length of the header with its zeros. Offsets in the header are from where the files begin.
 */

/** Hashes are of pieces of this length, so that a file can be checked while it is read. */
const BLOCK = 4 * 1024 * 1024;

interface Entry {
  files?: Record<string, Entry>;
  size?: number;
  offset?: string;
  unpacked?: true;
  integrity?: Integrity;
}

interface Integrity {
  readonly algorithm: 'SHA256';
  readonly hash: string;
  readonly blockSize: number;
  readonly blocks: readonly string[];
}

/** Makes `archive` of what is in `directory`. The hash of its header is what a program that checks it has to hold. */
export function packAsar(directory: string, archive: string): { readonly headerHash: string } {
  const root: Entry = { files: {} };
  const parts: Uint8Array[] = [];
  let offset = 0;
  for (const path of globSync('**/*', { cwd: directory }).sort()) {
    const from = join(directory, path);
    const facts = lstatSync(from);
    if (facts.isSymbolicLink()) throw new Error(`${path} is a link`);
    if (!facts.isFile()) continue;
    const octets = readFileSync(from);
    const entry: Entry = { size: octets.length, integrity: integrityOf(octets) };
    place(root, path.split('/'), entry);
    if (path.endsWith('.node')) {
      entry.unpacked = true;
      const to = join(`${archive}.unpacked`, path);
      mkdirSync(dirname(to), { recursive: true });
      copyFileSync(from, to);
      continue;
    }
    entry.offset = String(offset);
    offset += octets.length;
    parts.push(octets);
  }
  const header = Buffer.from(JSON.stringify(root));
  const padded = Math.ceil(header.length / 4) * 4;
  const head = Buffer.alloc(16 + padded);
  for (const [at, value] of [4, padded + 8, padded + 4, header.length].entries())
    head.writeUInt32LE(value, at * 4);
  header.copy(head, 16);
  writeFileSync(archive, Buffer.concat([head, ...parts]));
  return { headerHash: sha256(header) };
}

function place(root: Entry, path: readonly string[], entry: Entry): void {
  const name = path.at(-1) ?? '';
  let at = root;
  for (const part of path.slice(0, -1)) at = (at.files ??= {})[part] ??= { files: {} };
  (at.files ??= {})[name] = entry;
}

function integrityOf(octets: Uint8Array): Integrity {
  const blocks: string[] = [];
  for (let at = 0; at === 0 || at < octets.length; at += BLOCK)
    blocks.push(sha256(octets.subarray(at, at + BLOCK)));
  return { algorithm: 'SHA256', hash: sha256(octets), blockSize: BLOCK, blocks };
}

function sha256(octets: Uint8Array): string {
  return createHash('sha256').update(octets).digest('hex');
}
