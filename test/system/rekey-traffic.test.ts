/** Keys are replaced under traffic, from both sides, and nobody notices. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, test } from 'node:test';
import { duringConnection, impatient, openRoamingOffice, type RoamingOffice } from '../interop/roaming.ts';
import { ROAM_OFFICE } from '../support/roam-lab.ts';
import { UdpStream } from '../support/traffic/streams.ts';
import { assertNeverReconnected, limit, overflowsIn, skip, times } from './staying.ts';

const PER_SECOND = 1000;
const CHILD_REKEYS = times(60, 1000);
const IKE_REKEYS = times(12, 100);
/** Each side begins one so often: they collide now and then, as they should. */
const CHILD_EVERY_MS = 400;
const IKE_EVERY_MS = 1000;
/** Longer than a rekeying may take here. */
const PATIENCE_MS = 10_000;

let office: RoamingOffice;

before(async () => {
  if (skip === false) office = await openRoamingOffice('rekey', { uplinks: [{ name: 'a' }] });
});
after(async () => {
  if (skip === false) await office.close();
});

/** Counts the rekeyings that the gateway tells of, whoever began them. */
async function counted(event: 'child-rekey' | 'ike-rekey', use: (count: () => number) => Promise<void>) {
  let count = 0;
  const stop = await office.gateway.charon.vici.on(event, () => (count += 1));
  try {
    await use(() => count);
  } finally {
    await stop();
  }
}

/** Lets the gateway begin one every so often until there were `wanted` of whatever origin. Returns its own. */
async function rekeyFromGateway(
  what: 'child' | 'ike',
  { everyMs, wanted, count }: { everyMs: number; wanted: number; count: () => number },
): Promise<number> {
  let own = 0;
  const endsMs = performance.now() + wanted * everyMs + PATIENCE_MS;
  while (count() < wanted) {
    assert.ok(performance.now() < endsMs, `only ${count()} of ${wanted} rekeyings`);
    // Refused while another is under way, which is then the next.
    await office.gateway.rekey(what).then(
      () => (own += 1),
      () => undefined,
    );
    await sleep(everyMs);
  }
  return own;
}

for (const [what, wanted, everyMs, settings] of [
  ['child', CHILD_REKEYS, CHILD_EVERY_MS, { childMinutes: CHILD_EVERY_MS / 60_000 }],
  ['ike', IKE_REKEYS, IKE_EVERY_MS, { ikeMinutes: IKE_EVERY_MS / 60_000 }],
] as const) {
  const name = what === 'child' ? 'Child SAs' : 'the IKE SA';
  test(
    `${wanted} rekeyings of ${name} lose nothing of ${PER_SECOND} packets a second`,
    limit(90_000, 900_000),
    async () => {
      await office.configure();
      await duringConnection(
        office,
        async (client) => {
          const places = [office.lab.client, office.lab.gateway, office.lab.office];
          const overflowsBefore = places.map(overflowsIn);
          const stream = await UdpStream.start(office.lab.client, {
            target: ROAM_OFFICE[4],
            perSecond: PER_SECOND,
          });
          await counted(`${what}-rekey`, async (count) => {
            const own = await rekeyFromGateway(what, { everyMs, wanted, count });
            assert.ok(
              own >= wanted / 4 && count() - own >= wanted / 4,
              `${own} of ${count()} by the gateway`,
            );
          });
          const { lost, lostSpans, duplicates } = await stream.stop();
          const overflows = places.map((place, index) => overflowsIn(place) - (overflowsBefore[index] ?? 0));
          // What the machine was too busy to read is lost on any link; the client reads in time, or loses it itself.
          const lostOnTheWay = lost - (overflows[1] ?? 0) - (overflows[2] ?? 0);
          assert.ok(
            lostOnTheWay <= 0 && duplicates === 0,
            JSON.stringify({ lost, overflows, lostSpans, duplicates }),
          );
          assertNeverReconnected(client);
          const { children } = await office.gateway.sa();
          assert.equal(children.filter(({ state }) => state === 'INSTALLED').length, 1);
        },
        impatient({ rekey: settings }),
      );
    },
  );
}
