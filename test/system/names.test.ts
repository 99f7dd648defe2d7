/** Names as the service has them looked up, judged by the C library, by whom name servers heard, and by a capture. */
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { NetLab } from '../support/netns.ts';
import { LAN_HOST } from '../interop/lab.ts';
import { NAME_PORTS, NamesLab, OFFICE_SERVER, OWN, ROUTER, SITES } from './names-lab.ts';

const [SITE, OTHER_SITE, LAST_SITE] = SITES;
const OFFICE = ['10.50.0.0/24'];

describe('names on a machine with a plain resolv.conf', { skip: NetLab.unavailable() }, () => {
  let lab: NamesLab;
  before(async () => {
    lab = await NamesLab.open('names');
  });
  after(() => lab.close());
  beforeEach(() => lab.serve());
  afterEach(() => lab.endService());

  test('a tunnel to the office looks its names up there, and all others as before', async () => {
    const untouched = lab.picture();
    await lab.choose({ tunnel: { remote: OFFICE }, dns: { searchDomains: ['corp.test'] } });
    await lab.up();
    const left = await lab.leaving(NAME_PORTS, async () => {
      assert.match(await lab.ask('www.corp.test'), new RegExp(`^${LAN_HOST} 10\\.`));
      assert.match(await lab.ask('www'), new RegExp(`^${LAN_HOST} `), 'a short name');
      assert.equal(await lab.ask('www.public.test'), `${OTHER_SITE} ${OWN}`);
    });
    assert.ok(left.some((line) => line.includes('public')));
    for (const line of left) assert.doesNotMatch(line, /corp\.test/);
    const facts = lab.watch.last?.connection?.facts;
    assert.deepEqual([facts?.dns, facts?.domains, facts?.allNames], [[OFFICE_SERVER], ['corp.test'], false]);
    await lab.down();
    assert.equal(lab.picture(), untouched);
    assert.equal(await lab.ask('www.corp.test'), 'silence');
  });

  test('a tunnel that takes everything takes every name, and lets nobody ask past it', async () => {
    const untouched = lab.picture();
    await lab.choose({});
    const left = await lab.leaving(NAME_PORTS, async () => {
      await lab.up();
      assert.equal((await lab.ask('www.public.test')).split(' ')[0], SITE);
      assert.equal(await lab.ask('printer.home.test'), 'no such name');
      for (const port of [53, 853, 5355]) {
        const dig = `import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.sendto(b'x', ('${ROUTER}', ${port}))`;
        assert.notEqual(lab.machine.exec(['/usr/bin/python3', '-c', dig]).status, 0);
      }
    });
    assert.deepEqual(left, []);
    assert.equal(lab.watch.last?.connection?.facts?.allNames, true);
    assert.deepEqual(lab.watch.last.connection.warnings, []);
    await lab.down();
    assert.equal(lab.picture(), untouched);
    assert.equal(await lab.ask('www.public.test'), `${OTHER_SITE} ${OWN}`);
  });

  test('killed in the middle of it, the service puts names back when it starts again', async () => {
    const untouched = lab.picture();
    await lab.choose({});
    await lab.up();
    lab.client.close();
    await lab.daemon.end('SIGKILL');
    assert.notEqual(lab.picture(), untouched);
    await lab.daemon.start();
    await lab.attach();
    assert.equal(lab.picture(), untouched);
    assert.equal((await lab.ask('www.public.test')).split(' ')[0], OTHER_SITE);
  });

  test('rules about names hold for the addresses that names have when they are asked for', async () => {
    const untouched = lab.picture();
    await lab.choose({});
    await lab.policy({
      rules: [
        { action: 'block', to: ['ads.other.test'] },
        { action: 'bypass', to: ['*.cdn.test'] },
      ],
    });
    await lab.up();
    const inside = lab.watch.last?.connection?.facts?.addresses[0] ?? '';
    const left = await lab.leaving('udp port 9999 or icmp or port 53', async () => {
      // By an alias, and by an answer that changes.
      assert.equal(await lab.ask('www.cdn.test'), `${SITE} ${OWN}`);
      assert.equal(await lab.ask('turn.cdn.test'), `${SITE} ${OWN}`);
      assert.equal(await lab.ask('turn.cdn.test'), `${OTHER_SITE} ${OWN}`);
      // By what the alias of another name is called.
      assert.equal(await lab.ask('shop.other.test'), `${LAST_SITE} ${OWN}`);
    });
    assert.deepEqual(
      left.map((line) => line.replace(/^IP \S+ > (\S+):.*$/, '$1')),
      [SITE, ...SITES].map((site) => `${site}.9999`),
      'each first packet went the right way, and nothing else left',
    );
    assert.equal(await lab.ask('www.corp.test'), `${LAN_HOST} ${inside}`);
    assert.match(await lab.ask('ads.other.test'), /^E/, 'the first rule that speaks of an address counts');
    await lab.policy({ rules: [] });
    assert.notEqual(await lab.ask('www.cdn.test'), `${SITE} ${OWN}`);
    await lab.down();
    assert.equal(lab.picture(), untouched);
  });

  test('a rule about a domain leads its names alone into the tunnel', async () => {
    await lab.choose({});
    await lab.policy({ rules: [{ action: 'protect', to: ['*.corp.test'] }], otherwise: 'bypass' });
    await lab.up();
    const inside = lab.watch.last?.connection?.facts?.addresses[0] ?? '';
    assert.equal(await lab.ask('www.corp.test'), `${LAN_HOST} ${inside}`);
    assert.equal((await lab.ask('www.public.test')).split(' ')[1], OWN);
    await lab.down();
  });
});
