/**
 * The client with everything in the tunnel, the way to the gateway included, on a machine that reaches the gateway
 * only by its default route: its own packets must still leave, whatever happens.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { ProfileInput } from '../../core/contract/profile.ts';
import { Causeway } from '../interop/causeway.ts';
import { assertNoPing, assertPings } from '../interop/traffic.ts';
import { GatewayProcess } from '../support/gateway/spawn.ts';
import { NetLab, type Namespace, waitFor } from '../support/netns.ts';
import { issue, makeCa } from '../support/pki-factory.ts';

/*
 *   client --------------- provider --------------- gateway, with the office behind it
 *   198.51.100.7           192.0.2.80 (a site)       203.0.113.1     10.1.0.5
 *   2001:db8:1::7          2001:db8:80::80           2001:db8:2::1   fd01::5
 */
const OWN = '198.51.100.7';
const OWN_6 = '2001:db8:1::7';
const SITE = '192.0.2.80';
const SITE_6 = '2001:db8:80::80';
const OFFICE = '10.1.0.5';
const OFFICE_6 = 'fd01::5';
const GATEWAY = { 4: '203.0.113.1', 6: '2001:db8:2::1' } as const;
const NAME = 'vpn.example.com';
const PASSWORD = 'the password';

const authority = makeCa({ name: 'Office authority', key: 'p256' });
const certificate = issue(authority, { subject: `CN=${NAME}`, san: [{ dns: NAME }], key: 'p256' });

let lab: NetLab;
let client: Namespace;
let provider: Namespace;
let gateway: Namespace;
let program: GatewayProcess | undefined;

before(async () => {
  lab = NetLab.create('full');
  [client, provider, gateway] = [
    lab.namespace('client'),
    lab.namespace('provider'),
    lab.namespace('gateway'),
  ];
  lab.link(client, provider, {
    addrA: [`${OWN}/24`, `${OWN_6}/64`],
    addrB: ['198.51.100.1/24', '2001:db8:1::1/64'],
  });
  lab.link(provider, gateway, {
    addrA: ['203.0.113.254/24', '2001:db8:2::fe/64'],
    addrB: [`${GATEWAY[4]}/24`, `${GATEWAY[6]}/64`],
    names: ['office', 'outside'],
  });
  for (const [place, ...addresses] of [
    [provider, SITE, SITE_6],
    [gateway, OFFICE, OFFICE_6],
  ] as const) {
    for (const address of addresses) place.ip('address', 'add', address, 'dev', 'lo');
  }
  lab.forward(provider);
  lab.forward(gateway);
  lab.masquerade(gateway, 'outside');
  for (const [place, ...via] of [
    [client, '198.51.100.1', '2001:db8:1::1'],
    [gateway, '203.0.113.254', '2001:db8:2::fe'],
  ] as const) {
    for (const router of via) lab.route(place, 'default', 'via', router);
  }
  // Nothing but the tunnel leads to the site: who asks from the client's own address gets no answer.
  provider.nft(
    `table inet site {
      chain in {
        type filter hook input priority 0
        ip saddr ${OWN} ip daddr ${SITE} drop
        ip6 saddr ${OWN_6} ip6 daddr ${SITE_6} drop
      }
    }\n`,
  );
  program = await GatewayProcess.start(gateway, {
    addresses: [GATEWAY[4], GATEWAY[6]],
    identity: NAME,
    certificates: certificate.pem,
    privateKey: certificate.keyPem,
    authorities: authority.pem,
    users: { alice: { password: PASSWORD } },
    pools: ['10.9.0.0/24', 'fd09::/64'],
  });
});
after(async () => {
  await program?.stop();
  lab.destroy();
});

function profile(changes: Partial<ProfileInput> = {}): ProfileInput {
  return {
    version: 1,
    name: 'Office',
    gateway: { address: NAME, authorities: authority.pem },
    user: { method: 'eap-mschapv2', username: 'alice' },
    retransmit: { timeoutSeconds: 5 },
    ...changes,
  };
}

function start(changes: Partial<ProfileInput> = {}): Causeway {
  return Causeway.start(client, profile(changes), { secret: PASSWORD });
}

