import { rmSync } from 'node:fs';
import type { Causeway } from '../interop/causeway.ts';
import { DIRECT, GATEWAY_NAME, LAN_HOST } from '../interop/lab.ts';
import {
  BY_PASSWORD,
  USER,
  byCertificate,
  officeCa,
  openOffice,
  passwordProfile,
  serverCertificate,
  startCauseway,
  type Office,
} from '../interop/office.ts';
import {
  charonCmdMissing,
  prepareCharonCmd,
  startCharonCmd,
  type CharonCmdFiles,
} from '../support/strongswan-client.ts';
import { askFor, epochNow } from './first-reply.ts';
import { rowOf, type Bench, type BenchRow } from './report.ts';

const RUNS = 20;
const IKE = 'aes256gcm16-prfsha256-x25519';
const ESP = 'aes256gcm16';

/** Milliseconds to the first reply, from the start of the process and from the first IKE message. */
interface Sample {
  readonly fromStart: number;
  readonly fromIke: number;
}

async function sampleCauseway(office: Office): Promise<Sample> {
  const pinger = await askFor(office.net.client, LAN_HOST);
  const started = epochNow();
  const client = startCauseway(
    office.net.client,
    passwordProfile({ ike: { proposals: [IKE] }, esp: { proposals: [ESP] } }),
  );
  try {
    const began = await began500(client);
    const replied = await pinger.at;
    return { fromStart: replied - started, fromIke: replied - began };
  } catch (error) {
    throw new Error(`${client.said()}\n${office.gateway.charon.log()}`, { cause: error });
  } finally {
    await client.stop();
  }
}

/** When our client told that it begins with IKE_SA_INIT. */
async function began500(client: Causeway): Promise<number> {
  await client.until((event) => event.event === 'phase' && event.phase === 'init');
  return epochNow();
}

async function sampleCharonCmd(office: Office, files: CharonCmdFiles): Promise<Sample> {
  const pinger = await askFor(office.net.client, LAN_HOST);
  const started = epochNow();
  const client = startCharonCmd(office.net.client, files);
  try {
    const replied = await pinger.at;
    // `1700000000.123 05[IKE] initiating IKE_SA cmd[1] to 192.0.2.1`
    const began = /^(\d+\.\d{3}) .* initiating IKE_SA/m.exec(client.log())?.[1];
    if (began === undefined) throw new Error('the log does not say when IKE began');
    return { fromStart: replied - started, fromIke: replied - Number(began) * 1000 };
  } catch (error) {
    throw new Error(`${client.log()}\n${office.gateway.charon.log()}`, { cause: error });
  } finally {
    await client.stop();
  }
}

async function measure(office: Office, note: (text: string) => void): Promise<readonly BenchRow[]> {
  await office.gateway.configure({
    gateway: byCertificate(serverCertificate('p256')),
    client: BY_PASSWORD,
    ike: [IKE],
    esp: [ESP],
  });
  const missing = charonCmdMissing();
  const files = prepareCharonCmd({
    gatewayAddress: DIRECT,
    gatewayId: GATEWAY_NAME,
    authorities: [officeCa().der],
    user: { auth: 'eap', ...USER },
    ike: [IKE],
    esp: [ESP],
    remoteTs: ['0.0.0.0/0', '::/0'],
  });
  const [ours, theirs]: [Sample[], Sample[]] = [[], []];
  // The first of each fills caches and is not counted.
  for (let run = 0; run <= RUNS; run++) {
    const own = await sampleCauseway(office);
    await office.gateway.terminateAll();
    if (run > 0) ours.push(own);
    if (missing !== undefined) continue;
    const other = await sampleCharonCmd(office, files);
    await office.gateway.terminateAll();
    if (run > 0) theirs.push(other);
    note(`run ${run}: ours ${own.fromStart.toFixed(0)} ms, charon-cmd ${other.fromStart.toFixed(0)} ms`);
  }
  rmSync(files.directory, { recursive: true, force: true });
  const row = (metric: string, pick: (sample: Sample) => number): BenchRow =>
    rowOf({
      bench: 'connect',
      metric,
      unit: 'ms',
      peer: 'charon-cmd',
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
