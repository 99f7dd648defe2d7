import { test } from 'node:test';
import assert from 'node:assert/strict';
import { innerMtu } from '../../../core/ipsec/mtu.ts';
import { packet } from '../net/packets.ts';
import { enginePair, sealAll, SUITES } from './pair.ts';

test('a packet of the inner MTU just fits the path and one octet more does not', () => {
  for (const [name, suite] of Object.entries(SUITES))
    for (const [family, headers] of [
      [4, 28],
      [6, 48],
    ] as const)
      for (const path of [1280, 1400, 1500]) {
        const inner = innerMtu(path, family, suite, true);
        assert.ok(inner !== undefined, name);
        const { laptop } = enginePair(suite);
        const [fits, over] = sealAll(
          laptop,
          [inner, inner + 1].map((length) =>
            packet({ source: '10.0.0.1', destination: '10.1.2.3', payload: new Uint8Array(length - 20) }),
          ),
        );
        assert.ok(fits && over);
        assert.ok(fits.length + headers <= path, `${name}: ${fits.length + headers} octets on ${path}`);
        assert.ok(over.length + headers > path, `${name}: ${over.length + headers} octets on ${path}`);
      }
});

test('the known values of the usual suites on an Ethernet', () => {
  const gcm = { encr: 20, keyBits: 256, esn: false };
  assert.equal(innerMtu(1500, 4, gcm, true), 1438);
  assert.equal(innerMtu(1500, 4, gcm, false), 1446);
  assert.equal(innerMtu(1500, 6, gcm, true), 1418);
  assert.equal(innerMtu(1500, 4, { encr: 12, keyBits: 256, integ: 12, esn: false }, true), 1422);
});

test('a path too narrow for a packet and an unknown suite have no inner MTU', () => {
  assert.equal(innerMtu(60, 4, { encr: 20, keyBits: 256, esn: false }, true), undefined);
  assert.equal(innerMtu(1500, 4, { encr: 99, esn: false }, true), undefined);
});
