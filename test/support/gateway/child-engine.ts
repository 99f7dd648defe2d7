import type { Millis, RandomBytes } from '../../../core/lib/ports.ts';
import type { ChildSaSpec } from '../../../core/ipsec/child-sa.ts';
import type { Counters } from '../../../core/ipsec/counters.ts';
import { EspEngine } from '../../../core/ipsec/engine.ts';
import type { Policy } from '../../../core/ipsec/spd.ts';
import type { Batch } from '../../../core/net/batch.ts';
import type { GatewayEvent } from './types.ts';

interface Entry {
  readonly child: ChildSaSpec;
  readonly replaces: number | undefined;
  /** Whether the client is known to have its half (RFC 7296 section 2.8). */
  sendable: boolean;
  closing: boolean;
  /** When it was removed: what was on the way then is still taken for a moment. */
  removedMs: Millis | undefined;
}

/** How long a removed pair receives. */
const LINGER_MS: Millis = 1000;

/** No pair has this number: what a policy sends there is dropped. */
const NOBODY = 0;

/**
 * The ESP of the gateway as its Child SAs come and go: every pair receives for as long as it is there; of those that
 * take the same traffic the newest sends that the client is known to have.
 */
export class ChildEngine {
  readonly #engine: EspEngine;
  /** Oldest first. */
  #entries: Entry[] = [];

  constructor(random: RandomBytes) {
    this.#engine = new EspEngine({ random });
  }

  follow(event: GatewayEvent, now: Millis): void {
    this.#forget(now);
    switch (event.kind) {
      case 'child-added': {
        const { child, replaces, sendNow: sendable } = event;
        this.#engine.install(child);
        this.#entries.push({ child, replaces, sendable, closing: false, removedMs: undefined });
        break;
      }
      case 'child-closing':
        for (const entry of this.#entries) if (entry.child.childId === event.childId) entry.closing = true;
        break;
      case 'child-removed':
        this.#remove(event.childId, now);
        break;
      default:
        return;
    }
    this.#decide();
  }

  /** See EspEngine. A packet through a new pair tells that the client has it. */
  inbound(batch: Batch, out: Batch, now: Millis): number {
    const count = this.#engine.inbound(batch, out, now);
    const proven = this.#entries.filter(
      (entry) => !entry.sendable && !entry.closing && this.#received(entry.child) > 0,
    );
    for (const entry of proven) entry.sendable = true;
    if (proven.length > 0) this.#decide();
    return count;
  }

  outbound(batch: Batch, out: Batch, now: Millis): number {
    return this.#engine.outbound(batch, out, now);
  }

  counters(): Readonly<Counters> {
    return this.#engine.counters();
  }

  /** The pairs that are there, by the gateway's SPI. */
  get spis(): readonly number[] {
    return this.#entries.filter(({ removedMs }) => removedMs === undefined).map(({ child }) => child.spiIn);
  }

  #received({ childId }: ChildSaSpec): number {
    return this.#engine.traffic(childId).reduce((sum, pair) => sum + pair.in.packets, 0);
  }

  #remove(childId: number, now: Millis): void {
    const gone = this.#entries.find(({ child }) => child.childId === childId);
    if (gone === undefined) return;
    gone.removedMs = now;
    // The client closes what it has replaced only when it has the replacement.
    if (!gone.closing)
      for (const entry of this.#entries) if (entry.replaces === childId) entry.sendable = true;
    gone.closing = true;
  }

  #forget(now: Millis): void {
    const over = this.#entries.filter(
      ({ removedMs }) => removedMs !== undefined && now - removedMs > LINGER_MS,
    );
    for (const { child } of over) this.#engine.remove(child.childId);
    this.#entries = this.#entries.filter((entry) => !over.includes(entry));
  }

  #decide(): void {
    const newestFirst = this.#entries.toReversed();
    const open = newestFirst.filter(({ closing }) => !closing);
    const order = [...open.filter(({ sendable }) => sendable), ...open.filter(({ sendable }) => !sendable)];
    const policy = (childId: number, { local, remote }: ChildSaSpec): Policy => {
      return { action: 'protect', childId, local, remote };
    };
    this.#engine.setPolicies([
      ...order.map(({ child }) => policy(child.childId, child)),
      // What is closing still receives, and for that a policy must name its traffic.
      ...newestFirst.filter(({ closing }) => closing).map(({ child }) => policy(NOBODY, child)),
    ]);
  }
}
