import { concat, utf8 } from '../lib/bytes.ts';
import type { SecretBytes } from '../lib/secret.ts';
import type { Prf } from '../crypto/prf.ts';
import type { Identity } from './identity.ts';

/**
 * What an AUTH payload covers (RFC 7296 section 2.15):
 * InitiatorSignedOctets = RealMessage1 | NonceRData | prf(SK_pi, IDType | RESERVED | InitIDData), and with the
 * roles exchanged for the responder. `realMessage` is the first message as sent, from the IKE header on.
 */
export function signedOctets(
  prf: Prf,
  parts: {
    readonly realMessage: Uint8Array;
    readonly peerNonce: Uint8Array;
    readonly skP: SecretBytes;
    readonly identity: Identity;
  },
): Uint8Array {
  const restOfId = concat(Uint8Array.of(parts.identity.idType, 0, 0, 0), parts.identity.data);
  return concat(parts.realMessage, parts.peerNonce, prf.compute(parts.skP.reveal(), restOfId));
}

const KEY_PAD = utf8('Key Pad for IKEv2');

/**
 * AUTH of a shared secret: prf(prf(Shared Secret, "Key Pad for IKEv2"), SignedOctets). The secret is the PSK, or
 * the MSK of the EAP method (RFC 7296 sections 2.15 and 2.16).
 */
export function sharedSecretAuth(prf: Prf, secret: SecretBytes, octets: Uint8Array): Uint8Array {
  const padded = prf.compute(secret.reveal(), KEY_PAD);
  const auth = prf.compute(padded, octets);
  padded.fill(0);
  return auth;
}
