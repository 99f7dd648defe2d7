import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import type { ConnectedEvent } from '../../core/contract/snapshot.ts';
import { proves } from '../conformance/tag.ts';
import { waitFor } from '../support/netns.ts';
import type { GatewayOptions } from '../support/strongswan.ts';
import { openHalfway } from './half-open.ts';
import { DIRECT, DIRECT_V6, GATEWAY_NAME, LAN_HOST, LAN_HOST_V6, NATTED } from './lab.ts';
import {
  BY_PASSWORD,
  byCertificate,
  gatewayAt,
  openOffice,
  passwordProfile,
  serverCertificate,
  type Office,
} from './office.ts';
import { assertDownload, assertNoPing, assertPings, assertUpload, startWebHost } from './traffic.ts';

const TRANSFER_LENGTH = 50_000_000;

let office: Office;
before(async () => {
  // At level 2 the log of the network layer tells of cookies.
  office = await openOffice('network', { settings: { filelog: { all: { net: 2 } } } });
});
after(async () => {
  await office.close();
});

function configure(changes: Partial<GatewayOptions> = {}): Promise<void> {
  return office.gateway.configure({
    gateway: byCertificate(serverCertificate('p256')),
    client: BY_PASSWORD,
    ...changes,
  });
}

async function assertBothFamilies(connected: ConnectedEvent): Promise<void> {
  assert.deepEqual(connected.addresses, ['10.60.0.1', 'fd60::1']);
  await assertPings(office.net.client, LAN_HOST);
  await assertPings(office.net.client, LAN_HOST_V6);
}

test(
  'a gateway reached straight sees the client at its own address',
  proves(['RFC7296-2.19-1', 'does'], ['RFC3948-1-1', 'does']),
  async () => {
    await configure();
    await office.during(passwordProfile(), async ({ connected }) => {
      await assertBothFamilies(connected);
      assert.equal((await office.gateway.sa()).remoteHost, '192.0.2.2');
    });
  },
);

test('a gateway known by name is found', async () => {
  await configure();
  await office.during(passwordProfile({ gateway: gatewayAt(GATEWAY_NAME) }), async ({ connected }) => {
    await assertBothFamilies(connected);
    assert.equal(connected.gateway.address, DIRECT);
  });
});

test(
  'a gateway behind a NAT is reached over port 4500, and the NAT is noticed',
  proves(
    ['RFC7296-2.23-2', 'does'],
    ['RFC7296-2.23-3', 'does'],
    ['RFC7296-2.23-8', 'does'],
    ['RFC3948-2.1-2', 'does'],
  ),
  async () => {
    await configure({ encap: false });
    await office.during(passwordProfile({ gateway: gatewayAt(NATTED) }), async ({ connected }) => {
      await assertBothFamilies(connected);
      assert.equal(connected.nat, true);
      assert.equal(connected.gateway.port, 4500);
      const sa = await office.gateway.sa();
      assert.equal(sa.remoteHost, '203.0.113.1');
      assert.equal(sa.children[0]?.udpEncapsulated, true);
    });
  },
);

test('a gateway is reached over IPv6, and both families go through that tunnel', async () => {
  await configure();
  await office.during(passwordProfile({ gateway: gatewayAt(DIRECT_V6) }), async ({ connected }) => {
    await assertBothFamilies(connected);
    assert.equal((await office.gateway.sa()).remoteHost, '2001:db8:2::2');
  });
});

for (const [family, pool, own, other] of [
  ['IPv4', '10.60.0.0/24', LAN_HOST, LAN_HOST_V6],
  ['IPv6', 'fd60::/120', LAN_HOST_V6, LAN_HOST],
] as const) {
  test(`a gateway that gives only an ${family} address is used for that family alone`, async () => {
    await configure({ pools: [pool], localTs: [family === 'IPv4' ? '0.0.0.0/0' : '::/0'] });
    await office.during(passwordProfile(), async ({ connected }) => {
      assert.equal(connected.addresses.length, 1);
      await assertPings(office.net.client, own);
      await assertNoPing(office.net.client, other);
    });
  });
}

test('selectors that the gateway narrows are taken as they are granted', async () => {
  await configure({ localTs: ['10.50.0.0/28', 'fd50::/64'] });
  await office.during(passwordProfile(), async ({ connected }) => {
    assert.deepEqual(connected.selectors.remote, ['10.50.0.0/28', 'fd50::/64']);
    await assertBothFamilies(connected);
    await assertNoPing(office.net.client, '10.50.0.100');
  });
});

