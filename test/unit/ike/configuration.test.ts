import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { assignedConfiguration, configurationRequest } from '../../../core/ike/configuration.ts';
import type { AssignedConfig } from '../../../core/ike/events.ts';
import { concat, fromHex, utf8 } from '../../../core/lib/bytes.ts';
import { addressOf, formatAddress } from '../../../core/net/address.ts';
import { formatPrefix } from '../../../core/net/prefix.ts';
import { CfgAttr, CfgType } from '../../../core/wire/constants.ts';
import type { ConfigAttribute } from '../../../core/wire/payloads/config.ts';
import { proves } from '../../conformance/tag.ts';
import { address } from '../../support/gateway/index.ts';

const ip = (text: string): Uint8Array => address(text).octets;
const NOTHING = { addresses: [], dns: [], domains: [], subnets: [] };

/** What a reply with these attributes assigns, as text. */
function assigned(...attributes: readonly (readonly [number, Uint8Array])[]) {
  return texts(
    assignedConfiguration(
      {
        kind: 'CP',
        cfgType: CfgType.REPLY,
        attributes: attributes.map(([type, value]) => ({ type, value })),
      },
      [4, 6],
    ),
  );
}

function texts(config: AssignedConfig) {
  return {
    addresses: config.addresses.map(formatPrefix),
    dns: config.dnsServers.map(formatAddress),
    domains: config.searchDomains,
    subnets: config.subnets.map(formatPrefix),
  };
}

describe('the request', () => {
  test(
    'asks for any address, name server, domain and subnet of the families wanted, each once and empty',
    proves(['RFC7296-2.19-1', 'does'], ['RFC7296-3.15.1-x1', 'does']),
    () => {
      const types = (families: readonly (4 | 6)[]): number[] => {
        const { cfgType, attributes } = configurationRequest(families);
        assert.equal(cfgType, CfgType.REQUEST);
        assert.ok(attributes.every(({ value }) => value.length === 0));
        return attributes.map(({ type }) => type);
      };
      const four = [
        CfgAttr.INTERNAL_IP4_ADDRESS,
        CfgAttr.INTERNAL_IP4_NETMASK,
        CfgAttr.INTERNAL_IP4_DNS,
        CfgAttr.INTERNAL_IP4_SUBNET,
      ];
      const six = [CfgAttr.INTERNAL_IP6_ADDRESS, CfgAttr.INTERNAL_IP6_DNS, CfgAttr.INTERNAL_IP6_SUBNET];
      assert.deepEqual(types([4]), [...four, CfgAttr.INTERNAL_DNS_DOMAIN]);
      assert.deepEqual(types([6]), [...six, CfgAttr.INTERNAL_DNS_DOMAIN]);
      assert.deepEqual(types([4, 6]), [...four, ...six, CfgAttr.INTERNAL_DNS_DOMAIN]);
    },
  );

  test('names the addresses that we had before, in the forms of their families', () => {
    const { attributes } = configurationRequest(
      [4, 6],
      [addressOf(ip('fd09::2')), addressOf(ip('10.9.0.2'))],
    );
    const named = attributes.filter(({ value }) => value.length > 0);
    assert.deepEqual(named, [
      { type: CfgAttr.INTERNAL_IP4_ADDRESS, value: ip('10.9.0.2') },
      { type: CfgAttr.INTERNAL_IP6_ADDRESS, value: concat(ip('fd09::2'), Uint8Array.of(128)) },
    ]);
  });
});

