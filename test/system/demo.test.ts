import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ReportedLines, type ReportedEvent } from '../support/gateway/reported-lines.ts';
import { NetLab } from '../support/netns.ts';

const MAIN = fileURLToPath(new URL('../demo/main.ts', import.meta.url));
const skip = NetLab.unavailable();
const PATIENCE_MS = 30_000;

interface Running {
  readonly lines: ReportedLines;
  readonly pid: number;
  readonly signal: (signal: NodeJS.Signals) => void;
  /** The exit code, once it is over. */
  readonly status: Promise<number | null>;
}

function start(...args: readonly string[]): Running {
  const child = spawn(process.execPath, [MAIN, '--json', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  return {
    lines: new ReportedLines('the demo', child),
    pid: child.pid ?? 0,
    signal: (signal) => void child.kill(signal),
    status: new Promise((resolve) => child.once('close', (status) => resolve(status))),
  };
}

function proofsOf(events: readonly ReportedEvent[]): string[] {
  return events
    .filter(({ event }) => event === 'proof')
    .map(
      ({ claim, holds, detail }) =>
        `${holds === true ? 'holds' : `DOES NOT HOLD (${String(detail)})`}: ${String(claim)}`,
    );
}

/** Namespaces and temporary directories of the demo with this process id. */
function leftovers(pid: number): string[] {
  const prefix = `cw-demo-${pid.toString(16)}-`;
  return readdirSync('/run/netns').filter((name) => name.startsWith(prefix));
}

test('the demo proves what it claims and leaves nothing', { skip }, async () => {
  const demo = start();
  assert.equal(await demo.status, 0, JSON.stringify(demo.lines.events.slice(-4)));
  assert.deepEqual(proofsOf(demo.lines.events), [
    'holds: Without the tunnel the office is out of reach',
    'holds: The office page comes through the tunnel',
    'holds: The same over IPv6',
    'holds: A web page comes past the tunnel',
    'holds: For the office only ESP in UDP passed',
    'holds: Nobody on the way could read the office page',
    'holds: The web page passed beside the tunnel, in clear',
    'holds: The client ended in order and told the gateway',
    'holds: The laptop’s network is as it was before',
    'holds: The gateway has no complaint about the client',
  ]);
  assert.deepEqual(leftovers(demo.pid), []);
});

test('Ctrl-C in the middle takes everything down', { skip }, async () => {
  const demo = start();
  await demo.lines.wait('chapter', ({ title }) => title === 'Connecting', { timeoutMs: PATIENCE_MS });
  assert.notDeepEqual(leftovers(demo.pid), []);
  demo.signal('SIGINT');
  assert.equal(await demo.status, 130);
  assert.deepEqual(leftovers(demo.pid), []);
});

test('with --keep it stays up, says how to get in, and ends in order at Ctrl-C', { skip }, async () => {
  const demo = start('--keep');
  const { lines } = await demo.lines.wait('say', () => true, { timeoutMs: PATIENCE_MS });
  const [fetching = ''] = lines as string[];
  assert.match(fetching, /ip netns exec cw-demo-[0-9a-f]+-client curl http:\/\/10\.1\.0\.10\/$/);
  assert.notDeepEqual(leftovers(demo.pid), []);
  demo.signal('SIGTERM');
  assert.equal(await demo.status, 0);
  assert.equal(proofsOf(demo.lines.events).length, 10);
  assert.deepEqual(leftovers(demo.pid), []);
});

test('an unknown option is refused before anything is built', async () => {
  const demo = start('--kep');
  assert.equal(await demo.status, 2);
  assert.deepEqual(demo.lines.events, []);
});
