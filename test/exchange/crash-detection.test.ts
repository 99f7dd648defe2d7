import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { utf8 } from '../../core/lib/bytes.ts';
import { ExchangeType, Notify } from '../../core/wire/constants.ts';
import { valuedNotify } from '../../core/wire/notify-data.ts';
import type { Payload } from '../../core/wire/payload.ts';
import { notify, type NotifyPayload } from '../../core/wire/payloads/notify.ts';
import { proves } from '../conformance/tag.ts';
import { crashToken } from '../support/gateway/qcd.ts';
import { Live } from '../support/live.ts';
import { Pair, type PairOptions } from '../support/pair.ts';
import { ticketed, ticketOf } from '../support/resumed-pair.ts';

const { INFORMATIONAL } = ExchangeType;
const UNKNOWN = notify(Notify.INVALID_IKE_SPI);

/** A connected pair whose gateway makes crash tokens. */
function tokened(options: PairOptions = {}): Live {
  return new Live({
    ...options,
    gateway: { extensions: { crashSecret: utf8('of the tokens') }, ...options.gateway },
  });
}

function tokenOf(pair: Live): NotifyPayload {
  const [token] = crashToken(pair.made.gateway.config, pair.made.gateway.sas.at(-1)!);
  assert.ok(token);
  return token;
}

const wrong = (octet: number): NotifyPayload =>
  valuedNotify('QUICK_CRASH_DETECTION', { token: new Uint8Array(32).fill(octet) });

/** What anybody can say in clear with the SPIs of the newest SA. */
function claim(pair: Live, payloads: readonly Payload[], response = true): void {
  const id = pair.made.gateway.sas.at(-1)!.id;
  pair.takeGateway(pair.made.gateway.sendClear(id, INFORMATIONAL, response, payloads, pair.now)).settle();
}

const restarted = (pair: Pair): boolean => pair.failureCode === 'peer.restarted';

