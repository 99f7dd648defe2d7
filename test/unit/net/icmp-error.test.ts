import { test } from 'node:test';
import assert from 'node:assert/strict';
import { concat } from '../../../core/lib/bytes.ts';
import { isIcmpError, parseIcmpQuote } from '../../../core/net/icmp-error.ts';
import { newPacketView, parsePacket, type PacketView } from '../../../core/net/packet-view.ts';
import { octetsOf, packet } from './packets.ts';

const HEADER = new Uint8Array(6);

function icmp(type: number, quote: Uint8Array, version: 4 | 6 = 4): PacketView {
  const bytes = packet({
    source: version === 4 ? '192.0.2.1' : '2001:db8::9',
    destination: version === 4 ? '10.0.0.1' : '2001:db8::1',
    protocol: version === 4 ? 1 : 58,
    payload: concat(Uint8Array.of(type, 1), HEADER, quote),
  });
  const view = parsePacket(bytes, 0, bytes.length);
  assert.ok(view);
  return view;
}

const four = packet({ source: '10.0.0.1', destination: '10.9.9.9' });
const six = packet({ source: '2001:db8::1', destination: '2001:db8::99' });

test('error messages are told from the others', () => {
  for (const type of [3, 4, 5, 11, 12]) assert.ok(isIcmpError(icmp(type, four)), String(type));
  for (const type of [0, 8, 13, 30]) assert.ok(!isIcmpError(icmp(type, four)), String(type));
  for (const type of [1, 2, 3, 4]) assert.ok(isIcmpError(icmp(type, six, 6)), String(type));
  for (const type of [128, 129, 135]) assert.ok(!isIcmpError(icmp(type, six, 6)), String(type));
});

test('the packet that an error quotes is read, also when cut off', () => {
  const quoted = newPacketView();
  for (const [version, original] of [
    [4, four],
    [6, six],
  ] as const) {
    const length = (version === 4 ? 20 : 40) + 8;
    assert.ok(parseIcmpQuote(icmp(3, original.subarray(0, length), version), quoted));
    const at = quoted.destinationOffset;
    assert.deepEqual(
      quoted.bytes.subarray(at, at + quoted.addressLength),
      octetsOf(version === 4 ? '10.9.9.9' : '2001:db8::99'),
    );
    assert.equal(quoted.destinationPort, 443);
  }
});

test('an error that quotes nothing, garbage or the other version has no quote', () => {
  const quoted = newPacketView();
  assert.ok(!parseIcmpQuote(icmp(3, new Uint8Array(0)), quoted));
  assert.ok(!parseIcmpQuote(icmp(3, four.subarray(0, 10)), quoted));
  assert.ok(!parseIcmpQuote(icmp(3, six), quoted));
  assert.ok(!parseIcmpQuote(icmp(8, four), quoted));
});

test('a quote ends where the error message does', () => {
  const view = icmp(3, four.subarray(0, 12));
  const padded = concat(view.bytes, four.subarray(12));
  const outer = parsePacket(padded, 0, padded.length);
  assert.ok(outer);
  assert.ok(!parseIcmpQuote(outer, newPacketView()));
});
