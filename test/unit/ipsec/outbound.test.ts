import { test } from 'node:test';
import assert from 'node:assert/strict';
import { concat, readU32 } from '../../../core/lib/bytes.ts';
import { appendPacket, newBatch, packetAt } from '../../../core/net/batch.ts';
import { newCounters } from '../../../core/ipsec/counters.ts';
import type { EspEvent } from '../../../core/ipsec/events.ts';
import { OutboundPath } from '../../../core/ipsec/outbound.ts';
import { SequenceCounter } from '../../../core/ipsec/sequence.ts';
import { ANYTHING, Spd } from '../../../core/ipsec/spd.ts';
import { proves } from '../../conformance/tag.ts';
import { packet, selector } from '../net/packets.ts';
import {
  counted,
  engineWith,
  enginePair,
  laptopChild,
  newSad,
  LAPTOP,
  OFFICE,
  openAll,
  sealAll,
  SPI_TO_OFFICE,
} from './pair.ts';

const SUITE = { encr: 20, keyBits: 128, esn: false };
const TO_OFFICE = packet({ source: '10.0.0.1', destination: '10.1.2.3' });
const TO_OFFICE_6 = packet({ source: '2001:db8::1', destination: '2001:db8::99' });

test(
  'an ESP packet begins with the SPI of the peer and the next sequence number',
  proves(
    ['RFC4303-3.3.3-1', 'does'],
    ['RFC4303-2.2-1', 'does'],
    ['RFC4303-2.2-x1', 'does'],
    ['RFC4303-2.1-1', 'does'],
    ['RFC3948-2.1-1', 'does'],
    ['RFC3948-1-x2', 'does'],
    ['RFC3948-1-1', 'does'],
  ),
  () => {
    const { laptop } = enginePair(SUITE);
    const sealed = sealAll(laptop, [TO_OFFICE, TO_OFFICE_6, TO_OFFICE]);
    assert.deepEqual(
      sealed.map((esp) => readU32(esp)),
      [SPI_TO_OFFICE, SPI_TO_OFFICE, SPI_TO_OFFICE],
    );
    assert.deepEqual(
      sealed.map((esp) => readU32(esp, 4)),
      [1, 2, 3],
    );
    assert.deepEqual(counted(laptop), { 'packets-out': 3, 'octets-out': 36 + 56 + 36 });
  },
);

test('sequence numbers go on from batch to batch', () => {
  const { laptop } = enginePair(SUITE);
  sealAll(laptop, [TO_OFFICE, TO_OFFICE]);
  const [third] = sealAll(laptop, [TO_OFFICE]);
  assert.ok(third);
  assert.equal(readU32(third, 4), 3);
  assert.equal(laptop.traffic(1)[0]?.sequenceOut, 3);
});

test(
  'behind the last sequence number an SA sends nothing more, and says so',
  proves(['RFC4303-2.2-2', 'refuses'], ['RFC4303-2.2-3', 'does'], ['RFC7296-2.8-8', 'refuses']),
  () => {
    const sad = newSad();
    sad.install(laptopChild(SUITE));
    const outbound = sad.outboundFor(1);
    assert.ok(outbound);
    const last = { ...outbound, sequence: new SequenceCounter(false, 0xffff_fffe) };
    const spd = new Spd();
    spd.set([{ action: 'protect', childId: 1, local: LAPTOP, remote: OFFICE }]);
    const counters = newCounters();
    const events: EspEvent[] = [];
    const path = new OutboundPath({ outboundFor: () => last }, spd, counters, events);
    const batch = newBatch(3, 2048, 0);
    const out = newBatch(3, 2048, 0);
    for (let i = 0; i < 3; i++) appendPacket(batch, TO_OFFICE);
    assert.equal(path.process(batch, out, 0), 1);
    assert.equal(readU32(packetAt(out, 0), 4), 0xffff_ffff);
    assert.equal(path.process(batch, out, 0), 0);
    assert.equal(counters['out-sequence-exhausted'], 5);
    assert.deepEqual(
      events.map(({ kind }) => kind),
      ['sequence-low', 'sequence-exhausted'],
    );
  },
);

