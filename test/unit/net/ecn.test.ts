import { test } from 'node:test';
import assert from 'node:assert/strict';
import { internetChecksum, ipHeaderChecksumHolds } from '../../../core/net/checksum.ts';
import { ecnOf, ecnOutOfTunnel, setEcn } from '../../../core/net/ecn.ts';
import { parsePacket, type PacketView } from '../../../core/net/packet-view.ts';
import { proves } from '../../conformance/tag.ts';
import { packet } from './packets.ts';

const DROP = -1;

/** RFC 6040 figure 4: rows are inner, columns outer, both in the order of the numbers 0, 1, 2, 3. */
const FIGURE_4: readonly (readonly number[])[] = [
  [0, 0, 0, DROP],
  [1, 1, 1, 3],
  [2, 1, 2, 3],
  [3, 3, 3, 3],
];

test(
  'the outgoing ECN field is the one of figure 4',
  proves(
    ['RFC6040-4.2-x1', 'does'],
    ['RFC6040-4.2-x2', 'refuses'],
    ['RFC6040-4.2-x3', 'does'],
    ['RFC6040-4.2-x4', 'does'],
    ['RFC6040-4.2-x5', 'does'],
    ['RFC7296-2.24-2', 'does'],
  ),
  () => {
    for (const [inner, row] of FIGURE_4.entries())
      for (const [outer, expected] of row.entries())
        assert.equal(ecnOutOfTunnel(inner, outer), expected, `inner ${inner}, outer ${outer}`);
  },
);

function four(trafficClass: number): PacketView {
  const bytes = packet({ source: '10.0.0.1', destination: '10.1.2.3' });
  bytes[1] = trafficClass;
  const checksum = internetChecksum(bytes, 0, 20);
  bytes.set([checksum >>> 8, checksum & 0xff], 10);
  const view = parsePacket(bytes, 0, bytes.length);
  assert.ok(view);
  return view;
}

test('the IPv4 field changes alone and its checksum goes along', () => {
  for (let trafficClass = 0; trafficClass < 256; trafficClass++)
    for (let ecn = 0; ecn < 4; ecn++) {
      const view = four(trafficClass);
      assert.equal(ecnOf(view), trafficClass & 3);
      setEcn(view, ecn);
      assert.equal(view.bytes[1], (trafficClass & 0xfc) | ecn);
      assert.ok(ipHeaderChecksumHolds(view), `${trafficClass} to ${ecn}`);
    }
});

test('the checksum goes along whatever it was before', () => {
  const view = four(0);
  const { bytes } = view;
  for (let identification = 0; identification < 0x10000; identification += 7) {
    bytes.set([identification >>> 8, identification & 0xff], 4);
    bytes.set([0, 0], 10);
    const checksum = internetChecksum(bytes, 0, 20);
    bytes.set([checksum >>> 8, checksum & 0xff], 10);
    setEcn(view, (identification + 1) & 3);
    assert.ok(ipHeaderChecksumHolds(view), String(identification));
  }
  // All words before sum up to 0xffff, so the checksum is zero.
  bytes.set([0x45, 0], 0);
  bytes.set([0, 0, 0, 0], 10);
  bytes.set([0, 0], 4);
  const rest = internetChecksum(bytes, 0, 20);
  bytes.set([rest >>> 8, rest & 0xff], 4);
  assert.equal(internetChecksum(bytes, 0, 20), 0);
  setEcn(view, 1);
  assert.ok(ipHeaderChecksumHolds(view));
});

test('the IPv6 field changes alone', () => {
  const bytes = packet({ source: '2001:db8::1', destination: '2001:db8::2' });
  bytes.set([0x6a, 0xbc, 0xde, 0xf0]);
  const view = parsePacket(bytes, 0, bytes.length);
  assert.ok(view);
  assert.equal(ecnOf(view), 3);
  setEcn(view, 1);
  assert.equal(ecnOf(view), 1);
  assert.deepEqual([...bytes.subarray(0, 4)], [0x6a, 0x9c, 0xde, 0xf0]);
});
