import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { p256, p384, p521 } from '@noble/curves/nist.js';
import { KEY_EXCHANGE_IDS, keyExchange, type KeyExchangeMethod } from '../../../core/crypto/key-exchange.ts';
import { fromHex } from '../../../core/lib/bytes.ts';
import { proves } from '../../conformance/tag.ts';
import { octetsOf } from './keys.ts';

/** Groups that are quick enough to repeat. */
const QUICK = [14, 19, 20, 21, 31, 32];

function methodOf(id: number): KeyExchangeMethod {
  const method = keyExchange(id);
  assert.ok(method);
  return method;
}

function random(length: number): Uint8Array {
  return new Uint8Array(randomBytes(length));
}

test('two sides agree on one secret in every method', () => {
  for (const id of KEY_EXCHANGE_IDS) {
    const method = methodOf(id);
    assert.equal(method.id, id);
    const initiator = method.generate(random);
    const responder = method.generate(random);
    assert.equal(initiator.publicValue.length, method.publicLength);
    assert.notDeepEqual(initiator.publicValue, responder.publicValue);
    const ours = initiator.agree(responder.publicValue);
    const theirs = responder.agree(initiator.publicValue);
    assert.ok(ours.ok && theirs.ok);
    assert.ok(ours.value.equals(theirs.value));
  }
});

test('public values and secrets have the lengths of RFC 3526, RFC 5903 and RFC 8031, as plain arrays', () => {
  for (const [id, publicLength, secretLength] of [
    [14, 256, 256],
    [15, 384, 384],
    [16, 512, 512],
    [19, 64, 32],
    [20, 96, 48],
    [21, 132, 66],
    [31, 32, 32],
    [32, 56, 56],
  ] as const) {
    const pair = methodOf(id).generate(random);
    assert.equal(pair.publicValue.length, publicLength);
    assert.equal(Object.getPrototypeOf(pair.publicValue), Uint8Array.prototype);
    const shared = pair.agree(methodOf(id).generate(random).publicValue);
    assert.ok(shared.ok);
    assert.equal(shared.value.length, secretLength);
    assert.equal(Object.getPrototypeOf(shared.value.reveal()), Uint8Array.prototype);
  }
});

test('numbers that mean nothing here give no method', () => {
  for (const id of [-1, 0, 1, 2, 3, 4, 5, 13, 22, 25, 26, 27, 30, 33, 35, 36, 37, 1.5])
    assert.equal(keyExchange(id), undefined);
});

test('one seed gives one key pair', () => {
  for (const id of QUICK) {
    const seeded = (length: number): Uint8Array => new Uint8Array(length).fill(0x5a);
    assert.deepEqual(methodOf(id).generate(seeded).publicValue, methodOf(id).generate(seeded).publicValue);
  }
});

test('the octets that were drawn are wiped', () => {
  for (const id of QUICK) {
    const drawn: Uint8Array[] = [];
    methodOf(id).generate((length) => {
      const octets = random(length);
      drawn.push(octets);
      return octets;
    });
    assert.ok(drawn.length > 0);
    for (const octets of drawn) assert.deepEqual(octets, new Uint8Array(octets.length));
  }
});

test('a refused value does not cost the key pair: the true answer that follows is taken', () => {
  for (const id of QUICK) {
    const method = methodOf(id);
    const pair = method.generate(random);
    assert.deepEqual(pair.agree(new Uint8Array(method.publicLength)), {
      ok: false,
      error: 'invalid public value',
    });
    assert.ok(pair.agree(method.generate(random).publicValue).ok);
  }
});

test(
  'the private value is gone after it was used, and after it was wiped',
  proves(['RFC7296-2.12-1', 'does'], ['RFC7296-5-x4', 'does']),
  () => {
    for (const id of QUICK) {
      const method = methodOf(id);
      const peer = method.generate(random).publicValue;
      const used = method.generate(random);
      assert.ok(used.agree(peer).ok);
      assert.throws(() => used.agree(peer), /already used or wiped/);
      const wiped = method.generate(random);
      wiped.wipe();
      assert.throws(() => wiped.agree(peer), /already used or wiped/);
    }
  },
);

