import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { equalBytes } from '../../core/lib/bytes.ts';
import { firstOf, notifyOf } from '../../core/ike/payloads.ts';
import { Notify } from '../../core/wire/constants.ts';
import type { Message } from '../../core/wire/message.ts';
import { proves } from '../conformance/tag.ts';
import { address, type Faults, makeGateway } from '../support/gateway/index.ts';
import { gatewayIdent } from '../support/gateway/redirect.ts';
import { clearMessage, identity, type LoginMethod } from '../support/pair.ts';
import {
  again,
  afterRestart,
  exchanges,
  IKE_AUTH,
  IKE_SA_INIT,
  IKE_SESSION_RESUME,
  INFORMATIONAL,
  ticketed,
  ticketOf,
  TICKETS,
  violations,
} from '../support/resumed-pair.ts';

const METHODS: readonly LoginMethod[] = ['eap', 'certificate', 'psk'];
const RESUMED = [IKE_SESSION_RESUME, IKE_AUTH];

const authRequest = ({ requests }: { requests: readonly Message[] }): Message =>
  requests.find(({ exchange }) => exchange === IKE_AUTH)!;

describe('resuming a session', () => {
  for (const method of METHODS) {
    test(
      `that began with ${method} takes two exchanges and no credentials`,
      proves(
        ['RFC5723-4.3.2-x1', 'does'],
        ['RFC5723-4.3.3-x1', 'does'],
        ['RFC5723-4.3.3-x2', 'does'],
        ['RFC5723-4.3.3-x3', 'does'],
        ['RFC5723-4.3.3-x4', 'does'],
        ['RFC5723-5.1-x1', 'does'],
        ['RFC5723-5-x1', 'does'],
        ['RFC5723-4.2-x2', 'does'],
      ),
      () => {
        const before = ticketed({ method });
        const ticket = ticketOf(before);
        const pair = afterRestart(before, { method, asked: 'later' }).settle();
        assert.deepEqual(exchanges(pair), RESUMED);
        assert.deepEqual(violations(pair), []);
        assert.deepEqual(
          pair.events.map(({ kind }) => kind),
          ['initiated', 'established', 'ticket'],
        );
        const { payloads } = authRequest(pair);
        const kinds = payloads.map(({ kind }) => kind).filter((kind) => kind !== 'N');
        assert.deepEqual(kinds, ['IDi', 'IDr', 'AUTH', 'CP', 'SA', 'TSi', 'TSr']);
        const established = pair.gatewayEvents.find((event) => event.kind === 'established');
        assert.deepEqual([established?.resumed, established?.method], [true, method]);
        assert.equal(pair.event('established')?.gatewaySignature, 'resumed session');
        assert.equal(pair.event('established')?.gatewayIdentity, 'vpn.example.com');
        const old = before.event('initiated')!;
        assert.ok(!equalBytes(pair.event('initiated')!.initiatorSpi, old.initiatorSpi));
        assert.ok(!equalBytes(pair.event('initiated')!.responderSpi, old.responderSpi));
        assert.ok(ticket.wiped);
      },
    );
  }

  test('leads to a Child SA with the same keys at both ends, an address and a new ticket', () => {
    const pair = afterRestart(ticketed()).settle();
    const child = pair.event('established')!.child;
    const added = pair.gatewayEvents.find((event) => event.kind === 'child-added')!.child;
    assert.ok(equalBytes(child.encrOut.reveal(), added.keyIn));
    assert.ok(equalBytes(child.encrIn.reveal(), added.keyOut));
    assert.equal(pair.event('established')!.config.addresses.length, 2);
    assert.deepEqual(exchanges(afterRestart(pair).settle()), RESUMED, 'the new one is good as well');
  });

  test('a gateway that still has the old SA takes the new one', () => {
    const before = ticketed();
    const pair = again(before, ticketOf(before)).connect().settle();
    assert.deepEqual(exchanges(pair), RESUMED);
    assert.ok(pair.event('established'));
  });

  test(
    'works from any other place, and finds out anew what NATs there are',
    proves(['RFC5723-4.3.2-x3', 'does'], ['RFC5723-4.3.2-x4', 'does']),
    () => {
      const before = ticketed({ gateway: { encap: false } });
      assert.equal(before.event('initiated')?.nat.local, false);
      const seenAs = { address: address('198.51.100.9'), port: 31337 };
      const pair = afterRestart(before, { seenAs }).settle();
      assert.deepEqual(pair.event('initiated')?.nat, { supported: true, local: true, remote: false });
      assert.deepEqual(exchanges(pair), RESUMED);
    },
  );

  test('goes on with the algorithms of the SA before, whatever is offered now', () => {
    for (const encr of [12, 20, 28]) {
      const before = ticketed({ gateway: { ike: { encr: [[encr]] } } });
      const pair = afterRestart(before, { client: { ikeOffers: [] } }).settle();
      assert.deepEqual(exchanges(pair), RESUMED);
      assert.equal(pair.event('initiated')?.suite, before.event('initiated')?.suite);
    }
  });

  test('speaks fragments if the gateway does', () => {
    const before = ticketed({ gateway: { fragmentOctets: 200 } });
    assert.ok(
      afterRestart(before, { client: { fragmentOctets: 300 } })
        .settle()
        .event('established'),
    );
  });

  test('brings a cookie when it has to', proves(['RFC5723-4.3.2-x1', 'does']), () => {
    const before = ticketed({ gateway: { cookies: true } });
    const pair = afterRestart(before);
    const first = clearMessage(pair.toGateway[0]!);
    pair.stepToGateway().stepToClient();
    const [cookie, ...rest] = clearMessage(pair.toGateway[0]!).payloads;
    assert.equal(cookie?.kind === 'N' && cookie.notifyType, Notify.COOKIE);
    assert.deepEqual(rest, first.payloads);
    pair.settle();
    assert.deepEqual(exchanges(pair), [IKE_SESSION_RESUME, ...RESUMED]);
    assert.deepEqual(violations(pair), []);
    assert.ok(pair.event('established'));
  });

  test('is redirected like a login', () => {
    const before = ticketed();
    const elsewhere = { to: gatewayIdent('203.0.113.2'), at: 'init' } as const;
    const made = makeGateway({ extensions: { ...TICKETS, redirect: elsewhere } });
    const pair = again({ made, now: before.now }, ticketOf(before)).connect().settle();
    assert.deepEqual(
      pair.events.map(({ kind }) => kind),
      ['redirected', 'closed'],
    );
  });

  test('that was begun can be given up at once', () => {
    const before = ticketed();
    const pair = afterRestart(before).command({ kind: 'disconnect' }).settle();
    assert.deepEqual(pair.events, [{ kind: 'closed' }]);
    assert.equal(ticketOf(before).wiped, false);
  });

  test('that comes to nothing but a refused Child SA says so, and takes its SA down', () => {
    const before = ticketed();
    before.made.gateway.faults = { childNotify: Notify.TS_UNACCEPTABLE };
    const pair = afterRestart(before).settle();
    assert.equal(pair.failureCode, 'peer.ts-unacceptable');
    assert.deepEqual(exchanges(pair), [...RESUMED, INFORMATIONAL]);
  });
});

