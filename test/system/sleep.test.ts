/** A machine that sleeps: the client is stopped, and time goes on without it. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, test } from 'node:test';
import { duringConnection, impatient, openRoamingOffice, type RoamingOffice } from '../interop/roaming.ts';
import { monotonicMs } from '../support/monotonic.ts';
import type { RelayProcess } from '../support/relay/spawn.ts';
import { ROAM_OFFICE } from '../support/roam-lab.ts';
import { UdpStream } from '../support/traffic/streams.ts';
import { limit, skip, times } from './staying.ts';

const SLEEPS = times(4, 10);
const ASLEEP_MS = 3500;
const AWAKE_WITHIN_MS = 3000;

let office: RoamingOffice;
let relay: RelayProcess;

before(async () => {
  if (skip !== false) return;
  office = await openRoamingOffice('sleep', { uplinks: [{ name: 'a' }, { name: 'r', nat: 'relay' }] });
  relay = await office.lab.startRelay('r');
});
after(async () => {
  if (skip === false) await office.close();
});

/** What happens while it sleeps, in turn. */
const MEANWHILE: readonly { readonly what: string; readonly happens: () => unknown }[] = [
  { what: 'nothing happens', happens: () => undefined },
  { what: 'it is carried to another network', happens: () => office.lab.uplink('a').cut() },
  { what: 'the NAT forgets it', happens: () => relay.rebind({ address: true }) },
  {
    what: 'it is carried back',
    happens: () => {
      office.lab.uplink('a').restore();
      return office.lab.ready('a');
    },
  },
];

test(`traffic passes again soon after each of ${SLEEPS} sleeps`, limit(90_000, 200_000), async () => {
  await office.lab.ready('r');
  await duringConnection(
    office,
    async (client) => {
      for (let round = 0; round < SLEEPS; round++) {
        const { what, happens } = MEANWHILE[round % MEANWHILE.length]!;
        client.child.kill('SIGSTOP');
        const sleptMs = monotonicMs();
        await happens();
        await sleep(sleptMs + ASLEEP_MS - monotonicMs());
        client.child.kill('SIGCONT');
        const wokeMs = monotonicMs();
        const stream = await UdpStream.start(office.lab.client, { target: ROAM_OFFICE[4], perSecond: 50 });
        const through = await stream.through(wokeMs, 20_000).catch(() => Infinity);
        assert.ok(through - wokeMs <= AWAKE_WITHIN_MS, `sleep ${round + 1}, ${what}: ${through - wokeMs} ms`);
        await stream.stop(0);
      }
    },
    // Shorter than a sleep: what was to be done meanwhile is long overdue.
    impatient({ liveness: { intervalSeconds: 3 } }),
  );
});
