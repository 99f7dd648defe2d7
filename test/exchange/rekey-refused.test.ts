import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { IKE_DEFAULTS } from '../../core/ike/config.ts';
import type { IkeCommand } from '../../core/ike/events.ts';
import { notifyOf } from '../../core/ike/payloads.ts';
import { ExchangeType, Notify } from '../../core/wire/constants.ts';
import { notify } from '../../core/wire/payloads/notify.ts';
import { proves } from '../conformance/tag.ts';
import type { CreateFaults } from '../support/gateway/create-faults.ts';
import { TwoEnds } from '../support/two-ends.ts';

/* What a gateway may answer to CREATE_CHILD_SA instead of an SA, and when keys end (RFC 7296 sections 2.8 and 2.25). */

const HOUR = 3_600_000;

/** Everything of the client's that has a time, on time. */
const EXACT = { rekey: { childMs: HOUR, ikeMs: 4 * HOUR, jitter: 0, pfs: false } };

function withFaults(create: CreateFaults): TwoEnds {
  return new TwoEnds({ client: EXACT, gateway: { faults: { create } } });
}

/** When the client asked for SAs, in seconds from now. */
function askedAfter(ends: TwoEnds, ms: number): number[] {
  const start = ends.now;
  const times: number[] = [];
  let seen = asked(ends);
  while (ends.now < start + ms && !ends.session.closed) {
    ends.live(1000);
    for (; seen < asked(ends); seen++) times.push((ends.now - start) / 1000);
  }
  return times;
}

function asked({ requests }: TwoEnds): number {
  return requests.filter(({ exchange }) => exchange === ExchangeType.CREATE_CHILD_SA).length;
}

const rekeyIke = (): IkeCommand => ({ kind: 'rekey-ike' });
const rekeyChild = (ends: TwoEnds): IkeCommand => ({ kind: 'rekey-child', spiIn: ends.firstSpi });

describe('the time of keys', () => {
  test('Child SAs are rekeyed on their own time, IKE SAs on theirs', proves('RFC7296-2.8-2', 'does'), () => {
    const ends = new TwoEnds({ client: EXACT });
    ends.live(HOUR - 5_000);
    assert.equal(asked(ends), 0);
    ends.live(10_000);
    assert.equal(asked(ends), 1);
    assert.ok(notifyOf(ends.requests.at(-2)!.payloads, Notify.REKEY_SA));
    ends.live(3 * HOUR + 20_000);
    assert.equal(asked(ends), 5);
    assert.ok(ends.event('rekeyed'));
    ends.agree();
  });

  test('jitter takes off up to its part, differently each time', proves('RFC7296-2.8-3', 'does'), () => {
    const times = new Set<number>();
    for (const seed of ['a', 'b', 'c', 'd']) {
      const ends = new TwoEnds({
        seed,
        client: { rekey: { childMs: HOUR, ikeMs: 0, jitter: 0.5, pfs: false } },
      });
      const [first] = askedAfter(ends, HOUR + 1000);
      assert.ok(first && first >= HOUR / 2000 && first <= HOUR / 1000, String(first));
      times.add(first);
    }
    assert.equal(times.size, 4);
  });

  test('a time of 0 is no time', () => {
    const ends = new TwoEnds({ client: { rekey: { ...IKE_DEFAULTS.rekey, childMs: 0, ikeMs: 0 } } });
    assert.deepEqual(askedAfter(ends, 10 * HOUR), []);
    ends.agree();
  });

  test('keys that are used up before they are replaced end the session, however busy the gateway is', () => {
    const refuse = { notify: Notify.TEMPORARY_FAILURE, purpose: 'rekey-child' } as const;
    const ends = withFaults({ refuse });
    ends.command(rekeyChild(ends)).live(1000);
    ends.command({ kind: 'child-spent', spiIn: ends.firstSpi }).live(1000);
    assert.equal(ends.failureCode, 'peer.rekey-failed');
  });

  test('keys that grew old in a sleep are replaced after it', () => {
    const ends = new TwoEnds({ client: EXACT });
    ends.now += HOUR + 1000;
    ends.live(1000);
    assert.equal(asked(ends), 1);
    ends.agree();
  });

  for (const hours of [2, 12]) {
    test(`keys that ended in a sleep of ${hours} hours are not replaced, but said goodbye to`, () => {
      const ends = new TwoEnds({ client: EXACT });
      ends.now += hours * HOUR;
      ends.live(1000);
      assert.equal(asked(ends), 0);
      assert.equal(ends.failureCode, 'timeout.slept');
      assert.deepEqual(ends.made.gateway.sas, [], 'the gateway is told');
    });
  }

  for (const [what, command] of [
    ['a pair', rekeyChild],
    ['the IKE SA', rekeyIke],
  ] as const) {
    test(
      `keys of ${what} that are not replaced are not used any more, and the session says why`,
      proves(
        ['RFC7296-2.8-5', 'does'],
        ['RFC7296-2.8-8', 'does'],
        ['RFC7296-2.8-x3', 'does'],
        ['RFC7296-4-1', 'does'],
      ),
      () => {
        const purpose = command === rekeyIke ? 'rekey-ike' : 'rekey-child';
        const ends = withFaults({ refuse: { notify: Notify.NO_ADDITIONAL_SAS, purpose } });
        const lifetimeMs = command === rekeyIke ? 4 * HOUR : HOUR;
        ends.live(lifetimeMs + 1000);
        assert.equal(ends.session.closed, false);
        const notice = ends.event('auth-lifetime');
        assert.ok(notice && notice.seconds <= 60, 'a new session is to be made before');
        ends.live(1.1 * lifetimeMs - ends.now + 2000);
        assert.equal(ends.failureCode, 'peer.rekey-failed');
        assert.equal(ends.events.filter(({ kind }) => kind === 'auth-lifetime').length, 1);
        assert.deepEqual(ends.made.gateway.sas, [], 'the gateway is told');
      },
    );
  }
});

