import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { notifyOf } from '../../core/ike/payloads.ts';
import { Notify } from '../../core/wire/constants.ts';
import { encodeMessage, type Message } from '../../core/wire/message.ts';
import type { Payload } from '../../core/wire/payload.ts';
import { notify } from '../../core/wire/payloads/notify.ts';
import { proves } from '../conformance/tag.ts';
import { clearMessage, Pair } from '../support/pair.ts';

/** The answer to a request that demands a cookie. */
function demand(request: Message, cookie: readonly number[]): Uint8Array {
  return answer(request, [notify(Notify.COOKIE, Uint8Array.from(cookie))]);
}

function answer(request: Message, payloads: readonly Payload[]): Uint8Array {
  return encodeMessage({ ...request, fromInitiator: false, response: true, payloads });
}

const cookieOf = ({ payloads }: Message): number[] | undefined => {
  const found = notifyOf(payloads, Notify.COOKIE);
  return found && [...found.data];
};

/** Requests that wait to be delivered, taken out. */
const sent = (pair: Pair): Message[] => pair.toGateway.splice(0).map(clearMessage);

/** A session whose request was sent twice, as over a path slower than our patience. */
function sentTwice(): { readonly pair: Pair; readonly request: Message } {
  const pair = new Pair().connect().advance(500);
  const [request, copy] = sent(pair);
  assert.deepEqual(request, copy);
  return { pair, request: request! };
}

describe('a demand for a cookie', () => {
  test('that comes twice is met once', proves('RFC7296-2.6-4', 'does'), () => {
    const pair = new Pair().connect();
    const [request] = sent(pair);
    for (let copy = 0; copy < 5; copy++) pair.inject(demand(request!, [1]), 500);
    assert.deepEqual(sent(pair).map(cookieOf), [[1]]);
    pair.advance(60_000);
    assert.equal(pair.failureCode, 'timeout.init', 'and is no loop');
  });

  test('that answers the copy of a request leaves the one under way alone', () => {
    const { pair, request } = sentTwice();
    pair.inject(demand(request, [1]), 500);
    const [second] = sent(pair);
    assert.deepEqual(cookieOf(second!), [1]);
    pair.inject(demand(request, [2]), 500);
    assert.deepEqual(sent(pair), []);
    // The gateway has answered the request with the first cookie: what AUTH covers is that one.
    pair.giveGateway({
      payload: encodeMessage(second!),
      transport: 'ike',
      remote: { address: { family: 4, octets: Uint8Array.of(203, 0, 113, 1) }, port: 500 },
      path: 0,
    });
    assert.ok(pair.settle().event('established'));
  });

  test('that came late is met when nothing better came', () => {
    const { pair, request } = sentTwice();
    pair.inject(demand(request, [1]), 500);
    sent(pair);
    pair.inject(demand(request, [2]), 500);
    pair.advance(500);
    assert.deepEqual(sent(pair).map(cookieOf), [[2]]);
  });

  test('that follows the answer to every copy is a new one, and met at once', () => {
    const { pair, request } = sentTwice();
    pair.inject(demand(request, [1]), 500);
    const [second] = sent(pair);
    pair.inject(demand(request, [2]), 500).inject(demand(second!, [3]), 500);
    assert.deepEqual(sent(pair).map(cookieOf), [[3]]);
  });

  test('for one that was brought before is an old one', () => {
    const pair = new Pair().connect();
    const [request] = sent(pair);
    pair.inject(demand(request!, [1]), 500).inject(demand(request!, [2]), 500);
    pair.inject(demand(request!, [1]), 500);
    assert.deepEqual(sent(pair).map(cookieOf), [[1], [2]]);
  });

  test(
    'changes nothing of the request but the cookie, however often',
    proves('RFC7296-2.6-3', 'does'),
    () => {
      const pair = new Pair().connect();
      const [request] = sent(pair);
      for (const cookie of [1, 2, 3]) {
        pair.inject(demand(request!, new Array<number>(64).fill(cookie)), 500);
        const [next] = sent(pair);
        assert.deepEqual(next!.payloads.slice(1), request!.payloads);
      }
    },
  );
});

describe('INVALID_KE_PAYLOAD', () => {
  test('that answers the copy of a request is no sign of a loop', proves('RFC7296-1.2-5', 'does'), () => {
    const { pair, request } = sentTwice();
    const refusal = answer(request, [notify(Notify.INVALID_KE_PAYLOAD, Uint8Array.of(0, 19))]);
    pair.inject(refusal, 500).inject(refusal, 500);
    const [second, ...more] = sent(pair);
    assert.deepEqual(more, []);
    pair.advance(1_400);
    assert.equal(pair.session.closed, false);
    pair.toGateway.length = 0;
    pair.giveGateway({
      payload: encodeMessage(second!),
      transport: 'ike',
      remote: { address: { family: 4, octets: Uint8Array.of(203, 0, 113, 1) }, port: 500 },
      path: 0,
    });
    assert.ok(pair.settle().event('established'));
  });
});
