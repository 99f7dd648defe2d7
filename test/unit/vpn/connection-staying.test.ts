import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { utf8 } from '../../../core/lib/bytes.ts';
import { failure } from '../../../core/lib/failure.ts';
import type { ConnectedEvent } from '../../../core/contract/snapshot.ts';
import { ExchangeType, IdType } from '../../../core/wire/constants.ts';
import { proves } from '../../conformance/tag.ts';
import { Rig, type RigOptions } from '../../support/connection-rig.ts';
import { FakeNetworkMonitor, networkOf } from '../../support/fake-network.ts';
import { address, GATEWAY_NAME, prefix } from '../../support/gateway/index.ts';
import { gatewayIdent, redirectNotify, type Redirection } from '../../support/gateway/redirect.ts';
import { packet } from '../net/packets.ts';

const OUT = packet({ source: '10.9.0.2', destination: '10.1.0.5' });
const IN = packet({ source: '10.1.0.5', destination: '10.9.0.2' });

const WLAN = { addresses: ['192.0.2.10/24'], gateways: ['192.0.2.1'], metric: 600 };
const MOBILE = { addresses: ['198.51.100.20/24'], gateways: ['198.51.100.1'], metric: 700 };

function online(options: RigOptions = {}): { readonly rig: Rig; readonly network: FakeNetworkMonitor } {
  const network = new FakeNetworkMonitor(networkOf({ wlan0: WLAN }));
  return { rig: new Rig({ ...options, network }), network };
}

/** Packets pass in both directions, through the same device. */
async function assertCarries(rig: Rig): Promise<void> {
  rig.office.received.length = 0;
  rig.laptop.tun.written.length = 0;
  rig.laptop.tun.enter(OUT);
  await rig.settle();
  rig.office.send(IN);
  assert.deepEqual([rig.office.received, rig.laptop.tun.written], [[OUT], [IN]]);
  assert.equal(rig.laptop.tuns.length, 1, 'there never was another device');
}

function connectedEvents(rig: Rig): ConnectedEvent[] {
  return rig.events.filter((event) => event.event === 'connected');
}

/** Ends it, and nothing is left. */
async function assertEndsClean(rig: Rig): Promise<void> {
  void rig.connection.stop();
  await rig.advance(6_000);
  assert.deepEqual(rig.outcome, { kind: 'stopped' });
  assert.deepEqual(rig.laptop.open, []);
  assert.ok(rig.credentials.forgotten);
  for (const { closings } of [...rig.laptop.sockets, ...rig.laptop.tuns]) assert.equal(closings, 1);
}

