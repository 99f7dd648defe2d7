import { setTimeout as sleep } from 'node:timers/promises';
import { LAN_HOST } from '../interop/lab.ts';
import { openOffice, type Office } from '../interop/office.ts';
import { StrongSwanClient } from '../support/strongswan-client.ts';
import { processCpuSeconds } from '../support/strongswan-daemon.ts';
import { BENCH_GATEWAY, benchPeer, benchProfile, ourProgram } from './clients.ts';
import { median, rowOf, type Bench, type BenchRow } from './report.ts';

const ROUNDS = 5;
const SECONDS = 3;
const PEER = 'strongSwan (kernel-libipsec)';

/** What one client did in one round. */
interface Sample {
  readonly upMbit: number;
  readonly downMbit: number;
  /** Processor seconds of the client's process for a gigabyte, both directions together. */
  readonly cpuPerGigabyte: number;
}

interface IperfResult {
  readonly end?: { readonly sum_received?: { readonly bytes: number; readonly bits_per_second: number } };
  readonly error?: string;
}

/** The server takes one test at a time, and notices the end of the last one a little later than its client. */
const BUSY = /busy running a test/;
const BUSY_PAUSE_MS = 300;
const BUSY_TRIES = 20;

async function iperf(office: Office, reverse: boolean): Promise<{ bytes: number; mbit: number }> {
  const argv = ['iperf3', '-c', LAN_HOST, '-t', String(SECONDS), '-J', ...(reverse ? ['-R'] : [])];
  for (let left = BUSY_TRIES; ; left--) {
    const { stdout, stderr } = await office.net.client.execAsync(argv, { timeoutMs: 60_000 });
    const result = JSON.parse(stdout || '{}') as IperfResult;
    const received = result.end?.sum_received;
    if (received !== undefined) return { bytes: received.bytes, mbit: received.bits_per_second / 1e6 };
    const problem = result.error ?? stderr;
    if (left === 0 || !BUSY.test(problem)) throw new Error(`iperf3: ${problem}`);
    await sleep(BUSY_PAUSE_MS);
  }
}

async function sample(office: Office, pid: number): Promise<Sample> {
  const before = processCpuSeconds(pid);
  const up = await iperf(office, false);
  const down = await iperf(office, true);
  const cpu = processCpuSeconds(pid) - before;
  return { upMbit: up.mbit, downMbit: down.mbit, cpuPerGigabyte: (cpu * 1e9) / (up.bytes + down.bytes) };
}

async function sampleCauseway(office: Office): Promise<Sample> {
  const program = await ourProgram();
  return office.during(benchProfile(), ({ client }) => sample(office, client.child.pid ?? 0), { program });
}

async function sampleStrongSwan(office: Office): Promise<Sample> {
  const client = await StrongSwanClient.start(office.net.client);
  try {
    await client.connect(benchPeer());
    return await sample(office, client.charon.pid);
  } finally {
    await client.stop();
  }
}

async function measure(office: Office, note: (text: string) => void): Promise<readonly BenchRow[]> {
  await office.gateway.configure(BENCH_GATEWAY());
  const server = office.net.lan.spawn(['iperf3', '-s'], { stdio: 'ignore' });
  await sleep(200);
  const [ours, theirs]: [Sample[], Sample[]] = [[], []];
  for (let round = 1; round <= ROUNDS; round++) {
    ours.push(await sampleCauseway(office));
    await office.gateway.terminateAll();
    theirs.push(await sampleStrongSwan(office));
    await office.gateway.terminateAll();
    const so = (samples: readonly Sample[]): string =>
      `up ${median(samples.map((s) => s.upMbit)).toFixed(0)} down ${median(samples.map((s) => s.downMbit)).toFixed(0)} Mbit/s`;
    note(`after round ${round}: ours ${so(ours)}, theirs ${so(theirs)}`);
  }
  server.kill();
  const row = (metric: string, unit: string, pick: (s: Sample) => number): BenchRow =>
    rowOf({
      bench: 'throughput',
      metric,
      unit,
      peer: PEER,
      ours: ours.map(pick),
      theirs: theirs.map(pick),
    });
  return [
    row('TCP from the client', 'Mbit/s', ({ upMbit }) => upMbit),
    row('TCP to the client', 'Mbit/s', ({ downMbit }) => downMbit),
    row('processor time of the client', 's/GB', ({ cpuPerGigabyte }) => cpuPerGigabyte),
  ];
}

/** TCP through the tunnel, against strongSwan as the client, both at the same strongSwan gateway. */
export const throughputBench: Bench = {
  name: 'throughput',
  about: 'TCP through the tunnel in both directions, against strongSwan as the client',
  run: async (note) => {
    const office = await openOffice('bthrough');
    try {
      return await measure(office, note);
    } finally {
      await office.close();
    }
  },
};
