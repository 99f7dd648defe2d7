/**
 * The engine against Scapy's IPsec layer (Debian: python3-scapy, python3-cryptography), an implementation of ESP
 * that shares no line with it: each opens what the other seals, suite by suite.
 */
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { fromHex, toHex } from '../../core/lib/bytes.ts';
import type { EspSuite } from '../../core/ipsec/suite.ts';
import { proves } from '../conformance/tag.ts';
import { packet } from '../unit/net/packets.ts';
import {
  counted,
  enginePair,
  openAll,
  sealAll,
  seeded,
  SPI_TO_LAPTOP,
  SPI_TO_OFFICE,
  SUITES,
} from '../unit/ipsec/pair.ts';

const PYTHON = '/usr/bin/python3';
const HALF = 2 ** 32;

interface Item {
  readonly packet: string;
  readonly sequence?: number;
  readonly high: number;
}

interface Job {
  readonly suite: { readonly crypt: string; readonly auth?: string };
  readonly cryptKey: string;
  readonly authKey: string;
  readonly spi: number;
  readonly esn: boolean;
  readonly open?: readonly Item[];
  readonly seal?: readonly Item[];
}

type Answer = string | { readonly error: string };

/** Runs the other end. Fails the test, rather than skipping it, where Scapy is not installed. */
function scapy(jobs: readonly Job[]): Answer[][] {
  const script = new URL('esp_scapy.py', import.meta.url).pathname;
  const run = spawnSync(PYTHON, ['-B', script], {
    input: JSON.stringify(jobs),
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  const { error } = run;
  assert.equal(
    error,
    undefined,
    `${PYTHON} does not run: install python3, python3-scapy and python3-cryptography`,
  );
  assert.equal(
    run.status,
    0,
    `Scapy's end failed; Debian has it in python3-scapy and python3-cryptography:\n${run.stderr}`,
  );
  return JSON.parse(run.stdout) as Answer[][];
}

const CRYPT: Readonly<Record<number, string>> = { 12: 'AES-CBC', 20: 'AES-GCM', 28: 'CHACHA20-POLY1305' };
const AUTH: Readonly<Record<number, string>> = {
  2: 'HMAC-SHA1-96',
  12: 'SHA2-256-128',
  13: 'SHA2-384-192',
  14: 'SHA2-512-256',
};

/** Scapy knows extended numbers with the combined algorithms alone. */
const SHARED = Object.entries(SUITES).filter(([, suite]) => !suite.esn || suite.integ === undefined);

function job(suite: EspSuite, direction: 'open' | 'seal', items: readonly Item[]): Job {
  const { child } = enginePair(suite);
  const crypt = CRYPT[suite.encr];
  assert.ok(crypt);
  const auth = suite.integ === undefined ? undefined : AUTH[suite.integ];
  const [cryptKey, authKey] =
    direction === 'open' ? [child.keyOut, child.integOut] : [child.keyIn, child.integIn];
  return {
    suite: auth === undefined ? { crypt } : { crypt, auth },
    cryptKey: toHex(cryptKey),
    authKey: toHex(authKey ?? new Uint8Array(0)),
    spi: direction === 'open' ? SPI_TO_OFFICE : SPI_TO_LAPTOP,
    esn: suite.esn,
    [direction]: items,
  };
}

const SIZES: readonly number[] = [0, 1, 2, 3, 4, 13, 14, 15, 16, 17, 64, 576, 1380];

/** An IPv4 and an IPv6 packet of every size, of a protocol that Scapy leaves as it is. */
function innerPackets(out: boolean): Uint8Array[] {
  const ends = out
    ? [
        { source: '10.0.0.1', destination: '10.7.7.7' },
        { source: '2001:db8::1', destination: '2001:db8::77' },
      ]
    : [
        { source: '10.7.7.7', destination: '10.0.0.1' },
        { source: '2001:db8::77', destination: '2001:db8::1' },
      ];
  return SIZES.flatMap((size) =>
    ends.map((fields) => packet({ ...fields, protocol: 253, payload: seeded(size + 1)(size) })),
  );
}

test(
  'Scapy opens what the engine seals, in every suite',
  proves(
    ['RFC3948-1-1', 'does'],
    ['RFC3948-2.1-1', 'does'],
    ['RFC3948-2.2-1', 'does'],
    ['RFC4303-2.4-x3', 'does'],
    ['RFC4303-2.1-1', 'does'],
    ['RFC4106-5-x1', 'does'],
    ['RFC7634-2.1-x1', 'does'],
  ),
  () => {
    const inner = innerPackets(true);
    const jobs = SHARED.map(([, suite]) => {
      const sealed = sealAll(enginePair(suite).laptop, inner);
      assert.equal(sealed.length, inner.length);
      return job(
        suite,
        'open',
        sealed.map((esp) => ({ packet: toHex(esp), high: 0 })),
      );
    });
    const answers = scapy(jobs);
    assert.ok(SHARED.length >= 10);
    for (const [i, [name]] of SHARED.entries()) assert.deepEqual(answers[i], inner.map(toHex), name);
  },
);

test(
  'the engine opens what Scapy seals, in every suite',
  proves(
    ['RFC3948-1-1', 'does'],
    ['RFC4303-1-x3', 'does'],
    ['RFC4303-3.4.4.1-1', 'does'],
    ['RFC4303-3.4.4.2-1', 'does'],
  ),
  () => {
    const inner = innerPackets(false);
    const items = inner.map((bytes, i) => ({ packet: toHex(bytes), sequence: i + 1, high: 0 }));
    const answers = scapy(SHARED.map(([, suite]) => job(suite, 'seal', items)));
    for (const [i, [name, suite]] of SHARED.entries()) {
      const sealed = (answers[i] ?? []).map((esp) => {
        assert.ok(typeof esp === 'string', `${name}: ${JSON.stringify(esp)}`);
        return fromHex(esp);
      });
      const { laptop } = enginePair(suite);
      assert.deepEqual(openAll(laptop, sealed), inner, name);
      assert.equal(laptop.counters()['packets-in'], inner.length);
    }
  },
);

test(
  'both ends mean the same extended number past 2^32',
  proves(['RFC4303-2.2.1-1', 'does'], ['RFC4106-5-x1', 'does'], ['RFC7634-2.1-x1', 'does']),
  () => {
    const inner = toHex(packet({ source: '10.7.7.7', destination: '10.0.0.1', protocol: 253 }));
    // Never further ahead than half of the low numbers, as on a real path.
    const sequences = [2 ** 31 - 1, HALF - 2, HALF - 1, HALF + 1, HALF + 2, HALF - 3];
    const items = sequences.map((sequence) => ({
      packet: inner,
      sequence: sequence % HALF,
      high: Math.floor(sequence / HALF),
    }));
    const extended = SHARED.filter(([, suite]) => suite.esn);
    assert.equal(extended.length, 3);
    const answers = scapy(extended.map(([, suite]) => job(suite, 'seal', items)));
    for (const [i, [name, suite]] of extended.entries()) {
      const { laptop } = enginePair(suite);
      for (const esp of answers[i] ?? []) {
        assert.ok(typeof esp === 'string', `${name}: ${JSON.stringify(esp)}`);
        assert.equal(openAll(laptop, [fromHex(esp)]).length, 1, name);
      }
      assert.deepEqual(counted(laptop), { 'packets-in': 6, 'octets-in': (6 * inner.length) / 2 });
    }
  },
);

test(
  'neither end takes a packet that was changed on the way',
  proves(['RFC4303-3.4.4.1-x1', 'refuses'], ['RFC4303-3.4.4.2-x1', 'refuses']),
  () => {
    const spoil = (esp: Uint8Array, at: number): Uint8Array => {
      const copy = esp.slice();
      copy[at] = (copy[at] ?? 0) ^ 0x40;
      return copy;
    };
    const [first] = innerPackets(true);
    const [, second] = innerPackets(false);
    assert.ok(first && second);
    const places = [5, 20, 30];
    const outgoing = SHARED.map(([, suite]) => {
      const [esp] = sealAll(enginePair(suite).laptop, [first]);
      assert.ok(esp);
      return job(
        suite,
        'open',
        [...places, esp.length - 1].map((at) => ({ packet: toHex(spoil(esp, at)), high: 0 })),
      );
    });
    for (const [i, answer] of scapy(outgoing).entries())
      for (const packetOrError of answer)
        assert.ok(
          typeof packetOrError !== 'string' && /Integrity/.test(packetOrError.error),
          String(SHARED[i]?.[0]),
        );
    const incoming = scapy(
      SHARED.map(([, suite]) => job(suite, 'seal', [{ packet: toHex(second), sequence: 1, high: 0 }])),
    );
    for (const [i, [name, suite]] of SHARED.entries()) {
      const [esp] = incoming[i] ?? [];
      assert.ok(typeof esp === 'string', name);
      const sealed = fromHex(esp);
      const { laptop } = enginePair(suite);
      assert.deepEqual(
        openAll(
          laptop,
          [...places, sealed.length - 1].map((at) => spoil(sealed, at)),
        ),
        [],
      );
      assert.deepEqual(counted(laptop), { 'in-integrity': 4 }, name);
      assert.deepEqual(openAll(laptop, [sealed]), [second], name);
    }
  },
);
