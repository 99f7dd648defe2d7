import assert from 'node:assert/strict';
import { test } from 'node:test';
import { internetChecksum, ipHeaderChecksumHolds, transportChecksum } from '../../../core/net/checksum.ts';
import { parseIcmpQuote } from '../../../core/net/icmp-error.ts';
import { newPacketView, type PacketView, parsePacket } from '../../../core/net/packet-view.ts';
import { echoFrom, isEchoRequest, unreachableFor } from '../../../core/net/unreachable.ts';
import { octetsOf, packet } from './packets.ts';

function viewOf(octets: Uint8Array): PacketView {
  const view = parsePacket(octets, 0, octets.length);
  assert.ok(view);
  return view;
}

const ENDS = [
  { source: '192.0.0.8', destination: '10.1.0.5', own: '10.9.0.2', most: 576 },
  { source: '100:0:0:1::1', destination: 'fd01::5', own: 'fd09::2', most: 1280 },
];

for (const { source, destination, own, most } of ENDS) {
  test(`an error about a packet to ${destination} is whole, for us, and quotes the packet`, () => {
    for (const octets of [16, 2000]) {
      const about = packet({ source, destination, payload: new Uint8Array(octets).fill(7) });
      const error = unreachableFor(viewOf(about), octetsOf(own));
      assert.ok(error.length <= most);
      const view = viewOf(error);
      assert.ok(ipHeaderChecksumHolds(view));
      if (view.version === 6) assert.equal(transportChecksum(view), 0);
      else assert.equal(internetChecksum(error, view.payloadOffset, error.length - view.payloadOffset), 0);
      assert.deepEqual(error.subarray(view.sourceOffset, view.payloadOffset), octetsOfAll(destination, own));
      const quoted = newPacketView();
      assert.ok(parseIcmpQuote(view, quoted));
      assert.deepEqual(
        error.subarray(quoted.sourceOffset, quoted.payloadOffset),
        octetsOfAll(source, destination),
      );
    }
  });

  test(`an echo request to ${destination} from another address is as if it had been made there`, () => {
    const isV6 = source.includes(':');
    const payload = Uint8Array.of(isV6 ? 128 : 8, 0, 0, 0, 0x12, 0x34, 0, 1, 9, 9);
    const echo = packet({ source, destination, protocol: isV6 ? 58 : 1, payload });
    assert.ok(isEchoRequest(viewOf(echo)));
    const moved = echoFrom(viewOf(echo), octetsOf(own));
    const view = viewOf(moved);
    assert.ok(ipHeaderChecksumHolds(view));
    if (isV6) assert.equal(transportChecksum(view), 0);
    assert.deepEqual(moved.subarray(view.sourceOffset, view.payloadOffset), octetsOfAll(own, destination));
    assert.deepEqual(moved.subarray(view.payloadOffset + 4), payload.subarray(4));
    assert.ok(!isEchoRequest(viewOf(packet({ source, destination }))));
  });
}

function octetsOfAll(...addresses: readonly string[]): Uint8Array {
  return Uint8Array.from(addresses.flatMap((text) => [...octetsOf(text)]));
}
