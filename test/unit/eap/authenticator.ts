/** The other side of EAP for unit tests: packets by hand, and an MS-CHAPv2 authenticator that knows a password. */
import { concat, fromHex, u16, utf8 } from '../../../core/lib/bytes.ts';
import { SecretBytes } from '../../../core/lib/secret.ts';
import { EapCode, encodeEap } from '../../../core/wire/eap.ts';
import { type MsChapSecrets, msChapSecrets } from '../../../core/eap/mschapv2-secrets.ts';

export const CHALLENGE = fromHex('5B 5D 7C 7D 7B 3F 2F 3E 3C 2C 60 21 32 26 26 28');
export const PEER_CHALLENGE = fromHex('21 40 23 24 25 5E 26 2A 28 29 5F 2B 3A 33 7C 7E');

/** A random source that always gives the peer challenge of RFC 2759 section 9.2. */
export function fixedRandom(length: number): Uint8Array {
  return PEER_CHALLENGE.slice(0, length);
}

export function password(text = 'clientPass'): { password: SecretBytes } {
  return { password: SecretBytes.ofText(text) };
}

export function request(identifier: number, type: number, data: Uint8Array = new Uint8Array(0)): Uint8Array {
  return encodeEap({ code: EapCode.REQUEST, identifier, type, data });
}

export function success(identifier: number): Uint8Array {
  return encodeEap({ code: EapCode.SUCCESS, identifier, data: new Uint8Array(0) });
}

export function refusal(identifier: number): Uint8Array {
  return encodeEap({ code: EapCode.FAILURE, identifier, data: new Uint8Array(0) });
}

/** OpCode, MS-CHAPv2-ID, MS-Length and the body. */
export function msChap(opCode: number, id: number, body: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(opCode, id), u16(4 + body.length), body);
}

export function challengeData(id = 7, challenge = CHALLENGE, name = 'gateway'): Uint8Array {
  return msChap(1, id, concat(Uint8Array.of(challenge.length), challenge, utf8(name)));
}

export function successData(proof: string | Uint8Array, message = ' M=Welcome', id = 7): Uint8Array {
  return msChap(3, id, concat(typeof proof === 'string' ? utf8(proof) : proof, utf8(message)));
}

export function failureData(text: string, id = 7): Uint8Array {
  return msChap(4, id, utf8(text));
}

/** What both sides compute when the peer challenge is the fixed one. */
export function expected(userName = 'User', text = 'clientPass'): MsChapSecrets {
  return msChapSecrets({
    authenticatorChallenge: CHALLENGE,
    peerChallenge: PEER_CHALLENGE,
    userName,
    password: SecretBytes.ofText(text),
  });
}
