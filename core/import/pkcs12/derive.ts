import { createHash, pbkdf2Sync, scryptSync } from 'node:crypto';
import { concat } from '../../lib/bytes.ts';
import { ProtocolError } from '../../lib/reader.ts';
import { type AlgorithmIdentifier, algorithmIdentifier } from '../../pki/certificate.ts';
import { DerReader, smallInteger, soleElement, Tag } from '../../pki/der.ts';
import { ImportTrouble } from '../result.ts';
import type { StorePassword } from './password.ts';

/** Hashes by their object identifiers, with the octets of their blocks. */
export const HASHES: ReadonlyMap<
  string,
  { readonly name: string; readonly octets: number; readonly block: number }
> = new Map([
  ['1.3.14.3.2.26', { name: 'sha1', octets: 20, block: 64 }],
  ['2.16.840.1.101.3.4.2.4', { name: 'sha224', octets: 28, block: 64 }],
  ['2.16.840.1.101.3.4.2.1', { name: 'sha256', octets: 32, block: 64 }],
  ['2.16.840.1.101.3.4.2.2', { name: 'sha384', octets: 48, block: 128 }],
  ['2.16.840.1.101.3.4.2.3', { name: 'sha512', octets: 64, block: 128 }],
]);

/** hmacWithSHA1 and its successors (RFC 8018 appendix B.1). */
export const HMACS: ReadonlyMap<string, string> = new Map([
  ['1.2.840.113549.2.7', 'sha1'],
  ['1.2.840.113549.2.8', 'sha224'],
  ['1.2.840.113549.2.9', 'sha256'],
  ['1.2.840.113549.2.10', 'sha384'],
  ['1.2.840.113549.2.11', 'sha512'],
]);

const PBKDF2 = '1.2.840.113549.1.5.12';
const SCRYPT = '1.3.6.1.4.1.11591.4.11';
const HMAC_SHA1 = '1.2.840.113549.2.7';
const MAX_SCRYPT_OCTETS = 64 * 1024 * 1024;

/** Deriving keys is slow by intent, and how slow is what the file says: what all of a file may cost bounds it. */
export class Effort {
  #left: number;

  /** `rounds`: hashes that may be computed; some million take a second. */
  constructor(rounds = 4_000_000) {
    this.#left = rounds;
  }

  spend(rounds: number): void {
    this.#left -= rounds;
    if (this.#left < 0) throw new ImportTrouble('costly-p12', `${rounds} rounds`);
  }
}

/**
 * The key derivation of RFC 7292 appendix B.2. `purpose`: 1 a key, 2 an initialisation vector, 3 a key for a check.
 */
export function pkcs12Key(
  purpose: 1 | 2 | 3,
  { name, octets, block }: { readonly name: string; readonly octets: number; readonly block: number },
  { bmp, salt, rounds }: { readonly bmp: Uint8Array; readonly salt: Uint8Array; readonly rounds: number },
  length: number,
): Uint8Array {
  const diversifier = new Uint8Array(block).fill(purpose);
  const input = concat(repeated(salt, block), repeated(bmp, block));
  const key = new Uint8Array(Math.ceil(length / octets) * octets);
  for (let at = 0; at < length; at += octets) {
    let digest: Uint8Array = createHash(name).update(diversifier).update(input).digest();
    for (let round = 1; round < rounds; round++) digest = createHash(name).update(digest).digest();
    key.set(digest, at);
    const addend = repeated(digest, block).subarray(0, block);
    for (let start = 0; start < input.length; start += block)
      addWithOne(input.subarray(start, start + block), addend);
  }
  input.fill(0);
  return key.subarray(0, length);
}

/** As often as it takes to fill whole blocks; nothing for nothing. */
function repeated(octets: Uint8Array, block: number): Uint8Array {
  const out = new Uint8Array(Math.ceil(octets.length / block) * block);
  for (let at = 0; at < out.length; at++) out[at] = octets[at % octets.length] ?? 0;
  return out;
}

/** target = target + addend + 1, as big-endian numbers, the carry of the first octet dropped. */
function addWithOne(target: Uint8Array, addend: Uint8Array): void {
  let carry = 1;
  for (let at = target.length - 1; at >= 0; at--) {
    const sum = (target[at] ?? 0) + (addend[at] ?? 0) + carry;
    target[at] = sum & 0xff;
    carry = sum >>> 8;
  }
}

/** The key of PBKDF2 or scrypt, by the parameters in the file. `length` holds where they say none. */
export function derivedKey(
  { oid, parameters }: AlgorithmIdentifier,
  { utf8 }: StorePassword,
  length: number,
  effort: Effort,
): Uint8Array {
  if (!parameters) throw new ProtocolError('key derivation: no parameters');
  const inner = new DerReader(soleElement(parameters, Tag.SEQUENCE, 'key derivation').content);
  const salt = inner.element(Tag.OCTET_STRING, 'salt').content;
  if (oid === PBKDF2) {
    const rounds = roundsOf(inner);
    if (inner.peek() === Tag.INTEGER) inner.any('key length');
    const prf = inner.atEnd ? HMAC_SHA1 : algorithmIdentifier(inner, 'prf').oid;
    const hash = HMACS.get(prf);
    if (hash === undefined) throw new ImportTrouble('unsupported-p12', `prf ${prf}`);
    effort.spend(2 * rounds * Math.ceil(length / 20));
    return pbkdf2Sync(utf8, salt, rounds, length, hash);
  }
  if (oid !== SCRYPT) throw new ImportTrouble('unsupported-p12', `key derivation ${oid}`);
  const [cost = 0, blockSize = 0, parallel = 0] = [0, 1, 2].map(() =>
    smallInteger(inner.element(Tag.INTEGER, 'scrypt').content, 'scrypt'),
  );
  const octets = 128 * cost * blockSize;
  if (octets * parallel > MAX_SCRYPT_OCTETS)
    throw new ImportTrouble('costly-p12', `scrypt with ${octets} octets`);
  effort.spend(Math.ceil((octets * parallel) / 64));
  try {
    const limits = { N: cost, r: blockSize, p: parallel, maxmem: 2 * MAX_SCRYPT_OCTETS };
    return scryptSync(utf8, salt, length, limits);
  } catch {
    throw new ProtocolError('scrypt: bad parameters');
  }
}

/** How often something is hashed: a positive number. */
export function roundsOf(reader: DerReader): number {
  const rounds = smallInteger(reader.element(Tag.INTEGER, 'iterations').content, 'iterations');
  if (rounds < 1) throw new ProtocolError('iterations: none');
  return rounds;
}
