import { createPublicKey, type KeyObject } from 'node:crypto';
import { err, ok, type Result } from '../lib/result.ts';

/** The shortest RSA modulus that we trust or sign with (RFC 8247 section 3.1.1). */
export const MIN_RSA_BITS = 2048;
const MIN_RSA_EXPONENT = 3n;

/** A curve on which we verify and make ECDSA signatures. */
export type EcdsaCurve = 'P-256' | 'P-384' | 'P-521';

const CURVES: Readonly<Record<string, EcdsaCurve>> = {
  prime256v1: 'P-256',
  secp384r1: 'P-384',
  secp521r1: 'P-521',
};

/** What a key can do here. `pssOnly` is a key whose certificate allows RSASSA-PSS alone (RFC 4055). */
export type KeyKind =
  | { readonly kind: 'rsa'; readonly bits: number; readonly pssOnly: boolean }
  | { readonly kind: 'ecdsa'; readonly curve: EcdsaCurve }
  | { readonly kind: 'ed25519' }
  | { readonly kind: 'ed448' };

/** 'weak' is an RSA key that must not be used: modulus under MIN_RSA_BITS, exponent below 3 or even. */
export type KeyProblem = 'malformed' | 'unsupported' | 'weak';

/**
 * What an asymmetric key is good for, with the checks that come before any use: an exponent of 0 has stopped
 * daemons, an exponent of 1 makes every signature verify.
 */
export function keyKind(key: KeyObject): Result<KeyKind, KeyProblem> {
  const details = key.asymmetricKeyDetails ?? {};
  switch (key.asymmetricKeyType) {
    case 'rsa':
    case 'rsa-pss': {
      const bits = details.modulusLength ?? 0;
      const exponent = details.publicExponent ?? 0n;
      if (bits < MIN_RSA_BITS || exponent < MIN_RSA_EXPONENT || exponent % 2n === 0n) return err('weak');
      return ok({ kind: 'rsa', bits, pssOnly: key.asymmetricKeyType === 'rsa-pss' });
    }
    case 'ec': {
      const curve = CURVES[details.namedCurve ?? ''];
      return curve === undefined ? err('unsupported') : ok({ kind: 'ecdsa', curve });
    }
    case 'ed25519':
    case 'ed448':
      return ok({ kind: key.asymmetricKeyType });
    default:
      return err('unsupported');
  }
}

/** The key of a DER SubjectPublicKeyInfo, when it is of a kind and strength that may be used. */
export function publicKeyOfSpki(spki: Uint8Array): Result<KeyObject, KeyProblem> {
  let key: KeyObject;
  try {
    key = createPublicKey({ key: spki, format: 'der', type: 'spki' });
  } catch {
    return err('malformed');
  }
  const kind = keyKind(key);
  return kind.ok ? ok(key) : kind;
}
