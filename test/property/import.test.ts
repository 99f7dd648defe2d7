import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { importFile } from '../../core/import/import-file.ts';
import { SecretBytes } from '../../core/lib/secret.ts';
import type { ImportResult } from '../../core/import/result.ts';

const FOLDER = join(import.meta.dirname, '../unit/import/samples');
const SAMPLES = readdirSync(FOLDER)
  .filter((name) => !name.endsWith('.golden.json'))
  .map((name) => new Uint8Array(readFileSync(join(FOLDER, name))));
const KINDS = ['proposal', 'passphrase', 'unreadable'];

function run(contents: Uint8Array, passphrase?: string): ImportResult {
  return importFile({
    source: 'any',
    contents,
    random: (length) => new Uint8Array(length),
    ...(passphrase === undefined ? {} : { passphrase: SecretBytes.ofText(passphrase) }),
  });
}

test('any octets become a result', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (octets) => {
      assert.ok(KINDS.includes(run(octets).kind));
    }),
    { numRuns: 500 },
  );
});

test('any octets behind the beginning of each kind become a result', () => {
  const heads = [
    '{"remote":',
    '<plist><dict>',
    '0\x80\x06\t*\x86H\x86\xf7\r\x01\x07\x02',
    '0\x82\x04\x00\x02\x01\x03',
  ];
  fc.assert(
    fc.property(fc.constantFrom(...heads), fc.uint8Array({ maxLength: 200 }), (head, octets) => {
      const contents = new Uint8Array([...Buffer.from(head, 'latin1'), ...octets]);
      assert.ok(KINDS.includes(run(contents, 'x').kind));
    }),
    { numRuns: 500 },
  );
});

test('a real file with some octets changed, and cut anywhere, becomes a result', () => {
  const change = fc.record({ at: fc.nat(), to: fc.nat(255) });
  fc.assert(
    fc.property(
      fc.constantFrom(...SAMPLES),
      fc.array(change, { maxLength: 4 }),
      fc.double({ min: 0.2, max: 1, noNaN: true }),
      (whole, changes, part) => {
        const octets = whole.slice(0, Math.ceil(whole.length * part));
        for (const { at, to } of changes) octets[at % octets.length] = to;
        assert.ok(KINDS.includes(run(octets, 'Grüße 1').kind));
      },
    ),
    { numRuns: 200 },
  );
});

test('every key of any JSON that looks like a profile has a line, or is below one that has', () => {
  const value = fc.jsonValue({ maxDepth: 3 });
  fc.assert(
    fc.property(
      fc.dictionary(fc.string({ minLength: 1, maxLength: 8 }), value, { maxKeys: 6 }),
      value,
      (rest, remote) => {
        const contents = { ...rest, remote: { addr: remote }, type: 'ikev2-eap' };
        const result = run(new TextEncoder().encode(JSON.stringify(contents)));
        if (result.kind !== 'proposal') throw new Error(result.kind);
        const keys = result.proposal.report.map(({ key }) => key);
        for (const key of Object.keys(contents)) {
          const path = /^[\w-]+$/.test(key) ? key : `["${key}"]`;
          const shown = path.replace(/\p{C}/gu, '?');
          assert.ok(
            keys.some((one) => one === shown || one.startsWith(`${shown}.`) || one.startsWith(`${shown}[`)),
            `${shown} in ${keys.join(' ')}`,
          );
        }
      },
    ),
    { numRuns: 300 },
  );
});

test('a file that would nest or repeat without end is answered at once', () => {
  const started = process.hrtime.bigint();
  for (const text of [
    '['.repeat(1_000_000),
    `{"remote": ${'{"a":'.repeat(150_000)}`,
    '<a>'.repeat(300_000),
    `<plist><dict>${'<!--'.repeat(200_000)}`,
    `<plist>${'&'.repeat(900_000)}</plist>`,
    `{"remote":{},"type":"ikev2-eap","split-tunneling":{"subnets":[${'"0.0.0.1-255.255.255.254",'.repeat(30_000)}"::"]}}`,
    '0\x80'.repeat(500_000),
  ])
    assert.ok(KINDS.includes(run(new TextEncoder().encode(text)).kind));
  assert.ok(Number(process.hrtime.bigint() - started) / 1e9 < 15);
});
