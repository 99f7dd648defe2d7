import { type Result, err, ok } from '../lib/result.ts';
import { EMPTY } from '../lib/bytes.ts';
import { Encr, Esn, Group, Integ, Prf, type Protocol, TransformType } from '../wire/constants.ts';
import type { Proposal, Transform } from '../wire/payloads/sa.ts';

/** A cipher and its key length in bits; combined-mode ciphers take no integrity transform. */
export interface EncrChoice {
  readonly id: number;
  readonly keyBits?: number;
}

/** One proposal as alternatives of each type, in our order of preference. */
export interface Offer {
  readonly encr: readonly EncrChoice[];
  readonly integ: readonly number[];
  readonly prf: readonly number[];
  readonly groups: readonly number[];
  readonly esn: readonly number[];
}

const GROUPS: readonly number[] = [
  Group.CURVE25519,
  Group.ECP_256,
  Group.ECP_384,
  Group.ECP_521,
  Group.MODP_2048,
  Group.MODP_3072,
  Group.MODP_4096,
  Group.CURVE448,
  Group.MODP_6144,
  Group.MODP_8192,
];

const PRFS: readonly number[] = [Prf.HMAC_SHA2_256, Prf.HMAC_SHA2_384, Prf.HMAC_SHA2_512];

const INTEGS: readonly number[] = [Integ.HMAC_SHA2_256_128, Integ.HMAC_SHA2_384_192, Integ.HMAC_SHA2_512_256];

const COMBINED: readonly EncrChoice[] = [
  { id: Encr.AES_GCM_16, keyBits: 256 },
  { id: Encr.AES_GCM_16, keyBits: 128 },
  { id: Encr.CHACHA20_POLY1305 },
];

const CBC: readonly EncrChoice[] = [
  { id: Encr.AES_CBC, keyBits: 256 },
  { id: Encr.AES_CBC, keyBits: 128 },
];

/**
 * The default offer for the IKE SA. Combined-mode ciphers and the others stand in proposals of their own
 * (RFC 5282 section 8). Nothing with SHA-1, which a profile can ask for, or a group below 2048 bits.
 */
export const DEFAULT_IKE_OFFERS: readonly Offer[] = [
  { encr: COMBINED, integ: [], prf: PRFS, groups: GROUPS, esn: [] },
  { encr: CBC, integ: INTEGS, prf: PRFS, groups: GROUPS, esn: [] },
];

/**
 * The default offer for Child SAs. Without a group: the first one is keyed by IKE_SA_INIT's exchange. HMAC-SHA-1 comes
 * last: gateways that are set up for Windows often know nothing else for ESP, and as a MAC it stands (RFC 8221 keeps
 * it at MUST-).
 */
export const DEFAULT_ESP_OFFERS: readonly Offer[] = [
  { encr: COMBINED, integ: [], prf: [], groups: [], esn: [Esn.NO, Esn.YES] },
  { encr: CBC, integ: [...INTEGS, Integ.HMAC_SHA1_96], prf: [], groups: [], esn: [Esn.NO, Esn.YES] },
];

/** The offers for a Child SA that gets its keys from the exchange of IKE_SA_INIT: without a group. */
export function withoutGroups(offers: readonly Offer[]): Offer[] {
  return offers.map((offer) => ({ ...offer, groups: [] }));
}

/**
 * The offers for a Child SA with a key exchange of its own. Where `offers` names groups they are a condition;
 * otherwise any of `groups` will do, and so will none at all.
 */
export function withGroups(offers: readonly Offer[], groups: readonly number[]): Offer[] {
  return offers.map((offer) => (offer.groups.length > 0 ? offer : orNone(offer, groups)));
}

/** As `withGroups`, for the other end's wishes: whether there is a key exchange is up to it. */
export function withAnyGroups(offers: readonly Offer[], groups: readonly number[]): Offer[] {
  return offers.map((offer) => orNone(offer, offer.groups.length > 0 ? offer.groups : groups));
}

function orNone(offer: Offer, groups: readonly number[]): Offer {
  return { ...offer, groups: [...groups, Group.NONE] };
}

function transforms(offer: Offer): Transform[] {
  const list: Transform[] = offer.encr.map(({ id, keyBits }) => ({
    type: TransformType.ENCR,
    id,
    ...(keyBits === undefined ? {} : { keyLength: keyBits }),
  }));
  const add = (type: number, ids: readonly number[]): void => {
    for (const id of ids) list.push({ type, id });
  };
  add(TransformType.PRF, offer.prf);
  add(TransformType.INTEG, offer.integ);
  add(TransformType.KE, offer.groups);
  add(TransformType.ESN, offer.esn);
  return list;
}

/** Proposals numbered from 1 (RFC 7296 section 3.3.1). `spi`: none for the first IKE SA, 8 octets later, 4 for ESP. */
export function proposalsOf(
  offers: readonly Offer[],
  protocol: typeof Protocol.IKE | typeof Protocol.ESP,
  spi: Uint8Array = EMPTY,
): Proposal[] {
  return offers.map((offer, index) => ({ number: index + 1, protocol, spi, transforms: transforms(offer) }));
}

