import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { u32 } from '../../core/lib/bytes.ts';
import { ExchangeType, Notify } from '../../core/wire/constants.ts';
import { notify } from '../../core/wire/payloads/notify.ts';
import { notifyOf } from '../../core/ike/payloads.ts';
import { TwoEnds } from '../support/two-ends.ts';

/* A gateway that has lost a Child SA, and says so inside the IKE SA: INVALID_SPI (RFC 7296 sections 1.5 and 3.10.1). */

/** The SPI of what the client sends now. */
function sendingTo(ends: TwoEnds): number {
  return Number(ends.clientPairs.at(-1)?.split(' ')[1]);
}

function complain(ends: TwoEnds, data: Uint8Array): TwoEnds {
  const payloads = [notify(Notify.INVALID_SPI, data)];
  const { gateway } = ends.made;
  return ends
    .takeGateway(gateway.request(ends.only.id, { exchange: ExchangeType.INFORMATIONAL, payloads }, ends.now))
    .live(100);
}

function asked({ requests }: TwoEnds): number {
  return requests.filter(({ exchange }) => exchange === ExchangeType.CREATE_CHILD_SA).length;
}

describe('a gateway that says that it knows no such SA', () => {
  test('and has lost it gets another one in its place', () => {
    const ends = new TwoEnds();
    const [lost] = ends.clientPairs;
    ends.only.children.splice(0);
    complain(ends, u32(sendingTo(ends)));
    assert.equal(asked(ends), 2, 'whether it can be replaced, and another one');
    assert.deepEqual(ends.clientPairs, ends.gatewayPairs);
    assert.equal(ends.clientPairs.length, 1);
    assert.notEqual(ends.clientPairs[0], lost);
    assert.equal(ends.session.closed, false);
    assert.ok(ends.passes);
  });

  test('and has it after all gets it replaced', () => {
    const ends = new TwoEnds();
    complain(ends, u32(sendingTo(ends)));
    assert.equal(asked(ends), 1);
    assert.ok(notifyOf(ends.requests.at(-2)?.payloads ?? [], Notify.REKEY_SA));
    ends.agree();
  });

  test('of what we do not send through any more, or never did, or in other words than it should is answered alone', () => {
    const ends = new TwoEnds();
    const old = sendingTo(ends);
    ends.command({ kind: 'rekey-child', spiIn: ends.firstSpi }).live(100);
    const before = asked(ends);
    for (const data of [u32(old), u32(0x1234), new Uint8Array(0), new Uint8Array(8)]) complain(ends, data);
    assert.equal(asked(ends), before);
    assert.equal(ends.only.outstanding, undefined, 'answered');
    ends.agree();
  });

  test('all the time is not followed all the time', () => {
    const ends = new TwoEnds();
    const until = ends.now + 60_000;
    while (ends.now < until) complain(ends, u32(sendingTo(ends)));
    assert.ok(asked(ends) >= 5 && asked(ends) <= 7, String(asked(ends)));
    ends.agree();
  });

  test('while we say goodbye holds up nothing', () => {
    const ends = new TwoEnds();
    const { gateway } = ends.made;
    const spi = sendingTo(ends);
    const sa = ends.only.id;
    ends.command({ kind: 'disconnect' });
    const payloads = [notify(Notify.INVALID_SPI, u32(spi))];
    ends.takeGateway(gateway.request(sa, { exchange: ExchangeType.INFORMATIONAL, payloads }, ends.now));
    ends.stepToClient().settle();
    assert.equal(asked(ends), 0);
    assert.equal(ends.session.closed, true);
  });
});
