/** Our client on a path that loses a fifth of everything. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  connectCauseway,
  duringConnection,
  openRoamingOffice,
  type RoamingOffice,
} from '../interop/roaming.ts';
import { monotonicMs } from '../support/monotonic.ts';
import type { Impairment } from '../support/relay/impairment.ts';
import { ROAM_OFFICE } from '../support/roam-lab.ts';
import { UdpStream } from '../support/traffic/streams.ts';
import { assertNeverReconnected, limit, skip, times } from './staying.ts';

const CONNECTS = times(4, 50);
const LIFE_MS = times(8_000, 600_000);
const PATH: Partial<Impairment> = {
  loss: 0.2,
  duplication: 0.05,
  reordering: 0.1,
  delayMs: 100,
  reorderMs: 30,
};

let office: RoamingOffice;

before(async () => {
  if (skip !== false) return;
  office = await openRoamingOffice('lossy', { uplinks: [{ name: 'r', nat: 'relay' }] });
  await office.lab.startRelay('r', { seed: 20, up: PATH, down: PATH });
});
after(async () => {
  if (skip === false) await office.close();
});

test(`${CONNECTS} connects of ${CONNECTS} succeed`, limit(180_000, 1_500_000), async () => {
  for (let round = 1; round <= CONNECTS; round++) {
    const client = await connectCauseway(office);
    await client.stop();
    await office.gateway.terminateAll();
  }
});

test(
  `a session lives for ${LIFE_MS / 1000} seconds, and traffic passes as well as the path lets it`,
  limit(90_000, 700_000),
  async (t) => {
    await duringConnection(office, async (client) => {
      const stream = await UdpStream.start(office.lab.client, { target: ROAM_OFFICE[4], perSecond: 50 });
      const endsMs = monotonicMs() + LIFE_MS;
      // Not one second in which nothing passes: of fifty packets both ways two thirds come back.
      while (monotonicMs() < endsMs) await stream.through(monotonicMs(), 5000);
      const { sent, lost } = await stream.stop();
      const part = lost / sent;
      t.diagnostic(`${lost} of ${sent} lost`);
      assert.ok(part > 0.2 && part < 0.5, `${lost} of ${sent} lost`);
      assertNeverReconnected(client);
    });
  },
);
