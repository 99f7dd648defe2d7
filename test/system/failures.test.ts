/**
 * Every way of failing as a person meets it: the real client against a gateway that misbehaves in one way. Each case
 * checks the words, the exit code, and that nothing stays behind on the machine.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { FailureBench, type FailureCase } from './failure-bench.ts';
import { Notify } from '../../core/wire/constants.ts';

const bench = new FailureBench();
before(() => bench.open());
after(() => bench.close());

/** The day so many days from now, at noon. */
function day(offset: number): string {
  return `${new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 10)}T12:00:00Z`;
}

const CASES: readonly FailureCase[] = [
  {
    name: 'a wrong password',
    secret: 'not the password',
    code: 'auth.wrong-password',
    exit: 7,
    says: [/password/i],
  },
  {
    name: 'a user whom the gateway does not know',
    profile: { user: { method: 'eap-mschapv2', username: 'nobody' } },
    code: 'auth.wrong-password',
    exit: 7,
    says: [/user name/i],
  },
  {
    name: 'an account that is switched off',
    gateway: { users: { alice: { password: 'the password', status: 'disabled' } } },
    code: 'auth.account-disabled',
    exit: 7,
    says: [/account/i],
  },
  {
    name: 'a password that expired',
    gateway: { users: { alice: { password: 'the password', status: 'expired' } } },
    code: 'auth.password-expired',
    exit: 7,
    says: [/expired/i],
  },
  {
    name: 'hours in which the account may not sign in',
    gateway: { users: { alice: { password: 'the password', status: 'restricted-hours' } } },
    code: 'auth.account-restricted-hours',
    exit: 7,
    says: [/time|hours/i],
  },
  {
    name: 'an account without permission to dial in',
    gateway: { users: { alice: { password: 'the password', status: 'no-dialin' } } },
    code: 'auth.no-dialin-permission',
    exit: 7,
    says: [/permission|allowed/i],
  },
  {
    name: 'a gateway certificate that expired',
    certificate: { notBefore: day(-20), notAfter: day(-10) },
    code: 'auth.gateway-expired',
    exit: 7,
    says: [/expired/i, new RegExp(day(-10).slice(0, 10))],
  },
  {
    name: 'a gateway certificate that is not valid yet',
    certificate: { notBefore: day(10), notAfter: day(20) },
    code: 'auth.gateway-not-yet-valid',
    exit: 7,
    says: [/clock|not.*yet/i],
  },
  {
    name: 'a gateway certificate of an authority that the profile does not trust',
    otherAuthority: true,
    code: 'auth.gateway-untrusted',
    exit: 7,
    says: [/trust|authorit/i],
  },
  {
    name: 'a gateway certificate for another name',
    certificate: { san: [{ dns: 'other.example.com' }] },
    code: 'auth.gateway-wrong-name',
    exit: 7,
    says: [/other\.example\.com/, /vpn\.example\.com/],
  },
  {
    name: 'our certificate refused',
    user: 'foreign-certificate',
    code: 'auth.our-certificate-refused',
    exit: 7,
    says: [/certificate/i],
  },
  {
    name: 'pre-shared keys that differ',
    user: 'psk',
    secret: 'another secret of enough octets',
    code: 'auth.psk-mismatch',
    exit: 7,
    says: [/pre-shared key|shared secret/i],
  },
  {
    name: 'no algorithm in common for IKE',
    gateway: { ike: { groups: [22] } },
    code: 'peer.no-proposal-chosen',
    exit: 6,
    says: [/aes256gcm16/],
  },
  {
    name: 'no algorithm in common for ESP',
    profile: { esp: { proposals: ['chacha20poly1305'] } },
    gateway: { esp: { encr: [[20, 256]] } },
    code: 'peer.no-proposal-chosen-child',
    exit: 6,
    says: [/chacha20poly1305/, /esp\.proposals in the profile/],
  },
  {
    name: 'traffic that the gateway does not take',
    profile: { tunnel: { remote: ['172.30.0.0/16'], addresses: ['ipv4'] } },
    gateway: { networks: ['10.1.0.0/16'] },
    code: 'peer.ts-unacceptable',
    exit: 6,
    says: [/172\.30\.0\.0\/16/],
  },
  {
    name: 'no address left',
    gateway: { faults: { childNotify: Notify.INTERNAL_ADDRESS_FAILURE } },
    code: 'peer.no-address',
    exit: 6,
    says: [/address/i],
  },
  {
    name: 'an answer without an address',
    gateway: { faults: { cp: 'omit' } },
    code: 'peer.no-address',
    exit: 6,
    says: [/address/i],
  },
  {
    name: 'a gateway without NAT traversal',
    gateway: { faults: { omitInit: ['N'] } },
    code: 'peer.no-nat-traversal',
    exit: 6,
    says: [/NAT traversal/, /203\.0\.113\.1/],
  },
  {
    name: 'a gateway that says success before it proved itself',
    gateway: { faults: { eap: { earlySuccess: 'first' } } },
    code: 'auth.eap-early-success',
    exit: 7,
    says: [/password|prove/i],
  },
  {
    name: 'a gateway that does not know the password itself',
    gateway: { faults: { eap: { authenticator: 'wrong' } } },
    code: 'auth.eap-server-unproved',
    exit: 7,
    says: [/gateway/i],
  },
  {
    name: 'a gateway that is silent',
    gateway: 'silent',
    code: 'timeout.init',
    exit: 5,
    says: [/does not answer/i, /UDP port 500/, /203\.0\.113\.1/],
  },
  {
    name: 'a gateway that falls silent after the first answer',
    gateway: { faults: { silentAfter: 'init' } },
    code: 'timeout.auth',
    exit: 5,
    says: [/4500/],
  },
  {
    name: 'a port where nobody listens',
    gateway: 'none',
    code: 'network.port-closed',
    exit: 4,
    says: [/UDP port 500/],
  },
  {
    name: 'a network without a way to the gateway',
    profile: { gateway: { address: '198.51.100.77' } },
    gateway: 'none',
    code: 'network.no-route',
    exit: 4,
    says: [/cannot be reached/i],
  },
  {
    name: 'a host name that nobody knows',
    profile: { gateway: { address: 'vpn.invalid' } },
    gateway: 'none',
    code: 'network.name-unknown',
    exit: 4,
    says: [/vpn\.invalid/],
  },
];

