import type { KeyObject } from 'node:crypto';
import { type Failure, failure } from '../lib/failure.ts';
import type { EpochMillis } from '../lib/ports.ts';
import { err, ok, type Result } from '../lib/result.ts';
import { publicKeyOfSpki } from '../crypto/public-key.ts';
import { type Certificate, parseCertificate } from './certificate.ts';
import { attributeTexts } from './dn.ts';
import { type Fault } from './fault.ts';
import { type GatewayIdentity, gatewayIdentityText, namesGateway, namesOf } from './identity.ts';
import { AttributeOid } from './oids.ts';
import { findPaths, type Path } from './path-builder.ts';
import { pathFault } from './path-rules.ts';

export { matchesIdPayload } from './identity.ts';

/** Intermediate certificates that are looked at; a gateway may send any number. */
const MAX_INTERMEDIATES = 16;

export interface GatewayCheck {
  /** DER octets of the gateway's own certificate: the first that it sent. */
  readonly leaf: Uint8Array;
  /** DER octets of the others that it sent, in any order. */
  readonly intermediates: readonly Uint8Array[];
  /** DER octets of what the profile trusts: authorities, or the gateway's certificate itself. */
  readonly anchors: readonly Uint8Array[];
  readonly now: EpochMillis;
  readonly identity: GatewayIdentity;
}

export interface CheckedGateway {
  readonly leaf: Certificate;
  readonly publicKey: KeyObject;
  /** The leaf first, the anchor last. */
  readonly path: Path;
}

/**
 * Decides whether the gateway's certificate is to be believed: it leads to an anchor by a path that keeps the rules of
 * RFC 5280 section 6, may serve a gateway, and names the identity that the profile asks for. Of several reasons
 * against it, the failure (`auth.gateway-…`) tells the one that stands after the most that was right.
 */
export function checkGateway(check: GatewayCheck): Result<CheckedGateway, Failure> {
  const leaf = parseCertificate(check.leaf);
  if (!leaf.ok) return err(failure('auth.gateway-certificate-malformed', { detail: leaf.error }));
  const publicKey = publicKeyOfSpki(leaf.value.spki);
  if (!publicKey.ok) return err(keyFailure(leaf.value, publicKey.error));
  const path = bestPath(leaf.value, check);
  if (!path.ok) return path;
  if (!namesGateway(leaf.value, check.identity)) return err(nameFailure(leaf.value, check.identity));
  return ok({ leaf: leaf.value, publicKey: publicKey.value, path: path.value });
}

function bestPath(leaf: Certificate, check: GatewayCheck): Result<Path, Failure> {
  const intermediates = readable(check.intermediates.slice(0, MAX_INTERMEDIATES));
  let farthest: Fault | undefined;
  for (const found of findPaths(leaf, { intermediates, anchors: readable(check.anchors) })) {
    const fault = found.ok ? pathFault(found.value, check.now) : found.error;
    if (found.ok && !fault) return found;
    if (fault && (!farthest || fault.progress > farthest.progress)) farthest = fault;
  }
  return err(farthest?.failure ?? failure('auth.gateway-untrusted', { subject: leaf.subject.text }));
}

/** What cannot be read cannot be part of a path. */
function readable(certificates: readonly Uint8Array[]): Certificate[] {
  return certificates.flatMap((der) => {
    const parsed = parseCertificate(der);
    return parsed.ok ? [parsed.value] : [];
  });
}

const KEY_RULES = {
  weak: 'its key is too short or has a bad exponent',
  unsupported: 'its key is of a kind that is not known here',
  malformed: 'its key cannot be read',
} as const;

function keyFailure({ subject, issuer }: Certificate, problem: keyof typeof KEY_RULES): Failure {
  const code = problem === 'malformed' ? 'auth.gateway-certificate-malformed' : 'auth.gateway-bad-chain';
  return failure(code, { subject: subject.text, issuer: issuer.text, rule: KEY_RULES[problem] });
}

function nameFailure(leaf: Certificate, identity: GatewayIdentity): Failure {
  const wanted = gatewayIdentityText(identity);
  const commonNames = attributeTexts(leaf.subject, AttributeOid.COMMON_NAME);
  const inCommonName = commonNames.some((name) => name.toLowerCase() === wanted.toLowerCase());
  return failure('auth.gateway-wrong-name', {
    wanted,
    found: namesOf(leaf),
    subject: leaf.subject.text,
    issuer: leaf.issuer.text,
    // The usual mistake of hand-made certificates, so worth a word of its own.
    ...(inCommonName ? { rule: 'the common name of the subject does not count (RFC 9525)' } : {}),
  });
}
