/** Our client behind a NAT that forgets who it is. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, test } from 'node:test';
import {
  duringConnection,
  gapAfter,
  openRoamingOffice,
  startWork,
  type RoamingOffice,
} from '../interop/roaming.ts';
import type { RelayProcess } from '../support/relay/spawn.ts';
import { assertNeverReconnected, assertWhole, limit, longOnly, skip, spreadOf, times } from './staying.ts';

const REBINDINGS = times(3, 20);
const NAT_TIMEOUT_MS = 30_000;
const IDLE_MS = 120_000;

let office: RoamingOffice;
let relay: RelayProcess;

before(async () => {
  if (skip !== false) return;
  office = await openRoamingOffice('rebind', { uplinks: [{ name: 'r', nat: 'relay' }] });
  relay = await office.lab.startRelay('r');
  await office.lab.ready('r');
});
after(async () => {
  if (skip === false) await office.close();
});

test(
  `${REBINDINGS} changes of a NAT's mapping, of the port and of the address, are found and followed`,
  limit(90_000, 400_000),
  async (t) => {
    const gaps: number[] = [];
    await duringConnection(office, async (client) => {
      const work = await startWork(office.lab.client);
      const { uniqueId } = await office.gateway.sa();
      for (let round = 0; round < REBINDINGS; round++) {
        const { atMs } = await relay.rebind({ address: round % 2 === 1 });
        const gapMs = await gapAfter(work.stream, { beganMs: atMs, doneMs: atMs });
        assert.ok(gapMs !== undefined, `nothing came through after change ${round + 1}`);
        gaps.push(gapMs);
        await sleep(300);
      }
      t.diagnostic(`gaps of ${spreadOf(gaps)}`);
      await assertWhole(work);
      assertNeverReconnected(client);
      assert.equal((await office.gateway.sa()).uniqueId, uniqueId);
    });
  },
);

test(
  'a NAT that forgets after half a minute is kept from it, with few packets',
  longOnly(240_000),
  async (t) => {
    await relay.forgetAfter(NAT_TIMEOUT_MS);
    try {
      await duringConnection(office, async (client) => {
        const { stream, download } = await startWork(office.lab.client);
        await download.finish();
        await stream.stop();
        const before = await relay.counters();
        await sleep(IDLE_MS);
        const after = await relay.counters();
        assert.deepEqual(after.mappings, before.mappings);
        const sent = after.up.received - before.up.received;
        t.diagnostic(`${sent} packets in ${IDLE_MS / 1000} idle seconds`);
        assert.ok(sent >= IDLE_MS / NAT_TIMEOUT_MS && sent <= IDLE_MS / 5000, `${sent} packets while idle`);
        assertNeverReconnected(client);
      });
    } finally {
      await relay.forgetAfter(0);
    }
  },
);
