import { test } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { SecretBytes } from '../../core/lib/secret.ts';
import type { EstablishedChild } from '../../core/ike/events.ts';
import { EspEngine } from '../../core/ipsec/engine.ts';
import { TunnelChildren } from '../../core/vpn/tunnel-children.ts';
import { packet, selector } from '../unit/net/packets.ts';
import { openAll, sealAll, seeded } from '../unit/ipsec/pair.ts';
import { net } from '../support/scripted-wire.ts';

/** The longest that anything is on its way, in steps; and for how long a closed pair still receives. */
const DELAY = 8;
const LINGER = 4 * DELAY;

type Side = 'laptop' | 'office';
const otherOf = (side: Side): Side => (side === 'laptop' ? 'office' : 'laptop');

/** A pair of SAs under a number; SPIs and keys follow from it. */
function halfOf(pair: number, side: Side): EstablishedChild {
  const key = (of: Side): SecretBytes => new SecretBytes(seeded(pair * 2 + (of === 'laptop' ? 1 : 2))(36));
  const spi = (of: Side): number => pair * 2 + (of === 'laptop' ? 1 : 2);
  const [laptop, office] = [[selector('10.0.0.1/32')], [selector('10.0.0.0/8')]];
  return {
    spiIn: spi(side),
    spiOut: spi(otherOf(side)),
    suite: { encr: 28, esn: false, name: 'CHACHA20_POLY1305' },
    encrIn: key(side),
    encrOut: key(otherOf(side)),
    integIn: new SecretBytes(new Uint8Array()),
    integOut: new SecretBytes(new Uint8Array()),
    local: side === 'laptop' ? laptop : office,
    remote: side === 'laptop' ? office : laptop,
    udpEncap: true,
  };
}

/** What the two say to each other about pairs; `of` is who began. */
type Word =
  | { readonly kind: 'create' | 'created'; readonly pair: number; readonly old: number; readonly of: Side }
  | { readonly kind: 'delete' | 'deleted'; readonly pair: number; readonly of: Side };

type Item = { readonly to: Side; readonly by: number } & (
  { readonly esp: Uint8Array } | { readonly word: Word }
);

class End {
  readonly side: Side;
  readonly engine: EspEngine;
  readonly children: TunnelChildren;
  received = 0;
  sent = 0;

  constructor(side: Side) {
    this.side = side;
    this.engine = new EspEngine({ random: seeded(3), onEvent: (event) => this.children.follow(event) });
    this.children = new TunnelChildren({
      engine: this.engine,
      addresses: [side === 'laptop' ? net('10.0.0.1/32') : net('10.0.0.0/8')],
      newChildId: () => 1,
      random: seeded(4),
    });
    this.add(0, undefined, true);
  }

  add(pair: number, old: number | undefined, sendNow: boolean): void {
    const replaces = old === undefined ? {} : { replaces: halfOf(old, this.side).spiIn };
    this.children.add(halfOf(pair, this.side), { ...replaces, sendNow });
    this.engine.setPolicies(this.children.policies());
  }

  close(pair: number, now: number): void {
    this.children.close(halfOf(pair, this.side).spiIn, now + LINGER);
  }

  send(pair: number): void {
    this.children.send(halfOf(pair, this.side).spiIn);
  }
}

/** Two ends that rekey one child as RFC 7296 sections 2.8 and 2.8.1 say, over a network that delays and reorders. */
class World {
  readonly ends = { laptop: new End('laptop'), office: new End('office') };
  now = 0;
  #onTheWay: Item[] = [];
  #current = 0;
  #newest = 0;
  /** Pairs that were asked for to replace the current one and are not settled yet, by who asked. */
  readonly #wanted = new Map<Side, number>();
  readonly #done = new Set<number>();

