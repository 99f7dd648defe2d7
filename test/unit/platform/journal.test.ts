import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readJournal, writeJournal, type Journal } from '../../../core/platform/linux/journal.ts';
import type { Step } from '../../../core/platform/linux/steps.ts';

const STEPS: readonly Step[] = [
  { kind: 'marks', mark: 0xca75 },
  { kind: 'parameter', path: '/proc/sys/net/ipv4/conf/all/src_valid_mark', before: '0', after: '1' },
  { kind: 'parameter', path: '/proc/sys/net/ipv4/ip_dynaddr', before: '0', after: '1' },
  { kind: 'link', device: 'causeway0', mtu: 1380 },
  { kind: 'address', device: 'causeway0', address: 'fd05::7' },
  { kind: 'route', device: 'causeway0', prefix: '10.0.0.0/8', source: '10.5.0.7' },
  { kind: 'route', device: 'causeway0', prefix: 'fd00::/8', source: undefined },
  { kind: 'main-first', family: 4, to: '10.0.0.0/8' },
  { kind: 'tunnel-rule', family: 6, mark: 0xca75 },
  { kind: 'marks', mark: 0xca75, tunnelMark: 0xca76 },
  { kind: 'marked-route', device: 'causeway0', family: 4, source: '10.5.0.7' },
  { kind: 'marked-rule', family: 6, mark: 0xca76 },
];
const JOURNAL: Journal = { owner: { pid: 7, startTicks: 12_345 }, steps: STEPS };

test('a journal reads back as it was written', () => {
  assert.deepEqual(readJournal(writeJournal(JOURNAL)), { ok: true, value: JOURNAL });
});

test('what is not a whole journal of this version is refused with the reason', () => {
  const whole = writeJournal(JOURNAL);
  const cases: readonly [string, string][] = [
    ['', 'it is not JSON'],
    [whole.slice(0, -3), 'it is not JSON'],
    ['[]', 'it is of another version'],
    ['null', 'it is of another version'],
    [whole.replace('"version": 1', '"version": 2'), 'it is of another version'],
    [whole.replace('"pid": 7', '"pid": "7"'), 'it does not say whose it is'],
    [whole.replace('"pid": 7', '"pid": -7'), 'it does not say whose it is'],
    [whole.replace('"steps"', '"stages"'), 'it has no steps'],
  ];
  for (const [text, reason] of cases) assert.deepEqual(readJournal(text), { ok: false, error: reason });
});

test('a step whose parts are more than they should be is refused, because steps become commands of root', () => {
  const steps: readonly Record<string, unknown>[] = [
    { kind: 'run', line: 'reboot' },
    {},
    { kind: 'link', device: 'a b', mtu: 1 },
    { kind: 'link', device: 'causeway0\nlink delete eth0', mtu: 1 },
    { kind: 'link', device: '', mtu: 1 },
    { kind: 'link', device: 'causeway0', mtu: '1380 netns 1' },
    { kind: 'address', device: 'causeway0', address: '10.0.0.1 dev eth0' },
    { kind: 'route', device: 'causeway0', prefix: 'default', source: undefined },
    { kind: 'route', device: 'causeway0', prefix: '10.0.0.0/8', source: 'eth0' },
    { kind: 'parameter', path: '/etc/passwd', before: '0', after: '1' },
    { kind: 'parameter', path: '/proc/sys/net/ipv4/ip_forward', before: '0', after: '1' },
    {
      kind: 'parameter',
      path: '/proc/sys/net/ipv4/conf/all/../../../kernel/core_pattern',
      before: '0',
      after: '1',
    },
    { kind: 'parameter', path: '/proc/sys/net/ipv4/conf/all/src_valid_mark', before: '|sh', after: '1' },
    { kind: 'main-first', family: 5, to: '10.0.0.0/8' },
    { kind: 'main-first', family: 4 },
    { kind: 'main-first', family: 4, to: '10.0.0.0/8 lookup 52' },
    { kind: 'tunnel-rule', family: 4, mark: -1 },
    { kind: 'marks', mark: 1.5 },
    { kind: 'marks', mark: 1, tunnelMark: '1 accept' },
    { kind: 'marked-route', device: 'causeway0', family: 4, source: '10.5.0.7 table main' },
    { kind: 'marked-route', device: 'causeway0', family: 5, source: '10.5.0.7' },
    { kind: 'marked-rule', family: 4, mark: '1' },
  ];
  for (const step of steps) {
    const text = JSON.stringify({ version: 1, owner: JOURNAL.owner, steps: [STEPS[0], step] });
    assert.deepEqual(
      readJournal(text),
      { ok: false, error: 'step 2 is not one of ours' },
      JSON.stringify(step),
    );
  }
});
