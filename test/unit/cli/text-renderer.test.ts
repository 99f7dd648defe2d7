import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failedEvent } from '../../../core/contract/failure-text.ts';
import { failure } from '../../../core/lib/failure.ts';
import { Screen } from '../../../core/cli/screen.ts';
import type { Look } from '../../../core/cli/terminal.ts';
import { textRenderer } from '../../../core/cli/text-renderer.ts';
import type { Renderer } from '../../../core/cli/renderer.ts';
import { CONNECTED } from './fake-connection.ts';
import { LIVE, PLAIN } from './fake-host.ts';

interface Stage {
  readonly renderer: Renderer;
  readonly shown: () => string;
  readonly at: (ms: number) => void;
}

function stage(look: Look): Stage {
  let text = '';
  let nowMs = 0;
  const output = { write: (piece: string): void => void (text += piece) };
  const screen = new Screen(output, output, look);
  return {
    renderer: textRenderer(screen, { name: 'Office', verbose: false, now: () => nowMs }),
    shown: () => text,
    at: (ms) => (nowMs = ms),
  };
}

const counters = { event: 'counters', atMs: 0, packetsIn: 0, packetsOut: 0, drops: {} } as const;

test('a step that fails is crossed out, and the failure is explained within the width', () => {
  const { renderer, shown } = stage({ ...LIVE, columns: 60 });
  renderer.event({ event: 'phase', atMs: 0, phase: 'init', gateway: '192.0.2.1:500' });
  renderer.event(failedEvent(failure('timeout.init', { gateway: 'vpn.example.com', seconds: 60 }), 60_000));
  const [live, ...lines] = shown().split('\r\u001b[K');
  assert.equal(live, '\r· Agreeing on keys with 192.0.2.1:500…\u001b[K');
  const text = lines.join('').split('\n');
  assert.equal(text[0], '✗ Agreeing on keys with 192.0.2.1:500');
  assert.equal(text[1], '✗ The gateway does not answer');
  assert.ok(text.length > 8);
  for (const line of text) assert.ok(line.length <= 60, line);
  assert.match(
    text.slice(2).join(' ').replace(/ +/g, ' '),
    /The gateway vpn\.example\.com was asked over 60 seconds/,
  );
});

test('without a terminal there are no control sequences and no characters beyond ASCII', () => {
  const { renderer, shown, at } = stage(PLAIN);
  renderer.event({ event: 'phase', atMs: 0, phase: 'resolving', gateway: 'vpn.example.com' });
  renderer.event(CONNECTED);
  renderer.event({ event: 'warning', atMs: 1, code: 'x', message: 'Names are not set up.' });
  at(61_000);
  renderer.event({ ...counters, bytesIn: 1, bytesOut: 2 });
  renderer.disconnecting();
  renderer.event({ event: 'disconnected', atMs: 3, reason: 'user' });
  assert.match(shown(), /^[\n -~]+$/);
  assert.match(shown(), /! Names are not set up\./);
});

test('without a terminal traffic is told at most once a minute, and only when there was some', () => {
  const { renderer, shown, at } = stage(PLAIN);
  renderer.event(CONNECTED);
  for (let second = 1; second <= 180; second++) {
    at(second * 1000);
    renderer.tick();
    renderer.event({ ...counters, bytesIn: Math.min(second, 100) * 1000, bytesOut: 0 });
  }
  const told = shown().match(/connected for .*/g);
  assert.deepEqual(told, ['connected for 00:01:00, sent 0 B received 60.0 kB']);
});

test('the live line is taken away before another line and comes back after it', () => {
  const { renderer, shown } = stage(LIVE);
  renderer.event(CONNECTED);
  const before = shown().length;
  renderer.event({ event: 'warning', atMs: 1, code: 'x', message: 'Careful.' });
  const line = 'connected for 00:00:00 · 10.3.0.5 · ↑ 0 B ↓ 0 B';
  assert.equal(shown().slice(before), `\r\u001b[K! Careful.\n\r${line}\u001b[K`);
});

test('the live line never fills the width of the terminal', () => {
  const { renderer, shown } = stage({ ...LIVE, columns: 20 });
  renderer.event({ event: 'phase', atMs: 0, phase: 'resolving', gateway: 'a-long-name.example.com' });
  assert.equal(shown(), '\r· Looking up a-long\u001b[K');
});

