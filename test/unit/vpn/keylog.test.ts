import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { EstablishedChild } from '../../../core/ike/events.ts';
import type { IkeKeyLogEntry } from '../../../core/ike/keylog.ts';
import type { ChildSuite } from '../../../core/ike/suite.ts';
import { SecretBytes } from '../../../core/lib/secret.ts';
import { toHex } from '../../../core/lib/bytes.ts';
import { espKeyLogLines, ikeKeyLogLines } from '../../../core/vpn/keylog.ts';
import { Pair } from '../../support/pair.ts';

const entry = {
  kind: 'ike',
  initiatorSpi: '6357884e834fac0c',
  responderSpi: '80cfe99accd2e14d',
  skEi: 'e1',
  skEr: 'e2',
  skAi: 'a1',
  skAr: 'a2',
  encr: 12,
  keyBits: 128,
  integ: 12,
} as const satisfies IkeKeyLogEntry;

describe('the line of an IKE SA', () => {
  for (const keyBits of [128, 192, 256]) {
    test(`AES-GCM with ${keyBits} bits`, () => {
      const combined = { ...entry, encr: 20, keyBits, integ: undefined, skAi: '', skAr: '' };
      assert.deepEqual(ikeKeyLogLines(combined), [
        `ikev2_decryption_table 6357884e834fac0c,80cfe99accd2e14d,e1,e2,"AES-GCM-${keyBits} with 16 octet ICV [RFC5282]",,,"NONE [RFC4306]"`,
      ]);
    });

    for (const [integ, name] of [
      [2, 'HMAC_SHA1_96 [RFC2404]'],
      [12, 'HMAC_SHA2_256_128 [RFC4868]'],
      [13, 'HMAC_SHA2_384_192 [RFC4868]'],
      [14, 'HMAC_SHA2_512_256 [RFC4868]'],
    ] as const) {
      test(`AES-CBC with ${keyBits} bits and ${name}`, () => {
        assert.deepEqual(ikeKeyLogLines({ ...entry, keyBits, integ }), [
          `ikev2_decryption_table 6357884e834fac0c,80cfe99accd2e14d,e1,e2,"AES-CBC-${keyBits} [RFC3602]",a1,a2,"${name}"`,
        ]);
      });
    }
  }

  test('a suite without a name in Wireshark gets none: one unknown name spoils its whole table', () => {
    assert.deepEqual(ikeKeyLogLines({ ...entry, encr: 28, keyBits: 256, integ: undefined }), []);
    assert.deepEqual(ikeKeyLogLines({ ...entry, integ: 5 }), []);
    assert.deepEqual(ikeKeyLogLines({ ...entry, integ: undefined }), []);
    assert.deepEqual(ikeKeyLogLines({ ...entry, encr: 3 }), []);
  });
});

function child(suite: Omit<ChildSuite, 'name' | 'esn'>, integ: boolean): EstablishedChild {
  const secret = (octet: number): SecretBytes => new SecretBytes(Uint8Array.of(octet, octet));
  const none = (): SecretBytes => new SecretBytes(new Uint8Array(0));
  return {
    spiIn: 0xced7,
    spiOut: 0xf364ced7,
    suite: { ...suite, esn: false, name: '' },
    encrIn: secret(0x11),
    encrOut: secret(0x22),
    integIn: integ ? secret(0x33) : none(),
    integOut: integ ? secret(0x44) : none(),
    local: [],
    remote: [],
    udpEncap: true,
  };
}

describe('the lines of a Child SA', () => {
  for (const keyBits of [128, 192, 256]) {
    test(`AES-GCM with ${keyBits} bits: a line for each direction, the SPI of its packets`, () => {
      assert.deepEqual(espKeyLogLines(child({ encr: 20, keyBits }, false), 4), [
        'esp_sa "IPv4","*","*","0x0000ced7","AES-GCM with 16 octet ICV [RFC4106]","0x1111","NULL",""',
        'esp_sa "IPv4","*","*","0xf364ced7","AES-GCM with 16 octet ICV [RFC4106]","0x2222","NULL",""',
      ]);
    });
  }

  for (const [integ, name] of [
    [2, 'HMAC-SHA-1-96 [RFC2404]'],
    [12, 'HMAC-SHA-256-128 [RFC4868]'],
    [13, 'HMAC-SHA-384-192 [RFC4868]'],
    [14, 'HMAC-SHA-512-256 [RFC4868]'],
  ] as const) {
    test(`AES-CBC with ${name}, outside IPv6`, () => {
      assert.deepEqual(espKeyLogLines(child({ encr: 12, keyBits: 256, integ }, true), 6), [
        `esp_sa "IPv6","*","*","0x0000ced7","AES-CBC [RFC3602]","0x1111","${name}","0x3333"`,
        `esp_sa "IPv6","*","*","0xf364ced7","AES-CBC [RFC3602]","0x2222","${name}","0x4444"`,
      ]);
    });
  }

  test('a suite without a name in Wireshark gets none', () => {
    assert.deepEqual(espKeyLogLines(child({ encr: 28 }, false), 4), []);
    assert.deepEqual(espKeyLogLines(child({ encr: 12, keyBits: 256, integ: 5 }, true), 4), []);
    assert.deepEqual(espKeyLogLines(child({ encr: 12, keyBits: 256 }, false), 4), []);
  });
});

describe('what a session gives for the key log', () => {
  test('is nothing unless the configuration asks for it', () => {
    assert.deepEqual(new Pair().connect().settle().session.takeKeyLog(), []);
  });

  test('are the SPIs and the keys that the gateway has too', () => {
    const pair = new Pair({ client: { keyLog: true } }).connect().settle();
    const [logged, ...more] = pair.session.takeKeyLog();
    const [sa] = pair.made.gateway.sas;
    assert.ok(logged && sa);
    assert.equal(more.length, 0);
    assert.equal(logged.initiatorSpi, toHex(sa.initiatorSpi));
    assert.equal(logged.responderSpi, toHex(sa.responderSpi));
    assert.equal(logged.skEi, toHex(sa.keys.ei));
    assert.equal(logged.skEr, toHex(sa.keys.er));
    assert.equal(ikeKeyLogLines(logged).length, 1);
    assert.deepEqual(pair.session.takeKeyLog(), [], 'once');
  });
});
