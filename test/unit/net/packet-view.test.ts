import { test } from 'node:test';
import assert from 'node:assert/strict';
import { concat } from '../../../core/lib/bytes.ts';
import {
  newPacketView,
  parsePacket,
  parsePacketInto,
  parseQuotedInto,
  type PacketFault,
  type PacketView,
} from '../../../core/net/packet-view.ts';
import { PORT_HIDDEN, PORT_UNUSED } from '../../../core/net/selector.ts';
import { proves } from '../../conformance/tag.ts';
import { octetsOf, packet, type PacketFields } from './packets.ts';

const FOUR = { source: '10.0.0.1', destination: '10.1.2.3' };
const SIX = { source: '2001:db8::1', destination: '2001:db8::2' };

function view(bytes: Uint8Array): PacketView {
  const parsed = parsePacket(bytes, 0, bytes.length);
  assert.ok(parsed);
  return parsed;
}

function fault(bytes: Uint8Array, length = bytes.length): PacketFault {
  const scratch = newPacketView();
  assert.equal(parsePacketInto(bytes, 0, length, scratch), false);
  return scratch.fault;
}

/** A packet with one octet changed. */
function altered(bytes: Uint8Array, at: number, value: number): Uint8Array {
  const copy = bytes.slice();
  copy[at] = value;
  return copy;
}

function six(protocol: number, ...payload: Uint8Array[]): Uint8Array {
  return packet({ ...SIX, protocol, payload: concat(...payload) });
}

const UDP_HEADER = Uint8Array.of(0x9c, 0x40, 0x01, 0xbb, 0, 8, 0, 0);

test('the view of an IPv4 packet says where its fields are', () => {
  const bytes = packet({ ...FOUR, protocol: 6, sourcePort: 40000, destinationPort: 443 });
  const v = view(concat(new Uint8Array(3), bytes).subarray(3));
  assert.equal(v.version, 4);
  assert.equal(v.totalLength, bytes.length);
  assert.deepEqual(v.bytes.subarray(v.sourceOffset, v.sourceOffset + v.addressLength), octetsOf('10.0.0.1'));
  assert.deepEqual(v.bytes.subarray(v.destinationOffset, v.destinationOffset + 4), octetsOf('10.1.2.3'));
  assert.equal(v.protocol, 6);
  assert.equal(v.sourcePort, 40000);
  assert.equal(v.destinationPort, 443);
  assert.equal(v.payloadOffset, 20);
  assert.equal(v.fragmented, false);
});

test('offsets are from the start of the buffer that holds the packet', () => {
  const bytes = concat(new Uint8Array(7).fill(0xff), packet(FOUR), new Uint8Array(5).fill(0xff));
  const v = parsePacket(bytes, 7, bytes.length - 12);
  assert.ok(v);
  assert.equal(v.offset, 7);
  assert.equal(v.sourceOffset, 19);
  assert.equal(v.payloadOffset, 27);
  assert.equal(v.destinationPort, 443);
});

test('IPv4 options lie between the header and the ports', () => {
  const v = view(packet({ ...FOUR, options: new Uint8Array(8).fill(1) }));
  assert.equal(v.payloadOffset, 28);
  assert.equal(v.destinationPort, 443);
});

test('the view of an IPv6 packet says where its fields are', () => {
  const v = view(packet(SIX));
  assert.equal(v.version, 6);
  assert.equal(v.addressLength, 16);
  assert.deepEqual(v.bytes.subarray(v.sourceOffset, v.sourceOffset + 16), octetsOf('2001:db8::1'));
  assert.deepEqual(v.bytes.subarray(v.destinationOffset, v.destinationOffset + 16), octetsOf('2001:db8::2'));
  assert.equal(v.sourcePort, 40000);
  assert.equal(v.destinationPort, 443);
});

test(
  'IPv6 extension headers are walked to the next layer protocol',
  proves('RFC4301-4.4.1.1-1', 'does'),
  () => {
    const hopByHop = Uint8Array.of(43, 0, 1, 4, 0, 0, 0, 0);
    const routing = Uint8Array.of(60, 1, 3, 0, ...new Uint8Array(12));
    const options = Uint8Array.of(17, 0, 1, 4, 0, 0, 0, 0);
    const v = view(six(0, hopByHop, routing, options, UDP_HEADER));
    assert.equal(v.protocol, 17);
    assert.equal(v.payloadOffset, 40 + 8 + 16 + 8);
    assert.equal(v.sourcePort, 40000);
    assert.equal(v.destinationPort, 443);
  },
);

