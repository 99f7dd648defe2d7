import { concat, toHex, utf8 } from '../lib/bytes.ts';
import { SecretBytes, wipe } from '../lib/secret.ts';
import { sha1 } from '../crypto/hash.ts';
import { desEncrypt } from './des.ts';
import { md4 } from './md4.ts';
import { utf16OfUtf8 } from './utf16.ts';

/** What goes into one run of MS-CHAPv2. Challenges have 16 octets. */
export interface MsChapInput {
  readonly authenticatorChallenge: Uint8Array;
  readonly peerChallenge: Uint8Array;
  /** The name as it is sent; a Windows domain in front (`BIGCO\johndoe`) is no part of the computation. */
  readonly userName: string;
  /** UTF-8. */
  readonly password: SecretBytes;
}

/** What comes out of it. */
export interface MsChapSecrets {
  /** The 24 octets that prove our password. */
  readonly ntResponse: Uint8Array;
  /** The 42 octets `S=…` by which the other side must prove that it knows the password too. */
  readonly authenticatorResponse: Uint8Array;
  /** 64 octets. */
  readonly msk: SecretBytes;
}

/** Computes all of a run at once, so that the password need not be kept. RFC 2759 section 8, RFC 3079 section 3. */
export function msChapSecrets(input: MsChapInput): MsChapSecrets {
  const passwordHash = ntPasswordHash(input.password);
  const passwordHashHash = md4(passwordHash);
  const challenge = challengeHash(input);
  const ntResponse = challengeResponse(challenge, passwordHash);
  const authenticatorResponse = generateAuthenticatorResponse(passwordHashHash, ntResponse, challenge);
  const masterKey = getMasterKey(passwordHashHash, ntResponse);
  const msk = masterSessionKey(masterKey);
  wipe(passwordHash, passwordHashHash, masterKey);
  return { ntResponse, authenticatorResponse, msk };
}

/** NtPasswordHash, RFC 2759 section 8.3: MD4 of the password in UTF-16, without a terminating zero. */
export function ntPasswordHash(password: SecretBytes): Uint8Array {
  const unicode = utf16OfUtf8(password.reveal());
  const hash = md4(unicode);
  wipe(unicode);
  return hash;
}

/** ChallengeHash, RFC 2759 section 8.2: 8 octets of both challenges and the name without its domain. */
export function challengeHash(
  input: Pick<MsChapInput, 'authenticatorChallenge' | 'peerChallenge' | 'userName'>,
): Uint8Array {
  const { authenticatorChallenge, peerChallenge, userName } = input;
  const bareName = userName.slice(userName.indexOf('\\') + 1);
  return sha1(peerChallenge, authenticatorChallenge, utf8(bareName)).slice(0, 8);
}

/** ChallengeResponse, RFC 2759 section 8.5: the challenge under three DES keys cut from the hash and five zeros. */
export function challengeResponse(challenge: Uint8Array, passwordHash: Uint8Array): Uint8Array {
  const keys = new Uint8Array(21);
  keys.set(passwordHash);
  const response = concat(...[0, 7, 14].map((at) => desEncrypt(challenge, keys.subarray(at, at + 7))));
  wipe(keys);
  return response;
}

const SIGNING = utf8('Magic server to client signing constant');
const ITERATION = utf8('Pad to make it do more than one iteration');

/** GenerateAuthenticatorResponse, RFC 2759 section 8.7: `S=` and 40 upper-case hexadecimal digits. */
export function generateAuthenticatorResponse(
  passwordHashHash: Uint8Array,
  ntResponse: Uint8Array,
  challenge: Uint8Array,
): Uint8Array {
  const inner = sha1(passwordHashHash, ntResponse, SIGNING);
  return utf8(`S=${toHex(sha1(inner, challenge, ITERATION)).toUpperCase()}`);
}

const MASTER_KEY = utf8('This is the MPPE Master Key');
const CLIENT_SENDS = utf8(
  'On the client side, this is the send key; on the server side, it is the receive key.',
);
const CLIENT_RECEIVES = utf8(
  'On the client side, this is the receive key; on the server side, it is the send key.',
);
const PAD_1 = new Uint8Array(40);
const PAD_2 = new Uint8Array(40).fill(0xf2);

/** GetMasterKey, RFC 3079 section 3.4, 16 octets. */
export function getMasterKey(passwordHashHash: Uint8Array, ntResponse: Uint8Array): Uint8Array {
  return sha1(passwordHashHash, ntResponse, MASTER_KEY).slice(0, 16);
}

/** GetAsymmetricStartKey, RFC 3079 section 3.4, 16 octets: the key of one direction, seen from the client. */
export function startKey(masterKey: Uint8Array, direction: 'client-sends' | 'client-receives'): Uint8Array {
  const magic = direction === 'client-sends' ? CLIENT_SENDS : CLIENT_RECEIVES;
  return sha1(masterKey, PAD_1, magic, PAD_2).slice(0, 16);
}

/**
 * The MSK as every gateway builds it from the two MPPE keys of a RADIUS server: 16 octets that the server receives
 * with, 16 that it sends with, 32 zeros. What the server receives with, the client sends with.
 */
export function masterSessionKey(masterKey: Uint8Array): SecretBytes {
  const msk = new Uint8Array(64);
  const [sends, receives] = [startKey(masterKey, 'client-sends'), startKey(masterKey, 'client-receives')];
  msk.set(sends, 0);
  msk.set(receives, 16);
  wipe(sends, receives);
  return new SecretBytes(msk);
}
