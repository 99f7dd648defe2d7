import assert from 'node:assert/strict';
import { concat, readU32, toHex, u16, utf8 } from '../../core/lib/bytes.ts';
import type { IkeEvent } from '../../core/ike/events.ts';
import { EspEngine } from '../../core/ipsec/engine.ts';
import { appendPacket, newBatch, packetAt, resetBatch, type Batch } from '../../core/net/batch.ts';
import { selectorOfPrefix } from '../../core/net/selector.ts';
import { TunnelChildren } from '../../core/vpn/tunnel-children.ts';
import { ChildEngine } from './gateway/child-engine.ts';
import {
  address,
  prefix,
  seededRandom,
  type ChildChoice,
  type GatewayEvent,
  type GatewayIke,
  type GatewayOutput,
  type Sa,
} from './gateway/index.ts';
import { Pair, type PairOptions } from './pair.ts';

/** The client's address inside the tunnel, and a machine of the office. */
const LAPTOP = address('10.9.0.2').octets;
const OFFICE = address('10.1.0.5').octets;

/** What the first pair is for, and what a further one may be for. */
const OFFICE_NETWORKS = ['10.1.0.0/16', 'fd01::/48'].map((text) => selectorOfPrefix(prefix(text)));
export const OTHER_OFFICE = [selectorOfPrefix(prefix('10.2.0.0/16'))];

export type Direction = 'up' | 'down';

/** An ESP packet on its way, and what it says inside. */
export interface Flying {
  readonly direction: Direction;
  readonly octets: Uint8Array;
  readonly text: string;
}

/**
 * A connected pair with a data plane at both ends: the tunnel of the real client, and the gateway's. What the two
 * sessions say about Child SAs is carried out at once, as both programs do.
 */
export class TwoEnds extends Pair {
  /** What the client's session asked the tunnel for since it was connected, in order. */
  readonly childEvents: IkeEvent[] = [];
  readonly #client: EspEngine;
  readonly #children: TunnelChildren;
  readonly #gateway = new ChildEngine(seededRandom('gateway engine'));
  readonly #batches = { plain: newBatch(1, 2048, 128), sealed: newBatch(1, 2048, 128) };
  readonly #used: number[] = [];
  #done = { client: 0, gateway: 0 };
  #count = 0;
  #lastChildId = 0;

