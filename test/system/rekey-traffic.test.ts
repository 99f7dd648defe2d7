/** Keys are replaced under traffic, from both sides, and nobody notices. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, test } from 'node:test';
import { duringConnection, impatient, openRoamingOffice, type RoamingOffice } from '../interop/roaming.ts';
import type { Namespace } from '../support/netns.ts';
import { begunAtClient, RekeyTally, type Begun, type Rekeyed } from '../support/rekey-tally.ts';
import { ROAM_OFFICE } from '../support/roam-lab.ts';
import { UdpStream } from '../support/traffic/streams.ts';
import { assertNeverReconnected, chances, limit, overflowsIn, skip, times } from './staying.ts';

const PER_SECOND = 1000;
const CHILD_REKEYS = times(60, 1000);
const IKE_REKEYS = times(12, 100);
/** So old the client lets keys become. */
const CHILD_EVERY_MS = 400;
const IKE_EVERY_MS = 1000;
/** Longer than a rekeying may take here. */
const PATIENCE_MS = 10_000;

/*
 * The link is clean, and so is what is behind it: nobody loses a packet because a busy machine does not let it read. That
 * goes for the gateway's sockets and for its TUN device; the client has to see to its own.
 */
const GATEWAY_BUFFER_OCTETS = 16 * 1024 * 1024;
const GATEWAY_TUN = 'ipsec0';
const GATEWAY_TUN_PACKETS = 20_000;

let office: RoamingOffice;

before(async () => {
  if (skip !== false) return;
  office = await openRoamingOffice('rekey', {
    uplinks: [{ name: 'a' }],
    daemon: { receiveBuffer: GATEWAY_BUFFER_OCTETS },
  });
  office.lab.gateway.ip('link', 'set', GATEWAY_TUN, 'txqueuelen', String(GATEWAY_TUN_PACKETS));
});
after(async () => {
  if (skip === false) await office.close();
});

/**
 * Lets the gateway begin one whenever it is not ahead of the client, which begins by itself when keys are old: half of
 * them are the gateway's. It chooses its moment without regard to the client: now and then they collide, as they should.
 */
async function rekeyFromBothSides(
  what: Rekeyed,
  { everyMs, wanted }: { everyMs: number; wanted: number },
): Promise<Begun> {
  const tally = new RekeyTally(office.gateway.charon.logFile, what);
  const chance = chances(wanted);
  const endsMs = performance.now() + 2 * wanted * everyMs + PATIENCE_MS;
  try {
    for (;;) {
      const begun = tally.count();
      const { byGateway, byClient } = begun;
      if (Math.min(byGateway, byClient) >= wanted / 2) return begun;
      assert.ok(performance.now() < endsMs, `only ${JSON.stringify(begun)} of ${wanted} rekeyings`);
      // Refused while another is under way, which is then the next.
      if (byGateway <= byClient) await office.gateway.rekey(what).catch(() => undefined);
      await sleep(chance() * everyMs);
    }
  } finally {
    tally.close();
  }
}

/** What the machine dropped on the way, by place: to tell what a loss was, never to excuse one. */
function droppedIn({ client, gateway, office: host }: RoamingOffice['lab']): Record<string, number> {
  return {
    client: overflowsIn(client),
    gateway: overflowsIn(gateway),
    gatewayTun: sendDropsOf(gateway, GATEWAY_TUN),
    office: overflowsIn(host),
  };
}

function sendDropsOf(place: Namespace, device: string): number {
  return Number(place.run(['cat', `/sys/class/net/${device}/statistics/tx_dropped`]));
}

for (const [what, wanted, everyMs, settings] of [
  ['child', CHILD_REKEYS, CHILD_EVERY_MS, { childMinutes: CHILD_EVERY_MS / 60_000 }],
  ['ike', IKE_REKEYS, IKE_EVERY_MS, { ikeMinutes: IKE_EVERY_MS / 60_000 }],
] as const) {
  const name = what === 'child' ? 'Child SAs' : 'the IKE SA';
  test(
    `${wanted} rekeyings of ${name}, half of them by each side, lose nothing of ${PER_SECOND} packets a second`,
    limit(120_000, 1_200_000),
    async (t) => {
      await office.configure();
      await duringConnection(
        office,
        async (client) => {
          const before = droppedIn(office.lab);
          const earlier = begunAtClient(client.said(), what);
          const stream = await UdpStream.start(office.lab.client, {
            target: ROAM_OFFICE[4],
            perSecond: PER_SECOND,
          });
          const begun = await rekeyFromBothSides(what, { everyMs, wanted });
          const { sent, lost, lostSpans, duplicates, slowestMs } = await stream.stop(2000);
          const found = { begun, sent, lost, duplicates, slowestMs, before, dropped: droppedIn(office.lab) };
          t.diagnostic(JSON.stringify(found));
          assert.ok(begun.byGateway >= wanted / 2 && begun.byClient >= wanted / 2);
          const seen = begunAtClient(client.said(), what);
          assert.ok(
            seen.byGateway - earlier.byGateway >= begun.byGateway &&
              seen.byClient - earlier.byClient >= begun.byClient,
            JSON.stringify({ begun, seen, earlier }),
          );
          assert.deepEqual(
            { lost, duplicates },
            { lost: 0, duplicates: 0 },
            JSON.stringify({ ...found, lostSpans }),
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
