import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explanationText, fixedText } from '../../../core/cli/service/policies.ts';
import type { PolicyExplanation } from '../../../core/contract/daemon-api.ts';

test('an explanation says of which program each decision is', () => {
  const rule = { wanted: 'bypass', effective: 'bypass', reason: 'rule', rule: 2 } as const;
  const told: PolicyExplanation = {
    decisions: [
      { ...rule, app: 'firefox' },
      { ...rule, app: 'nginx', protocol: 6, ports: [{ start: 80, end: 88 }] },
      { wanted: 'protect', effective: 'protect', reason: 'gateway' },
    ],
    interface: 'eth0',
    local: false,
    requested: ['0.0.0.0/0'],
    granted: null,
  };
  assert.deepEqual(explanationText(told).slice(0, 3), [
    'From firefox it goes past the tunnel, by rule 2.',
    'From nginx, with protocol 6, ports 80-88 it goes past the tunnel, by rule 2.',
    'It goes through the tunnel, by what the gateway takes.',
  ]);
});

test('what IT fixed is told with the numbers that its rules have', () => {
  const rule = { action: 'block' as const, to: ['192.0.2.7'] };
  assert.deepEqual(fixedText({ version: 1, rules: [rule], otherwise: 'protect' }), [
    'Fixed by IT, before your own; your own rules count from 2:',
    '  1. {"action":"block","to":["192.0.2.7"]}',
    'Fixed by IT, in place of your own: "otherwise": "protect"',
  ]);
  assert.deepEqual(fixedText({ version: 1, rules: [] }), []);
});
