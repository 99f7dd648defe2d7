import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { equalBytes, utf8 } from '../../core/lib/bytes.ts';
import { firstOf, notifyOf } from '../../core/ike/payloads.ts';
import { ExchangeType, Notify } from '../../core/wire/constants.ts';
import type { Message } from '../../core/wire/message.ts';
import { notify } from '../../core/wire/payloads/notify.ts';
import { proves } from '../conformance/tag.ts';
import type { Faults } from '../support/gateway/index.ts';
import type { Extensions } from '../support/gateway/extensions.ts';
import { type LoginMethod, Pair } from '../support/pair.ts';
import { exchanges, TICKETS, ticketOf, violations } from '../support/resumed-pair.ts';

const { IKE_SA_INIT, IKE_AUTH, CREATE_CHILD_SA, INFORMATIONAL } = ExchangeType;
const METHODS: readonly LoginMethod[] = ['eap', 'certificate', 'psk'];

/** A pair whose gateway lets no IKE SA stand that was begun with a Child SA. */
function demanding(method: LoginMethod, more: Extensions = {}, faults: Faults = {}): Pair {
  const extensions = { childless: 'demanded', ...more } as const;
  return new Pair({ method, gateway: { extensions, faults } }).connect();
}

const firsts = ({ requests }: Pair): Message[] =>
  requests.filter(({ exchange, messageId }) => exchange === IKE_AUTH && messageId === 1);

const kinds = ({ payloads }: Message): string[] =>
  payloads.map(({ kind }) => kind).filter((kind) => kind !== 'N' && !kind.startsWith('CERT'));

describe('a gateway that lets IKE SAs begin without a Child SA', () => {
  test('and does not demand it is not asked for it: that would take one more exchange', () => {
    const pair = new Pair({ gateway: { extensions: { childless: 'allowed' } } }).connect().settle();
    assert.ok(pair.event('established'));
    assert.equal(exchanges(pair).includes(CREATE_CHILD_SA), false);
    assert.equal(firsts(pair).length, 1);
  });

  for (const method of METHODS) {
    test(
      `and demands it gets it in a second login (${method}), and the Child SA in an exchange of its own`,
      proves(['RFC6023-5-x1', 'does'], ['RFC6023-3-x3', 'does'], ['RFC6023-4-x1', 'does']),
      () => {
        const pair = demanding(method).settle();
        const [first, second, ...more] = firsts(pair);
        assert.deepEqual(more, []);
        assert.ok(firstOf(first!.payloads, 'SA'));
        const auth = method === 'eap' ? [] : ['AUTH'];
        assert.deepEqual(kinds(second!), ['IDi', 'IDr', ...auth, 'CP']);
        assert.equal(notifyOf(second!.payloads, Notify.USE_TRANSPORT_MODE), undefined);
        assert.equal(exchanges(pair).at(-1), CREATE_CHILD_SA);
        assert.deepEqual(violations(pair), []);

        const { child, config, gatewayIdentity } = pair.event('established')!;
        const added = pair.gatewayEvents.find((event) => event.kind === 'child-added')!.child;
        assert.ok(equalBytes(child.encrOut.reveal(), added.keyIn));
        assert.ok(equalBytes(child.encrIn.reveal(), added.keyOut));
        assert.equal(config.addresses.length, 2);
        assert.equal(child.local.length, 2);
        assert.equal(gatewayIdentity, 'vpn.example.com');
        assert.equal(pair.events.filter(({ kind }) => kind === 'established').length, 1);
        assert.equal(
          pair.events.some(({ kind }) => kind === 'child-added'),
          false,
        );
      },
    );
  }

  test('asks for the password once for each login', () => {
    const pair = demanding('eap').settle();
    assert.equal(pair.events.filter(({ kind }) => kind === 'need').length, 2);
    assert.ok(pair.event('established'));
  });

  test('goes on as with any other: the Child SA is replaced, and deleted', () => {
    const pair = demanding('psk').settle();
    const { spiIn } = pair.event('established')!.child;
    pair.command({ kind: 'rekey-child', spiIn }).settle();
    assert.equal(pair.event('child-added')?.replaces, spiIn);
    pair.command({ kind: 'disconnect' }).settle();
    assert.deepEqual(pair.events.at(-1), { kind: 'closed' });
    assert.deepEqual(violations(pair), []);
  });

  test('gives out what it always does: a ticket, a token, a time', () => {
    const crashSecret = utf8('of the tokens');
    const pair = demanding('psk', { ...TICKETS, crashSecret, authLifetimeSeconds: 60 }).settle();
    assert.equal(ticketOf(pair).wiped, false);
    assert.equal(pair.event('auth-lifetime')?.seconds, 60);
    pair.made.gateway.restart();
    assert.equal(pair.command({ kind: 'check-liveness' }).settle().failureCode, 'peer.restarted');
  });

  test('and demands it of a session that is resumed as well gets a login of its kind', () => {
    const before = demanding('psk', TICKETS).settle();
    before.made.gateway.restart();
    const pair = new Pair({
      made: before.made,
      method: 'psk',
      seed: 'again',
      client: { ticket: ticketOf(before) },
    });
    pair.connect().settle();
    assert.ok(pair.event('established'));
    assert.deepEqual(violations(pair), []);
  });
});

