import assert from 'node:assert/strict';
import { test } from 'node:test';
import { equalBytes } from '../../../core/lib/bytes.ts';
import { ExchangeType, Notify, PayloadType } from '../../../core/wire/constants.ts';
import { decodeHeader } from '../../../core/wire/header.ts';
import { type Message } from '../../../core/wire/message.ts';
import { notify } from '../../../core/wire/payloads/notify.ts';
import { makeGateway, type Faults } from '../../support/gateway/index.ts';
import { notifyData, payloadOf } from '../../support/gateway/pick.ts';
import { Initiator, shape, type Step } from './initiator.ts';

/** The answer to IKE_SA_INIT under faults. */
function init(faults: Faults): Step {
  return new Initiator(makeGateway({ faults }).gateway).init();
}

/** The answer to the only IKE_AUTH under faults. */
function auth(faults: Faults): Step {
  const initiator = new Initiator(makeGateway({ faults }).gateway);
  initiator.init();
  return initiator.authByKey();
}

/** What the gateway says it sent last: also what core's decoder would not take. */
function sent(step: Step): Message {
  const event = step.events.findLast(({ kind }) => kind === 'sent');
  assert.ok(event?.kind === 'sent');
  return event.message;
}

const honestInit = ['SA', 'KE', 'NONCE', 16388, 16389, 'CERTREQ', 16431];
const honestAuth = ['IDr', 'CERT', 'AUTH', 'CP', 'SA', 'TSi', 'TSr'];

test('without faults nothing deviates', () => {
  assert.deepEqual(shape(sent(init({}))), honestInit);
  assert.deepEqual(shape(sent(auth({}))), honestAuth);
});

test('a notify instead of an answer stands alone, at each place', () => {
  assert.deepEqual(shape(sent(init({ initNotify: 14 }))), [14]);
  assert.deepEqual(shape(sent(auth({ authNotify: 24 }))), [24]);
  assert.deepEqual(shape(sent(auth({ finalNotify: 24 }))), [24]);
  assert.deepEqual(shape(sent(auth({ childNotify: 38 }))), ['IDr', 'CERT', 'AUTH', 38]);
});

test('cookies and other groups are demanded as often as told', () => {
  const initiator = new Initiator(makeGateway({ faults: { cookies: 2 } }).gateway);
  const first = initiator.init();
  const second = initiator.retry(first);
  assert.deepEqual([...shape(sent(first)), ...shape(sent(second))], [Notify.COOKIE, Notify.COOKIE]);
  assert.notDeepEqual(notifyData(sent(first), Notify.COOKIE), notifyData(sent(second), Notify.COOKIE));
  assert.deepEqual(shape(sent(initiator.retry(second))), honestInit);
  assert.deepEqual(shape(sent(init({ invalidKe: { group: 19 } }))), [Notify.INVALID_KE_PAYLOAD]);
});

test('a forged refusal goes ahead of the genuine answer', () => {
  const step = init({ initNotify: 14, forgedFirst: true });
  assert.deepEqual(step.messages.map(shape), [[14], honestInit]);
});

test('each wrong answer to the proposals of the IKE SA differs from the honest one', () => {
  const honest = payloadOf(sent(init({})), 'SA');
  const faults = [
    'unoffered-cipher',
    'other-key-length',
    'several-proposals',
    'all-transforms',
    'missing-transform',
    'wrong-number',
    'wrong-protocol',
    'spi-size',
  ] as const;
  for (const ikeProposal of faults) {
    assert.notDeepEqual(payloadOf(sent(init({ ikeProposal })), 'SA'), honest, ikeProposal);
  }
  assert.equal(payloadOf(sent(init({ ikeProposal: 'empty' })), 'SA'), undefined);
});

test('each wrong answer to the proposals of the Child SA differs from the honest one', () => {
  for (const childProposal of ['unoffered-cipher', 'missing-transform', 'spi-size', 'zero-spi'] as const) {
    const honest = payloadOf(sent(auth({})), 'SA');
    assert.notDeepEqual(payloadOf(sent(auth({ childProposal })), 'SA'), honest, childProposal);
  }
});

test('key exchange and nonce are spoiled as told', () => {
  assert.equal(payloadOf(sent(init({ keyExchange: 'other-group' })), 'KE')?.group, 14);
  assert.equal(payloadOf(sent(init({ keyExchange: 'short-value' })), 'KE')?.data.length, 31);
  assert.deepEqual(payloadOf(sent(init({ keyExchange: 'invalid-value' })), 'KE')?.data, new Uint8Array(32));
  const nonce = sent(init({ nonce: 'short' })).payloads.find((p) => p.kind === 'unknown');
  assert.deepEqual([nonce?.type, nonce?.data.length], [PayloadType.NONCE, 15]);
});

