import { test } from 'node:test';
import assert from 'node:assert/strict';
import { EMPTY } from '../../../core/lib/bytes.ts';
import { configAttribute, readConfigAttribute } from '../../../core/wire/config-value.ts';
import type { ConfigValue } from '../../../core/wire/config-value.ts';
import { CfgAttr } from '../../../core/wire/constants.ts';
import { proves } from '../../conformance/tag.ts';
import { octets } from './octets.ts';

const IP6 = '20010db8 00000000 00000000 00000001';
const address4: ConfigValue = { kind: 'address', address: octets('c0000201') };
const address6: ConfigValue = { kind: 'address', address: octets(IP6) };

/** Attribute, octets of its value, the value, and octets that are strange for it. */
const GOLDEN: readonly (readonly [keyof typeof CfgAttr, string, ConfigValue, readonly string[]])[] = [
  ['INTERNAL_IP4_ADDRESS', 'c0000201', address4, ['c00002', 'c000020100']],
  ['INTERNAL_IP4_NETMASK', 'ffffff00', { kind: 'address', address: octets('ffffff00') }, ['ff']],
  ['INTERNAL_IP4_DNS', 'c0000201', address4, ['c0000201 c0000202']],
  ['INTERNAL_IP4_NBNS', 'c0000201', address4, ['00']],
  ['INTERNAL_IP4_DHCP', 'c0000201', address4, ['00']],
  ['INTERNAL_IP4_SERVER', 'c0000201', address4, ['00']],
  ['APPLICATION_VERSION', '763120', { kind: 'text', text: 'v1 ' }, ['ff']],
  [
    'INTERNAL_IP6_ADDRESS',
    `${IP6} 40`,
    { kind: 'prefix', address: octets(IP6), prefixLength: 64 },
    [IP6, `${IP6} 81`, `${IP6} 4000`, 'c0000201'],
  ],
  ['INTERNAL_IP6_DNS', IP6, address6, [`${IP6} 40`, 'c0000201']],
  ['INTERNAL_IP6_DHCP', IP6, address6, ['00']],
  ['INTERNAL_IP6_SERVER', IP6, address6, ['00']],
  [
    'INTERNAL_IP4_SUBNET',
    '0a000000 ff000000',
    { kind: 'prefix', address: octets('0a000000'), prefixLength: 8 },
    ['0a000000', '0a000000 ff00ff00', '0a000000 000000ff', '0a000000 ff000000 00'],
  ],
  ['SUPPORTED_ATTRIBUTES', '0001 0003 8008', { kind: 'types', types: [1, 3, 8] }, ['00', '000100']],
  [
    'INTERNAL_IP6_SUBNET',
    `${IP6} 30`,
    { kind: 'prefix', address: octets(IP6), prefixLength: 48 },
    ['', IP6, `${IP6} ff`],
  ],
  ['INTERNAL_DNS_DOMAIN', '6c616e', { kind: 'text', text: 'lan' }, ['c3']],
  [
    'INTERNAL_DNSSEC_TA',
    '1234 08 02 d1d2',
    { kind: 'trust-anchor', keyTag: 0x1234, algorithm: 8, digestType: 2, digest: octets('d1d2') },
    ['1234', '123408'],
  ],
];

for (const [name, hex, value, strange] of GOLDEN) {
  test(`${name} is read from the octets written by hand`, () => {
    assert.deepEqual(readConfigAttribute({ type: CfgAttr[name], value: octets(hex) }), { ok: true, value });
  });

  test(`${name} is written so that it reads the same again`, () => {
    const attribute = configAttribute(CfgAttr[name], value);
    assert.deepEqual(readConfigAttribute(attribute), { ok: true, value });
  });

  test(`${name} of a strange length or content is reported by its name`, () => {
    for (const wrong of strange) {
      const result = readConfigAttribute({ type: CfgAttr[name], value: octets(wrong) });
      assert.ok(!result.ok, wrong);
      assert.ok(result.error.reason.startsWith(name));
    }
  });
}

test(
  'an attribute without a value is empty, except a subnet of IPv6, which has to say which',
  proves(['RFC7296-3.15.1-x9', 'does'], ['RFC7296-3.15.1-2', 'does'], ['RFC7296-3.15.1-x2', 'does']),
  () => {
    for (const type of Object.values(CfgAttr)) {
      const result = readConfigAttribute({ type, value: EMPTY });
      if (type === CfgAttr.INTERNAL_IP6_SUBNET) assert.equal(result.ok, false);
      else assert.deepEqual(result, { ok: true, value: { kind: 'empty' } });
    }
    assert.deepEqual(configAttribute(CfgAttr.INTERNAL_IP4_NETMASK), { type: 2, value: EMPTY });
  },
);

test(
  'an attribute of a type that is not known is passed on as it is',
  proves('RFC7296-3.15.1-x3', 'does'),
  () => {
    const value = octets('010203');
    assert.deepEqual(readConfigAttribute({ type: 999, value }), {
      ok: true,
      value: { kind: 'other', value },
    });
  },
);

test('masks of every length from 0 to 32 are prefixes', () => {
  for (let prefixLength = 0; prefixLength <= 32; prefixLength++) {
    const value: ConfigValue = { kind: 'prefix', address: octets('0a000000'), prefixLength };
    const attribute = configAttribute(CfgAttr.INTERNAL_IP4_SUBNET, value);
    assert.deepEqual(readConfigAttribute(attribute), { ok: true, value });
  }
  const everything = configAttribute(CfgAttr.INTERNAL_IP4_SUBNET, {
    kind: 'prefix',
    address: octets('00000000'),
    prefixLength: 0,
  });
  assert.deepEqual(everything.value, new Uint8Array(8));
});

test('a prefix of IPv6 has up to 128 bits', () => {
  const value: ConfigValue = { kind: 'prefix', address: octets(IP6), prefixLength: 128 };
  const attribute = configAttribute(CfgAttr.INTERNAL_IP6_ADDRESS, value);
  assert.deepEqual(readConfigAttribute(attribute), { ok: true, value });
});

test('a value that is not of its attribute is a bug and throws RangeError', () => {
  assert.throws(() => configAttribute(CfgAttr.INTERNAL_IP4_ADDRESS, address6), RangeError);
  assert.throws(
    () => configAttribute(CfgAttr.INTERNAL_IP4_ADDRESS, { kind: 'text', text: 'abcd' }),
    RangeError,
  );
  assert.throws(() => configAttribute(CfgAttr.INTERNAL_IP6_SUBNET), RangeError);
});
