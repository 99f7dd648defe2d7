import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { buildAddon } from '../../build/addon.ts';
import { NetLab, waitFor } from '../support/netns.ts';

const CHILD = fileURLToPath(new URL('paths-child.ts', import.meta.url));

describe('the sockets of a session in network namespaces', { skip: NetLab.unavailable() }, () => {
  before(() => buildAddon());
  const lab = NetLab.create('paths');
  after(() => lab.destroy());

  test('follow the links of the laptop, each path by its own address and link', async (t) => {
    const [here, gateway] = [lab.namespace('laptop'), lab.namespace('gateway')];
    lab.link(here, gateway, {
      names: ['wlan0', 'wlan'],
      addrA: ['10.1.0.1/24', 'fd01::1/64'],
      addrB: ['10.1.0.2/24', 'fd01::2/64'],
    });
    lab.link(here, gateway, { names: ['eth0', 'cable'], addrA: ['10.2.0.1/24'], addrB: ['10.2.0.2/24'] });
    for (const address of ['203.0.113.1/32', '2001:db8:ffff::1/128']) {
      gateway.ip('address', 'add', address, 'dev', 'lo', ...(address.includes(':') ? ['nodad'] : []));
    }
    lab.route(here, 'default', 'via', '10.1.0.2', 'dev', 'wlan0', 'metric', '600');
    lab.route(here, 'default', 'via', '10.2.0.2', 'dev', 'eth0', 'metric', '100');
    here.ip('-6', 'route', 'add', 'default', 'via', 'fd01::2', 'dev', 'wlan0', 'metric', '600');
    const answering = gateway.spawn([process.execPath, CHILD, 'answer'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    t.after(async () => {
      answering.kill('SIGKILL');
      if (answering.exitCode === null && answering.signalCode === null) await once(answering, 'close');
    });
    let said = '';
    answering.stdout?.on('data', (data: Buffer) => (said += data.toString()));
    await waitFor(() => said.includes('ready'), 20_000, 'the gateway');
    const { status, stderr } = await here.execAsync([process.execPath, CHILD, 'roam'], { timeoutMs: 60_000 });
    assert.equal(status, 0, stderr);
  });
});
