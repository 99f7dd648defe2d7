import {
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  getDiffieHellman,
  type KeyObject,
} from 'node:crypto';
import { fromHex } from '../lib/bytes.ts';
import { Reader } from '../lib/reader.ts';
import { wipe } from '../lib/secret.ts';
import { der, derUnsigned, Tag, takeDer } from './der.ts';
import { keyExchangeWith, type KeyExchangeMethod } from './key-exchange-method.ts';
import { plain } from './octets.ts';

/** A safe-prime group of RFC 3526. Its generator is 2. */
interface ModpGroup {
  readonly name: string;
  /** What OpenSSL calls it; its table holds the prime, which a test compares with the formula of the RFC. */
  readonly opensslName: string;
  readonly length: number;
  /**
   * Octets of a private value: twice the strength of the group (RFC 3526 section 8), no less than what RFC 7919
   * appendix A asks for groups of this size. The full group size would make connecting slower, not safer.
   */
  readonly privateLength: number;
}

const GROUPS: Readonly<Record<number, ModpGroup>> = {
  14: { name: 'modp2048', opensslName: 'modp14', length: 256, privateLength: 32 },
  15: { name: 'modp3072', opensslName: 'modp15', length: 384, privateLength: 36 },
  16: { name: 'modp4096', opensslName: 'modp16', length: 512, privateLength: 42 },
  17: { name: 'modp6144', opensslName: 'modp17', length: 768, privateLength: 48 },
  18: { name: 'modp8192', opensslName: 'modp18', length: 1024, privateLength: 52 },
};

const GENERATOR = derUnsigned(Uint8Array.of(2));
/** dhKeyAgreement, 1.2.840.113549.1.3.1 (PKCS #3). */
const DH_OID = der(Tag.OID, fromHex('2a864886f70d010301'));

/** The MODP group with this number (14 to 18), or undefined. */
export function modpMethod(id: number): KeyExchangeMethod | undefined {
  const group = GROUPS[id];
  if (group === undefined) return undefined;
  return {
    id,
    name: group.name,
    publicLength: group.length,
    generate(random) {
      const secret = random(group.privateLength);
      const prime = modpPrime(group);
      const privateKey = importPrivate(prime, secret);
      wipe(secret);
      return keyExchangeWith(privateKey, publicOctets(privateKey, group.length), (key, peer) =>
        isPublicValue(peer, prime) ? derive(key, prime, peer) : undefined,
      );
    },
  };
}

function modpPrime(group: Pick<ModpGroup, 'opensslName'>): Uint8Array {
  return plain(getDiffieHellman(group.opensslName).getPrime());
}

/**
 * 1 < y < p - 1 in exactly the octets of the prime (RFC 6989 section 2.1, RFC 7296 section 3.4). For safe primes
 * no more is asked: every other value has order q or 2q.
 */
function isPublicValue(value: Uint8Array, prime: Uint8Array): boolean {
  if (value.length !== prime.length) return false;
  const last = value.length - 1;
  if (value.findIndex((octet) => octet !== 0) === last && (value[last] ?? 0) <= 1) return false;
  const below = value.findIndex((octet, at) => octet !== prime[at]);
  if (below < 0) return false;
  // The primes are odd, so p - 1 differs from p in the last octet alone.
  if (below === last) return (value[last] ?? 0) < (prime[last] ?? 0) - 1;
  return (value[below] ?? 0) < (prime[below] ?? 0);
}

/**
 *     PrivateKeyInfo ::= SEQUENCE { version 0, AlgorithmIdentifier, OCTET STRING { INTEGER x } }
 *     AlgorithmIdentifier ::= SEQUENCE { dhKeyAgreement, SEQUENCE { INTEGER p, INTEGER g } }
 *
 * node:crypto takes a chosen private value only in this form without also testing the prime anew, which would
 * take seconds for the large groups. OpenSSL finds the named group by its prime and computes the public value.
 */
function importPrivate(prime: Uint8Array, secret: Uint8Array): KeyObject {
  const inner = derUnsigned(secret);
  const octets = der(Tag.OCTET_STRING, inner);
  const info = der(Tag.SEQUENCE, derUnsigned(Uint8Array.of(0)), algorithm(prime), octets);
  const key = createPrivateKey({ key: info, format: 'der', type: 'pkcs8' });
  wipe(inner, octets, info);
  return key;
}

function algorithm(prime: Uint8Array): Uint8Array {
  return der(Tag.SEQUENCE, DH_OID, der(Tag.SEQUENCE, derUnsigned(prime), GENERATOR));
}

/** SubjectPublicKeyInfo ::= SEQUENCE { AlgorithmIdentifier, BIT STRING { INTEGER y } } */
function importPublic(prime: Uint8Array, value: Uint8Array): KeyObject {
  const bits = der(Tag.BIT_STRING, Uint8Array.of(0), derUnsigned(value));
  const info = der(Tag.SEQUENCE, algorithm(prime), bits);
  return createPublicKey({ key: info, format: 'der', type: 'spki' });
}

/** y of a private key, padded with zeros to the length of the prime. */
function publicOctets(privateKey: KeyObject, length: number): Uint8Array {
  const info = new Reader(plain(createPublicKey(privateKey).export({ type: 'spki', format: 'der' })));
  const fields = new Reader(takeDer(info, Tag.SEQUENCE, 'SubjectPublicKeyInfo'));
  takeDer(fields, Tag.SEQUENCE, 'AlgorithmIdentifier');
  const bits = new Reader(takeDer(fields, Tag.BIT_STRING, 'public key'));
  bits.skip(1, 'unused bits');
  return padded(takeDer(bits, Tag.INTEGER, 'y'), length);
}

/** A big-endian number in exactly `length` octets: zeros are put before it, or its sign octet is dropped. */
function padded(value: Uint8Array, length: number): Uint8Array {
  const digits = value.length > length ? value.subarray(value.length - length) : value;
  const out = new Uint8Array(length);
  out.set(digits, length - digits.length);
  return out;
}

function derive(privateKey: KeyObject, prime: Uint8Array, peer: Uint8Array): Uint8Array | undefined {
  try {
    const shared = plain(diffieHellman({ privateKey, publicKey: importPublic(prime, peer) }));
    const secret = padded(shared, prime.length);
    wipe(shared);
    return secret;
  } catch {
    // The range is checked above; OpenSSL has checks of its own.
    return undefined;
  }
}
