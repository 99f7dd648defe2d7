import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { ExchangeType, Notify } from '../../core/wire/constants.ts';
import { encodeMessage } from '../../core/wire/message.ts';
import type { Payload } from '../../core/wire/payload.ts';
import { notify } from '../../core/wire/payloads/notify.ts';
import { Live } from '../support/live.ts';
import { clearMessage, Pair } from '../support/pair.ts';
import { afterRestart, ticketed } from '../support/resumed-pair.ts';

/** Notifies by which somebody might move, end or begin a session. */
const TYPES = [
  Notify.COOKIE,
  Notify.REDIRECT,
  Notify.REDIRECTED_FROM,
  Notify.TICKET_LT_OPAQUE,
  Notify.TICKET_ACK,
  Notify.TICKET_NACK,
  Notify.TICKET_OPAQUE,
  Notify.AUTH_LIFETIME,
  Notify.QUICK_CRASH_DETECTION,
  Notify.CHILDLESS_IKEV2_SUPPORTED,
  Notify.INVALID_IKE_SPI,
  Notify.INVALID_SPI,
  Notify.INVALID_KE_PAYLOAD,
  Notify.INVALID_SYNTAX,
  Notify.NAT_DETECTION_SOURCE_IP,
  Notify.NAT_DETECTION_DESTINATION_IP,
] as const;

const word: fc.Arbitrary<Payload> = fc
  .record({ type: fc.constantFrom(...TYPES), data: fc.uint8Array({ maxLength: 40 }) })
  .map(({ type, data }) => notify(type, data));
const words = fc.array(word, { maxLength: 4 });
/** What an answer to a first request may have besides. */
const nonce: fc.Arbitrary<Payload[]> = fc
  .option(fc.uint8Array({ minLength: 16, maxLength: 40 }))
  .map((data) => (data ? [{ kind: 'NONCE', data }] : []));

/** Gives a client what somebody answers who sees its requests, as long as it asks. */
function talk(pair: Pair, answers: readonly (readonly Payload[])[], spi: Uint8Array): void {
  for (const payloads of answers) {
    const requests = pair.toGateway.splice(0).filter(({ transport }) => transport === 'ike');
    for (const request of requests.map(clearMessage)) {
      const message = { ...request, responderSpi: spi, fromInitiator: false, response: true, payloads };
      pair.inject(encodeMessage(message), 500);
    }
    pair.advance(1_000);
  }
}

describe('whoever knows no secret', () => {
  const spis = fc.uint8Array({ minLength: 8, maxLength: 8 });
  const answers = fc.array(
    fc.tuple(nonce, words).map(([first, rest]) => [...first, ...rest]),
    { maxLength: 6 },
  );

  test('brings no session about and moves none without the nonce of its request, by any words', () => {
    fc.assert(
      fc.property(answers, spis, fc.boolean(), (said, spi, resumes) => {
        const pair = resumes ? afterRestart(ticketed()) : new Pair().connect();
        talk(pair, said, spi);
        pair.toGateway.length = 0;
        pair.advance(120_000);
        assert.equal(pair.event('established'), undefined);
        assert.equal(pair.event('redirected'), undefined);
        assert.ok(pair.session.closed, 'it ends all the same');
      }),
      { numRuns: 60 },
    );
  });

  test('changes nothing of a session that stands, by any words', () => {
    const pair = new Live();
    fc.assert(
      fc.property(words, fc.boolean(), fc.constantFrom(35, 36, 37, 38), (said, response, exchange) => {
        const id = pair.saId;
        pair.takeGateway(pair.made.gateway.sendClear(id, exchange, response, said, pair.now)).settle();
        assert.deepEqual(pair.events, []);
        assert.equal(pair.session.closed, false);
        assert.ok(pair.requests.every(({ response: isAnswer }) => !isAnswer));
      }),
      { numRuns: 200 },
    );
  });
});

test('the gateway itself gets an answer to any such words, and they lead to nothing that was not said', () => {
  const pair = new Live();
  fc.assert(
    fc.property(words, (said) => {
      const payloads = said.filter(
        (payload) => payload.kind === 'N' && payload.notifyType >= Notify.INITIAL_CONTACT,
      );
      pair.events.length = 0;
      pair.gatewayEvents.length = 0;
      pair.gatewayAsks(ExchangeType.INFORMATIONAL, payloads).settle();
      assert.deepEqual(pair.answer?.message.payloads, []);
      assert.ok(pair.events.length <= 2);
      assert.ok(pair.events.every(({ kind }) => kind === 'redirected' || kind === 'auth-lifetime'));
    }),
    { numRuns: 200 },
  );
});
