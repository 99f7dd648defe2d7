import assert from 'node:assert/strict';
import { sentence } from '../../core/contract/failure-text.ts';
import { firstOf } from '../../core/ike/payloads.ts';
import type { Message } from '../../core/wire/message.ts';
import type { Faults, Step } from './gateway/index.ts';
import { Pair, type PairOptions } from './pair.ts';

type EapFaults = NonNullable<Faults['eap']>;

/** A pair whose login by EAP ran against these faults, to its end. */
export function loggedIn(eap: EapFaults, faults: Faults = {}, options: PairOptions = {}): Pair {
  return new Pair({ ...options, gateway: { faults: { ...faults, eap } } }).connect().settle();
}

/** Whether the client sent AUTH, which it may only after everything was proved. */
export const sentAuth = (pair: Pair): boolean =>
  pair.requests.some(({ payloads }) => firstOf(payloads, 'AUTH'));

/** Whether the gateway was sent this notify. */
export const told = (pair: Pair, type: number): boolean =>
  pair.gatewayEvents.some((event) => event.kind === 'client-notify' && event.notify === type);

/** What a person reads about the end of a session. */
export function wordsOf(pair: Pair): string {
  const why = pair.event('closed')?.failure;
  assert.ok(why);
  const { title, why: reason, next } = sentence(why);
  return `${title}. ${reason} ${next}`;
}

/** No session, no half of one, and nothing left to say. */
export function assertRefused(pair: Pair, code: string): void {
  assert.equal(pair.failureCode, code);
  assert.equal(pair.event('established'), undefined);
  assert.ok(pair.session.closed);
  assert.equal(pair.session.nextTimeout(), undefined);
}

/** Changes the message of the n-th EAP payload, from 0, that the gateway sends. */
export function tamperEap(n: number, change: (message: Uint8Array) => Message['payloads'][number]): Faults {
  let count = 0;
  return {
    tamper: (message: Message, _step: Step) => ({
      ...message,
      payloads: message.payloads.map((payload) =>
        payload.kind === 'EAP' && count++ === n ? change(payload.message) : payload,
      ),
    }),
  };
}

/** Places of EAP messages of a gateway without faults, for `tamperEap`. */
export const EapPlace = { IDENTITY: 0, CHALLENGE: 1, VERDICT: 2, END: 3 } as const;