describe('a gateway that was restarted', () => {
  for (const method of ['password', 'psk'] as const) {
    test(`is found by its silence, and takes a new session by ${method} in the same tunnel`, async () => {
      const rig = await new Rig({ method }).connected();
      const { plans } = rig.laptop.routes;
      rig.office.restart(method === 'psk' ? { credentials: { kind: 'psk' } } : {});
      await rig.advance(29_000);
      assert.equal(rig.state?.state, 'connected');
      await rig.advance(3_000);
      assert.deepEqual(rig.states.slice(-3), ['connected', 'roaming', 'connected']);
      assert.equal(connectedEvents(rig).length, 2);
      assert.equal(rig.credentials.given.length, 2, 'each login asks');
      assert.ok(rig.credentials.forgotten);
      assert.ok(plans.every((plan) => JSON.stringify(plan) === JSON.stringify(plans[0])));
      assert.ok(!rig.laptop.calls.includes('routes cleared'));
      await assertCarries(rig);
      await assertEndsClean(rig);
    });
  }

  test('is reconnected to at once when it proves that it forgot, with a ticket and without a login', async () => {
    const secret = utf8('kept through the restart');
    const extensions = { crashSecret: secret, tickets: { secret, lifetimeSeconds: 3600 } };
    const rig = await new Rig({ gateway: { extensions } }).connected();
    rig.office.restart();
    await rig.advance(16_000);
    assert.deepEqual(rig.states.slice(-3), ['connected', 'reconnecting', 'connected']);
    const lost = rig.events.find((event) => event.event === 'state' && event.state === 'reconnecting');
    assert.ok(lost?.event === 'state');
    assert.equal(lost.cause?.code, 'peer.restarted');
    const established = rig.office.events.filter((event) => event.kind === 'established');
    assert.deepEqual(
      established.map(({ resumed }) => resumed),
      [false, true],
    );
    assert.equal(rig.credentials.given.length, 1);
    await assertCarries(rig);
    await assertEndsClean(rig);
  });

  test('is waited for as long as it takes, with a reason, and packets are dropped meanwhile', async () => {
    const rig = await new Rig().connected();
    rig.office.made.gateway.setSilent(true);
    await rig.advance(200_000);
    assert.equal(rig.state?.state, 'reconnecting');
    assert.equal(rig.state.cause?.code, 'timeout.liveness');
    assert.match(rig.state.cause.title, /^The gateway did not answer for \d+ seconds$/);
    const sent = rig.laptop.sent.length;
    rig.laptop.tun.enter(OUT, OUT);
    await rig.settle();
    assert.equal(rig.laptop.sent.length, sent);
    assert.ok(!rig.laptop.calls.includes('routes cleared'), 'nothing leaks beside the tunnel');
    rig.office.restart();
    await rig.advance(5_000);
    assert.equal(rig.state.state, 'connected');
    await assertCarries(rig);
    const counters = rig.events.findLast((event) => event.event === 'counters');
    assert.equal(counters?.drops['out-no-session'], 2);
    await assertEndsClean(rig);
  });

  test('that gives out other addresses changes the machine, and nothing else', async () => {
    const rig = await new Rig().connected();
    rig.office.restart({ pools: [prefix('10.77.0.0/24')] });
    await rig.advance(40_000);
    assert.equal(rig.state?.state, 'connected');
    assert.deepEqual(connectedEvents(rig).at(-1)?.addresses, ['10.77.0.2']);
    assert.equal(rig.laptop.routes.plans.at(-1)?.addresses.length, 1);
    assert.equal(rig.laptop.tuns.length, 1);
    await assertEndsClean(rig);
  });

  test('a plan that the machine refuses ends the connection', async () => {
    const rig = await new Rig().connected();
    rig.office.restart({ pools: [prefix('10.77.0.0/24')] });
    rig.laptop.routes.applying = failure('platform.route-failed', { detail: 'busy' });
    await rig.advance(60_000);
    assert.equal(rig.failureCode, 'platform.route-failed');
    assert.deepEqual(rig.laptop.open, []);
  });
});

describe('a gateway that ends the session', () => {
  const ended = (rig: Rig): void => {
    const { gateway } = rig.office.made;
    rig.office.follow(gateway.deleteIke(gateway.sas[0]!.id, rig.laptop.clock.now()));
  };

  test('gets a new one at once', async () => {
    const rig = await new Rig().connected();
    ended(rig);
    await rig.settle();
    assert.deepEqual(rig.states.slice(-3), ['connected', 'reconnecting', 'connected']);
    await assertCarries(rig);
    await assertEndsClean(rig);
  });

  test('and refuses the password by then makes us ask for another', async () => {
    const rig = await new Rig().connected();
    rig.office.restart({ users: { alice: { password: 'a new password' } } });
    const answers = ['still the old one', 'a new password'];
    const { credentials } = rig;
    const get = credentials.get.bind(credentials);
    credentials.get = (question) => {
      if (question.rejected) credentials.answer = answers.shift() ?? '';
      return get(question);
    };
    await rig.advance(120_000);
    assert.deepEqual(
      credentials.questions.map(({ rejected }) => rejected),
      [false, false, false, true, true],
    );
    assert.equal(rig.state?.state, 'connected');
    await assertEndsClean(rig);
  });

  test('and nobody knows the new password is the end, by its reason', async () => {
    const rig = await new Rig().connected();
    rig.office.restart({ users: { alice: { password: 'a new password' } } });
    rig.credentials.answer = '';
    await rig.advance(120_000);
    assert.equal(rig.failureCode, 'config.credential-missing');
    assert.deepEqual(rig.laptop.open, []);
  });
});

