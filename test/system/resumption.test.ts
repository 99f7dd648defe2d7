/** The embedded gateway as one that gives out tickets, makes crash tokens and redirects. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ProfileInput } from '../../core/contract/profile.ts';
import { Causeway } from '../interop/causeway.ts';
import type { GatewayConfigJson } from '../support/gateway/config-json.ts';
import { GatewayProcess } from '../support/gateway/spawn.ts';
import { monotonicMs } from '../support/monotonic.ts';
import { NetLab, type Namespace } from '../support/netns.ts';
import { issue, makeCa } from '../support/pki-factory.ts';

const skip = NetLab.unavailable();
const GATEWAY = '203.0.113.1';
const OTHER = '203.0.113.2';
const NAME = 'vpn.example.com';
const PASSWORD = 'the password';
/** In how much time after its return the gateway is to be found. */
const BACK_WITHIN_MS = 5_000;
const LIVENESS_S = 5;
/** The gateway's end of the tunnel. */
const INSIDE = '10.9.0.1';
const RESUMES: NonNullable<GatewayConfigJson['extensions']> = {
  tickets: { secret: 'of the tickets', lifetimeSeconds: 3600 },
  crashSecret: 'of the tokens',
};

let lab: NetLab;
let client: Namespace;
let machine: Namespace;

const authority = makeCa({ name: 'Office authority', key: 'p256' });
const certificate = issue(authority, { subject: `CN=${NAME}`, san: [{ dns: NAME }], key: 'p256' });

before(() => {
  if (skip !== false) return;
  lab = NetLab.create('resume');
  client = lab.namespace('client');
  machine = lab.namespace('gateway');
  lab.link(client, machine, { addrA: ['203.0.113.7/24'], addrB: [`${GATEWAY}/24`, `${OTHER}/24`] });
  client.etc('resolv.conf', '# no name servers\n');
});
after(() => {
  if (skip === false) lab.destroy();
});

function start(changes: Partial<GatewayConfigJson> = {}): Promise<GatewayProcess> {
  return GatewayProcess.start(machine, {
    addresses: [GATEWAY],
    identity: NAME,
    certificates: certificate.pem,
    privateKey: certificate.keyPem,
    users: { alice: { password: PASSWORD } },
    pools: ['10.9.0.0/24'],
    networks: ['10.9.0.0/24'],
    extensions: RESUMES,
    ...changes,
  });
}

function dial(): Causeway {
  const profile: ProfileInput = {
    version: 1,
    name: 'Office',
    gateway: { address: GATEWAY, identity: NAME, authorities: authority.pem },
    user: { method: 'eap-mschapv2', username: 'alice' },
    tunnel: { remote: ['10.9.0.0/24'], addresses: ['ipv4'] },
    liveness: { intervalSeconds: LIVENESS_S },
  };
  return Causeway.start(client, profile, { secret: PASSWORD });
}

/** How clients came in, each word for one: by a ticket or by a login. */
const entries = ({ events }: GatewayProcess): string[] =>
  events.flatMap(({ event, resumed }) =>
    event === 'established' ? [resumed === true ? 'resumed' : 'login'] : [],
  );

const violations = ({ events }: GatewayProcess): unknown[] =>
  events.filter(({ event }) => event === 'violation');

function ping(): boolean {
  return client.exec(['ping', '-n', '-c', '1', '-W', '1', INSIDE]).status === 0;
}

async function crash(gateway: GatewayProcess): Promise<void> {
  const gone = new Promise((resolve) => gateway.child.once('close', resolve));
  gateway.child.kill('SIGKILL');
  await gone;
}

for (const [what, goneMs] of [
  ['a moment', 0],
  ['longer than it is believed to be there', LIVENESS_S * 1000 + 2_000],
] as const) {
  test(
    `a gateway that crashed, and was gone for ${what}, is come back to within five seconds and without a login`,
    { skip, timeout: 60_000 },
    async () => {
      const first = await start();
      const causeway = dial();
      let second: GatewayProcess | undefined;
      try {
        await causeway.connected();
        assert.deepEqual(entries(first), ['login']);
        assert.ok(ping());
        await crash(first);
        await sleep(goneMs);
        second = await start();
        const backMs = monotonicMs();
        while (!ping() || entries(second).length === 0) {
          assert.ok(monotonicMs() - backMs < BACK_WITHIN_MS, 'nothing comes through');
          await sleep(50);
        }
        assert.deepEqual(entries(second), ['resumed']);
        assert.deepEqual(violations(second), []);
      } catch (error) {
        throw new Error(causeway.said(), { cause: error });
      } finally {
        await causeway.stop();
        await second?.stop();
        await first.stop();
      }
    },
  );
}

for (const at of ['init', 'first', 'last'] as const) {
  test(
    `a gateway that sends its clients to another one (${at}) has them there`,
    { skip, timeout: 30_000 },
    async () => {
      const first = await start({ extensions: { redirect: { to: OTHER, at } } });
      const other = await start({ addresses: [OTHER], pools: ['10.8.0.0/24'], networks: ['10.9.0.0/24'] });
      const causeway = dial();
      try {
        const connected = await causeway.connected();
        assert.equal(connected.gateway.address, OTHER);
        assert.deepEqual(entries(first), []);
        assert.deepEqual(entries(other), ['login']);
        assert.deepEqual([...violations(first), ...violations(other)], []);
      } catch (error) {
        throw new Error(causeway.said(), { cause: error });
      } finally {
        await causeway.stop();
        await other.stop();
        await first.stop();
      }
    },
  );
}
