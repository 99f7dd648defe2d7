/** Many clients at once on the service of one machine. How fast it answers is measured by `npm run bench -- service`. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { passwordProfile } from '../interop/office.ts';
import { DaemonProcess } from '../support/daemon.ts';
import { runFleet } from '../support/fleet.ts';
import { measured, neededOctets } from '../support/memory.ts';
import { NetLab } from '../support/netns.ts';

const FLEET = { clients: 50, perSecond: 200, seconds: 4 };
/** More than what a service keeps of its log. */
const GROWTH = 4 * 1024 * 1024;

describe('fifty clients that watch and ask', { skip: NetLab.unavailable() }, () => {
  let lab: NetLab;
  let daemon: DaemonProcess;
  before(() => {
    lab = NetLab.create('fleett');
    daemon = DaemonProcess.create(lab.namespace('machine'));
  });
  after(async () => {
    await daemon.end();
    await daemon.destroy();
    lab.destroy();
  });

  test('are all answered and told, and leave nothing in the memory of the service', async () => {
    await daemon.start(measured(daemon));
    const client = await daemon.client();
    const written = await client.call('profile.write', { contents: passwordProfile() });
    assert.ok(written.ok);
    const { id } = written.value;
    await runFleet(daemon, id, { ...FLEET, seconds: 2 });
    const before = await neededOctets(daemon);
    const { latenciesMs, failures, items } = await runFleet(daemon, id, FLEET);
    assert.equal(latenciesMs.length, FLEET.perSecond * FLEET.seconds);
    assert.deepEqual(failures, []);
    assert.ok(items >= FLEET.clients);
    assert.ok((await neededOctets(daemon)) - before < GROWTH);
    client.close();
  });
});
