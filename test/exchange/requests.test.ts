import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { u32 } from '../../core/lib/bytes.ts';
import { notifyOf } from '../../core/ike/payloads.ts';
import { CfgAttr, CfgType, ExchangeType, Notify, Protocol } from '../../core/wire/constants.ts';
import type { Payload } from '../../core/wire/payload.ts';
import { notify } from '../../core/wire/payloads/notify.ts';
import { proves } from '../conformance/tag.ts';
import { Live } from '../support/live.ts';

const { INFORMATIONAL, CREATE_CHILD_SA } = ExchangeType;

describe('requests that ask for nothing of ours', () => {
  const attribute = (type: number): Payload => ({
    kind: 'CP',
    cfgType: type,
    attributes: [{ type: CfgAttr.APPLICATION_VERSION, value: new Uint8Array(0) }],
  });

  test(
    'a request for our version, or to set something, is answered without a configuration payload',
    proves(['RFC7296-2.20-1', 'does'], ['RFC7296-3.15.1-6', 'does'], ['RFC7296-3.15.1-7', 'does']),
    () => {
      for (const type of [CfgType.REQUEST, CfgType.SET]) {
        const pair = new Live().gatewayAsks(INFORMATIONAL, [attribute(type)]).settle();
        assert.deepEqual(pair.answer?.message.payloads, []);
        assert.equal(pair.session.closed, false);
      }
    },
  );

  test(
    'a complaint about a suspicious message changes nothing, also when the gateway itself sends it',
    proves(['RFC7296-2.21.4-7', 'does'], ['RFC7296-2.21.4-7', 'refuses']),
    () => {
      for (const type of [Notify.INVALID_SPI, Notify.INVALID_IKE_SPI, Notify.INVALID_MESSAGE_ID, 8_192]) {
        const pair = new Live().gatewayAsks(INFORMATIONAL, [notify(type, u32(0x1234))]).settle();
        assert.deepEqual(pair.answer?.message.payloads, []);
        assert.deepEqual(pair.events, []);
        assert.equal(pair.session.closed, false);
      }
    },
  );
});

describe('CREATE_CHILD_SA that we do not take', () => {
  test('a further Child SA is declined in order, and the SA lives', proves('RFC7296-2.21-x1', 'does'), () => {
    const declined: [number, readonly Payload[]][] = [
      [Notify.NO_PROPOSAL_CHOSEN, createChild([], { id: 2 })],
      [Notify.TS_UNACCEPTABLE, createChild([], { address: Uint8Array.of(192, 0, 2, 1) })],
    ];
    for (const [type, payloads] of declined) {
      const pair = new Live().gatewayAsks(CREATE_CHILD_SA, payloads).settle();
      assert.deepEqual(
        pair.answer?.message.payloads.map((payload) => payload.kind === 'N' && payload.notifyType),
        [type],
      );
      assert.deepEqual(pair.events, []);
      pair.advance(30_000).settle();
      assert.equal(pair.session.closed, false);
    }
  });

  test(
    'a rekey of a Child SA that does not exist is told so, with its SPI',
    proves('RFC7296-2.25-x6', 'does'),
    () => {
      const spi = u32(0xdeadbeef);
      const rekey = notify(Notify.REKEY_SA, undefined, Protocol.ESP, spi);
      const pair = new Live().gatewayAsks(CREATE_CHILD_SA, createChild([rekey])).settle();
      const found = notifyOf(pair.answer?.message.payloads ?? [], Notify.CHILD_SA_NOT_FOUND);
      assert.deepEqual(found?.spi, spi);
      assert.equal(found.protocol, Protocol.ESP);
    },
  );
});

/** A request for a Child SA as any gateway could make it: with this cipher, for this address of ours alone. */
function createChild(
  before: readonly Payload[],
  { id = 20, address }: { id?: number; address?: Uint8Array } = {},
): Payload[] {
  const selector = {
    tsType: 7,
    ipProtocol: 0,
    startPort: 0,
    endPort: 65_535,
    startAddress: address ?? new Uint8Array(4),
    endAddress: address ?? new Uint8Array(4).fill(255),
  };
  const transforms = [
    { type: 1, id, keyLength: 256 },
    { type: 5, id: 0 },
  ];
  return [
    ...before,
    { kind: 'SA', proposals: [{ number: 1, protocol: Protocol.ESP, spi: u32(0x1000), transforms }] },
    { kind: 'NONCE', data: new Uint8Array(32).fill(7) },
    { kind: 'TSi', selectors: [selector] },
    { kind: 'TSr', selectors: [selector] },
  ];
}
