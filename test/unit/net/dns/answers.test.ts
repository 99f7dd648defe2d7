import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Answer, encode } from 'dns-packet';
import { concat, fromHex, utf8 } from '../../../../core/lib/bytes.ts';
import { formatAddress } from '../../../../core/net/address.ts';
import { addressesIn } from '../../../../core/net/dns/answers.ts';
import { readResponse } from '../../../../core/net/dns/message.ts';
import { lookupWay } from '../../../../core/net/dns/way.ts';

type Told = [name: string, address: string, ttlSeconds: number, ...aliases: string[]];

function told(name: string, answers: readonly Answer[], more: readonly Uint8Array[] = []): Told[] {
  const question = { type: 'A', name } as const;
  const octets = concat(
    encode({ type: 'response', id: 1, questions: [question], answers: [...answers] }),
    ...more,
  );
  new DataView(octets.buffer).setUint16(6, answers.length + more.length);
  const response = readResponse(octets);
  assert.ok(response.ok);
  return addressesIn(octets, response.value).map(({ name: asked, aliases, address, ttlSeconds }) => [
    asked,
    formatAddress(address),
    ttlSeconds,
    ...aliases,
  ]);
}

/** A record as octets: for types that the other codec does not know. */
function record(name: string, type: number, ttl: number, data: Uint8Array): Uint8Array {
  const head = new DataView(new ArrayBuffer(10));
  head.setUint16(0, type);
  head.setUint16(2, 1);
  head.setUint32(4, ttl);
  head.setUint16(8, data.length);
  return concat(labels(name), new Uint8Array(head.buffer), data);
}

function labels(name: string): Uint8Array {
  const parts = name === '' ? [] : name.split('.');
  return concat(...parts.map((part) => concat(Uint8Array.of(part.length), utf8(part))), Uint8Array.of(0));
}

describe('addresses in an answer', () => {
  test('belong to the name that was asked for, with the whole chain and its shortest time', () => {
    const answers: Answer[] = [
      { type: 'A', name: 'edge.cdn.example', ttl: 200, data: '203.0.113.2' },
      { type: 'CNAME', name: 'www.Corp.example', ttl: 300, data: 'corp.cdn.example' },
      { type: 'CNAME', name: 'corp.cdn.example', ttl: 30, data: 'edge.cdn.example' },
      { type: 'A', name: 'edge.cdn.example', ttl: 20, data: '203.0.113.1' },
      { type: 'AAAA', name: 'edge.cdn.example', ttl: 60, data: '2001:db8::1' },
    ];
    const chain = ['corp.cdn.example', 'edge.cdn.example'];
    assert.deepEqual(told('www.corp.example', answers), [
      ['www.corp.example', '203.0.113.2', 30, ...chain],
      ['www.corp.example', '203.0.113.1', 20, ...chain],
      ['www.corp.example', '2001:db8::1', 30, ...chain],
    ]);
  });

  test('that nobody asked for do not count', () => {
    const answers: Answer[] = [
      { type: 'A', name: 'bank.example', ttl: 60, data: '192.0.2.66' },
      { type: 'CNAME', name: 'shop.example', ttl: 60, data: 'bank.example' },
      { type: 'A', name: 'a.example', ttl: 60, data: '192.0.2.1' },
    ];
    assert.deepEqual(told('a.example', answers), [['a.example', '192.0.2.1', 60]]);
    assert.deepEqual(told('b.example', answers), []);
  });

  test('are found once, however the chain is tied', () => {
    const circle: Answer[] = [
      { type: 'CNAME', name: 'a.example', ttl: 60, data: 'b.example' },
      { type: 'CNAME', name: 'b.example', ttl: 60, data: 'a.example' },
      { type: 'A', name: 'b.example', ttl: 9, data: '192.0.2.1' },
      { type: 'A', name: 'b.example', ttl: 5, data: '192.0.2.1' },
    ];
    assert.deepEqual(told('a.example', circle), [['a.example', '192.0.2.1', 9, 'b.example']]);
    const chain = Array.from({ length: 40 }, (_, i): Answer => ({
      type: 'CNAME',
      name: `n${i}.example`,
      ttl: 60,
      data: `n${i + 1}.example`,
    }));
    chain.push({ type: 'A', name: 'n40.example', ttl: 60, data: '192.0.2.1' });
    assert.deepEqual(told('n0.example', chain), []);
    assert.equal(told('n25.example', chain).length, 1);
  });

  test('are those of hints too, which programs may use without asking again (RFC 9460 section 7.3)', () => {
    const https = fromHex(
      '0001 00 0001 0006 026832 026833 0004 0008 c0000207 c0000208 0006 0010 20010db8000000000000000000000007',
    );
    const hints: Told[] = [
      ['web.example', '192.0.2.7', 60],
      ['web.example', '192.0.2.8', 60],
      ['web.example', '2001:db8::7', 60],
    ];
    assert.deepEqual(told('web.example', [], [record('web.example', 65, 60, https)]), hints);
    assert.deepEqual(told('web.example', [], [record('web.example', 64, 60, https)]), hints);
  });

  test('that are damaged are passed over, and the others are not', () => {
    const good: Answer[] = [{ type: 'A', name: 'web.example', ttl: 60, data: '192.0.2.1' }];
    const damaged = [
      record('web.example', 1, 60, fromHex('c00002')),
      record('web.example', 28, 60, fromHex('c0000201')),
      record('web.example', 65, 60, fromHex('0001 00 0004 0003 c00002')),
      record('web.example', 65, 60, fromHex('0001 00 0004 0104 c0000209')),
      record('web.example', 65, 60, fromHex('00')),
      record('web.example', 5, 60, fromHex('ffff')),
    ];
    assert.deepEqual(told('web.example', good, damaged), [['web.example', '192.0.2.1', 60]]);
  });
});

test('names of the tunnel are asked of its servers, the others of those from before, and in a full tunnel none of those', () => {
  const plan = {
    matchDomains: ['corp.example', '10.in-addr.arpa'],
    searchDomains: ['lab.test'],
    fullTunnel: false,
  };
  for (const name of ['corp.example', 'www.corp.example', '1.0.0.10.in-addr.arpa', 'x.lab.test']) {
    assert.equal(lookupWay(name, plan), 'tunnel', name);
  }
  for (const name of ['', 'example', 'corp.example.org', 'notcorp.example', 'evil\\046corp.example']) {
    assert.equal(lookupWay(name, plan), 'former', name);
    assert.equal(lookupWay(name, { ...plan, fullTunnel: true }), 'tunnel', name);
  }
});
