/** What a connection does about names, in which order, and what it makes of it when that cannot be done. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { failure } from '../../../core/lib/failure.ts';
import { formatAddress } from '../../../core/net/address.ts';
import type { PolicyRule } from '../../../core/net/policy/model.ts';
import { Rig, type RigOptions } from '../../support/connection-rig.ts';
import type { FakeDns } from '../../support/fake-ports.ts';
import { address } from '../../support/gateway/index.ts';

const READ_ONLY = failure('platform.dns-failed', {
  command: 'write /etc/resolv.conf',
  detail: 'EROFS: read-only file system',
});
const OFFICE = { tunnel: { remote: ['10.1.0.0/16', 'fd01::/48'] }, dns: { domains: ['corp.example'] } };

function rig(options: RigOptions = {}): { rig: Rig; dns: FakeDns } {
  const made = new Rig({ names: true, ...options });
  const { dns } = made.laptop;
  assert.ok(dns);
  return { rig: made, dns };
}

const CDN: PolicyRule = {
  number: 1,
  action: 'bypass',
  destinations: [{ kind: 'suffix', name: 'cdn.test' }],
};

const hostCalls = ({ laptop }: Rig): string[] =>
  laptop.calls.filter((call) => /^(routes|names|tun) /.test(call) && call !== 'tun opened');

describe('names of a connection', () => {
  test('are looked up through it once its routes stand, and as before when they have not gone yet', async () => {
    const { rig: made, dns } = rig();
    await made.connected();
    assert.deepEqual(hostCalls(made), ['routes applied', 'names applied']);
    const [plan] = dns.plans;
    assert.deepEqual(plan?.servers.map(formatAddress), ['10.1.0.53', 'fd01::53']);
    assert.deepEqual([plan.fullTunnel, plan.tun.name, plan.follows], [true, 'causeway0', false]);
    const { dns: told, allNames } = made.event('connected') ?? {};
    assert.deepEqual([told, allNames], [['10.1.0.53', 'fd01::53'], true]);
    void made.connection.stop('at-once');
    await made.settle();
    assert.deepEqual(hostCalls(made).slice(2), ['names cleared', 'routes cleared', 'tun closed']);
  });

  test('are not asked for again while nothing about them is different', async () => {
    const { rig: made } = rig();
    await made.connected();
    assert.equal(await made.connection.protect({}), undefined);
    assert.deepEqual(hostCalls(made), ['routes applied', 'names applied', 'routes applied']);
  });

  test('of a tunnel that takes everything are needed: without them there is no connection', async () => {
    const { rig: made, dns } = rig();
    dns.applying = READ_ONLY;
    await made.start().settle();
    await made.advance(30_000);
    assert.equal(made.failureCode, 'platform.dns-failed');
    assert.deepEqual(made.laptop.open, []);
    assert.match(made.event('failed')?.failure.next ?? '', /"use": "none"/);
  });

  test('of some domains are missed with a warning, and the rest of the connection stands', async () => {
    const { rig: made, dns } = rig({ profile: OFFICE });
    dns.applying = READ_ONLY;
    await made.connected();
    const warning = made.event('warning');
    assert.equal(warning?.code, 'names-not-set');
    assert.match(warning.message, /EROFS.*Tell IT/);
    assert.deepEqual(made.event('connected')?.dns, []);
    // It is tried again with the next occasion.
    dns.applying = 'well';
    await made.connection.protect({});
    assert.equal(dns.plans.length, 2);
  });

  test('that could not be set, nor put back then, are put back at the end', async () => {
    const { rig: made, dns } = rig({ profile: OFFICE });
    await made.connected();
    dns.applying = READ_ONLY;
    await made.connection.protect({ policy: { otherwise: 'gateway', rules: [CDN] } });
    void made.connection.stop('at-once');
    await made.settle();
    assert.deepEqual(hostCalls(made).slice(-3), ['names cleared', 'routes cleared', 'tun closed']);
  });

  test('are nobody’s business when the profile says so', async () => {
    const { rig: made, dns } = rig({ profile: { dns: { use: 'none' } } });
    await made.connected();
    assert.deepEqual([dns.plans, made.event('warning')], [[], undefined]);
  });

  test('are not asked of a server that is not behind the gateway, and a warning says so', async () => {
    const { rig: made, dns } = rig({
      profile: { dns: { servers: ['198.51.100.53'] }, tunnel: { remote: ['10.1.0.0/16'] } },
    });
    await made.connected();
    assert.deepEqual(dns.plans, []);
    assert.equal(made.event('warning')?.code, 'name-server-outside');
  });

  test('that a rule speaks of wait for routes to their addresses', async () => {
    const { rig: made, dns } = rig();
    await made.connected();
    assert.equal(
      await made.connection.protect({
        policy: {
          otherwise: 'gateway',
          rules: [CDN],
        },
      }),
      undefined,
    );
    assert.equal(dns.plans.at(-1)?.follows, true);
    assert.equal(made.connection.lookups.follower.follows, true);
    const before = made.laptop.routes.plans.length;
    await dns.answer([
      { name: 'a.cdn.test', aliases: [], address: address('198.51.100.80'), ttlSeconds: 60 },
    ]);
    assert.equal(made.laptop.routes.plans.length, before + 1);
    await dns.answer([
      { name: 'other.test', aliases: [], address: address('198.51.100.81'), ttlSeconds: 60 },
    ]);
    assert.equal(made.laptop.routes.plans.length, before + 1);
  });
});
