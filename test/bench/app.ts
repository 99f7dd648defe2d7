import { readdirSync, readFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type RunningApp, startApp } from '../gui/support/app.ts';
import { Desktop, desktopMissing } from '../gui/support/desktop.ts';
import {
  BY_PASSWORD,
  byCertificate,
  openOffice,
  passwordProfile,
  serverCertificate,
  USER,
} from '../interop/office.ts';
import { DaemonProcess } from '../support/daemon.ts';
import { measureStart } from './app-start.ts';
import { familyOf, memoryOf, usedMs } from './processes.ts';
import { type Bench, type BenchRow, median, rowOf } from './report.ts';

/*
 * The app beside what is expected of it: there is nobody else's app that does the same. The window is a real one on a
 * real X server without a graphics card, which is slower than what people have.
 */

const STARTS = 5;
const IDLE_MS = 60_000;
const SETTLE_MS = 5_000;
const EXPECTED = 'expected at most';

type Note = (text: string) => void;

/** The app and the service, and whoever looks on. */
interface Idling {
  readonly app: RunningApp;
  readonly daemon: DaemonProcess;
  readonly note: Note;
}

function row(metric: string, unit: string, ours: readonly number[], limit?: number): BenchRow {
  const theirs = limit === undefined ? { missing: 'nothing is expected' } : [limit];
  return rowOf({ bench: 'app', metric, unit, peer: EXPECTED, ours, theirs });
}

function loadText(): string {
  return `load ${loadavg()[0]?.toFixed(1) ?? 'unknown'}`;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function startRows(desktop: Desktop, socketPath: string, note: Note): Promise<BenchRow[]> {
  const [tookMs, processorMs]: [number[], number[]] = [[], []];
  for (let run = 1; run <= STARTS; run++) {
    const start = await measureStart(desktop, socketPath);
    tookMs.push(start.tookMs);
    processorMs.push(start.processorMs);
    note(
      `start ${run}: ${start.tookMs.toFixed(0)} ms, ${start.processorMs} ms of processors (${loadText()})`,
    );
  }
  return [
    row('start to usable window', 'ms', tookMs, 1500),
    row('the quickest of these starts', 'ms', [Math.min(...tookMs)], 1500),
    row('processor time of a start', 'ms', [median(processorMs)]),
  ];
}

/** Percent of one processor over a minute in which nobody does anything. */
async function idleRows(window: 'shown' | 'hidden', { app, daemon, note }: Idling): Promise<BenchRow[]> {
  await pause(SETTLE_MS);
  const pids = familyOf(app.electron.process().pid ?? 0);
  const used = (): number[] => [...pids, daemon.pid].map(usedMs);
  const [before, startedAt] = [used(), performance.now()];
  await pause(IDLE_MS);
  const lasted = performance.now() - startedAt;
  const percents = used().map((ms, index) => (100 * (ms - (before[index] ?? 0))) / lasted);
  const service = percents.pop() ?? NaN;
  const own = percents.reduce((sum, percent) => sum + percent, 0);
  const each = percents.map((percent) => percent.toFixed(2)).join(' + ');
  note(
    `window ${window}: app ${each} = ${own.toFixed(2)} %, service ${service.toFixed(2)} % (${loadText()})`,
  );
  return [
    row(`idle CPU of the app, window ${window}`, '%', [own], 0.5),
    row(`idle CPU of the service, window ${window}`, '%', [service], 0.5),
  ];
}

function memoryRows({ app, daemon }: Idling): BenchRow[] {
  const own = familyOf(app.electron.process().pid ?? 0).map(memoryOf);
  const service = memoryOf(daemon.pid);
  const sum = (pick: (one: typeof service) => number): number =>
    own.reduce((total, one) => total + pick(one), 0);
  return [
    row(`memory of the app (RSS of ${own.length} processes)`, 'MB', [sum(({ resident }) => resident)]),
    row('memory of the app (shared memory counted once)', 'MB', [sum(({ share }) => share)]),
    row('memory of the service (RSS)', 'MB', [service.resident]),
  ];
}

/** What the page loads before it shows anything, and all that it may ever load, as gzip would make it. */
function bundleRows({ appDirectory }: Desktop): BenchRow[] {
  const root = join(appDirectory, 'renderer');
  const index = readFileSync(join(root, 'index.html'), 'utf8');
  let [first, all] = [0, 0];
  for (const name of readdirSync(join(root, 'assets'))) {
    const kilobytes = gzipSync(readFileSync(join(root, 'assets', name)), { level: 9 }).length / 1000;
    all += kilobytes;
    if (index.includes(name)) first += kilobytes;
  }
  return [
    row('page until it shows something, gzip', 'kB', [first], 500),
    row('page with all its screens, gzip', 'kB', [all], 500),
  ];
}

async function connectOnce({ page }: RunningApp): Promise<void> {
  await page.evaluate(
    (contents) => {
      const { causeway } = globalThis as unknown as {
        causeway: { writeProfile(params: unknown): Promise<unknown> };
      };
      return causeway.writeProfile({ contents });
    },
    passwordProfile() as unknown as Record<string, unknown>,
  );
  await page.getByRole('button', { name: 'Connect', exact: true }).click();
  await page.getByRole('textbox', { name: 'Password' }).fill(USER.password);
  await page.getByRole('button', { name: 'Go on' }).click();
  await page.getByText('Connected', { exact: true }).first().waitFor();
}

async function measure(desktop: Desktop, daemon: DaemonProcess, note: Note): Promise<BenchRow[]> {
  const app = await startApp(desktop, { socketPath: daemon.socketPath });
  try {
    await connectOnce(app);
    const idling = { app, daemon, note };
    const shown = await idleRows('shown', idling);
    const memory = memoryRows(idling);
    const isHidden = await app.electron.evaluate(({ BrowserWindow }) => {
      const [window] = BrowserWindow.getAllWindows();
      window?.hide();
      return window?.isVisible() === false;
    });
    if (!isHidden) throw new Error('the window does not hide');
    const hidden = await idleRows('hidden', idling);
    await app.close();
    const starts = await startRows(desktop, daemon.socketPath, note);
    return [...starts, ...shown, ...hidden, ...memory, ...bundleRows(desktop)];
  } finally {
    await app.close();
  }
}

export const appBench: Bench = {
  name: 'app',
  about: 'the desktop app: its start, what it and the service cost while idle, its page',
  async run(note) {
    const missing = desktopMissing();
    if (missing !== false) throw new Error(missing);
    const office = await openOffice('bga');
    let desktop: Desktop | undefined;
    let daemon: DaemonProcess | undefined;
    try {
      await office.gateway.configure({
        gateway: byCertificate(serverCertificate('p256')),
        client: BY_PASSWORD,
        ike: ['aes256gcm16-prfsha384-ecp384'],
        esp: ['aes256gcm16'],
      });
      daemon = await DaemonProcess.start(office.net.client, { isTerse: true });
      desktop = await Desktop.open();
      return await measure(desktop, daemon, note);
    } finally {
      await desktop?.close();
      await daemon?.end();
      await daemon?.destroy();
      await office.close();
    }
  },
};
