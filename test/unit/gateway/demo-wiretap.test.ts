import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concat, fromHex, u16, u32, utf8 } from '../../../core/lib/bytes.ts';
import { parsePcap } from '../../demo/pcap.ts';
import { classify, examine, type FrameKind } from '../../demo/wiretap.ts';
import { address, prefix } from '../../support/gateway/index.ts';

const watched = {
  gateway: address('203.0.113.1'),
  web: address('192.0.2.80'),
  office: [prefix('10.1.0.0/16'), prefix('fd01::/48')],
};

function ethernet(type: number, payload: Uint8Array): Uint8Array {
  return concat(new Uint8Array(12), u16(type), payload);
}

function ipv4(source: string, destination: string, protocol: number, body: Uint8Array): Uint8Array {
  const head = concat(fromHex('45000000 00000000 40'), Uint8Array.of(protocol, 0, 0));
  return ethernet(0x0800, concat(head, address(source).octets, address(destination).octets, body));
}

function ipv6(source: string, destination: string, next: number): Uint8Array {
  const head = concat(fromHex('60000000 0000'), Uint8Array.of(next, 64));
  return ethernet(0x86dd, concat(head, address(source).octets, address(destination).octets));
}

function udp(from: number, to: number, payload: Uint8Array): Uint8Array {
  return concat(u16(from), u16(to), u16(payload.length + 8), u16(0), payload);
}

function kindOf(frame: Uint8Array): FrameKind {
  return classify(frame, watched).kind;
}

const ROUTER = '198.51.100.2';
const esp = concat(u32(0xc0ffee01), new Uint8Array(40));

test('ESP, IKE and keepalives with the gateway are told apart', () => {
  const cases: readonly (readonly [FrameKind, Uint8Array])[] = [
    ['esp', ipv4(ROUTER, '203.0.113.1', 17, udp(4500, 4500, esp))],
    ['esp', ipv4('203.0.113.1', ROUTER, 17, udp(4500, 61_000, esp))],
    ['ike', ipv4(ROUTER, '203.0.113.1', 17, udp(500, 500, esp))],
    ['ike', ipv4(ROUTER, '203.0.113.1', 17, udp(4500, 4500, new Uint8Array(40)))],
    ['keepalive', ipv4(ROUTER, '203.0.113.1', 17, udp(4500, 4500, Uint8Array.of(0xff)))],
  ];
  for (const [kind, frame] of cases) assert.equal(kindOf(frame), kind);
  assert.equal(classify(cases[0]?.[1] ?? new Uint8Array(), watched).spi, 0xc0ffee01);
});

test('an address of the office in clear is a leak whatever carries it', () => {
  assert.equal(kindOf(ipv4(ROUTER, '10.1.0.10', 6, new Uint8Array(20))), 'office-in-clear');
  assert.equal(kindOf(ipv4('10.1.0.10', '203.0.113.1', 17, udp(4500, 4500, esp))), 'office-in-clear');
  assert.equal(kindOf(ipv6('2001:db8::1', 'fd01::10', 6)), 'office-in-clear');
});

test('neighbours talking about themselves are no traffic, and the unknown is not taken for it', () => {
  assert.equal(kindOf(ethernet(0x0806, new Uint8Array(28))), 'link');
  assert.equal(kindOf(ipv6('fe80::1', 'ff02::16', 0)), 'link');
  assert.equal(kindOf(ipv4(ROUTER, '224.0.0.22', 2, new Uint8Array(8))), 'link');
  assert.equal(kindOf(ipv4(ROUTER, '192.0.2.80', 6, new Uint8Array(20))), 'web');
  assert.equal(kindOf(ipv4(ROUTER, '203.0.113.1', 50, esp)), 'other');
  assert.equal(kindOf(ipv4(ROUTER, '203.0.113.1', 17, udp(4500, 53, esp))), 'other');
  assert.equal(kindOf(ipv4(ROUTER, '203.0.113.9', 17, udp(4500, 4500, esp))), 'other');
  assert.equal(kindOf(ethernet(0x88cc, new Uint8Array(8))), 'other');
});

test('texts are found in whatever frame holds them, and SPIs are listed once', () => {
  const frames = [
    ipv4(ROUTER, '192.0.2.80', 6, utf8('GET /secret')),
    ipv4(ROUTER, '203.0.113.1', 17, udp(4500, 4500, esp)),
    ipv4(ROUTER, '203.0.113.1', 17, udp(4500, 4500, esp)),
  ];
  const evidence = examine(frames, watched, ['secret', 'nowhere']);
  assert.deepEqual(evidence.sightings, [1, 0]);
  assert.deepEqual(evidence.spis, ['c0ffee01']);
  assert.deepEqual([evidence.frames.esp, evidence.frames.web], [2, 1]);
});

test('capture files of either octet order are read, and a record that is cut off is left out', () => {
  const reversed = (octets: Uint8Array): Uint8Array => octets.slice().reverse();
  const frames = [Uint8Array.of(1, 2, 3), Uint8Array.of(4)];
  for (const order of [(octets: Uint8Array) => octets, reversed]) {
    const n = (value: number): Uint8Array => order(u32(value));
    const record = (frame: Uint8Array): Uint8Array =>
      concat(n(1), n(2), n(frame.length), n(frame.length), frame);
    const header = concat(n(0xa1b2c3d4), order(u16(2)), order(u16(4)), n(0), n(0), n(65_535), n(1));
    const file = concat(header, ...frames.map(record), n(1), n(2), n(100), n(100), Uint8Array.of(9));
    assert.deepEqual(parsePcap(file), { linkType: 1, frames });
  }
  assert.throws(() => parsePcap(new Uint8Array(24)), /not a capture file/);
});
