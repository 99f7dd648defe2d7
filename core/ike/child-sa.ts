import { readU32, u32 } from '../lib/bytes.ts';
import { type Failure, failure } from '../lib/failure.ts';
import { err, ok, type Result } from '../lib/result.ts';
import type { Prefix } from '../net/prefix.ts';
import { addressMatches, formatSelector, type Selector } from '../net/selector.ts';
import { isErrorNotify, Notify, Protocol } from '../wire/constants.ts';
import type { Payload } from '../wire/payload.ts';
import type { Proposal } from '../wire/payloads/sa.ts';
import { assignedConfiguration, configurationRequest } from './configuration.ts';
import type { AssignedConfig, EstablishedChild } from './events.ts';
import { FIRST_SPI, freshChildSpi } from './fresh.ts';
import { type ChildKeys, deriveChildKeys } from './key-schedule.ts';
import { allOf, firstOf, notifyOf } from './payloads.ts';
import { acceptChoice, proposalsOf, withoutGroups } from './proposals.ts';
import type { Role } from './protection.ts';
import { childRefusal } from './refusals.ts';
import { childKeyLengths, type ChildSuite, childSuite } from './suite.ts';
import type { TaskContext } from './tasks/task.ts';
import { narrowed, remainder, toTrafficSelectors } from './traffic.ts';

/** What we ask for in a Child SA of ours. */
export interface ChildOffer {
  readonly spiIn: number;
  readonly proposals: readonly Proposal[];
  readonly local: readonly Selector[];
  readonly remote: readonly Selector[];
}

/** What the gateway grants of an offer. */
export interface ChildGrant {
  readonly chosen: Proposal;
  readonly suite: ChildSuite;
  readonly spiOut: number;
  readonly local: readonly Selector[];
  readonly remote: readonly Selector[];
}

/** SA, TSi and TSr of a request (RFC 7296 sections 1.2 and 1.3.1). */
export function offerPayloads({ proposals, local, remote }: ChildOffer): Payload[] {
  return [
    { kind: 'SA', proposals: [...proposals] },
    { kind: 'TSi', selectors: toTrafficSelectors(local) },
    { kind: 'TSr', selectors: toTrafficSelectors(remote) },
  ];
}

/**
 * Reads SA, TSi and TSr of the answer to an offer. Fails, as protocol.*, when there is not all of it or when it is
 * not a choice and a narrowing of what was offered (RFC 7296 sections 2.7 and 2.9).
 */
export function grantOf(offer: ChildOffer, payloads: readonly Payload[]): Result<ChildGrant, Failure> {
  const sa = firstOf(payloads, 'SA');
  const tsi = firstOf(payloads, 'TSi');
  const tsr = firstOf(payloads, 'TSr');
  if (!sa || !tsi || !tsr) {
    return err(failure('protocol.unexpected', { detail: 'a Child SA without SA, TSi or TSr' }));
  }
  const unasked = [Notify.USE_TRANSPORT_MODE, Notify.IPCOMP_SUPPORTED].find((type) =>
    notifyOf(payloads, type),
  );
  if (unasked !== undefined) return unoffered(`notify ${unasked}`);
  const choice = acceptChoice(offer.proposals, sa.proposals);
  if (!choice.ok) return unoffered(choice.error);
  const suite = childSuite(choice.value);
  if (!suite) return unoffered('an algorithm we lack');
  const spiOut = choice.value.spi.length === 4 ? readU32(choice.value.spi) : 0;
  if (spiOut < FIRST_SPI) return unoffered('a reserved SPI');
  const local = narrowed(offer.local, tsi.selectors);
  const remote = narrowed(offer.remote, tsr.selectors);
  if (!local || !remote) return unoffered('traffic selectors wider than those requested');
  return ok({ chosen: choice.value, suite, spiOut, local, remote });
}

function unoffered(detail: string): Result<never, Failure> {
  return err(failure('protocol.unoffered-choice', { detail }));
}

/** The pair, with the keys by the direction of traffic. `role`: whether its exchange was ours or the gateway's. */
export function childOf(
  { suite, spiOut, local, remote }: Omit<ChildGrant, 'chosen'>,
  spiIn: number,
  role: Role,
  keys: ChildKeys,
): EstablishedChild {
  const ofInitiator = { encr: keys.encrInitiator, integ: keys.integInitiator };
  const ofResponder = { encr: keys.encrResponder, integ: keys.integResponder };
  const [out, into] = role === 'initiator' ? [ofInitiator, ofResponder] : [ofResponder, ofInitiator];
  return {
    spiIn,
    spiOut,
    suite,
    encrIn: into.encr,
    encrOut: out.encr,
    integIn: into.integ,
    integOut: out.integ,
    local,
    remote,
    udpEncap: true,
  };
}

