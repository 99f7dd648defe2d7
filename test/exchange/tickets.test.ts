import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inspect } from 'node:util';
import { equalBytes, toHex } from '../../core/lib/bytes.ts';
import { notifyOf } from '../../core/ike/payloads.ts';
import { Notify } from '../../core/wire/constants.ts';
import { valuedNotify } from '../../core/wire/notify-data.ts';
import { proves } from '../conformance/tag.ts';
import type { Faults } from '../support/gateway/index.ts';
import { Live } from '../support/live.ts';
import { Pair, type PairOptions } from '../support/pair.ts';
import {
  again,
  exchanges,
  INFORMATIONAL,
  ticketed,
  ticketOf,
  TICKETS,
  violations,
} from '../support/resumed-pair.ts';

const HOUR_MS = 3_600_000;
/** So that nothing but tickets is asked for. */
const QUIET = { livenessMs: 0, rekey: { childMs: HOUR_MS * 99, ikeMs: HOUR_MS * 99, jitter: 0, pfs: true } };

/** A connected pair that says nothing of its own accord but about tickets. */
function live(faults: Faults = {}, more: PairOptions = {}): Live {
  return new Live({ client: QUIET, ...more, gateway: { extensions: TICKETS, faults } });
}

/** The client's requests for a ticket, and when they came. */
function asked(pair: Pair, forMs: number): number[] {
  const start = pair.now;
  const times: number[] = [];
  for (let before = pair.requests.length; pair.now - start < forMs; before = pair.requests.length) {
    pair.advance(10_000).settle();
    for (const { payloads } of pair.requests.slice(before)) {
      if (notifyOf(payloads, Notify.TICKET_REQUEST)) times.push(pair.now - start);
    }
  }
  return times;
}

describe('a ticket', () => {
  test(
    'is asked for in the first IKE_AUTH alone, and comes with the last',
    proves(['RFC5723-4.2-x1', 'does'], ['RFC5723-4.2-x2', 'does'], ['RFC5723-9.7-x1', 'does']),
    () => {
      const pair = ticketed();
      const requests = pair.requests.filter(({ payloads }) => notifyOf(payloads, Notify.TICKET_REQUEST));
      assert.deepEqual(
        requests.map(({ messageId }) => messageId),
        [1],
      );
      const ticket = ticketOf(pair);
      const [sa] = pair.made.gateway.sas;
      assert.ok(equalBytes(ticket.skD.reveal(), sa!.keys.d));
      assert.equal(ticket.expiresAt, Date.parse('2026-08-01T00:00:00Z') + pair.now + HOUR_MS);
      assert.equal(ticket.localId.data.length, 'alice'.length);
      assert.equal(pair.events.at(-1)?.kind, 'ticket', 'after the session stands');
    },
  );

  test('shows its secret to nobody who prints it', () => {
    const ticket = ticketOf(ticketed());
    const secret = toHex(ticket.skD.reveal());
    const printed = `${inspect(ticket, { depth: 9 })} ${JSON.stringify(ticket)}`;
    assert.ok(!printed.includes(secret) && printed.includes('[secret]'));
  });

  test('is not asked for by who wants none, and not taken either', () => {
    const ticket = valuedNotify('TICKET_LT_OPAQUE', { lifetimeSeconds: 60, ticket: new Uint8Array(9) });
    const pair = new Pair({
      client: { resumption: false },
      gateway: { extensions: TICKETS, faults: { add: [{ at: 'final', payloads: [ticket] }] } },
    });
    pair.connect().settle();
    assert.ok(pair.event('established'));
    assert.equal(pair.event('ticket'), undefined);
    assert.equal(
      pair.requests.some(({ payloads }) => notifyOf(payloads, Notify.TICKET_REQUEST)),
      false,
    );
  });

  test('in any message but the last of IKE_AUTH is none', proves('RFC5723-4.2-x1', 'refuses'), () => {
    const ticket = valuedNotify('TICKET_LT_OPAQUE', { lifetimeSeconds: 60, ticket: new Uint8Array(9) });
    for (const at of ['init', 'auth', 'eap'] as const) {
      const pair = new Pair({ gateway: { faults: { add: [{ at, payloads: [ticket] }] } } });
      assert.ok(pair.connect().settle().event('established'));
      assert.equal(pair.event('ticket'), undefined, at);
    }
  });

  for (const [what, data] of [
    ['without a lifetime', { lifetimeSeconds: 0, ticket: new Uint8Array(9) }],
    ['that no datagram can hold', { lifetimeSeconds: 60, ticket: new Uint8Array(4097) }],
  ] as const) {
    test(`${what} is none`, () => {
      const payloads = [valuedNotify('TICKET_LT_OPAQUE', data)];
      const pair = new Pair({ gateway: { faults: { add: [{ at: 'final', payloads }] } } }).connect().settle();
      assert.ok(pair.event('established'));
      assert.equal(pair.event('ticket'), undefined);
    });
  }
});