describe('a gateway that has no time', () => {
  for (const [what, command] of [
    ['a pair', rekeyChild],
    ['the IKE SA', rekeyIke],
  ] as const) {
    test(
      `${what} is rekeyed after a pause that grows`,
      proves(['RFC7296-2.25-1', 'does'], ['RFC7296-2.25-x2', 'does']),
      () => {
        const ends = withFaults({ refuse: { notify: Notify.TEMPORARY_FAILURE, times: 3 } });
        const times = askedAfter(ends.command(command(ends)), 60_000);
        assert.equal(times.length, 4);
        const pauses = times.slice(1).map((at, i) => at - times[i]!);
        assert.ok(pauses[0]! >= 2 && pauses[1]! > pauses[0]! && pauses[2]! > pauses[1]!, pauses.join(' '));
        ends.agree();
      },
    );

    test(
      `${what}: after minutes of that the two ends know different things, and the session ends`,
      proves('RFC7296-2.25-x3', 'does'),
      () => {
        const ends = withFaults({ refuse: { notify: Notify.TEMPORARY_FAILURE } });
        const times = askedAfter(ends.command(command(ends)), 400_000);
        assert.ok(times.at(-1)! > 240);
        assert.equal(ends.failureCode, 'peer.lost-state');
      },
    );
  }
});

