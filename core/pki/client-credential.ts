import { createPublicKey, type KeyObject } from 'node:crypto';
import { type Failure, failure } from '../lib/failure.ts';
import type { EpochMillis } from '../lib/ports.ts';
import { err, ok, type Result } from '../lib/result.ts';
import type { SecretBytes } from '../lib/secret.ts';
import { importPrivateKey, type PrivateKeyProblem } from '../crypto/private-key.ts';
import { publicKeyOfSpki } from '../crypto/public-key.ts';
import { type Certificate, parseCertificate } from './certificate.ts';
import { parsePemCertificates } from './pem.ts';

/** A user's certificate and key as a profile has them. */
export interface CredentialTexts {
  /** PEM, the user's own certificate first, intermediates after it. */
  readonly certificates: string;
  /** PEM: PKCS #8 (also encrypted), PKCS #1 or SEC 1. */
  readonly privateKey: string;
  readonly passphrase?: SecretBytes;
}

export interface ClientCredential {
  /** DER, the user's own certificate first. */
  readonly chain: readonly Uint8Array[];
  readonly key: KeyObject;
  readonly certificate: Certificate;
}

const CERTIFICATES = 'user.certificate';
const PRIVATE_KEY = 'user.privateKey';

/**
 * Reads the user's certificate and private key and makes sure that they can serve: both readable, made for each
 * other, and the certificate valid at `now`. Failures: config.certificate-invalid, config.key-invalid,
 * config.credential-missing (a passphrase is needed), config.passphrase-wrong, config.key-mismatch.
 */
export function loadClientCredential(
  texts: CredentialTexts,
  now: EpochMillis,
): Result<ClientCredential, Failure> {
  const chain = parsePemCertificates(texts.certificates);
  if (!chain.ok) return err(certificateFailure(chain.error));
  const parsed = chain.value.map(parseCertificate);
  const unreadable = parsed.find((one) => !one.ok);
  if (unreadable) return err(certificateFailure(unreadable.error));
  const [own] = parsed;
  if (!own?.ok) return err(certificateFailure('there is no certificate in it'));
  const certificate = own.value;
  const outOfTime = validityDetail(certificate, now);
  if (outOfTime !== undefined) return err(certificateFailure(outOfTime));
  const key = importPrivateKey(texts.privateKey, texts.passphrase);
  if (!key.ok) return err(keyFailure(key.error));
  if (!isKeyOf(key.value, certificate))
    return err(failure('config.key-mismatch', { subject: certificate.subject.text }));
  return ok({ chain: chain.value, key: key.value, certificate });
}

function certificateFailure(detail: string): Failure {
  return failure('config.certificate-invalid', { field: CERTIFICATES, detail });
}

function validityDetail({ subject, notBefore, notAfter }: Certificate, now: EpochMillis): string | undefined {
  const day = (time: EpochMillis): string => new Date(time).toISOString().slice(0, 10);
  if (now > notAfter) return `the certificate of ${subject.text} expired on ${day(notAfter)}`;
  if (now < notBefore) return `the certificate of ${subject.text} is valid only from ${day(notBefore)}`;
  return undefined;
}

function keyFailure(problem: PrivateKeyProblem): Failure {
  switch (problem) {
    case 'passphrase needed':
      return failure('config.credential-missing', { what: 'passphrase' });
    case 'passphrase wrong':
      return failure('config.passphrase-wrong');
    case 'weak':
      return failure('config.key-invalid', {
        field: PRIVATE_KEY,
        detail: 'it is too short or has a bad exponent',
      });
    case 'unsupported':
      return failure('config.key-invalid', { field: PRIVATE_KEY, detail: 'its kind is not known here' });
    case 'malformed':
      return failure('config.key-invalid', {
        field: PRIVATE_KEY,
        detail: 'it is damaged, or is no private key',
      });
  }
}

function isKeyOf(key: KeyObject, certificate: Certificate): boolean {
  const certified = publicKeyOfSpki(certificate.spki);
  return certified.ok && createPublicKey(key).equals(certified.value);
}
