import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { LogFile, logLine } from '../../../core/daemon/log-file.ts';

describe('the log of the service', () => {
  let directory = '';
  beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'cw-log-'))));
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  const open = (maxOctets = 10_000): LogFile =>
    new LogFile({ path: join(directory, 'log'), maxOctets, epoch: () => 0, level: 'info' });

  test('has a line a fact, of which no field can make two', () => {
    assert.equal(
      logLine(0, 'warn', 'client-refused', { uid: 7, text: 'a\nb', nothing: undefined }),
      '1970-01-01T00:00:00.000Z warn client-refused {"uid":7,"text":"a\\nb"}',
    );
    assert.equal(logLine(0, 'info', 'started'), '1970-01-01T00:00:00.000Z info started');
    assert.ok(logLine(0, 'info', 'long', { text: 'x'.repeat(10_000) }).length < 600);
  });

  test('keeps what matters enough, in a file that nobody else can read', () => {
    const file = open();
    file.log('info', 'kept');
    file.log('debug', 'not-kept');
    assert.deepEqual(file.tail(10), ['1970-01-01T00:00:00.000Z info kept']);
    assert.equal(statSync(join(directory, 'log')).mode & 0o777, 0o600);
    file.close();
  });

  test('tells whoever follows what is new, by a count that a slow reader can come back with', () => {
    const file = open();
    file.log('info', 'before');
    const from = file.end;
    let told = 0;
    const undo = file.watch(() => told++);
    for (let i = 0; i < 5000; i++) file.log('info', `event-${i}`);
    undo();
    file.log('info', 'last');
    assert.equal(told, 5000);
    assert.equal(file.end - from, 5001);
    assert.deepEqual(
      file.tail(10, file.end - 2),
      ['event-4999', 'last'].map((event) => logLine(0, 'info', event)),
    );
    assert.deepEqual(file.tail(10, file.end), []);
    const kept = file.tail(10_000, from).length;
    assert.ok(kept >= 1000 && kept <= 2000, `${kept}`);
    file.close();
  });

  test('goes on in a new file when one is full, and never has more than two', () => {
    const file = open(1000);
    for (let i = 0; i < 200; i++) file.log('info', `event-${i}`);
    assert.deepEqual(readdirSync(directory).sort(), ['log', 'log.1']);
    for (const name of ['log', 'log.1']) assert.ok(statSync(join(directory, name)).size <= 1000);
    assert.deepEqual(
      file.tail(2).map((line) => line.split(' ').at(-1)),
      ['event-198', 'event-199'],
    );
    file.close();
  });

  test('goes on behind what an earlier process wrote', () => {
    open().log('info', 'first');
    const second = open();
    second.log('info', 'second');
    assert.equal(second.tail(10).length, 2);
  });

  test('that cannot be written, or is a link, keeps nothing and breaks nothing', () => {
    writeFileSync(join(directory, 'victim'), 'precious');
    symlinkSync(join(directory, 'victim'), join(directory, 'log'));
    const file = open();
    file.log('info', 'lost');
    assert.deepEqual(file.tail(10), []);
    assert.equal(statSync(join(directory, 'victim')).size, 8);
  });
});
