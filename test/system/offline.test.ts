/** Our client on a laptop that has no network for a while, or one that lacks the gateway's family. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, beforeEach, test } from 'node:test';
import {
  duringConnection,
  gapAfter,
  openRoamingOffice,
  startWork,
  type RoamingOffice,
} from '../interop/roaming.ts';
import { assertNeverReconnected, assertWhole, limit, skip, statesOf } from './staying.ts';

let office: RoamingOffice;

before(async () => {
  if (skip === false) office = await openRoamingOffice('offline');
});
beforeEach(async () => {
  if (skip !== false) return;
  for (const name of ['a', 'b']) office.lab.uplink(name).restore();
  for (const name of ['a', 'b']) await office.lab.ready(name);
});
after(async () => {
  if (skip === false) await office.close();
});

test(
  'without any network it waits, and goes on with the first one that there is',
  limit(40_000, 40_000),
  async () => {
    await duringConnection(office, async (client) => {
      const work = await startWork(office.lab.client);
      office.lab.uplink('b').cut();
      const { beganMs } = office.lab.uplink('a').cut();
      await client.heardSince(
        beganMs,
        (event) => event.event === 'state' && event.state === 'waiting-for-network',
      );
      const back = office.lab.uplink('b').restore();
      assert.ok(await gapAfter(work.stream, back));
      await client.heardSince(
        back.beganMs,
        (event) => event.event === 'state' && event.state === 'connected',
      );
      await assertWhole(work);
      assertNeverReconnected(client);
      assert.equal(statesOf(client).at(-1)?.state, 'connected');
    });
    office.lab.uplink('a').restore();
  },
);

test(
  'a session that waited for longer than anybody is patient is the same afterwards',
  limit(60_000, 60_000),
  async () => {
    await duringConnection(office, async (client) => {
      const work = await startWork(office.lab.client);
      const { uniqueId } = await office.gateway.sa();
      for (const name of ['b', 'a']) office.lab.uplink(name).cut();
      await sleep(10_000);
      assert.ok(await gapAfter(work.stream, office.lab.uplink('b').restore()));
      await sleep(500);
      assert.equal((await office.gateway.sa()).uniqueId, uniqueId);
      await assertWhole(work);
      assertNeverReconnected(client);
    });
  },
);

test(
  'a network with nothing but the other family of addresses is a network',
  limit(30_000, 30_000),
  async () => {
    await duringConnection(office, async (client) => {
      const work = await startWork(office.lab.client);
      const [a, b] = [office.lab.uplink('a'), office.lab.uplink('b')];
      assert.ok(await gapAfter(work.stream, a.cut()));
      a.restore({ families: [6], metric: 300 });
      await office.lab.ready('a');
      assert.ok(await gapAfter(work.stream, b.cut()));
      await sleep(2000);
      const states = statesOf(client).map(({ state }) => state);
      assert.ok(!states.includes('waiting-for-network'), states.join());
      assert.equal(states.at(-1), 'connected');
      const told = client.events.findLast((event) => event.event === 'connected');
      assert.match(told?.gateway.address ?? '', /^2001:db8:99::/);
      await assertWhole(work);
      assertNeverReconnected(client);
    });
  },
);
