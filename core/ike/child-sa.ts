import { readU32, u32 } from '../lib/bytes.ts';
import { type Failure, failure } from '../lib/failure.ts';
import type { RandomBytes } from '../lib/ports.ts';
import { err, ok, type Result } from '../lib/result.ts';
import type { Prefix } from '../net/prefix.ts';
import { addressMatches, formatSelector, type Selector } from '../net/selector.ts';
import { isErrorNotify, Notify, Protocol } from '../wire/constants.ts';
import type { Payload } from '../wire/payload.ts';
import type { Proposal } from '../wire/payloads/sa.ts';
import { assignedConfiguration, configurationRequest } from './configuration.ts';
import type { AssignedConfig, EstablishedChild } from './events.ts';
import { deriveChildKeys } from './key-schedule.ts';
import { allOf, firstOf, notifyOf } from './payloads.ts';
import { acceptChoice, proposalsOf } from './proposals.ts';
import { childRefusal } from './refusals.ts';
import { childKeyLengths, childSuite } from './suite.ts';
import type { TaskContext } from './tasks/task.ts';
import { narrowed, toTrafficSelectors } from './traffic.ts';

/** SPIs 1 to 255 are reserved (RFC 4303 section 2.1), zero marks IKE messages on port 4500. */
const FIRST_SPI = 256;

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

/** The request half of the Child SA that IKE_AUTH creates, remembered until the answer. */
export class ChildRequest {
  readonly spiIn: number;
  readonly #proposals: readonly Proposal[];
  readonly #local: readonly Selector[];
  readonly #remote: readonly Selector[];

  constructor(context: TaskContext) {
    const { config } = context;
    this.spiIn = randomSpi(context.random);
    this.#proposals = proposalsOf(config.espOffers, Protocol.ESP, u32(this.spiIn));
    this.#remote = config.remoteSelectors.filter(({ family }) => config.addressFamilies.includes(family));
    this.#local = config.addressFamilies.map(wholeFamily);
  }

  /** CP before SA before the selectors (RFC 7296 section 2.19). */
  payloads({ config }: TaskContext): Payload[] {
    return [
      configurationRequest(config.addressFamilies),
      { kind: 'SA', proposals: [...this.#proposals] },
      { kind: 'TSi', selectors: toTrafficSelectors(this.#local) },
      { kind: 'TSr', selectors: toTrafficSelectors(this.#remote) },
    ];
  }

  /** The Child SA of a response whose AUTH holds, or why there is none. */
  accept(
    payloads: readonly Payload[],
    context: TaskContext,
  ): Result<{ child: EstablishedChild; config: AssignedConfig }, Failure> {
    const sa = firstOf(payloads, 'SA');
    const tsi = firstOf(payloads, 'TSi');
    const tsr = firstOf(payloads, 'TSr');
    const error = allOf(payloads, 'N').find(({ notifyType }) => isErrorNotify(notifyType));
    if (error) return err(childRefusal(error, context.config));
    if (!sa || !tsi || !tsr) {
      return err(failure('protocol.unexpected', { detail: 'IKE_AUTH without SA, TSi or TSr' }));
    }
    const unasked = [Notify.USE_TRANSPORT_MODE, Notify.IPCOMP_SUPPORTED].find((type) =>
      notifyOf(payloads, type),
    );
    if (unasked !== undefined)
      return err(failure('protocol.unoffered-choice', { detail: `notify ${unasked}` }));
    const choice = acceptChoice(this.#proposals, sa.proposals);
    if (!choice.ok) return err(failure('protocol.unoffered-choice', { detail: choice.error }));
    const suite = childSuite(choice.value);
    const spiOut = choice.value.spi.length === 4 ? readU32(choice.value.spi) : 0;
    if (!suite || spiOut < FIRST_SPI) {
      return err(
        failure('protocol.unoffered-choice', { detail: suite ? 'a reserved SPI' : 'an algorithm we lack' }),
      );
    }
    const local = narrowed(this.#local, tsi.selectors);
    const remote = narrowed(this.#remote, tsr.selectors);
    if (!local || !remote) {
      return err(
        failure('protocol.unoffered-choice', { detail: 'traffic selectors wider than those requested' }),
      );
    }
    const { addressFamilies, gateway } = context.config;
    const config = assignedConfiguration(firstOf(payloads, 'CP'), addressFamilies, gateway.address);
    if (config.addresses.length === 0) {
      return err(failure('peer.no-address', { requested: this.#remote.map(formatSelector) }));
    }
    if (!config.addresses.some((address) => isWithin(local, address))) {
      return err(failure('protocol.unexpected', { detail: 'TSi without the address that was given out' }));
    }
    const keys = deriveChildKeys(
      context.sa.init.suite,
      context.sa.keys.skD,
      context.sa.init,
      childKeyLengths(suite),
    );
    const child: EstablishedChild = {
      spiIn: this.spiIn,
      spiOut,
      suite,
      encrIn: keys.encrResponder,
      encrOut: keys.encrInitiator,
      integIn: keys.integResponder,
      integOut: keys.integInitiator,
      local,
      remote,
      udpEncap: true,
    };
    return ok({ child, config });
  }
}

/** Whether an address, as a prefix of all its bits, is in one of the selectors. */
function isWithin(selectors: readonly Selector[], { address }: Prefix): boolean {
  return selectors.some(
    (selector) => selector.family === address.family && addressMatches(selector, address.octets, 0),
  );
}

function randomSpi(random: RandomBytes): number {
  const spi = readU32(random(4));
  return spi < FIRST_SPI ? randomSpi(random) : spi;
}
