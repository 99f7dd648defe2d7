import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ProfileInput } from '../../../core/contract/profile.ts';
import { failure } from '../../../core/lib/failure.ts';
import { err, ok } from '../../../core/lib/result.ts';
import { formatAddress } from '../../../core/net/address.ts';
import { formatPrefix } from '../../../core/net/prefix.ts';
import type { DnsManager } from '../../../core/platform/ports.ts';
import { Rig, type RigOptions } from '../../support/connection-rig.ts';
import { packet } from '../net/packets.ts';

const IDLE_MS = 60_000;
/** Before the first session. */
const NOBODY = '192.0.0.8';
/** What the gateway gives. */
const OWN = '10.9.0.2';
const OFFICE = '10.1.0.5';

const udp = (source: string, destinationPort = 443): Uint8Array =>
  packet({ source, destination: OFFICE, destinationPort });
const echo = (source: string): Uint8Array =>
  packet({ source, destination: OFFICE, protocol: 1, payload: Uint8Array.of(8, 0, 0xf7, 0xfe, 0, 1, 0, 0) });
/** A TCP segment with these flags. */
const tcp = (source: string, flags: number): Uint8Array => {
  const payload = new Uint8Array(20);
  payload.set([0x9c, 0x40, 0x01, 0xbb]);
  payload.set([0x50, flags], 12);
  return packet({ source, destination: OFFICE, protocol: 6, payload });
};
const SYN = 0x02;
const ACK = 0x10;
const FIN_ACK = 0x11;

async function armed(options: RigOptions = {}): Promise<Rig> {
  const profile = { onDemand: { enabled: true, idleSeconds: IDLE_MS / 1000 }, ...options.profile };
  const rig = await new Rig({ ...options, profile }).start().settle();
  assert.equal(rig.state?.state, 'on-demand', JSON.stringify(rig.events));
  return rig;
}

async function enters(rig: Rig, ...packets: readonly Uint8Array[]): Promise<void> {
  rig.laptop.tun.enter(...packets);
  await rig.settle();
}

/** One that stands, and has used its address. */
async function connected(options: RigOptions = {}): Promise<Rig> {
  const rig = await armed(options);
  await enters(rig, echo(NOBODY));
  assert.equal(rig.state?.state, 'connected');
  return rig;
}