describe('failing to connect', () => {
  for (const one of CASES) {
    test(`${one.name}: ${one.code}, in words, and nothing stays behind`, async () => {
      const { failed, status, left } = await bench.run(one);
      assert.equal(failed.code, one.code);
      const text = `${failed.title} ${failed.why} ${failed.next}`;
      for (const pattern of one.says) assert.match(text, pattern);
      assert.doesNotMatch(text, /undefined|NaN|\[object/);
      for (const part of [failed.title, failed.why, failed.next]) assert.ok(part.length > 10, part);
      assert.equal(status, one.exit);
      assert.deepEqual(left, []);
    });
  }
});

describe('losing a connection', () => {
  test('a gateway that vanishes: found by liveness, in words, and nothing stays behind', async () => {
    const { failed, status, left } = await bench.runEstablished({ liveness: 5 }, 'vanish');
    assert.equal(failed.code, 'timeout.liveness');
    assert.match(failed.title, /did not answer for \d+ seconds/);
    assert.equal(status, 10);
    assert.deepEqual(left, []);
  });

  test('a gateway that ends the connection: said so, and nothing stays behind', async () => {
    const { failed, status, left } = await bench.runEstablished({}, 'delete-ike');
    assert.equal(failed.code, 'peer.deleted');
    assert.equal(status, 10);
    assert.deepEqual(left, []);
  });

  test('a client that is killed leaves what its next start undoes', async () => {
    const left = await bench.killAndRestart();
    assert.deepEqual(left.afterRestart, []);
  });
});

describe('this machine', () => {
  test('without /dev/net/tun: said so before anything is sent', async () => {
    const { failed, status, left } = await bench.runWithoutTun();
    assert.equal(failed.code, 'platform.no-tun');
    assert.match(`${failed.why} ${failed.next}`, /tun/i);
    assert.equal(status, 9);
    assert.deepEqual(left, []);
  });
});
