/**
 * The laboratory of the roaming tests by itself, with strongSwan as the client: when these fail, the tests of our own
 * client beside them say nothing about it.
 */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, test } from 'node:test';
import {
  gapAfter,
  openRoamingOffice,
  roams,
  startWork,
  strongSwanRoamer,
  type RoamingOffice,
  type Work,
} from '../interop/roaming.ts';
import { NetLab } from '../support/netns.ts';
import type { RelayProcess } from '../support/relay/spawn.ts';
import { StrongSwanClient } from '../support/strongswan-client.ts';
import { strongswanMissing } from '../support/strongswan-daemon.ts';

const skip = NetLab.unavailable() || strongswanMissing() || false;
const UPLINKS = [{ name: 'a' }, { name: 'b', nat: 'kernel' }, { name: 'r', nat: 'relay' }] as const;

let office: RoamingOffice;
let relay: RelayProcess;

before(async () => {
  if (skip !== false) return;
  office = await openRoamingOffice('roamlab', { uplinks: UPLINKS });
  relay = await office.lab.startRelay('r');
});
after(async () => {
  if (skip !== false) return;
  await office.close();
});

/**
 * Lets `use` work through a tunnel of a strongSwan of its own, over these uplinks alone: it tries every way that it
 * has when it moves, and one that a test does not speak of would be taken now and then.
 */
async function during(
  uplinks: readonly string[],
  use: (work: Work, client: StrongSwanClient) => Promise<void>,
): Promise<void> {
  const all = UPLINKS.map(({ name }) => office.lab.uplink(name));
  for (const uplink of all) if (!uplinks.includes(uplink.name)) uplink.cut();
  for (const name of uplinks) await office.lab.ready(name);
  const client = await StrongSwanClient.start(office.lab.client);
  try {
    await client.connect(strongSwanRoamer());
    await use(await startWork(office.lab.client), client);
  } catch (error) {
    throw new Error(`${String(error)}\n${client.charon.log()}`, { cause: error });
  } finally {
    for (const uplink of all) uplink.restore();
    await client.stop();
  }
}

async function finish({ download, stream }: Work): Promise<void> {
  const { ended, intact } = await download.finish();
  assert.deepEqual([ended, intact], ['whole', true]);
  await stream.stop();
}

async function remote(): Promise<string> {
  return (await office.gateway.sa()).remoteHost;
}

test('each kind of cut moves strongSwan to the other uplink while it works', { skip }, async () => {
  await during(['a', 'b'], async (work) => {
    const seen: string[] = [];
    for (const [how, between, count] of [
      ['link', ['a', 'b'], 3],
      ['addresses', ['b', 'a'], 2],
    ] as const) {
      for await (const { to, gapMs } of roams(office, work, { count, between, how })) {
        assert.ok(gapMs !== undefined && gapMs > 20, `${how}: ${gapMs}`);
        seen.push(`${to} ${await remote()}`);
      }
    }
    assert.deepEqual(seen.slice(0, 4), ['b 198.18.2.2', 'a 2001:db8:1::2', 'b 198.18.2.2', 'a 198.18.1.2']);
    assert.ok((await work.download.octets()) > 100_000);
    await finish(work);
  });
});

test('a new address on the same link moves it too', { skip }, async () => {
  await during(['a'], async (work) => {
    assert.ok(await gapAfter(work.stream, office.lab.uplink('a').changeAddress()));
    assert.match(await remote(), /^(198\.18\.1\.|2001:db8:1::)3$/);
    assert.ok(await gapAfter(work.stream, office.lab.uplink('a').changeAddress()));
    await finish(work);
  });
});

test('a silence loses everything and tells nobody', { skip }, async () => {
  await during(['a'], async (work) => {
    const { stream } = work;
    const { doneMs } = office.lab.silence('a');
    await assert.rejects(stream.through(doneMs, 300), /did not report/);
    const { beganMs: endedMs } = office.lab.unsilence('a');
    assert.ok((await stream.through(endedMs)) >= endedMs);
    const { gaps, lost } = await stream.report();
    const gap = gaps.find(({ fromMs, toMs }) => fromMs < doneMs + 20 && toMs > endedMs);
    assert.ok(gap !== undefined && lost > 50, JSON.stringify({ gaps, lost }));
    await finish(work);
  });
});

test(
  'behind the relay, the gateway sees the relay, and what it sends to an old mapping is lost',
  {
    skip,
  },
  async () => {
    await during(['r'], async ({ stream, download }, client) => {
      const sa = await office.gateway.sa();
      const known = (await relay.counters()).mappings;
      assert.ok(known.some(({ address, port }) => address === sa.remoteHost && port === sa.remotePort));
      assert.equal(sa.remoteHost, '198.18.3.2');

      await relay.impair({ loss: 0.5 }, 'up');
      await sleep(500);
      assert.ok((await relay.impair({ loss: 0 })).up.lost > 20);
      const { ended, intact } = await download.finish();
      assert.deepEqual([ended, intact], ['whole', true]);

      await relay.rebind({ address: true });
      await sleep(500);
      const { mappings, up, down } = await relay.counters();
      assert.ok(mappings.length > 0 && mappings.every(({ address }) => address === '198.18.3.3'));
      assert.ok(up.forwarded > 200 && down.unmapped > 50, JSON.stringify({ up, down }));
      await stream.stop();
      await client.disconnect();
    });
  },
);
