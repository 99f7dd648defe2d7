import type { Millis, RandomBytes } from '../lib/ports.ts';
import { type EstablishedChild, wipeChild } from '../ike/events.ts';
import type { ChildSaSpec } from '../ipsec/child-sa.ts';
import type { EspEngine } from '../ipsec/engine.ts';
import type { EspEvent } from '../ipsec/events.ts';
import type { SaLimits } from '../ipsec/lifetime.ts';
import { limitsFor } from '../ipsec/limits.ts';
import type { Policy } from '../ipsec/spd.ts';
import type { Prefix } from '../net/prefix.ts';
import type { Selector } from '../net/selector.ts';
import { ownTraffic } from './tunnel-plan.ts';

/** What the session must be told about its Child SAs. */
export type ChildNotice =
  | { readonly kind: 'rekey-child' | 'child-spent'; readonly spiIn: number }
  | { readonly kind: 'child-used'; readonly spiIn: number };

export interface TunnelChildrenOptions {
  readonly engine: EspEngine;
  /** Our addresses inside the tunnel. */
  readonly addresses: readonly Prefix[];
  /** A name for a child that the engine has not had yet. */
  readonly newChildId: () => number;
  readonly random: RandomBytes;
  /** What one SA may carry at most, besides what its suite bears. */
  readonly limits?: SaLimits;
}

interface Pair {
  readonly childId: number;
  readonly child: Pick<EstablishedChild, 'local' | 'remote'>;
  isWaiting: boolean;
}

/** The Child SAs of one session in the engine: which pairs there are, what they are for, and how they end. */
export class TunnelChildren {
  readonly #options: TunnelChildrenOptions;
  /** Pairs that are not closed, by inbound SPI, oldest first. */
  readonly #pairs = new Map<number, Pair>();

  constructor(options: TunnelChildrenOptions) {
    this.#options = options;
  }

  /** A pair in place of that with the inbound SPI `replaces`, or a child of its own. Its keys are wiped. */
  add(child: EstablishedChild, how: { readonly replaces?: number; readonly sendNow: boolean }): void {
    const { engine, limits, newChildId, random } = this.#options;
    const before = how.replaces === undefined ? undefined : this.#pairs.get(how.replaces);
    const childId = before?.childId ?? newChildId();
    const { local, remote } = child;
    try {
      const borne = limitsFor(child.suite, limits ?? {}, random);
      engine.install(childSpec(childId, child, borne), { sendNow: how.sendNow });
    } finally {
      wipeChild(child);
    }
    this.#pairs.set(child.spiIn, { childId, child: { local, remote }, isWaiting: !how.sendNow });
  }

  send(spiIn: number): void {
    const pair = this.#pairs.get(spiIn);
    if (!pair) return;
    pair.isWaiting = false;
    this.#options.engine.activate(pair.childId, spiIn);
  }

  /** Nothing is sent through it any more; what comes in is taken until then. */
  close(spiIn: number, until: Millis): void {
    const pair = this.#pairs.get(spiIn);
    if (!pair) return;
    this.#pairs.delete(spiIn);
    this.#options.engine.retire(pair.childId, spiIn, until);
  }

  closeAll(until: Millis): void {
    for (const spiIn of [...this.#pairs.keys()]) this.close(spiIn, until);
  }

  has(spiIn: number): boolean {
    return this.#pairs.has(spiIn);
  }

  /** Follows what the engine says about a pair of ours; the answer is for the session. */
  follow({ kind, spiIn }: EspEvent): ChildNotice | undefined {
    const pair = this.#pairs.get(spiIn);
    if (!pair) return undefined;
    switch (kind) {
      case 'first-inbound':
        if (!pair.isWaiting) return undefined;
        this.send(spiIn);
        return { kind: 'child-used', spiIn };
      case 'sequence-low':
      case 'lifetime-low':
        return { kind: 'rekey-child', spiIn };
      case 'sequence-exhausted':
      case 'lifetime-spent':
        return { kind: 'child-spent', spiIn };
    }
  }

  /**
   * What the children protect, the newest child first: who asked for a further one wants its traffic in it. While a
   * child is rekeyed its newest pair says what it is for.
   */
  policies(): Policy[] {
    const { addresses } = this.#options;
    const newest = new Map([...this.#pairs.values()].map(({ childId, child }) => [childId, child]));
    return [...newest].reverse().map(([childId, { local, remote }]) => ({
      action: 'protect',
      childId,
      local: ownTraffic(local, addresses),
      remote,
    }));
  }

  /** Where the children lead to. */
  remotes(): Selector[] {
    return [...this.#pairs.values()].flatMap(({ child }) => child.remote);
  }
}

function childSpec(childId: number, child: EstablishedChild, limits: SaLimits): ChildSaSpec {
  const { suite } = child;
  return {
    childId,
    spiIn: child.spiIn,
    spiOut: child.spiOut,
    suite,
    keyIn: child.encrIn.reveal(),
    keyOut: child.encrOut.reveal(),
    ...(suite.integ === undefined
      ? {}
      : { integIn: child.integIn.reveal(), integOut: child.integOut.reveal() }),
    local: child.local,
    remote: child.remote,
    udpEncap: child.udpEncap,
    limits,
  };
}