  constructor(options: PairOptions = {}) {
    super({
      method: 'psk',
      ...options,
      client: { remoteSelectors: OFFICE_NETWORKS, ...options.client },
    });
    this.#client = new EspEngine({
      random: seededRandom('client engine'),
      onEvent: (event) => {
        const notice = this.#children.follow(event);
        if (notice?.kind === 'child-used') this.#used.push(notice.spiIn);
      },
    });
    this.#children = new TunnelChildren({
      engine: this.#client,
      addresses: [prefix('10.9.0.2/32'), prefix('fd09::2/128')],
      newChildId: () => ++this.#lastChildId,
      random: seededRandom('client limits'),
    });
    this.connect().settle();
    assert.ok(this.event('established'), this.failureCode ?? 'not connected');
    this.#follow();
    this.events.length = 0;
    this.gatewayEvents.length = 0;
    this.#done = { client: 0, gateway: 0 };
  }

  /** Carries out at both ends what the sessions have said. */
  #follow(): void {
    for (; this.#done.client < this.events.length; this.#done.client++) {
      const event = this.events[this.#done.client];
      if (event !== undefined) this.#followClient(event);
    }
    for (; this.#done.gateway < this.gatewayEvents.length; this.#done.gateway++) {
      const event = this.gatewayEvents[this.#done.gateway];
      if (event !== undefined) this.#gateway.follow(event, this.now);
    }
  }

  #followClient(event: IkeEvent): void {
    switch (event.kind) {
      case 'established':
        this.#children.add(event.child, { sendNow: true });
        break;
      case 'child-added':
        this.#children.add(event.child, event);
        break;
      case 'child-send':
        this.#children.send(event.spiIn);
        break;
      case 'child-closed':
        this.#children.close(event.spiIn, this.now + event.lingerMs);
        break;
      default:
        return;
    }
    this.childEvents.push(event);
    this.#client.setPolicies(this.#children.policies());
  }

  /** Sends a packet into the tunnel. Undefined when the end has nothing to send it through. */
  send(direction: Direction): Flying | undefined {
    this.#follow();
    const text = `${direction} ${++this.#count}`;
    const packet = ipv4(direction === 'up' ? [LAPTOP, OFFICE] : [OFFICE, LAPTOP], utf8(text));
    const { plain, sealed } = this.#batches;
    fill(plain, packet);
    const engine = direction === 'up' ? this.#client : this.#gateway;
    if (engine.outbound(plain, sealed, this.now) === 0) return undefined;
    return { direction, octets: packetAt(sealed, 0).slice(), text };
  }

  /** Lets a packet arrive. False when the other end does not take it. */
  arrive({ direction, octets, text }: Flying): boolean {
    this.#follow();
    const { plain, sealed } = this.#batches;
    fill(sealed, octets);
    const engine = direction === 'up' ? this.#gateway : this.#client;
    const count = engine.inbound(sealed, plain, this.now);
    for (const spiIn of this.#used.splice(0)) this.command({ kind: 'child-used', spiIn });
    this.#follow();
    return count === 1 && toHex(packetAt(plain, 0)).endsWith(toHex(utf8(text)));
  }

  /** Whether packets pass both ways at this moment. */
  get passes(): boolean {
    return (['up', 'down'] as const).every((direction) => {
      const packet = this.send(direction);
      return packet !== undefined && this.arrive(packet);
    });
  }

  /** The pairs of Child SAs as the client has them: its inbound SPI, then the gateway's. */
  get clientPairs(): string[] {
    return this.#clientSpis()
      .map(([spiIn, spiOut]) => `${spiIn} ${spiOut}`)
      .sort();
  }

  #clientSpis(): [spiIn: number, spiOut: number][] {
    this.#follow();
    const open = new Map<number, number>();
    for (const event of this.childEvents) {
      if (event.kind === 'established' || event.kind === 'child-added')
        open.set(event.child.spiIn, event.child.spiOut);
      if (event.kind === 'child-closed') open.delete(event.spiIn);
    }
    return [...open];
  }

  /** The same as the gateway's IKE SAs have them. */
  get gatewayPairs(): string[] {
    const specs = this.made.gateway.sas.flatMap(({ children }) => children.map(({ spec }) => spec));
    return specs.map(({ spiIn, spiOut }) => `${spiOut} ${spiIn}`).sort();
  }

  /** The client's SPI of its oldest pair. */
  get firstSpi(): number {
    return Number(this.#clientSpis()[0]?.[0]);
  }

  /** Who asked for the SAs that are there: the newest pair's end, and the newest IKE SA's. */
  get madeBy(): string {
    const added = this.gatewayEventsOf('child-added').filter(({ child }) =>
      this.made.gateway.sas.some(({ children }) => children.some(({ spec }) => spec === child)),
    );
    const ike = this.only.initiates ? 'gateway' : 'client';
    return `${added.at(-1)?.sendNow === true ? 'gateway' : 'client'}'s child, ${ike}'s IKE SA`;
  }

  /** The gateway does something with the IKE SA that has the Child SAs, or the oldest of these, if there is any. */
  gatewayDoes(
    what: (gateway: GatewayIke, saId: number, now: number, oldest: ChildChoice) => GatewayOutput,
  ): this {
    const { gateway } = this.made;
    const sa = gateway.sas.findLast(({ children }) => children.length > 0);
    const childId = sa?.children[0]?.spec.childId;
    if (sa === undefined || childId === undefined) return this;
    return this.takeGateway(what(gateway, sa.id, this.now, { childId }));
  }

  /** What the client did that an RFC forbids. */
  get violations(): string[] {
    return this.gatewayEvents.flatMap((event) => (event.kind === 'violation' ? [event.what] : []));
  }

  /** The only IKE SA that the gateway has. */
  get only(): Sa {
    const [sa, ...others] = this.made.gateway.sas;
    assert.ok(sa, 'the gateway has no IKE SA');
    assert.equal(others.length, 0, `the gateway has ${others.length + 1} IKE SAs`);
    return sa;
  }

  gatewayEventsOf<K extends GatewayEvent['kind']>(kind: K): Extract<GatewayEvent, { kind: K }>[] {
    return this.gatewayEvents.filter(
      (event): event is Extract<GatewayEvent, { kind: K }> => event.kind === kind,
    );
  }

  /** Lets time pass and everything arrive. */
  live(ms: number): this {
    const end = this.now + ms;
    for (let i = 0; i < 10_000; i++) {
      this.settle();
      this.#follow();
      const client = this.session.nextTimeout()?.at ?? Infinity;
      const gateway = this.made.gateway.nextTimeout() ?? Infinity;
      const next = Math.min(client, gateway);
      if (next >= end) {
        this.advance(end - this.now).settle();
        this.#follow();
        return this;
      }
      this.advance(Math.max(0, next - this.now));
    }
    throw new Error('the two never come to rest');
  }

  /** Demands that both ends have the same SAs, that they carry traffic, and that nobody broke a rule. */
  agreeNow(pairs = 1): void {
    this.#follow();
    assert.equal(this.session.closed, false, this.failureCode ?? 'closed');
    assert.deepEqual(this.clientPairs, this.gatewayPairs);
    assert.equal(this.clientPairs.length, pairs);
    assert.equal(this.#gateway.spis.length, pairs, 'the engine has another number of pairs');
    assert.ok(this.passes, 'no traffic');
    const sa = this.only;
    this.command({ kind: 'check-liveness' });
    assert.equal(this.toGateway.length, 1);
    this.takeGateway(this.made.gateway.checkLiveness(sa.id, this.now)).settle();
    assert.equal(sa.outstanding, undefined, 'the client does not answer');
    assert.deepEqual(this.requests.at(-1)?.initiatorSpi, sa.initiatorSpi);
    assert.deepEqual(this.violations, []);
  }

  /**
   * Demands that both ends have the same SAs, that they are whole, and that nobody broke a rule. Afterwards both
   * have rekeyed everything once more, and the client is gone: an SA that only one end believes in does not survive
   * that.
   */
  agree(pairs = 1): void {
    this.agreeNow(pairs);
    const { gateway } = this.made;
    for (let round = 0; round < 2; round++) {
      const before = this.only;
      this.takeGateway(gateway.rekeyChild(before.id, this.now)).live(1000);
      this.command({ kind: 'rekey-child', spiIn: Number(this.clientPairs.at(-1)?.split(' ')[0]) }).live(1000);
      if (round === 0) this.command({ kind: 'rekey-ike' }).live(1000);
      else this.takeGateway(gateway.rekeyIke(before.id, this.now)).live(1000);
      assert.notEqual(this.only, before, 'the IKE SA was not rekeyed');
      assert.deepEqual(this.clientPairs, this.gatewayPairs);
      assert.equal(this.clientPairs.length, pairs);
      assert.ok(this.passes, 'no traffic after another rekeying');
    }
    this.command({ kind: 'disconnect' }).settle();
    assert.equal(this.session.closed, true);
    assert.deepEqual(gateway.sas, []);
    assert.deepEqual(this.violations, []);
  }
}

function fill(batch: Batch, octets: Uint8Array): void {
  resetBatch(batch);
  if (!appendPacket(batch, octets)) throw new Error('a packet too long for this test');
}

/** A UDP packet without checksums. */
function ipv4([source, destination]: readonly [Uint8Array, Uint8Array], data: Uint8Array): Uint8Array {
  const udp = concat(u16(40_000), u16(9), u16(8 + data.length), u16(0), data);
  const head = Uint8Array.of(0x45, 0, ...u16(20 + udp.length), 0, 0, 0, 0, 64, 17, 0, 0);
  return concat(head, source, destination, udp);
}

/** The SPI of a packet in flight. */
export function spiOf({ octets }: Flying): number {
  return readU32(octets);
}
