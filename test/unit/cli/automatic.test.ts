import assert from 'node:assert/strict';
import { test } from 'node:test';
import { automaticRows, parseBeacon } from '../../../core/cli/service/automatic.ts';
import {
  type AutomaticStatus,
  OUTCOMES,
  PLANS,
  REASONS,
  VERDICTS,
} from '../../../core/contract/automatic.ts';
import { beaconText, planText, verdictText } from '../../../core/contract/automatic-text.ts';

const NOW = 1_700_000_000_000;
const STATUS: AutomaticStatus = {
  profile: { id: 'system.office', name: 'Office' },
  isYours: true,
  verdict: 'trusted',
  since: NOW,
  reason: { code: 'proved', beacon: '10.0.0.9:443', interface: 'eth0' },
  next: { what: 'stay-off' },
};

test('a network and what is done about it are told in two sentences, with the reason', () => {
  assert.deepEqual(automaticRows(STATUS, NOW), [
    'This network is trusted: 10.0.0.9:443 has proved its key over eth0.',
    'Office is not needed here.',
  ]);
  const lost: AutomaticStatus = {
    ...STATUS,
    verdict: 'untrusted',
    reason: { code: 'other-key', beacon: '10.0.0.9:443' },
    next: { what: 'failed', at: NOW + 14_200 },
  };
  assert.deepEqual(automaticRows(lost, NOW), [
    'This network is not trusted: what answers at 10.0.0.9:443 has another key than the profile names.',
    'Office could not be connected: it is tried again in 15 seconds.',
  ]);
  assert.deepEqual(automaticRows(undefined, NOW), []);
});

test('every verdict, reason, plan and outcome has its sentence', () => {
  for (const verdict of VERDICTS) {
    assert.match(verdictText({ verdict }), /^[A-Z].*network.*\.$/);
    for (const code of REASONS)
      assert.match(verdictText({ verdict, reason: { code } }), /^[A-Z].*: .*[a-z]\.$/);
  }
  const plans = PLANS.map((what) => planText({ profile: STATUS.profile, next: { what } }, NOW));
  assert.equal(new Set(plans).size, PLANS.length);
  for (const plan of plans) assert.match(plan, /Office/);
  for (const outcome of OUTCOMES)
    assert.match(beaconText('10.0.0.9:443', { outcome }), /10\.0\.0\.9:443.*\.$/);
});

test('names that a profile or a network chose reach no terminal as they are', () => {
  const rows = automaticRows({ ...STATUS, profile: { id: 'x', name: 'Of\u001b[2Jfice' } }, NOW);
  assert.ok(!rows.join('').includes('\u001b'));
});

test('a beacon is written as places on networks are', () => {
  assert.deepEqual(parseBeacon('10.0.0.9:8443'), { host: '10.0.0.9', port: 8443 });
  assert.deepEqual(parseBeacon('10.0.0.9'), { host: '10.0.0.9', port: 443 });
  assert.deepEqual(parseBeacon('beacon.office.example:1'), { host: 'beacon.office.example', port: 1 });
  assert.deepEqual(parseBeacon('[fd50::10]:443'), { host: 'fd50::10', port: 443 });
  assert.deepEqual(parseBeacon('fd50::10'), { host: 'fd50::10', port: 443 });
  for (const text of [
    '',
    ':443',
    'https://a/',
    'a b',
    '10.0.0.9:0',
    '10.0.0.9:65536',
    '[fd50::10',
    'a:b',
    '10.0.0.256',
  ]) {
    assert.equal(parseBeacon(text), undefined, text);
  }
});
