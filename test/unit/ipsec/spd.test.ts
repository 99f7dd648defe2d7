import { test } from 'node:test';
import assert from 'node:assert/strict';
import { concat } from '../../../core/lib/bytes.ts';
import { parsePacket, type PacketView } from '../../../core/net/packet-view.ts';
import { ANYTHING, Spd, type Policy } from '../../../core/ipsec/spd.ts';
import { proves } from '../../conformance/tag.ts';
import { packet, selector, type PacketFields } from '../net/packets.ts';

function view(fields: PacketFields): PacketView {
  const bytes = packet(fields);
  const parsed = parsePacket(bytes, 0, bytes.length);
  assert.ok(parsed);
  return parsed;
}

function spd(...policies: Policy[]): Spd {
  const database = new Spd();
  database.set(policies);
  return database;
}

const PRINTER: Policy = { action: 'bypass', local: ANYTHING, remote: [selector('10.9.0.7/32')] };
const BRANCH: Policy = { action: 'discard', local: ANYTHING, remote: [selector('10.9.0.0/16')] };
const OFFICE: Policy = {
  action: 'protect',
  childId: 1,
  local: [selector('10.0.0.1/32')],
  remote: [selector('10.0.0.0/8')],
};

function to(destination: string): PacketView {
  return view({ source: '10.0.0.1', destination });
}

test(
  'the first entry that matches decides',
  proves(
    ['RFC4301-4.4.1-1', 'does'],
    ['RFC4301-4.4.1-4', 'does'],
    ['RFC4301-4.4.1-x4', 'does'],
    ['RFC4301-4.4.1-x6', 'does'],
  ),
  () => {
    const database = spd(PRINTER, BRANCH, OFFICE);
    assert.equal(database.match(to('10.9.0.7'), 'out'), PRINTER);
    assert.equal(database.match(to('10.9.0.8'), 'out'), BRANCH);
    assert.equal(database.match(to('10.8.0.8'), 'out'), OFFICE);
  },
);

test('the order of the entries is the order of the decision', proves('RFC4301-4.4.1-4', 'does'), () => {
  const database = spd(OFFICE, BRANCH, PRINTER);
  assert.equal(database.match(to('10.9.0.7'), 'out'), OFFICE);
});

test('nothing matches what no entry speaks of', proves('RFC4301-5-x1', 'refuses'), () => {
  assert.equal(spd().match(to('10.8.0.8'), 'out'), undefined);
  assert.equal(spd(PRINTER, BRANCH, OFFICE).match(to('192.0.2.1'), 'out'), undefined);
});

test('an entry for anything matches both families', () => {
  const all: Policy = { action: 'discard', local: ANYTHING, remote: ANYTHING };
  assert.equal(spd(all).match(to('192.0.2.1'), 'out'), all);
  assert.equal(spd(all).match(view({ source: '2001:db8::1', destination: 'ff02::1' }), 'in'), all);
});

test('the entries count for both directions', () => {
  const database = spd(BRANCH, OFFICE);
  assert.equal(database.match(view({ source: '10.9.0.8', destination: '10.0.0.1' }), 'in'), BRANCH);
  assert.equal(database.match(view({ source: '10.8.0.8', destination: '10.0.0.1' }), 'in'), OFFICE);
});

test(
  'fragments that show no ports match by address and protocol alone',
  proves('RFC4301-7.4-x1', 'does'),
  () => {
    const web: Policy = {
      action: 'protect',
      childId: 2,
      local: ANYTHING,
      remote: [selector('10.0.0.0/8', 6, 443, 443)],
    };
    const rest: Policy = { action: 'discard', local: ANYTHING, remote: [selector('10.0.0.0/8')] };
    const later = view({ source: '10.0.0.1', destination: '10.1.1.1', protocol: 6, fragment: 100 });
    assert.equal(spd(web, rest).match(later, 'out'), rest);
  },
);

test(
  'an ICMP error follows the packet that it is about only when no entry speaks of itself',
  proves('RFC4301-6.2-x3', 'does'),
  () => {
    const about = packet({ source: '10.0.0.1', destination: '10.8.0.8' });
    const error = view({
      source: '203.0.113.9',
      destination: '10.0.0.1',
      protocol: 1,
      payload: concat(Uint8Array.of(11, 0, 0, 0, 0, 0, 0, 0), about),
    });
    assert.equal(spd(OFFICE).match(error, 'in'), OFFICE);
    const noStrangers: Policy = { action: 'discard', local: ANYTHING, remote: [selector('203.0.113.0/24')] };
    assert.equal(spd(OFFICE, noStrangers).match(error, 'in'), noStrangers);
    assert.equal(spd({ ...OFFICE, action: 'bypass' }).match(error, 'in'), undefined);
  },
);

test('setting entries replaces all of them', () => {
  const database = spd(OFFICE);
  database.set([BRANCH]);
  assert.equal(database.match(to('10.8.0.8'), 'out'), undefined);
});
