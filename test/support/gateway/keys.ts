import { concat, utf8 } from '../../../core/lib/bytes.ts';
import type { RandomBytes } from '../../../core/lib/ports.ts';
import { aead } from '../../../core/crypto/aead.ts';
import { blockCipher } from '../../../core/crypto/block-cipher.ts';
import { integrity } from '../../../core/crypto/integrity.ts';
import { prf, type Prf } from '../../../core/crypto/prf.ts';
import type { MessageProtection } from '../../../core/wire/message.ts';
import type { ChildSuite, IkeSuite } from './suite.ts';

/** The seven secrets of RFC 7296 section 2.14, in its order. */
export interface IkeKeys {
  readonly d: Uint8Array;
  readonly ai: Uint8Array;
  readonly ar: Uint8Array;
  readonly ei: Uint8Array;
  readonly er: Uint8Array;
  readonly pi: Uint8Array;
  readonly pr: Uint8Array;
}

export interface KeySeed {
  readonly shared: Uint8Array;
  readonly nonceI: Uint8Array;
  readonly nonceR: Uint8Array;
  readonly spiI: Uint8Array;
  readonly spiR: Uint8Array;
}

/** The PRF of a suite that was selected, so that it exists. */
export function prfOf(suite: IkeSuite): Prf {
  const found = prf(suite.prf);
  if (found === undefined) throw new Error(`no PRF ${suite.prf}`);
  return found;
}

/** prf+ of RFC 7296 section 2.13. */
export function expand(prf: Prf, key: Uint8Array, seed: Uint8Array, length: number): Uint8Array {
  const blocks: Uint8Array[] = [];
  let last = new Uint8Array(0);
  for (let counter = 1; blocks.length * prf.outputLength < length; counter++) {
    last = new Uint8Array(prf.compute(key, concat(last, seed, Uint8Array.of(counter))));
    blocks.push(last);
  }
  return concat(...blocks).subarray(0, length);
}

/** Octets of the encryption key (a salt included, RFC 5282 section 7.1) and of the integrity key. */
function cipherLengths(suite: IkeSuite | ChildSuite): { encr: number; integ: number } {
  const combined = aead(suite.encr, suite.keyBits);
  if (combined !== undefined) return { encr: combined.keyLength + combined.saltLength, integ: 0 };
  const block = blockCipher(suite.encr, suite.keyBits);
  const check = suite.integ === undefined ? undefined : integrity(suite.integ);
  if (block === undefined || check === undefined) throw new Error('a suite that was never selected');
  return { encr: block.keyLength, integ: check.keyLength };
}

/** Cuts consecutive pieces off an octet string. */
function cutter(octets: Uint8Array): (length: number) => Uint8Array {
  let at = 0;
  return (length) => octets.slice(at, (at += length));
}

export function deriveIkeKeys(suite: IkeSuite, seed: KeySeed): IkeKeys {
  const { shared, nonceI, nonceR } = seed;
  return expandIkeKeys(suite, prfOf(suite).compute(concat(nonceI, nonceR), shared), seed);
}

/** The keys of an IKE SA that resumes one with this SK_d, RFC 5723 section 5.1. */
export function deriveResumedKeys(suite: IkeSuite, d: Uint8Array, seed: Omit<KeySeed, 'shared'>): IkeKeys {
  const skeyseed = prfOf(suite).compute(d, concat(utf8('Resumption'), seed.nonceI, seed.nonceR));
  return expandIkeKeys(suite, skeyseed, seed);
}

/** The keys of an IKE SA in place of `old`, RFC 7296 section 2.18: the old PRF makes SKEYSEED, the new one the rest. */
export function deriveRekeyedKeys(
  old: { readonly suite: IkeSuite; readonly d: Uint8Array },
  suite: IkeSuite,
  seed: KeySeed,
): IkeKeys {
  const { shared, nonceI, nonceR } = seed;
  const skeyseed = prfOf(old.suite).compute(old.d, concat(shared, nonceI, nonceR));
  return expandIkeKeys(suite, skeyseed, seed);
}

function expandIkeKeys(suite: IkeSuite, skeyseed: Uint8Array, seed: Omit<KeySeed, 'shared'>): IkeKeys {
  const { nonceI, nonceR, spiI, spiR } = seed;
  const prf = prfOf(suite);
  const { encr, integ } = cipherLengths(suite);
  const total = 3 * prf.preferredKeyLength + 2 * integ + 2 * encr;
  const take = cutter(expand(prf, skeyseed, concat(nonceI, nonceR, spiI, spiR), total));
  return {
    d: take(prf.preferredKeyLength),
    ai: take(integ),
    ar: take(integ),
    ei: take(encr),
    er: take(encr),
    pi: take(prf.preferredKeyLength),
    pr: take(prf.preferredKeyLength),
  };
}

