import { test } from 'node:test';
import assert from 'node:assert/strict';
import { concat } from '../../../core/lib/bytes.ts';
import { parsePacket, type PacketView } from '../../../core/net/packet-view.ts';
import { ruleMatches, ruleMatchesIcmpError, type TrafficRule } from '../../../core/ipsec/traffic.ts';
import { proves } from '../../conformance/tag.ts';
import { packet, selector, type PacketFields } from '../net/packets.ts';

const RULE: TrafficRule = {
  local: [selector('10.0.0.1/32')],
  remote: [selector('10.1.0.0/16'), selector('192.168.7.0/24')],
};

function view(fields: PacketFields): PacketView {
  const bytes = packet(fields);
  const parsed = parsePacket(bytes, 0, bytes.length);
  assert.ok(parsed);
  return parsed;
}

test('the direction decides which side is the source', () => {
  const out = view({ source: '10.0.0.1', destination: '10.1.2.3' });
  const back = view({ source: '10.1.2.3', destination: '10.0.0.1' });
  assert.ok(ruleMatches(RULE, out, 'out'));
  assert.ok(!ruleMatches(RULE, out, 'in'));
  assert.ok(ruleMatches(RULE, back, 'in'));
  assert.ok(!ruleMatches(RULE, back, 'out'));
});

test('any local selector may meet any remote one, and both must be met', () => {
  assert.ok(ruleMatches(RULE, view({ source: '10.0.0.1', destination: '192.168.7.255' }), 'out'));
  assert.ok(!ruleMatches(RULE, view({ source: '10.0.0.1', destination: '192.168.8.0' }), 'out'));
  assert.ok(!ruleMatches(RULE, view({ source: '10.0.0.2', destination: '10.1.2.3' }), 'out'));
});

test('an empty side matches nothing', () => {
  const any = view({ source: '10.0.0.1', destination: '10.1.2.3' });
  assert.ok(!ruleMatches({ local: [], remote: RULE.remote }, any, 'out'));
  assert.ok(!ruleMatches({ local: RULE.local, remote: [] }, any, 'out'));
});

test('ports are local and remote, not source and destination', () => {
  const web: TrafficRule = {
    local: [selector('10.0.0.1/32', 6)],
    remote: [selector('10.1.0.0/16', 6, 443, 443)],
  };
  const request = { source: '10.0.0.1', destination: '10.1.2.3', protocol: 6 };
  const answer = { source: '10.1.2.3', destination: '10.0.0.1', protocol: 6 };
  assert.ok(ruleMatches(web, view({ ...request, destinationPort: 443 }), 'out'));
  assert.ok(!ruleMatches(web, view({ ...request, destinationPort: 80, sourcePort: 443 }), 'out'));
  assert.ok(ruleMatches(web, view({ ...answer, sourcePort: 443, destinationPort: 50000 }), 'in'));
  assert.ok(!ruleMatches(web, view({ ...answer, sourcePort: 80, destinationPort: 443 }), 'in'));
});

test(
  'the ICMP types that we may send and those that we may receive are set apart',
  proves('RFC4301-4.4.1.1-x5', 'does'),
  () => {
    // RFC 4301 section 4.4.1.3, case C: echo requests may be sent, none received; replies the other way round.
    const rule: TrafficRule = {
      local: [selector('10.0.0.1/32', 1, 0x0800, 0x08ff)],
      remote: [selector('10.1.0.0/16', 1, 0x0000, 0x00ff)],
    };
    const message = (type: number): Uint8Array => Uint8Array.of(type, 0, 0, 0, 0, 0, 0, 0);
    const out = { source: '10.0.0.1', destination: '10.1.2.3', protocol: 1 };
    const back = { source: '10.1.2.3', destination: '10.0.0.1', protocol: 1 };
    assert.ok(ruleMatches(rule, view({ ...out, payload: message(8) }), 'out'));
    assert.ok(!ruleMatches(rule, view({ ...out, payload: message(0) }), 'out'));
    assert.ok(ruleMatches(rule, view({ ...back, payload: message(0) }), 'in'));
    assert.ok(!ruleMatches(rule, view({ ...back, payload: message(8) }), 'in'));
  },
);

/** An ICMP "fragmentation needed" of a router about a packet. */
function tooBig(source: string, destination: string, about: Uint8Array): PacketView {
  return view({
    source,
    destination,
    protocol: 1,
    payload: concat(Uint8Array.of(3, 4, 0, 0, 0, 0, 5, 0), about.subarray(0, 28)),
  });
}

const SENT = packet({ source: '10.0.0.1', destination: '10.1.2.3', protocol: 6 });
const RECEIVED = packet({ source: '10.1.2.3', destination: '10.0.0.1', protocol: 6 });

test('a router may report about a packet that we sent', proves('RFC4301-6.2-x3', 'does'), () => {
  assert.ok(ruleMatchesIcmpError(RULE, tooBig('203.0.113.9', '10.0.0.1', SENT), 'in'));
});

test(
  'a report about a packet that is not of the rule is no traffic of it',
  proves('RFC4301-6.2-x4', 'refuses'),
  () => {
    const other = packet({ source: '10.0.0.1', destination: '172.16.0.1', protocol: 6 });
    assert.ok(!ruleMatchesIcmpError(RULE, tooBig('203.0.113.9', '10.0.0.1', other), 'in'));
    assert.ok(!ruleMatchesIcmpError(RULE, tooBig('203.0.113.9', '10.0.0.1', RECEIVED), 'in'));
  },
);

test(
  'a report goes to the sender of the packet and to nobody else',
  proves('RFC4301-6.2-x4', 'refuses'),
  () => {
    assert.ok(!ruleMatchesIcmpError(RULE, tooBig('203.0.113.9', '10.0.0.2', SENT), 'in'));
  },
);

test('we may report about a packet that we received', proves('RFC4301-6.2-x2', 'does'), () => {
  assert.ok(ruleMatchesIcmpError(RULE, tooBig('10.0.0.99', '10.1.2.3', RECEIVED), 'out'));
  assert.ok(!ruleMatchesIcmpError(RULE, tooBig('10.0.0.99', '10.1.2.3', SENT), 'out'));
});

test('a message that is no error has nothing to report', () => {
  const echo = view({
    source: '203.0.113.9',
    destination: '10.0.0.1',
    protocol: 1,
    payload: concat(Uint8Array.of(8, 0, 0, 0, 0, 0, 0, 0), SENT),
  });
  assert.ok(!ruleMatchesIcmpError(RULE, echo, 'in'));
});
