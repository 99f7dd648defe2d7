import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodePacket, encodePacket } from '../../support/traffic/packet.ts';
import { StreamLog } from '../../support/traffic/stream-log.ts';

/** A log of packets sent every 10 ms from time 1000 on, of which those echo that `tripMs` gives a time for. */
function logOf(count: number, tripMs: (number: number) => number | undefined): StreamLog {
  const log = new StreamLog({ gapMs: 50, lateMs: 100 });
  const echoes: { number: number; atMs: number }[] = [];
  for (let i = 0; i < count; i++) {
    const atMs = 1000 + 10 * i;
    const number = log.send(atMs);
    const trip = tripMs(number);
    if (trip !== undefined) echoes.push({ number, atMs: atMs + trip });
  }
  echoes.sort((a, b) => a.atMs - b.atMs);
  for (const [index, { number, atMs }] of echoes.entries()) log.echo(number, atMs, index + 1);
  return log;
}

test('a stream whose every packet comes back has nothing to report', () => {
  assert.deepEqual(logOf(100, () => 3).report(), {
    sent: 100,
    refused: 0,
    lost: 0,
    lostSpans: [],
    duplicates: 0,
    late: 0,
    gaps: [],
    medianMs: 3,
    slowestMs: 3,
    seenThere: 100,
  });
});

test('what is lost is told in runs, and as a gap with its times', () => {
  const report = logOf(100, (number) => (number >= 20 && number < 30 ? undefined : 3)).report();
  assert.equal(report.lost, 10);
  assert.deepEqual(report.lostSpans, [{ first: 20, count: 10, fromMs: 1200, toMs: 1290 }]);
  assert.deepEqual(report.gaps, [{ fromMs: 1193, toMs: 1303 }]);
});

test('single losses are spans of one, and no gap', () => {
  const report = logOf(50, (number) => (number === 7 || number === 9 ? undefined : 3)).report();
  assert.deepEqual(
    report.lostSpans.map(({ first, count }) => [first, count]),
    [
      [7, 1],
      [9, 1],
    ],
  );
  assert.deepEqual(report.gaps, []);
});

test('a late echo is late and not lost, and a second one is a duplicate', () => {
  const log = logOf(20, (number) => (number === 5 ? 150 : 3));
  log.echo(4, 2000, 21);
  const report = log.report();
  assert.deepEqual([report.lost, report.late, report.duplicates], [0, 1, 1]);
  assert.equal(report.slowestMs, 150);
  assert.equal(report.seenThere, 21);
});

test('the first packet through is the first echo of what was sent since, not the first echo', () => {
  const log = logOf(20, (number) => (number < 10 ? 300 : number < 12 ? undefined : number === 12 ? 40 : 3));
  // Number 13 left 10 ms after number 12, and came back before it.
  assert.equal(log.throughSince(1100), 1133);
  assert.equal(log.throughSince(1000), 1133);
  assert.equal(log.throughSince(1191), undefined);
});

test('an echo of a packet that was never sent is nobody’s', () => {
  const log = logOf(5, () => 3);
  assert.equal(log.echo(99, 2000, 6), undefined);
  assert.equal(log.report().duplicates, 0);
});

test('a packet is read as it was written, and what is too short is none', () => {
  const packet = { stream: 0xfedcba98, number: 70_000, seen: 3 };
  assert.deepEqual(decodePacket(encodePacket(packet, 100)), packet);
  assert.equal(encodePacket(packet, 100).length, 100);
  assert.equal(decodePacket(Buffer.alloc(11)), undefined);
});
