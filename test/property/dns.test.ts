import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Answer, decode, encode } from 'dns-packet';
import fc from 'fast-check';
import { addressOf, formatAddress, parseAddress, sameAddress } from '../../core/net/address.ts';
import { addressesIn } from '../../core/net/dns/answers.ts';
import { readQuery, readResponse, refusal, truncation } from '../../core/net/dns/message.ts';
import { isWithin } from '../../core/net/dns/name.ts';
import { lookupWay } from '../../core/net/dns/way.ts';

const label = fc.stringMatching(/^[a-zA-Z0-9_-]{1,12}$/);
const name = fc.array(label, { minLength: 1, maxLength: 5 }).map((labels) => labels.join('.'));
const ttl = fc.nat(100_000);
const ipv4 = fc.uint8Array({ minLength: 4, maxLength: 4 }).map((octets) => formatAddress(addressOf(octets)));
const ipv6 = fc
  .uint8Array({ minLength: 16, maxLength: 16 })
  .map((octets) => formatAddress(addressOf(octets)));
const answer: fc.Arbitrary<Answer> = fc.oneof(
  fc.record({ type: fc.constant('A' as const), name, ttl, data: ipv4 }),
  fc.record({ type: fc.constant('AAAA' as const), name, ttl, data: ipv6 }),
  fc.record({ type: fc.constant('CNAME' as const), name, ttl, data: name }),
  fc.record({ type: fc.constant('TXT' as const), name, ttl, data: fc.string({ maxLength: 40 }) }),
);

test('two codecs read the same in a message', () => {
  fc.assert(
    fc.property(name, fc.array(answer, { maxLength: 8 }), fc.nat(0xffff), (asked, answers, id) => {
      const questions = [{ type: 'A' as const, name: asked }];
      const query = readQuery(encode({ type: 'query', id, questions }));
      assert.ok(query.ok);
      assert.deepEqual([query.value.id, query.value.question.name], [id, asked.toLowerCase()]);
      const octets = encode({ type: 'response', id, questions, answers });
      const response = readResponse(octets);
      assert.ok(response.ok);
      const theirs = decode(octets).answers ?? [];
      assert.deepEqual(
        response.value.answers.map((record) => [record.name, record.ttlSeconds]),
        theirs.map((record) => [record.name.toLowerCase(), 'ttl' in record ? record.ttl : undefined]),
      );
      // Whatever is told was in an address record of the other codec.
      const texts = theirs.flatMap((record) =>
        record.type === 'A' || record.type === 'AAAA' ? [parseAddress(record.data)] : [],
      );
      for (const { address } of addressesIn(octets, response.value)) {
        assert.ok(texts.some((text) => text !== undefined && sameAddress(text, address)));
      }
    }),
  );
});

const change = fc.tuple(fc.nat(), fc.nat(255));

test('any octets at all are a query, a response, or refused, and nothing is thrown', () => {
  const genuine = encode({
    type: 'response',
    id: 7,
    questions: [{ type: 'A', name: 'www.corp.example' }],
    answers: [
      { type: 'CNAME', name: 'www.corp.example', ttl: 1, data: 'a.corp.example' },
      { type: 'A', name: 'a.corp.example', ttl: 1, data: '192.0.2.1' },
    ],
    additionals: [
      {
        type: 'OPT',
        name: '.',
        udpPayloadSize: 1232,
        extendedRcode: 0,
        ednsVersion: 0,
        flags: 0,
        flag_do: false,
        options: [],
      },
    ],
  });
  const mutated = fc.array(change, { maxLength: 6 }).map((changes) => {
    const octets = Uint8Array.from(genuine);
    for (const [at, value] of changes) octets[at % octets.length] = value;
    return octets;
  });
  fc.assert(
    fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 100 })), fc.nat(100), (octets, cut) => {
      for (const each of [octets, octets.subarray(0, cut)]) {
        const query = readQuery(each);
        if (query.ok || query.error.code !== undefined) {
          assert.ok(readResponse(truncation(each)).ok || !query.ok);
          refusal(each, 2);
        }
        const response = readResponse(each);
        if (response.ok) addressesIn(each, response.value);
      }
    }),
    { numRuns: 5_000 },
  );
});

test('a name goes the way of the domain that it is within, and of no other', () => {
  const domains = fc.array(
    name.map((text) => text.toLowerCase()),
    { maxLength: 4 },
  );
  fc.assert(
    fc.property(name, domains, domains, (asked, matchDomains, searchDomains) => {
      const plan = { matchDomains, searchDomains, fullTunnel: false };
      const within = [...matchDomains, ...searchDomains].some((domain) => isWithin(asked, domain));
      assert.equal(lookupWay(asked, plan), within ? 'tunnel' : 'former');
      for (const domain of matchDomains) assert.equal(lookupWay(`x.${domain}`, plan), 'tunnel');
      assert.equal(lookupWay(asked, { ...plan, fullTunnel: true }), 'tunnel');
    }),
  );
});
