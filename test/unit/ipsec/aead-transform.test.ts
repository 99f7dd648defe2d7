import { createDecipheriv, type CipherGCMTypes } from 'node:crypto';
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { concat, toHex } from '../../../core/lib/bytes.ts';
import { newTransform, type EspSuite } from '../../../core/ipsec/suite.ts';
import { proves } from '../../conformance/tag.ts';
import { seeded } from './pair.ts';
import { openRun, sealRun } from './transforms.ts';

interface Aead {
  readonly name: CipherGCMTypes;
  readonly encr: number;
  readonly keyBits?: number;
  readonly keyLength: number;
}

const AEADS: readonly Aead[] = [
  { name: 'aes-128-gcm', encr: 20, keyBits: 128, keyLength: 16 },
  { name: 'aes-256-gcm', encr: 20, keyBits: 256, keyLength: 32 },
  { name: 'chacha20-poly1305' as CipherGCMTypes, encr: 28, keyLength: 32 },
];

function suiteOf({ encr, keyBits }: Aead, esn: boolean): EspSuite {
  return keyBits === undefined ? { encr, esn } : { encr, keyBits, esn };
}

/** What node:crypto itself makes of one sealed packet, from its octets and the RFCs alone. */
function openByHand(
  aead: Aead,
  keymat: Uint8Array,
  esp: Uint8Array,
  sequenceHigh: number | undefined,
): Uint8Array {
  const key = keymat.subarray(0, aead.keyLength);
  const nonce = concat(keymat.subarray(aead.keyLength), esp.subarray(8, 16));
  const high = new Uint8Array(4);
  if (sequenceHigh !== undefined) new DataView(high.buffer).setUint32(0, sequenceHigh);
  const associated =
    sequenceHigh === undefined ? esp.subarray(0, 8) : concat(esp.subarray(0, 4), high, esp.subarray(4, 8));
  const opener = createDecipheriv(aead.name, key, nonce, { authTagLength: 16 });
  opener.setAAD(associated, { plaintextLength: esp.length - 32 });
  opener.setAuthTag(esp.subarray(esp.length - 16));
  const plaintext = opener.update(esp.subarray(16, esp.length - 16));
  opener.final();
  return new Uint8Array(plaintext);
}

test(
  'nonce and associated data are those of the RFCs',
  proves(
    ['RFC4106-5-x1', 'does'],
    ['RFC7634-2.1-x1', 'does'],
    ['RFC7634-2-x3', 'does'],
    ['RFC4106-8.1-x1', 'does'],
  ),
  () => {
    for (const aead of AEADS)
      for (const esn of [false, true]) {
        const keymat = seeded(7)(aead.keyLength + 4);
        const transform = newTransform(suiteOf(aead, esn), keymat, undefined, seeded(1));
        const sequence = esn ? 3 * 2 ** 32 + 9 : 9;
        const payload = seeded(8)(61);
        const [esp] = sealRun(transform, [{ spi: 0x01020304, sequence, payload, nextHeader: 4 }]);
        assert.ok(esp);
        const plaintext = openByHand(aead, keymat, esp, esn ? 3 : undefined);
        assert.deepEqual(plaintext, concat(payload, Uint8Array.of(1, 1, 4)), `${aead.name} ${esn}`);
      }
  },
);

test(
  'the IV is the whole sequence number, so none repeats',
  proves(['RFC4106-3.1-x2', 'does'], ['RFC7634-2-x1', 'does'], ['RFC4106-3.1-x1', 'does']),
  () => {
    const transform = newTransform(
      { encr: 20, keyBits: 128, esn: true },
      seeded(7)(20),
      undefined,
      seeded(1),
    );
    const payload = new Uint8Array(2);
    const sequences = [1, 2, 0xffff_ffff, 2 ** 32, 2 ** 32 + 1, 2 ** 53 - 1];
    const packets = sealRun(
      transform,
      sequences.map((sequence) => ({ spi: 1, sequence, payload, nextHeader: 4 })),
    );
    assert.deepEqual(
      packets.map((esp) => toHex(esp.subarray(8, 16))),
      [
        '0000000000000001',
        '0000000000000002',
        '00000000ffffffff',
        '0000000100000000',
        '0000000100000001',
        '001fffffffffffff',
      ],
    );
  },
);

test(
  'one run seals and opens many packets, and a forged one among them fails alone',
  proves(['RFC4303-3.4.4.2-1', 'does'], ['RFC4303-3.4.4.2-x1', 'refuses']),
  () => {
    for (const aead of AEADS) {
      const transform = newTransform(
        suiteOf(aead, false),
        seeded(7)(aead.keyLength + 4),
        undefined,
        seeded(1),
      );
      const payloads = [0, 1, 60, 1400].map((length) => seeded(length + 1)(length));
      const packets = sealRun(
        transform,
        payloads.map((payload, i) => ({ spi: 5, sequence: i + 1, payload, nextHeader: 41 })),
      );
      const [, second] = packets;
      assert.ok(second);
      second[20] = (second[20] ?? 0) ^ 0x80;
      const opened = openRun(
        transform,
        packets.map((esp) => ({ esp })),
      );
      assert.equal(opened[1], undefined);
      for (const i of [0, 2, 3]) {
        const payload = payloads[i];
        assert.ok(payload);
        assert.deepEqual(opened[i]?.subarray(0, payload.length), payload);
      }
    }
  },
);

test(
  'every octet of a packet is protected',
  proves(['RFC4303-3.4.4.2-1', 'does'], ['RFC4303-3.4.3-x8', 'does']),
  () => {
    for (const aead of AEADS) {
      const transform = newTransform(
        suiteOf(aead, false),
        seeded(7)(aead.keyLength + 4),
        undefined,
        seeded(1),
      );
      const [esp] = sealRun(transform, [
        { spi: 0x11223344, sequence: 77, payload: seeded(3)(30), nextHeader: 4 },
      ]);
      assert.ok(esp);
      for (let at = 0; at < esp.length; at++) {
        const forged = esp.slice();
        forged[at] = (forged[at] ?? 0) ^ 1;
        assert.deepEqual(openRun(transform, [{ esp: forged }]), [undefined], `octet ${at}`);
      }
    }
  },
);

test('a wiped transform seals nothing', () => {
  const transform = newTransform({ encr: 20, keyBits: 128, esn: false }, seeded(7)(20), undefined, seeded(1));
  transform.wipe();
  const packet = { spi: 1, sequence: 1, payload: new Uint8Array(4), nextHeader: 4 };
  assert.throws(() => sealRun(transform, [packet]));
});
