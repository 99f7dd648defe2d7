import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ProfileInput } from '../../core/contract/profile.ts';
import { proves } from '../conformance/tag.ts';
import { waitFor } from '../support/netns.ts';
import { issue, makeCa } from '../support/pki-factory.ts';
import type { GatewayOptions } from '../support/strongswan.ts';
import { startOffice, UdpStream } from '../support/traffic/streams.ts';
import type { CausewayOptions } from './causeway.ts';
import { DIRECT, GATEWAY_NAME, LAN_HOST } from './lab.ts';
import {
  BY_PASSWORD,
  byCertificate,
  gatewayAt,
  openOffice,
  passwordProfile,
  serverCertificate,
  type Office,
  type Tunnel,
} from './office.ts';
import { impatient } from './roaming.ts';

/*
 * strongSwan judges what keeps a connection up: SAs that either side replaces, alone and at the same time, with and
 * without a key exchange of their own, while numbered packets go through the tunnel and none may be missing; checks
 * whether we live; a new login in time; long messages in fragments.
 */

const PER_SECOND = 250;
const SECOND = 1 / 60;

let office: Office;
before(async () => {
  office = await openOffice('rekey', { settings: { fragment_size: 600 } });
  await startOffice(office.net.lan);
});
after(async () => {
  await office.close();
});

async function configure(changes: Partial<GatewayOptions> = {}): Promise<void> {
  await office.gateway.configure({
    gateway: byCertificate(serverCertificate('p256')),
    client: BY_PASSWORD,
    ...changes,
  });
}

/** What happens to SAs of the gateway, as it tells itself. */
async function counting(event: 'child-rekey' | 'ike-rekey', use: (count: () => number) => Promise<void>) {
  let count = 0;
  const stop = await office.gateway.charon.vici.on(event, () => (count += 1));
  try {
    await use(() => count);
  } finally {
    await stop();
  }
}

interface Circumstances {
  readonly options?: CausewayOptions;
  readonly profile?: Partial<ProfileInput>;
  /** Packets that may be lost; none without it. */
  readonly mayLose?: number;
}

/** Lets packets pass while `use` works, and demands that every one came back. */
async function losingNothing(
  use: (tunnel: Tunnel) => Promise<void>,
  { options, profile, mayLose = 0 }: Circumstances = {},
): Promise<void> {
  await office.during(
    passwordProfile(profile),
    async (tunnel) => {
      const stream = await UdpStream.start(office.net.client, { target: LAN_HOST, perSecond: PER_SECOND });
      await stream.through(0);
      await use(tunnel);
      const { lost, lostSpans, duplicates } = await stream.stop();
      assert.ok(lost <= mayLose && duplicates === 0, JSON.stringify({ lost, lostSpans, duplicates }));
      await oneOfEach();
    },
    options,
  );
}

/** In the end there is one IKE SA with one installed Child SA. */
async function oneOfEach(): Promise<void> {
  await waitFor(async () => (await current()) !== undefined, 5000, 'one IKE SA with one Child SA');
}

interface Current {
  readonly ike: string;
  readonly spis: string;
}

/** The only IKE SA and the only Child SA, while nothing is being replaced. */
async function current(): Promise<Current | undefined> {
  const [sa, ...others] = await office.gateway.sas();
  // It keeps what was replaced for a while, for packets that come late.
  const [child, ...more] = (sa?.children ?? []).filter(({ state }) => state !== 'DELETED');
  const still = others.length === 0 && more.length === 0;
  if (sa?.state !== 'ESTABLISHED' || child?.state !== 'INSTALLED' || !still) return undefined;
  return { ike: sa.uniqueId, spis: `${child.spiIn} ${child.spiOut}` };
}

/** The gateway rekeys, and what it rekeys is another one then. */
async function gatewayRekeys(what: 'ike' | 'child'): Promise<void> {
  await oneOfEach();
  const before = await current();
  await office.gateway.rekey(what);
  const which = what === 'ike' ? 'ike' : 'spis';
  await waitFor(
    async () => {
      const now = await current();
      return now !== undefined && now[which] !== before?.[which];
    },
    10_000,
    `another ${what} SA`,
  );
}

