import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SecretBytes } from '../../../core/lib/secret.ts';
import type { IkeConfig, UserAuth } from '../../../core/ike/config.ts';
import {
  authRefusal,
  childRefusal,
  initRefusal,
  offeredEsp,
  offeredIke,
} from '../../../core/ike/refusals.ts';
import { Notify } from '../../../core/wire/constants.ts';
import { notify } from '../../../core/wire/payloads/notify.ts';
import { proves } from '../../conformance/tag.ts';
import { makeGateway } from '../../support/gateway/index.ts';
import { clientConfig } from '../../support/pair.ts';

const made = makeGateway();
const config = clientConfig(made, 'eap');
const psk: UserAuth = { kind: 'psk', secret: SecretBytes.ofText('secret') };

describe('an error notify means', () => {
  for (const [where, refusal] of [
    ['IKE_SA_INIT', initRefusal],
    ['IKE_AUTH', (payload: ReturnType<typeof notify>, c: IkeConfig) => authRefusal(payload, c, false)],
    ['the Child SA', childRefusal],
  ] as const) {
    for (const [type, code] of [
      [Notify.INVALID_SYNTAX, 'peer.invalid-syntax'],
      [Notify.UNSUPPORTED_CRITICAL_PAYLOAD, 'peer.unsupported-critical'],
      [Notify.INVALID_MAJOR_VERSION, 'peer.invalid-major-version'],
      [Notify.TEMPORARY_FAILURE, 'peer.notify'],
      [9_999, 'peer.notify'],
    ] as const) {
      test(`${code} in ${where}, for ${type}`, proves('RFC7296-3.10.1-1', 'does'), () => {
        assert.equal(refusal(notify(type), config).code, code);
      });
    }
  }

  test('what was offered, for NO_PROPOSAL_CHOSEN', () => {
    const init = initRefusal(notify(Notify.NO_PROPOSAL_CHOSEN), config);
    assert.equal(init.code, 'peer.no-proposal-chosen');
    assert.deepEqual(init.context['offered'], offeredIke(config));
    const child = childRefusal(notify(Notify.NO_PROPOSAL_CHOSEN), config);
    assert.equal(child.code, 'peer.no-proposal-chosen-child');
    assert.deepEqual(child.context['offered'], offeredEsp(config));
  });

  for (const [type, code] of [
    [Notify.TS_UNACCEPTABLE, 'peer.ts-unacceptable'],
    [Notify.INVALID_SELECTORS, 'peer.ts-unacceptable'],
    [Notify.INTERNAL_ADDRESS_FAILURE, 'peer.no-address'],
    [Notify.FAILED_CP_REQUIRED, 'peer.failed-cp-required'],
    [Notify.SINGLE_PAIR_REQUIRED, 'peer.single-pair-required'],
  ] as const) {
    test(`${code} for the Child SA, for ${type}`, () => {
      assert.equal(childRefusal(notify(type), config).code, code);
    });
  }

  test('the networks that were asked for, for TS_UNACCEPTABLE', () => {
    const { context } = childRefusal(notify(Notify.TS_UNACCEPTABLE), config);
    assert.deepEqual(context['requested'], ['0.0.0.0/0', '::/0']);
  });

  test('by what the user proved themself, for AUTHENTICATION_FAILED', () => {
    const refused = notify(Notify.AUTHENTICATION_FAILED);
    const certificate = clientConfig(made, 'certificate').userAuth;
    for (const [userAuth, code] of [
      [config.userAuth, 'auth.rejected'],
      [certificate, 'auth.our-certificate-refused'],
      [psk, 'auth.psk-mismatch'],
    ] as const) {
      const { code: found, context } = authRefusal(refused, { ...config, userAuth }, false);
      assert.equal(found, code);
      assert.equal(context['gatewayIdentity'], 'vpn.example.com');
      assert.equal(context['identity'], 'alice');
    }
  });

  test('which payload was not understood, for UNSUPPORTED_CRITICAL_PAYLOAD', () => {
    const type = notify(Notify.UNSUPPORTED_CRITICAL_PAYLOAD, Uint8Array.of(201));
    assert.equal(initRefusal(type, config).context['payload'], 201);
    assert.equal(initRefusal(notify(Notify.UNSUPPORTED_CRITICAL_PAYLOAD), config).context['payload'], 0);
  });
});

test('the offers are told in the words of a configuration, a line for each proposal', () => {
  assert.deepEqual(offeredIke(config).length, 2);
  assert.match(offeredIke(config)[0] ?? '', /^aes256gcm16-.*-prfsha256-.*-x25519-/);
  assert.match(offeredEsp(config)[1] ?? '', /^aes256-aes128-sha256-sha384-sha512-sha1-esn$/);
});