test(
  'an extended number goes on behind 2^32, its high half in the nonce alone',
  proves('RFC4303-2.2.1-1', 'does'),
  () => {
    const sad = newSad();
    sad.install(laptopChild({ ...SUITE, esn: true }));
    const outbound = sad.outboundFor(1);
    assert.ok(outbound);
    const late = { ...outbound, sequence: new SequenceCounter(true, 0xffff_ffff) };
    const spd = new Spd();
    spd.set([{ action: 'protect', childId: 1, local: LAPTOP, remote: OFFICE }]);
    const path = new OutboundPath({ outboundFor: () => late }, spd, newCounters(), []);
    const batch = newBatch(1, 2048, 0);
    const out = newBatch(1, 2048, 0);
    appendPacket(batch, TO_OFFICE);
    assert.equal(path.process(batch, out, 0), 1);
    const esp = packetAt(out, 0);
    assert.deepEqual([readU32(esp, 4), readU32(esp, 8), readU32(esp, 12)], [0, 1, 0]);
  },
);

test('octets behind the total length of a packet are not sent', () => {
  const { laptop, office } = enginePair(SUITE);
  const sealed = sealAll(laptop, [concat(TO_OFFICE, new Uint8Array(50))]);
  assert.deepEqual(openAll(office, sealed), [TO_OFFICE]);
});

test(
  'a packet that no policy speaks of is discarded',
  proves(['RFC4301-5-x1', 'refuses'], ['RFC4301-4.4.1-2', 'does']),
  () => {
    const { laptop } = enginePair(SUITE);
    const stray = packet({ source: '10.0.0.1', destination: '192.0.2.1' });
    assert.deepEqual(sealAll(laptop, [stray]), []);
    assert.deepEqual(counted(laptop), { 'out-no-policy': 1 });
  },
);

test('a source address that is not ours leaves by no tunnel', () => {
  const { laptop } = enginePair(SUITE);
  assert.deepEqual(sealAll(laptop, [packet({ source: '10.0.0.2', destination: '10.1.2.3' })]), []);
  assert.deepEqual(counted(laptop), { 'out-no-policy': 1 });
});

test('policy can discard, or let pass what cannot pass here', proves('RFC4301-5.1-x1', 'does'), () => {
  const engine = engineWith([laptopChild(SUITE)]);
  engine.setPolicies([
    { action: 'discard', local: ANYTHING, remote: [selector('10.9.0.0/16')] },
    { action: 'bypass', local: ANYTHING, remote: [selector('10.8.0.0/16')] },
    { action: 'protect', childId: 1, local: LAPTOP, remote: OFFICE },
  ]);
  const to = (destination: string): Uint8Array => packet({ source: '10.0.0.1', destination });
  assert.equal(sealAll(engine, [to('10.9.0.1'), to('10.8.0.1'), to('10.7.0.1')]).length, 1);
  assert.deepEqual(counted(engine), {
    'out-policy-discard': 1,
    'out-policy-bypass': 1,
    'packets-out': 1,
    'octets-out': 36,
  });
});

test('a packet for a child that is not installed waits for nobody', () => {
  const { laptop } = enginePair(SUITE);
  laptop.remove(1);
  assert.deepEqual(sealAll(laptop, [TO_OFFICE]), []);
  assert.deepEqual(counted(laptop), { 'out-no-sa': 1 });
});

test('a packet that policy protects but the gateway did not grant is not sent', () => {
  const engine = engineWith([laptopChild(SUITE, { remote: [selector('10.1.0.0/16')] })]);
  engine.setPolicies([{ action: 'protect', childId: 1, local: LAPTOP, remote: OFFICE }]);
  const beyond = packet({ source: '10.0.0.1', destination: '10.2.0.1' });
  assert.equal(sealAll(engine, [beyond, TO_OFFICE]).length, 1);
  assert.equal(engine.counters()['out-selector'], 1);
});

test(
  'a later fragment does not use an SA with ports',
  proves(['RFC4301-7.3-x4', 'refuses'], ['RFC4301-4.4.1.1-x4', 'refuses']),
  () => {
    const engine = engineWith([laptopChild(SUITE, { remote: [selector('10.0.0.0/8', 6, 443, 443)] })]);
    const fragment = packet({ source: '10.0.0.1', destination: '10.1.2.3', protocol: 6, fragment: 100 });
    assert.deepEqual(sealAll(engine, [fragment]), []);
    assert.deepEqual(counted(engine), { 'out-no-policy': 1 });
  },
);

test(
  'an SA without regard to ports carries fragments',
  proves(['RFC4301-7.1-x1', 'does'], ['RFC4303-3.3.4-3', 'does']),
  () => {
    const { laptop, office } = enginePair(SUITE);
    const fragment = packet({ source: '10.0.0.1', destination: '10.1.2.3', protocol: 6, fragment: 100 });
    assert.deepEqual(openAll(office, sealAll(laptop, [fragment])), [fragment]);
  },
);