describe('the reply', () => {
  for (const [what, type, value, expected] of [
    ['an IPv4 address', CfgAttr.INTERNAL_IP4_ADDRESS, ip('10.9.0.2'), { addresses: ['10.9.0.2/32'] }],
    [
      'an IPv6 address, of which the prefix length is none of our link',
      CfgAttr.INTERNAL_IP6_ADDRESS,
      concat(ip('fd09::2'), Uint8Array.of(64)),
      { addresses: ['fd09::2/128'] },
    ],
    ['an IPv4 name server', CfgAttr.INTERNAL_IP4_DNS, ip('10.1.0.53'), { dns: ['10.1.0.53'] }],
    ['an IPv6 name server', CfgAttr.INTERNAL_IP6_DNS, ip('fd01::53'), { dns: ['fd01::53'] }],
    [
      'an IPv4 subnet, without bits behind its mask',
      CfgAttr.INTERNAL_IP4_SUBNET,
      fromHex('0a01ffff ffff0000'),
      { subnets: ['10.1.0.0/16'] },
    ],
    ['everything', CfgAttr.INTERNAL_IP4_SUBNET, new Uint8Array(8), { subnets: ['0.0.0.0/0'] }],
    [
      'one host as a subnet',
      CfgAttr.INTERNAL_IP4_SUBNET,
      fromHex('0a010203 ffffffff'),
      { subnets: ['10.1.2.3/32'] },
    ],
    [
      'an IPv6 subnet, without bits behind its length',
      CfgAttr.INTERNAL_IP6_SUBNET,
      concat(ip('fd01::1'), Uint8Array.of(48)),
      { subnets: ['fd01::/48'] },
    ],
    ['a domain', CfgAttr.INTERNAL_DNS_DOMAIN, utf8('corp.example.com'), { domains: ['corp.example.com'] }],
  ] as const) {
    test(`gives ${what}`, () => {
      assert.deepEqual(assigned([type, value]), { ...NOTHING, ...expected });
    });
  }

  test('gives everything that it has several of, in order', () => {
    assert.deepEqual(
      assigned(
        [CfgAttr.INTERNAL_IP4_DNS, ip('10.1.0.53')],
        [CfgAttr.INTERNAL_DNS_DOMAIN, utf8('b.example')],
        [CfgAttr.INTERNAL_IP4_DNS, ip('10.1.0.54')],
        [CfgAttr.INTERNAL_DNS_DOMAIN, utf8('a.example')],
      ),
      { ...NOTHING, dns: ['10.1.0.53', '10.1.0.54'], domains: ['b.example', 'a.example'] },
    );
  });

  for (const [name, type, lengths] of [
    ['INTERNAL_IP4_ADDRESS', CfgAttr.INTERNAL_IP4_ADDRESS, [0, 3, 5, 8, 16]],
    ['INTERNAL_IP6_ADDRESS', CfgAttr.INTERNAL_IP6_ADDRESS, [0, 4, 16, 18]],
    ['INTERNAL_IP4_DNS', CfgAttr.INTERNAL_IP4_DNS, [0, 3, 5, 16]],
    ['INTERNAL_IP6_DNS', CfgAttr.INTERNAL_IP6_DNS, [0, 4, 15, 17]],
    ['INTERNAL_IP4_SUBNET', CfgAttr.INTERNAL_IP4_SUBNET, [0, 4, 7, 9]],
    ['INTERNAL_IP6_SUBNET', CfgAttr.INTERNAL_IP6_SUBNET, [0, 16, 18]],
    ['INTERNAL_DNS_DOMAIN', CfgAttr.INTERNAL_DNS_DOMAIN, [0]],
  ] as const) {
    test(`passes over ${name} of another length`, () => {
      for (const length of lengths) {
        assert.deepEqual(assigned([type, new Uint8Array(length).fill(0x20)]), NOTHING, `${length} octets`);
      }
    });
  }

  test('passes over masks with gaps and prefix lengths beyond the address', () => {
    assert.deepEqual(assigned([CfgAttr.INTERNAL_IP4_SUBNET, fromHex('0a010000 ff00ff00')]), NOTHING);
    assert.deepEqual(assigned([CfgAttr.INTERNAL_IP4_SUBNET, fromHex('0a010000 00ffffff')]), NOTHING);
    for (const type of [CfgAttr.INTERNAL_IP6_SUBNET, CfgAttr.INTERNAL_IP6_ADDRESS]) {
      assert.deepEqual(assigned([type, concat(ip('fd01::1'), Uint8Array.of(129))]), NOTHING);
    }
  });

  test('passes over addresses that no host can have', () => {
    for (const text of ['0.0.0.0', '0.1.2.3', '127.0.0.1', '224.0.0.1', '255.255.255.255']) {
      assert.deepEqual(assigned([CfgAttr.INTERNAL_IP4_ADDRESS, ip(text)]), NOTHING, text);
      assert.deepEqual(assigned([CfgAttr.INTERNAL_IP4_DNS, ip(text)]), NOTHING, text);
    }
    for (const text of ['::', '::1', 'ff02::1']) {
      const value = concat(ip(text), Uint8Array.of(64));
      assert.deepEqual(assigned([CfgAttr.INTERNAL_IP6_ADDRESS, value]), NOTHING, text);
      assert.deepEqual(assigned([CfgAttr.INTERNAL_IP6_DNS, ip(text)]), NOTHING, text);
    }
  });

  test('passes over a family that was not asked for', () => {
    const attributes: ConfigAttribute[] = [
      { type: CfgAttr.INTERNAL_IP4_ADDRESS, value: ip('10.9.0.2') },
      { type: CfgAttr.INTERNAL_IP6_ADDRESS, value: concat(ip('fd09::2'), Uint8Array.of(64)) },
      { type: CfgAttr.INTERNAL_IP4_DNS, value: ip('10.1.0.53') },
      { type: CfgAttr.INTERNAL_IP6_DNS, value: ip('fd01::53') },
      { type: CfgAttr.INTERNAL_IP4_SUBNET, value: fromHex('0a010000 ffff0000') },
      { type: CfgAttr.INTERNAL_IP6_SUBNET, value: concat(ip('fd01::'), Uint8Array.of(48)) },
    ];
    const reply = { kind: 'CP', cfgType: CfgType.REPLY, attributes } as const;
    assert.deepEqual(texts(assignedConfiguration(reply, [4])), {
      addresses: ['10.9.0.2/32'],
      dns: ['10.1.0.53'],
      domains: [],
      subnets: ['10.1.0.0/16'],
    });
    assert.deepEqual(texts(assignedConfiguration(reply, [6])), {
      addresses: ['fd09::2/128'],
      dns: ['fd01::53'],
      domains: [],
      subnets: ['fd01::/48'],
    });
  });

  test(
    'passes over attributes that we do not know or did not ask for, with the address kept',
    proves(['RFC7296-1.7-x1', 'does'], ['RFC7296-3.15.1-x10', 'does']),
    () => {
      const known = [CfgAttr.INTERNAL_IP4_ADDRESS, ip('10.9.0.2')] as const;
      for (const type of [
        5,
        CfgAttr.INTERNAL_IP4_NETMASK,
        CfgAttr.INTERNAL_IP4_NBNS,
        CfgAttr.INTERNAL_IP4_DHCP,
        CfgAttr.APPLICATION_VERSION,
        CfgAttr.SUPPORTED_ATTRIBUTES,
        CfgAttr.INTERNAL_DNSSEC_TA,
        16_384,
        0x7fff,
      ]) {
        assert.deepEqual(
          assigned([type, fromHex('ffffff00')], known),
          { ...NOTHING, addresses: ['10.9.0.2/32'] },
          `type ${type}`,
        );
      }
    },
  );

  test('is nothing unless it is a reply', () => {
    const attributes = [{ type: CfgAttr.INTERNAL_IP4_ADDRESS, value: ip('10.9.0.2') }];
    for (const cfgType of [CfgType.REQUEST, CfgType.SET, CfgType.ACK, 99]) {
      assert.deepEqual(texts(assignedConfiguration({ kind: 'CP', cfgType, attributes }, [4, 6])), NOTHING);
    }
    assert.deepEqual(texts(assignedConfiguration(undefined, [4, 6])), NOTHING);
  });
});