test('colours are used only where they are wanted', () => {
  const colored = stage({ ...LIVE, color: true });
  colored.renderer.event(CONNECTED);
  assert.match(colored.shown(), /\u001b\[32m✓\u001b\[0m/);
  const plain = stage(LIVE);
  plain.renderer.event(CONNECTED);
  assert.doesNotMatch(plain.shown(), /\u001b\[[0-9]+m/);
});

test('words of the gateway cannot steer the terminal', () => {
  const { renderer, shown } = stage(PLAIN);
  renderer.event({ ...CONNECTED, domains: ['evil\u001b]0;x\u0007'], dns: ['10.0.0.53'] });
  renderer.event({ event: 'warning', atMs: 1, code: 'x', message: 'a\rb\u009bc' });
  assert.doesNotMatch(shown(), /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
});

test('a connection that was stopped before it stood says only that', () => {
  const { renderer, shown } = stage(PLAIN);
  renderer.event({ event: 'disconnected', atMs: 3, reason: 'user' });
  assert.equal(shown(), '+ Stopped\n');
});

const REGAINED = { ...CONNECTED, gateway: { ...CONNECTED.gateway, address: '192.0.2.2' } };
const SILENT = {
  code: 'timeout.liveness',
  title: 'The gateway did not answer for 30 seconds',
  why: 'It was asked.',
  context: {},
} as const;

test('a lost connection is one line, the countdown below it changes, and its return tells what is new', () => {
  const { renderer, shown, at } = stage(LIVE);
  renderer.event(CONNECTED);
  const before = shown().length;
  const lost = { event: 'state', atMs: 1_000, state: 'reconnecting', attempt: 0, cause: SILENT } as const;
  at(1_000);
  renderer.event({ ...lost, retryAtMs: 5_000 });
  at(3_500);
  renderer.tick();
  at(5_000);
  renderer.event({ ...lost, atMs: 5_000, attempt: 1 });
  renderer.event({ event: 'state', atMs: 6_000, state: 'connected' });
  renderer.event(REGAINED);
  const lines = shown()
    .slice(before)
    .split(/\r|\n/)
    .map((line) => line.replace('\u001b[K', ''))
    .filter((line) => line !== '');
  const text = 'Reconnecting: the gateway did not answer for 30 seconds.';
  assert.deepEqual(
    lines.filter((line) => !line.startsWith('connected for')),
    [
      `! ${text}`,
      `${text} Next attempt in 4 seconds.`.slice(0, 79),
      `${text} Next attempt in 2 seconds.`.slice(0, 79),
      text,
      '✓ Connected to Office again',
      '  Gateway    vpn.example.com at 192.0.2.2, UDP port 4500, through an address translator',
    ],
  );
});

test('without a terminal each kind of trouble is one line', () => {
  const { renderer, shown } = stage(PLAIN);
  renderer.event({ event: 'state', atMs: 0, state: 'connecting' });
  renderer.event(CONNECTED);
  const before = shown().length;
  renderer.event({ event: 'state', atMs: 1, state: 'roaming', doubt: 'checking' });
  renderer.event({
    event: 'state',
    atMs: 2,
    state: 'reconnecting',
    attempt: 0,
    retryAtMs: 902,
    cause: SILENT,
  });
  renderer.event({ event: 'state', atMs: 3, state: 'reconnecting', attempt: 1, cause: SILENT });
  renderer.event({ event: 'state', atMs: 4, state: 'waiting-for-network', cause: SILENT });
  renderer.event({ event: 'state', atMs: 5, state: 'roaming', doubt: 'moving' });
  renderer.event({ event: 'state', atMs: 6, state: 'connected' });
  assert.equal(
    shown().slice(before),
    [
      '! The gateway is silent; it is being asked whether it is still there.',
      '! Reconnecting: the gateway did not answer for 30 seconds. Next attempt in 1 second.',
      '! Waiting for a network: this machine is not online.',
      '! Moving the connection to another network.',
      '+ Connected to Office again',
      '',
    ].join('\n'),
  );
});

test('a question on the terminal is left alone until it is answered', () => {
  const { renderer, shown } = stage(LIVE);
  renderer.event(CONNECTED);
  renderer.asking(true);
  const before = shown().length;
  renderer.tick();
  renderer.event({ ...counters, bytesIn: 5, bytesOut: 0 });
  assert.equal(shown().length, before);
  renderer.asking(false);
  renderer.tick();
  assert.ok(shown().length > before);
});
