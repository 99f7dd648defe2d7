import type { Millis, RandomBytes } from '../lib/ports.ts';
import type { Batch } from '../net/batch.ts';
import type { ChildSaSpec } from './child-sa.ts';
import { newCounters, type Counters } from './counters.ts';
import type { EspEvent } from './events.ts';
import { InboundPath } from './inbound.ts';
import type { SaTraffic } from './lifetime.ts';
import { OutboundPath } from './outbound.ts';
import { type PairStage, Sad } from './sad.ts';
import { Spd, type Policy } from './spd.ts';
import { newTransform, type TransformFactory } from './suite.ts';

export interface EspEngineOptions {
  /** A cryptographic source, for the IVs of CBC. */
  readonly random: RandomBytes;
  /** Called behind a batch, never within one, so it may install and remove. */
  readonly onEvent?: (event: EspEvent) => void;
  /** Packets of the anti-replay window, a multiple of 32; 1024 when absent. */
  readonly replayWindow?: number;
  /** What seals and opens; node:crypto when absent. A native one can cross the border once a run. */
  readonly newTransform?: TransformFactory;
}

/** What passed through one pair of SAs. */
export interface PairTraffic {
  readonly spiIn: number;
  readonly spiOut: number;
  readonly in: SaTraffic;
  readonly out: SaTraffic;
  readonly stage: PairStage;
  /** Sequence number of the last packet sent. */
  readonly sequenceOut: number;
}

/**
 * The ESP engine in tunnel mode (RFC 4301, RFC 4303): IP packets in, ESP packets out, and the other way. It does
 * no input or output: whoever reads the tunnel device and the socket hands it batches. Nothing that comes from
 * outside makes it throw; what does not pass is dropped and counted.
 */
export class EspEngine {
  readonly #counters: Counters = newCounters();
  readonly #events: EspEvent[] = [];
  readonly #spd = new Spd();
  readonly #sad: Sad;
  readonly #outbound: OutboundPath;
  readonly #inbound: InboundPath;
  readonly #onEvent: ((event: EspEvent) => void) | undefined;

  constructor(options: EspEngineOptions) {
    this.#sad = new Sad({
      random: options.random,
      replayWindow: options.replayWindow ?? 1024,
      newTransform: options.newTransform ?? newTransform,
    });
    this.#outbound = new OutboundPath(this.#sad, this.#spd, this.#counters, this.#events);
    this.#inbound = new InboundPath(this.#sad, this.#spd, this.#counters, this.#events);
    this.#onEvent = options.onEvent;
  }

  /**
   * Adds a pair of SAs. Under a childId that is there already it is the rekeyed pair: the older ones still receive,
   * and it sends from now on, or with `sendNow` false when it is activated or no other can. Throws RangeError for an
   * SPI that is zero or in use, and for a suite or keys that keyLengths would not have allowed.
   */
  install(child: ChildSaSpec, { sendNow = true }: { readonly sendNow?: boolean } = {}): void {
    this.#sad.install(child, sendNow);
  }

  /** This pair of the child sends from now on. */
  activate(childId: number, spiIn: number): void {
    this.#sad.activate(childId, spiIn);
  }

  /**
   * Nothing is sent through the pair any more; what was on its way still comes in until then. The keys are wiped
   * with the first batch that comes in behind that time, or by `expire`.
   */
  retire(childId: number, spiIn: number, until: Millis): void {
    this.#sad.retire(childId, spiIn, until);
  }

  /** When the time of the next retired pair is over; Infinity when there is none. */
  get nextExpiry(): Millis {
    return this.#sad.nextExpiry;
  }

  /** Wipes the keys of retired pairs whose time is over. */
  expire(now: Millis): void {
    this.#sad.expire(now);
  }

  /** Removes one pair of a child by its inbound SPI, or the whole child. Its keys are wiped. */
  remove(childId: number, spiIn?: number): void {
    this.#sad.remove(childId, spiIn);
  }

  /** Replaces the policy database. Without policies nothing passes. */
  setPolicies(policies: readonly Policy[]): void {
    this.#spd.set(policies);
  }

  /**
   * Seals the IP packets of `batch` into `out`, which is emptied first and must be another batch. Returns the
   * number of ESP packets there, each of them a UDP payload. Order is kept.
   */
  outbound(batch: Batch, out: Batch, now: Millis): number {
    const count = this.#outbound.process(batch, out, now);
    this.#tell();
    return count;
  }

  /**
   * Opens the UDP payloads of `batch` into `out`, which is emptied first and must be another batch. Returns the
   * number of IP packets there. Keepalives and IKE messages are counted and left alone. Order is kept.
   */
  inbound(batch: Batch, out: Batch, now: Millis): number {
    if (now >= this.#sad.nextExpiry) this.#sad.expire(now);
    const count = this.#inbound.process(batch, out, now);
    this.#tell();
    return count;
  }

  /**
   * Puts one dummy packet (RFC 4303 section 2.6) with this payload into `out`, which is emptied first. Returns
   * 1, or 0 when the child cannot send.
   */
  dummy(childId: number, payload: Uint8Array, out: Batch): number {
    out.count = 0;
    const sa = this.#sad.outboundFor(childId);
    const count = sa === undefined ? 0 : this.#outbound.dummy(sa, payload, out);
    this.#tell();
    return count;
  }

  /** A copy of all counters: what passed, and what was dropped for which reason. */
  counters(): Readonly<Counters> {
    return { ...this.#counters };
  }

  /** What passed through each pair of a child, or of all, oldest first; empty for a child that is not there. */
  traffic(childId?: number): PairTraffic[] {
    const pairs = childId === undefined ? this.#sad.pairs() : this.#sad.pairsOf(childId);
    return pairs.map(({ inbound, outbound, stage }) => ({
      spiIn: inbound.spi,
      spiOut: outbound.spi,
      in: inbound.meter.traffic(),
      out: outbound.meter.traffic(),
      sequenceOut: outbound.sequence.current,
      stage,
    }));
  }

  #tell(): void {
    if (this.#events.length === 0) return;
    for (const event of this.#events.splice(0)) this.#onEvent?.(event);
  }
}
