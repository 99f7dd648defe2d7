/** Whatever stands in a bundle for support, nobody and no place is named in it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Status } from '../../core/contract/daemon-api.ts';
import { bundleOf, type BundleSources } from '../../core/daemon/diagnostics/bundle.ts';
import { Redactor } from '../../core/daemon/diagnostics/redact.ts';
import { addressOf, formatAddress, parseAddress } from '../../core/net/address.ts';

/** Letters that no word of ours has next to each other, so that finding one in the result means something. */
const part = fc
  .array(fc.constantFrom('q', 'x', 'z', 'w', 'k', 'j', 'v', '7', '3'), { minLength: 4, maxLength: 12 })
  .map((letters) => `z${letters.join('')}q`);
const user = fc.oneof(
  part,
  fc.tuple(part, part).map(([a, b]) => `${a} ${b}`),
  part.map((name) => `${name.slice(0, 2)}Ä${name}`),
);
const host = fc.tuple(part, part).map(([a, b]) => `${a}.${b}.example`);
const publicV4 = fc
  .tuple(fc.integer({ min: 11, max: 99 }), fc.nat(255), fc.nat(255), fc.nat(255))
  .map((octets) => octets.join('.'));
const publicV6 = fc
  .uint8Array({ minLength: 15, maxLength: 15 })
  .map((rest) => formatAddress(addressOf(Uint8Array.of(0x2a, ...rest))));
const key = fc
  .uint8Array({ minLength: 32, maxLength: 64 })
  .map((octets) => Buffer.from(octets).toString('base64'));
const subject = fc.tuple(part, part, host).map(([who, org, where]) => ({
  text: `C=DE, O=${org} GmbH, CN=${who}.${where}`,
  parts: [who, org],
}));

const people = fc.record({ user, host, machine: part, publicV4, publicV6, key, subject, colleague: part });
type People = typeof people extends fc.Arbitrary<infer P> ? P : never;

/** Ways in which something stands in the middle of a text. */
const around = fc.constantFrom<readonly [string, string]>(
  ['', ''],
  ['"', '"'],
  ['(', '), and then'],
  ['refused by ', '.'],
  ['via=', ','],
  ['https://', '/path'],
  ['dst:', ': no route'],
  ['<', '>'],
  ['src/', ';'],
);

function sourcesOf(who: People, [before, behind]: readonly [string, string]): BundleSources {
  const said = Object.values({ ...who, subject: who.subject.text, colleague: '' }).map(
    (text) => `${before}${text}${behind}`,
  );
  const status = {
    version: '0.1.0',
    connection: {
      profile: { id: '0123456789abcdef', name: `${who.machine} VPN` },
      isYours: true,
      startedAt: 0,
      since: 0,
      state: 'connected',
      need: {
        id: 1,
        what: 'password',
        rejected: false,
        profile: `${who.machine} VPN`,
        username: who.user,
        until: 1,
      },
      warnings: said.map((message) => ({ code: 'x', message })),
    },
    protection: { killSwitch: 'off', blocked: false },
  } satisfies Status;
  return {
    made: '2026-11-21T00:00:00.000Z',
    versions: { causeway: '0.1.0' },
    status,
    settings: { killSwitch: 'off', lan: true },
    profiles: [
      {
        id: '0123456789abcdef',
        contents: {
          name: `${who.machine} VPN`,
          gateway: {
            address: who.host,
            identity: who.host,
            authorities: `-----BEGIN CERTIFICATE-----\n${who.key}\n-----END CERTIFICATE-----`,
          },
          user: { method: 'certificate', username: who.user, privateKey: who.key },
        },
        policy: { rules: [{ action: 'bypass', to: [who.host, `${who.publicV4}/32`], note: who.colleague }] },
      },
    ],
    findings: said.map((detail) => ({ what: 'x', state: 'good', detail })),
    machine: {
      addresses: said,
      'resolv.conf': { lines: [`search ${who.host}`, `nameserver ${who.publicV6}`] },
    },
    log: said.map((detail) => ({
      time: '2026-11-21T00:00:00.000Z',
      level: 'info',
      event: 'x',
      fields: { detail, username: who.user },
    })),
    names: [
      { kind: 'host', text: who.machine },
      { kind: 'user', text: who.colleague },
    ],
  };
}

test('no name, address, subject or key of what goes in comes out', () => {
  fc.assert(
    fc.property(people, around, (who, frame) => {
      const bundle = JSON.stringify(bundleOf(sourcesOf(who, frame))).toLowerCase();
      const { subject: dn, ...texts } = who;
      for (const text of [...Object.values(texts), ...dn.parts, ...who.host.split('.').slice(0, 2)]) {
        assert.ok(!bundle.includes(text.toLowerCase()), `${text} in ${bundle}`);
      }
    }),
    { numRuns: 300 },
  );
});

test('the same thing has the same pseudonym everywhere, and another thing another one', () => {
  fc.assert(
    fc.property(publicV4, publicV4, host, host, (a, b, one, other) => {
      fc.pre(a !== b && one !== other);
      const redactor = new Redactor();
      const [first, again, second] = [a, `to ${a}, ${one}`, `${b} ${other}`].map((text) =>
        redactor.text(text),
      );
      assert.equal(first, 'address-1-public-v4');
      assert.equal(again, 'to address-1-public-v4, host-1');
      assert.equal(second, 'address-2-public-v4 host-2');
    }),
  );
});

test('an address keeps its family, and whether it is private', () => {
  const kinds: readonly (readonly [RegExp, number, number])[] = [
    [/^address-1-private-v4$/, 10, 4],
    [/^address-1-public-v4$/, 198, 4],
    [/^address-1-private-v6$/, 0xfd, 16],
    [/^address-1-public-v6$/, 0x20, 16],
    [/^address-1-link-local-v6$/, 0xfe, 16],
  ];
  for (const [expected, first, length] of kinds) {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: length - 2, maxLength: length - 2 }), (rest) => {
        const text = formatAddress(addressOf(Uint8Array.of(first, first === 0xfe ? 0x80 : 8, ...rest)));
        assert.match(new Redactor().text(text), expected);
      }),
      { numRuns: 30 },
    );
  }
});

test('whatever a text is, redacting it ends, and redacting the result changes nothing', () => {
  const any = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc.string({
      unit: fc.constantFrom(':', '.', '/', '-', '1', 'f', 'a', '@', '=', ' ', '\n'),
      maxLength: 200,
    }),
  );
  fc.assert(
    fc.property(any, (text) => {
      const once = new Redactor().text(text);
      for (const address of once.match(/\d{1,3}(?:\.\d{1,3}){3}/g) ?? []) {
        const octets = parseAddress(address)?.octets;
        assert.ok(
          !octets || [0, 127, 255].includes(octets[0] ?? 0) || (octets[0] ?? 0) >= 224,
          `${text}: ${once}`,
        );
      }
    }),
  );
});

test('what is the same on every machine, and what support needs, stays', () => {
  const kept = [
    '0.0.0.0/0',
    '128.0.0.0/1',
    '::/0',
    '127.0.0.53',
    '10.0.0.0/8',
    'ff02::/16',
    'timeout.liveness',
    'aes256gcm16-aes128gcm16-prfsha384-prfsha256-ecp384',
    '2026-11-21T11:33:47.120Z',
    '/usr/lib/causeway/core/daemon/main.ts:12:5',
    'causeway0: <POINTOPOINT,UP> mtu 1400 qdisc fq_codel',
    'spi c0ffee01 of 0123456789abcdef',
  ];
  const redactor = new Redactor();
  for (const text of kept) assert.equal(redactor.text(text), text);
});
