import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { policySchema, type PolicyInput } from '../../../core/contract/policy.ts';
import { parseProfile } from '../../../core/contract/profile.ts';
import { type Asked, explanationOf } from '../../../core/daemon/explanation.ts';
import type { PolicyExplanation } from '../../../core/contract/daemon-api.ts';
import { EVERYTHING, ip } from '../net/policy/rules.ts';

const parsed = parseProfile({
  version: 1,
  name: 'Office',
  gateway: { address: 'vpn.example.com' },
  user: { method: 'eap-mschapv2', username: 'alice' },
});
assert.ok(parsed.ok);
const { value: profile } = parsed;
const RULES: PolicyInput['rules'] = [
  { action: 'block', to: ['ads.cdn.test'] },
  { action: 'bypass', to: ['*.cdn.test'] },
];

async function explained(
  destination: Asked['destination'],
  more: Partial<Asked> = {},
  written: Omit<PolicyInput, 'version'> = { rules: RULES },
): Promise<PolicyExplanation> {
  const told = await explanationOf({
    profile,
    policy: policySchema.parse({ version: 1, ...written }),
    lan: true,
    destination,
    connection: undefined,
    routeOf: (address, past) => Promise.resolve(`${address} ${past}`),
    lookUp: (name) => Promise.resolve(name.endsWith('www.cdn.test') ? [ip('192.0.2.7')] : []),
    ...more,
  });
  assert.ok(told.ok);
  return told.value;
}

const UP: Asked['connection'] = {
  tunnel: { name: 'causeway0', granted: EVERYTHING },
  lookups: {
    follower: {
      known: [
        { name: 'ads.cdn.test', address: ip('192.0.2.9') },
        { name: 'img.cdn.test', address: ip('192.0.2.9') },
        { name: 'img.cdn.test', address: ip('192.0.2.10') },
      ],
      addressesOf: (name) => (name === 'img.cdn.test' ? [ip('192.0.2.9'), ip('192.0.2.10')] : []),
    },
    names: {
      standing: {
        tun: { name: 'causeway0' },
        servers: [ip('10.1.0.53')],
        matchDomains: ['corp.test'],
        searchDomains: [],
        fullTunnel: false,
        follows: true,
      },
    },
  },
};

describe('what happens to a name', () => {
  test('is what happens to the addresses that it has when it is looked up', async () => {
    const { decisions, interface: way, name } = await explained('WWW.cdn.test');
    assert.deepEqual([decisions[0]?.effective, decisions[0]?.rule], ['bypass', 2]);
    assert.equal(way, '192.0.2.7 true');
    assert.deepEqual(name, {
      addresses: [{ address: '192.0.2.7', effective: 'bypass' }],
      rules: [2],
      servers: [],
    });
  });

  test('is nothing while it has no address, and the rules that speak of it are told', async () => {
    const { decisions, interface: way, name } = await explained('ads.cdn.test');
    assert.deepEqual([decisions, way], [[], null]);
    assert.deepEqual(name, { addresses: [], rules: [1, 2], servers: [] });
  });

  test('follows what is known now, each address by the first rule that speaks of any of its names', async () => {
    const { name } = await explained('img.cdn.test', { connection: UP });
    assert.deepEqual(name?.addresses, [
      { address: '192.0.2.9', effective: 'block' },
      { address: '192.0.2.10', effective: 'bypass' },
    ]);
    assert.deepEqual((await explained(ip('192.0.2.9'), { connection: UP })).decisions[0]?.rule, 1);
  });

  test('tells who is asked for it, and why a name server is reached', async () => {
    assert.deepEqual((await explained('wiki.corp.test', { connection: UP })).name?.servers, ['10.1.0.53']);
    assert.deepEqual((await explained('www.cdn.test', { connection: UP })).name?.servers, []);
    const { decisions } = await explained(ip('10.1.0.53'), { connection: UP }, { otherwise: 'bypass' });
    assert.deepEqual([decisions[0]?.effective, decisions[0]?.reason], ['protect', 'name-server']);
  });
});