describe('a connection on demand', () => {
  test('has its tunnel and its routes, asks nobody and talks to nobody', async () => {
    const rig = await armed();
    assert.deepEqual(rig.credentials.questions, []);
    assert.deepEqual(rig.laptop.sent, []);
    const [plan, ...more] = rig.laptop.routes.plans;
    assert.deepEqual(more, []);
    assert.deepEqual(plan?.addresses.map(formatPrefix), [`${NOBODY}/32`, '100:0:0:1::1/128']);
    assert.deepEqual(plan.routes.map(formatPrefix), ['0.0.0.0/0', '::/0']);
    await rig.advance(3_600_000);
    assert.deepEqual([rig.laptop.sent.length, rig.laptop.clock.pending], [0, 0], 'nothing ticks meanwhile');
    await rig.connection.stop();
    assert.deepEqual(rig.laptop.calls.slice(-2), ['routes cleared', 'tun closed']);
  });

  test('is made by the first packet, which then goes where it was to go', async () => {
    const rig = await armed();
    await enters(rig, echo(NOBODY));
    assert.equal(rig.state?.state, 'connected');
    assert.deepEqual(rig.office.received.length, 1);
    assert.deepEqual([...(rig.office.received[0] ?? [])].slice(12, 20), [10, 9, 0, 2, 10, 1, 0, 5]);
    assert.deepEqual(rig.laptop.routes.plans.at(-1)?.addresses.map(formatPrefix), [
      `${OWN}/32`,
      'fd09::2/128',
    ]);
    assert.equal(rig.credentials.questions.length, 1);
  });

  test('lets who sent from an address that is nobody’s know, but for TCP, which sends again by itself', async () => {
    const rig = await armed();
    await enters(rig, tcp(NOBODY, SYN), udp(NOBODY, 53));
    assert.deepEqual(rig.office.received, []);
    const [told, ...more] = rig.laptop.tun.written;
    assert.deepEqual(more, []);
    // ICMP from where the query was to go, to the address that is ours now, about the query as it was.
    assert.deepEqual([...(told ?? [])].slice(9, 22), [
      1,
      ...(told ?? []).slice(10, 12),
      10,
      1,
      0,
      5,
      10,
      9,
      0,
      2,
      3,
      13,
    ]);
    assert.deepEqual(told?.subarray(28), udp(NOBODY, 53));
  });

  const noise: Readonly<Record<string, Uint8Array>> = {
    mDNS: packet({ source: NOBODY, destination: '224.0.0.251', destinationPort: 5353 }),
    LLMNR: packet({ source: NOBODY, destination: '224.0.0.252', destinationPort: 5355 }),
    'a broadcast': packet({ source: NOBODY, destination: '255.255.255.255', destinationPort: 7 }),
    NTP: packet({ source: NOBODY, destination: OFFICE, destinationPort: 123 }),
    NetBIOS: packet({ source: NOBODY, destination: OFFICE, destinationPort: 137 }),
    'a router solicitation': packet({
      source: '100:0:0:1::1',
      destination: 'ff02::2',
      protocol: 58,
      payload: Uint8Array.of(133, 0, 0, 0, 0, 0, 0, 0),
    }),
    'an ICMP error': packet({
      source: NOBODY,
      destination: OFFICE,
      protocol: 1,
      payload: Uint8Array.of(3, 3, 0, 0, 0, 0, 0, 0),
    }),
    'a keep-alive of TCP': tcp(NOBODY, ACK),
    'the end of a TCP connection': tcp(NOBODY, FIN_ACK),
    'no packet at all': Uint8Array.of(0x12, 0x34),
  };
  for (const [name, octets] of Object.entries(noise)) {
    test(`is not made for ${name}, and does not stay for it`, async () => {
      const rig = await armed();
      await enters(rig, octets);
      assert.equal(rig.state?.state, 'on-demand');
      await enters(rig, echo(NOBODY));
      await rig.advance(IDLE_MS - 2_000);
      await enters(rig, octets);
      await rig.advance(3_000);
      assert.equal(rig.state.state, 'on-demand');
    });
  }

  test('ends in order when nobody uses it, and the next packet makes it again from the same address', async () => {
    const rig = await connected();
    await rig.advance(IDLE_MS - 2_000);
    await enters(rig, udp(OWN));
    await rig.advance(IDLE_MS - 2_000);
    assert.equal(rig.state?.state, 'connected');
    await rig.advance(4_000);
    assert.equal(rig.state.state, 'on-demand');
    assert.ok(rig.office.heardGoodbye);
    assert.equal(rig.laptop.routes.plans.at(-1)?.addresses.map(formatPrefix)[0], `${OWN}/32`);
    assert.ok(!rig.laptop.calls.includes('routes cleared'));
    assert.equal(rig.laptop.clock.pending, 0, 'nothing ticks meanwhile');
    const before = rig.office.received.length;
    await enters(rig, udp(OWN));
    assert.equal(rig.state.state, 'connected');
    assert.deepEqual(rig.office.received.slice(before), [udp(OWN)]);
  });

  test('looks names up as the profile says, and once it was there as the gateway said', async () => {
    const asked = async (dns: ProfileInput['dns']): Promise<readonly string[]> => {
      const seen: string[] = [];
      const manager: DnsManager = {
        apply: ({ servers }) => {
          seen.push(servers.map(formatAddress).join());
          return Promise.resolve(ok(undefined));
        },
        clear: () => {
          seen.push('cleared');
          return Promise.resolve(ok(undefined));
        },
      };
      const rig = await connected({ dns: manager, profile: dns ? { dns } : {} });
      await rig.advance(IDLE_MS + 5_000);
      assert.equal(rig.state?.state, 'on-demand');
      assert.deepEqual(
        rig.events.filter(({ event }) => event === 'warning'),
        [],
      );
      // The gateway may have said more domains meanwhile.
      return [...new Set(seen)];
    };
    assert.deepEqual(await asked({ servers: ['10.1.0.53'] }), ['10.1.0.53']);
    assert.deepEqual(await asked(undefined), ['10.1.0.53,fd01::53']);
  });

  test('stays for what only comes in', async () => {
    const rig = await connected();
    for (let i = 0; i < 3; i++) {
      await rig.advance(IDLE_MS - 2_000);
      rig.office.send(packet({ source: OFFICE, destination: OWN }));
      await rig.settle();
    }
    assert.equal(rig.state?.state, 'connected');
  });

  test('sends what came while it said goodbye by the next session', async () => {
    const rig = await connected();
    rig.office.made.gateway.handleDatagram = () => ({ datagrams: [], events: [] });
    await rig.advance(IDLE_MS + 1_000);
    assert.equal(rig.state?.state, 'disconnecting');
    rig.office.restart();
    await enters(rig, udp(OWN));
    await rig.advance(8_000);
    assert.equal(rig.state.state, 'connected');
    assert.deepEqual(rig.office.received.at(-1), udp(OWN));
  });

  test('whose gateway refuses keeps what it protects, and tries again later and later', async () => {
    const rig = await armed({ gateway: { pools: [] } });
    const attempts = (): number =>
      rig.events.filter((event) => event.event === 'state' && event.state === 'connecting').length;
    for (let second = 0; second < 60; second++) {
      await enters(rig, udp(NOBODY), udp(NOBODY), tcp(NOBODY, SYN));
      await rig.advance(1_000);
    }
    assert.equal(rig.state?.state, 'on-demand');
    assert.ok(rig.state.cause !== undefined, 'and says why');
    assert.ok(attempts() >= 4 && attempts() <= 8, `${attempts()} attempts in a minute`);
    assert.ok(!rig.laptop.calls.includes('routes cleared'));
    assert.deepEqual(rig.office.received, []);
  });

  test('without a password is ready again, and says that nobody gave one', async () => {
    const rig = await armed({ secret: '' });
    await enters(rig, udp(NOBODY));
    await rig.advance(10_000);
    assert.equal(rig.state?.state, 'on-demand');
    assert.equal(rig.state.cause?.code, 'config.credential-missing');
    await enters(rig, udp(NOBODY));
    assert.equal(rig.credentials.questions.length, 1, 'and asks nobody for a while');
  });

  test('asks for a pre-shared key when it needs it, each time', async () => {
    const rig = await connected({ method: 'psk' });
    assert.equal(rig.credentials.questions.length, 1);
    await rig.advance(IDLE_MS + 5_000);
    assert.ok(rig.credentials.forgotten);
    await enters(rig, udp(OWN));
    assert.equal(rig.state?.state, 'connected');
    assert.equal(rig.credentials.questions.length, 2);
  });

  test('whose gateway cannot be looked up is not made ready', async () => {
    const profile = { onDemand: { enabled: true, idleSeconds: 60 } };
    const rig = new Rig({ profile });
    rig.laptop.names = err(failure('network.name-unknown', { host: 'vpn.example.com' }));
    await rig.start().settle();
    assert.equal(rig.failureCode, 'network.name-unknown');
    assert.equal(rig.laptop.tuns.length, 0);
  });

  test('that is stopped while it gets ready leaves nothing', async () => {
    const profile = { onDemand: { enabled: true, idleSeconds: 60 } };
    const rig = new Rig({ profile }).start();
    await rig.connection.stop();
    await rig.settle();
    assert.ok(rig.laptop.tuns.every(({ closings }) => closings === 1));
  });
});
