/** Debian's systemd-resolved, told over a real bus, judged by the C library, by its own tool and by a capture. */
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { parsePrefix, prefixToRange } from '../../core/net/prefix.ts';
import { firewallScript, NO_FIREWALL } from '../../core/platform/linux/firewall-script.ts';
import { NetLab, waitFor } from '../support/netns.ts';
import { notUnpacked } from '../support/private-machine.ts';
import { Resolved } from '../support/resolved.ts';
import { DnsHolder, DnsLab } from './dns-lab.ts';

const FULL = { full: true, servers: ['10.1.0.53'], search: ['corp.example'] };
const SPLIT = { servers: ['10.1.0.53'], match: ['corp.example'], search: ['lab.test'] };
const skip = NetLab.unavailable() || notUnpacked('systemd-resolved');

describe('names with systemd-resolved', { skip }, () => {
  let lab: DnsLab;
  let resolved: Resolved;
  before(async () => {
    lab = new DnsLab('resolved');
    await lab.start();
    resolved = await Resolved.start(lab.machine, 'FallbackDNS=\nLLMNR=no\nCache=no\nDNSStubListener=yes\n');
    networkManager();
  });
  after(() => lab.destroy());
  beforeEach(() => {
    lab.officeServer.heard.length = 0;
    lab.lanServer.heard.length = 0;
  });
  afterEach(() => lab.tidy());

  /** What a network says of itself, as the manager of networks passes it on. */
  function networkManager(): void {
    assert.equal(resolved.ctl('dns', 'eth0', '192.168.7.1').status, 0);
    assert.equal(resolved.ctl('domain', 'eth0', 'home.lan').status, 0);
  }

  function link(): Record<string, string> {
    const found = resolved.link('causeway0').matchAll(/^ *([A-Z][A-Za-z ]+): (.*)$/gm);
    return Object.fromEntries([...found].map(([, name = '', value = '']) => [name, value.trim()]));
  }

  function picture(): string {
    const files =
      'ls -lan --time-style=+ /etc/resolv.conf; ls /var/lib/causeway/dns; ls /run/systemd/resolve/netif';
    // Which of its servers it asked last is its own affair.
    const links = [resolved.link('eth0'), resolved.link('causeway0')].flatMap((text) => text.split('\n'));
    const settings = links
      .map((line) => line.trim())
      .filter((line) => !line.startsWith('Current DNS Server'));
    return lab.machine.sh(files) + settings.join('\n');
  }

  test('a split tunnel asks the office for its names, and the network for the others', async () => {
    lab.machine.sh('mkdir -p -m 700 /var/lib/causeway/dns; mkdir -p /run/systemd/resolve/netif');
    const before = picture();
    const holder = lab.hold(SPLIT);
    const left = await lab.leaving(async () => {
      await holder.says('applied');
      assert.deepEqual(lab.lookUp('www.corp.example'), ['10.1.0.80']);
      assert.deepEqual(lab.lookUp('www.lab.test'), ['10.1.0.81']);
      assert.deepEqual(lab.lookUp('www.public.example'), ['198.51.100.180']);
      assert.deepEqual(lab.lookUp('printer.home.lan'), ['192.168.7.30']);
    });
    const { Protocols, 'DNS Servers': servers, 'DNS Domain': domains } = link();
    assert.match(Protocols ?? '', /^-DefaultRoute -LLMNR -mDNS -DNSOverTLS DNSSEC=no\/unsupported$/);
    assert.deepEqual([servers, domains], ['10.1.0.53', 'lab.test ~corp.example']);
    assert.ok(left.length > 0);
    for (const line of left) assert.doesNotMatch(line, /corp\.example|lab\.test/);
    await holder.end();
    assert.equal(picture(), before);
    assert.deepEqual(lab.lookUp('www.corp.example'), ['192.0.2.66']);
  });

  test('a full tunnel asks the office for every name', async () => {
    const before = picture();
    const holder = lab.hold(FULL);
    const left = await lab.leaving(async () => {
      await holder.says('applied');
      assert.deepEqual(lab.lookUp('www.corp.example'), ['10.1.0.80']);
      assert.deepEqual(lab.lookUp('www.public.example'), ['198.51.100.80']);
      assert.deepEqual(lab.lookUp('nothing.example.'), []);
      assert.equal(lab.lookUp('big.corp.example').length, 60);
    });
    assert.deepEqual(left, []);
    assert.deepEqual([link()['DNS Servers'], link()['DNS Domain']], ['10.1.0.53', 'corp.example ~.']);
    await holder.end();
    assert.equal(picture(), before);
  });

  test('in a full tunnel the firewall keeps even the names of the local network from leaving', async () => {
    const holder = lab.hold(FULL);
    await holder.says('applied');
    const open = await lab.leaving(async () => {
      assert.deepEqual(lab.lookUp('printer.home.lan'), ['192.168.7.30']);
      await Promise.resolve();
    });
    assert.ok(open.length > 0, 'systemd-resolved goes on to ask a link for the domain that it has');
    const everything = ['0.0.0.0/0', '::/0'].flatMap((text) => {
      const prefix = parsePrefix(text);
      return prefix ? [prefixToRange(prefix)] : [];
    });
    lab.laptop.nft(
      firewallScript({
        stance: 'open',
        tun: { name: 'causeway0', addresses: [] },
        bypassMark: 0xca75,
        tunnelMark: 0xca76,
        protectedRanges: everything,
        passing: [],
        refused: [],
        lan: true,
        nameServersInTunnel: true,
        steering: [],
      }),
    );
    const left = await lab.leaving(async () => {
      // It tries for long.
      const argv = ['/usr/bin/timeout', '2', '/usr/bin/getent', 'ahosts', 'printer.home.lan'];
      assert.notEqual(lab.machine.exec(argv).status, 0);
      assert.deepEqual(lab.lookUp('www.public.example'), ['198.51.100.80']);
      await Promise.resolve();
    });
    assert.deepEqual(left, []);
    lab.laptop.nft(NO_FIREWALL);
    await holder.end();
  });

  test('when rules speak of names all go by our forwarder, and their addresses are told first', async () => {
    const holder = lab.hold({ ...SPLIT, follows: true });
    await holder.says('applied');
    assert.equal(link()['DNS Servers'], '127.0.83.53');
    assert.deepEqual(lab.lookUp('www.public.example'), ['198.51.100.180'], 'by the network, as before');
    await holder.says({ name: 'www.public.example', aliases: [], address: '198.51.100.180' });
    assert.deepEqual(lab.lookUp('www.corp.example'), ['10.1.0.80']);
    await holder.says({ name: 'www.corp.example', aliases: [], address: '10.1.0.80' });
    assert.deepEqual(lab.lookUp('video.public.example'), ['198.51.100.190']);
    await holder.says({ name: 'video.public.example', aliases: [], address: '198.51.100.190' });
    await holder.end();
  });

  test('one plan after another is as the last from the start', async () => {
    const scratch = lab.hold(FULL);
    await scratch.says('applied');
    const wanted = picture();
    await scratch.end();
    const holder = lab.hold({ ...SPLIT, follows: true }, SPLIT, FULL);
    await holder.says('applied');
    for (let i = 0; i < 2; i++) {
      holder.next();
      await holder.says('applied');
    }
    assert.equal(picture(), wanted);
    await holder.end();
  });

  test('a systemd-resolved that dies and begins anew is told again', async () => {
    const holder = lab.hold(FULL);
    await holder.says('applied');
    await resolved.kill();
    lab.machine.sh('rm -rf /run/systemd/resolve/netif');
    await resolved.begin();
    await holder.says({ event: 'dns-applied-again' });
    networkManager();
    assert.deepEqual([link()['DNS Servers'], link()['DNS Domain']], ['10.1.0.53', 'corp.example ~.']);
    assert.deepEqual(lab.lookUp('www.public.example'), ['198.51.100.80']);
    await holder.end();
  });

  test('a systemd-resolved that is not there is waited for, and told when it comes', async () => {
    await resolved.kill();
    const holder = lab.hold(FULL);
    await holder.says({ event: 'dns-resolved-away' });
    await holder.says('applied');
    await resolved.begin();
    networkManager();
    await holder.says({ event: 'dns-applied-again' });
    assert.deepEqual(lab.lookUp('www.public.example'), ['198.51.100.80']);
    await holder.end();
    assert.deepEqual(lab.lookUp('www.public.example'), ['198.51.100.180']);
  });

  test('beside a resolv.conf of somebody else both are told', async () => {
    lab.machine.sh('rm /etc/resolv.conf; echo nameserver 192.168.7.1 > /etc/resolv.conf');
    const holder = lab.hold(FULL);
    await holder.says('applied');
    assert.deepEqual(lab.lookUp('www.public.example'), ['198.51.100.80']);
    assert.equal(link()['DNS Servers'], '10.1.0.53');
    await holder.end();
    assert.equal(lab.machine.read('/etc/resolv.conf'), 'nameserver 192.168.7.1\n');
    lab.machine.sh('ln -sf ../run/systemd/resolve/stub-resolv.conf /etc/resolv.conf');
  });

  test('programs that ask past it, by its list of servers, ask it meanwhile, and nothing stays of that', async () => {
    lab.machine.sh('ln -sf ../run/systemd/resolve/resolv.conf /etc/resolv.conf');
    for (const plan of [SPLIT, FULL]) {
      const holder = lab.hold(plan);
      await holder.says('applied');
      assert.deepEqual(lab.lookUp('www.corp.example'), ['10.1.0.80']);
      assert.deepEqual(lab.lookUp('www.public.example'), [
        plan === FULL ? '198.51.100.80' : '198.51.100.180',
      ]);
      await holder.end();
      assert.deepEqual(lab.lookUp('www.public.example'), ['198.51.100.180']);
      assert.doesNotMatch(
        resolved.ctl('dns').stdout,
        /10\.1\.0\.53/,
        'it did not take our servers for its own',
      );
    }
    assert.equal(lab.machine.sh('readlink /etc/resolv.conf'), '../run/systemd/resolve/resolv.conf\n');
    lab.machine.sh('ln -sf ../run/systemd/resolve/stub-resolv.conf /etc/resolv.conf');
  });

  test('one without an address of its own forgets our servers, at the end and after a kill', async () => {
    const configure = async (stub: 'yes' | 'no'): Promise<void> => {
      const text = `[Resolve]\nFallbackDNS=\nLLMNR=no\nCache=no\nDNSStubListener=${stub}\n`;
      lab.machine.write('/etc/systemd/resolved.conf', text);
      await resolved.kill();
      lab.machine.sh('rm -rf /run/systemd/resolve/netif');
      await resolved.begin();
      networkManager();
    };
    await configure('no');
    lab.machine.sh('ln -sf ../run/systemd/resolve/resolv.conf /etc/resolv.conf');
    for (const isKilled of [false, true]) {
      const holder = lab.hold(FULL);
      await holder.says('applied');
      assert.equal(resolved.ctl('query', 'www.public.example').status, 0);
      assert.match(resolved.ctl('dns').stdout, /^Global: 10\.1\.0\.53/m, 'it has read our file');
      if (isKilled) holder.child.kill('SIGKILL');
      else await holder.end();
      await holder.over();
      if (isKilled) await new DnsHolder(lab.machine, 'all', 'repair').over();
      assert.doesNotMatch(resolved.ctl('dns').stdout, /10\.1\.0\.53/);
      assert.equal(lab.machine.sh('readlink /etc/resolv.conf'), '../run/systemd/resolve/resolv.conf\n');
      assert.deepEqual(lab.lookUp('www.public.example'), ['198.51.100.180']);
    }
    lab.machine.sh('ln -sf ../run/systemd/resolve/stub-resolv.conf /etc/resolv.conf');
    await configure('yes');
  });

  test('wherever a process is killed, the next one finds out and leaves no trace', async () => {
    const before = picture();
    let points = 0;
    for (let killed = true; killed; points++) {
      const holder = new DnsHolder(lab.machine, points, { ...SPLIT, follows: true }, FULL);
      holder.hurries = true;
      killed = await holder.over();
      const repair = new DnsHolder(lab.machine, 'all', 'repair');
      await repair.over();
      assert.deepEqual(repair.said, [{ ok: true, value: killed && points > 0 }], `after ${points} changes`);
      assert.equal(picture(), before, `after ${points} changes`);
    }
    // Two journals of each plan, six calls to make each and one to take it back, the end of the journal.
    assert.ok(points >= 15, `${points} points`);
  });

  test('while a split tunnel becomes a full one no name of the office leaves beside it', async () => {
    const loop = 'while :; do getent ahostsv4 www.corp.example; sleep 0.02; done';
    const holder = lab.hold(SPLIT, FULL);
    await holder.says('applied');
    const asking = lab.machine.spawn(['/bin/sh', '-c', loop], { stdio: 'ignore' });
    const left = await lab.leaving(async () => {
      holder.next();
      await holder.says('applied');
      lab.officeServer.heard.length = 0;
      await waitFor(() => lab.officeServer.heard.length > 10, 10_000, 'lookups');
    });
    asking.kill();
    assert.deepEqual(
      left.filter((line) => line.includes('corp.example')),
      [],
    );
    await holder.end();
  });
});
