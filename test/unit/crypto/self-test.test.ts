import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KEY_EXCHANGE_IDS } from '../../../core/crypto/key-exchange.ts';
import { KNOWN_ANSWERS, type KnownAnswers } from '../../../core/crypto/known-answers.ts';
import { keyExchangeWorks, selfTest, startTest } from '../../../core/crypto/self-test.ts';
import { sha256 } from '../../../core/crypto/hash.ts';
import { fromHex, toHex } from '../../../core/lib/bytes.ts';
import { p256, p384, p521 } from '@noble/curves/nist.js';
import { x25519 } from '@noble/curves/ed25519.js';
import { x448 } from '@noble/curves/ed448.js';

/** The field of each table that holds the answer. */
const ANSWER_FIELD: Readonly<Record<keyof KnownAnswers, string>> = {
  aead: 'sealed',
  cbc: 'ciphertext',
  hash: 'digest',
  hmac: 'mac',
  prfPlus: 'output',
  keyExchange: 'digest',
  signature: 'signature',
};

/** Hexadecimal text with its last digit changed. */
function changed(hex: string): string {
  return hex.slice(0, -1) + (hex.endsWith('0') ? '1' : '0');
}

test('every check passes, and none is forgotten', () => {
  const tables = Object.values(KNOWN_ANSWERS) as readonly (readonly unknown[])[];
  const expected = tables.reduce((sum, table) => sum + table.length, 0);
  assert.deepEqual(selfTest(), { ok: true, value: expected });
});

test('every algorithm that can be negotiated has an answer', () => {
  assert.deepEqual(
    KNOWN_ANSWERS.keyExchange.map((answer) => answer.id),
    KEY_EXCHANGE_IDS,
  );
  assert.deepEqual(
    KNOWN_ANSWERS.aead.map((answer) => [answer.id, answer.keyBits]),
    [
      [20, 128],
      [20, 192],
      [20, 256],
      [28, undefined],
    ],
  );
  assert.deepEqual(
    KNOWN_ANSWERS.cbc.map((answer) => answer.keyBits),
    [128, 192, 256],
  );
  assert.deepEqual(
    KNOWN_ANSWERS.hmac.map((answer) => [answer.prf, answer.integ]),
    [
      [2, 2],
      [5, 12],
      [6, 13],
      [7, 14],
    ],
  );
  assert.deepEqual(
    KNOWN_ANSWERS.signature.map((answer) => answer.scheme.kind),
    ['rsa-pkcs1', 'rsa-pss', 'ecdsa', 'ecdsa', 'ecdsa', 'ed25519', 'ed448'],
  );
});

test('a wrong answer of any algorithm fails the test, and its check is named', () => {
  const names = new Set<string>();
  let count = 0;
  for (const [table, field] of Object.entries(ANSWER_FIELD)) {
    const answers = KNOWN_ANSWERS[table as keyof KnownAnswers] as readonly object[] as readonly Record<
      string,
      unknown
    >[];
    for (const [at, answer] of answers.entries()) {
      const wrong = answers.with(at, { ...answer, [field]: changed(String(answer[field])) });
      const result = selfTest({ ...KNOWN_ANSWERS, [table]: wrong });
      assert.ok(!result.ok, `${table} ${at}`);
      names.add(result.error);
      count++;
    }
  }
  assert.equal(names.size, count, 'every check has a name of its own');
});

test('an algorithm that is missing fails the test', () => {
  const [first] = KNOWN_ANSWERS.aead;
  assert.ok(first);
  assert.deepEqual(selfTest({ ...KNOWN_ANSWERS, aead: [{ ...first, id: 99 }] }), {
    ok: false,
    error: 'AEAD 99/128',
  });
});

test('the key exchange answers are those of an independent implementation', () => {
  const ecp = { 19: p256, 20: p384, 21: p521 } as const;
  for (const { id, privateValue, peerPublic, digest } of KNOWN_ANSWERS.keyExchange) {
    const secret = fromHex(privateValue);
    const peer = fromHex(peerPublic);
    let expected: Uint8Array;
    if (id === 19 || id === 20 || id === 21) {
      const shared = ecp[id].getSharedSecret(secret, new Uint8Array([4, ...peer]), false);
      const x = shared.slice(1, 1 + (shared.length - 1) / 2);
      expected = sha256(ecp[id].getPublicKey(secret, false).slice(1), x);
    } else if (id === 31 || id === 32) {
      const curve = id === 31 ? x25519 : x448;
      expected = sha256(curve.getPublicKey(secret), curve.getSharedSecret(secret, peer));
    } else {
      // MODP answers are checked against the formula of RFC 3526 in modp.test.ts.
      continue;
    }
    assert.equal(toHex(fromHex(digest)), toHex(expected), `group ${id}`);
  }
});

test('the self-test is quick enough to run before every start', () => {
  // Processor time of the best of several runs: other work on the machine does not count.
  const spent = Array.from({ length: 5 }, () => {
    const before = process.cpuUsage();
    assert.ok(selfTest().ok);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  });
  assert.ok(Math.min(...spent) < 40, `${Math.min(...spent)} ms`);
});

test('the test at the start leaves out the key exchange alone', () => {
  const full = selfTest();
  assert.ok(full.ok);
  assert.deepEqual(startTest(), { ok: true, value: full.value - KEY_EXCHANGE_IDS.length });
  for (const table of Object.keys(KNOWN_ANSWERS) as (keyof KnownAnswers)[]) {
    const first = { ...KNOWN_ANSWERS[table][0], [ANSWER_FIELD[table]]: '00' };
    const wrong = { ...KNOWN_ANSWERS, [table]: [first] };
    assert.equal(startTest(wrong).ok, table === 'keyExchange', table);
  }
});

test('every key exchange method shows by itself that it works, and not with a wrong answer or none', () => {
  for (const id of KEY_EXCHANGE_IDS) {
    assert.equal(keyExchangeWorks(id), true, `${id}`);
    const answers = KNOWN_ANSWERS.keyExchange.map((answer) =>
      answer.id === id ? { ...answer, digest: changed(answer.digest) } : answer,
    );
    assert.equal(keyExchangeWorks(id, { ...KNOWN_ANSWERS, keyExchange: answers }), false, `${id}`);
  }
  assert.equal(keyExchangeWorks(2), false);
});
