import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { proves } from '../conformance/tag.ts';
import { LAN_HOST } from './lab.ts';
import {
  BY_PASSWORD,
  byCertificate,
  openOffice,
  passwordProfile,
  serverCertificate,
  type Office,
} from './office.ts';
import { assertPings } from './traffic.ts';

/** After so long the gateway wants a new login, and says so in the last message of IKE_AUTH (AUTH_LIFETIME). */
const SECONDS = 16;

let office: Office;
before(async () => {
  office = await openOffice('reauth');
});
after(async () => {
  await office.close();
});

test(
  'a client with a password logs in anew before the time is over that the gateway gives a login, and deletes the old',
  proves(['RFC4478-1-x1', 'does'], ['RFC4478-2-x5', 'does'], ['RFC4478-2-x11', 'does']),
  async () => {
    await office.gateway.configure({
      gateway: byCertificate(serverCertificate('p256')),
      client: BY_PASSWORD,
      connection: { reauth_time: `${SECONDS}s`, over_time: '8s', rand_time: '0s' },
    });
    await office.during(passwordProfile(), async ({ client }) => {
      const first = (await office.gateway.sa()).uniqueId;
      const until = performance.now() + SECONDS * 1000;
      for (;;) {
        await assertPings(office.net.client, LAN_HOST);
        const sas = await office.gateway.sas();
        const [sa] = sas;
        if (sas.length === 1 && sa?.state === 'ESTABLISHED' && sa.uniqueId !== first) break;
        assert.ok(performance.now() < until, JSON.stringify(sas));
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      await assertPings(office.net.client, LAN_HOST);
      const states = client.events.flatMap((event) => (event.event === 'state' ? [event.state] : []));
      assert.equal(states.includes('reconnecting'), false, states.join());
      const log = office.gateway.charon.log();
      assert.match(log, /N\(AUTH_LFT\)/);
      assert.doesNotMatch(log, /did not reauthenticate as requested/);
      assert.match(log, /received DELETE for IKE_SA/);
    });
  },
);