test('a profile that wants one network asks for that one alone', async () => {
  await configure();
  const tunnel = { remote: ['10.50.0.0/24'], addresses: ['ipv4' as const] };
  await office.during(passwordProfile({ tunnel }), async ({ connected }) => {
    assert.deepEqual(connected.selectors.remote, ['10.50.0.0/24']);
    await assertPings(office.net.client, LAN_HOST);
    assert.deepEqual((await office.gateway.sa()).children[0]?.localTs, ['10.50.0.0/24']);
  });
});

test('the name servers that the gateway gives are reported', async () => {
  await configure({ dns: ['10.50.0.53', 'fd50::53'] });
  await office.during(passwordProfile(), ({ connected }) => {
    assert.deepEqual(connected.dns, ['10.50.0.53', 'fd50::53']);
    return Promise.resolve();
  });
});

test(
  'a gateway that wants another group is answered with a key of that group',
  proves('RFC7296-1.2-5', 'does'),
  async () => {
    await configure({ ike: ['aes256gcm16-prfsha256-modp3072'] });
    const log = office.gateway.charon.logFromNow();
    await office.during(passwordProfile(), async ({ connected }) => {
      await assertBothFamilies(connected);
      assert.match(log(), /unacceptable, requesting MODP_3072/);
    });
  },
);

test('a gateway under load that demands a cookie gets it back', proves('RFC7296-2.6-4', 'does'), async () => {
  const guarded = await openOffice('cookie', {
    settings: { cookie_threshold: 1, filelog: { all: { net: 2 } } },
  });
  try {
    const options = { gateway: byCertificate(serverCertificate('p256')), client: BY_PASSWORD };
    await guarded.gateway.configure({ ...options, ike: ['aes256gcm16-prfsha256-modp2048'] });
    await openHalfway(guarded.net.client, DIRECT);
    const log = guarded.gateway.charon.logFromNow();
    // The other group makes it the hard case: the cookie is demanded for both attempts.
    await guarded.during(passwordProfile(), async () => {
      assert.match(log(), /sending COOKIE notify/);
      assert.match(log(), /unacceptable, requesting MODP_2048/);
      await assertPings(guarded.net.client, LAN_HOST);
    });
  } finally {
    await guarded.close();
  }
});

test('large transfers arrive whole in both directions and over both families', async () => {
  await configure();
  const host = await startWebHost(office.net.lan);
  try {
    await office.during(passwordProfile({ gateway: gatewayAt(NATTED) }), async () => {
      await assertDownload(office.net.client, LAN_HOST, TRANSFER_LENGTH);
      await assertUpload(office.net.client, LAN_HOST, TRANSFER_LENGTH);
      await assertDownload(office.net.client, LAN_HOST_V6, TRANSFER_LENGTH / 10);
      await assertUpload(office.net.client, LAN_HOST_V6, TRANSFER_LENGTH / 10);
    });
  } finally {
    host.kill();
  }
});

test('after a disconnection the gateway has no SA and the client no way into the office', async () => {
  await configure();
  const ending = await office.during(passwordProfile(), async ({ client }) => {
    await assertPings(office.net.client, LAN_HOST);
    return client.stop();
  });
  assert.deepEqual(ending, { status: 0, signal: null });
  assert.deepEqual(await office.gateway.sas(), []);
  await assertNoPing(office.net.client, LAN_HOST);
  assert.equal(office.net.client.ip('-o', 'link', 'show', 'type', 'tun'), '');
});

test('a gateway that ends the connection is heard', proves('RFC7296-1.4.1-6', 'does'), async () => {
  await configure();
  await office.during(passwordProfile({ reconnect: { enabled: false } }), async ({ client }) => {
    await assertPings(office.net.client, LAN_HOST);
    await office.gateway.deleteAll();
    assert.equal((await client.ended()).status, 10);
    assert.equal(client.events.findLast(({ event }) => event === 'failed')?.event, 'failed');
  });
});

test('a gateway that ends the connection is connected to again', async () => {
  await configure();
  await office.during(passwordProfile(), async ({ client }) => {
    await office.gateway.deleteAll();
    const isBack = (): boolean => client.events.filter(({ event }) => event === 'connected').length === 2;
    await waitFor(isBack, 10_000, 'a second connection');
    await assertPings(office.net.client, LAN_HOST);
  });
});

test('a gateway that asks for signs of life gets them', proves('RFC7296-2.4-1', 'does'), async () => {
  await configure({ dpdDelaySeconds: 1 });
  const log = office.gateway.charon.logFromNow();
  await office.during(passwordProfile(), async () => {
    await waitFor(() => /parsed INFORMATIONAL response/.test(log()), 5000, 'an answer to a sign of life');
    await assertPings(office.net.client, LAN_HOST);
  });
});
