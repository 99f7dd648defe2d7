import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { firstOf } from '../../core/ike/payloads.ts';
import { ExchangeType, Notify } from '../../core/wire/constants.ts';
import { notify } from '../../core/wire/payloads/notify.ts';
import { proves } from '../conformance/tag.ts';
import type { Faults } from '../support/gateway/index.ts';
import { type LoginMethod, Pair } from '../support/pair.ts';

function connected(faults: Faults, method: LoginMethod = 'eap'): Pair {
  return new Pair({ method, gateway: { faults } }).connect().settle();
}

describe('the Child SA', () => {
  for (const [notifyType, code] of [
    [Notify.NO_PROPOSAL_CHOSEN, 'peer.no-proposal-chosen-child'],
    [Notify.TS_UNACCEPTABLE, 'peer.ts-unacceptable'],
    [Notify.INTERNAL_ADDRESS_FAILURE, 'peer.no-address'],
    [Notify.FAILED_CP_REQUIRED, 'peer.failed-cp-required'],
    [Notify.SINGLE_PAIR_REQUIRED, 'peer.single-pair-required'],
  ] as const) {
    test(
      `${code}: the login holds, the SA is then deleted in order`,
      proves(
        ['RFC7296-1.2-x2', 'does'],
        ['RFC7296-2.21.2-2', 'does'],
        ['RFC7296-2.19-x5', 'does'],
        ['RFC7296-2.21.2-x4', 'refuses'],
        ['RFC7296-3.15.4-x4', 'does'],
      ),
      () => {
        for (const method of ['eap', 'psk'] as const) {
          const pair = connected({ childNotify: notifyType }, method);
          assert.equal(pair.failureCode, code);
          const closed = pair.gatewayEvents.find((event) => event.kind === 'closed');
          assert.equal(closed?.reason, 'client');
        }
      },
    );
  }

  for (const fault of [
    'unoffered-cipher',
    'other-key-length',
    'several-proposals',
    'all-transforms',
    'missing-transform',
    'wrong-number',
    'wrong-protocol',
    'spi-size',
    'zero-spi',
    'empty',
  ] as const) {
    test(
      `a wrong SA payload (${fault}) makes no Child SA`,
      proves(['RFC7296-2.7-1', 'refuses'], ['RFC7296-2.7-x2', 'refuses'], ['RFC7296-2.7-2', 'refuses']),
      () => {
        const pair = connected({ childProposal: fault }).advance(5_000);
        assert.equal(pair.event('established'), undefined);
        assert.match(pair.failureCode ?? '', /^protocol\./);
      },
    );
  }

  for (const traffic of ['wider-remote', 'foreign', 'empty', 'reversed'] as const) {
    test(
      `selectors that are no narrowing (${traffic}) are refused`,
      proves('RFC7296-2.9-1', 'refuses'),
      () => {
        const pair = new Pair({
          client: { addressFamilies: [4], remoteSelectors: [range('10.1.0.0', '10.1.255.255')] },
          gateway: { faults: { traffic } },
        })
          .connect()
          .settle()
          .advance(5_000);
        assert.equal(pair.event('established'), undefined);
        assert.match(pair.failureCode ?? '', /^protocol\./);
      },
    );
  }

  test('selectors that the gateway narrows are taken', proves('RFC7296-2.9-1', 'does'), () => {
    const pair = new Pair({ client: { addressFamilies: [4] } }).connect().settle();
    const child = pair.event('established')?.child;
    assert.equal(child?.local.length, 1);
    assert.deepEqual(child.local[0]?.start, child.local[0]?.end);
  });

  test(
    'an error that we do not know fails the whole request, also beside a Child SA',
    proves('RFC7296-3.10.1-1', 'does'),
    () => {
      for (const method of ['eap', 'psk'] as const) {
        const at = method === 'eap' ? 'final' : 'auth';
        const pair = connected({ add: [{ at, payloads: [notify(8_192)] }] }, method);
        assert.equal(pair.failureCode, 'peer.notify');
        assert.equal(pair.event('established'), undefined);
        assert.equal(pair.made.gateway.sas.length, 0, 'the SA is deleted');
      }
    },
  );

  test(
    'what is asked for is where the profile leads, from any address of the same families',
    proves('RFC7296-2.9.1-x1', 'does'),
    () => {
      const remoteSelectors = [range('10.1.0.0', '10.1.255.255'), range('10.7.0.0', '10.7.0.255')];
      const pair = new Pair({ client: { addressFamilies: [4], remoteSelectors } }).connect().settle();
      const first = pair.requests.find(({ exchange }) => exchange === ExchangeType.IKE_AUTH);
      const selectors = (kind: 'TSi' | 'TSr') =>
        firstOf(first!.payloads, kind)?.selectors.map(({ startAddress, endAddress }) => [
          startAddress.join('.'),
          endAddress.join('.'),
        ]);
      assert.deepEqual(selectors('TSi'), [['0.0.0.0', '255.255.255.255']]);
      assert.deepEqual(selectors('TSr'), [
        ['10.1.0.0', '10.1.255.255'],
        ['10.7.0.0', '10.7.0.255'],
      ]);
    },
  );

  for (const cp of ['omit', 'no-address', 'wrong-length', 'request', 'unspecified-address'] as const) {
    test(`no address (${cp}) is a failure of its own`, proves('RFC7296-3.15.4-x3', 'does'), () => {
      const pair = connected({ cp }).advance(5_000);
      assert.match(pair.failureCode ?? '', /^(peer\.no-address|protocol\.malformed)$/);
      assert.equal(pair.event('established'), undefined);
    });
  }

  for (const type of [Notify.USE_TRANSPORT_MODE, Notify.IPCOMP_SUPPORTED]) {
    test(
      `notify ${type} that nobody asked for is refused`,
      proves(['RFC7296-2.22-x2', 'refuses'], ['RFC7296-1.3.1-2', 'refuses']),
      () => {
        const data = type === Notify.IPCOMP_SUPPORTED ? Uint8Array.of(0, 1, 2) : new Uint8Array(0);
        const pair = connected({ add: [{ at: 'final', payloads: [notify(type, data)] }] });
        assert.equal(pair.failureCode, 'protocol.unoffered-choice');
      },
    );
  }
});

function range(start: string, end: string) {
  const octets = (text: string): Uint8Array => Uint8Array.from(text.split('.').map(Number));
  return {
    family: 4,
    protocol: 0,
    startPort: 0,
    endPort: 65535,
    start: octets(start),
    end: octets(end),
  } as const;
}
