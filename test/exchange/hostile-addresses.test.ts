import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { concat, utf8 } from '../../core/lib/bytes.ts';
import { formatPrefix } from '../../core/net/prefix.ts';
import { CfgAttr, CfgType, TsType } from '../../core/wire/constants.ts';
import type { Payload } from '../../core/wire/payload.ts';
import type { ConfigAttribute } from '../../core/wire/payloads/config.ts';
import { address } from '../support/gateway/index.ts';
import { Pair } from '../support/pair.ts';

const four = (text: string): ConfigAttribute => ({
  type: CfgAttr.INTERNAL_IP4_ADDRESS,
  value: address(text).octets,
});
const six = (text: string): ConfigAttribute => ({
  type: CfgAttr.INTERNAL_IP6_ADDRESS,
  value: concat(address(text).octets, Uint8Array.of(64)),
});

/** A login in which the gateway answers the request for an address, and for traffic, as told. */
function answered(change: (payload: Payload) => Payload): Pair {
  return new Pair({
    method: 'psk',
    gateway: {
      faults: {
        tamper: (message, step) =>
          step === 'auth' ? { ...message, payloads: message.payloads.map(change) } : message,
      },
    },
  })
    .connect()
    .settle();
}

/** A login in which the reply has these attributes, and the traffic selectors are everything. */
function assigned(...attributes: readonly ConfigAttribute[]): Pair {
  return answered((payload) => {
    if (payload.kind === 'CP') return { kind: 'CP', cfgType: CfgType.REPLY, attributes: [...attributes] };
    return payload.kind === 'TSi' ? EVERYTHING : payload;
  });
}

const range = (start: string, end: string) => ({
  tsType: start.includes(':') ? TsType.IPV6 : TsType.IPV4,
  ipProtocol: 0,
  startPort: 0,
  endPort: 0xffff,
  startAddress: address(start).octets,
  endAddress: address(end).octets,
});

const EVERYTHING: Payload = {
  kind: 'TSi',
  selectors: [range('0.0.0.0', '255.255.255.255'), range('::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff')],
};

const addressesOf = (pair: Pair): string[] | undefined =>
  pair.event('established')?.config.addresses.map(formatPrefix);

const deleted = (pair: Pair): boolean =>
  pair.gatewayEvents.some((event) => event.kind === 'closed' && event.reason === 'client');

describe('addresses that a gateway gives out', () => {
  for (const text of ['203.0.113.1', '127.0.0.1', '0.0.0.0', '224.0.0.1', '255.255.255.255']) {
    test(`${text} is none of ours`, () => {
      const alone = assigned(four(text));
      assert.equal(alone.failureCode, 'peer.no-address');
      assert.ok(deleted(alone));
      assert.deepEqual(addressesOf(assigned(four(text), six('fd09::2'))), ['fd09::2/128']);
    });
  }

  for (const text of ['::1', '::', 'ff02::1', 'fe80::1', 'febf::1', '::ffff:127.0.0.1', '::127.0.0.1']) {
    test(`${text} is none of ours`, () => {
      assert.equal(assigned(six(text)).failureCode, 'peer.no-address');
      assert.deepEqual(addressesOf(assigned(six(text), four('10.9.0.2'))), ['10.9.0.2/32']);
    });
  }

  test('of many, the first of each family is ours', () => {
    const many = Array.from({ length: 200 }, (_, i) => [
      four(`10.9.1.${i + 1}`),
      six(`fd09::1:${i.toString(16)}`),
    ]);
    assert.deepEqual(addressesOf(assigned(four('127.0.0.1'), ...many.flat())), [
      '10.9.1.1/32',
      'fd09::1:0/128',
    ]);
  });

  test('selectors without the address that was given out carry nothing, and end the login', () => {
    const pair = answered((payload) =>
      payload.kind === 'TSi'
        ? { kind: 'TSi', selectors: [range('198.51.100.0', '198.51.100.255'), range('fd77::', 'fd77::ff')] }
        : payload,
    );
    assert.equal(pair.failureCode, 'protocol.unexpected');
    assert.ok(deleted(pair));
  });
});

test('no gateway gives more name servers, domains and subnets than anybody can use', () => {
  const many = Array.from({ length: 300 }, (_, i): ConfigAttribute[] => [
    { type: CfgAttr.INTERNAL_IP4_DNS, value: Uint8Array.of(10, 1, i >>> 8, i & 0xff) },
    { type: CfgAttr.INTERNAL_DNS_DOMAIN, value: utf8(`d${i}.example`) },
    {
      type: CfgAttr.INTERNAL_IP4_SUBNET,
      value: Uint8Array.of(10, 2, i >>> 8, i & 0xff, 255, 255, 255, 255),
    },
  ]);
  const config = assigned(four('10.9.0.2'), ...many.flat()).event('established')?.config;
  assert.ok(config);
  for (const list of [config.dnsServers, config.searchDomains, config.subnets]) assert.equal(list.length, 64);
  assert.equal(config.searchDomains[0], 'd0.example');
});
