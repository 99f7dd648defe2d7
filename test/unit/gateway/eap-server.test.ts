import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concat, fromHex, u16, utf8, utf8Text } from '../../../core/lib/bytes.ts';
import { payloadOf } from '../../support/gateway/pick.ts';
import {
  makeGateway,
  PASSWORD,
  USER,
  type Faults,
  type MakeGatewayOptions,
} from '../../support/gateway/index.ts';
import { masterSessionKey, ntResponse } from '../../support/gateway/mschapv2.ts';
import { eventOf, has, Initiator, shape, type Step } from './initiator.ts';

const PEER_CHALLENGE = new Uint8Array(16).fill(9);

/** An EAP response to the request in `step`. */
function respond(step: Step, type: number, data: Uint8Array): Uint8Array {
  const identifier = eapOf(step)[1] ?? 0;
  return concat(Uint8Array.of(2, identifier), u16(data.length + 5), Uint8Array.of(type), data);
}

/** The EAP message of a step. */
function eapOf(step: Step): Uint8Array {
  const message = step.messages[0] === undefined ? undefined : payloadOf(step.messages[0], 'EAP');
  assert.ok(message, `no EAP in ${shape(step.messages[0]).join(' ')}`);
  return message.message;
}

/** The MSCHAPv2 Response to the Challenge or Failure request in `step`, and what it makes the MSK of. */
function mschap(step: Step, challenge: Uint8Array, password: string): { eap: Uint8Array; msk: Uint8Array } {
  const challenges = { authenticator: challenge, peer: PEER_CHALLENGE, userName: USER };
  const response = ntResponse(challenges, password);
  const value = concat(PEER_CHALLENGE, new Uint8Array(8), response, Uint8Array.of(0));
  const id = eapOf(step)[6] ?? 0;
  const body = concat(Uint8Array.of(2, id), u16(54 + USER.length), Uint8Array.of(49), value, utf8(USER));
  return { eap: respond(step, 26, body), msk: masterSessionKey(password, response) };
}

function challengeOf(step: Step): Uint8Array {
  return eapOf(step).slice(10, 26);
}

/** A client whose first IKE_AUTH was answered. */
function start(options: MakeGatewayOptions = {}): { initiator: Initiator; first: Step } {
  const initiator = new Initiator(makeGateway(options).gateway);
  initiator.init();
  return { initiator, first: initiator.startEap() };
}

function eapFaults(eap: NonNullable<Faults['eap']>): MakeGatewayOptions {
  return { faults: { eap } };
}

test('identity, challenge, success and AUTH under the MSK let the user in', () => {
  const { initiator, first } = start();
  assert.deepEqual(shape(first.messages[0]), ['IDr', 'CERT', 'AUTH', 'EAP']);
  const challenge = initiator.sendEap(respond(first, 1, utf8(USER)));
  const { eap, msk } = mschap(challenge, challengeOf(challenge), PASSWORD);
  const success = initiator.sendEap(eap);
  assert.match(utf8Text(eapOf(success).subarray(9)), /^S=[0-9A-F]{40} M=Welcome$/);
  const done = initiator.sendEap(respond(success, 26, Uint8Array.of(3)));
  assert.equal(eapOf(done)[0], 3);
  const last = initiator.finishEap(msk);
  assert.deepEqual(shape(last.messages[0]), ['AUTH', 'CP', 'SA', 'TSi', 'TSr']);
  assert.equal(eventOf(last, 'established').user, USER);
});

test('an AUTH under another key than the MSK is refused', () => {
  const { initiator, first } = start(eapFaults({ skipIdentity: true }));
  const { eap, msk } = mschap(first, challengeOf(first), PASSWORD);
  const success = initiator.sendEap(eap);
  initiator.sendEap(respond(success, 26, Uint8Array.of(3)));
  const last = initiator.finishEap(msk.map((octet) => octet ^ 1));
  assert.equal(eventOf(last, 'refused').reason, 'the AUTH under the MSK is wrong');
});

