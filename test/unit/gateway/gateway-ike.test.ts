import assert from 'node:assert/strict';
import { test } from 'node:test';
import { u32 } from '../../../core/lib/bytes.ts';
import { formatAddress } from '../../../core/net/address.ts';
import { formatSelector } from '../../../core/net/selector.ts';
import { ExchangeType, Notify, Protocol } from '../../../core/wire/constants.ts';
import { makeGateway, prefix, type MakeGatewayOptions } from '../../support/gateway/index.ts';
import { eventOf, has, Initiator, shape } from './initiator.ts';
import type { Step } from './initiator.ts';

/** A client that is in, by the pre-shared key. */
function connected(options: MakeGatewayOptions = {}): { initiator: Initiator; step: Step } {
  const { gateway } = makeGateway(options);
  const initiator = new Initiator(gateway);
  initiator.init();
  return { initiator, step: initiator.authByKey() };
}

test('a client with the shared key gets an address and a narrowed Child SA', () => {
  const { step } = connected({ networks: [prefix('10.1.0.0/16')] });
  assert.deepEqual(shape(step.messages[0]), ['IDr', 'CERT', 'AUTH', 'CP', 'SA', 'TSi', 'TSr']);
  const { addresses, method } = eventOf(step, 'established');
  assert.deepEqual([method, ...addresses.map(formatAddress)], ['psk', '10.9.0.2']);
  const { child } = eventOf(step, 'child-added');
  assert.equal(child.spiOut, 0xc0ffee01);
  assert.deepEqual(child.remote.map(formatSelector), ['10.9.0.2/32']);
  assert.deepEqual(child.local.map(formatSelector), ['10.1.0.0/16']);
  assert.equal(has(step, 'violation'), false);
});

test('another shared key is refused and nothing is left of the SA', () => {
  const { gateway } = makeGateway();
  const initiator = new Initiator(gateway);
  initiator.init();
  const step = initiator.authByKey('guessed');
  assert.deepEqual(shape(step.messages[0]), [Notify.AUTHENTICATION_FAILED]);
  assert.equal(eventOf(step, 'closed').reason, 'refused');
  assert.equal(gateway.sas.length, 0);
});

test('a cookie is demanded once and the request with it is accepted', () => {
  const { gateway } = makeGateway({ cookies: true });
  const initiator = new Initiator(gateway);
  const first = initiator.init();
  assert.deepEqual(shape(first.messages[0]), [Notify.COOKIE]);
  assert.equal(gateway.sas.length, 0);
  const second = initiator.retry(first);
  assert.equal(has(second, 'violation'), false);
  assert.equal(gateway.sas.length, 1);
});

test('a group that is not accepted leads to INVALID_KE_PAYLOAD and then to an SA', () => {
  const { gateway } = makeGateway({ ike: { groups: [31] } });
  const initiator = new Initiator(gateway, { group: 19 });
  const first = initiator.init();
  assert.deepEqual(shape(first.messages[0]), [Notify.INVALID_KE_PAYLOAD]);
  const second = initiator.retry(first);
  assert.equal(eventOf(second, 'init').suite.group, 31);
  assert.equal(has(second, 'violation'), false);
});

test('a retransmitted request gets the same answer octet by octet, of each exchange', () => {
  const { gateway } = makeGateway();
  const initiator = new Initiator(gateway);
  for (const send of [() => initiator.init(), () => initiator.authByKey()]) {
    const first = send();
    const again = initiator.deliver(initiator.lastRequest);
    assert.deepEqual(again.datagrams, first.datagrams);
    assert.equal(eventOf(again, 'ignored').reason, 'a retransmission');
  }
  assert.equal(gateway.sas.length, 1);
});

test('a message id that is not due is a violation and gets no answer', () => {
  const { initiator } = connected();
  const step = initiator.request(ExchangeType.INFORMATIONAL, [], 7);
  assert.equal(eventOf(step, 'violation').what, 'message id 7 where 2 is due');
  assert.deepEqual(step.datagrams, []);
});

test('a request to an unknown SPI is told so in clear', () => {
  const { initiator } = connected();
  initiator.lastRequest[8] = (initiator.lastRequest[8] ?? 0) ^ 0xff;
  const step = initiator.deliver(initiator.lastRequest);
  assert.equal(eventOf(step, 'ignored').reason, 'an unknown SPI');
  assert.equal(step.datagrams.length, 1);
});