describe('another gateway of the profile', () => {
  const at = address('203.0.113.77');

  test('takes over when the first one is silent', async () => {
    const rig = new Rig({ alternative: { at } });
    rig.office.made.gateway.setSilent(true);
    await rig.start().advance(3_500);
    assert.equal(rig.event('connected')?.gateway.address, '203.0.113.77');
    assert.equal(rig.event('connected')?.gateway.identity, 'vpn2.example.com');
    await assertEndsClean(rig);
    assert.ok(rig.alternative?.heardGoodbye);
  });

  test('takes over when the first one has no address left', async () => {
    const rig = new Rig({ alternative: { at }, gateway: { faults: { authNotify: 36 } } });
    await rig.start().advance(1_000);
    assert.equal(rig.event('connected')?.gateway.address, '203.0.113.77');
    await assertEndsClean(rig);
  });

  test('takes over when the first one goes away for good', async () => {
    const rig = await new Rig({ alternative: { at } }).connected();
    rig.office.made.gateway.setSilent(true);
    await rig.advance(40_000);
    assert.equal(connectedEvents(rig).at(-1)?.gateway.address, '203.0.113.77');
    assert.equal(rig.laptop.tuns.length, 1);
    await assertEndsClean(rig);
  });
});

test('a ticket is shown to the gateway that gave it out, and to no other', async () => {
  const secret = utf8('one for both');
  const extensions = { tickets: { secret, lifetimeSeconds: 3600 } };
  const alternative = { at: address('203.0.113.77'), extensions };
  const rig = await new Rig({ alternative, gateway: { extensions } }).connected();
  rig.office.made.gateway.setSilent(true);
  await rig.advance(40_000);
  assert.equal(connectedEvents(rig).at(-1)?.gateway.address, '203.0.113.77');
  const shown = rig.alternative?.requests.filter(
    ({ exchange }) => exchange === ExchangeType.IKE_SESSION_RESUME,
  );
  assert.deepEqual(shown, []);
  assert.ok(rig.laptop.sent.length > 0);
  await assertEndsClean(rig);
});

describe('a gateway that sends us to another one', () => {
  const at = address('203.0.113.77');
  const to = gatewayIdent('203.0.113.77');

  /** The other one proves to be the first, as those do that share their load. */
  function twins(redirect?: Redirection): Rig {
    const extensions = redirect ? { extensions: { redirect } } : {};
    const rig = new Rig({ alternative: { at }, gateway: extensions });
    const { certificate } = rig.office.made;
    rig.alternative?.restart({
      identity: { idType: IdType.FQDN, data: utf8(GATEWAY_NAME) },
      credentials: { kind: 'certificate', chain: [certificate.der], privateKey: certificate.key },
    });
    return rig;
  }

  for (const when of ['init', 'first', 'last'] as const) {
    test(
      `at the ${when} is followed there`,
      proves(['RFC5685-3-x5', 'does'], ['RFC5685-3-x7', 'does']),
      async () => {
        const rig = twins({ to, at: when });
        await rig.start().advance(5_000);
        assert.equal(rig.event('connected')?.gateway.address, '203.0.113.77');
        assert.equal(rig.event('connected')?.gateway.identity, 'vpn.example.com');
        await assertEndsClean(rig);
      },
    );
  }

  test('is not followed to one that cannot prove to be it', proves('RFC5685-3-x8', 'refuses'), async () => {
    const rig = new Rig({ alternative: { at }, gateway: { extensions: { redirect: { to, at: 'init' } } } });
    await rig.start().advance(1_000);
    assert.match(rig.failureCode ?? '', /^auth\.gateway-wrong-/);
  });

  test(
    'while the session stands is followed in the same tunnel',
    proves('RFC5685-5-x3', 'does'),
    async () => {
      const rig = await twins().connected();
      const { gateway } = rig.office.made;
      const request = { exchange: ExchangeType.INFORMATIONAL, payloads: [redirectNotify(to)] };
      rig.office.follow(gateway.request(gateway.sas[0]!.id, request, rig.laptop.clock.now()));
      await rig.advance(5_000);
      assert.deepEqual(rig.states, ['preparing', 'connecting', 'configuring', 'connected']);
      assert.equal(connectedEvents(rig).at(-1)?.gateway.address, '203.0.113.77');
      assert.ok(rig.office.heardGoodbye);
      assert.equal(rig.laptop.tuns.length, 1);
      await assertEndsClean(rig);
    },
  );
});