describe('another ticket', () => {
  test(
    'is asked for when four fifths of the time are over, by us, and the one before is forgotten',
    proves(['RFC5723-4.1-x2', 'does']),
    () => {
      const pair = ticketed({ client: QUIET });
      const first = ticketOf(pair);
      assert.deepEqual(asked(pair, 2 * HOUR_MS), [0.8 * HOUR_MS, 1.6 * HOUR_MS]);
      assert.notEqual(ticketOf(pair), first);
      assert.ok(first.wiped);
      assert.ok(!ticketOf(pair).wiped);
      assert.equal(exchanges(pair).at(-1), INFORMATIONAL);
      assert.deepEqual(violations(pair), []);
      assert.ok(again(pair, ticketOf(pair)).connect().settle().event('established'));
    },
  );

  test('is asked for once a minute at most', () => {
    const extensions = { tickets: { ...TICKETS.tickets!, lifetimeSeconds: 1 } };
    const pair = new Live({ client: QUIET, gateway: { extensions } });
    assert.equal(asked(pair, 600_000).length, 10);
  });

  test('is asked for once a day at least, however long the gateway means to take one', () => {
    const extensions = { tickets: { ...TICKETS.tickets!, lifetimeSeconds: 0xffffffff } };
    const pair = new Live({ client: QUIET, gateway: { extensions } });
    assert.ok((pair.session.nextTimeout()?.at ?? Infinity) - pair.now <= 24 * HOUR_MS);
  });

  test(
    'is asked for when the IKE SA was replaced, whoever began, and the one before is void',
    proves(['RFC5723-6.2-x3', 'does']),
    () => {
      for (const by of ['client', 'gateway'] as const) {
        const pair = ticketed({ client: QUIET });
        const first = ticketOf(pair);
        if (by === 'client') pair.command({ kind: 'rekey-ike' });
        else pair.takeGateway(pair.made.gateway.rekeyIke(pair.made.gateway.sas[0]!.id, pair.now));
        pair.settle().advance(1).settle();
        assert.ok(pair.event('rekeyed'), by);
        assert.ok(first.wiped);
        const ticket = ticketOf(pair);
        assert.ok(equalBytes(ticket.skD.reveal(), pair.made.gateway.sas.at(-1)!.keys.d));
        assert.deepEqual(violations(pair), []);
        assert.ok(again(pair, ticket).connect().settle().event('established'));
      }
    },
  );

  test('is asked for later when the gateway says that it has one later (TICKET_ACK)', () => {
    const pair = live({ resume: { request: 'later' } });
    assert.equal(pair.event('ticket'), undefined);
    pair.made.gateway.faults = {};
    assert.deepEqual(asked(pair, 600_000), [300_000]);
    assert.ok(pair.event('ticket'));
  });

  for (const request of ['never', 'nothing'] as const) {
    test(`is not asked for when the first request was answered with ${request}`, () => {
      const pair = live({ resume: { request } });
      pair.made.gateway.faults = {};
      assert.deepEqual(asked(pair, 10 * HOUR_MS), []);
      pair.command({ kind: 'rekey-ike' }).settle();
      assert.deepEqual(asked(pair, HOUR_MS), []);
    });
  }

  test('that the gateway brings along unasked is none', proves(['RFC5723-4.1-x2', 'refuses']), () => {
    const payloads = [valuedNotify('TICKET_LT_OPAQUE', { lifetimeSeconds: 60, ticket: new Uint8Array(9) })];
    const pair = new Live().gatewayAsks(INFORMATIONAL, payloads).settle();
    assert.deepEqual(pair.events, []);
  });
});

describe('a ticket is void', () => {
  test('when we delete the SA', proves(['RFC5723-6.2-x1', 'does'], ['RFC5723-6.2-x2', 'does']), () => {
    const pair = ticketed();
    pair.command({ kind: 'disconnect' });
    assert.ok(ticketOf(pair).wiped);
  });

  test('when the gateway deletes the SA', proves('RFC5723-6.2-x1', 'does'), () => {
    const pair = ticketed();
    pair.takeGateway(pair.made.gateway.deleteIke(pair.made.gateway.sas[0]!.id, pair.now)).settle();
    assert.equal(pair.failureCode, 'peer.deleted');
    assert.ok(ticketOf(pair).wiped);
    const next = again(pair, ticketOf(pair)).connect().settle();
    assert.ok(next.event('established'));
    assert.deepEqual(violations(next), []);
  });

  test('when another session of the same user stands that began with a login', () => {
    const before = ticketed();
    before.made.gateway.faults = { resume: { answer: 'silence' } };
    const pair = again(before, ticketOf(before)).connect().advance(2_000).settle();
    assert.ok(pair.event('established'));
    assert.ok(ticketOf(before).wiped);
  });

  test('not when the gateway merely vanished', proves('RFC5723-6.2-x1', 'refuses'), () => {
    const pair = ticketed();
    pair.made.gateway.setSilent(true);
    while (!pair.session.closed) pair.advance(1_000);
    assert.equal(pair.failureCode, 'timeout.liveness');
    assert.equal(ticketOf(pair).wiped, false);
  });

  test(
    'not because somebody says in clear that the gateway does not know us',
    proves('RFC5723-9.4-x1', 'refuses'),
    () => {
      const pair = ticketed();
      const [sa] = pair.made.gateway.sas;
      for (const type of [Notify.INVALID_IKE_SPI, Notify.INVALID_SPI, Notify.AUTHENTICATION_FAILED]) {
        const payload = { kind: 'N', protocol: 0, spi: new Uint8Array(), notifyType: type } as const;
        const data = new Uint8Array(type === Notify.INVALID_SPI ? 4 : 0);
        pair.takeGateway(
          pair.made.gateway.sendClear(sa!.id, INFORMATIONAL, true, [{ ...payload, data }], pair.now),
        );
      }
      pair.settle();
      assert.equal(pair.session.closed, false);
      assert.equal(ticketOf(pair).wiped, false);
    },
  );
});