test('the client deletes its Child SA and then its IKE SA', () => {
  const { initiator, step } = connected();
  const { child } = eventOf(step, 'child-added');
  const removed = initiator.request(ExchangeType.INFORMATIONAL, [
    { kind: 'D', protocol: Protocol.ESP, spis: [u32(child.spiOut)] },
  ]);
  assert.deepEqual(removed.messages[0]?.payloads, [
    { kind: 'D', protocol: Protocol.ESP, spis: [u32(child.spiIn)] },
  ]);
  assert.equal(has(removed, 'child-removed'), true);
  const closed = initiator.request(ExchangeType.INFORMATIONAL, [
    { kind: 'D', protocol: Protocol.IKE, spis: [] },
  ]);
  assert.deepEqual(shape(closed.messages[0]), []);
  assert.equal(eventOf(closed, 'closed').reason, 'client');
  const again = initiator.deliver(initiator.lastRequest);
  assert.deepEqual(again.datagrams, closed.datagrams);
});

test('an own request is repeated with growing pauses until the client counts as gone', () => {
  const { initiator } = connected({ retransmitMs: 100, retransmits: 2 });
  const first = initiator.read(initiator.gateway.checkLiveness(1, 0));
  assert.deepEqual(shape(first.messages[0]), []);
  const times: number[] = [];
  let step = initiator.timeout();
  while (!has(step, 'closed')) {
    times.push(initiator.now);
    assert.deepEqual(step.datagrams, first.datagrams);
    step = initiator.timeout();
  }
  assert.deepEqual(times, [100, 300]);
  assert.deepEqual([initiator.now, eventOf(step, 'closed').reason], [700, 'timeout']);
});

test('an answered liveness check keeps the SA, and the next comes after the next silence', () => {
  const { initiator } = connected({ livenessMs: 5000 });
  const check = initiator.timeout();
  assert.equal(initiator.now, 5000);
  const [request] = check.messages;
  assert.ok(request);
  assert.equal(has(initiator.answer(request), 'answered'), true);
  assert.equal(initiator.gateway.nextTimeout(), 10_000);
});

test('own requests wait for each other and each is answered once', () => {
  const { initiator } = connected();
  const first = initiator.read(initiator.gateway.deleteChild(1, 0));
  const waiting = initiator.read(initiator.gateway.deleteIke(1, 0));
  assert.deepEqual([first.messages.length, waiting.messages.length], [1, 0]);
  const [request] = first.messages;
  assert.ok(request);
  const second = initiator.answer(request);
  assert.equal(has(second, 'child-removed'), true);
  const [last] = second.messages;
  assert.ok(last);
  assert.equal(last.messageId, 1);
  assert.equal(eventOf(initiator.answer(last), 'closed').reason, 'gateway');
});

test('a half-open SA is forgotten', () => {
  const { gateway } = makeGateway();
  const initiator = new Initiator(gateway);
  initiator.init();
  const step = initiator.timeout();
  assert.equal(eventOf(step, 'closed').reason, 'half-open');
  assert.equal(gateway.nextTimeout(), undefined);
});

test('addresses run out, and come back when their SA is gone', () => {
  const { gateway } = makeGateway({ pools: [prefix('10.9.0.0/30')] });
  const first = new Initiator(gateway, { seed: 'first' });
  first.init();
  assert.equal(has(first.authByKey(), 'child-added'), true);
  const second = new Initiator(gateway, { seed: 'second' });
  second.init();
  const refused = second.authByKey();
  assert.deepEqual(shape(refused.messages[0]), ['IDr', 'CERT', 'AUTH', Notify.INTERNAL_ADDRESS_FAILURE]);
  first.request(ExchangeType.INFORMATIONAL, [{ kind: 'D', protocol: Protocol.IKE, spis: [] }]);
  const third = new Initiator(gateway, { seed: 'third' });
  third.init();
  assert.equal(has(third.authByKey(), 'child-added'), true);
});

test('a client behind a NAT is followed to its new place, one without a NAT is not', () => {
  for (const nat of [true, false]) {
    const { gateway } = makeGateway();
    const initiator = new Initiator(gateway, { nat });
    initiator.init();
    initiator.authByKey();
    assert.equal(gateway.sas[0]?.natClient, nat);
    initiator.remote = { ...initiator.remote, port: 40_000 };
    const step = initiator.request(ExchangeType.INFORMATIONAL, []);
    assert.equal(has(step, 'moved'), nat);
    assert.equal(gateway.sas[0].remote.port, nat ? 40_000 : 4500);
  }
});
