import {
  openRoamingOffice,
  roamingProfile,
  roams,
  startWork,
  strongSwanRoamer,
  connectCauseway,
  type RoamingOffice,
} from '../interop/roaming.ts';
import { StrongSwanClient } from '../support/strongswan-client.ts';
import { BENCH_GATEWAY, benchPeer, benchProfile, ourProgram } from './clients.ts';
import { rowOf, type Bench, type BenchRow } from './report.ts';

const ROAMS = 100;
const PEER = 'strongSwan (kernel-libipsec)';

/** What became of one client over all roams. */
interface Outcome {
  /** Of each roam that was survived. */
  readonly gapsMs: readonly number[];
  readonly resets: number;
  readonly lost: number;
}

/** Roams while the client works. `name` is for whoever watches. */
async function measure(office: RoamingOffice, name: string, note: (text: string) => void): Promise<Outcome> {
  const work = await startWork(office.lab.client);
  const gapsMs: number[] = [];
  let done = 0;
  for await (const { from, to, families, gapMs } of roams(office, work, { count: ROAMS })) {
    done += 1;
    if (gapMs !== undefined) gapsMs.push(gapMs);
    const gap = gapMs === undefined ? 'nothing came through' : `${gapMs.toFixed(0)} ms`;
    note(`${name}, roam ${done}: ${from} to ${to} (IPv${families.join(' and IPv')}): ${gap}`);
  }
  const download = await work.download.finish();
  const stream = await work.stream.stop();
  const whole = download.ended === 'whole' && download.intact;
  note(`${name}: download of ${download.octets} octets ${whole ? 'whole' : `not whole: ${download.ended}`}`);
  return { gapsMs, resets: whole ? 0 : 1, lost: stream.lost };
}

async function measureCauseway(office: RoamingOffice, note: (text: string) => void): Promise<Outcome> {
  const program = await ourProgram();
  const client = await connectCauseway(office, benchProfile(roamingProfile()), { program });
  try {
    return await measure(office, 'ours', note);
  } finally {
    await client.stop();
  }
}

async function measureStrongSwan(office: RoamingOffice, note: (text: string) => void): Promise<Outcome> {
  const client = await StrongSwanClient.start(office.lab.client);
  try {
    await client.connect(benchPeer(strongSwanRoamer()));
    return await measure(office, 'strongSwan', note);
  } finally {
    await client.stop();
  }
}

function rows(ours: Outcome, theirs: Outcome): readonly BenchRow[] {
  const row = (metric: string, unit: string, pick: (outcome: Outcome) => readonly number[]): BenchRow => ({
    ...rowOf({
      bench: 'roam',
      metric,
      unit,
      peer: PEER,
      ours: pick(ours),
      theirs: pick(theirs),
    }),
    runs: ROAMS,
  });
  return [
    row('roams survived', `of ${ROAMS}`, ({ gapsMs }) => [gapsMs.length]),
    row('TCP downloads broken', '', ({ resets }) => [resets]),
    row('median gap from link event to first packet', 'ms', ({ gapsMs }) => gapsMs),
    row('maximum gap', 'ms', ({ gapsMs }) => [Math.max(...gapsMs)]),
    row('packets lost for each roam, at 200 a second', '', ({ lost }) => [lost / ROAMS]),
  ];
}

/** Roams between a plain uplink and one behind a NAT, against strongSwan as the client in the same laboratory. */
export const roamBench: Bench = {
  name: 'roam',
  about: 'roams between two uplinks during a download, against strongSwan as the client',
  run: async (note) => {
    const office = await openRoamingOffice('broam');
    try {
      await office.configure(BENCH_GATEWAY());
      const theirs = await measureStrongSwan(office, note);
      await office.gateway.terminateAll();
      return rows(await measureCauseway(office, note), theirs);
    } finally {
      await office.close();
    }
  },
};
