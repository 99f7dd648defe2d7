import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { watchEndRequests } from '../../../core/cli/end-requests.ts';

function watched(): {
  signals: EventEmitter;
  output: EventEmitter;
  asked: string[];
  at: (ms: number) => void;
  undo: () => void;
} {
  const signals = new EventEmitter();
  const output = new EventEmitter();
  const asked: string[] = [];
  let nowMs = 0;
  const undo = watchEndRequests({ signals, outputs: [output], now: () => nowMs }, (how) => asked.push(how));
  return { signals, output, asked, at: (ms) => (nowMs = ms), undo };
}

test('the first signal asks for an orderly end, the second for one at once', () => {
  for (const [first, second] of [
    ['SIGINT', 'SIGINT'],
    ['SIGTERM', 'SIGINT'],
    ['SIGHUP', 'SIGTERM'],
  ] as const) {
    const { signals, asked, at } = watched();
    signals.emit(first);
    at(1000);
    signals.emit(second);
    assert.deepEqual(asked, ['orderly', 'at-once']);
  }
});

test('one press of Ctrl-C that arrives twice is one request', () => {
  const { signals, asked, at } = watched();
  signals.emit('SIGINT');
  at(20);
  signals.emit('SIGINT');
  assert.deepEqual(asked, ['orderly']);
});

test('an output that nobody reads, or a hangup, asks once and never insists', () => {
  const { signals, output, asked, at } = watched();
  output.emit('error', new Error('EPIPE'));
  at(5000);
  output.emit('error', new Error('EPIPE'));
  signals.emit('SIGHUP');
  assert.deepEqual(asked, ['orderly']);
});

test('after the second request a third signal is left to the system', () => {
  const { signals, at } = watched();
  signals.emit('SIGINT');
  at(1000);
  signals.emit('SIGINT');
  assert.equal(
    signals.listenerCount('SIGINT') + signals.listenerCount('SIGTERM') + signals.listenerCount('SIGHUP'),
    0,
  );
});

test('the undoing leaves no handler of a signal behind', () => {
  const { signals, undo } = watched();
  undo();
  assert.deepEqual(signals.eventNames(), []);
});
