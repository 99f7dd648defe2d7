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