export interface ChildKeys {
  /** Encryption key (with salt) and integrity key of what the initiator sends, then of what the responder sends. */
  readonly encrI: Uint8Array;
  readonly integI: Uint8Array;
  readonly encrR: Uint8Array;
  readonly integR: Uint8Array;
}

/** KEYMAT, RFC 7296 section 2.17; `shared` is what a key exchange for this Child SA led to, if there was one. */
export function deriveChildKeys(
  ike: IkeSuite,
  child: ChildSuite,
  d: Uint8Array,
  nonceI: Uint8Array,
  nonceR: Uint8Array,
  shared: Uint8Array = new Uint8Array(),
): ChildKeys {
  const { encr, integ } = cipherLengths(child);
  const take = cutter(expand(prfOf(ike), d, concat(shared, nonceI, nonceR), 2 * (encr + integ)));
  return { encrI: take(encr), integI: take(integ), encrR: take(encr), integR: take(integ) };
}

/** The two keys that one end seals its messages with. */
export interface DirectionKeys {
  readonly encr: Uint8Array;
  readonly integ: Uint8Array;
}

/** What protects the SK payloads of an IKE SA, seen from the end that seals with `ours` and opens with `theirs`. */
export function protectionOf(
  suite: IkeSuite,
  ours: DirectionKeys,
  theirs: DirectionKeys,
  random: RandomBytes,
): MessageProtection {
  return aead(suite.encr, suite.keyBits) === undefined
    ? cbcProtection(suite, ours, theirs, random)
    : aeadProtection(suite, ours, theirs);
}

/** RFC 5282: IV of 8 octets (a counter), then the ciphertext of payloads, padding and Pad Length, then the ICV. */
function aeadProtection(suite: IkeSuite, ours: DirectionKeys, theirs: DirectionKeys): MessageProtection {
  const cipher = aead(suite.encr, suite.keyBits);
  if (cipher === undefined) throw new Error('not an authenticated cipher');
  const { keyLength, ivLength, icvLength } = cipher;
  const sealer = cipher.create(ours.encr.subarray(0, keyLength));
  const opener = cipher.create(theirs.encr.subarray(0, keyLength));
  const ourSalt = ours.encr.subarray(keyLength);
  const theirSalt = theirs.encr.subarray(keyLength);
  let counter = 0n;
  return {
    sealedLength: (plainLength) => ivLength + plainLength + 1 + icvLength,
    seal(associated, plaintext) {
      const iv = new Uint8Array(ivLength);
      new DataView(iv.buffer).setBigUint64(0, counter++);
      const padded = concat(plaintext, Uint8Array.of(0));
      return concat(iv, sealer.seal(concat(ourSalt, iv), associated, padded));
    },
    open(associated, body) {
      if (body.length < ivLength + icvLength + 1) return undefined;
      const iv = body.subarray(0, ivLength);
      const padded = opener.open(concat(theirSalt, iv), associated, body.subarray(ivLength));
      return padded === undefined ? undefined : unpad(padded);
    },
  };
}

/** RFC 7296 section 3.14: random IV, ciphertext of payloads, padding and Pad Length, then the ICV over it all. */
function cbcProtection(
  suite: IkeSuite,
  ours: DirectionKeys,
  theirs: DirectionKeys,
  random: RandomBytes,
): MessageProtection {
  const cipher = blockCipher(suite.encr, suite.keyBits);
  const check = suite.integ === undefined ? undefined : integrity(suite.integ);
  if (cipher === undefined || check === undefined) throw new Error('not a block cipher with integrity');
  const { blockLength, ivLength } = cipher;
  const { icvLength } = check;
  const encryptor = cipher.create(ours.encr);
  const decryptor = cipher.create(theirs.encr);
  const signer = check.create(ours.integ);
  const verifier = check.create(theirs.integ);
  const paddedLength = (plainLength: number): number =>
    Math.ceil((plainLength + 1) / blockLength) * blockLength;
  return {
    sealedLength: (plainLength) => ivLength + paddedLength(plainLength) + icvLength,
    seal(associated, plaintext) {
      const padded = new Uint8Array(paddedLength(plaintext.length));
      padded.set(plaintext);
      padded[padded.length - 1] = padded.length - plaintext.length - 1;
      const iv = random(ivLength);
      const covered = concat(iv, encryptor.encrypt(iv, padded));
      return concat(covered, signer.compute(associated, covered));
    },
    open(associated, body) {
      const end = body.length - icvLength;
      if (end < ivLength + blockLength || (end - ivLength) % blockLength !== 0) return undefined;
      if (!verifier.verify(body.subarray(end), associated, body.subarray(0, end))) return undefined;
      const padded = decryptor.decrypt(body.subarray(0, ivLength), body.subarray(ivLength, end));
      return padded === undefined ? undefined : unpad(padded);
    },
  };
}

function unpad(padded: Uint8Array): Uint8Array | undefined {
  const padLength = padded.at(-1) ?? 0;
  return padLength + 1 > padded.length ? undefined : padded.subarray(0, padded.length - padLength - 1);
}
