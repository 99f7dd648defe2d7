import { concat, equalBytes, fromHex } from '../lib/bytes.ts';
import { err, ok, type Result } from '../lib/result.ts';
import { aead } from './aead.ts';
import { blockCipher, ENCR_AES_CBC } from './block-cipher.ts';
import { sha1, sha256, sha384, sha512 } from './hash.ts';
import { integrity } from './integrity.ts';
import { prfPlus } from './kdf.ts';
import { keyExchange } from './key-exchange.ts';
import {
  KNOWN_ANSWERS,
  type AeadAnswer,
  type CbcAnswer,
  type HashAnswer,
  type HmacAnswer,
  type KeyExchangeAnswer,
  type KnownAnswers,
  type PrfPlusAnswer,
  type SignatureAnswer,
} from './known-answers.ts';
import { prf } from './prf.ts';
import { publicKeyOfSpki } from './public-key.ts';
import { verifySignature } from './signature.ts';

type Check = readonly [name: string, passes: () => boolean];

/**
 * Computes a published answer with every algorithm. Gives the number of checks, or the name of the first that failed.
 * Takes some 16 ms of processor time, about twice that when it is the first to use node:crypto in the process. Tests
 * hand in wrong answers.
 */
export function selfTest(answers: KnownAnswers = KNOWN_ANSWERS): Result<number, string> {
  const checks = checksOf(answers);
  for (const [name, passes] of checks) if (!attempt(passes)) return err(name);
  return ok(checks.length);
}

/**
 * The part of the self-test for the start of a connection: all but the key exchange methods. Those take most of the
 * time, and a connection uses one of them: whoever makes a key pair asks keyExchangeWorks first.
 */
export function startTest(answers: KnownAnswers = KNOWN_ANSWERS): Result<number, string> {
  return selfTest({ ...answers, keyExchange: [] });
}

/** Whether this key exchange method gives its published answer here and now. False for one that has none. */
export function keyExchangeWorks(id: number, answers: KnownAnswers = KNOWN_ANSWERS): boolean {
  const own = answers.keyExchange.filter((answer) => answer.id === id);
  return own.length > 0 && own.every((answer) => attempt(() => agrees(answer)));
}

/** A runtime that lacks an algorithm throws: that fails the check like a wrong answer. */
function attempt(passes: () => boolean): boolean {
  try {
    return passes();
  } catch {
    return false;
  }
}

function checksOf(answers: KnownAnswers): readonly Check[] {
  return [
    ...answers.aead.map((a): Check => [`AEAD ${a.id}/${a.keyBits ?? 'fixed'}`, () => seals(a)]),
    ...answers.cbc.map((a): Check => [`AES-CBC ${a.keyBits}`, () => encrypts(a)]),
    ...answers.hash.map((a): Check => [a.hash, () => hashes(a)]),
    ...answers.hmac.map((a): Check => [`PRF ${a.prf} and INTEG ${a.integ}`, () => authenticates(a)]),
    ...answers.prfPlus.map((a): Check => [`prf+ ${a.prf}`, () => expands(a)]),
    ...answers.keyExchange.map((a): Check => [`key exchange ${a.id}`, () => agrees(a)]),
    ...answers.signature.map((a): Check => [`signature ${a.name}`, () => verifies(a)]),
  ];
}

function seals(answer: AeadAnswer): boolean {
  const key = aead(answer.id, answer.keyBits)?.create(fromHex(answer.key));
  if (key === undefined) return false;
  const nonce = fromHex(answer.nonce);
  const associated = fromHex(answer.associated);
  const plaintext = fromHex(answer.plaintext);
  const sealed = fromHex(answer.sealed);
  const opened = key.open(nonce, associated, sealed);
  return (
    equalBytes(key.seal(nonce, associated, plaintext), sealed) &&
    opened !== undefined &&
    equalBytes(opened, plaintext) &&
    key.open(nonce, associated, flipped(sealed)) === undefined
  );
}

function encrypts(answer: CbcAnswer): boolean {
  const key = blockCipher(ENCR_AES_CBC, answer.keyBits)?.create(fromHex(answer.key));
  if (key === undefined) return false;
  const iv = fromHex(answer.iv);
  const plaintext = fromHex(answer.plaintext);
  const ciphertext = fromHex(answer.ciphertext);
  const decrypted = key.decrypt(iv, ciphertext);
  return (
    equalBytes(key.encrypt(iv, plaintext), ciphertext) &&
    decrypted !== undefined &&
    equalBytes(decrypted, plaintext)
  );
}

function hashes(answer: HashAnswer): boolean {
  const hash = { sha1, sha256, sha384, sha512 }[answer.hash];
  return equalBytes(hash(fromHex(answer.message)), fromHex(answer.digest));
}

/** The PRF and the integrity algorithm of one hash: the ICV is the beginning of the MAC. */
function authenticates(answer: HmacAnswer): boolean {
  const key = fromHex(answer.key);
  const message = fromHex(answer.message);
  const mac = fromHex(answer.mac);
  const output = prf(answer.prf)?.compute(key, message);
  const algorithm = integrity(answer.integ);
  if (output === undefined || algorithm === undefined) return false;
  const icv = mac.subarray(0, algorithm.icvLength);
  const keyed = algorithm.create(key);
  return equalBytes(output, mac) && keyed.verify(icv, message) && !keyed.verify(flipped(icv), message);
}

function expands(answer: PrfPlusAnswer): boolean {
  const algorithm = prf(answer.prf);
  if (algorithm === undefined) return false;
  const output = fromHex(answer.output);
  return equalBytes(prfPlus(algorithm, fromHex(answer.key), fromHex(answer.seed), output.length), output);
}

function agrees(answer: KeyExchangeAnswer): boolean {
  const method = keyExchange(answer.id);
  if (method === undefined) return false;
  const pair = method.generate((length) => padded(fromHex(answer.privateValue), length));
  const shared = pair.agree(padded(fromHex(answer.peerPublic), method.publicLength));
  if (!shared.ok) return false;
  const digest = sha256(pair.publicValue, shared.value.reveal());
  shared.value.wipe();
  return equalBytes(digest, fromHex(answer.digest));
}

function verifies(answer: SignatureAnswer): boolean {
  const key = publicKeyOfSpki(fromHex(answer.spki));
  if (!key.ok) return false;
  const message = fromHex(answer.message);
  const signature = fromHex(answer.signature);
  return (
    verifySignature(answer.scheme, key.value, message, signature) &&
    !verifySignature(answer.scheme, key.value, message, flipped(signature))
  );
}

function padded(value: Uint8Array, length: number): Uint8Array {
  return concat(new Uint8Array(length - value.length), value);
}

function flipped(octets: Uint8Array): Uint8Array {
  const out = octets.slice();
  out[0] = (out[0] ?? 0) ^ 1;
  return out;
}
