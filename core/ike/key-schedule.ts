import { concat, EMPTY, utf8 } from '../lib/bytes.ts';
import { SecretBytes, wipe } from '../lib/secret.ts';
import { type KeyLengths, suiteKeyLengths } from '../crypto/cipher-suite.ts';
import { prfPlus } from '../crypto/kdf.ts';
import type { Prf } from '../crypto/prf.ts';
import type { IkeSuite } from './suite.ts';

/** The seven keys of an IKE SA (RFC 7296 section 2.14). `i` protects what the original initiator sends. */
export interface IkeKeys {
  readonly skD: SecretBytes;
  readonly skAi: SecretBytes;
  readonly skAr: SecretBytes;
  readonly skEi: SecretBytes;
  readonly skEr: SecretBytes;
  readonly skPi: SecretBytes;
  readonly skPr: SecretBytes;
}

export interface KeyInputs {
  readonly nonceI: Uint8Array;
  readonly nonceR: Uint8Array;
  readonly initiatorSpi: Uint8Array;
  readonly responderSpi: Uint8Array;
}

/**
 * SKEYSEED = prf(Ni | Nr, g^ir), and the keys from it (RFC 7296 section 2.14). `sharedSecret` (g^ir) is wiped.
 */
export function deriveIkeKeys(suite: IkeSuite, sharedSecret: SecretBytes, inputs: KeyInputs): IkeKeys {
  const skeyseed = suite.prf.compute(concat(inputs.nonceI, inputs.nonceR), sharedSecret.reveal());
  sharedSecret.wipe();
  return expandIkeKeys(suite, skeyseed, inputs);
}

/**
 * The keys of an IKE SA that replaces another: SKEYSEED = prf(SK_d (old), g^ir (new) | Ni | Nr) with the PRF of the
 * old SA, the rest with that of the new one (RFC 7296 section 2.18). `sharedSecret` (g^ir) is wiped.
 */
export function deriveRekeyedIkeKeys(
  old: { readonly prf: Prf; readonly skD: SecretBytes },
  suite: IkeSuite,
  sharedSecret: SecretBytes,
  inputs: KeyInputs,
): IkeKeys {
  const seed = concat(sharedSecret.reveal(), inputs.nonceI, inputs.nonceR);
  sharedSecret.wipe();
  const skeyseed = old.prf.compute(old.skD.reveal(), seed);
  wipe(seed);
  return expandIkeKeys(suite, skeyseed, inputs);
}

const RESUMPTION = utf8('Resumption');

/**
 * The keys of an IKE SA that goes on from an older one: SKEYSEED = prf(SK_d of the old one, "Resumption" | Ni | Nr)
 * (RFC 5723 section 5.1). There is no key exchange in it.
 */
export function deriveResumedKeys(suite: IkeSuite, skD: SecretBytes, inputs: KeyInputs): IkeKeys {
  const skeyseed = suite.prf.compute(skD.reveal(), RESUMPTION, inputs.nonceI, inputs.nonceR);
  return expandIkeKeys(suite, skeyseed, inputs);
}

/**
 * {SK_d | SK_ai | SK_ar | SK_ei | SK_er | SK_pi | SK_pr} = prf+(SKEYSEED, Ni | Nr | SPIi | SPIr), RFC 7296
 * section 2.14. `skeyseed` is wiped.
 */
function expandIkeKeys(suite: IkeSuite, skeyseed: Uint8Array, inputs: KeyInputs): IkeKeys {
  const prfLength = suite.prf.preferredKeyLength;
  const { encr, integ } = suiteKeyLengths(suite.cipher);
  const seed = concat(inputs.nonceI, inputs.nonceR, inputs.initiatorSpi, inputs.responderSpi);
  const stream = prfPlus(suite.prf, skeyseed, seed, 3 * prfLength + 2 * encr + 2 * integ);
  let at = 0;
  const next = (length: number): SecretBytes => SecretBytes.copyOf(stream.subarray(at, (at += length)));
  const keys = {
    skD: next(prfLength),
    skAi: next(integ),
    skAr: next(integ),
    skEi: next(encr),
    skEr: next(encr),
    skPi: next(prfLength),
    skPr: next(prfLength),
  };
  wipe(skeyseed, stream);
  return keys;
}

export function wipeIkeKeys(keys: IkeKeys): void {
  for (const key of Object.values(keys) as SecretBytes[]) key.wipe();
}

/** Keys of a Child SA pair, by the direction of the traffic. */
export interface ChildKeys {
  readonly encrInitiator: SecretBytes;
  readonly integInitiator: SecretBytes;
  readonly encrResponder: SecretBytes;
  readonly integResponder: SecretBytes;
}

/**
 * KEYMAT = prf+(SK_d, [g^ir (new) |] Ni | Nr), cut as RFC 7296 section 2.17 says: all keys for data from the initiator
 * to the responder first, and in each direction encryption before integrity. `sharedSecret` is g^ir of a key exchange
 * of the Child SA's own, and is wiped.
 */
export function deriveChildKeys(
  suite: IkeSuite,
  skD: SecretBytes,
  nonces: { readonly nonceI: Uint8Array; readonly nonceR: Uint8Array },
  lengths: KeyLengths,
  sharedSecret?: SecretBytes,
): ChildKeys {
  const seed = concat(sharedSecret?.reveal() ?? EMPTY, nonces.nonceI, nonces.nonceR);
  sharedSecret?.wipe();
  const keymat = prfPlus(suite.prf, skD.reveal(), seed, 2 * (lengths.encr + lengths.integ));
  let at = 0;
  const next = (length: number): SecretBytes => SecretBytes.copyOf(keymat.subarray(at, (at += length)));
  const keys = {
    encrInitiator: next(lengths.encr),
    integInitiator: next(lengths.integ),
    encrResponder: next(lengths.encr),
    integResponder: next(lengths.integ),
  };
  wipe(seed, keymat);
  return keys;
}
