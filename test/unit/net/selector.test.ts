import { test } from 'node:test';
import assert from 'node:assert/strict';
import {
  contains,
  formatSelector,
  intersect,
  matches,
  PORT_HIDDEN,
  PORT_UNUSED,
  type Selector,
} from '../../../core/net/selector.ts';
import { proves } from '../../conformance/tag.ts';
import { octetsOf, selector } from './packets.ts';

const TCP = 6;
const ICMP = 1;
const OPAQUE = [0xffff, 0] as const;

function range(start: string, end: string, protocol = 0): Selector {
  return { ...selector('0.0.0.0/0', protocol), start: octetsOf(start), end: octetsOf(end) };
}

function has(s: Selector, address: string, protocol: number, port: number): boolean {
  return matches(s, { address: octetsOf(address), protocol, port });
}

test('a selector matches addresses from the first to the last', proves('RFC4301-4.4.1.1-1', 'does'), () => {
  const s = range('10.0.5.250', '10.1.0.3');
  const inside = ['10.0.5.250', '10.0.5.255', '10.0.6.0', '10.0.255.255', '10.1.0.0', '10.1.0.3'];
  const outside = ['10.0.5.249', '10.0.4.255', '10.1.0.4', '10.1.1.0', '9.255.255.255', '11.0.0.0'];
  for (const address of inside) assert.ok(has(s, address, TCP, 1), address);
  for (const address of outside) assert.ok(!has(s, address, TCP, 1), address);
});

test('a selector of one family matches nothing of the other', () => {
  assert.ok(!has(selector('0.0.0.0/0'), '::1', TCP, 1));
  assert.ok(!has(selector('::/0'), '10.0.0.1', TCP, 1));
});

test('protocol and ports restrict what matches', proves('RFC4301-4.4.1.1-1', 'does'), () => {
  const s = selector('10.0.0.0/8', TCP, 440, 450);
  assert.ok(has(s, '10.0.0.1', TCP, 440));
  assert.ok(has(s, '10.0.0.1', TCP, 450));
  assert.ok(!has(s, '10.0.0.1', TCP, 439));
  assert.ok(!has(s, '10.0.0.1', TCP, 451));
  assert.ok(!has(s, '10.0.0.1', 17, 443));
});

test(
  'a packet without a visible port matches ANY and OPAQUE alone',
  proves(['RFC4301-4.4.1.1-x3', 'does'], ['RFC4301-4.4.1.1-x4', 'does']),
  () => {
    assert.ok(has(selector('10.0.0.0/8', TCP), '10.0.0.1', TCP, PORT_HIDDEN));
    assert.ok(has(selector('10.0.0.0/8', TCP, ...OPAQUE), '10.0.0.1', TCP, PORT_HIDDEN));
    assert.ok(!has(selector('10.0.0.0/8', TCP, 443, 443), '10.0.0.1', TCP, PORT_HIDDEN));
    assert.ok(!has(selector('10.0.0.0/8', TCP, 0, 65534), '10.0.0.1', TCP, PORT_HIDDEN));
  },
);

test('an OPAQUE selector does not match a port that is visible', () => {
  assert.ok(!has(selector('10.0.0.0/8', TCP, ...OPAQUE), '10.0.0.1', TCP, 443));
});

test('a side without a port field matches every port range', () => {
  assert.ok(has(selector('10.0.0.0/8', ICMP, 0x0800, 0x08ff), '10.0.0.1', ICMP, PORT_UNUSED));
  assert.ok(has(selector('10.0.0.0/8', ICMP, ...OPAQUE), '10.0.0.1', ICMP, PORT_UNUSED));
});

test('ICMP type and code are compared as one number', proves('RFC4301-4.4.1.1-x5', 'does'), () => {
  // Type 3 (unreachable), codes 1 to 4.
  const s = selector('10.0.0.0/8', ICMP, 0x0301, 0x0304);
  for (const [port, expected] of [
    [0x0300, false],
    [0x0301, true],
    [0x0304, true],
    [0x0305, false],
    [0x0402, false],
  ] as const)
    assert.equal(has(s, '10.0.0.1', ICMP, port), expected, port.toString(16));
});

test('a selector contains what it matches all of', () => {
  const any = selector('10.0.0.0/8');
  const web = selector('10.1.0.0/16', TCP, 443, 443);
  assert.ok(contains(any, web));
  assert.ok(!contains(web, any));
  assert.ok(contains(any, any));
  assert.ok(!contains(selector('10.0.0.0/8', 17), web));
  assert.ok(!contains(selector('10.1.0.0/16', TCP, 444, 500), web));
  assert.ok(!contains(selector('::/0'), web));
  assert.ok(contains(any, selector('10.1.0.0/16', TCP, ...OPAQUE)));
  assert.ok(!contains(selector('10.1.0.0/16', TCP, 1, 65535), selector('10.1.0.0/16', TCP, ...OPAQUE)));
  assert.ok(!contains(selector('10.1.0.0/16', TCP, ...OPAQUE), web));
});

test('the intersection of selectors is what both match', () => {
  const a = selector('10.0.0.0/8', 0);
  const b = selector('10.1.0.0/16', TCP, 400, 500);
  assert.deepEqual(intersect(a, b), b);
  assert.deepEqual(intersect(b, a), b);
  const c = selector('0.0.0.0/0', TCP, 450, 600);
  assert.deepEqual(intersect(b, c), selector('10.1.0.0/16', TCP, 450, 500));
  assert.equal(intersect(b, selector('10.1.0.0/16', 17)), undefined);
  assert.equal(intersect(b, selector('10.2.0.0/16')), undefined);
  assert.equal(intersect(b, selector('10.1.0.0/16', TCP, 501, 600)), undefined);
  assert.equal(intersect(b, selector('::/0')), undefined);
  const opaque = selector('10.1.0.0/16', TCP, ...OPAQUE);
  assert.deepEqual(intersect(a, opaque), opaque);
  assert.equal(intersect(b, opaque), undefined);
});

test('selectors are written as people write them', () => {
  assert.equal(formatSelector(selector('10.0.0.0/8')), '10.0.0.0/8');
  assert.equal(formatSelector(selector('10.1.0.0/16', TCP, 443, 443)), '10.1.0.0/16[tcp/443]');
  assert.equal(formatSelector(selector('10.1.0.0/16', 17)), '10.1.0.0/16[udp]');
  assert.equal(formatSelector(selector('::/0', TCP, 1024, 65535)), '::/0[tcp/1024-65535]');
  assert.equal(formatSelector(selector('10.0.0.0/8', 50, ...OPAQUE)), '10.0.0.0/8[50/opaque]');
  assert.equal(formatSelector(selector('10.0.0.0/8', 0, 5, 6)), '10.0.0.0/8[any/5-6]');
  assert.equal(formatSelector(range('10.0.0.1', '10.0.0.9')), '10.0.0.1-10.0.0.9');
});
