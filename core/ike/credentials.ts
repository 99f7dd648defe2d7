import { utf8Text } from '../lib/bytes.ts';
import type { Failure } from '../lib/failure.ts';
import type { EpochMillis } from '../lib/ports.ts';
import { err, ok, type Result } from '../lib/result.ts';
import { type CredentialTexts, loadClientCredential } from '../pki/client-credential.ts';
import { formatDn } from '../pki/dn.ts';
import type { GatewayIdentity } from '../pki/identity.ts';
import { parsePemCertificates } from '../pki/pem.ts';
import { IdType } from '../wire/constants.ts';
import type { GatewayAuth, UserAuth } from './config.ts';
import type { Identity } from './identity.ts';

export interface UserSide {
  readonly auth: UserAuth;
  /** Who we are when nobody says otherwise. */
  readonly subject?: Identity;
}

/** The user by certificate and private key, both PEM. Failures: config.*, as pki/client-credential.ts says. */
export function userByCertificate(texts: CredentialTexts, now: EpochMillis): Result<UserSide, Failure> {
  const loaded = loadClientCredential(texts, now);
  if (!loaded.ok) return loaded;
  const { chain, key, certificate } = loaded.value;
  return ok({
    auth: { kind: 'certificate', chain, key },
    subject: { idType: IdType.DER_ASN1_DN, data: certificate.subject.der },
  });
}

/** The gateway by a certificate that names it, under anchors in PEM or DER; or what is wrong with them. */
export function gatewayByCertificate(
  identity: Identity,
  anchors: string | readonly Uint8Array[],
): Result<GatewayAuth, string> {
  const wanted = provableIdentity(identity);
  if (!wanted) return err('no certificate can prove an identity of this form');
  const parsed = typeof anchors === 'string' ? parsePemCertificates(anchors) : ok(anchors);
  if (!parsed.ok) return err(`authorities: ${parsed.error}`);
  return ok({ kind: 'certificate', anchors: parsed.value, identity: wanted });
}

/** An identity in the form in which a certificate can name it; undefined for key ids. */
function provableIdentity({ idType, data }: Identity): GatewayIdentity | undefined {
  switch (idType) {
    case IdType.FQDN:
      return { type: 'fqdn', value: utf8Text(data) };
    case IdType.RFC822_ADDR:
      return { type: 'email', value: utf8Text(data) };
    case IdType.IPV4_ADDR:
    case IdType.IPV6_ADDR:
      return { type: 'address', value: data };
    case IdType.DER_ASN1_DN:
      return { type: 'dn', value: formatDn(data) };
    default:
      return undefined;
  }
}
