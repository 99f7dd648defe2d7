/** Both programs that are called resolvconf, judged by the C library and by a capture. */
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { NetLab } from '../support/netns.ts';
import { notUnpacked } from '../support/private-machine.ts';
import { DnsHolder, DnsLab } from './dns-lab.ts';

const FULL = { full: true, servers: ['10.1.0.53'], search: ['corp.example'] };
const SPLIT = { servers: ['10.1.0.53'], match: ['corp.example'], search: ['lab.test'] };
const DHCP = 'nameserver 192.168.7.1\nsearch home.lan\noptions timeout:1 attempts:1\n';

const KINDS = [
  { name: 'openresolv', label: 'openres', prepare: 'true', leadsTo: undefined },
  {
    name: 'resolvconf',
    label: 'debres',
    prepare:
      'mkdir -p /run/resolvconf/interface; touch /run/resolvconf/enable-updates; ln -s /run/resolvconf/resolv.conf /etc/resolv.conf',
    leadsTo: '/run/resolvconf/resolv.conf',
  },
] as const;

for (const { name, label, prepare, leadsTo } of KINDS) {
  const skip = NetLab.unavailable() || notUnpacked(name);
  describe(`names with ${name}`, { skip }, () => {
    let lab: DnsLab;
    before(async () => {
      lab = new DnsLab(label);
      await lab.start({ packages: [name] });
      lab.machine.sh(prepare);
      lab.machine.sh('mkdir -p -m 700 /var/lib/causeway/dns; resolvconf -a eth0.dhclient', DHCP);
    });
    after(() => lab.destroy());
    beforeEach(() => {
      lab.officeServer.heard.length = 0;
      lab.lanServer.heard.length = 0;
    });
    afterEach(() => lab.tidy());

    function picture(): string {
      const files =
        'ls -la --time-style=+ /etc | grep resolv; cat /etc/resolv.conf; ls /var/lib/causeway/dns; find /run/resolvconf -type f | sort';
      return lab.machine.sh(files);
    }

    test('a full tunnel asks the office for every name, and nobody else', async () => {
      const before = picture();
      assert.deepEqual(lab.lookUp('www.public.example'), ['198.51.100.180']);
      const holder = lab.hold(FULL);
      const left = await lab.leaving(async () => {
        await holder.says('applied');
        assert.deepEqual(lab.lookUp('www.public.example'), ['198.51.100.80']);
        assert.deepEqual(lab.lookUp('www'), ['10.1.0.80']);
        assert.deepEqual(lab.lookUp('printer.home.lan.'), []);
      });
      assert.deepEqual(left, []);
      const servers = lab.machine.read('/etc/resolv.conf').match(/^nameserver .*$/gm);
      assert.equal(servers?.length, 1);
      assert.equal(
        lab.machine.exec(['/usr/bin/readlink', '/etc/resolv.conf']).stdout.trim() || undefined,
        leadsTo,
      );
      await holder.end();
      assert.equal(picture(), before);
      assert.deepEqual(lab.lookUp('www.public.example'), ['198.51.100.180']);
    });

    test('a split tunnel asks each the names that are theirs', async () => {
      const before = picture();
      const holder = lab.hold(SPLIT);
      const left = await lab.leaving(async () => {
        await holder.says('applied');
        assert.deepEqual(lab.lookUp('www.corp.example'), ['10.1.0.80']);
        assert.deepEqual(lab.lookUp('www.lab.test'), ['10.1.0.81']);
        assert.deepEqual(lab.lookUp('www.public.example'), ['198.51.100.180']);
      });
      assert.ok(left.length > 0);
      for (const line of left) assert.match(line, /www\.public\.example/);
      await holder.end();
      assert.equal(picture(), before);
    });

    test('a DHCP client that changes its record is asked for its own at once, and keeps it', async () => {
      const holder = lab.hold(SPLIT);
      await holder.says('applied');
      lab.machine.sh('resolvconf -a eth0.dhclient', DHCP.replace('192.168.7.1', '192.168.7.9'));
      const deadline = performance.now() + 5_000;
      // Nobody answers there: the forwarder has taken the change when the name is not found any more.
      while (lab.lookUp('www.public.example.').length > 0) assert.ok(performance.now() < deadline);
      await holder.end();
      assert.match(lab.machine.read('/etc/resolv.conf'), /^nameserver 192\.168\.7\.9$/m);
      lab.machine.sh('resolvconf -a eth0.dhclient', DHCP);
    });

    test('wherever a process is killed, the next one finds out and leaves no trace', async () => {
      const before = picture();
      let points = 0;
      for (let killed = true; killed; points++) {
        const holder = new DnsHolder(lab.machine, points, SPLIT, FULL);
        holder.hurries = true;
        killed = await holder.over();
        const repair = new DnsHolder(lab.machine, 'all', 'repair');
        await repair.over();
        assert.deepEqual(repair.said, [{ ok: true, value: killed && points > 0 }], `after ${points} changes`);
        assert.equal(picture(), before, `after ${points} changes`);
      }
      assert.ok(points >= 5, `${points} points`);
    });
  });
}
