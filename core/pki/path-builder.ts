import { equalBytes } from '../lib/bytes.ts';
import { err, ok, type Result } from '../lib/result.ts';
import { parseSignatureAlgorithm } from '../crypto/signature-scheme.ts';
import { keyKind, publicKeyOfSpki } from '../crypto/public-key.ts';
import { keyFits, verifySignature } from '../crypto/signature.ts';
import type { Certificate } from './certificate.ts';
import { sameDn } from './dn.ts';
import { fault, type Fault, Progress } from './fault.ts';

/** Certificates of a path, the gateway's and the anchor included. */
const MAX_PATH = 8;
/** Certificates tried as an issuer; what a hostile gateway can make us compute ends here. */
const MAX_STEPS = 500;

/** A chain of signatures: the gateway's certificate first, a trust anchor last. */
export type Path = readonly Certificate[];

/** Where paths may lead through and to. */
export interface PathSources {
  /** What the gateway sent beside its own certificate; nothing is believed about them. */
  readonly intermediates: readonly Certificate[];
  /** What the profile trusts. */
  readonly anchors: readonly Certificate[];
}

/**
 * Every path from `leaf` to an anchor along matching names and right signatures, shortest detours first, and a fault
 * for each way that ends before. A leaf that is itself an anchor is a path alone. Whether a path may be followed is
 * for path-rules.ts to judge, so an authority that several others certified is tried by each of its certificates.
 */
export function* findPaths(leaf: Certificate, sources: PathSources): Generator<Result<Path, Fault>> {
  const anchors = sources.anchors.filter((anchor) => !equalBytes(anchor.der, leaf.der));
  if (anchors.length < sources.anchors.length) yield ok([leaf]);
  const known = new Map<Certificate, Map<Certificate, Fault | undefined>>();
  const search: Search = { anchors, intermediates: sources.intermediates, known, steps: 0 };
  yield* extend([leaf], leaf, search);
}

interface Search extends PathSources {
  /** Outcomes of signature checks: certificate, then issuer. */
  readonly known: Map<Certificate, Map<Certificate, Fault | undefined>>;
  steps: number;
}

function* extend(path: Path, last: Certificate, search: Search): Generator<Result<Path, Fault>> {
  let issuers = 0;
  for (const [issuer, trusted] of candidates(path, last, search)) {
    issuers += 1;
    search.steps += 1;
    if (search.steps > MAX_STEPS) return;
    const wrong = signatureFault(last, issuer, search);
    if (wrong) yield err(wrong);
    else if (path.length + 1 > MAX_PATH) yield err(tooLong(last));
    else if (trusted) yield ok([...path, issuer]);
    else yield* extend([...path, issuer], issuer, search);
  }
  if (issuers === 0) yield err(fault(Progress.DEAD_END + path.length, 'auth.gateway-untrusted', last));
}

function tooLong(last: Certificate): Fault {
  return fault(Progress.CHAIN, 'auth.gateway-bad-chain', last, {
    rule: `more than ${MAX_PATH} certificates`,
  });
}

/** Certificates with the name of the issuer: anchors first, then those whose key identifier fits too. */
function candidates(path: Path, last: Certificate, search: Search): [Certificate, trusted: boolean][] {
  const { anchors, intermediates } = search;
  const named = (certificate: Certificate): boolean => sameDn(certificate.subject, last.issuer);
  // The same name and key again would be a circle, whatever certificate it comes in.
  const fresh = (certificate: Certificate): boolean =>
    !path.some(
      (passed) => sameDn(passed.subject, certificate.subject) && equalBytes(passed.spki, certificate.spki),
    );
  const isAnchor = (certificate: Certificate): boolean =>
    anchors.some(({ der }) => equalBytes(der, certificate.der));
  const onward = intermediates.filter((one) => named(one) && fresh(one) && !isAnchor(one));
  const rank = (certificate: Certificate): number => (identifierFits(last, certificate) ? 0 : 1);
  return [
    ...anchors.filter(named).map((anchor): [Certificate, boolean] => [anchor, true]),
    ...onward.sort((a, b) => rank(a) - rank(b)).map((one): [Certificate, boolean] => [one, false]),
  ];
}

/** Key identifiers are hints (RFC 5280 section 4.2.1.1): they order the candidates and decide nothing. */
function identifierFits(
  { authorityKeyIdentifier }: Certificate,
  { subjectKeyIdentifier }: Certificate,
): boolean {
  if (!authorityKeyIdentifier || !subjectKeyIdentifier) return true;
  return equalBytes(authorityKeyIdentifier, subjectKeyIdentifier);
}

function signatureFault(certificate: Certificate, issuer: Certificate, { known }: Search): Fault | undefined {
  const outcomes = known.get(certificate) ?? new Map<Certificate, Fault | undefined>();
  known.set(certificate, outcomes);
  if (!outcomes.has(issuer)) outcomes.set(issuer, checkSignature(certificate, issuer));
  return outcomes.get(issuer);
}

/** RFC 5280 section 6.1.3 (a) (1), without algorithms and keys that are too weak to mean anything. */
function checkSignature(certificate: Certificate, issuer: Certificate): Fault | undefined {
  const { oid, raw } = certificate.signatureAlgorithm;
  const badChain = (rule: string, progress: number = Progress.CHAIN): Fault =>
    fault(progress, 'auth.gateway-bad-chain', certificate, { rule });
  const scheme = parseSignatureAlgorithm(raw);
  if (!scheme.ok) return badChain(`signed with the algorithm ${oid}, which is not accepted`);
  if (scheme.value.hash === 'sha1') return badChain('signed with SHA-1, which is too weak');
  const key = publicKeyOfSpki(issuer.spki);
  if (!key.ok) return badChain(`the key of its issuer is ${key.error}`);
  const kind = keyKind(key.value);
  const right =
    kind.ok &&
    keyFits(scheme.value, kind.value) &&
    verifySignature(scheme.value, key.value, certificate.tbs, certificate.signature);
  return right ? undefined : badChain('its signature is not by the key of that issuer', Progress.SIGNATURE);
}
