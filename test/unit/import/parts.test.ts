import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseEspWords, parseIkeWords, knownWords } from '../../../core/ike/proposal-words.ts';
import { readPlist } from '../../../core/import/apple/plist.ts';
import { parseXml } from '../../../core/import/apple/xml.ts';
import { networksOf } from '../../../core/import/networks.ts';
import { adaptProposals, PROPOSAL_WORDS } from '../../../core/import/proposals.ts';
import { identityOf } from '../../../core/import/values.ts';
import { ProtocolError } from '../../../core/lib/reader.ts';

test('the words for algorithms are those that connecting knows', () => {
  assert.deepEqual([...PROPOSAL_WORDS.ike].sort(), knownWords('ike').sort());
  assert.deepEqual([...PROPOSAL_WORDS.esp].sort(), knownWords('esp').sort());
});

test('adapted proposals are ones that connecting takes', () => {
  const cases = [
    'aes256gcm128-ecp384',
    'aes256gcm16-aes256-sha256-modp2048',
    'aes-sha-modp1024-modp2048',
    'chacha20poly1305-prfsha512-curve25519-ke1_mlkem768',
  ];
  for (const text of cases) {
    const { proposals } = adaptProposals(text, 'ike');
    assert.notEqual(proposals.length, 0, text);
    for (const one of proposals) assert.ok(parseIkeWords(one).ok, one);
  }
  for (const one of adaptProposals('aes256gcm16-ecp384,aes128-sha256,null-sha1', 'esp').proposals)
    assert.ok(parseEspWords(one).ok, one);
});

test('what a proposal leaves open is added, and what nobody offers is named', () => {
  const adapted = adaptProposals('aes256gcm16-ecp384-modp1024', 'ike');
  assert.deepEqual(adapted, {
    proposals: ['aes256gcm16-prfsha256-prfsha384-prfsha512-ecp384'],
    dropped: ['modp1024'],
    added: ['prfsha256', 'prfsha384', 'prfsha512'],
  });
  assert.deepEqual(adaptProposals('3des-md5-modp1024', 'ike').proposals, []);
});

test('networks are written in many ways', () => {
  assert.deepEqual(networksOf('10.0.0.0/8'), ['10.0.0.0/8']);
  assert.deepEqual(networksOf('10.1.2.3/8'), ['10.0.0.0/8']);
  assert.deepEqual(networksOf('192.0.2.1'), ['192.0.2.1/32']);
  assert.deepEqual(networksOf('2001:db8::5/32'), ['2001:db8::/32']);
  assert.deepEqual(networksOf('10.0.0.0 - 10.0.1.255'), ['10.0.0.0/23']);
  assert.deepEqual(networksOf('2001:db8::-2001:db8::2'), ['2001:db8::/127', '2001:db8::2/128']);
  assert.deepEqual(networksOf('0.0.0.0-255.255.255.255'), ['0.0.0.0/0']);
  for (const bad of ['10.0.0.9-10.0.0.1', '10.0.0.0/33', 'x', '1.2.3.4-::1', '::1-ffff:ffff::', ''])
    assert.equal(networksOf(bad), undefined, bad);
});

test('identities with the signs of strongSwan become ours', () => {
  assert.equal(identityOf('@gw.example.com'), 'fqdn:gw.example.com');
  assert.equal(identityOf('@#0aFF'), 'keyid:0aff');
  assert.equal(identityOf('@@alice@example.com'), 'email:alice@example.com');
  assert.equal(identityOf(' C=CH, CN=gw '), 'C=CH, CN=gw');
});

test('XML beyond what property lists need is refused', () => {
  const refused = [
    '<!DOCTYPE plist [<!ENTITY a "b">]><plist/>',
    '<plist>&a;</plist>',
    '<plist>&#0;</plist>',
    '<plist><?pi x?></plist>',
    '<plist><dict a="b"/></plist>',
    '<plist><a></b></plist>',
    '<plist/><plist/>',
    '<plist>',
    '<plist><!-- </plist>',
    'text',
    `${'<a>'.repeat(40)}${'</a>'.repeat(40)}`,
  ];
  for (const text of refused) assert.throws(() => parseXml(text), ProtocolError, text);
});

test('the five entities, references, CDATA and comments are read', () => {
  const { text } = parseXml(
    '<!-- x --><plist>&lt;&gt;&amp;&quot;&apos;&#65;&#x1F600;<![CDATA[<&>]]><!-- y --></plist>',
  );
  assert.equal(text, '<>&"\'A😀<&>');
});

test('a property list has each of its kinds of value', () => {
  const plist = `<plist version="1.0"><dict><key>a</key><integer>-7</integer><key>b</key><real>1.5</real>
    <key>c</key><true/><key>d</key><data> AQ ID </data><key>e</key><array><string/></array>
    <key>__proto__</key><string>x</string></dict></plist>`;
  const read = readPlist(new TextEncoder().encode(plist));
  assert.deepEqual(Object.entries(read), [
    ['a', -7],
    ['b', 1.5],
    ['c', true],
    ['d', Uint8Array.of(1, 2, 3)],
    ['e', ['']],
    ['__proto__', 'x'],
  ]);
});
