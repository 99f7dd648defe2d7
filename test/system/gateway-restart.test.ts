/** A gateway that dies and comes back. */
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
import { monotonicMs } from '../support/monotonic.ts';
import { ROAM_OFFICE } from '../support/roam-lab.ts';
import { UdpStream } from '../support/traffic/streams.ts';
import { limit, skip } from './staying.ts';

const LIVENESS_MS = 5000;
/** What the state may take to be told once it is due. */
const TELLING_MS = 500;
const BACK_WITHIN_MS = 5000;

let office: RoamingOffice;

before(async () => {
  if (skip === false) office = await openRoamingOffice('restart', { uplinks: [{ name: 'a' }] });
});
after(async () => {
  if (skip === false) await office.close();
});

interface Case {
  readonly name: string;
  readonly works: boolean;
  readonly goneMs: number;
  readonly blankMs: number;
}

const CASES: readonly Case[] = [
  { name: 'for long, while a person works', works: true, goneMs: 6500, blankMs: 0 },
  { name: 'and knows nobody at first', works: true, goneMs: 6000, blankMs: 3000 },
  { name: 'for a moment, while nobody works', works: false, goneMs: 2000, blankMs: 0 },
];

for (const { name, works, goneMs, blankMs } of CASES) {
  test(
    `a gateway that is gone ${name} is missed in time and found again`,
    limit(60_000, 60_000),
    async (t) => {
      const profile = roamingProfile({ liveness: { intervalSeconds: LIVENESS_MS / 1000 } });
      await duringConnection(
        office,
        async (client) => {
          const stream = works ? await startStream() : undefined;
          const killedMs = monotonicMs();
          await office.killGateway();
          const missed = client.heardSince(killedMs, isMissing);
          if (goneMs > LIVENESS_MS) {
            const tookMs = (await missed) - killedMs;
            assert.ok(tookMs <= LIVENESS_MS + TELLING_MS, `missed after ${tookMs} ms`);
          }
          await sleep(Math.max(0, killedMs + goneMs - monotonicMs()));
          await office.startGateway(blankMs);
          const backMs = monotonicMs();
          const connectedMs = await client.heardSince(backMs, ({ event }) => event === 'connected');
          // When it was not missed before it was back, first it has to be.
          const allowedMs = BACK_WITHIN_MS + Math.max(0, killedMs + LIVENESS_MS - backMs);
          const tookMs = connectedMs - backMs;
          t.diagnostic(`connected ${Math.round(tookMs)} ms after its return`);
          assert.ok(tookMs <= allowedMs, `connected ${tookMs} ms after its return`);
          const again = stream ?? (await startStream());
          await again.through(connectedMs, 2000);
          await again.stop(0);
        },
        { profile },
      );
    },
  );
}

function isMissing(event: ConnectionEvent): boolean {
  return event.event === 'state' && event.state !== 'connected';
}

/** Traffic that has come through. */
async function startStream(): Promise<UdpStream> {
  const stream = await UdpStream.start(office.lab.client, { target: ROAM_OFFICE[4], perSecond: 50 });
  await stream.through(0);
  return stream;
}
