/** Nobody is told 'connected' when nothing passes. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, test } from 'node:test';
import type { ConnectionEvent } from '../../core/contract/snapshot.ts';
import {
  duringConnection,
  openRoamingOffice,
  roamingProfile,
  type RoamingOffice,
} from '../interop/roaming.ts';
import { ROAM_OFFICE } from '../support/roam-lab.ts';
import { UdpStream } from '../support/traffic/streams.ts';
import { chances, limit, skip, spreadOf, times } from './staying.ts';

const DEATHS = times(3, 50);
const LIVENESS_MS = 5000;
/** What a busy machine may take to tell what it knows. */
const TELLING_MS = 250;

let office: RoamingOffice;

before(async () => {
  if (skip === false) office = await openRoamingOffice('truth', { uplinks: [{ name: 'a' }] });
});
after(async () => {
  if (skip === false) await office.close();
});

function isState(connected: boolean): (event: ConnectionEvent) => boolean {
  return (event) => event.event === 'state' && (event.state === 'connected') === connected;
}

async function startStream(): Promise<UdpStream> {
  const stream = await UdpStream.start(office.lab.client, { target: ROAM_OFFICE[4], perSecond: 20 });
  await stream.through(0);
  return stream;
}

test(
  `the state is not 'connected' for longer than the liveness period after the path died, ${DEATHS} times`,
  limit(150_000, 1_200_000),
  async (t) => {
    const chance = chances(50);
    const took: number[] = [];
    await duringConnection(
      office,
      async (client) => {
        for (let round = 0; round < DEATHS; round++) {
          // At any moment of a period, with traffic and without.
          const stream = round % 2 === 0 ? await startStream() : undefined;
          const where = round % 4 === 3 ? 'gateway' : 'a';
          await sleep(chance() * LIVENESS_MS);
          const { doneMs } = office.lab.silence(where);
          const tookMs = (await client.heardSince(doneMs, isState(false))) - doneMs;
          took.push(tookMs);
          assert.ok(tookMs <= LIVENESS_MS + TELLING_MS, `death ${round + 1}: told after ${tookMs} ms`);
          await sleep(chance() * LIVENESS_MS);
          const { beganMs } = office.lab.unsilence(where);
          await client.heardSince(beganMs, isState(true));
          await stream?.through(beganMs, 10_000);
          await stream?.stop(0);
        }
        t.diagnostic(`told after ${spreadOf(took)}`);
      },
      { profile: roamingProfile({ liveness: { intervalSeconds: LIVENESS_MS / 1000 } }) },
    );
  },
);