test('payloads are left out as told', () => {
  assert.deepEqual(shape(sent(init({ omitInit: ['KE', 'N'] }))), ['SA', 'NONCE', 'CERTREQ']);
  const missing = auth({ omitAuth: ['IDr', 'AUTH', 'TSr'] });
  assert.deepEqual(shape(sent(missing)), ['CERT', 'CP', 'SA', 'TSi']);
  assert.deepEqual(
    shape(sent(auth({ cp: 'omit' }))),
    honestAuth.filter((kind) => kind !== 'CP'),
  );
});

test('a spoiled signature has the length of the honest one and another last bit', () => {
  const honest = payloadOf(sent(auth({})), 'AUTH');
  const flipped = payloadOf(sent(auth({ auth: 'flipped', authMethod: 9 })), 'AUTH');
  assert.equal(flipped?.method, 9);
  assert.notEqual(honest?.method, 9);
  assert.ok(flipped.data.length > 60);
});

test('selectors wider than asked for are sent, and the gateway itself keeps to the narrow ones', () => {
  const step = auth({ traffic: 'wider-local' });
  assert.deepEqual(payloadOf(sent(step), 'TSi')?.selectors[0]?.endAddress, new Uint8Array(4).fill(255));
  const added = step.events.find(({ kind }) => kind === 'child-added');
  assert.ok(added?.kind === 'child-added');
  assert.deepEqual(added.child.remote[0]?.end, Uint8Array.of(10, 9, 0, 2));
});

test('flags, ids and versions in the header are wrong where told', () => {
  const header = (step: Step) => decodeHeader(step.datagrams[0]?.octets ?? new Uint8Array());
  const flags = header(init({ flags: 'both' }));
  assert.ok(flags.ok);
  assert.deepEqual([flags.value.fromInitiator, flags.value.response], [true, false]);
  const version = header(init({ majorVersion: 3 }));
  assert.ok(version.ok);
  assert.equal(version.value.majorVersion, 3);
  const id = header(auth({ messageIdOffset: 5, steps: ['auth'] }));
  assert.ok(id.ok);
  assert.equal(id.value.messageId, 6);
});

test('an added critical payload carries its bit, in clear and inside SK', () => {
  const payload = { kind: 'unknown', type: 200, critical: true, data: new Uint8Array(3) } as const;
  const clear = init({ add: [{ at: 'init', payloads: [payload], first: true }] });
  assert.equal(clear.datagrams[0]?.octets[29], 0x80);
  assert.deepEqual(clear.messages, []);
  const inside = auth({ add: [{ at: 'auth', payloads: [payload] }] });
  assert.equal(inside.datagrams.length, 1);
  assert.deepEqual(inside.messages, []);
  const harmless = { ...payload, critical: false };
  assert.equal(auth({ add: [{ at: 'auth', payloads: [harmless] }] }).messages.length, 1);
});

test('datagrams are lost and repeated as told', () => {
  assert.equal(init({ drop: [0] }).datagrams.length, 0);
  assert.equal(init({ duplicates: 2 }).datagrams.length, 3);
  const initiator = new Initiator(makeGateway({ faults: { dropReceived: [0] } }).gateway);
  assert.equal(initiator.init().datagrams.length, 0);
  assert.equal(initiator.deliver(initiator.lastRequest).datagrams.length, 1);
});

test('a gateway that falls silent answers nothing any more', () => {
  const initiator = new Initiator(makeGateway({ faults: { silentAfter: 'established' } }).gateway);
  initiator.init();
  assert.equal(initiator.authByKey().datagrams.length, 1);
  assert.equal(initiator.request(ExchangeType.INFORMATIONAL, []).datagrams.length, 0);
});

test('the hooks change the message, the plaintext and the datagram', () => {
  const tampered = init({
    tamper: (message) => ({ ...message, payloads: [notify(12345)] }),
  });
  assert.deepEqual(shape(tampered.messages[0]), [12345]);
  assert.equal(init({ tamper: () => undefined }).datagrams.length, 0);
  const plain = auth({ tamperPlaintext: (plaintext) => plaintext.fill(0xff) });
  assert.deepEqual([plain.datagrams.length, plain.messages.length], [1, 0]);
  const honest = init({}).datagrams[0]?.octets;
  const octets = init({ tamperOctets: (datagram) => datagram.map((octet) => octet ^ 1) }).datagrams[0]
    ?.octets;
  assert.ok(honest !== undefined && octets !== undefined && !equalBytes(honest, octets));
});