/** Every address of a family: what we offer as TSi, for the gateway to narrow to the address it gives. */
function wholeFamily(family: 4 | 6): Selector {
  const length = family === 4 ? 4 : 16;
  return {
    family,
    protocol: 0,
    startPort: 0,
    endPort: 0xffff,
    start: new Uint8Array(length),
    end: new Uint8Array(length).fill(0xff),
  };
}

/** The first Child SA as IKE_AUTH makes it. */
export interface FirstChild {
  readonly child: EstablishedChild;
  readonly config: AssignedConfig;
}

/** The request half of the Child SA that IKE_AUTH creates, remembered until the answer. */
export class ChildRequest {
  readonly isAlone: boolean;
  readonly #offer: ChildOffer;
  #rest: readonly Selector[] = [];
  #alone: AssignedConfig | undefined;

  /** `isAlone`: only addresses are asked for, and the Child SA later in an exchange of its own (RFC 6023). */
  constructor({ config, random }: TaskContext, isAlone: boolean) {
    this.isAlone = isAlone;
    const spiIn = freshChildSpi(random, () => false);
    this.#offer = {
      spiIn,
      // Its keys come from IKE_SA_INIT: no group can be negotiated (RFC 7296 section 1.2).
      proposals: proposalsOf(withoutGroups(config.espOffers), Protocol.ESP, u32(spiIn)),
      local: config.addressFamilies.map(wholeFamily),
      remote: config.remoteSelectors.filter(({ family }) => config.addressFamilies.includes(family)),
    };
  }

  get spiIn(): number {
    return this.#offer.spiIn;
  }

  /** What was asked for and may be had in Child SAs of its own, once there is an answer that says so. */
  get rest(): readonly Selector[] {
    return this.#rest;
  }

  /** CP before SA before the selectors (RFC 7296 section 2.19). */
  payloads({ config }: TaskContext): Payload[] {
    const request = configurationRequest(config.addressFamilies, config.wantedAddresses);
    return this.isAlone ? [request] : [request, ...offerPayloads(this.#offer)];
  }

  /** What was assigned with an IKE SA alone, once it was. */
  get alone(): AssignedConfig | undefined {
    return this.#alone;
  }

  /** The addresses in a response whose AUTH holds, or why there are none. The Child SA is to follow. */
  acceptAlone(payloads: readonly Payload[], { config }: TaskContext): Result<AssignedConfig, Failure> {
    const error = allOf(payloads, 'N').find(({ notifyType }) => isErrorNotify(notifyType));
    if (error) return err(childRefusal(error, config));
    const { addressFamilies, gateway } = config;
    const assigned = assignedConfiguration(firstOf(payloads, 'CP'), addressFamilies, gateway.address);
    if (assigned.addresses.length === 0) return err(failure('peer.no-address'));
    this.#alone = assigned;
    return ok(assigned);
  }

  /** The Child SA of a response whose AUTH holds, or why there is none. */
  accept(payloads: readonly Payload[], context: TaskContext): Result<FirstChild, Failure> {
    const error = allOf(payloads, 'N').find(({ notifyType }) => isErrorNotify(notifyType));
    if (error) return err(childRefusal(error, context.config));
    const grant = grantOf(this.#offer, payloads);
    if (!grant.ok) return grant;
    const { suite, local, remote } = grant.value;
    const { addressFamilies, gateway } = context.config;
    const config = assignedConfiguration(firstOf(payloads, 'CP'), addressFamilies, gateway.address);
    if (config.addresses.length === 0) {
      return err(failure('peer.no-address', { requested: this.#offer.remote.map(formatSelector) }));
    }
    if (!config.addresses.some((address) => isWithin(local, address))) {
      return err(failure('protocol.unexpected', { detail: 'TSi without the address that was given out' }));
    }
    const { init, keys } = context.sa;
    const childKeys = deriveChildKeys(init.suite, keys.skD, init, childKeyLengths(suite));
    this.#rest = restOf(this.#offer, remote, payloads);
    return ok({ child: childOf(grant.value, this.spiIn, 'initiator', childKeys), config });
  }
}

/** What an answer left out of an offer and says that could be had all the same (RFC 7296 section 2.9). */
export function restOf(
  offer: ChildOffer,
  granted: readonly Selector[],
  payloads: readonly Payload[],
): readonly Selector[] {
  return notifyOf(payloads, Notify.ADDITIONAL_TS_POSSIBLE) ? remainder(offer.remote, granted) : [];
}

/** Whether an address, as a prefix of all its bits, is in one of the selectors. */
function isWithin(selectors: readonly Selector[], { address }: Prefix): boolean {
  return selectors.some(
    (selector) => selector.family === address.family && addressMatches(selector, address.octets, 0),
  );
}