test('a packet goes by the child that its policy names', () => {
  const engine = engineWith([
    laptopChild(SUITE, { childId: 1, spiIn: 10, spiOut: 11, remote: [selector('10.1.0.0/16')] }),
    laptopChild(SUITE, { childId: 2, spiIn: 20, spiOut: 21, remote: [selector('10.2.0.0/16')] }),
  ]);
  const to = (destination: string): Uint8Array => packet({ source: '10.0.0.1', destination });
  const sealed = sealAll(engine, [to('10.1.0.1'), to('10.2.0.1'), to('10.2.0.2'), to('10.1.0.2')]);
  assert.deepEqual(
    sealed.map((esp) => [readU32(esp), readU32(esp, 4)]),
    [
      [11, 1],
      [21, 1],
      [21, 2],
      [11, 2],
    ],
  );
});

test('a malformed packet from the device is counted by its fault', () => {
  const { laptop } = enginePair(SUITE);
  const wrong = TO_OFFICE.slice();
  wrong[0] = 0x65;
  assert.deepEqual(sealAll(laptop, [wrong, new Uint8Array(3).fill(0x45), new Uint8Array(0)]), []);
  assert.deepEqual(counted(laptop), { 'packet-short': 3 });
});

test('a packet that would not fit its slot sealed is dropped without using up a number', () => {
  const { laptop } = enginePair(SUITE);
  const batch = newBatch(2, 4096, 0);
  const small = newBatch(2, 100, 10);
  appendPacket(batch, packet({ source: '10.0.0.1', destination: '10.1.2.3', payload: new Uint8Array(60) }));
  appendPacket(batch, TO_OFFICE);
  assert.equal(laptop.outbound(batch, small, 0), 1);
  assert.equal(readU32(packetAt(small, 0), 4), 1);
  assert.deepEqual(counted(laptop), { 'out-too-big': 1, 'packets-out': 1, 'octets-out': 36 });
});

test('packets beyond the capacity of the output are dropped and counted', () => {
  const { laptop } = enginePair(SUITE);
  const batch = newBatch(3, 4096, 0);
  for (let i = 0; i < 3; i++) appendPacket(batch, TO_OFFICE);
  assert.equal(laptop.outbound(batch, newBatch(2, 2048, 0), 0), 2);
  assert.equal(laptop.counters()['out-no-room'], 1);
});

test(
  'the outer ECN field is a copy of the inner one, which stays',
  proves(
    ['RFC6040-4.1-x1', 'does'],
    ['RFC6040-4.1-x2', 'does'],
    ['RFC6040-4.3-x1', 'does'],
    ['RFC7296-2.24-1', 'does'],
    ['RFC7296-2.24-2', 'does'],
  ),
  () => {
    const { laptop, office } = enginePair(SUITE);
    const batch = newBatch(4, 2048, 64);
    const out = newBatch(4, 2048, 64);
    out.ecn.fill(0xee);
    const marked = [0, 1, 2, 3].map((ecn) => {
      const copy = (ecn % 2 === 0 ? TO_OFFICE : TO_OFFICE_6).slice();
      copy[1] = (copy[1] ?? 0) | (ecn % 2 === 0 ? ecn : ecn << 4);
      return copy;
    });
    for (const bytes of marked) appendPacket(batch, bytes);
    assert.equal(laptop.outbound(batch, out, 0), 4);
    assert.deepEqual([...out.ecn], [0, 1, 2, 3]);
    assert.deepEqual(
      openAll(
        office,
        [0, 1, 2, 3].map((i) => packetAt(out, i).slice()),
      ),
      marked,
    );
  },
);

test(
  'an ICMP error that a router on our side sends takes the SA of the packet that it is about',
  proves('RFC4301-6.2-x2', 'does'),
  () => {
    const { laptop, office } = enginePair(SUITE);
    const about = packet({ source: '10.1.2.3', destination: '10.0.0.1' });
    const error = packet({
      source: '172.16.0.1',
      destination: '10.1.2.3',
      protocol: 1,
      payload: concat(Uint8Array.of(3, 1, 0, 0, 0, 0, 0, 0), about),
    });
    assert.deepEqual(openAll(office, sealAll(laptop, [error])), [error]);
  },
);
