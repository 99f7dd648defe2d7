import type { EpochMillis } from '../lib/ports.ts';
import type { Certificate } from './certificate.ts';
import { sameDn } from './dn.ts';
import { fault, type Fault, Progress } from './fault.ts';
import { constraintFault } from './name-constraints.ts';
import { KeyPurpose } from './oids.ts';
import type { Path } from './path-builder.ts';

/**
 * The rules of RFC 5280 section 6.1 for a path whose signatures are right, with the gateway's certificate first
 * and the anchor last: the first fault found, or undefined. The anchor is held to the rules too (RFC 5937), except
 * that a root from before version 3 needs no basicConstraints.
 */
export function pathFault(path: Path, now: EpochMillis): Fault | undefined {
  return (
    first(path, (certificate, i) => chainFault(certificate, i, path)) ??
    first(path, (certificate, i) => purposeFault(certificate, i)) ??
    first(path, (certificate, i) => namesFault(certificate, path.slice(0, i))) ??
    // The authority first: while it is out of time, a new certificate for the gateway would not help.
    first([...path].reverse(), (certificate) => validityFault(certificate, now))
  );
}

function first(
  path: Path,
  check: (certificate: Certificate, i: number) => Fault | undefined,
): Fault | undefined {
  for (const [i, certificate] of path.entries()) {
    const found = check(certificate, i);
    if (found) return found;
  }
  return undefined;
}

/** Whether each certificate may stand where it stands: section 6.1.4 (k) to (o). */
function chainFault(certificate: Certificate, i: number, path: Path): Fault | undefined {
  const bad = (rule: string): Fault => fault(Progress.CHAIN, 'auth.gateway-bad-chain', certificate, { rule });
  const [unknown] = certificate.unknownCritical;
  if (unknown !== undefined) return bad(`it has the critical extension ${unknown}, which is not known here`);
  if (i === 0) return undefined;
  const { basicConstraints, keyUsage } = certificate;
  if (!basicConstraints?.ca && !isOldRoot(certificate, i === path.length - 1)) {
    return bad('it signed another certificate and is not an authority');
  }
  if (keyUsage && !keyUsage.includes('keyCertSign')) return bad('its key may not sign certificates');
  const below = path.slice(1, i).filter((one) => !sameDn(one.subject, one.issuer)).length;
  const { pathLength } = basicConstraints ?? {};
  if (pathLength !== undefined && below > pathLength) {
    return bad(`it allows ${pathLength} authorities below it, and there are ${below}`);
  }
  return undefined;
}

function isOldRoot(certificate: Certificate, isAnchor: boolean): boolean {
  return isAnchor && certificate.version < 3 && sameDn(certificate.subject, certificate.issuer);
}

/** Purposes that let a key prove a gateway: RFC 4945 section 5.1.3.12 and what is deployed. */
const GATEWAY_PURPOSES: readonly string[] = [
  KeyPurpose.SERVER_AUTH,
  KeyPurpose.IPSEC_IKE,
  KeyPurpose.IKE_INTERMEDIATE,
  KeyPurpose.ANY,
];

const PURPOSE_NAMES: ReadonlyMap<string, string> = new Map([
  [KeyPurpose.CLIENT_AUTH, 'client authentication'],
  ['1.3.6.1.5.5.7.3.3', 'code signing'],
  ['1.3.6.1.5.5.7.3.4', 'mail protection'],
  ['1.3.6.1.5.5.7.3.8', 'time stamping'],
  ['1.3.6.1.5.5.7.3.9', 'OCSP signing'],
]);

/**
 * Key usage of the gateway's key (RFC 4945 section 5.1.3.2) and extended key usage of every certificate: an authority
 * that is limited to other purposes cannot make a gateway.
 */
function purposeFault(certificate: Certificate, i: number): Fault | undefined {
  const { keyUsage, extendedKeyUsage } = certificate;
  if (i === 0 && keyUsage && !keyUsage.includes('digitalSignature') && !keyUsage.includes('nonRepudiation')) {
    return fault(Progress.PURPOSE, 'auth.gateway-key-usage', certificate, { found: keyUsage });
  }
  if (extendedKeyUsage && !extendedKeyUsage.some((purpose) => GATEWAY_PURPOSES.includes(purpose))) {
    const found = extendedKeyUsage.map((purpose) => PURPOSE_NAMES.get(purpose) ?? purpose);
    return fault(Progress.PURPOSE, 'auth.gateway-extended-key-usage', certificate, { found });
  }
  return undefined;
}

/** The constraints of one certificate, for everything below it. */
function namesFault({ nameConstraints, subject }: Certificate, below: Path): Fault | undefined {
  if (!nameConstraints) return undefined;
  return first(below, (certificate) => {
    const found = constraintFault(nameConstraints, certificate);
    if (!found) return undefined;
    const context = { found: [found.name], rule: found.rule, authority: subject.text };
    return fault(Progress.NAME_CONSTRAINTS, 'auth.gateway-name-constraints', certificate, context);
  });
}

function validityFault(certificate: Certificate, now: EpochMillis): Fault | undefined {
  const { notBefore, notAfter } = certificate;
  if (now < notBefore) {
    return fault(Progress.VALIDITY, 'auth.gateway-not-yet-valid', certificate, { notBefore, now });
  }
  if (now > notAfter) return fault(Progress.VALIDITY, 'auth.gateway-expired', certificate, { notAfter, now });
  return undefined;
}
