/** A gateway that wants its clients to log in anew from time to time. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { duringConnection, openRoamingOffice, startWork, type RoamingOffice } from '../interop/roaming.ts';
import { waitFor } from '../support/netns.ts';
import { assertNeverReconnected, limit, skip, times } from './staying.ts';

/** What the gateway gives a login; it is told to us. */
const LIFETIME_S = 20;
const LOGINS = times(1, 5);

let office: RoamingOffice;

before(async () => {
  if (skip === false) office = await openRoamingOffice('reauth', { uplinks: [{ name: 'a' }] });
});
after(async () => {
  if (skip === false) await office.close();
});

test(
  `a new login in time replaces the session ${LOGINS} times, and a download goes on`,
  limit(60_000, 300_000),
  async () => {
    await office.configure({
      connection: { reauth_time: `${LIFETIME_S}s`, over_time: '5s', rand_time: '0s' },
    });
    await duringConnection(office, async (client) => {
      const { stream, download } = await startWork(office.lab.client);
      const seen = new Set<string>();
      await waitFor(
        async () => {
          for (const { uniqueId, state } of await office.gateway.sas())
            if (state === 'ESTABLISHED') seen.add(uniqueId);
          return seen.size > LOGINS;
        },
        (LOGINS + 1) * LIFETIME_S * 1000,
        `${LOGINS} new logins`,
      );
      const { ended, intact } = await download.finish();
      const { lost, lostSpans } = await stream.stop();
      assert.deepEqual(
        { ended, intact, lost, lostSpans },
        { ended: 'whole', intact: true, lost: 0, lostSpans: [] },
      );
      assertNeverReconnected(client);
    });
  },
);