describe('a gateway that says no', () => {
  for (const notify of [
    Notify.NO_ADDITIONAL_SAS,
    Notify.NO_PROPOSAL_CHOSEN,
    Notify.TS_UNACCEPTABLE,
    Notify.UNSUPPORTED_CRITICAL_PAYLOAD,
    8_192,
  ]) {
    test(
      `to a rekeying with notify ${notify}: the SAs stay, and we ask again`,
      proves('RFC7296-1.3.1-x1', 'does'),
      () => {
        for (const command of [rekeyChild, rekeyIke]) {
          const ends = withFaults({ refuse: { notify, times: 1 } });
          const times = askedAfter(ends.command(command(ends)), 60_000);
          assert.equal(times.length, 2);
          assert.ok(times[1]! >= 30, 'not at once');
          assert.equal(ends.events.filter(({ kind }) => kind === 'auth-lifetime').length, 1);
          ends.agree();
        }
      },
    );
  }

  test('INVALID_SYNTAX ends the SA: there is no use in going on', proves('RFC7296-2.21.3-1', 'does'), () => {
    for (const command of [rekeyChild, rekeyIke]) {
      const ends = withFaults({ refuse: { notify: Notify.INVALID_SYNTAX } });
      ends.command(command(ends)).live(1000);
      assert.equal(ends.failureCode, 'peer.rekey-failed');
    }
  });

  test(
    'that there is no such pair: a new one takes its place, and it is not deleted',
    proves(['RFC7296-2.25-x5', 'does'], ['RFC7296-2.25-x6', 'does']),
    () => {
      const ends = withFaults({ refuse: { notify: Notify.CHILD_SA_NOT_FOUND, purpose: 'rekey-child' } });
      const spiIn = ends.firstSpi;
      ends.command({ kind: 'rekey-child', spiIn }).live(1000);
      assert.equal(asked(ends), 2);
      assert.equal(notifyOf(ends.requests.at(-1)!.payloads, Notify.REKEY_SA), undefined);
      const [added, closed] = ends.events;
      assert.ok(added?.kind === 'child-added' && added.replaces === spiIn && added.sendNow);
      assert.ok(closed?.kind === 'child-closed' && closed.spiIn === spiIn);
      assert.equal(ends.events.length, 2);
      assert.equal(ends.session.closed, false);
    },
  );

  test('that there is no such pair, and to a new one: the session has no purpose any more', () => {
    let count = 0;
    const ends = new TwoEnds({
      client: EXACT,
      gateway: {
        faults: {
          tamper: (message, step) => {
            if (step !== 'reply' || message.exchange !== ExchangeType.CREATE_CHILD_SA) return message;
            count += 1;
            const type = count === 1 ? Notify.CHILD_SA_NOT_FOUND : Notify.NO_ADDITIONAL_SAS;
            return { ...message, payloads: [notify(type)] };
          },
        },
      },
    });
    ends.command({ kind: 'rekey-child', spiIn: ends.firstSpi }).live(1000);
    assert.equal(ends.failureCode, 'peer.deleted');
  });
});

describe('a gateway that answers with what we cannot use', () => {
  for (const create of [
    { traffic: 'narrower' },
    { traffic: 'wider-remote' },
    { traffic: 'foreign' },
    { proposal: 'unoffered-cipher' },
    { proposal: 'missing-transform' },
    { spi: 'zero' },
    { spi: 'reserved' },
    { spi: 'reused' },
  ] as const) {
    test(
      `to a rekeying (${JSON.stringify(create)}): what it made is deleted, and the old pair stays`,
      proves(['RFC7296-2.9.2-2', 'refuses'], ['RFC7296-3.3.6-3', 'does'], ['RFC7296-2.9-1', 'refuses']),
      () => {
        const ends = withFaults(create);
        const [pair] = ends.clientPairs;
        ends.command({ kind: 'rekey-child', spiIn: ends.firstSpi }).live(1000);
        assert.deepEqual(ends.clientPairs, [pair]);
        assert.deepEqual(ends.gatewayPairs, [pair]);
        ends.made.gateway.faults = {};
        ends.live(60_000);
        assert.notDeepEqual(ends.clientPairs, [pair], 'a later attempt was good');
        ends.agree();
      },
    );
  }

  for (const create of [
    { omit: ['KE'] },
    { keyExchange: 'other-group' },
    { keyExchange: 'invalid-value' },
    { proposal: 'unoffered-cipher' },
    { proposal: 'spi-size' },
  ] as const) {
    test(
      `to an IKE rekeying (${JSON.stringify(create)}): nobody knows what there is now, so it ends`,
      proves(['RFC7296-2.18-x1', 'refuses'], ['RFC7296-1.3.3-1', 'refuses']),
      () => {
        const ends = withFaults(create);
        ends.command({ kind: 'rekey-ike' }).live(5000);
        assert.match(ends.failureCode ?? '', /^(peer\.rekey-failed|protocol\.malformed)$/);
      },
    );
  }
});