describe('a gateway that has restarted and makes tokens', () => {
  test(
    'is found out by its answer to the first thing that we ask it',
    proves(
      ['RFC6290-3-x1', 'does'],
      ['RFC6290-3-x3', 'does'],
      ['RFC6290-3-x5', 'does'],
      ['RFC6290-4.5-x2', 'does'],
    ),
    () => {
      const pair = tokened();
      pair.made.gateway.restart();
      pair.command({ kind: 'check-liveness' }).settle();
      assert.deepEqual(
        pair.events.map(({ kind }) => kind),
        ['closed'],
      );
      assert.ok(restarted(pair));
      assert.equal(pair.toGateway.length, 0, 'nothing is said to a gateway that knows nothing');
      assert.equal(pair.session.nextTimeout(), undefined);
    },
  );

  for (const method of ['psk', 'certificate'] as const) {
    test(`is found out after a login by ${method} too`, proves('RFC6290-3-x1', 'does'), () => {
      const pair = tokened({ method });
      pair.made.gateway.restart();
      assert.ok(restarted(pair.command({ kind: 'check-liveness' }).settle()));
    });
  }

  test('leaves us the ticket to come back with', () => {
    const extensions = {
      crashSecret: utf8('of the tokens'),
      tickets: { secret: utf8('t'), lifetimeSeconds: 60 },
    };
    const pair = ticketed({ gateway: { extensions } });
    pair.made.gateway.restart();
    assert.ok(restarted(pair.command({ kind: 'check-liveness' }).settle()));
    assert.equal(ticketOf(pair).wiped, false);
  });

  test('may answer from any address and port', proves('RFC6290-3-x6', 'does'), () => {
    const pair = tokened();
    const token = tokenOf(pair);
    pair.takeGateway(pair.made.gateway.sendClear(pair.saId, INFORMATIONAL, true, [UNKNOWN, token], pair.now));
    const [datagram] = pair.toClient;
    const remote = { address: { family: 4, octets: Uint8Array.of(203, 0, 113, 66) }, port: 61_000 } as const;
    const local = { address: { family: 4, octets: Uint8Array.of(192, 0, 2, 7) }, port: 4500 } as const;
    pair.session.handleDatagram(
      { octets: datagram!.octets, transport: 'nat', path: 7, local, remote },
      pair.now,
    );
    assert.deepEqual(
      pair.session.takeEvents().map((event) => event.kind === 'closed' && event.failure?.code),
      ['peer.restarted'],
    );
  });

  for (let position = 0; position < 4; position++) {
    test(
      `may show four tokens, of which number ${position + 1} is the right one`,
      proves('RFC6290-4.5-x1', 'does'),
      () => {
        const pair = tokened();
        const tokens: Payload[] = [1, 2, 3, 4].map(wrong);
        tokens[position] = tokenOf(pair);
        claim(pair, [UNKNOWN, ...tokens]);
        assert.ok(restarted(pair));
      },
    );
  }

  for (const [what, payloads] of [
    ['INVALID_SPI', [notify(Notify.INVALID_SPI, new Uint8Array(4))]],
    ['nothing else', []],
  ] as const) {
    test(
      `may show its token with ${what}`,
      proves(['RFC6290-8.2-x1', 'does'], ['RFC6290-3-x3', 'does']),
      () => {
        const pair = tokened();
        claim(pair, [...payloads, tokenOf(pair)], false);
        assert.ok(restarted(pair));
      },
    );
  }

  test(
    'after the IKE SA was replaced is known by the token of the new one, whoever began',
    proves(['RFC6290-3-x1', 'does'], ['RFC6290-4.4-x2', 'does']),
    () => {
      for (const by of ['client', 'gateway'] as const) {
        const pair = tokened();
        if (by === 'client') pair.command({ kind: 'rekey-ike' }).settle();
        else pair.takeGateway(pair.made.gateway.rekeyIke(pair.saId, pair.now)).settle();
        assert.ok(pair.event('rekeyed'));
        pair.made.gateway.restart();
        assert.ok(restarted(pair.command({ kind: 'check-liveness' }).settle()), by);
      }
    },
  );

  test('is known by the token of an SA that was resumed', proves('RFC6290-3-x1', 'does'), () => {
    const extensions = {
      crashSecret: utf8('of the tokens'),
      tickets: { secret: utf8('t'), lifetimeSeconds: 60 },
    };
    const before = ticketed({ gateway: { extensions } });
    before.made.gateway.restart();
    const pair = new Pair({ made: before.made, client: { ticket: ticketOf(before) }, seed: 'resumed' })
      .connect()
      .settle();
    assert.equal(pair.event('established')?.gatewaySignature, 'resumed session');
    pair.made.gateway.restart();
    assert.ok(restarted(pair.command({ kind: 'check-liveness' }).settle()));
  });

  test(
    'and has sent another token since is known by that, and by the one before',
    proves('RFC6290-4.4-x2', 'does'),
    () => {
      for (const shown of ['newer', 'older'] as const) {
        const pair = tokened();
        const older = tokenOf(pair);
        pair.gatewayAsks(INFORMATIONAL, [wrong(9)]).settle();
        assert.deepEqual(pair.answer?.message.payloads, []);
        claim(pair, [UNKNOWN, shown === 'newer' ? wrong(9) : older]);
        assert.ok(restarted(pair), shown);
      }
    },
  );
});