describe('the networks of the machine', () => {
  test('that go and come back are waited for', async () => {
    const { rig, network } = online();
    await rig.connected();
    network.change('wlan0', undefined);
    await rig.advance(600_000);
    assert.equal(rig.state?.state, 'waiting-for-network');
    const sent = rig.laptop.sent.length;
    await rig.advance(600_000);
    assert.equal(rig.laptop.sent.length, sent, 'nothing is sent into nothing');
    network.change('wlan0', WLAN);
    await rig.advance(20_000);
    assert.equal(rig.state.state, 'connected');
    await assertCarries(rig);
    await assertEndsClean(rig);
  });

  test('that are another one than before get a new session from a gateway without MOBIKE', async () => {
    const { rig, network } = online();
    await rig.connected();
    const opened = rig.laptop.sockets.length;
    network.become(networkOf({ wwan0: { ...MOBILE, index: 7 } }));
    await rig.advance(1_000);
    assert.ok(rig.laptop.sockets.length > opened);
    assert.deepEqual(rig.states.slice(-3), ['connected', 'reconnecting', 'connected']);
    const told = rig.office.events.filter(({ kind }) => kind === 'established' || kind === 'closed');
    assert.deepEqual(
      told.map(({ kind }) => kind),
      ['established', 'closed', 'established'],
      'the old session says goodbye from there, before there is another one',
    );
    await assertCarries(rig);
    await rig.advance(10_000);
    await assertEndsClean(rig);
  });

  test('that are another one than before get it by the ticket that such a gateway gave out', async () => {
    const extensions = { tickets: { secret: utf8('in the cloakroom'), lifetimeSeconds: 3600 } };
    const { rig, network } = online({ gateway: { extensions } });
    await rig.connected();
    network.become(networkOf({ wwan0: { ...MOBILE, index: 7 } }));
    await rig.advance(1_000);
    assert.equal(rig.office.heardGoodbye, false, 'it would void the ticket');
    const established = rig.office.events.filter((event) => event.kind === 'established');
    assert.deepEqual(
      established.map(({ resumed }) => resumed),
      [false, true],
    );
    await assertCarries(rig);
    await rig.advance(10_000);
    await assertEndsClean(rig);
  });

  test('that are another one than before move the session where the gateway has MOBIKE', async () => {
    const { rig, network } = online({ gateway: { mobike: {} } });
    await rig.connected();
    network.become(networkOf({ wwan0: { ...MOBILE, index: 7 } }));
    await rig.advance(2_000);
    assert.deepEqual(rig.states.slice(-3), ['connected', 'roaming', 'connected']);
    assert.equal(connectedEvents(rig).length, 2);
    await assertCarries(rig);
    await assertEndsClean(rig);
  });

  test('that are gone make a stop the end at once', async () => {
    const { rig, network } = online();
    await rig.connected();
    network.change('wlan0', undefined);
    await rig.settle();
    void rig.connection.stop();
    await rig.settle();
    assert.deepEqual(rig.outcome, { kind: 'stopped' });
    assert.deepEqual(rig.laptop.open, []);
    assert.equal(network.listeners, 0);
  });
});

describe('a sleep', () => {
  test('of a night is followed by a new session at once', async () => {
    const rig = await new Rig().connected();
    rig.office.restart();
    rig.laptop.sleep.woke(8 * 3_600_000);
    await rig.advance(1_000);
    assert.deepEqual(rig.states.slice(-3), ['connected', 'reconnecting', 'connected']);
    await assertCarries(rig);
    await assertEndsClean(rig);
    assert.equal(rig.laptop.sleep.listeners, 0);
  });

  test('of a minute is followed by a question, and that is all', async () => {
    const rig = await new Rig().connected();
    const before = rig.office.requests.length;
    rig.laptop.sleep.woke(60_000);
    await rig.advance(1_000);
    assert.equal(rig.office.requests.length, before + 1);
    assert.equal(rig.state?.state, 'connected');
    await assertEndsClean(rig);
  });
});

describe('a login that is limited in time', () => {
  test('is made anew beside the session, which goes when the new one carries', async () => {
    const rig = await new Rig({ gateway: { extensions: { authLifetimeSeconds: 600 } } }).connected();
    await rig.advance(545_000);
    assert.deepEqual(rig.states, ['preparing', 'connecting', 'configuring', 'connected']);
    assert.equal(connectedEvents(rig).length, 2);
    assert.equal(rig.credentials.given.length, 2);
    await assertCarries(rig);
    await assertEndsClean(rig);
  });
});
