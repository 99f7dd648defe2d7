import { test } from 'node:test';
import assert from 'node:assert/strict';
import { checkDatagram, committedCorpus, fuzz } from './decode-message.ts';

const NIGHTLY = process.env['CAUSEWAY_NIGHTLY'] === '1';
const RUNS = NIGHTLY ? 1_000_000 : 50_000;
// The same inputs in every ordinary run; others every night.
const SEED = NIGHTLY ? Date.now() % 2 ** 32 : 7296;

test(`no datagram of ${RUNS} from seed ${SEED} is decoded to what it does not say`, () => {
  const report = fuzz(RUNS, SEED);
  // Mutations that never got behind a check would prove nothing about what lies there.
  assert.ok(report.ok > RUNS / 50 && report['protected-error'] > RUNS / 50, JSON.stringify(report));
  assert.ok(report['unprotected-error'] > RUNS / 50 && report.partial > RUNS / 2000, JSON.stringify(report));
});

for (const [name, datagram] of committedCorpus()) {
  test(`the committed input ${name} ends as its name says`, () => {
    const kind = checkDatagram(datagram);
    assert.ok(name.startsWith(`${kind}.`), `${name} is ${kind}`);
  });
}

test('the committed corpus has inputs of every kind', () => {
  const kinds = new Set([...committedCorpus().keys()].map((name) => name.split('.')[0]));
  assert.deepEqual([...kinds].sort(), ['ok', 'partial', 'protected-error', 'unprotected-error']);
});