const GROUPS = [
  ['without a key exchange', ['aes256gcm16'], false],
  ['with the group of the IKE SA', ['aes256gcm16-x25519'], true],
  ['with another group than that of the IKE SA', ['aes256gcm16-ecp384'], true],
  ['with a cipher and a MAC', ['aes128-sha256-ecp256'], true],
] as const;

describe('Child SAs', () => {
  for (const [how, esp, pfs] of GROUPS) {
    test(
      `are rekeyed by the gateway ${how}`,
      proves(['RFC7296-1.3-2', 'does'], ['RFC7296-2.17-x2', 'does'], ['RFC7296-2.8-x8', 'does']),
      async () => {
        await configure({ esp });
        await losingNothing(
          async () => {
            for (let i = 0; i < 3; i++) await gatewayRekeys('child');
          },
          { profile: { rekey: { pfs } } },
        );
      },
    );

    test(
      `are rekeyed by us ${how}`,
      proves(['RFC7296-1.3.3-2', 'does'], ['RFC7296-1.3.3-x1', 'does'], ['RFC7296-2.17-x2', 'does']),
      async () => {
        await configure({ esp });
        await losingNothing(
          () =>
            counting('child-rekey', async (count) => {
              await waitFor(() => count() >= 3, 15_000, 'three rekeyings');
            }),
          { options: impatient({ rekey: { childMinutes: SECOND, pfs } }) },
        );
      },
    );
  }

  test('are rekeyed by both sides at short intervals, and often at once', async () => {
    await configure({ childRekeySeconds: 1, child: { rand_time: '0s', life_time: '60s' } });
    await losingNothing(
      () =>
        counting('child-rekey', async (count) => {
          await waitFor(() => count() >= 10, 30_000, 'ten rekeyings');
        }),
      { options: impatient({ rekey: { childMinutes: SECOND } }) },
    );
  });

  test('are rekeyed by both sides at the same moment, again and again', async () => {
    await configure();
    await losingNothing(
      async () => {
        for (let i = 0; i < 12; i++) {
          await office.gateway.rekey('child').catch(() => undefined);
          await sleep(500 + i);
        }
      },
      { options: impatient({ rekey: { childMinutes: SECOND / 2 } }) },
    );
  });
});

describe('the IKE SA', () => {
  for (const ike of ['aes256gcm16-prfsha384-x25519', 'aes128-sha256-modp2048'] as const) {
    test(
      `is rekeyed by the gateway (${ike}), and Child SAs in the new one`,
      proves(['RFC7296-2.18-x4', 'does'], ['RFC7296-2.18-2', 'does'], ['RFC7296-2.8-x7', 'does']),
      async () => {
        await configure({ ike: [ike] });
        await losingNothing(async () => {
          for (let i = 0; i < 3; i++) {
            await gatewayRekeys('ike');
            await gatewayRekeys('child');
          }
        });
      },
    );

    test(
      `is rekeyed by us (${ike}), and Child SAs in the new one`,
      proves(['RFC7296-2.8-6', 'does'], ['RFC7296-2.18-x4', 'does'], ['RFC7296-2.18-x2', 'does']),
      async () => {
        await configure({ ike: [ike] });
        await losingNothing(
          () =>
            counting('ike-rekey', async (count) => {
              await waitFor(() => count() >= 4, 20_000, 'four rekeyings');
            }),
          { options: impatient({ rekey: { ikeMinutes: SECOND, childMinutes: 1.3 * SECOND } }) },
        );
      },
    );
  }

  test('and everything under it is rekeyed by both at once', async () => {
    await configure({
      ikeRekeySeconds: 2,
      childRekeySeconds: 1,
      connection: { rand_time: '0s', over_time: '60s' },
      child: { rand_time: '0s', life_time: '60s' },
    });
    await losingNothing(
      () =>
        counting('ike-rekey', async (count) => {
          await waitFor(() => count() >= 6, 40_000, 'six rekeyings');
        }),
      { options: impatient({ rekey: { ikeMinutes: 2 * SECOND, childMinutes: SECOND } }) },
    );
  });
});