describe('a ticket', () => {
  test('is not shown when its time is over', proves(['RFC5723-4.3.1-x2', 'refuses']), () => {
    const before = ticketed();
    const last = afterTime(before, 3_599_000 - 1_000);
    assert.equal(clearMessage(last.toGateway[0]!).exchange, IKE_SESSION_RESUME);
    const late = afterTime(ticketed(), 3_600_000);
    assert.equal(clearMessage(late.toGateway[0]!).exchange, IKE_SA_INIT);
    assert.ok(late.settle().event('established'));
  });

  test('is not used twice', proves(['RFC5723-4.3.1-x3', 'refuses']), () => {
    const before = ticketed();
    assert.ok(afterRestart(before).settle().event('established'));
    const pair = again(before, ticketOf(before)).connect().settle();
    assert.equal(exchanges(pair)[0], IKE_SA_INIT);
    assert.ok(pair.event('established'));
    assert.deepEqual(violations(pair), []);
  });

  test(
    'is for who it was given to',
    proves(['RFC5723-4.3.3-x2', 'refuses'], ['RFC5723-9.7-x1', 'refuses']),
    () => {
      const before = ticketed({ method: 'psk' });
      const client = { localId: identity('mallory') };
      const pair = again(before, ticketOf(before), { method: 'psk', client }).connect();
      assert.equal(clearMessage(pair.toGateway[0]!).exchange, IKE_SA_INIT);
    },
  );

  test(
    'that nobody answered to may be shown again, in the very same request and to the same gateway',
    proves(['RFC5723-4.3.1-x3', 'does'], ['RFC5723-4.3.1-x3', 'refuses']),
    () => {
      const before = ticketed();
      const ticket = ticketOf(before);
      before.made.gateway.setSilent(true);
      const first = again(before, ticket).connect();
      const shown = first.toGateway[0]!.payload;
      while (!first.session.closed) first.advance(1_000);
      assert.equal(first.failureCode, 'timeout.init');
      assert.equal(ticket.wiped, false);
      for (const { payload } of first.toGateway) {
        if (clearMessage({ ...first.toGateway[0]!, payload }).exchange === IKE_SESSION_RESUME)
          assert.deepEqual(payload, shown);
      }
      const elsewhere = { gateway: { address: address('203.0.113.2'), port: 500 } };
      const other = again(first, ticket, { client: elsewhere }).connect();
      assert.equal(clearMessage(other.toGateway[0]!).exchange, IKE_SA_INIT);

      before.made.gateway.restart();
      const second = again(first, ticket).connect();
      assert.deepEqual(second.toGateway[0]!.payload, shown);
      second.settle();
      assert.deepEqual(exchanges(second), RESUMED);
      assert.ok(second.event('established'));
      assert.deepEqual(violations(second), []);
    },
  );

  function afterTime(before: ReturnType<typeof ticketed>, ms: number): ReturnType<typeof ticketed> {
    before.made.gateway.restart();
    const pair = again(before, ticketOf(before));
    pair.now = before.now + ms;
    return pair.connect();
  }
});

