/** A gateway that dies and comes back with what lets its clients in without a login, or tells them at once. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, test } from 'node:test';
import { GATEWAY_NAME } from '../interop/lab.ts';
import { officeCa, serverCertificate, startCauseway, USER } from '../interop/office.ts';
import { OFFICE_NETWORKS, roamingProfile } from '../interop/roaming.ts';
import type { GatewayConfigJson } from '../support/gateway/config-json.ts';
import { GatewayProcess } from '../support/gateway/spawn.ts';
import { monotonicMs } from '../support/monotonic.ts';
import { ROAM_GATEWAY, ROAM_OFFICE, RoamLab } from '../support/roam-lab.ts';
import { startOffice, UdpStream } from '../support/traffic/streams.ts';
import { limit, skip } from './staying.ts';

const LIVENESS_MS = 5000;
const BACK_WITHIN_MS = 5000;

let lab: RoamLab;

before(async () => {
  if (skip !== false) return;
  lab = new RoamLab('memory', [{ name: 'a' }]);
  await startOffice(lab.office);
});
after(() => {
  if (skip === false) lab.close();
});

function configWith(extensions: GatewayConfigJson['extensions']): GatewayConfigJson {
  const certificate = serverCertificate('p256');
  return {
    addresses: [ROAM_GATEWAY[4]],
    identity: GATEWAY_NAME,
    certificates: certificate.pem + officeCa().pem,
    privateKey: certificate.keyPem,
    users: { [USER.name]: { password: USER.password } },
    pools: ['10.60.0.0/24', 'fd60::/120'],
    networks: [...OFFICE_NETWORKS],
    extensions,
  };
}

const TICKETS = { secret: 'kept in a safe place', lifetimeSeconds: 3600 };

for (const { name, extensions, goneMs } of [
  { name: 'a ticket lets it in again', extensions: { tickets: TICKETS }, goneMs: 7000 },
  {
    name: 'a token tells it at once, and a ticket lets it in again',
    extensions: { tickets: TICKETS, crashSecret: 'remembered too' },
    goneMs: 1000,
  },
]) {
  test(`after ${goneMs / 1000} seconds without the gateway ${name}`, limit(60_000, 60_000), async () => {
    const config = configWith(extensions);
    const first = await GatewayProcess.start(lab.gateway, config);
    const profile = roamingProfile({ liveness: { intervalSeconds: LIVENESS_MS / 1000 } });
    const client = startCauseway(lab.client, profile, { args: ['--verbose'] });
    let again: GatewayProcess | undefined;
    try {
      await client.connected();
      const stream = await UdpStream.start(lab.client, { target: ROAM_OFFICE[4], perSecond: 50 });
      await stream.through(0);
      first.child.kill('SIGKILL');
      await sleep(goneMs);
      again = await GatewayProcess.start(lab.gateway, config);
      const backMs = monotonicMs();
      const connectedMs = await client.heardSince(backMs, ({ event }) => event === 'connected');
      assert.ok(
        connectedMs - backMs <= BACK_WITHIN_MS,
        `connected ${connectedMs - backMs} ms after its return`,
      );
      assert.equal((await again.wait('established'))['resumed'], true);
      await stream.through(connectedMs, 2000);
      await stream.stop(0);
      assert.deepEqual(
        again.events.filter(({ event }) => event === 'violation'),
        [],
      );
    } catch (error) {
      const reported = again?.events.map((event) => JSON.stringify(event)).join('\n');
      throw new Error(`${String(error)}\n${client.said()}\ngateway:\n${reported}`, { cause: error });
    } finally {
      await client.stop();
      await again?.stop();
    }
  });
}