describe('a gateway that wants to be sure of us', () => {
  test(
    'by asking every second gets its answers for as long as it asks',
    proves('RFC7296-2.4-1', 'does'),
    async () => {
      await configure({ dpdDelaySeconds: 1 });
      await office.during(passwordProfile(), async () => {
        const { uniqueId } = await office.gateway.sa();
        const log = office.gateway.charon.logFromNow();
        // It asks only when nothing else came for a second.
        await waitFor(
          () => (log().match(/sending DPD request/g) ?? []).length >= 3,
          20_000,
          'three questions',
        );
        await sleep(500);
        assert.equal((await office.gateway.sa()).uniqueId, uniqueId);
        assert.equal((await office.gateway.sa()).state, 'ESTABLISHED');
      });
    },
  );

  test('by a new login gets it in time, and traffic hardly notices', async () => {
    await configure({ connection: { reauth_time: '10s', over_time: '30s', rand_time: '0s' } });
    await losingNothing(
      async ({ client }) => {
        const { uniqueId } = await office.gateway.sa();
        await waitFor(
          async () => {
            const sas = (await office.gateway.sas()).filter(({ state }) => state === 'ESTABLISHED');
            return sas.length === 1 && sas[0]?.uniqueId !== uniqueId;
          },
          25_000,
          'another login',
        );
        const states = client.events.flatMap((event) => (event.event === 'state' ? [event.state] : []));
        assert.equal(states.includes('reconnecting'), false);
      },
      // It gives another address with the new login: what is on its way to the old one then has nowhere to go.
      { mayLose: PER_SECOND / 10 },
    );
  });
});

describe('fragments', () => {
  /** A chain that fits no datagram: three authorities with long keys between ours and the gateway. */
  function longChain() {
    const root = makeCa({ name: 'Far away root', key: 'rsa4096', keyName: 'chain root' });
    let issuer = root;
    const between = ['one', 'two', 'three'].map((name) => {
      issuer = issue(issuer, { subject: `CN=Authority ${name}`, ca: true, key: 'rsa4096', keyName: name });
      return issuer;
    });
    const leaf = issue(issuer, {
      subject: `CN=${GATEWAY_NAME}`,
      key: 'rsa4096',
      keyName: 'chain leaf',
      san: [{ dns: GATEWAY_NAME }],
      eku: ['serverAuth'],
    });
    return { root, chain: byCertificate(leaf, between.toReversed()) };
  }

  for (const [fragmentation, cut] of [
    ['yes', true],
    ['force', true],
    ['accept', false],
    ['no', false],
  ] as const) {
    test(
      `with fragmentation = ${fragmentation} at the gateway, a long chain of certificates arrives`,
      proves(['RFC7383-2.3-x1', 'does'], ['RFC7383-2.4-x1', 'does']),
      async () => {
        const { root, chain } = longChain();
        await configure({ gateway: chain, fragmentation });
        const log = office.gateway.charon.logFromNow();
        const gateway = { ...gatewayAt(DIRECT), authorities: root.pem };
        await office.during(passwordProfile({ gateway }), async () => {
          assert.equal(/splitting IKE message/.test(log()), cut);
          await oneOfEach();
        });
      },
    );
  }

  test('of ours are put together by the gateway', proves('RFC7383-2.5-x4', 'does'), async () => {
    await configure();
    const log = office.gateway.charon.logFromNow();
    await office.during(
      passwordProfile(),
      async () => {
        assert.match(log(), /received fragment #1 of \d/);
        assert.match(log(), /reassembled fragmented IKE message/);
        await oneOfEach();
      },
      impatient({ fragmentation: { octets: 300 } }),
    );
  });
});