test('AH and ESP are next layer protocols', () => {
  for (const protocol of [50, 51]) {
    const v = view(six(protocol, new Uint8Array(24)));
    assert.equal(v.protocol, protocol);
    assert.equal(v.sourcePort, PORT_HIDDEN);
  }
});

test('a chain of extension headers is not followed for ever', () => {
  const header = Uint8Array.of(60, 0, 1, 4, 0, 0, 0, 0);
  const last = Uint8Array.of(17, 0, 1, 4, 0, 0, 0, 0);
  const chain = (count: number): Uint8Array =>
    six(60, ...Array.from({ length: count - 1 }, () => header), last, UDP_HEADER);
  assert.equal(view(chain(8)).protocol, 17);
  assert.equal(fault(chain(9)), 'packet-extension-headers');
});

test('extension headers that break off, repeat or stand in the wrong place are refused', () => {
  assert.equal(fault(six(60, Uint8Array.of(17, 0, 1, 4))), 'packet-extension-headers');
  assert.equal(
    fault(six(60, Uint8Array.of(17, 1, 1, 4, 0, 0, 0, 0), UDP_HEADER.subarray(1))),
    'packet-extension-headers',
  );
  // Hop-by-hop options behind destination options, with a good datagram behind both.
  const options = Uint8Array.of(0, 0, 1, 4, 0, 0, 0, 0);
  const hopByHop = Uint8Array.of(17, 0, 1, 4, 0, 0, 0, 0);
  assert.equal(view(six(0, hopByHop, UDP_HEADER)).destinationPort, 443);
  assert.equal(fault(six(60, options, hopByHop, UDP_HEADER)), 'packet-extension-headers');
  const first = Uint8Array.of(44, 0, 0, 1, 0, 0, 0, 9);
  assert.equal(fault(six(44, first, first, UDP_HEADER)), 'packet-extension-headers');
});

test('the type and code of ICMP stand in for the source port', proves('RFC4301-4.4.1.1-1', 'does'), () => {
  for (const [fields, protocol] of [
    [FOUR, 1],
    [SIX, 58],
  ] as const) {
    const v = view(packet({ ...fields, protocol, payload: Uint8Array.of(3, 4, 0, 0, 0, 0, 0, 0) }));
    assert.equal(v.sourcePort, 3 * 256 + 4);
    assert.equal(v.destinationPort, PORT_UNUSED);
  }
});

test(
  'the type of a mobility header stands in for the source port',
  proves('RFC4301-4.4.1.1-1', 'does'),
  () => {
    const v = view(six(135, Uint8Array.of(59, 0, 5, 0, 0, 0, 0, 0)));
    assert.equal(v.sourcePort, 5 * 256);
    assert.equal(v.destinationPort, PORT_UNUSED);
  },
);

test('SCTP, DCCP and UDP-Lite have ports too', () => {
  for (const protocol of [132, 33, 136])
    assert.equal(view(packet({ ...FOUR, protocol })).destinationPort, 443);
});

test('a protocol without ports shows none', () => {
  const v = view(packet({ ...FOUR, protocol: 47 }));
  assert.equal(v.sourcePort, PORT_HIDDEN);
  assert.equal(v.destinationPort, PORT_HIDDEN);
});

test('a transport header that is cut off shows no ports', () => {
  for (const [protocol, length] of [
    [6, 3],
    [1, 1],
    [135, 2],
  ] as const) {
    const v = view(packet({ ...FOUR, protocol, payload: new Uint8Array(length) }));
    assert.equal(v.sourcePort, PORT_HIDDEN);
    assert.equal(v.destinationPort, PORT_HIDDEN);
  }
});

test('only the first IPv4 fragment shows ports', proves('RFC4301-4.4.1.1-x3', 'does'), () => {
  const first = view(packet({ ...FOUR, fragment: 0x2000 }));
  assert.deepEqual([first.fragmented, first.fragmentOffset, first.destinationPort], [true, 0, 443]);
  const second = view(packet({ ...FOUR, fragment: 0x2000 | 185 }));
  assert.deepEqual(
    [second.fragmented, second.fragmentOffset, second.destinationPort],
    [true, 1480, PORT_HIDDEN],
  );
  const last = view(packet({ ...FOUR, fragment: 370 }));
  assert.deepEqual([last.fragmented, last.fragmentOffset, last.sourcePort], [true, 2960, PORT_HIDDEN]);
  const whole = view(packet({ ...FOUR, fragment: 0x4000 }));
  assert.deepEqual([whole.fragmented, whole.destinationPort], [false, 443]);
});