describe('domains', () => {
  for (const [given, taken] of [
    ['Corp.Example.COM.', 'corp.example.com'],
    ['localnet', 'localnet'],
    ['_msdcs.corp.example', '_msdcs.corp.example'],
    ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
    [`${'a'.repeat(63)}.example`, `${'a'.repeat(63)}.example`],
  ] as const) {
    test(`${given.slice(0, 30)} is one`, () => {
      assert.deepEqual(assigned([CfgAttr.INTERNAL_DNS_DOMAIN, utf8(given)]).domains, [taken]);
    });
  }

  for (const [what, value] of [
    ['a line break', utf8('corp.example\nnameserver 203.0.113.66')],
    ['an escape sequence', utf8('corp\u001b]0;x\u0007.example')],
    ['a zero octet', utf8('corp.example\0.evil')],
    ['a shell command', utf8('$(reboot).example')],
    ['a backquote', utf8('`id`')],
    ['a quote', utf8('corp"; rm -rf / #')],
    ['an option', utf8('-o.example')],
    ['a label that ends in a hyphen', utf8('corp-.example')],
    ['a path', utf8('../../etc/passwd')],
    ['a space', utf8('corp example')],
    ['two dots', utf8('corp..example')],
    ['only a dot', utf8('.')],
    ['a wildcard', utf8('*.example')],
    ['a letter beyond ASCII', utf8('bücher.example')],
    ['octets that are no text', Uint8Array.of(0x61, 0xff, 0x62)],
    ['a label of 64 letters', utf8(`${'a'.repeat(64)}.example`)],
    ['254 letters', utf8('a.'.repeat(126) + 'ab')],
  ] as const) {
    test(`with ${what} it is none`, () => {
      assert.deepEqual(assigned([CfgAttr.INTERNAL_DNS_DOMAIN, value]).domains, []);
    });
  }

  test('whatever the octets are, what is taken has only the letters of names', () => {
    const value = fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.string({ unit: 'grapheme' }).map(utf8));
    fc.assert(
      fc.property(value, (octets) => {
        for (const domain of assigned([CfgAttr.INTERNAL_DNS_DOMAIN, octets]).domains) {
          assert.match(domain, /^[a-z0-9_.-]{1,253}$/);
        }
      }),
      { seed: 15 },
    );
  });
});
