import { passwordProfile } from '../interop/office.ts';
import { DaemonProcess } from '../support/daemon.ts';
import { quantile, runFleet } from '../support/fleet.ts';
import { measured, neededOctets, residentOctets } from '../support/memory.ts';
import { NetLab } from '../support/netns.ts';
import { rowOf, type Bench, type BenchRow } from './report.ts';

const FLEET = { clients: 50, perSecond: 200, seconds: 60 };
const WARM_UP = { ...FLEET, seconds: 5 };
/** What a call may take at the 99th of a hundred. */
const LIMIT_MS = 100;
const MEBIBYTE = 2 ** 20;

async function measure(note: (text: string) => void): Promise<readonly BenchRow[]> {
  const lab = NetLab.create('fleet');
  const daemon = DaemonProcess.create(lab.namespace('machine'));
  try {
    await daemon.start({ ...measured(daemon), isTerse: true });
    const client = await daemon.client();
    const written = await client.call('profile.write', { contents: passwordProfile() });
    if (!written.ok) throw new Error(written.error.code);
    for (let i = 0; i < 4; i++) await client.call('profile.write', { contents: passwordProfile() });
    note(`${FLEET.clients} clients watch and make ${FLEET.perSecond} calls a second`);
    await runFleet(daemon, written.value.id, WARM_UP);
    const before = { needed: await neededOctets(daemon), resident: residentOctets(daemon) };
    const { latenciesMs, failures, items } = await runFleet(daemon, written.value.id, FLEET);
    const after = { needed: await neededOctets(daemon), resident: residentOctets(daemon) };
    note(`${latenciesMs.length} answers, ${failures.length} of them failures; ${items} statuses`);
    if (failures.length > 0) throw new Error([...new Set(failures)].join());
    client.close();
    const row = (metric: string, unit: string, value: number, limit?: number): BenchRow =>
      rowOf({
        bench: 'service',
        metric,
        unit,
        peer: 'the limit',
        ours: [value],
        theirs: limit === undefined ? { missing: 'none is set' } : [limit],
      });
    return [
      row('median of a call', 'ms', quantile(latenciesMs, 0.5)),
      row('99th percentile of a call', 'ms', quantile(latenciesMs, 0.99), LIMIT_MS),
      row('longest call', 'ms', Math.max(...latenciesMs)),
      row('growth of what is needed in memory', 'MiB', (after.needed - before.needed) / MEBIBYTE),
      row('growth of resident memory', 'MiB', (after.resident - before.resident) / MEBIBYTE),
      row('resident memory', 'MiB', after.resident / MEBIBYTE),
    ];
  } finally {
    await daemon.end();
    await daemon.destroy();
    lab.destroy();
  }
}

/** A fleet of clients on the service of one machine, against what a call may take. */
export const serviceBench: Bench = {
  name: 'service',
  about: '50 clients watching and 200 calls a second for a minute: latency and memory of the service',
  run: measure,
};