function sameTransform(a: Transform, b: Transform): boolean {
  return a.type === b.type && a.id === b.id && a.keyLength === b.keyLength;
}

/**
 * The peer's choice, when it is one that RFC 7296 section 2.7 allows: one proposal, numbered and of the protocol
 * as we offered it, with exactly one transform of each type in it, each one ours. An explicit 'no integrity'
 * beside a combined-mode cipher and an explicit 'no group' say nothing, and are taken out. Where we offered to do
 * without a group, an answer without one is as good as an answer that says so.
 */
export function acceptChoice(
  offered: readonly Proposal[],
  answer: readonly Proposal[],
): Result<Proposal, string> {
  const [chosen, ...others] = answer;
  if (!chosen || others.length > 0) return err(`${answer.length} proposals in the answer`);
  const ours = offered.find((proposal) => proposal.number === chosen.number);
  if (!ours) return err(`proposal ${chosen.number} was not offered`);
  if (ours.protocol !== chosen.protocol) return err(`protocol ${chosen.protocol} was not offered`);
  const picked = chosen.transforms.filter((transform) => !saysNothing(transform, ours));
  for (const transform of picked) {
    if (
      !ours.transforms.some((offer) => sameTransform(offer, transform)) ||
      transform.otherAttributes?.length
    ) {
      return err(`transform type ${transform.type} id ${transform.id} was not offered`);
    }
  }
  for (const type of typesOf(ours)) {
    const count = picked.filter((transform) => transform.type === type).length;
    const mayLack = ours.transforms.some((offer) => offer.type === type && isNone(offer));
    if (count > 1 || (count === 0 && !mayLack)) return err(`${count} transforms of type ${type}`);
  }
  return ok({ ...chosen, transforms: picked.filter((transform) => !isNone(transform)) });
}

function typesOf(proposal: Proposal): number[] {
  return [...new Set(proposal.transforms.map((transform) => transform.type))];
}

/** 'No integrity' or 'no group'. For other types zero means something. */
function isNone({ type, id }: Transform): boolean {
  return id === 0 && (type === TransformType.INTEG || type === TransformType.KE);
}

function saysNothing(transform: Transform, ours: Proposal): boolean {
  return isNone(transform) && !ours.transforms.some((offer) => offer.type === transform.type);
}

/** What we take of a peer's offer. */
export interface Choice {
  /** For the answer: numbered as the peer's, with what we chose of it and the SPI given. */
  readonly answer: Proposal;
  /** The SPI of the peer. */
  readonly spi: Uint8Array;
  /** What was chosen, without an explicit 'no integrity' and 'no group'. */
  readonly chosen: Proposal;
}

/**
 * Chooses as the responder (RFC 7296 section 3.3.6): the first of our offers that one of the peer's proposals meets,
 * and of that our first alternative of each type. `groupAtHand` is the group of the peer's key exchange value,
 * which goes before the others. Proposals with a type that we do not have, or without one that we must have, are
 * passed over, and so are transforms with attributes that we do not know.
 */
export function chooseProposal(
  offers: readonly Offer[],
  proposals: readonly Proposal[],
  ours: { readonly protocol: typeof Protocol.IKE | typeof Protocol.ESP; readonly spi: Uint8Array },
  groupAtHand: number | undefined,
): Choice | undefined {
  for (const wanted of proposalsOf(offers, ours.protocol)) {
    for (const proposal of proposals) {
      if (proposal.protocol !== ours.protocol || proposal.spi.length !== ours.spi.length) continue;
      const picked = pick(wanted, proposal, groupAtHand);
      if (!picked) continue;
      const answer = { ...proposal, spi: ours.spi, transforms: picked };
      const chosen = { ...answer, transforms: picked.filter((transform) => !isNone(transform)) };
      return { answer, spi: proposal.spi, chosen };
    }
  }
  return undefined;
}

/** One transform of each type, or undefined when the two have nothing in common. */
function pick(
  wanted: Proposal,
  theirs: Proposal,
  groupAtHand: number | undefined,
): readonly Transform[] | undefined {
  const picked: Transform[] = [];
  for (const type of new Set([...typesOf(wanted), ...typesOf(theirs)])) {
    const ours = wanted.transforms.filter((transform) => transform.type === type);
    const offered = theirs.transforms.filter(
      (offer) => offer.type === type && !offer.otherAttributes?.length,
    );
    const isThere = (transform: Transform): boolean =>
      offered.some((offer) => sameTransform(offer, transform));
    const atHand = ours.find(({ id }) => type === TransformType.KE && id === groupAtHand);
    const preferred = [...(atHand ? [atHand] : []), ...ours];
    const none = offered.find(isNone);
    const choice = preferred.find(isThere) ?? (ours.length === 0 ? none : undefined);
    if (choice) picked.push(choice);
    // A type that nobody names stands for 'none'.
    else if (theirs.transforms.some((offer) => offer.type === type) || !ours.some(isNone)) return undefined;
  }
  return picked;
}

/** The groups of an offer, in order, each once; that there may be none is not a group. */
export function groupsOf(offers: readonly Offer[]): number[] {
  return [...new Set(offers.flatMap((offer) => offer.groups))].filter((group) => group !== Group.NONE);
}
