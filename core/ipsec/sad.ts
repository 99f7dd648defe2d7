import type { Millis, RandomBytes } from '../lib/ports.ts';
import type { ChildSaSpec } from './child-sa.ts';
import { Meter } from './lifetime.ts';
import { limitsFor } from './limits.ts';
import { ReplayWindow } from './replay-window.ts';
import { SequenceCounter } from './sequence.ts';
import type { TransformFactory } from './suite.ts';
import type { TrafficRule } from './traffic.ts';
import type { EspTransform } from './transform.ts';

interface SaCommon extends TrafficRule {
  readonly childId: number;
  readonly spi: number;
  /** The SPI of the pair's inbound half, which names the pair. */
  readonly spiIn: number;
  readonly esn: boolean;
  readonly transform: EspTransform;
  readonly meter: Meter;
  /** Which events were given out; each comes once in the life of an SA. */
  reported: { used: boolean; low: boolean; spent: boolean };
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

/**
 * Where a pair is in its life. `waiting`: it receives, and sends only when no other pair of the child can, because the
 * peer may not have its half yet. `ready`: it may send. `retired`: it receives what was still on its way.
 */
export type PairStage = 'waiting' | 'ready' | 'retired';

/** The two SAs that were negotiated together. */
export interface SaPair {
  readonly inbound: InboundSa;
  readonly outbound: OutboundSa;
  stage: PairStage;
  /** When a retired pair is forgotten. */
  until: Millis;
}

/** Retired pairs at once, of all children: however fast a peer replaces them, nobody's packets need more. */
const MAX_RETIRED = 32;

interface Child {
  pairs: SaPair[];
  /** The pair that sends. */
  sender: SaPair | undefined;
}

/**
 * The security association database (RFC 4301 section 4.4.2). Inbound packets find their SA by the SPI alone,
 * outbound ones by their child. A child has several pairs while it is rekeyed: all of them receive, one sends
 * (RFC 7296 section 2.8).
 */
export class Sad {
  readonly #inbound = new Map<number, InboundSa>();
  readonly #children = new Map<number, Child>();
  readonly #options: SadOptions;
  #nextExpiry: Millis = Infinity;

  constructor(options: SadOptions) {
    this.#options = options;
  }

  /** Throws RangeError for an SPI of zero or in use, a suite that is not one of ours, or keys that do not fit it. */
  install(spec: ChildSaSpec, sendNow = true): void {
    if (spec.spiIn === 0 || spec.spiOut === 0) throw new RangeError('an SPI of zero');
    if (this.#inbound.has(spec.spiIn)) throw new RangeError('an inbound SPI that is in use');
    const pair = this.#newPair(spec, sendNow ? 'ready' : 'waiting');
    this.#inbound.set(spec.spiIn, pair.inbound);
    const child = this.#children.get(spec.childId) ?? { pairs: [], sender: undefined };
    this.#children.set(spec.childId, child);
    child.pairs.push(pair);
    child.sender = sendNow ? pair : (child.sender ?? pair);
  }

  /** The pair sends from now on, in place of any other of its child. Nothing happens when it is gone or retired. */
  activate(childId: number, spiIn: number): void {
    const { child, pair } = this.#find(childId, spiIn);
    if (child === undefined || pair === undefined || pair.stage === 'retired') return;
    pair.stage = 'ready';
    child.sender = pair;
  }

  /** The pair sends nothing any more, and receives until then. Nothing happens when it is gone. */
  retire(childId: number, spiIn: number, until: Millis): void {
    const { child, pair } = this.#find(childId, spiIn);
    if (child === undefined || pair === undefined) return;
    pair.stage = 'retired';
    pair.until = until;
    pair.outbound.transform.wipe();
    this.#settle(childId, child);
    const retired = this.pairs().filter(({ stage }) => stage === 'retired');
    if (retired.length > MAX_RETIRED) this.#forgetFirst(retired);
  }

  /** Forgets the pair whose time is over first. */
  #forgetFirst(retired: readonly SaPair[]): void {
    const first = retired.reduce((one, other) => (other.until < one.until ? other : one));
    this.remove(first.inbound.childId, first.inbound.spi);
  }

  /** When `expire` has something to forget; Infinity when it has not. */
  get nextExpiry(): Millis {
    return this.#nextExpiry;
  }

  /** Forgets the retired pairs whose time is over, and wipes their keys. */
  expire(now: Millis): void {
    for (const [childId, child] of this.#children) {
      this.#forget(childId, child, ({ stage, until }) => stage === 'retired' && now >= until);
    }
  }

  /** Removes the pair with this inbound SPI from a child, or the whole child, and wipes the keys. */
  remove(childId: number, spiIn?: number): void {
    const child = this.#children.get(childId);
    if (child === undefined) return;
    this.#forget(childId, child, ({ inbound }) => spiIn === undefined || inbound.spi === spiIn);
  }

  #find(
    childId: number,
    spiIn: number,
  ): { readonly child: Child | undefined; readonly pair: SaPair | undefined } {
    const child = this.#children.get(childId);
    return { child, pair: child?.pairs.find(({ inbound }) => inbound.spi === spiIn) };
  }

  #forget(childId: number, child: Child, which: (pair: SaPair) => boolean): void {
    for (const { inbound, outbound } of child.pairs.filter(which)) {
      this.#inbound.delete(inbound.spi);
      inbound.transform.wipe();
      outbound.transform.wipe();
    }
    child.pairs = child.pairs.filter((pair) => !which(pair));
    this.#settle(childId, child);
  }

  /** What follows from pairs that are retired or gone. */
  #settle(childId: number, child: Child): void {
    if (child.pairs.length === 0) this.#children.delete(childId);
    const { sender } = child;
    if (sender === undefined || sender.stage === 'retired' || !child.pairs.includes(sender)) {
      child.sender =
        child.pairs.findLast(({ stage }) => stage === 'ready') ??
        child.pairs.findLast(({ stage }) => stage === 'waiting');
    }
    this.#nextExpiry = Math.min(...this.pairs().map(({ until }) => until));
  }

  bySpi(spi: number): InboundSa | undefined {
    return this.#inbound.get(spi);
  }

  outboundFor(childId: number): OutboundSa | undefined {
    return this.#children.get(childId)?.sender?.outbound;
  }

  /** The pairs of a child, oldest first. */
  pairsOf(childId: number): readonly SaPair[] {
    return this.#children.get(childId)?.pairs ?? [];
  }

  /** The pairs of all children, child by child. */
  pairs(): readonly SaPair[] {
    return [...this.#children.values()].flatMap(({ pairs }) => pairs);
  }

  #newPair(spec: ChildSaSpec, stage: PairStage): SaPair {
    const { childId, suite, local, remote, spiIn } = spec;
    const { newTransform, random, replayWindow } = this.#options;
    const limits = spec.limits ?? limitsFor(suite, {}, random);
    const common = { childId, spiIn, esn: suite.esn, local, remote };
    return {
      stage,
      until: Infinity,
      inbound: {
        ...common,
        spi: spiIn,
        transform: newTransform(suite, spec.keyIn, spec.integIn, random),
        meter: new Meter(limits),
        reported: { used: false, low: false, spent: false },
        window: new ReplayWindow(replayWindow),
      },
      outbound: {
        ...common,
        spi: spec.spiOut,
        transform: newTransform(suite, spec.keyOut, spec.integOut, random),
        meter: new Meter(limits),
        reported: { used: false, low: false, spent: false },
        sequence: new SequenceCounter(suite.esn),
      },
    };
  }
}