describe('an IKE SA without a Child SA', () => {
  for (const [what, type, code] of [
    ['has no proposal for', Notify.NO_PROPOSAL_CHOSEN, 'peer.no-proposal-chosen-child'],
    ['takes no traffic selectors of', Notify.TS_UNACCEPTABLE, 'peer.ts-unacceptable'],
    ['has no place for', Notify.NO_ADDITIONAL_SAS, 'peer.notify'],
  ] as const) {
    test(`is deleted when the gateway ${what} the one that we then ask for`, () => {
      const create = { refuse: { notify: type } };
      const pair = demanding('psk', {}, { create }).settle();
      assert.equal(pair.event('established'), undefined);
      assert.equal(pair.failureCode, code);
      assert.equal(exchanges(pair).at(-1), INFORMATIONAL);
      assert.equal(pair.made.gateway.sas.length, 0);
    });
  }

  test('is deleted when there is no address to use it with', () => {
    const pair = demanding('psk', {}, { cp: 'no-address' }).settle();
    assert.equal(pair.failureCode, 'peer.no-address');
    assert.equal(pair.made.gateway.sas.length, 0);
  });

  test('may want another group for the Child SA', () => {
    const pair = demanding('psk', {}, { create: { invalidKe: { group: 19 } } }).settle();
    assert.ok(pair.event('established'));
  });

  test('is deleted when the user leaves before there is one', () => {
    const pair = demanding('psk');
    while (!pair.requests.some(({ exchange }) => exchange === CREATE_CHILD_SA)) {
      if (pair.toGateway.length > 0) pair.stepToGateway();
      else pair.stepToClient();
    }
    pair.command({ kind: 'disconnect' }).settle();
    assert.equal(pair.event('established'), undefined);
    assert.deepEqual(pair.events.at(-1), { kind: 'closed' });
    assert.equal(pair.made.gateway.sas.length, 0);
  });
});

describe('a gateway that never said that it takes an IKE SA without a Child SA', () => {
  test('is not sent a request for one, whatever it answers', proves('RFC6023-3-x3', 'refuses'), () => {
    const extensions = { childless: 'demanded' } as const;
    const tamper: Faults['tamper'] = (message, step) =>
      step === 'init'
        ? { ...message, payloads: message.payloads.filter((payload) => !isAnnouncement(payload)) }
        : message;
    const pair = new Pair({ method: 'psk', gateway: { extensions, faults: { tamper } } }).connect().settle();
    assert.equal(pair.failureCode, 'peer.invalid-syntax');
    assert.deepEqual(exchanges(pair).slice(0, 2), [IKE_SA_INIT, IKE_AUTH]);
    assert.equal(firsts(pair).length, 1);
  });

  test('and says INVALID_SYNTAX for ever is asked twice at most', () => {
    const payloads = [notify(Notify.INVALID_SYNTAX)];
    const pair = demanding('psk', {}, { add: [{ at: 'auth', payloads }] }).settle();
    assert.equal(pair.failureCode, 'peer.invalid-syntax');
    assert.equal(firsts(pair).length, 2);
  });

  function isAnnouncement(payload: Message['payloads'][number]): boolean {
    return payload.kind === 'N' && payload.notifyType === Notify.CHILDLESS_IKEV2_SUPPORTED;
  }
});