test('a wrong password may be tried again as often as configured, then comes EAP-Failure', () => {
  const { initiator, first } = start({ ...eapFaults({ skipIdentity: true }), passwordRetries: 1 });
  const refused = initiator.sendEap(mschap(first, challengeOf(first), 'guess').eap);
  assert.deepEqual(
    { ...eventOf(refused, 'password-refused') },
    { kind: 'password-refused', code: 691, retry: true },
  );
  const text = utf8Text(eapOf(refused).subarray(9));
  const [, fresh = ''] = /^E=691 R=1 C=([0-9A-F]{32}) V=3 M=/.exec(text) ?? [];
  const again = initiator.sendEap(mschap(refused, fromHex(fresh), 'guess again').eap);
  assert.equal(eventOf(again, 'password-refused').retry, false);
  const failure = initiator.sendEap(respond(again, 26, Uint8Array.of(4)));
  assert.equal(eapOf(failure)[0], 4);
  assert.equal(eventOf(failure, 'closed').reason, 'refused');
});

test('accounts that may not come in are refused with the codes of RFC 2759', () => {
  const codes = { 'restricted-hours': 646, disabled: 647, expired: 648, 'no-dialin': 649 } as const;
  for (const [status, code] of Object.entries(codes)) {
    const users = { [USER]: { password: PASSWORD, status: status as keyof typeof codes } };
    const { initiator, first } = start({ ...eapFaults({ skipIdentity: true }), users });
    const refused = initiator.sendEap(mschap(first, challengeOf(first), PASSWORD).eap);
    assert.equal(eventOf(refused, 'password-refused').code, code);
  }
});

test('another method is offered first and a Nak for MSCHAPv2 is honoured', () => {
  const { initiator, first } = start(eapFaults({ skipIdentity: true, firstMethod: 13 }));
  assert.equal(eapOf(first)[4], 13);
  const challenge = initiator.sendEap(respond(first, 3, Uint8Array.of(26)));
  assert.deepEqual([...eapOf(challenge).subarray(4, 6)], [26, 1]);
});

test('a notification comes before the method', () => {
  const { initiator, first } = start(eapFaults({ notification: 'maintenance at noon' }));
  const notification = initiator.sendEap(respond(first, 1, utf8(USER)));
  assert.equal(utf8Text(eapOf(notification).subarray(5)), 'maintenance at noon');
  const challenge = initiator.sendEap(respond(notification, 2, new Uint8Array()));
  assert.equal(eapOf(challenge)[4], 26);
});

test('who goes on after an early EAP-Success is caught', () => {
  const { initiator, first } = start(eapFaults({ earlySuccess: 'first' }));
  assert.equal(eapOf(first)[0], 3);
  const step = initiator.finishEap(new Uint8Array(64));
  assert.equal(eventOf(step, 'violation').what, 'went on after an EAP-Success without proof');
});

test('an EAP message with another identifier is ignored', () => {
  const { initiator, first } = start();
  const response = respond(first, 1, utf8(USER));
  response[1] = (response[1] ?? 0) ^ 1;
  const step = initiator.sendEap(response);
  assert.equal(eventOf(step, 'ignored').reason, 'another EAP identifier');
  assert.deepEqual(step.datagrams, []);
});

test('each way to spoil the authenticator response shows in the Success request', () => {
  const patterns = {
    wrong: /^S=[0-9A-F]{40} M=/,
    missing: /^M=/,
    'lower-case': /^S=[0-9a-f]{40} M=/,
    short: /^S=[0-9A-F]{18} M=/,
  } as const;
  const texts = new Set<string>();
  for (const [authenticator, pattern] of Object.entries(patterns)) {
    const faults = { skipIdentity: true, authenticator: authenticator as keyof typeof patterns };
    const { initiator, first } = start(eapFaults(faults));
    const success = initiator.sendEap(mschap(first, challengeOf(first), PASSWORD).eap);
    const text = utf8Text(eapOf(success).subarray(9));
    assert.match(text, pattern);
    texts.add(text);
  }
  assert.equal(texts.size, 4);
  assert.equal(has(start().first, 'violation'), false);
});
