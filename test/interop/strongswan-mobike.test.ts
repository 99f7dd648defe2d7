import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { proves } from '../conformance/tag.ts';
import { monotonicMs } from '../support/monotonic.ts';
import { waitFor } from '../support/netns.ts';
import { ROAM_GATEWAY, ROAM_GATEWAY_2 } from '../support/roam-lab.ts';
import { duringConnection, gapAfter, openRoamingOffice, startWork, type RoamingOffice } from './roaming.ts';

/*
 * strongSwan judges how a session moves (RFC 4555): from network to network, between addresses of the gateway, while
 * keys are replaced, and away from a way that fell silent without a word. What it logs of messages names their parts.
 */

/** Nothing passes for so long at most when nobody says that a way is dead: suspicion, a question, and other ways. */
const SILENT_GAP_MS = 8_000;

let office: RoamingOffice;
before(async () => {
  office = await openRoamingOffice('mobike');
});
after(async () => {
  await office.close();
});

function outside(name: 'a' | 'b'): string {
  return name === 'a' ? '198.18.1.2' : '198.18.2.2';
}

/** The gateway has the client there. While it replaces an IKE SA it may tell of none, or of two. */
async function isAt(where: string, patienceMs = 10_000): Promise<void> {
  await waitFor(
    async () =>
      (await office.gateway.sas()).some(
        ({ remoteHost, children }) => remoteHost === where && children.length > 0,
      ),
    patienceMs,
    `the client at ${where}`,
  );
}

/** How often the gateway has logged a message like that. */
function logged(pattern: RegExp): number {
  return office.gateway.charon
    .log(100_000)
    .split('\n')
    .filter((line) => pattern.test(line)).length;
}

/** Moves are those of one IKE SA: nobody logs in again. */
async function inOneSession(use: () => Promise<void>): Promise<void> {
  const { uniqueId } = await office.gateway.sa();
  await use();
  assert.equal((await office.gateway.sa()).uniqueId, uniqueId);
}

describe('a session with strongSwan', () => {
  test(
    'moves to another network and back, by an update with NAT detection and COOKIE2 that is answered in kind',
    proves(['RFC4555-x-1', 'does'], ['RFC4555-x-2', 'does'], ['RFC4555-3.7-4', 'does']),
    async () => {
      await duringConnection(office, async () => {
        await inOneSession(async () => {
          const { stream } = await startWork(office.lab.client);
          const updates = logged(/parsed INFORMATIONAL request .*N\(UPD_SA_ADDR\).*N\(COOKIE2\)/);
          const answers = logged(/generating INFORMATIONAL response .*N\(NATD_S_IP\).*N\(COOKIE2\)/);
          const cut = office.lab.uplink('a').cut();
          assert.ok((await gapAfter(stream, cut)) !== undefined);
          await isAt(outside('b'));
          office.lab.uplink('a').restore();
          await isAt(outside('a'));
          assert.ok(logged(/parsed INFORMATIONAL request .*N\(UPD_SA_ADDR\).*N\(COOKIE2\)/) >= updates + 2);
          assert.ok(
            logged(/generating INFORMATIONAL response .*N\(NATD_S_IP\).*N\(COOKIE2\)/) >= answers + 2,
          );
          assert.equal(logged(/COOKIE2 mismatch|unacceptable/i), 0);
        });
      });
    },
  );

  test('leaves a way that fell silent, and takes it again when it works', async () => {
    await duringConnection(office, async () => {
      await inOneSession(async () => {
        const { stream } = await startWork(office.lab.client);
        const silence = office.lab.silence('a');
        try {
          const gap = await gapAfter(stream, silence);
          assert.ok(gap !== undefined && gap < SILENT_GAP_MS, `${gap} ms`);
          await isAt(outside('b'));
        } finally {
          office.lab.unsilence('a');
        }
        // The better way is taken again.
        await isAt(outside('a'), 30_000);
      });
    });
  });

  test(
    'moves to another address of the gateway when the one in use is dead',
    proves(['RFC4555-x-4', 'does'], ['RFC4555-3.4-x1', 'does']),
    async () => {
      const { internet } = office.lab;
      office.lab.uplink('a').cut();
      try {
        await duringConnection(office, async () => {
          await inOneSession(async () => {
            const { stream } = await startWork(office.lab.client);
            const [dead, other] = [ROAM_GATEWAY[4], ROAM_GATEWAY_2[4]];
            internet.nft(`table inet dead {
              chain passing {
                type filter hook forward priority 1;
                ip daddr ${dead} drop
                ip saddr ${dead} drop
              }
            }\n`);
            await waitFor(
              async () => (await office.gateway.sa()).localHost === other,
              15_000,
              `the client at the gateway's ${other}`,
            );
            await stream.through(monotonicMs());
          });
        });
      } finally {
        internet.nft('delete table inet dead\n');
        office.lab.uplink('a').restore();
      }
    },
  );

  test('is told of addresses that the gateway gets and loses', async () => {
    const { gateway } = office.lab;
    await duringConnection(office, async () => {
      await inOneSession(async () => {
        const lists = (): number => logged(/parsed INFORMATIONAL response/);
        for (const verb of ['add', 'del'] as const) {
          const before = lists();
          gateway.ip('address', verb, '203.0.113.12/24', 'dev', 'outside');
          await waitFor(() => Promise.resolve(lists() > before), 10_000, 'the answer to a list of addresses');
        }
        assert.ok(logged(/generating INFORMATIONAL request .*N\(ADD_4_ADDR\)/) >= 2);
      });
    });
  });

  test('moves while the gateway replaces the keys of both SAs', async () => {
    await duringConnection(office, async () => {
      const { stream } = await startWork(office.lab.client);
      for (const what of ['ike', 'child'] as const) {
        const uplink = office.lab.uplink('a');
        const rekeyed = office.gateway.rekey(what);
        const cut = uplink.cut();
        await isAt(outside('b'));
        await rekeyed;
        assert.ok((await gapAfter(stream, cut)) !== undefined);
        uplink.restore();
        await isAt(outside('a'));
      }
      await waitFor(
        async () => (await office.gateway.sas()).length === 1,
        10_000,
        'the end of what was replaced',
      );
    });
  });
});
