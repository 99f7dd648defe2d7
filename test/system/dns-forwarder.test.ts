/** The forwarder's sockets, in a namespace of its own: what programs may do to them, and what they get. */
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { after, before, describe, test } from 'node:test';
import { NetLab, type Namespace } from '../support/netns.ts';
import { DnsLab } from './dns-lab.ts';

const CLIENT = fileURLToPath(new URL('dns-client-child.ts', import.meta.url));
const SPLIT = { servers: ['10.1.0.53'], match: ['corp.example'] };

describe('the forwarder', { skip: NetLab.unavailable() }, () => {
  let lab: DnsLab;
  before(async () => {
    lab = new DnsLab('forward');
    await lab.start();
    lab.machine.write('/etc/resolv.conf', 'nameserver 192.168.7.1\n');
    await lab.hold(SPLIT).says('applied');
  });
  after(async () => {
    await lab.tidy();
    lab.destroy();
  });

  /** What a program of the machine says about one way to ask. */
  async function client(place: Namespace, how: string): Promise<unknown[]> {
    const child: ChildProcess = place.spawn([process.execPath, CLIENT, how], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const said: unknown[] = [];
    for await (const line of createInterface({ input: child.stdout! })) said.push(JSON.parse(line));
    return said;
  }

  test('answers many programs at once', async () => {
    assert.deepEqual(await client(lab.laptop, 'many'), [{ answered: 300, right: 300 }]);
  });

  test('answers several questions of one connection, however they are cut', async () => {
    assert.deepEqual(await client(lab.laptop, 'pipelined'), [
      { answers: ['10.1.0.80', '10.1.0.80', '198.51.100.180'] },
    ]);
  });

  test('ends a connection that says what no question is', async () => {
    assert.deepEqual(await client(lab.laptop, 'oversize'), ['closed']);
    assert.deepEqual(await client(lab.laptop, 'garbage'), ['closed']);
  });

  test('says nothing to what is no question, and goes on', async () => {
    assert.deepEqual(await client(lab.laptop, 'noise'), [{ replies: 0 }, '10.1.0.80']);
  });

  test('is not reached from elsewhere', async () => {
    lab.lab.route(lab.lan, '127.0.83.53', 'via', '192.168.7.2');
    assert.deepEqual(await client(lab.lan, 'one'), ['silence']);
  });
});
