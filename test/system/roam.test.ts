/** Our client on a laptop that moves from network to network while a person works. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  duringConnection,
  gapAfter,
  openRoamingOffice,
  roams,
  startWork,
  type RoamingOffice,
} from '../interop/roaming.ts';
import { waitFor } from '../support/netns.ts';
import { assertNeverReconnected, assertWhole, limit, skip, spreadOf, statesOf, times } from './staying.ts';

const ROAMS = times(10, 100);

let office: RoamingOffice;

before(async () => {
  if (skip === false) office = await openRoamingOffice('roam');
});
after(async () => {
  if (skip === false) await office.close();
});

test(
  `a download survives ${ROAMS} roams between a plain uplink and one behind a NAT, over both families`,
  limit(60_000, 300_000),
  async (t) => {
    await duringConnection(office, async (client) => {
      const work = await startWork(office.lab.client);
      const before = (await office.gateway.sa()).uniqueId;
      const stuck: string[] = [];
      const gaps: number[] = [];
      for await (const { from, to, families, gapMs } of roams(office, work, { count: ROAMS }))
        if (gapMs === undefined) stuck.push(`${from} to ${to} (${families.join()})`);
        else gaps.push(gapMs);
      t.diagnostic(`gaps of ${spreadOf(gaps)}`);
      assert.deepEqual(stuck, []);
      await assertWhole(work);
      assertNeverReconnected(client);
      assert.equal((await office.gateway.sa()).uniqueId, before);
    });
    for (const name of ['a', 'b']) office.lab.uplink(name).restore();
  },
);

test('a new address on the same link is moved to', limit(30_000, 30_000), async () => {
  await duringConnection(office, async (client) => {
    const work = await startWork(office.lab.client);
    for (let round = 0; round < 2; round++)
      assert.ok(await gapAfter(work.stream, office.lab.uplink('a').changeAddress()));
    await assertWhole(work);
    assertNeverReconnected(client);
  });
});

test('a default route that is moved to another uplink is followed', limit(30_000, 30_000), async () => {
  await duringConnection(office, async (client) => {
    const work = await startWork(office.lab.client);
    office.lab.uplink('b').prefer(50);
    await waitFor(
      async () => (await office.gateway.sa()).remoteHost === '198.18.2.2',
      5000,
      'the gateway to hear from the other uplink',
    );
    office.lab.uplink('b').prefer(200);
    await waitFor(
      async () => (await office.gateway.sa()).remoteHost !== '198.18.2.2',
      5000,
      'the gateway to hear from the first one again',
    );
    await assertWhole(work);
    assertNeverReconnected(client);
  });
});

test(
  'from a gateway without MOBIKE the same addresses are got again by a new session',
  limit(40_000, 40_000),
  async (t) => {
    await office.configure({ mobike: false });
    await duringConnection(office, async (client) => {
      const work = await startWork(office.lab.client);
      const before = await office.gateway.sa();
      for (const name of ['a', 'b']) {
        await office.lab.ready(name === 'a' ? 'b' : 'a');
        const gapMs = await gapAfter(work.stream, office.lab.uplink(name).cut());
        assert.ok(gapMs !== undefined && gapMs < 5000, `${gapMs} ms`);
        t.diagnostic(`a gap of ${Math.round(gapMs)} ms`);
        const now = await office.gateway.sa();
        assert.notEqual(now.uniqueId, before.uniqueId);
        assert.deepEqual(now.virtualIps, before.virtualIps);
        office.lab.uplink(name).restore();
      }
      await assertWhole(work);
      assert.ok(
        statesOf(client).some(
          ({ state, cause }) => state === 'reconnecting' && cause?.code === 'network.path-lost',
        ),
      );
    });
    await office.configure();
  },
);
