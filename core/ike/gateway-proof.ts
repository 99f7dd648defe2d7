import { constantTimeEqual } from '../lib/bytes.ts';
import { type Failure, failure } from '../lib/failure.ts';
import { err, ok, type Result } from '../lib/result.ts';
import type { SecretBytes } from '../lib/secret.ts';
import { HashAlgorithm, type SignatureScheme, verifyAuth } from '../crypto/signature.ts';
import { checkGateway, matchesIdPayload } from '../pki/check-gateway.ts';
import { AuthMethod, CertEncoding, nameOf } from '../wire/constants.ts';
import type { Payload } from '../wire/payload.ts';
import type { AuthPayload } from '../wire/payloads/auth.ts';
import { sharedSecretAuth, signedOctets } from './auth-data.ts';
import type { GatewayAuth } from './config.ts';
import { formatIdentity, type Identity, sameIdentity } from './identity.ts';
import type { IkeSa } from './ike-sa.ts';
import { allOf, firstOf } from './payloads.ts';
import type { TaskContext } from './tasks/task.ts';

/** The gateway's identity, proved, and in which way. */
export interface ProvedGateway {
  readonly identity: Identity;
  /** For people: 'RSASSA-PSS with SHA-256', 'pre-shared key'. */
  readonly method: string;
}

const ACCEPTED_HASHES: readonly number[] = [
  HashAlgorithm.SHA256,
  HashAlgorithm.SHA384,
  HashAlgorithm.SHA512,
  HashAlgorithm.IDENTITY,
];

/** ResponderSignedOctets of this SA for an identity (RFC 7296 section 2.15). */
function responderOctets(sa: IkeSa, identity: Identity): Uint8Array {
  return signedOctets(sa.init.suite.prf, {
    realMessage: sa.init.message2,
    peerNonce: sa.init.nonceI,
    skP: sa.keys.skPr,
    identity,
  });
}

/** Checks AUTH of the gateway against a secret that both know: the PSK, or after EAP the MSK or SK_pr. */
export function provedBySecret(
  sa: IkeSa,
  identity: Identity,
  auth: AuthPayload,
  secret: SecretBytes,
): boolean {
  const expected = sharedSecretAuth(sa.init.suite.prf, secret, responderOctets(sa, identity));
  return auth.method === AuthMethod.PSK && constantTimeEqual(expected, auth.data);
}

/**
 * Proves the gateway from IDr, CERT and AUTH of its first IKE_AUTH response (RFC 7296 sections 1.2 and 2.15).
 * By certificate: the chain leads to an anchor of the profile, the leaf is for the gateway that the profile names,
 * IDr is in the leaf, and the leaf's key signed our exchange. By PSK: IDr is the one configured, and the MAC holds.
 */
export function proveGateway(
  payloads: readonly Payload[],
  context: TaskContext,
): Result<ProvedGateway, Failure> {
  const { config } = context;
  const idr = firstOf(payloads, 'IDr');
  const auth = firstOf(payloads, 'AUTH');
  if (!idr || !auth) {
    if (config.userAuth.kind === 'eap' && firstOf(payloads, 'EAP'))
      return err(failure('auth.eap-server-unproved'));
    return err(failure('protocol.unexpected', { detail: 'IKE_AUTH without IDr or AUTH' }));
  }
  const { gatewayAuth } = config;
  if ((auth.method === AuthMethod.PSK) !== (gatewayAuth.kind === 'psk')) {
    return err(
      failure('auth.gateway-wrong-method', {
        wanted: gatewayAuth.kind === 'psk' ? 'pre-shared key' : 'certificate',
        found: nameOf(AuthMethod, auth.method),
      }),
    );
  }
  const identity: Identity = { idType: idr.idType, data: idr.data };
  return gatewayAuth.kind === 'psk'
    ? provePsk(identity, auth, gatewayAuth.secret, context)
    : proveCertificate(payloads, identity, auth, gatewayAuth, context);
}

function provePsk(
  identity: Identity,
  auth: AuthPayload,
  secret: SecretBytes,
  { config, sa }: TaskContext,
): Result<ProvedGateway, Failure> {
  if (!sameIdentity(identity, config.remoteId)) {
    return err(
      failure('auth.gateway-wrong-identity', {
        wanted: formatIdentity(config.remoteId),
        found: [formatIdentity(identity)],
      }),
    );
  }
  if (!provedBySecret(sa, identity, auth, secret)) {
    return err(failure('auth.psk-mismatch', { gatewayIdentity: formatIdentity(identity), side: 'gateway' }));
  }
  return ok({ identity, method: 'pre-shared key' });
}

function proveCertificate(
  payloads: readonly Payload[],
  identity: Identity,
  auth: AuthPayload,
  gatewayAuth: Extract<GatewayAuth, { kind: 'certificate' }>,
  { sa, epochNow }: TaskContext,
): Result<ProvedGateway, Failure> {
  const certificates = allOf(payloads, 'CERT')
    .filter((payload) => payload.encoding === CertEncoding.X509_SIGNATURE)
    .map((payload) => payload.data);
  const [leaf, ...intermediates] = certificates;
  if (!leaf) return err(failure('auth.gateway-no-certificate', { identity: formatIdentity(identity) }));
  const { anchors } = gatewayAuth;
  const chain = checkGateway({ leaf, intermediates, anchors, now: epochNow, identity: gatewayAuth.identity });
  if (!chain.ok) return chain;
  if (!matchesIdPayload(chain.value.leaf, identity.idType, identity.data)) {
    return err(
      failure('auth.gateway-wrong-identity', {
        wanted: 'a name in its own certificate',
        found: [formatIdentity(identity)],
      }),
    );
  }
  const signed = responderOctets(sa, identity);
  // We always announce our hashes; when the gateway did too, only method 14 is a signature (RFC 7427 section 3).
  const agreed = sa.init.peerHashes.length > 0;
  const scheme = verifyAuth(auth.method, chain.value.publicKey, signed, auth.data, ACCEPTED_HASHES, agreed);
  if (!scheme.ok) return err(failure('auth.gateway-signature', { detail: scheme.error }));
  return ok({ identity, method: schemeName(scheme.value) });
}

/** A signature scheme as people know it: 'RSA-PSS with SHA-256'. */
function schemeName(scheme: SignatureScheme): string {
  const names = {
    'rsa-pkcs1': 'RSA',
    'rsa-pss': 'RSA-PSS',
    ecdsa: 'ECDSA',
    ed25519: 'Ed25519',
    ed448: 'Ed448',
  };
  const name = names[scheme.kind];
  return scheme.hash === 'identity'
    ? name
    : `${name} with ${scheme.hash.toUpperCase().replace('SHA', 'SHA-')}`;
}
