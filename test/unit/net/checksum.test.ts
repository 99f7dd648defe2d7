import { test } from 'node:test';
import assert from 'node:assert/strict';
import { fromHex } from '../../../core/lib/bytes.ts';
import {
  internetChecksum,
  ipHeaderChecksumHolds,
  onesComplementSum,
  transportChecksum,
} from '../../../core/net/checksum.ts';
import { parsePacket, type PacketView } from '../../../core/net/packet-view.ts';

/** Packets with right checksums: the ping of RFC 7634 appendix A, a segment and a query of draft-mcgrew-gcm-test-01. */
const PING = fromHex(`45000054a6f200004001e778c6336405c000020508005b7a3a080000553bec100007362708090a0b
  0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f3031323334353637`);
const TCP = fromHex('45000028a4ad4000400678800a01038f0a010612802306b8cb712602dd6bb03e501016d075680000');
const UDP = fromHex(`4500003e698f000080114dccc0a80102c0a801010a980035002a2343b2d0010000010000
  000000000373697009637962657263697479 02646b0000010001`);

function view(bytes: Uint8Array): PacketView {
  const parsed = parsePacket(bytes, 0, bytes.length);
  assert.ok(parsed);
  return parsed;
}

test('the example of RFC 1071 section 3 has its sum', () => {
  const example = fromHex('0001f203f4f5f6f7');
  assert.equal(onesComplementSum(example, 0, 8), 0xddf2);
  assert.equal(internetChecksum(example, 0, 8), 0x220d);
});

test('an odd last octet is the high half of a word', () => {
  assert.equal(onesComplementSum(Uint8Array.of(0x12, 0x34, 0x56), 0, 3), 0x1234 + 0x5600);
});

test('a sum does not depend on where it was split, and carries wrap round', () => {
  const all = new Uint8Array(64).fill(0xff);
  assert.equal(onesComplementSum(all, 0, 64), 0xffff);
  assert.equal(onesComplementSum(all, 10, 20, onesComplementSum(all, 0, 10)), 0xffff);
  assert.equal(onesComplementSum(Uint8Array.of(0, 1), 0, 2, 0xffff), 1);
});

test('the checksums of real packets hold', () => {
  for (const bytes of [PING, TCP, UDP]) assert.ok(ipHeaderChecksumHolds(view(bytes)));
  assert.equal(internetChecksum(PING, 20, 64), 0);
  assert.equal(transportChecksum(view(TCP)), 0);
  assert.equal(transportChecksum(view(UDP)), 0);
});

test('a changed octet breaks the checksum', () => {
  const broken = TCP.slice();
  broken[8] = 63;
  assert.ok(!ipHeaderChecksumHolds(view(broken)));
  const payload = TCP.slice();
  payload[39] = 1;
  assert.notEqual(transportChecksum(view(payload)), 0);
});

test('IPv6 has no header checksum, and its transport checksum covers the long addresses', () => {
  // An echo request from ::1 to ::1, made by hand.
  const bytes = new Uint8Array(48);
  bytes.set([0x60, 0, 0, 0, 0, 8, 58, 64]);
  bytes[23] = 1;
  bytes[39] = 1;
  bytes.set([128, 0, 0, 0, 0x12, 0x34, 0, 1], 40);
  const v = view(bytes);
  const checksum = transportChecksum(v);
  // 0x0001 + 0x0001 + 58 + 8 + 0x8000 + 0x1234 + 0x0001, complemented.
  assert.equal(checksum, ~(1 + 1 + 58 + 8 + 0x8000 + 0x1234 + 1) & 0xffff);
  bytes.set([checksum >>> 8, checksum & 0xff], 42);
  assert.equal(transportChecksum(v), 0);
  assert.ok(ipHeaderChecksumHolds(v));
});
