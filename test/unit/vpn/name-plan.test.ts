import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseProfile, type Profile, type ProfileInput } from '../../../core/contract/profile.ts';
import { formatAddress } from '../../../core/net/address.ts';
import { planNames, takenServers } from '../../../core/vpn/name-plan.ts';
import { planPolicy } from '../../../core/vpn/policy-plan.ts';
import { type Shape, TAKES_ALL } from '../../../core/vpn/tunnel-plan.ts';
import type { SplitPolicy } from '../../../core/net/policy/model.ts';
import { withNameServers } from '../../../core/net/policy/model.ts';
import { EVERYTHING, granted, ip, rule } from '../net/policy/rules.ts';

const GIVEN = { dnsServers: [ip('10.1.0.53')], searchDomains: ['corp.example'] };
const NO_DOMAINS = { ...GIVEN, searchDomains: [] };
const ALL = shape('0.0.0.0/0', '::/0');
const OFFICE = shape('10.0.0.0/8');

function shape(...prefixes: readonly string[]): Shape {
  const made = TAKES_ALL.shape(granted(...prefixes), [], []);
  assert.ok(made.ok);
  return made.value;
}

function byPolicy(policy: SplitPolicy): Shape {
  const plan = planPolicy({ policy, granted: EVERYTHING, names: [], lan: true });
  assert.ok(plan.ok);
  return { routes: plan.value.routes, policy: plan.value };
}

function profile(dns: ProfileInput['dns']): Profile {
  const parsed = parseProfile({
    version: 1,
    name: 'Office',
    gateway: { address: 'vpn.example.com' },
    user: { method: 'eap-mschapv2', username: 'alice' },
    ...(dns ? { dns } : {}),
  });
  assert.ok(parsed.ok);
  return parsed.value;
}

function planned(given: typeof GIVEN, made: Shape, dns?: ProfileInput['dns'], follows = false) {
  const plan = planNames(profile(dns), given, { shape: made, device: 'causeway0', follows });
  const { servers, matchDomains, searchDomains, fullTunnel } = plan.dns;
  return {
    servers: servers.map(formatAddress),
    match: matchDomains,
    search: searchDomains,
    full: fullTunnel,
    outside: plan.outside.map(formatAddress),
    owns: plan.ownsNames,
    required: plan.isRequired,
  };
}

const PLAIN = {
  servers: ['10.1.0.53'],
  match: [],
  search: ['corp.example'],
  full: false,
  outside: [],
  owns: false,
  required: false,
};

describe('whom names are asked of', () => {
  test('is the gateway’s servers: for its domains in a tunnel to the office, for every name in one of everything', () => {
    assert.deepEqual(planned(GIVEN, OFFICE), PLAIN);
    assert.deepEqual(planned(GIVEN, ALL), { ...PLAIN, full: true, owns: true, required: true });
    assert.deepEqual(planned(GIVEN, shape('0.0.0.0/1', '128.0.0.0/1')).owns, true);
    assert.deepEqual(planned(GIVEN, shape('2000::/3')).servers, []);
  });

  test('is them for every name when nobody can tell which are the office’s, but nobody else is refused', () => {
    assert.deepEqual(planned(NO_DOMAINS, OFFICE), { ...PLAIN, search: [], full: true });
  });

  test('is what the profile says in place of what the gateway says', () => {
    const dns = { servers: ['10.9.9.9'], domains: ['Lab.Test', '10.in-addr.arpa'] };
    assert.deepEqual(planned(GIVEN, OFFICE, dns), {
      ...PLAIN,
      servers: ['10.9.9.9'],
      match: ['lab.test', '10.in-addr.arpa'],
      search: [],
    });
    assert.deepEqual(planned(GIVEN, ALL, { use: 'none' }), {
      ...PLAIN,
      servers: [],
      full: true,
    });
  });

  test('is nobody whose questions would go past the tunnel', () => {
    const given = { ...GIVEN, dnsServers: [ip('8.8.8.8'), ip('10.1.0.53')] };
    assert.deepEqual(planned(given, OFFICE), { ...PLAIN, outside: ['8.8.8.8'] });
    const past = byPolicy({ rules: [rule(1, 'bypass', '10.1.0.53')], otherwise: 'gateway' });
    assert.deepEqual(planned(GIVEN, past).outside, ['10.1.0.53']);
  });

  test('follows the policy: what nobody names decides whether the tunnel takes every name', () => {
    const few: SplitPolicy = { rules: [rule(1, 'protect', '10.0.0.0/8')], otherwise: 'bypass' };
    assert.equal(planned(GIVEN, byPolicy(few)).full, false);
    assert.equal(planned(GIVEN, byPolicy({ ...few, otherwise: 'block' })).owns, true);
    const most: SplitPolicy = { rules: [rule(1, 'bypass', '198.51.100.0/24')], otherwise: 'gateway' };
    assert.equal(planned(GIVEN, byPolicy(most)).owns, true);
  });

  test('is not left to the last word of a policy: servers behind the gateway belong into the tunnel', () => {
    const policy: SplitPolicy = { rules: [rule(1, 'protect', '*.corp.example')], otherwise: 'bypass' };
    assert.deepEqual(planned(GIVEN, byPolicy(policy)).servers, []);
    const servers = takenServers(GIVEN.dnsServers, EVERYTHING);
    assert.deepEqual(planned(GIVEN, byPolicy(withNameServers(policy, servers))).servers, ['10.1.0.53']);
    assert.deepEqual(takenServers(GIVEN.dnsServers, granted('192.168.0.0/16')), []);
  });

  test('is needed where names have to be known, also without any server of the tunnel', () => {
    const { servers, required } = planned({ dnsServers: [], searchDomains: [] }, OFFICE, undefined, true);
    assert.deepEqual([servers, required], [[], true]);
  });

  test('passes over domains that are none', () => {
    const given = { ...GIVEN, searchDomains: ['corp.example', 'a b', 'x\nnameserver 6.6.6.6', ''] };
    assert.deepEqual(planned(given, OFFICE), PLAIN);
  });
});
