import { createCipheriv, createHash } from 'node:crypto';
import { concat, toHex, utf8 } from '../../../core/lib/bytes.ts';
import { md4 } from './md4.ts';

/*
 * The authenticator's side of MS-CHAPv2, from RFC 2759 section 8 and RFC 3079 section 3.4. It shares nothing
 * with the client's implementation but the RFCs.
 */

const SIGNING = utf8('Magic server to client signing constant');
const PADDING = utf8('Pad to make it do more than one iteration');
const MASTER_KEY = utf8('This is the MPPE Master Key');
const CLIENT_SENDS = utf8(
  'On the client side, this is the send key; on the server side, it is the receive key.',
);
const SERVER_SENDS = utf8(
  'On the client side, this is the receive key; on the server side, it is the send key.',
);

/** The four values that a response is computed from; challenges have 16 octets. */
export interface Challenges {
  readonly authenticator: Uint8Array;
  readonly peer: Uint8Array;
  /** As the peer presented it; the domain in front of a backslash does not count. */
  readonly userName: string;
}

function sha1(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(
    createHash('sha1')
      .update(concat(...parts))
      .digest(),
  );
}

/** MD4 over the password in UTF-16, little-endian (RFC 2759 section 8.3). */
export function ntPasswordHash(password: string): Uint8Array {
  const octets = new Uint8Array(password.length * 2);
  const view = new DataView(octets.buffer);
  for (let i = 0; i < password.length; i++) view.setUint16(2 * i, password.charCodeAt(i), true);
  return md4(octets);
}

/** RFC 2759 section 8.2: 8 octets. */
export function challengeHash({ authenticator, peer, userName }: Challenges): Uint8Array {
  const account = userName.slice(userName.lastIndexOf('\\') + 1);
  return sha1(peer, authenticator, utf8(account)).subarray(0, 8);
}

/** RFC 2759 section 8.5: the 24 octets that a peer which knows the password answers with. */
export function ntResponse(challenges: Challenges, password: string): Uint8Array {
  const challenge = challengeHash(challenges);
  const keys = concat(ntPasswordHash(password), new Uint8Array(5));
  return concat(...[0, 7, 14].map((at) => desEncrypt(challenge, keys.subarray(at, at + 7))));
}

/** RFC 2759 section 8.7: 'S=' and 40 upper-case hexadecimal digits, by which the server proves itself. */
export function authenticatorResponse(
  challenges: Challenges,
  password: string,
  response: Uint8Array,
): string {
  const inner = sha1(md4(ntPasswordHash(password)), response, SIGNING);
  return `S=${toHex(sha1(inner, challengeHash(challenges), PADDING)).toUpperCase()}`;
}

/**
 * The MSK of EAP-MSCHAPv2, 64 octets: the key that the server receives with, the key that it sends with (16
 * octets each, RFC 3079 section 3.4) and zeros.
 */
export function masterSessionKey(password: string, response: Uint8Array): Uint8Array {
  const masterKey = sha1(md4(ntPasswordHash(password)), response, MASTER_KEY).subarray(0, 16);
  return concat(startKey(masterKey, CLIENT_SENDS), startKey(masterKey, SERVER_SENDS), new Uint8Array(32));
}

function startKey(masterKey: Uint8Array, direction: Uint8Array): Uint8Array {
  const pad1 = new Uint8Array(40);
  const pad2 = new Uint8Array(40).fill(0xf2);
  return sha1(masterKey, pad1, direction, pad2).subarray(0, 16);
}

/**
 * DES of one block under 56 key bits. OpenSSL keeps single DES in its legacy provider; triple DES with one key
 * three times is the same function.
 */
export function desEncrypt(block: Uint8Array, key: Uint8Array): Uint8Array {
  const spread = new Uint8Array(8);
  // Seven key bits an octet, above a parity bit that the cipher ignores.
  for (let bit = 0; bit < 56; bit++) {
    const set = ((key[bit >>> 3] ?? 0) >>> (7 - (bit & 7))) & 1;
    const at = Math.floor(bit / 7);
    spread[at] = (spread[at] ?? 0) | (set << (7 - (bit % 7)));
  }
  const cipher = createCipheriv('des-ede3', concat(spread, spread, spread), null);
  cipher.setAutoPadding(false);
  return new Uint8Array(cipher.update(block));
}
