import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { appendPacket, type Batch, newBatch } from '../../../core/net/batch.ts';
import { parsePrefix, type Prefix } from '../../../core/net/prefix.ts';
import { Demand } from '../../../core/vpn/demand.ts';
import { packet, selector } from '../net/packets.ts';

const OWN: readonly Prefix[] = ['10.9.0.2/32'].flatMap((text) => parsePrefix(text) ?? []);

function batchOf(...packets: readonly Uint8Array[]): Batch {
  const batch = newBatch(64, 2048, 0);
  for (const one of packets) assert.ok(appendPacket(batch, one));
  return batch;
}

const to = (destination: string, sourcePort = 40_000): Uint8Array =>
  packet({ source: '10.9.0.2', destination, sourcePort });

class Watched {
  now = 0;
  told = 0;
  readonly demand = new Demand(() => this.now);

  constructor() {
    this.demand.protect(
      [selector('10.0.0.0/8')],
      [
        { action: 'bypass', remote: selector('10.7.0.0/16') },
        { action: 'discard', remote: selector('10.8.0.0/16') },
      ],
    );
  }

  watch(from = this.now): this {
    this.demand.watch(from, () => (this.told += 1));
    return this;
  }

  holds(...packets: readonly Uint8Array[]): this {
    this.demand.hold(batchOf(...packets));
    return this;
  }

  get held(): number {
    return this.demand.release(OWN).send.length;
  }
}

describe('packets without a session', () => {
  test('are told of once, and only when they are for the tunnel', () => {
    const watched = new Watched().watch();
    watched.holds(to('10.7.0.1'), to('10.8.0.1'), to('192.0.2.1'));
    assert.deepEqual([watched.told, watched.held], [0, 0]);
    watched.holds(to('10.1.0.1'), to('10.1.0.2')).holds(to('10.1.0.3'));
    assert.deepEqual([watched.told, watched.held], [1, 3]);
  });

  test('do not count before the time that is asked for, and are forgotten then', () => {
    const watched = new Watched().holds(to('10.1.0.1')).watch(1_000).holds(to('10.1.0.2'));
    assert.equal(watched.told, 0);
    watched.now = 1_000;
    watched.holds(to('10.1.0.3'));
    assert.deepEqual([watched.told, watched.held], [1, 2]);
  });

  test('that came shortly before they are asked for count at once', () => {
    const watched = new Watched().holds(to('10.1.0.1'));
    watched.now = 10_000;
    assert.equal(watched.watch().told, 1);
    const late = new Watched().holds(to('10.1.0.1'));
    late.now = 10_001;
    assert.deepEqual([late.watch().told, late.held], [0, 0]);
  });

  test('are few, the newest, however many come', () => {
    const watched = new Watched();
    for (let i = 0; i < 1_000; i++) watched.holds(to('10.1.0.1', i + 1));
    const { send } = watched.demand.release(OWN);
    assert.equal(send.length, 32);
    assert.deepEqual(send.at(-1), to('10.1.0.1', 1_000));
    const large = packet({ source: '10.9.0.2', destination: '10.1.0.1', payload: new Uint8Array(2_000) });
    for (let i = 0; i < 100; i++) watched.holds(large);
    const octets = watched.demand.release(OWN).send.reduce((sum, one) => sum + one.length, 0);
    assert.ok(octets > 50_000 && octets <= 65_536, `${octets} octets`);
  });

  test('of a family that the tunnel has no address of are refused by themselves', () => {
    const watched = new Watched();
    watched.demand.protect([selector('fd01::/16'), selector('10.0.0.0/8')]);
    watched.holds(packet({ source: 'fd09::2', destination: 'fd01::5' }), to('10.1.0.1'));
    const [told, ...more] = watched.demand.refuse(OWN);
    assert.equal(told?.[0], 0x60);
    assert.deepEqual([more.length, watched.held], [0, 1]);
  });
});

test('use is told once for as much of it as there is', () => {
  const { demand } = new Watched();
  assert.equal(demand.takeUse(), false);
  demand.see(batchOf(packet({ source: '10.1.0.5', destination: '10.9.0.2', sourcePort: 5353 })));
  assert.equal(demand.takeUse(), false);
  demand.see(batchOf(to('10.1.0.1'), to('10.1.0.2')));
  demand.see(batchOf(to('10.1.0.1')));
  assert.deepEqual([demand.takeUse(), demand.takeUse()], [true, false]);
});
