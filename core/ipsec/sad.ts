import type { RandomBytes } from '../lib/ports.ts';
import type { ChildSaSpec } from './child-sa.ts';
import { Meter } from './lifetime.ts';
import { ReplayWindow } from './replay-window.ts';
import { SequenceCounter } from './sequence.ts';
import type { TransformFactory } from './suite.ts';
import type { TrafficRule } from './traffic.ts';
import type { EspTransform } from './transform.ts';

interface SaCommon extends TrafficRule {
  readonly childId: number;
  readonly spi: number;
  readonly esn: boolean;
  readonly transform: EspTransform;
  readonly meter: Meter;
  /** Which events were given out; each comes once in the life of an SA. */
  reported: { low: boolean; spent: boolean };
}

export interface InboundSa extends SaCommon {
  readonly window: ReplayWindow;
}

export interface OutboundSa extends SaCommon {
  readonly sequence: SequenceCounter;
}

export interface SadOptions {
  /** A cryptographic source, for the IVs of CBC. */
  readonly random: RandomBytes;
  /** Packets of each anti-replay window, a multiple of 32. */
  readonly replayWindow: number;
  readonly newTransform: TransformFactory;
}

/** The two SAs that were negotiated together. */
export interface SaPair {
  readonly inbound: InboundSa;
  readonly outbound: OutboundSa;
}

/**
 * The security association database (RFC 4301 section 4.4.2). Inbound packets find their SA by the SPI alone,
 * outbound ones by their child. A child has several pairs while it is rekeyed: all of them receive, the one
 * installed last sends (RFC 7296 section 2.8).
 */
export class Sad {
  readonly #inbound = new Map<number, InboundSa>();
  readonly #children = new Map<number, SaPair[]>();
  readonly #options: SadOptions;

  constructor(options: SadOptions) {
    this.#options = options;
  }

  /** Throws RangeError for an SPI of zero or in use, a suite that is not one of ours, or keys that do not fit it. */
  install(spec: ChildSaSpec): void {
    if (spec.spiIn === 0 || spec.spiOut === 0) throw new RangeError('an SPI of zero');
    if (this.#inbound.has(spec.spiIn)) throw new RangeError('an inbound SPI that is in use');
    const pair = this.#newPair(spec);
    this.#inbound.set(spec.spiIn, pair.inbound);
    const pairs = this.#children.get(spec.childId);
    if (pairs === undefined) this.#children.set(spec.childId, [pair]);
    else pairs.push(pair);
  }

  /** Removes the pair with this inbound SPI from a child, or the whole child, and wipes the keys. */
  remove(childId: number, spiIn?: number): void {
    const pairs = this.#children.get(childId) ?? [];
    const kept = pairs.filter((pair) => spiIn !== undefined && pair.inbound.spi !== spiIn);
    for (const { inbound, outbound } of pairs.filter((pair) => !kept.includes(pair))) {
      this.#inbound.delete(inbound.spi);
      inbound.transform.wipe();
      outbound.transform.wipe();
    }
    if (kept.length === 0) this.#children.delete(childId);
    else this.#children.set(childId, kept);
  }

  bySpi(spi: number): InboundSa | undefined {
    return this.#inbound.get(spi);
  }

  outboundFor(childId: number): OutboundSa | undefined {
    return this.#children.get(childId)?.at(-1)?.outbound;
  }

  /** The pairs of a child, oldest first. */
  pairsOf(childId: number): readonly SaPair[] {
    return this.#children.get(childId) ?? [];
  }

  #newPair(spec: ChildSaSpec): SaPair {
    const { childId, suite, local, remote } = spec;
    const { newTransform, random, replayWindow } = this.#options;
    const common = { childId, esn: suite.esn, local, remote };
    return {
      inbound: {
        ...common,
        spi: spec.spiIn,
        transform: newTransform(suite, spec.keyIn, spec.integIn, random),
        meter: new Meter(spec.limits),
        reported: { low: false, spent: false },
        window: new ReplayWindow(replayWindow),
      },
      outbound: {
        ...common,
        spi: spec.spiOut,
        transform: newTransform(suite, spec.keyOut, spec.integOut, random),
        meter: new Meter(spec.limits),
        reported: { low: false, spent: false },
        sequence: new SequenceCounter(suite.esn),
      },
    };
  }
}
