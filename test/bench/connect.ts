import { LAN_HOST } from '../interop/lab.ts';
import { openOffice, type Office } from '../interop/office.ts';
import { charonCmdMissing } from '../support/strongswan-client.ts';
import { BENCH_GATEWAY } from './clients.ts';
import { type Contender, charonCmd, foreground, ourService, theirService, up } from './connect-clients.ts';
import { askFor, epochNow } from './first-reply.ts';
import { rowOf, type Bench, type BenchRow } from './report.ts';

const RUNS = 20;

/** Milliseconds to the first reply, from when it was begun and from the first IKE message on the wire. */
interface Sample {
  readonly fromStart: number;
  readonly fromIke: number;
}

/** One contender from its begin to the first reply. */
async function sample(office: Office, contender: Contender): Promise<Sample> {
  await contender.prepare?.();
  const judge = await askFor(office.net.client, LAN_HOST, 'direct');
  const started = epochNow();
  const begun = contender.begin();
  try {
    const { began, replied } = await judge.seen;
    return { fromStart: replied - started, fromIke: replied - began };
  } catch (error) {
    throw new Error(`${contender.name}\n${begun.said()}\n${office.gateway.charon.log()}`, { cause: error });
  } finally {
    await begun.stop();
    await office.gateway.terminateAll();
  }
}

type Samples = ReadonlyMap<Contender, readonly Sample[]>;

/** All of them by turns. The first of each fills caches and is not counted. */
async function byTurns(
  office: Office,
  contenders: readonly Contender[],
  note: (text: string) => void,
): Promise<Samples> {
  const samples = new Map<Contender, Sample[]>(contenders.map((contender) => [contender, []]));
  for (let run = 0; run <= RUNS; run++) {
    const told: string[] = [];
    for (const [contender, own] of samples) {
      const one = await sample(office, contender);
      if (run === 0) continue;
      own.push(one);
      told.push(
        `${contender.name} ${one.fromStart.toFixed(0)} ms (${one.fromIke.toFixed(1)} from IKE_SA_INIT)`,
      );
    }
    if (run > 0) note(`run ${run}: ${told.join(', ')}`);
  }
  return samples;
}

/** Two rows: one contender beside another in the same runs, or beside none. */
function rowsOf(
  samples: Samples,
  ours: Contender,
  theirs: Contender | { readonly missing: string },
  begin: string,
): readonly BenchRow[] {
  const row = (what: string, pick: (sample: Sample) => number): BenchRow =>
    rowOf({
      bench: 'connect',
      metric: `${ours.name}: from ${what} to first reply`,
      unit: 'ms',
      peer: 'name' in theirs ? theirs.name : 'charon-cmd',
      ours: (samples.get(ours) ?? []).map(pick),
      theirs: 'name' in theirs ? (samples.get(theirs) ?? []).map(pick) : theirs,
    });
  return [row(begin, ({ fromStart }) => fromStart), row('IKE_SA_INIT', ({ fromIke }) => fromIke)];
}

async function withContenders<T>(
  making: readonly Promise<Contender>[],
  work: (contenders: readonly Contender[]) => Promise<T>,
): Promise<T> {
  const contenders = await Promise.all(making);
  try {
    return await work(contenders);
  } finally {
    for (const contender of contenders) await contender.close();
  }
}

async function measure(office: Office, note: (text: string) => void): Promise<readonly BenchRow[]> {
  await office.gateway.configure(BENCH_GATEWAY());
  const missing = charonCmdMissing();
  const peers = missing === undefined ? [Promise.resolve(charonCmd(office))] : [];
  const programs = [up(office, 'running'), up(office, 'fresh'), foreground(office), ...peers];
  const ofPrograms = await withContenders(programs, async (contenders) => {
    const samples = await byTurns(office, contenders, note);
    const ours = contenders.slice(0, 3);
    const theirs = contenders[3] ?? { missing: missing ?? '' };
    return ours.flatMap((one) => rowsOf(samples, one, theirs, 'process start'));
  });
  const ofServices = await withContenders([ourService(office), theirService(office)], async (contenders) => {
    const samples = await byTurns(office, contenders, note);
    const [ours, theirs] = contenders;
    return ours && theirs ? rowsOf(samples, ours, theirs, 'the call') : [];
  });
  return [...ofPrograms, ...ofServices];
}

/** From nothing to the first reply through the tunnel, against strongSwan's clients at the same gateway. */
export const connectBench: Bench = {
  name: 'connect',
  about: 'from nothing to the first reply through the tunnel, against charon-cmd and charon-systemd',
  run: async (note) => {
    const office = await openOffice('bconnect');
    try {
      return await measure(office, note);
    } finally {
      await office.close();
    }
  },
};
