import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ExchangeType } from '../../core/wire/constants.ts';
import type { Message } from '../../core/wire/message.ts';
import { proves } from '../conformance/tag.ts';
import { type LoginMethod, Pair } from '../support/pair.ts';

const METHODS: readonly LoginMethod[] = ['eap', 'certificate', 'psk'];

const deletes = ({ payloads }: Message): boolean => payloads.some(({ kind }) => kind === 'D');

/** SAs at the gateway that a client has proved itself in. */
const standing = (pair: Pair): number =>
  pair.made.gateway.sas.filter(({ state }) => state.name === 'established').length;

/** A pair in which the client disconnects when `steps` messages were delivered. */
function leftAfter(steps: number, method: LoginMethod): Pair {
  const pair = new Pair({ method }).connect();
  for (let i = 0; i < steps; i++) {
    if (pair.toGateway.length > 0) pair.stepToGateway();
    else if (pair.toClient.length > 0) pair.stepToClient();
  }
  return pair.command({ kind: 'disconnect' });
}

describe('disconnecting while IKE_SA_INIT is under way', () => {
  test('ends the session at once, without a word', () => {
    const pair = new Pair().connect();
    pair.toGateway.splice(0);
    pair.command({ kind: 'disconnect' });
    assert.deepEqual(pair.events, [{ kind: 'closed' }]);
    assert.equal(pair.toGateway.length, 0);
    assert.equal(pair.session.nextTimeout(), undefined);
  });

  test('lets an answer that comes afterwards do nothing', () => {
    const pair = new Pair().connect().stepToGateway().command({ kind: 'disconnect' });
    pair.settle();
    assert.deepEqual(pair.events, [{ kind: 'closed' }]);
  });

  test('before it began is the end too', () => {
    const pair = new Pair().command({ kind: 'disconnect' });
    assert.deepEqual(pair.events, [{ kind: 'closed' }]);
    assert.throws(() => pair.connect());
  });
});

describe('disconnecting while IKE_AUTH is under way', () => {
  for (const method of METHODS) {
    test(
      `wherever it happens (${method}), nothing stays behind and no Delete goes before the SA stands`,
      proves(['RFC7296-1.4-5', 'does'], ['RFC7296-1.4-5', 'refuses'], ['RFC7296-1-1', 'does']),
      () => {
        const whole = new Pair({ method }).connect();
        let messages = 0;
        for (; whole.toGateway.length + whole.toClient.length > 0; messages++) {
          if (whole.toGateway.length > 0) whole.stepToGateway();
          else whole.stepToClient();
        }
        for (let steps = 2; steps <= messages; steps++) {
          const pair = leftAfter(steps, method).settle();
          assert.deepEqual(pair.events.at(-1), { kind: 'closed' }, `after ${steps} messages`);
          assert.equal(pair.events.filter(({ kind }) => kind === 'closed').length, 1);
          assert.equal(standing(pair), 0, `after ${steps} messages an SA stands`);
          const proved = pair.gatewayEvents.findIndex(({ kind }) => kind === 'established');
          const gone = pair.gatewayEvents.findIndex(
            (event) => event.kind === 'received' && deletes(event.message),
          );
          assert.ok(gone === -1 || (proved !== -1 && proved < gone), `after ${steps} messages`);
          assert.equal(gone !== -1, proved !== -1, 'an SA that came to be is deleted, and only that');
        }
      },
    );
  }

  test(
    'an SA that comes to be all the same is deleted in the next message',
    proves('RFC7296-1.4-5', 'does'),
    () => {
      const pair = leftAfter(3, 'psk');
      assert.equal(pair.session.closed, false, 'the answer is waited for');
      pair.settle();
      const requests = pair.requests;
      assert.deepEqual(
        requests.map(({ exchange }) => exchange),
        [ExchangeType.IKE_SA_INIT, ExchangeType.IKE_AUTH, ExchangeType.INFORMATIONAL],
      );
      assert.ok(deletes(requests.at(-1)!));
      assert.equal(pair.event('established'), undefined, 'nobody hears of it');
    },
  );

  test('no further EAP message goes out', () => {
    const pair = new Pair({ asked: 'later' }).connect().settle();
    const sent = pair.requests.length;
    pair.command({ kind: 'disconnect' }).settle();
    assert.equal(pair.requests.length, sent);
    assert.deepEqual(pair.events.at(-1), { kind: 'closed' });
  });

  test('a gateway that has fallen silent is waited for three seconds, not thirty', () => {
    const pair = new Pair({ method: 'psk' }).connect().stepToGateway().stepToClient();
    pair.made.gateway.setSilent(true);
    pair.command({ kind: 'disconnect' }).settle();
    const start = pair.now;
    while (!pair.session.closed) pair.advance(100);
    assert.equal(pair.now - start, 3_000);
    assert.deepEqual(pair.events.at(-1), { kind: 'closed' });
  });

  test('asking twice changes nothing', () => {
    const pair = leftAfter(3, 'psk').advance(1_000).command({ kind: 'disconnect' });
    pair.settle();
    assert.deepEqual(
      pair.events.filter(({ kind }) => kind === 'closed'),
      [{ kind: 'closed' }],
    );
  });

  test('a refusal that comes now is reported as what it is', () => {
    const pair = new Pair({ method: 'psk', gateway: { faults: { auth: 'flipped' } } })
      .connect()
      .stepToGateway()
      .stepToClient()
      .stepToGateway()
      .command({ kind: 'disconnect' })
      .settle();
    assert.equal(pair.failureCode, 'auth.psk-mismatch');
    assert.equal(pair.requests.some(deletes), false);
  });
});

describe('a response that cannot be read while IKE_AUTH is under way', () => {
  test(
    'ends the login: the gateway hears a refusal and not a Delete',
    proves(['RFC7296-1.4-5', 'refuses'], ['RFC7296-2.21-x2', 'does'], ['RFC7296-3.1-12', 'refuses']),
    () => {
      const garbled = (plaintext: Uint8Array): Uint8Array =>
        plaintext.map((octet, i) => (i === 2 || i === 3 ? 0xff : octet));
      const pair = new Pair({
        method: 'psk',
        gateway: {
          faults: { tamperPlaintext: (octets, step) => (step === 'auth' ? garbled(octets) : octets) },
        },
      })
        .connect()
        .settle();
      assert.equal(pair.failureCode, 'protocol.malformed');
      assert.equal(pair.requests.some(deletes), false);
      assert.ok(pair.requests.every(({ response }) => !response));
    },
  );
});

describe('after the end', () => {
  test('no message, no command and no passing of time brings a session back', () => {
    const pair = new Pair().connect().settle();
    pair.takeGateway(pair.made.gateway.checkLiveness(pair.made.gateway.sas[0]!.id, pair.now));
    const [request] = pair.toClient.splice(0);
    pair.command({ kind: 'disconnect' }).settle();
    const before = pair.events.length;
    pair.giveClient(request!);
    pair.command({ kind: 'check-liveness' }).command({ kind: 'disconnect' });
    pair.session.noteTraffic(pair.now);
    pair.session.handleTimeout(pair.now + 1e9);
    pair.command({ kind: 'check-liveness' });
    assert.equal(pair.events.length, before);
    assert.equal(pair.toGateway.length, 0);
  });
});