test('only the first IPv6 fragment shows ports, and an atomic fragment hides nothing', () => {
  const fragment = (offsetAndFlags: number): Uint8Array =>
    six(44, Uint8Array.of(17, 0, offsetAndFlags >>> 8, offsetAndFlags & 0xff, 0, 0, 0, 9), UDP_HEADER);
  const first = view(fragment(1));
  assert.deepEqual([first.fragmented, first.protocol, first.destinationPort], [true, 17, 443]);
  const later = view(fragment(1480));
  assert.deepEqual(
    [later.fragmented, later.fragmentOffset, later.destinationPort],
    [true, 1480, PORT_HIDDEN],
  );
  const atomic = view(fragment(0));
  assert.deepEqual([atomic.fragmented, atomic.destinationPort], [false, 443]);
});

test('behind the header of a later IPv6 fragment there is only data', () => {
  const v = view(six(44, Uint8Array.of(60, 0, 8, 0, 0, 0, 0, 9), new Uint8Array(4)));
  assert.equal(v.protocol, 60);
  assert.equal(v.sourcePort, PORT_HIDDEN);
});

test('a fragment that reaches past the largest packet is refused', () => {
  assert.equal(fault(packet({ ...FOUR, fragment: 0x1fff })), 'packet-fragment');
  assert.equal(
    fault(six(44, Uint8Array.of(17, 0, 0xff, 0xf8, 0, 0, 0, 9), UDP_HEADER, UDP_HEADER)),
    'packet-fragment',
  );
});

test('a fragment that would overwrite TCP flags is refused', () => {
  assert.equal(fault(packet({ ...FOUR, protocol: 6, fragment: 1 })), 'packet-fragment');
  assert.equal(view(packet({ ...FOUR, protocol: 17, fragment: 1 })).fragmentOffset, 8);
});

test('headers that contradict the buffer or themselves are refused', () => {
  const four = packet(FOUR);
  const sixth = packet(SIX);
  assert.equal(fault(four, 0), 'packet-short');
  assert.equal(fault(four.subarray(0, 19)), 'packet-short');
  assert.equal(fault(sixth.subarray(0, 39)), 'packet-short');
  assert.equal(fault(four, four.length + 1), 'packet-short');
  assert.equal(fault(altered(four, 0, 0x55)), 'packet-version');
  assert.equal(fault(altered(four, 0, 0x44)), 'packet-header-length');
  assert.equal(fault(altered(four, 0, 0x4f)), 'packet-header-length');
  assert.equal(fault(altered(four, 3, 19)), 'packet-total-length');
  assert.equal(fault(altered(four, 3, four.length + 1)), 'packet-total-length');
  assert.equal(fault(altered(sixth, 5, sixth.length - 40 + 1)), 'packet-total-length');
});

test('a view that is filled again keeps nothing of the packet before', () => {
  const scratch = newPacketView();
  const fragment = packet({ ...FOUR, fragment: 370 });
  assert.ok(parsePacketInto(fragment, 0, fragment.length, scratch));
  const whole = packet(SIX);
  assert.ok(parsePacketInto(whole, 0, whole.length, scratch));
  assert.deepEqual(scratch, { ...view(whole), fault: scratch.fault });
});

test('octets behind the total length do not belong to the packet', () => {
  const bytes = packet({ ...FOUR, protocol: 6, payload: new Uint8Array(3) });
  const v = view(concat(bytes, new Uint8Array(100).fill(0xff)));
  assert.equal(v.totalLength, 23);
  assert.equal(v.sourcePort, PORT_HIDDEN);
});

test('a quoted packet may be cut off behind its ports', () => {
  const scratch = newPacketView();
  const fields: readonly PacketFields[] = [FOUR, SIX];
  for (const f of fields) {
    const whole = packet(f);
    const headerAndPorts = whole.length - 8;
    assert.equal(parsePacketInto(whole, 0, headerAndPorts, scratch), false);
    assert.equal(parseQuotedInto(whole, 0, headerAndPorts, scratch), true);
    assert.equal(scratch.destinationPort, 443);
  }
});
