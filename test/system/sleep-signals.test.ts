import assert from 'node:assert/strict';
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { watchSleepSignals } from '../../core/platform/linux/sleep-signals.ts';
import type { Timers } from '../../core/platform/linux/timers.ts';
import { waitFor } from '../support/netns.ts';

/*
 * logind's signal over a real message bus. dbus-send plays logind: it takes the name org.freedesktop.login1 and sends
 * the signal, as the bus of a test lets anybody do.
 */

const DAEMON = '/usr/bin/dbus-daemon';
const SEND = '/usr/bin/dbus-send';
const missing = [DAEMON, SEND].filter((path) => !existsSync(path));
const run = promisify(execFile);

const directory = mkdtempSync(join(tmpdir(), 'cw-bus-'));
after(() => rmSync(directory, { recursive: true, force: true }));
const socket = join(directory, 'bus');

const CONFIGURATION = `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path=${socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <allow own="*"/>
    <allow send_destination="*"/>
    <allow send_type="signal"/>
    <allow receive_sender="*"/>
  </policy>
</busconfig>
`;

async function startBus(t: TestContext): Promise<ChildProcess> {
  const configuration = join(directory, 'bus.conf');
  writeFileSync(configuration, CONFIGURATION);
  rmSync(socket, { force: true });
  const bus = spawn(DAEMON, [`--config-file=${configuration}`, '--nofork', '--nopidfile'], {
    stdio: 'ignore',
  });
  t.after(() => bus.kill('SIGKILL'));
  await waitFor(() => existsSync(socket), 10_000, 'the bus to listen');
  return bus;
}

interface SignalOptions {
  readonly asleep: boolean;
  /** Who the sender is; nobody in particular without it. */
  readonly as?: string;
  readonly member?: string;
  readonly to?: string;
}

async function signal({ asleep, as, member = 'PrepareForSleep', to }: SignalOptions): Promise<void> {
  await run(SEND, [
    `--bus=unix:path=${socket}`,
    '--type=signal',
    ...(as === undefined ? [] : [`--sender=${as}`]),
    ...(to === undefined ? [] : [`--dest=${to}`]),
    '/org/freedesktop/login1',
    `org.freedesktop.login1.Manager.${member}`,
    `boolean:${asleep}`,
  ]);
}

const LOGIND = 'org.freedesktop.login1';

interface Listener {
  readonly heard: boolean[];
  readonly lost: string[];
  /** Calls back what waits for its time. */
  readonly retry: () => void;
}

function listen(t: TestContext): Listener {
  const heard: boolean[] = [];
  const lost: string[] = [];
  const waiting: (() => void)[] = [];
  const timers: Timers = {
    now: () => 0,
    after: (_, callback) => {
      waiting.push(callback);
      return () => waiting.splice(0);
    },
  };
  const end = watchSleepSignals({
    log: (_, event, fields) => lost.push(`${event} ${String(fields?.['detail'])}`),
    onSleep: (asleep) => heard.push(asleep),
    busPath: socket,
    timers,
  });
  t.after(end);
  return { heard, lost, retry: () => waiting.splice(0).forEach((callback) => callback()) };
}

/** The bus has nothing to tell when a subscriber is ready: logind is asked again until it is heard. */
async function heardFirst(listener: Listener): Promise<void> {
  await waitFor(
    async () => {
      await signal({ asleep: true, as: LOGIND });
      return listener.heard.length > 0;
    },
    10_000,
    'the subscription',
  );
  // More of these may still be on their way; nothing is behind the last one.
  await signal({ asleep: false, as: LOGIND });
  await waitFor(() => listener.heard.at(-1) === false, 5_000, 'the last signal');
  listener.heard.length = 0;
}

describe('sleep by word of logind', { skip: missing.length > 0 && `${missing.join()} not installed` }, () => {
  test('going to sleep and waking are heard, and nothing that another says or says of something else', async (t) => {
    await startBus(t);
    const listener = listen(t);
    await heardFirst(listener);
    await signal({ asleep: true, as: LOGIND });
    await signal({ asleep: false, as: LOGIND });
    await waitFor(() => listener.heard.length === 2, 5_000, 'both signals');
    assert.deepEqual(listener.heard, [true, false]);

    await signal({ asleep: true });
    await signal({ asleep: true, as: 'org.example.login1' });
    await signal({ asleep: true, as: LOGIND, member: 'PrepareForShutdown' });
    // The first connection of this bus is the one that listens.
    await signal({ asleep: true, to: ':1.0' });
    await signal({ asleep: false, as: LOGIND });
    await waitFor(() => listener.heard.length > 2, 5_000, 'the last signal');
    assert.deepEqual(listener.heard, [true, false, false]);
    assert.deepEqual(listener.lost, []);
  });

  test('a bus that is not there yet, or ends, is asked again later', async (t) => {
    rmSync(socket, { force: true });
    const listener = listen(t);
    await waitFor(() => listener.lost.length === 1, 5_000, 'the refusal');
    assert.match(listener.lost[0] ?? '', /bus-lost .*ENOENT/);

    const bus = await startBus(t);
    listener.retry();
    await heardFirst(listener);
    const ended = once(bus, 'exit');
    bus.kill('SIGTERM');
    await ended;
    await waitFor(() => listener.lost.length === 2, 5_000, 'the end of the bus');

    await startBus(t);
    listener.retry();
    await heardFirst(listener);
    assert.equal(listener.lost.length, 2);
  });
});