describe('a ticket that is refused', () => {
  for (const [what, answer] of [
    ['TICKET_NACK', 'nack'],
    ['INVALID_IKE_SPI', Notify.INVALID_IKE_SPI],
    ['INVALID_SYNTAX', Notify.INVALID_SYNTAX],
    ['an error that nobody knows', 8191],
  ] as const) {
    test(`with ${what} leads to a login at once`, proves('RFC5723-4.3.1-x3', 'refuses'), () => {
      const before = ticketed();
      before.made.gateway.faults = { resume: { answer } };
      const pair = afterRestart(before);
      const { now } = pair;
      pair.settle();
      assert.equal(pair.now, now);
      assert.equal(exchanges(pair)[1], IKE_SA_INIT);
      assert.equal(pair.event('established')?.gatewaySignature.includes('resumed'), false);
      assert.ok(ticketOf(before).wiped);
      const established = pair.gatewayEvents.find((event) => event.kind === 'established');
      assert.equal(established?.resumed, false);
    });
  }

  test('because the gateway forgot its secret leads to a login', () => {
    const before = ticketed();
    const other = ticketed({ gateway: { extensions: {}, seed: 'other' }, client: { resumption: false } });
    const pair = again(other, ticketOf(before)).connect().settle();
    assert.ok(pair.event('established'));
    assert.equal(exchanges(pair)[1], IKE_SA_INIT);
  });

  test('by silence is joined by a login after a second and a half', () => {
    const before = ticketed();
    before.made.gateway.faults = { resume: { answer: 'silence' } };
    const pair = afterRestart(before);
    const start = pair.now;
    pair.settle();
    while (!exchanges(pair).includes(IKE_SA_INIT)) pair.advance(100).settle();
    assert.equal(pair.now - start, 1_500);
    assert.ok(pair.event('established'));
    assert.ok(ticketOf(before).wiped, 'there is a new session, with a ticket of its own');
  });

  test('by a gateway that is away for a while is none: when it is back, both requests come together', () => {
    for (let awayMs = 1_000; awayMs <= 25_000; awayMs += 1_000) {
      const before = ticketed();
      before.made.gateway.restart();
      const pair = again(before, ticketOf(before)).connect();
      for (const start = pair.now; pair.now - start < awayMs; pair.advance(10)) pair.toGateway.length = 0;
      while (!pair.event('established')) pair.advance(10).settle();
      assert.equal(pair.event('established')?.gatewaySignature, 'resumed session', `after ${awayMs} ms`);
    }
  });

  test('by somebody on the path counts for nothing when the gateway accepts it', () => {
    const before = ticketed();
    before.made.gateway.faults = { resume: { forgedNackFirst: true } };
    const pair = afterRestart(before).settle();
    assert.ok(pair.event('established'));
    assert.equal(pair.gatewayEvents.find((event) => event.kind === 'established')?.resumed, true);
  });
});