describe('a token', () => {
  for (const [what, payloads] of [
    ['that is another one', [UNKNOWN, wrong(1)]],
    ['that is too short', [UNKNOWN, notify(Notify.QUICK_CRASH_DETECTION, new Uint8Array(15))]],
    ['that is too long', [UNKNOWN, notify(Notify.QUICK_CRASH_DETECTION, new Uint8Array(129))]],
    ['that is empty', [UNKNOWN, notify(Notify.QUICK_CRASH_DETECTION)]],
    ['of another SPI', [notify(Notify.INVALID_SPI, new Uint8Array(4)), wrong(1)]],
  ] as const) {
    test(
      `${what} changes nothing and gets no answer`,
      proves(['RFC6290-3-x3', 'refuses'], ['RFC6290-4.5-x3', 'refuses'], ['RFC6290-8.2-x2', 'refuses']),
      () => {
        for (const response of [true, false]) {
          const pair = tokened();
          claim(pair, payloads, response);
          assert.deepEqual(pair.events, []);
          assert.ok(pair.requests.every((message) => !message.response));
          claim(pair, [UNKNOWN, tokenOf(pair)]);
          assert.ok(restarted(pair), 'and the right one is still known');
        }
      },
    );
  }

  test(
    'in clear is never learned, nor one that came before the gateway proved itself',
    proves(['RFC6290-4.4-x2', 'refuses'], ['RFC6290-3-x1', 'refuses'], ['RFC6290-9.1-x2', 'does']),
    () => {
      for (const at of ['init', 'auth', 'eap'] as const) {
        const pair = new Live({ gateway: { faults: { add: [{ at, payloads: [wrong(7)] }] } } });
        claim(pair, [UNKNOWN, wrong(7)]);
        claim(pair, [UNKNOWN, wrong(7)]);
        assert.deepEqual(pair.events, [], at);
      }
    },
  );

  test(
    'of an SA that was replaced says no more than that this one is gone',
    proves('RFC6290-3-x5', 'refuses'),
    () => {
      const pair = tokened();
      const [old] = pair.made.gateway.sas;
      const token = tokenOf(pair);
      pair.made.gateway.faults = { create: { afterwards: 'keeps-old' } };
      pair.takeGateway(pair.made.gateway.rekeyIke(pair.saId, pair.now)).settle();
      pair.command({ kind: 'check-liveness' }).settle();
      assert.ok(pair.event('rekeyed'));
      pair.takeGateway(pair.made.gateway.sendClear(old!.id, INFORMATIONAL, true, [UNKNOWN, token], pair.now));
      pair.settle().command({ kind: 'check-liveness' }).settle();
      assert.equal(pair.session.closed, false);
    },
  );

  test(
    'is looked for a few times a second, however often somebody guesses',
    proves(['RFC6290-8.1-x1', 'does'], ['RFC6290-8.2-x3', 'does']),
    () => {
      const pair = tokened();
      const token = tokenOf(pair);
      for (let guess = 0; guess < 200; guess++) claim(pair, [UNKNOWN, wrong(guess % 250)]);
      claim(pair, [UNKNOWN, token]);
      assert.equal(pair.session.closed, false, 'one more of too many');
      pair.now += 100;
      claim(pair, [UNKNOWN, token]);
      assert.ok(restarted(pair));
    },
  );

  test('is not needed: a gateway without any is as good', proves('RFC6290-4.2-x1', 'refuses'), () => {
    const pair = new Live();
    claim(pair, [UNKNOWN, wrong(1)]);
    assert.deepEqual(pair.events, []);
    assert.equal(pair.session.closed, false);
  });
});

describe('a word in clear that the gateway does not know the SA', () => {
  const checks = (pair: Live): number =>
    pair.requests.filter(({ exchange, payloads }) => exchange === INFORMATIONAL && payloads.length === 0)
      .length;

  for (const [what, payload] of [
    ['INVALID_IKE_SPI', UNKNOWN],
    ['INVALID_SPI', notify(Notify.INVALID_SPI, new Uint8Array(4))],
  ] as const) {
    test(`(${what}) makes us ask the gateway itself, at once`, () => {
      const pair = new Live();
      claim(pair, [payload]);
      assert.equal(checks(pair), 1);
      assert.deepEqual(pair.events, []);
    });
  }

  test('makes us ask no more than once in ten seconds', () => {
    const pair = new Live();
    for (let second = 0; second < 30; second++) {
      claim(pair, [UNKNOWN]);
      pair.advance(1_000);
    }
    assert.equal(checks(pair), 3);
  });

  test('that says something else makes us ask nothing', () => {
    const pair = new Live();
    for (const type of [Notify.NO_PROPOSAL_CHOSEN, Notify.INVALID_MAJOR_VERSION, Notify.INITIAL_CONTACT]) {
      claim(pair, [notify(type)]);
    }
    assert.equal(checks(pair), 0);
  });

  test('with other SPIs than ours makes us ask nothing', () => {
    const pair = tokened();
    pair.takeGateway(
      pair.made.gateway.sendClear(pair.saId, INFORMATIONAL, true, [UNKNOWN, tokenOf(pair)], pair.now),
    );
    const [datagram] = pair.toClient.splice(0);
    for (const at of [0, 8]) {
      const octets = datagram!.octets.slice();
      octets[at] = (octets[at] ?? 0) ^ 1;
      pair.inject(octets).settle();
    }
    assert.equal(checks(pair), 0);
    assert.deepEqual(pair.events, []);
  });

  test('finds a gateway that restarted without tokens as fast as it is believed to be gone', () => {
    const pair = new Live();
    const start = pair.now;
    pair.made.gateway.restart();
    claimTo(pair);
    while (!pair.session.closed) pair.advance(100).settle();
    assert.equal(pair.failureCode, 'timeout.liveness');
    assert.ok(pair.now - start <= 30_000, 'the patience of one exchange, not the silence before it');
  });

  /** In the name of a gateway that has no SA any more. */
  function claimTo(pair: Live): void {
    pair.command({ kind: 'check-liveness' }).settle();
  }
});