/** The name stands for the gateway's address of that family, without a name server. */
function named(family: 4 | 6): void {
  client.etc('resolv.conf', '# no name servers\n');
  client.etc('hosts', `127.0.0.1 localhost\n${GATEWAY[family]} ${NAME}\n`);
}

/** Whether a ping with `octets` of data, which may not be divided when `whole`, comes back from the office. */
async function pings(octets: number, whole: boolean): Promise<boolean> {
  const size = ['-s', String(octets), ...(whole ? ['-M', 'do'] : [])];
  const { status } = await client.execAsync(['/bin/ping', '-n', '-q', '-c', '1', '-W', '2', ...size, OFFICE]);
  return status === 0;
}

/** What of a tunnel is on the client. */
function left(): string {
  return [
    client.ip('-o', 'link', 'show', 'type', 'tun'),
    ...['15510', '15511'].flatMap((pref) =>
      ['-4', '-6'].map((family) => client.ip(family, 'rule', 'show', 'pref', pref)),
    ),
    client.nft('list ruleset\n'),
  ].join('');
}

async function during(changes: Partial<ProfileInput>, use: (one: Causeway) => Promise<void>): Promise<void> {
  const one = start(changes);
  try {
    await one.connected();
    await use(one);
  } catch (error) {
    throw new Error(one.said(), { cause: error });
  } finally {
    await one.stop();
  }
  assert.equal(left(), '');
}

const answers = (): number => (program?.events ?? []).filter(({ event }) => event === 'answered').length;

describe('everything in the tunnel', () => {
  for (const family of [4, 6] as const) {
    for (const filter of family === 4 ? ['loose', 'strict'] : ['none']) {
      test(`over IPv${family} (reverse path filter: ${filter}) carries both families, and IKE beside them`, async () => {
        named(family);
        client.sysctl('net.ipv4.conf.all.rp_filter', filter === 'strict' ? 1 : 0);
        await assertNoPing(client, SITE);
        await assertNoPing(client, SITE_6);
        await during({}, async () => {
          for (const host of [OFFICE, OFFICE_6, SITE, SITE_6]) await assertPings(client, host, 1);
          const before = answers();
          program?.command('liveness');
          await waitFor(() => answers() > before, 3_000, 'an answer to a sign of life');
        });
        await assertNoPing(client, OFFICE);
      });
    }
  }

  test('comes back after a crash that undid nothing, by the name of the gateway', async () => {
    named(4);
    const first = start();
    await first.connected();
    first.child.kill('SIGKILL');
    await first.ended();
    assert.notEqual(left(), '', 'something was left to undo');
    await during({}, () => assertPings(client, SITE, 1));
  });

  test('with an MTU below that of IPv6 carries packets up to it', async () => {
    named(4);
    await during({ tunnel: { addresses: ['ipv4'], mtu: 576 } }, async () => {
      await assertPings(client, OFFICE, 1);
      assert.equal(await pings(548, true), true);
      assert.equal(await pings(549, true), false, 'longer than the MTU');
      assert.equal(await pings(3_000, false), true, 'in fragments');
    });
  });
});

describe('a device that somebody takes away', () => {
  for (const [what, command] of [
    ['deletes', ['link', 'delete']],
    ['takes down', ['link', 'set', 'down', 'dev']],
  ] as const) {
    test(`one that an administrator ${what} ends the connection in order`, async () => {
      named(4);
      const one = start({ tunnel: { remote: ['10.1.0.0/16'], addresses: ['ipv4'] } });
      try {
        const { tun, addresses } = await one.connected();
        await assertPings(client, OFFICE, 1);
        client.ip(...command, tun);
        // A device that is down is noticed when a packet is for it.
        gateway.exec(['/bin/ping', '-n', '-q', '-c', '1', '-W', '0.2', '-I', OFFICE, addresses[0] ?? '']);
        const { status } = await one.ended();
        assert.equal(status, 10);
        const failed = one.events.find(({ event }) => event === 'failed');
        assert.equal(failed?.event === 'failed' && failed.failure.code, 'platform.tun-failed');
      } catch (error) {
        throw new Error(one.said(), { cause: error });
      } finally {
        await one.stop();
      }
      assert.equal(left(), '');
    });
  }
});