test('values of another length are refused', () => {
  for (const id of QUICK) {
    const method = methodOf(id);
    const pair = method.generate(random);
    const peer = method.generate(random).publicValue;
    for (const wrong of [
      new Uint8Array(0),
      peer.subarray(1),
      peer.subarray(0, peer.length - 1),
      new Uint8Array([0, ...peer]),
      new Uint8Array([...peer, 0]),
      new Uint8Array([4, ...peer]),
    ]) {
      assert.equal(pair.agree(wrong).ok, false);
    }
  }
});

test(
  'ECP refuses points that are not on the curve (RFC 6989 section 2.3)',
  proves('RFC7296-3.3.2-x3', 'refuses'),
  () => {
    for (const id of [19, 20, 21]) {
      const method = methodOf(id);
      const pair = method.generate(random);
      const point = method.generate(random).publicValue;
      const half = point.length / 2;
      for (let at = 0; at < point.length; at += 7) {
        const moved = point.slice();
        moved[at]! ^= 1;
        assert.equal(pair.agree(moved).ok, false, `group ${id}, octet ${at}`);
      }
      const swapped = new Uint8Array([...point.subarray(half), ...point.subarray(0, half)]);
      assert.equal(pair.agree(swapped).ok, false);
      assert.equal(pair.agree(new Uint8Array(point.length)).ok, false);
      assert.equal(pair.agree(new Uint8Array(point.length).fill(0xff)).ok, false);
      assert.ok(pair.agree(point).ok);
    }
  },
);

test('ECP draws again while the octets are not in 1..n-1, for the order n of each curve', () => {
  for (const [id, curve] of [
    [19, p256],
    [20, p384],
    [21, p521],
  ] as const) {
    const length = methodOf(id).publicLength / 2;
    const order = curve.Point.Fn.ORDER;
    const draws = [0n, order, order + 1n, order - 1n].map((value) => octetsOf(value, length));
    const pair = methodOf(id).generate(() => draws.shift()!);
    assert.equal(draws.length, 0);
    // (n - 1) * G = -G has the x coordinate of the base point.
    const x = octetsOf(curve.Point.BASE.toAffine().x, length);
    assert.deepEqual(pair.publicValue.slice(0, length), x);
    assert.deepEqual(
      methodOf(id)
        .generate(() => octetsOf(1n, length))
        .publicValue.slice(0, length),
      x,
    );
  }
});

test('ECP gives up on a source that never gives a private value', () => {
  for (const id of [19, 20, 21])
    assert.throws(() => methodOf(id).generate((length) => new Uint8Array(length)), /random source/);
  assert.throws(() => methodOf(19).generate((length) => new Uint8Array(length).fill(0xff)), /random source/);
});

test('the private values of group 21 use one bit of their first octet', () => {
  const pair = methodOf(21).generate((length) => new Uint8Array(length).fill(0xfe));
  const masked = methodOf(21).generate((length) => {
    const octets = new Uint8Array(length).fill(0xfe);
    octets[0] = 0;
    return octets;
  });
  assert.deepEqual(pair.publicValue, masked.publicValue);
});

test('x25519 and x448 refuse every value of small order: the secret would be zero (RFC 8031 section 2.1)', () => {
  const x25519 = [
    '0000000000000000000000000000000000000000000000000000000000000000',
    '0100000000000000000000000000000000000000000000000000000000000000',
    'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
    '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  ];
  const x448 = [
    '00'.repeat(56),
    `01${'00'.repeat(55)}`,
    `fe${'ff'.repeat(27)}fe${'ff'.repeat(27)}`,
    `ff${'ff'.repeat(27)}fe${'ff'.repeat(27)}`,
  ];
  for (const [id, values] of [
    [31, x25519],
    [32, x448],
  ] as const) {
    const pair = methodOf(id).generate(random);
    for (const value of values) assert.equal(pair.agree(fromHex(value)).ok, false, value);
    assert.ok(pair.agree(methodOf(id).generate(random).publicValue).ok);
  }
});
