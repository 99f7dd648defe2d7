import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyExchange, type KeyExchangeMethod } from '../../../core/crypto/key-exchange.ts';
import { fromHex, toHex } from '../../../core/lib/bytes.ts';
import { proves } from '../../conformance/tag.ts';

/** RFC 3526 sections 3 to 7: bits of the group, and the number that makes its formula prime. */
const GROUPS = [
  { id: 14, bits: 2048, offset: 124476n },
  { id: 15, bits: 3072, offset: 1690314n },
  { id: 16, bits: 4096, offset: 240904n },
  { id: 17, bits: 6144, offset: 929484n },
  { id: 18, bits: 8192, offset: 4743158n },
].map((group) => ({ ...group, prime: primeOf(group.bits, group.offset) }));

/** 2^n - 2^(n-64) - 1 + 2^64 * ( [2^(n-130) pi] + offset ) */
function primeOf(bits: number, offset: bigint): bigint {
  const n = BigInt(bits);
  return 2n ** n - 2n ** (n - 64n) - 1n + 2n ** 64n * (floorOfPi(n - 130n) + offset);
}

/** [2^bits pi] by Machin's formula: pi = 16 arctan(1/5) - 4 arctan(1/239). */
function floorOfPi(bits: bigint): bigint {
  const guard = 64n;
  const one = 1n << (bits + guard);
  return (16n * arctanOfInverse(5n, one) - 4n * arctanOfInverse(239n, one)) >> guard;
}

function arctanOfInverse(x: bigint, one: bigint): bigint {
  let power = one / x;
  let sum = power;
  for (let k = 3n, sign = -1n; power !== 0n; k += 2n, sign = -sign) {
    power /= x * x;
    sum += (sign * power) / k;
  }
  return sum;
}

function modularPower(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  for (let e = exponent, square = base; e > 0n; e >>= 1n) {
    if (e & 1n) result = (result * square) % modulus;
    square = (square * square) % modulus;
  }
  return result;
}

function octetsOf(value: bigint, length: number): Uint8Array {
  return fromHex(value.toString(16).padStart(2 * length, '0'));
}

function methodOf(id: number): KeyExchangeMethod {
  const method = keyExchange(id);
  assert.ok(method);
  return method;
}

/** Octets that differ from each other and do not start with zero. */
function pattern(length: number): Uint8Array {
  return new Uint8Array(length).map((_, at) => 0xc1 + 31 * at);
}

test('the groups have their numbers, names and lengths', () => {
  for (const { id, bits } of GROUPS) {
    assert.equal(methodOf(id).id, id);
    assert.equal(methodOf(id).name, `modp${bits}`);
    assert.equal(methodOf(id).publicLength, bits / 8);
  }
});

test('smaller groups and those with small subgroups are not supported', () => {
  for (const id of [0, 1, 2, 5, 22, 23, 24]) assert.equal(keyExchange(id), undefined);
});

test('public values and secrets are the powers of 2 modulo the primes that RFC 3526 describes', () => {
  for (const { id, bits, prime } of GROUPS) {
    const drawn: Uint8Array[] = [];
    const pair = methodOf(id).generate((length) => {
      drawn.push(pattern(length));
      return pattern(length);
    });
    const [secret] = drawn;
    assert.ok(secret);
    assert.equal(drawn.length, 1);
    const x = BigInt(`0x${toHex(secret)}`);
    assert.equal(toHex(pair.publicValue), toHex(octetsOf(modularPower(2n, x, prime), bits / 8)));
    const peer = modularPower(2n, 0xabcdef0123456789n, prime);
    const shared = pair.agree(octetsOf(peer, bits / 8));
    assert.ok(shared.ok);
    assert.equal(toHex(shared.value.reveal()), toHex(octetsOf(modularPower(peer, x, prime), bits / 8)));
  }
});

test('private values have at least the size that RFC 7919 asks for, not that of the group', () => {
  const minimum: Readonly<Record<number, number>> = { 14: 225, 15: 275, 16: 325, 17: 375, 18: 400 };
  for (const { id, bits } of GROUPS) {
    methodOf(id).generate((length) => {
      assert.ok(length * 8 >= minimum[id]!);
      assert.ok(length * 8 <= bits / 8);
      return pattern(length);
    });
  }
});

test(
  'public values and secrets are padded with zeros to the length of the prime',
  proves(['RFC7296-3.4-1', 'does'], ['RFC7296-2.14-x3', 'does']),
  () => {
    for (const { id, bits } of GROUPS) {
      // With x = 100 the powers are small: 2^100 and 4^100.
      const pair = methodOf(id).generate((length) => octetsOf(100n, length));
      assert.deepEqual(pair.publicValue, octetsOf(2n ** 100n, bits / 8));
      const shared = pair.agree(octetsOf(4n, bits / 8));
      assert.ok(shared.ok);
      assert.deepEqual(shared.value.reveal(), octetsOf(4n ** 100n, bits / 8));
    }
  },
);

test('peer values outside of 2..p-2 are refused (RFC 6989 section 2.1)', () => {
  for (const { id, bits, prime } of GROUPS) {
    const length = bits / 8;
    const pair = methodOf(id).generate(pattern);
    const allOnes = 2n ** BigInt(bits) - 1n;
    for (const value of [0n, 1n, prime - 1n, prime, prime + 1n, prime + 2n, allOnes]) {
      const refused = pair.agree(octetsOf(value, length));
      assert.deepEqual(refused, { ok: false, error: 'invalid public value' });
    }
    assert.ok(methodOf(id).generate(pattern).agree(octetsOf(2n, length)).ok);
    assert.ok(
      methodOf(id)
        .generate(pattern)
        .agree(octetsOf(prime - 2n, length)).ok,
    );
  }
});

test(
  'peer values of another length are refused, also when only zeros differ',
  proves('RFC7296-3.4-1', 'refuses'),
  () => {
    for (const { id, bits } of GROUPS) {
      const length = bits / 8;
      const pair = methodOf(id).generate(pattern);
      for (const wrong of [0, 1, length - 1, length + 1, 2 * length]) {
        assert.equal(pair.agree(octetsOf(4n, Math.max(wrong, 1)).slice(0, wrong)).ok, false);
      }
    }
  },
);
