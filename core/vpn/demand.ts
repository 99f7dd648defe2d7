import type { Millis } from '../lib/ports.ts';
import { ANYTHING, type Policy, Spd } from '../ipsec/spd.ts';
import { type Batch, packetAt } from '../net/batch.ts';
import { newPacketView, type PacketView, parsePacketInto } from '../net/packet-view.ts';
import type { Prefix } from '../net/prefix.ts';
import type { Selector } from '../net/selector.ts';
import { isAskedFor } from '../net/unasked.ts';
import { HeldPackets, type Released } from './held-packets.ts';
import { screened, type ScreenEntry } from './policy-screen.ts';

/**
 * Sees whether somebody wants to use a tunnel (RFC 4301's acquire), and whether anybody does. It looks at no more
 * packets than it takes to know.
 *
 *   watch(from, callback)    the first packet from then on that is for the tunnel is told, once
 *   hold(batch)              packets for which there is no session: those that count are kept for a while
 *   see(batch)               packets that pass, in either direction
 *   takeUse()                whether one of them counted since the last time
 *   refuse(addresses)        errors about what was kept and can never be sent
 *   release(addresses)       what else was kept
 */
export class Demand {
  readonly #now: () => Millis;
  readonly #spd = new Spd();
  readonly #view = newPacketView();
  readonly #held = new HeldPackets();
  #watch: { readonly from: Millis; readonly tell: () => void } | undefined;
  #isUsed = false;

  constructor(now: () => Millis) {
    this.#now = now;
  }

  /** What is for the tunnel: where it leads, as far as `screen` does not say otherwise. */
  protect(remote: readonly Selector[], screen: readonly ScreenEntry[] = []): void {
    const child: Policy = { action: 'protect', childId: 0, local: ANYTHING, remote };
    this.#spd.set(screened(screen, [child]));
  }

  watch(from: Millis, tell: () => void): void {
    this.#watch = { from, tell };
    if (from > this.#now()) this.#held.drop();
    else if (!this.#held.isEmpty(this.#now())) this.#tell();
  }

  hold(batch: Batch): void {
    const now = this.#now();
    let isAsked = false;
    for (let i = 0; i < batch.count; i++) {
      const packet = packetAt(batch, i);
      const view = this.#asked(packet);
      if (!view || this.#spd.match(view, 'out')?.action !== 'protect') continue;
      this.#held.keep(packet, now);
      isAsked = true;
    }
    if (!isAsked) return;
    this.#isUsed = true;
    if (this.#watch && now >= this.#watch.from) this.#tell();
  }

  see(batch: Batch): void {
    for (let i = 0; i < batch.count && !this.#isUsed; i++) {
      if (this.#asked(packetAt(batch, i))) this.#isUsed = true;
    }
  }

  takeUse(): boolean {
    const isUsed = this.#isUsed;
    this.#isUsed = false;
    return isUsed;
  }

  refuse(addresses: readonly Prefix[]): readonly Uint8Array[] {
    return this.#held.refuse(addresses, this.#now());
  }

  release(addresses: readonly Prefix[]): Released {
    return this.#held.release(addresses, this.#now());
  }

  #tell(): void {
    const watch = this.#watch;
    this.#watch = undefined;
    watch?.tell();
  }

  #asked(packet: Uint8Array): PacketView | undefined {
    const view = this.#view;
    return parsePacketInto(packet, 0, packet.length, view) && isAskedFor(view) ? view : undefined;
  }
}
