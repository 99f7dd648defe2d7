import assert from 'node:assert/strict';
import { test } from 'node:test';
import { linesOf, readLogLine } from '../../../core/daemon/diagnostics/log-part.ts';
import { logLine } from '../../../core/daemon/log-file.ts';
import type { LogFields } from '../../../core/lib/ports.ts';

const ME = 1000;
const OTHER = 1001;

function eventsFor(
  uid: number,
  ...lines: readonly (readonly [event: string, fields?: LogFields])[]
): string[] {
  const read = lines.flatMap(([event, fields]) => readLogLine(logLine(0, 'info', event, fields)) ?? []);
  return linesOf(uid, read).map(({ event }) => event);
}

test('a user gets the lines of the service and of their own connections, and of no other', () => {
  const events = eventsFor(
    ME,
    ['started', { pid: 1 }],
    ['connection-started', { uid: OTHER }],
    ['theirs'],
    ['connection-ended', { uid: OTHER }],
    ['between'],
    ['connection-started', { uid: ME }],
    ['mine', { detail: 'x' }],
    ['client-refused', { uid: OTHER }],
    ['connection-ended', { uid: ME }],
    ['ending'],
  );
  assert.deepEqual(events, [
    'started',
    'between',
    'connection-started',
    'mine',
    'connection-ended',
    'ending',
  ]);
});

test('lines before the first that says whose they are are nobody’s', () => {
  assert.deepEqual(eventsFor(ME, ['cut-off'], ['connection-ended', { uid: OTHER }], ['after']), ['after']);
});

test('a service that was killed in the middle of a connection begins anew', () => {
  assert.deepEqual(
    eventsFor(ME, ['connection-started', { uid: OTHER }], ['theirs'], ['started'], ['repaired']),
    ['started', 'repaired'],
  );
});

test('a line that was cut is none', () => {
  assert.equal(readLogLine('2026-11-21T00:00:00.000Z info x {"detail":"y'), undefined);
  assert.equal(readLogLine('half'), undefined);
});
