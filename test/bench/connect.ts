import { rmSync } from 'node:fs';
import { LAN_HOST } from '../interop/lab.ts';
import { openOffice, startCauseway, type Office } from '../interop/office.ts';
import { charonCmdMissing, prepareCharonCmd, startCharonCmd } from '../support/strongswan-client.ts';
import { BENCH_GATEWAY, benchPeer, benchProfile, ourProgram } from './clients.ts';
import { askFor, epochNow } from './first-reply.ts';
import { rowOf, type Bench, type BenchRow } from './report.ts';

const RUNS = 20;
/** It loads what its distribution compiled in: what a user of it waits for. */
const PEER = 'charon-cmd (all its plugins)';

/** A client that was started. `said` is its story, for whoever wonders why it failed. */
interface Client {
  said(): string;
  stop(): Promise<unknown>;
}

/** Milliseconds to the first reply, from the start of the process and from the first IKE message on the wire. */
interface Sample {
  readonly fromStart: number;
  readonly fromIke: number;
}

/** One client from its start to the first reply; `start` starts it, and what is returned stops it or tells its story. */
async function sample(office: Office, start: () => Client): Promise<Sample> {
  const judge = await askFor(office.net.client, LAN_HOST, 'direct');
  const started = epochNow();
  const client = start();
  try {
    const { began, replied } = await judge.seen;
    return { fromStart: replied - started, fromIke: replied - began };
  } catch (error) {
    throw new Error(`${client.said()}\n${office.gateway.charon.log()}`, { cause: error });
  } finally {
    await client.stop();
    await office.gateway.terminateAll();
  }
}

function told({ fromStart, fromIke }: Sample): string {
  return `${fromStart.toFixed(0)} ms (${fromIke.toFixed(1)} from IKE_SA_INIT)`;
}

async function measure(office: Office, note: (text: string) => void): Promise<readonly BenchRow[]> {
  await office.gateway.configure(BENCH_GATEWAY());
  const program = await ourProgram();
  const missing = charonCmdMissing();
  const files = prepareCharonCmd(benchPeer({ remoteTs: ['0.0.0.0/0', '::/0'] }));
  const startOurs = (): Client => startCauseway(office.net.client, benchProfile(), { program });
  const startTheirs = (): Client => {
    const client = startCharonCmd(office.net.client, files);
    return { said: () => client.log(), stop: () => client.stop() };
  };
  const [ours, theirs]: [Sample[], Sample[]] = [[], []];
  // The first of each fills caches and is not counted.
  for (let run = 0; run <= RUNS; run++) {
    const own = await sample(office, startOurs);
    if (run > 0) ours.push(own);
    if (missing !== undefined) continue;
    const other = await sample(office, startTheirs);
    if (run > 0) theirs.push(other);
    note(`run ${run}: ours ${told(own)}, charon-cmd ${told(other)}`);
  }
  rmSync(files.directory, { recursive: true, force: true });
  const row = (metric: string, pick: (sample: Sample) => number): BenchRow =>
    rowOf({
      bench: 'connect',
      metric,
      unit: 'ms',
      peer: PEER,
      ours: ours.map(pick),
      theirs: missing === undefined ? theirs.map(pick) : { missing },
    });
  return [
    row('from process start to first reply', ({ fromStart }) => fromStart),
    row('from IKE_SA_INIT to first reply', ({ fromIke }) => fromIke),
  ];
}

/** From nothing to the first reply through the tunnel, against charon-cmd at the same gateway. */
export const connectBench: Bench = {
  name: 'connect',
  about: 'from nothing to the first reply through the tunnel, against charon-cmd',
  run: async (note) => {
    const office = await openOffice('bconnect');
    try {
      return await measure(office, note);
    } finally {
      await office.close();
    }
  },
};
