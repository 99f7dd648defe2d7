import { test } from 'node:test';
import assert from 'node:assert/strict';
import { concat } from '../../../core/lib/bytes.ts';
import { demux, demuxAt, ikeMessageOf, keepalive, withNonEspMarker } from '../../../core/ipsec/udp-encap.ts';
import { proves } from '../../conformance/tag.ts';

test(
  'four zero octets before it make a datagram an IKE message',
  proves(['RFC3948-2.2-1', 'does'], ['RFC3948-2.1-1', 'refuses'], ['RFC3948-1-x2', 'refuses']),
  () => {
    assert.equal(demux(Uint8Array.of(0, 0, 0, 0)), 'ike');
    assert.equal(demux(concat(new Uint8Array(4), new Uint8Array(28).fill(7))), 'ike');
  },
);

test('any other four octets are an SPI', proves('RFC3948-2.2-1', 'refuses'), () => {
  for (let i = 0; i < 4; i++) {
    const payload = new Uint8Array(40);
    payload[i] = 1;
    assert.equal(demux(payload), 'esp', `octet ${i}`);
  }
  assert.equal(demux(new Uint8Array(40).fill(0xff)), 'esp');
});

test(
  'one octet 0xFF is a keepalive and any other short datagram is nothing',
  proves(['RFC3948-2.3-1', 'does'], ['RFC3948-2.3-2', 'refuses']),
  () => {
    assert.equal(demux(Uint8Array.of(0xff)), 'keepalive');
    assert.equal(demux(Uint8Array.of(0xfe)), 'short');
    assert.equal(demux(Uint8Array.of(0)), 'short');
    assert.equal(demux(Uint8Array.of(0xff, 0xff)), 'short');
    assert.equal(demux(Uint8Array.of(0, 0, 0)), 'short');
    assert.equal(demux(new Uint8Array(0)), 'short');
  },
);

test('a datagram is judged where it lies in a slab', () => {
  const slab = Uint8Array.of(0, 0, 0, 0, 0xff, 1, 2, 3, 4);
  assert.equal(demuxAt(slab, 0, 4), 'ike');
  assert.equal(demuxAt(slab, 1, 4), 'esp');
  assert.equal(demuxAt(slab, 4, 1), 'keepalive');
  assert.equal(demuxAt(slab, 4, 3), 'short');
});

test('a keepalive is one octet 0xFF', proves('RFC3948-2.3-2', 'does'), () => {
  assert.deepEqual(keepalive(), Uint8Array.of(0xff));
  assert.equal(demux(keepalive()), 'keepalive');
});

test(
  'an IKE message goes behind the marker and comes back from behind it',
  proves('RFC3948-2.2-1', 'does'),
  () => {
    const message = Uint8Array.of(1, 2, 3);
    const datagram = withNonEspMarker(message);
    assert.deepEqual(datagram, Uint8Array.of(0, 0, 0, 0, 1, 2, 3));
    assert.deepEqual(ikeMessageOf(datagram), message);
    assert.equal(ikeMessageOf(Uint8Array.of(0, 0, 0, 1, 1, 2, 3)), undefined);
    assert.equal(ikeMessageOf(keepalive()), undefined);
  },
);
