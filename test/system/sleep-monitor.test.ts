import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { SleepEvent } from '../../core/platform/ports.ts';
import { waitFor } from '../support/netns.ts';

const CHILD = fileURLToPath(new URL('sleep-monitor-child.ts', import.meta.url));
const STOPPED_MS = 4_000;

test('a process that is stopped knows for how long as soon as it goes on', async (t) => {
  const child = spawn(process.execPath, [CHILD], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  const lines: string[] = [];
  createInterface(child.stdout).on('line', (line) => lines.push(line));
  await waitFor(() => lines.length === 1, 20_000, 'the monitor');
  child.kill('SIGSTOP');
  await sleep(STOPPED_MS);
  child.kill('SIGCONT');
  const wokeAt = performance.now();
  await waitFor(() => lines.length === 2, 5_000, 'the event');
  const tookMs = performance.now() - wokeAt;
  const event = JSON.parse(lines[1] ?? '') as SleepEvent;
  assert.equal(event.kind, 'woke');
  // Stopped somewhere between two looks at the clocks.
  assert.ok(event.asleepMs >= STOPPED_MS - 1_100 && event.asleepMs < STOPPED_MS + 1_000, lines[1] ?? '');
  assert.ok(tookMs < 1_000, `told after ${tookMs} ms`);
});

test('a sleep monitor keeps no process alive', () => {
  const script = `import { openSleepMonitor } from ${JSON.stringify(
    new URL('../../core/platform/linux/sleep-monitor.ts', import.meta.url).href,
  )}; openSleepMonitor({ log: () => undefined });`;
  const done = spawnSync(process.execPath, ['--input-type=module', '-e', script], { timeout: 20_000 });
  assert.equal(done.status, 0, done.stderr.toString());
});