  tick(): void {
    this.now += 1;
    for (const item of this.#onTheWay.filter(({ by }) => by <= this.now)) this.#deliver(item);
  }

  packet(from: Side): void {
    const [source, destination] =
      from === 'laptop' ? ['10.0.0.1', '10.2.0.9'] : (['10.2.0.9', '10.0.0.1'] as const);
    const sealed = sealAll(this.ends[from].engine, [packet({ source, destination })], this.now);
    assert.equal(sealed.length, 1, 'there is always a pair to send through');
    this.ends[from].sent += 1;
    for (const esp of sealed) this.#put({ to: otherOf(from), esp });
  }

  /** One side begins to rekey the current pair; both may at once. */
  rekey(by: Side): void {
    if (this.#wanted.has(by) || this.#done.size > 0) return;
    const pair = ++this.#newest;
    this.#wanted.set(by, pair);
    this.#put({ to: otherOf(by), word: { kind: 'create', pair, old: this.#current, of: by } });
  }

  /** Whatever the network likes to deliver next. */
  deliver(which: number): void {
    const item = this.#onTheWay[which % Math.max(1, this.#onTheWay.length)];
    if (item) this.#deliver(item);
  }

  #put(item: { readonly to: Side } & ({ readonly esp: Uint8Array } | { readonly word: Word })): void {
    this.#onTheWay.push({ ...item, by: this.now + DELAY });
  }

  #deliver(item: Item): void {
    if (!this.#onTheWay.includes(item)) return;
    this.#onTheWay = this.#onTheWay.filter((other) => other !== item);
    const end = this.ends[item.to];
    if ('esp' in item) end.received += openAll(end.engine, [item.esp], this.now).length;
    else this.#hear(end, item.word);
  }

  #hear(end: End, word: Word): void {
    switch (word.kind) {
      case 'create':
        // Who answers may receive at once, and does not know yet whether the other can.
        end.add(word.pair, word.old, false);
        return this.#put({ to: otherOf(end.side), word: { ...word, kind: 'created' } });
      case 'created':
        end.add(word.pair, word.old, true);
        this.#done.add(word.pair);
        return this.#settle(word.old);
      case 'delete': {
        end.close(word.pair, this.now);
        const winner = this.#winner();
        if (winner !== undefined && word.pair === this.#current) end.send(winner);
        return this.#put({ to: otherOf(end.side), word: { ...word, kind: 'deleted' } });
      }
      case 'deleted':
        end.close(word.pair, this.now);
        this.#done.delete(word.pair);
        if (word.pair === this.#current) {
          const winner = this.#winner();
          assert.ok(winner !== undefined);
          this.#current = winner;
          this.#wanted.clear();
          this.#done.clear();
        }
    }
  }

  /** When all that were asked for exist, who made the one that stays deletes the old one, and others their own. */
  #settle(old: number): void {
    if (this.#done.size < this.#wanted.size) return;
    const winner = this.#winner();
    for (const [side, pair] of this.#wanted) {
      const doomed = pair === winner ? old : pair;
      this.#put({ to: otherOf(side), word: { kind: 'delete', pair: doomed, of: side } });
    }
  }

  #winner(): number | undefined {
    return this.#wanted.size === 0 ? undefined : Math.min(...this.#wanted.values());
  }
}

const moves = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ move: fc.constant('packet'), from: fc.boolean() }) },
    { weight: 2, arbitrary: fc.record({ move: fc.constant('rekey'), from: fc.boolean() }) },
    { weight: 6, arbitrary: fc.record({ move: fc.constant('deliver'), which: fc.nat(30) }) },
  ),
  { minLength: 20, maxLength: 150 },
);

test('no packet is lost, whoever rekeys when, and in whatever order the network delivers', () => {
  let rekeyed = 0;
  fc.assert(
    fc.property(moves, (script) => {
      const world = new World();
      for (const step of script) {
        world.tick();
        if ('which' in step) world.deliver(step.which);
        else if (step.move === 'rekey') world.rekey(step.from ? 'laptop' : 'office');
        else world.packet(step.from ? 'laptop' : 'office');
      }
      for (let i = 0; i < 10 * LINGER; i++) world.tick();
      const { laptop, office } = world.ends;
      assert.deepEqual([office.received, laptop.received], [laptop.sent, office.sent]);
      for (const { engine } of [laptop, office]) {
        engine.expire(world.now);
        assert.equal(engine.traffic().length, 1, 'one pair is left');
      }
      const spi = laptop.engine.traffic()[0]?.spiIn;
      assert.equal(office.engine.traffic()[0]?.spiOut, spi, 'and it is the same at both ends');
      if (spi !== 1) rekeyed += 1;
    }),
    { numRuns: 300 },
  );
  assert.ok(rekeyed > 100, `only ${rekeyed} runs had a rekeying`);
});
