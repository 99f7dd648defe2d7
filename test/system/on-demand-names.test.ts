/** Names of the office and connections on demand: looking one up connects, and is answered. */
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import type { ProfileInput } from '../../core/contract/profile.ts';
import { SecretBytes } from '../../core/lib/secret.ts';
import { LAN_HOST } from '../interop/lab.ts';
import { USER } from '../interop/office.ts';
import { NetLab } from '../support/netns.ts';
import { NAME_PORTS, NamesLab, OFFICE_SERVER, OWN, SITES } from './names-lab.ts';

const IDLE_SECONDS = 5;
const [, OTHER_SITE] = SITES;

describe('names and a connection on demand', { skip: NetLab.unavailable() }, () => {
  let lab: NamesLab;
  before(async () => {
    lab = await NamesLab.open('dnames');
    lab.machine.write('/etc/resolv.conf', 'nameserver 10.9.0.1\noptions timeout:3 attempts:2\n');
  });
  after(() => lab.close());
  beforeEach(() => lab.serve());
  afterEach(() => lab.endService());

  async function arm(changes: Partial<ProfileInput>): Promise<void> {
    await lab.choose({ onDemand: { enabled: true, idleSeconds: IDLE_SECONDS }, ...changes });
    assert.ok((await lab.client.call('connection.up', { profile: lab.profile })).ok, lab.daemon.said());
    await ready();
  }

  async function ready(): Promise<void> {
    await lab.watch.until(
      ({ connection }) => connection?.state === 'on-demand',
      `ready: ${lab.daemon.said()}`,
    );
  }

  /** A program asks, and the person gives the password that it takes. */
  async function asking(name: string): Promise<readonly [answer: string, ms: number]> {
    const began = performance.now();
    const answer = lab.ask(name);
    const { connection } = await lab.watch.until((status) => status.connection?.need !== undefined, 'a need');
    const need = connection?.need?.id ?? 0;
    assert.ok((await lab.client.call('need.answer', { need }, SecretBytes.ofText(USER.password))).ok);
    return [await answer, Math.round(performance.now() - began)];
  }

  test('a name of the office connects, also before the first session, and the others are asked as before', async (t) => {
    const untouched = lab.picture();
    const dns = { servers: [OFFICE_SERVER], searchDomains: ['corp.test'] };
    await arm({ tunnel: { addresses: ['ipv4'], remote: ['10.50.0.0/24'] }, dns });
    const left = await lab.leaving(NAME_PORTS, async () => {
      assert.equal(await lab.ask('www.public.test'), `${OTHER_SITE} ${OWN}`);
      assert.equal(lab.watch.last?.connection?.state, 'on-demand', 'nobody asked for the office');
      const [first, ms] = await asking('www.corp.test');
      assert.match(first, new RegExp(`^${LAN_HOST} 10\\.`), lab.daemon.said());
      await ready();
      const [second, again] = await asking('www.corp.test');
      assert.match(second, new RegExp(`^${LAN_HOST} 10\\.`), lab.daemon.said());
      t.diagnostic(`found and answered in ${ms} ms, and in ${again} ms by the session after`);
    });
    for (const line of left) assert.doesNotMatch(line, /corp\.test/);
    await lab.down();
    assert.equal(lab.picture(), untouched);
  });

  test('while everything is for the tunnel no name is asked past it, not even to connect', async () => {
    const untouched = lab.picture();
    await arm({ dns: { servers: [OFFICE_SERVER] } });
    const left = await lab.leaving(NAME_PORTS, async () => {
      const [answer] = await asking('www.public.test');
      assert.equal(answer.split(' ')[0], SITES[0], lab.daemon.said());
      await ready();
      const [again] = await asking('www.corp.test');
      assert.match(again, new RegExp(`^${LAN_HOST} 10\\.`));
    });
    assert.deepEqual(left, []);
    await lab.down();
    assert.equal(lab.picture(), untouched);
  });
});
