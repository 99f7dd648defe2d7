import { equalBytes } from '../../../core/lib/bytes.ts';
import { aead } from '../../../core/crypto/aead.ts';
import { blockCipher } from '../../../core/crypto/block-cipher.ts';
import { integrity } from '../../../core/crypto/integrity.ts';
import { keyExchange } from '../../../core/crypto/key-exchange.ts';
import { prf } from '../../../core/crypto/prf.ts';
import { Esn, Integ, Protocol, TransformType } from '../../../core/wire/constants.ts';
import type { Proposal, Transform } from '../../../core/wire/payloads/sa.ts';

/** What an SA payload settled for the IKE SA. `integ` is absent with an authenticated cipher. */
export interface IkeSuite {
  readonly encr: number;
  readonly keyBits?: number;
  readonly integ?: number;
  readonly prf: number;
  readonly group: number;
}

/** What an SA payload settled for ESP; the same shape as the engine's EspSuite. */
export interface ChildSuite {
  readonly encr: number;
  readonly keyBits?: number;
  readonly integ?: number;
  readonly esn: boolean;
}

/**
 * What the gateway accepts, by transform numbers. A list that is absent stands for everything that core/crypto
 * offers. `encr` entries are [number] or [number, key bits].
 */
export interface SuitePolicy {
  readonly encr?: readonly (readonly [number, number?])[];
  readonly integ?: readonly number[];
  readonly prf?: readonly number[];
  readonly groups?: readonly number[];
  readonly esn?: readonly number[];
}

export interface Selection<S> {
  /** The proposal to answer with. Its SPI is the initiator's: the caller puts its own there. */
  readonly answer: Proposal;
  readonly suite: S;
}

/**
 * The first proposal of the initiator from which one transform of each type can be accepted (RFC 7296 section
 * 2.7), in the initiator's order within each type, except that `preferredGroup` (the one of its KE payload)
 * comes first when the gateway would accept it at all.
 */
export function selectIke(
  proposals: readonly Proposal[],
  policy: SuitePolicy,
  preferredGroup?: number,
): Selection<IkeSuite> | undefined {
  for (const proposal of proposals) {
    if (proposal.protocol !== Protocol.IKE || proposal.spi.length !== 0) continue;
    const byType = groupByType(proposal.transforms, IKE_TYPES);
    if (byType === undefined) continue;
    const cipher = pickCipher(byType, policy);
    const groups = byType.get(TransformType.KE) ?? [];
    const sorted = [
      ...groups.filter((group) => group.id === preferredGroup),
      ...groups.filter((group) => group.id !== preferredGroup),
    ];
    const group = sorted.find((t) => allowed(policy.groups, t.id) && keyExchange(t.id) !== undefined);
    const chosenPrf = byType
      .get(TransformType.PRF)
      ?.find((t) => allowed(policy.prf, t.id) && prf(t.id) !== undefined);
    if (cipher === undefined || group === undefined || chosenPrf === undefined) continue;
    const transforms = [cipher.encr, chosenPrf, ...present(cipher.integ), group];
    return {
      answer: { ...proposal, transforms },
      suite: { ...cipherSuite(cipher), prf: chosenPrf.id, group: group.id },
    };
  }
  return undefined;
}

/** The same for the Child SA of IKE_AUTH, where there is no further key exchange. */
export function selectChild(
  proposals: readonly Proposal[],
  policy: SuitePolicy,
): Selection<ChildSuite> | undefined {
  for (const proposal of proposals) {
    if (proposal.protocol !== Protocol.ESP || proposal.spi.length !== 4) continue;
    const byType = groupByType(proposal.transforms, CHILD_TYPES);
    if (byType === undefined) continue;
    const cipher = pickCipher(byType, policy);
    const esn = byType.get(TransformType.ESN)?.find((t) => allowed(policy.esn, t.id) && t.id <= Esn.YES);
    const offeredGroups = byType.get(TransformType.KE);
    const noGroup = offeredGroups?.find((t) => t.id === 0);
    if (cipher === undefined || esn === undefined) continue;
    if (offeredGroups !== undefined && noGroup === undefined) continue;
    const transforms = [cipher.encr, ...present(cipher.integ), ...present(noGroup), esn];
    return {
      answer: { ...proposal, transforms },
      suite: { ...cipherSuite(cipher), esn: esn.id === Esn.YES },
    };
  }
  return undefined;
}

const IKE_TYPES: readonly number[] = [
  TransformType.ENCR,
  TransformType.PRF,
  TransformType.INTEG,
  TransformType.KE,
];
const CHILD_TYPES: readonly number[] = [
  TransformType.ENCR,
  TransformType.INTEG,
  TransformType.KE,
  TransformType.ESN,
];

/** Undefined when a type is among them that the gateway does not know: it could not accept one of it. */
function groupByType(
  transforms: readonly Transform[],
  known: readonly number[],
): Map<number, Transform[]> | undefined {
  const byType = new Map<number, Transform[]>();
  for (const transform of transforms) {
    if (!known.includes(transform.type)) return undefined;
    // A transform with an attribute that is not understood is no candidate, but its type was proposed.
    const group = byType.get(transform.type) ?? [];
    if ((transform.otherAttributes ?? []).length === 0) group.push(transform);
    byType.set(transform.type, group);
  }
  return byType;
}

interface Cipher {
  readonly encr: Transform;
  /** Present when the proposal had transforms of this type; then it may be NONE. */
  readonly integ: Transform | undefined;
}

function pickCipher(byType: Map<number, Transform[]>, policy: SuitePolicy): Cipher | undefined {
  const offered = byType.get(TransformType.INTEG);
  for (const encr of byType.get(TransformType.ENCR) ?? []) {
    const wanted =
      policy.encr === undefined ||
      policy.encr.some(([id, bits]) => id === encr.id && (bits === undefined || bits === encr.keyLength));
    if (!wanted) continue;
    if (aead(encr.id, encr.keyLength) !== undefined) {
      const none = offered?.find((t) => t.id === Integ.NONE);
      if (offered === undefined || none !== undefined) return { encr, integ: none };
    } else if (blockCipher(encr.id, encr.keyLength) !== undefined) {
      const integ = offered?.find((t) => allowed(policy.integ, t.id) && integrity(t.id) !== undefined);
      if (integ !== undefined) return { encr, integ };
    }
  }
  return undefined;
}

function cipherSuite({ encr, integ }: Cipher): { encr: number; keyBits?: number; integ?: number } {
  return {
    encr: encr.id,
    ...(encr.keyLength === undefined ? {} : { keyBits: encr.keyLength }),
    ...(integ === undefined || integ.id === Integ.NONE ? {} : { integ: integ.id }),
  };
}

function allowed(list: readonly number[] | undefined, id: number): boolean {
  return list === undefined || list.includes(id);
}

function present<T>(value: T | undefined): T[] {
  return value === undefined ? [] : [value];
}

/** True when two proposals offer the same: a retry after a COOKIE must not change them. */
export function sameOffer(a: readonly Proposal[], b: readonly Proposal[]): boolean {
  const text = (list: readonly Proposal[]): string =>
    JSON.stringify(list.map(({ spi, ...rest }) => ({ ...rest, spi: [...spi] })));
  return a.length === b.length && text(a) === text(b);
}

/** True when both are present and equal, octet by octet. */
export function sameOctets(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a !== undefined && b !== undefined && equalBytes(a, b);
}