describe('a gateway that answers IKE_SESSION_RESUME', () => {
  test(
    'and has not the secret of the SA gets a full login after five seconds',
    proves(['RFC5723-5.1-x1', 'refuses'], ['RFC5723-4.3.3-x4', 'refuses']),
    () => {
      const before = ticketed();
      before.made.gateway.faults = { resume: { otherSecret: true } };
      const pair = afterRestart(before);
      const start = pair.now;
      pair.settle();
      assert.equal(pair.event('established'), undefined);
      while (!pair.event('established')) pair.advance(100).settle();
      assert.equal(pair.now - start, 5_000);
      assert.equal(pair.gatewayEvents.find((event) => event.kind === 'established')?.resumed, false);
    },
  );

  const UNPROVED: readonly NonNullable<NonNullable<Faults['resume']>['auth']>[] = [
    'flipped',
    'other-method',
    'padded',
    'refused',
    'certificate',
    'other-identity',
    'silence',
  ];
  for (const auth of UNPROVED) {
    test(
      `and then shows no proof (${auth}) has to prove itself in full`,
      proves(['RFC5723-4.3.3-x3', 'refuses'], ['RFC5723-4.3.3-x4', 'refuses'], ['RFC5723-5.1-x1', 'refuses']),
      () => {
        const before = ticketed({ method: 'psk' });
        before.made.gateway.faults = { resume: { auth } };
        const pair = afterRestart(before, { method: 'psk' }).settle();
        while (!pair.event('established')) pair.advance(500).settle();
        assert.equal(pair.event('established')?.gatewaySignature, 'pre-shared key');
        assert.equal(pair.events.filter(({ kind }) => kind === 'established').length, 1);
        assert.equal(pair.events.filter(({ kind }) => kind === 'initiated').length, 2);
        assert.ok(exchanges(pair).includes(IKE_SA_INIT));
        assert.ok(pair.now < before.now + 8_000);
      },
    );
  }

  test('and then talks nonsense has to prove itself in full', () => {
    const before = ticketed({ method: 'psk' });
    let times = 0;
    const spoil = (octets: Uint8Array): Uint8Array =>
      times++ === 0 ? octets.map((octet, i) => (i === 2 || i === 3 ? 0xff : octet)) : octets;
    before.made.gateway.faults = {
      tamperPlaintext: (octets, step) => (step === 'auth' ? spoil(octets) : octets),
    };
    const pair = afterRestart(before, { method: 'psk' }).settle();
    assert.equal(pair.event('established')?.gatewaySignature, 'pre-shared key');
  });

  test('and falls silent while the user is leaving is not asked for a login', () => {
    const before = ticketed();
    before.made.gateway.faults = { resume: { auth: 'silence' } };
    const pair = afterRestart(before).settle().command({ kind: 'disconnect' });
    pair.advance(10_000);
    assert.deepEqual(pair.events.at(-1), { kind: 'closed' });
    assert.equal(exchanges(pair).includes(IKE_SA_INIT), false);
  });

  for (const [what, spoil] of [
    ['without a nonce', (message: Message) => without(message, 'NONCE')],
    ['without NAT detection', (message: Message) => without(message, 'N')],
    ['without an SPI of its own', (message: Message) => ({ ...message, responderSpi: new Uint8Array(8) })],
  ] as const) {
    test(`${what} is not believed, and a login begins`, () => {
      const before = ticketed();
      let times = 0;
      before.made.gateway.faults = {
        tamper: (message, step) => (step === 'init' && times++ === 0 ? spoil(message) : message),
      };
      const pair = afterRestart(before).settle();
      assert.equal(exchanges(pair)[1], IKE_SA_INIT);
      assert.ok(pair.event('established'));
      assert.equal(pair.gatewayEvents.find((event) => event.kind === 'established')?.resumed, false);
    });
  }

  function without(message: Message, kind: string): Message {
    return { ...message, payloads: message.payloads.filter((payload) => payload.kind !== kind) };
  }

  test('from another address than the one that was asked is not heard', () => {
    const before = ticketed();
    const pair = afterRestart(before).stepToGateway();
    const [answer] = pair.toClient.splice(0);
    pair.session.handleDatagram(
      {
        octets: answer!.octets,
        transport: 'ike',
        path: 0,
        local: { address: address('192.0.2.7'), port: 500 },
        remote: { address: address('203.0.113.66'), port: 500 },
      },
      pair.now,
    );
    assert.equal(pair.session.takeDatagrams().length, 0);
    pair.toClient.push(answer!);
    assert.ok(pair.settle().event('established'));
    assert.deepEqual(exchanges(pair), RESUMED);
  });
});

test(
  'what IKE_SESSION_RESUME carries is a nonce, the ticket and announcements, in clear',
  proves(['RFC5723-4.3.2-x1', 'does'], ['RFC5723-4.3.2-x2', 'does']),
  () => {
    const before = ticketed();
    const { opaque } = ticketOf(before);
    const expected = opaque.slice();
    const message = clearMessage(
      afterRestart(before, { client: { redirectedFrom: address('203.0.113.9') } }).toGateway[0]!,
    );
    assert.equal(message.exchange, IKE_SESSION_RESUME);
    assert.equal(firstOf(message.payloads, 'NONCE')?.data.length, 32);
    assert.deepEqual(notifyOf(message.payloads, Notify.TICKET_OPAQUE)?.data, expected);
    assert.deepEqual(
      message.payloads.map((payload) => (payload.kind === 'N' ? payload.notifyType : payload.kind)),
      [
        'NONCE',
        Notify.TICKET_OPAQUE,
        Notify.NAT_DETECTION_SOURCE_IP,
        Notify.NAT_DETECTION_DESTINATION_IP,
        Notify.IKEV2_FRAGMENTATION_SUPPORTED,
        Notify.REDIRECTED_FROM,
      ],
    );
  },
);
