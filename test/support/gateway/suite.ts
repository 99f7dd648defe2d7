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
 * comes first when the gateway would accept it at all. Only when one is rekeyed does a proposal bring an SPI.
 */
export function selectIke(
  proposals: readonly Proposal[],
  policy: SuitePolicy,
  preferredGroup?: number,
  rekeyed?: 'rekeyed',
): Selection<IkeSuite> | undefined {
  for (const proposal of proposals) {
    if (proposal.protocol !== Protocol.IKE || proposal.spi.length !== (rekeyed ? 8 : 0)) continue;
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

/** What was selected for a Child SA, and the group of its key exchange; undefined for none. */
export interface ChildSelection extends Selection<ChildSuite> {
  readonly group: number | undefined;
}

/**
 * The same for a Child SA. `ke` is the group of the KE payload beside the proposals, undefined when there is none;
 * in IKE_AUTH there never is one, and groups are nobody's business. The policy's groups are those that the gateway
 * takes: 0 among them permits none at all, an empty list permits nothing else.
 */
export function selectChild(
  proposals: readonly Proposal[],
  policy: SuitePolicy,
  ke: number | undefined | 'in IKE_AUTH',
): ChildSelection | undefined {
  for (const proposal of proposals) {
    if (proposal.protocol !== Protocol.ESP || proposal.spi.length !== 4) continue;
    const byType = groupByType(proposal.transforms, CHILD_TYPES);
    if (byType === undefined) continue;
    const cipher = pickCipher(byType, policy);
    const esn = byType.get(TransformType.ESN)?.find((t) => allowed(policy.esn, t.id) && t.id <= Esn.YES);
    if (cipher === undefined || esn === undefined) continue;
    const offered = byType.get(TransformType.KE);
    const group = pickChildGroup(offered, policy, ke);
    if (group === undefined) continue;
    const transforms = [cipher.encr, ...present(cipher.integ), ...present(offered && group), esn];
    return {
      answer: { ...proposal, transforms },
      suite: { ...cipherSuite(cipher), esn: esn.id === Esn.YES },
      group: group.id === NO_GROUP ? undefined : group.id,
    };
  }
  return undefined;
}

const NO_GROUP = 0;

/** The transform to answer with (NONE also where nothing was offered), or undefined when none will do. */
function pickChildGroup(
  offered: readonly Transform[] | undefined,
  { groups }: SuitePolicy,
  ke: number | undefined | 'in IKE_AUTH',
): Transform | undefined {
  const list = offered ?? [{ type: TransformType.KE, id: NO_GROUP }];
  const none = list.find(({ id }) => id === NO_GROUP);
  if (ke === 'in IKE_AUTH') return none;
  const permitsNone = groups === undefined || groups.length === 0 || groups.includes(NO_GROUP);
  const known = list.filter(({ id }) => allowed(groups, id) && keyExchange(id) !== undefined);
  const guessed = known.find(({ id }) => id === ke);
  if (ke === undefined && permitsNone && none !== undefined) return none;
  return guessed ?? known[0] ?? (permitsNone ? none : undefined);
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

/** What the answer to an own offer chose, and the SPI of the other end. */
export interface Chosen<S> {
  readonly suite: S;
  readonly group: number | undefined;
  readonly spi: Uint8Array;
}

/** An offer of one suite for ESP, with these groups for a key exchange of its own. */
export function childProposal(suite: ChildSuite, groups: readonly number[], spi: Uint8Array): Proposal {
  const esn = { type: TransformType.ESN, id: suite.esn ? Esn.YES : Esn.NO };
  const transforms = [...cipherTransforms(suite), ...groupTransforms(groups), esn];
  return { number: 1, protocol: Protocol.ESP, spi, transforms };
}

/** An offer of one suite for an IKE SA in place of another. */
export function ikeProposal(suite: IkeSuite, groups: readonly number[], spi: Uint8Array): Proposal {
  const prf = { type: TransformType.PRF, id: suite.prf };
  const transforms = [...cipherTransforms(suite), prf, ...groupTransforms(groups)];
  return { number: 1, protocol: Protocol.IKE, spi, transforms };
}

function cipherTransforms({ encr: id, keyBits, integ }: IkeSuite | ChildSuite): Transform[] {
  const encr = { type: TransformType.ENCR, id, ...(keyBits === undefined ? {} : { keyLength: keyBits }) };
  return integ === undefined ? [encr] : [encr, { type: TransformType.INTEG, id: integ }];
}

function groupTransforms(groups: readonly number[]): Transform[] {
  return groups.map((id) => ({ type: TransformType.KE, id }));
}

/** What an answer chose of an offer for ESP; undefined when it is not one transform of each type in it. */
export function chosenChild(answer: readonly Proposal[], offer: Proposal): Chosen<ChildSuite> | undefined {
  const chosen = chosenOf(answer, offer);
  const esn = chosen?.find(({ type }) => type === TransformType.ESN);
  const spi = answer[0]?.spi;
  if (chosen === undefined || esn === undefined || spi?.length !== 4) return undefined;
  return { suite: { ...suiteOf(chosen), esn: esn.id === Esn.YES }, group: groupOf(chosen), spi };
}

/** The same for an IKE SA. */
export function chosenIke(answer: readonly Proposal[], offer: Proposal): Chosen<IkeSuite> | undefined {
  const chosen = chosenOf(answer, offer);
  const prfId = chosen?.find(({ type }) => type === TransformType.PRF)?.id;
  const group = chosen && groupOf(chosen);
  const spi = answer[0]?.spi;
  if (chosen === undefined || prfId === undefined || group === undefined || spi?.length !== 8)
    return undefined;
  return { suite: { ...suiteOf(chosen), prf: prfId, group }, group, spi };
}

function chosenOf(answer: readonly Proposal[], offer: Proposal): readonly Transform[] | undefined {
  const [only] = answer;
  if (only === undefined || answer.length > 1) return undefined;
  if (only.number !== offer.number || only.protocol !== offer.protocol) return undefined;
  const same = (a: Transform, b: Transform): boolean =>
    a.type === b.type && a.id === b.id && a.keyLength === b.keyLength && a.otherAttributes === undefined;
  const types = only.transforms.map(({ type }) => type);
  const oneEach = new Set(types).size === types.length;
  const all = new Set(offer.transforms.map(({ type }) => type)).size === types.length;
  const offered = only.transforms.every((one) => offer.transforms.some((other) => same(one, other)));
  return oneEach && all && offered ? only.transforms : undefined;
}

function suiteOf(transforms: readonly Transform[]): { encr: number; keyBits?: number; integ?: number } {
  const encr = transforms.find(({ type }) => type === TransformType.ENCR);
  return cipherSuite({
    encr: encr ?? { type: TransformType.ENCR, id: 0 },
    integ: transforms.find(({ type }) => type === TransformType.INTEG),
  });
}

function groupOf(transforms: readonly Transform[]): number | undefined {
  const id = transforms.find(({ type }) => type === TransformType.KE)?.id;
  return id === NO_GROUP ? undefined : id;
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
