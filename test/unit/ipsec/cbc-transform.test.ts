import { createDecipheriv, createHmac } from 'node:crypto';
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { concat, toHex } from '../../../core/lib/bytes.ts';
import { newTransform } from '../../../core/ipsec/suite.ts';
import { proves } from '../../conformance/tag.ts';
import { seeded } from './pair.ts';
import { openRun, sealRun } from './transforms.ts';

const MACS: readonly (readonly [integ: number, hash: string, keyLength: number, icvLength: number])[] = [
  [2, 'sha1', 20, 12],
  [12, 'sha256', 32, 16],
  [13, 'sha384', 48, 24],
  [14, 'sha512', 64, 32],
];

test(
  'a packet is encrypted first and authenticated then, with the number half that is not sent',
  proves(['RFC4303-3.4.4.1-1', 'does'], ['RFC4303-3.3.2.1-x3', 'does']),
  () => {
    for (const [integ, hash, keyLength, icvLength] of MACS)
      for (const esn of [false, true]) {
        const key = seeded(7)(32);
        const macKey = seeded(9)(keyLength);
        const transform = newTransform({ encr: 12, keyBits: 256, integ, esn }, key, macKey, seeded(1));
        const payload = seeded(8)(61);
        const sequence = esn ? 5 * 2 ** 32 + 1 : 1;
        const [esp] = sealRun(transform, [{ spi: 0x01020304, sequence, payload, nextHeader: 4 }]);
        assert.ok(esp);
        const authenticated = esp.subarray(0, esp.length - icvLength);
        const implicit = esn ? Uint8Array.of(0, 0, 0, 5) : new Uint8Array(0);
        const mac = createHmac(hash, macKey).update(authenticated).update(implicit).digest();
        assert.equal(toHex(esp.subarray(esp.length - icvLength)), toHex(mac.subarray(0, icvLength)), hash);
        const opener = createDecipheriv('aes-256-cbc', key, esp.subarray(8, 24)).setAutoPadding(false);
        const plaintext = new Uint8Array(opener.update(authenticated.subarray(24)));
        assert.deepEqual(plaintext, concat(payload, Uint8Array.of(1, 1, 4)), hash);
      }
  },
);

test('the IV of every packet is fresh from the random source', () => {
  const source = seeded(4)(4096);
  const transform = newTransform(
    { encr: 12, keyBits: 128, integ: 2, esn: false },
    seeded(7)(16),
    seeded(9)(20),
    seeded(4),
  );
  const packet = { spi: 1, sequence: 1, payload: new Uint8Array(14), nextHeader: 4 };
  const sealed = sealRun(transform, [packet, packet, packet]);
  assert.deepEqual(
    sealed.map((esp) => toHex(esp.subarray(8, 24))),
    [0, 16, 32].map((at) => toHex(source.subarray(at, at + 16))),
  );
});

test(
  'every octet of a packet is protected, and nothing is decrypted before the check',
  proves(['RFC4303-3.4.4.1-x1', 'refuses'], ['RFC4303-3.4.4.1-x5', 'does']),
  () => {
    for (const [integ, , keyLength] of MACS) {
      const transform = newTransform(
        { encr: 12, keyBits: 128, integ, esn: true },
        seeded(7)(16),
        seeded(9)(keyLength),
        seeded(1),
      );
      const [esp] = sealRun(transform, [{ spi: 3, sequence: 77, payload: seeded(3)(30), nextHeader: 4 }]);
      assert.ok(esp);
      assert.ok(openRun(transform, [{ esp }])[0]);
      assert.deepEqual(openRun(transform, [{ esp, sequenceHigh: 1 }]), [undefined]);
      for (let at = 0; at < esp.length; at++) {
        const forged = esp.slice();
        forged[at] = (forged[at] ?? 0) ^ 1;
        assert.deepEqual(openRun(transform, [{ esp: forged }]), [undefined], `octet ${at}`);
      }
    }
  },
);

test('one run seals and opens many packets, and a forged one among them fails alone', () => {
  const transform = newTransform(
    { encr: 12, keyBits: 256, integ: 12, esn: false },
    seeded(7)(32),
    seeded(9)(32),
    seeded(1),
  );
  const payloads = [0, 14, 15, 1400].map((length) => seeded(length + 1)(length));
  const packets = sealRun(
    transform,
    payloads.map((payload, i) => ({ spi: 5, sequence: i + 1, payload, nextHeader: 41 })),
  );
  const [, , third] = packets;
  assert.ok(third);
  third[30] = (third[30] ?? 0) ^ 0x80;
  const opened = openRun(
    transform,
    packets.map((esp) => ({ esp })),
  );
  assert.equal(opened[2], undefined);
  for (const i of [0, 1, 3]) {
    const payload = payloads[i];
    assert.ok(payload);
    assert.deepEqual(opened[i]?.subarray(0, payload.length), payload);
  }
});

test('a wiped transform seals nothing', () => {
  const transform = newTransform(
    { encr: 12, keyBits: 128, integ: 2, esn: false },
    seeded(7)(16),
    seeded(9)(20),
    seeded(1),
  );
  transform.wipe();
  const packet = { spi: 1, sequence: 1, payload: new Uint8Array(4), nextHeader: 4 };
  assert.throws(() => sealRun(transform, [packet]));
});
