import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  addressOctets,
  hasControlCharacters,
  identityForm,
  identityProblem,
  isHostName,
  prefixProblem,
  shorten,
} from '../../../core/contract/text-forms.ts';

test('IPv4 addresses are four decimal numbers without leading zeros', () => {
  assert.deepEqual(addressOctets('192.0.2.1'), [192, 0, 2, 1]);
  for (const text of [
    '192.0.2',
    '192.0.2.1.1',
    '192.0.2.256',
    '192.0.02.1',
    '192.0.2.',
    '0x7f.0.0.1',
    '1.2.3.4 ',
  ])
    assert.equal(addressOctets(text), undefined, text);
});

test('IPv6 addresses take one run of zeros and an IPv4 tail', () => {
  const zeros = (count: number): number[] => new Array<number>(count).fill(0);
  assert.deepEqual(addressOctets('::'), zeros(16));
  assert.deepEqual(addressOctets('::1'), [...zeros(15), 1]);
  assert.deepEqual(addressOctets('2001:DB8::'), [0x20, 1, 0x0d, 0xb8, ...zeros(12)]);
  assert.deepEqual(addressOctets('1:2:3:4:5:6:7:8'), [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8]);
  assert.deepEqual(addressOctets('::ffff:192.0.2.1'), [...zeros(10), 255, 255, 192, 0, 2, 1]);
  assert.deepEqual(addressOctets('1:2:3:4:5:6:7::'), [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 0]);
  for (const text of [
    ':',
    ':::',
    '1:2',
    '1::2::3',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7:8::',
    '12345::',
    'g::',
  ])
    assert.equal(addressOctets(text), undefined, text);
  for (const text of [
    '1:2:3:4:5:6:7',
    'fe80::1%eth0',
    '192.0.2.1::',
    '::1.2.3',
    ':1::',
    '1:2:3:4:5:6:7:1.2.3.4',
  ])
    assert.equal(addressOctets(text), undefined, text);
});

test('host names are labels of letters, digits and inner hyphens', () => {
  for (const name of ['a', 'vpn.example.com', 'a-b.c', '3com.example', 'x'.repeat(63)])
    assert.ok(isHostName(name), name);
  for (const name of [
    '',
    '.',
    'a.',
    '-a',
    'a-',
    'a_b',
    'a b',
    'bücher.example',
    '1.2.3.4',
    '10',
    'x'.repeat(64),
  ])
    assert.ok(!isHostName(name), name);
  assert.ok(!isHostName(`${'abcdefg.'.repeat(32)}a`));
});

test('identities are told apart by their looks, or by a word in front', () => {
  const forms: Record<string, string | undefined> = {
    '192.0.2.1': 'address',
    '2001:db8::1': 'address',
    'CN=alice, O=Example': 'dn',
    'alice@example.com': 'email',
    'vpn.example.com': 'fqdn',
    alice: 'fqdn',
    'fqdn:192.0.2.1': 'fqdn',
    'email:alice': 'email',
    'dn:CN=alice': 'dn',
    'keyid:00fF': 'key-id',
    'keyid:0': undefined,
    'keyid:xy': undefined,
    'keyid:': undefined,
    'email: ': undefined,
  };
  for (const [text, form] of Object.entries(forms)) {
    assert.equal(identityForm(text), form, text);
    assert.equal(identityProblem(text) === undefined, form !== undefined, text);
  }
});

test('a network must have zeros after its prefix, and a length in range', () => {
  for (const text of [
    '0.0.0.0/0',
    '10.0.0.0/8',
    '192.0.2.1/32',
    '10.128.0.0/9',
    '::/0',
    '2001:db8::/32',
    '::1/128',
  ])
    assert.equal(prefixProblem(text), undefined, text);
  assert.match(prefixProblem('10.64.0.0/9') ?? '', /did you mean 10\.0\.0\.0\/9\?/);
  assert.match(prefixProblem('2001:db8::1/32') ?? '', /set them to zero/);
  assert.match(prefixProblem('::1') ?? '', /write ::1\/128/);
  for (const text of [
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0.0/08',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    'x/8',
    '/8',
    '',
  ])
    assert.notEqual(prefixProblem(text), undefined, text);
});

test('text for messages is short and cannot steer a terminal', () => {
  assert.equal(shorten('a\u001b[31mb\u202ec'), 'a?[31mb?c');
  assert.equal(shorten('x'.repeat(100)).length, 60);
  assert.equal(hasControlCharacters('Grüße, 世界 🙂'), false);
  for (const text of ['\n', '\u0000', '\u009b', '\u202e', '\u2028', '\ud800'])
    assert.ok(hasControlCharacters(text), JSON.stringify(text));
});
