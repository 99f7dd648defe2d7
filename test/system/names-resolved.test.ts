/** Names as the service has Debian's systemd-resolved look them up, judged by its own tool and by a capture. */
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { LAN_HOST } from '../interop/lab.ts';
import { NetLab } from '../support/netns.ts';
import { notUnpacked } from '../support/private-machine.ts';
import { Resolved } from '../support/resolved.ts';
import { NAME_PORTS, NamesLab, OFFICE_SERVER, OWN, ROUTER, SITES } from './names-lab.ts';

const [SITE, OTHER_SITE, LAST_SITE] = SITES;
const skip = NetLab.unavailable() || notUnpacked('systemd-resolved');

describe('names on a machine with systemd-resolved', { skip }, () => {
  let lab: NamesLab;
  let resolved: Resolved;
  before(async () => {
    lab = await NamesLab.open('namesd');
    resolved = await Resolved.start(lab.machine, 'FallbackDNS=\nLLMNR=yes\nMulticastDNS=no\n');
    assert.equal(resolved.ctl('dns', 'behind', ROUTER).status, 0);
    assert.equal(resolved.ctl('domain', 'behind', 'home.test').status, 0);
    assert.equal(resolved.ctl('llmnr', 'behind', 'yes').status, 0);
  });
  after(() => lab.close());
  beforeEach(() => lab.serve());
  afterEach(() => lab.endService());

  /** What every link has, and what the machine is like otherwise. */
  function picture(): string {
    const links = resolved
      .ctl('status')
      .stdout.split('\n')
      // Which of its servers it asked last is its own affair, and a link's number is another each time.
      .filter((line) => !line.includes('Current DNS Server'))
      .map((line) => line.trim().replace(/^Link \d+/, 'Link'));
    return [...links, lab.picture()].join('\n');
  }

  test('a tunnel to the office gets its domains on its link, and the other links keep theirs', async () => {
    const untouched = picture();
    await lab.choose({ tunnel: { remote: ['10.50.0.0/24'] }, dns: { domains: ['corp.test'] } });
    await lab.up();
    const link = resolved.link('causeway0');
    assert.match(link, /DNS Servers: 10\.50\.0\.53\n/);
    assert.match(link, /DNS Domain: ~corp\.test\n/);
    const left = await lab.leaving(NAME_PORTS, async () => {
      assert.match(await lab.ask('www.corp.test'), new RegExp(`^${LAN_HOST} `));
      assert.equal(await lab.ask('www.public.test'), `${OTHER_SITE} ${OWN}`);
      assert.equal(await lab.ask('printer.home.test'), 'ECONNREFUSED', 'it is the router');
    });
    assert.ok(left.some((line) => line.includes('public')));
    for (const line of left) assert.doesNotMatch(line, /corp\.test/);
    await lab.down();
    assert.equal(picture(), untouched);
  });

  test('not one question leaves beside a tunnel that takes everything, of no kind', async () => {
    const untouched = picture();
    await lab.choose({});
    const left = await lab.leaving(NAME_PORTS, async () => {
      await lab.up();
      assert.equal((await lab.ask('www.public.test')).split(' ')[0], SITE);
      // A domain of the local network, and a short name that LLMNR would ask everybody for.
      for (const name of ['printer.home.test', 'wiki']) {
        const argv = ['/usr/bin/timeout', '2', '/usr/bin/getent', 'ahosts', name];
        assert.notEqual(lab.machine.exec(argv).status, 0);
      }
    });
    assert.deepEqual(left, []);
    await lab.down();
    assert.equal(picture(), untouched);
    assert.equal(await lab.ask('www.public.test'), `${OTHER_SITE} ${OWN}`);
  });

  test('a rule about a domain holds before the first packet, by aliases and after a changed answer', async () => {
    const untouched = picture();
    await lab.choose({});
    await lab.policy({ rules: [{ action: 'bypass', to: ['*.cdn.test'] }] });
    await lab.up();
    assert.match(resolved.link('causeway0'), /DNS Servers: 127\.0\.83\.53\n/);
    const left = await lab.leaving('udp', async () => {
      assert.equal(await lab.ask('www.cdn.test'), `${SITE} ${OWN}`);
      assert.equal(await lab.ask('turn.cdn.test'), `${SITE} ${OWN}`);
      // What it remembers is over when the answer says so.
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      assert.equal(await lab.ask('turn.cdn.test'), `${OTHER_SITE} ${OWN}`);
      assert.equal(await lab.ask('shop.other.test'), `${LAST_SITE} ${OWN}`);
    });
    const to = left.map((line) => line.replace(/^IP \S+ > (\S+):.*$/, '$1'));
    assert.deepEqual(
      to,
      [SITE, ...SITES].map((site) => `${site}.9999`),
    );
    const told = await lab.client.call('policy.explain', {
      profile: lab.profile,
      destination: 'turn.cdn.test',
    });
    assert.ok(told.ok);
    assert.deepEqual(told.value.name?.rules, [1]);
    assert.deepEqual(told.value.name.servers, [OFFICE_SERVER]);
    assert.deepEqual(
      told.value.name.addresses.map(({ effective }) => effective),
      ['bypass', 'bypass'],
    );
    assert.equal(told.value.interface, 'behind');
    await lab.down();
    assert.equal(picture(), untouched);
  });

  test('killed and started again, the service leaves links and files as they were', async () => {
    const untouched = picture();
    await lab.choose({});
    await lab.policy({ rules: [{ action: 'bypass', to: ['*.cdn.test'] }] });
    await lab.up();
    assert.equal(await lab.ask('shop.other.test'), `${LAST_SITE} ${OWN}`);
    const doctor = await lab.client.call('doctor', {});
    assert.ok(doctor.ok);
    const finding = doctor.value.find(({ what }) => what === 'name servers');
    assert.equal(finding?.state, 'changed');
    assert.match(finding.detail, /systemd-resolved asks 127\.0\.83\.53 by causeway0 for ~\./);
    lab.client.close();
    await lab.daemon.end('SIGKILL');
    await lab.daemon.start();
    await lab.attach();
    assert.equal(picture(), untouched);
    assert.equal((await lab.ask('www.public.test')).split(' ')[0], OTHER_SITE);
  });
});
