import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formOf, problemsOfForm, ruleOfForm } from '../../../renderer/features/split-tunnel/model/form.ts';
import { readPasted } from '../../../renderer/features/split-tunnel/model/paste.ts';

describe('what is pasted', () => {
  test('is taken by lines, commas and spaces, without comments and marks of lists', () => {
    const { destinations, refused } = readPasted(
      '# the office\n10.0.0.0/8, 192.0.2.7; "wiki.example.com"\n\n- *.corp.example.com  # all of it\n2001:db8::/32\n10.0.0.1 - 10.0.0.9\r\n',
    );
    assert.deepEqual(destinations, [
      '10.0.0.0/8',
      '192.0.2.7',
      'wiki.example.com',
      '*.corp.example.com',
      '2001:db8::/32',
      '10.0.0.1-10.0.0.9',
    ]);
    assert.deepEqual(refused, []);
  });

  const meant: readonly (readonly [string, string])[] = [
    ['10.1.2.3/8', '10.0.0.0/8'],
    ['2001:db8::7/32', '2001:db8::/32'],
    ['2001:db8:ffff::7/33', '2001:db8:8000::/33'],
    ['10.0.0.0/255.255.0.0', '10.0.0.0/16'],
    ['10.7.0.0 255.255.0.0', '10.7.0.0/16'],
    ['10.0.0.0/255.255.255.255', '10.0.0.0/32'],
    ['192.168.3.*', '192.168.3.0/24'],
    ['https://alice@wiki.example.com:8443/a?b#c', 'wiki.example.com'],
    ['https://[2001:db8::1]/', '2001:db8::1'],
    ['.corp.example.com', '*.corp.example.com'],
    ['wiki.example.com.', 'wiki.example.com'],
  ];
  for (const [from, to] of meant) {
    test(`is understood and said to be changed: ${from}`, () => {
      const { destinations, changed, refused } = readPasted(from);
      assert.deepEqual([destinations, refused], [[to], []]);
      assert.equal(changed[0]?.to, to);
    });
  }

  test('is refused with a reason where it is nothing that a rule can have', () => {
    const { destinations, refused } = readPasted(
      'wiki.example.com:443 10.0.0.0/33 10.0.0.9-10.0.0.1 10.0.0.0/255.0.255.0 a_b 300.1.1.1',
    );
    assert.deepEqual(destinations, []);
    assert.deepEqual(
      refused.map(({ text, why }) => [text, why]),
      [
        ['wiki.example.com:443', 'port'],
        ['10.0.0.0/33', 'network'],
        ['10.0.0.9-10.0.0.1', 'range'],
        ['10.0.0.0/255.0.255.0', 'network'],
        ['a_b', 'form'],
        ['300.1.1.1', 'form'],
      ],
    );
  });

  test('is taken once, and not if it is there', () => {
    const { destinations, repeated } = readPasted('10.0.0.0/8 10.0.0.0/8 a.example', ['a.example']);
    assert.deepEqual([destinations, repeated], [['10.0.0.0/8'], 2]);
  });

  test('may be a list in JSON, a rule, or a whole policy', () => {
    assert.deepEqual(readPasted('["10.0.0.0/8", "x y", 7]'), {
      destinations: ['10.0.0.0/8'],
      rules: [],
      changed: [],
      repeated: 0,
      refused: [
        { text: '7', why: 'form' },
        { text: 'x y', why: 'form' },
      ],
    });
    const rule = {
      action: 'block',
      to: ['10.0.0.0/8'],
      protocol: 'tcp',
      ports: ['80', '8000-8100'],
      note: 'x',
    };
    assert.deepEqual(readPasted(JSON.stringify(rule)).rules, [rule]);
    const policy = {
      version: 1,
      rules: [rule, { ...rule, ports: ['0'] }, { action: 'allow' }, { ...rule, x: 1 }],
    };
    const { rules, refused } = readPasted(JSON.stringify(policy));
    assert.deepEqual([rules, refused.length], [[rule], 3]);
  });

  test('may be ten thousand lines', () => {
    const lines = Array.from({ length: 10_000 }, (_, i) => `10.${i >> 8}.${i & 255}.0/24`);
    assert.equal(readPasted(lines.join('\n')).destinations.length, 10_000);
  });
});

describe('a rule in the fields of a form', () => {
  test('is the same rule when it comes out again', () => {
    const rule = {
      action: 'protect' as const,
      to: ['10.0.0.0/8', '*.example.com'],
      protocol: 'udp' as const,
      ports: ['53', '8000-8100'],
      app: 'firefox',
      note: 'a note',
    };
    assert.deepEqual(ruleOfForm(formOf(rule)), rule);
    assert.deepEqual(ruleOfForm(formOf({ action: 'block' })), { action: 'block' });
  });

  test('is told what is wrong with each field', () => {
    const problems = problemsOfForm({
      action: 'bypass',
      to: '10.0.0.0/8 nonsense! 10.0.0.0/99',
      protocol: 'any',
      ports: '80',
      app: '-rf',
      note: 'x'.repeat(201),
    });
    assert.deepEqual(problems, {
      to: { kind: 'words', words: ['nonsense!', '10.0.0.0/99'] },
      ports: { kind: 'needs-protocol' },
      app: { kind: 'wrong' },
      note: { kind: 'too-long' },
    });
    assert.deepEqual(
      problemsOfForm({ action: 'bypass', to: '', protocol: 'tcp', ports: '0,70000', app: '', note: '' }),
      {
        ports: { kind: 'words', words: ['0', '70000'] },
      },
    );
  });
});
