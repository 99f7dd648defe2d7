/** A plain /etc/resolv.conf, and our forwarder, judged by the C library of the system and by a capture. */
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { NetLab, waitFor } from '../support/netns.ts';
import { DnsHolder, DnsLab } from './dns-lab.ts';

const FULL = { full: true, servers: ['10.1.0.53'], search: ['corp.example'] };
const SPLIT = { servers: ['10.1.0.53'], match: ['corp.example'], search: ['lab.test'] };
const THEIRS = '# by hand\nnameserver 192.168.7.1\nsearch home.lan\noptions edns0 timeout:1 attempts:1\n';

describe('names without anybody who governs resolv.conf', { skip: NetLab.unavailable() }, () => {
  let lab: DnsLab;
  before(async () => {
    lab = new DnsLab('dns');
    await lab.start();
  });
  after(() => lab.destroy());
  beforeEach(() => {
    lab.machine.sh('umount /etc/resolv.conf || true; rm -f /etc/resolv.conf');
    lab.machine.write('/etc/resolv.conf', THEIRS);
    lab.machine.sh('chown 7:8 /etc/resolv.conf; chmod 0640 /etc/resolv.conf');
    lab.officeServer.heard.length = 0;
    lab.lanServer.heard.length = 0;
  });

  afterEach(() => lab.tidy());

  function picture(): string {
    return lab.machine.sh(
      'ls -lan --time-style=+ /etc | grep resolv; cat /etc/resolv.conf; ls -A /var/lib/causeway/dns /run; ss -Hlnt; ss -Hlnu',
    );
  }

  test('a full tunnel asks the office alone, and a capture of the other link sees nothing', async () => {
    lab.machine.sh('mkdir -p -m 700 /var/lib/causeway/dns');
    const before = picture();
    assert.deepEqual(lab.lookUp('www.public.example'), ['198.51.100.180']);
    const holder = lab.hold(FULL);
    const left = await lab.leaving(async () => {
      await holder.says('applied');
      assert.deepEqual(lab.lookUp('www.public.example'), ['198.51.100.80']);
      assert.deepEqual(lab.lookUp('www'), ['10.1.0.80'], 'by the search domain');
      assert.deepEqual(lab.lookUp('printer.home.lan'), []);
      assert.equal(lab.lookUp('big.corp.example').length, 60, 'over TCP');
    });
    assert.deepEqual(left, []);
    assert.match(lab.machine.read('/etc/resolv.conf'), /^options edns0 timeout:1 attempts:1$/m);
    assert.equal(lab.machine.sh('stat -c "%u %g %a" /etc/resolv.conf'), '7 8 640\n');
    await holder.end();
    assert.equal(picture(), before);
    assert.deepEqual(lab.lookUp('www.public.example'), ['198.51.100.180']);
  });

  test('a split tunnel asks each the names that are theirs, and no program sees the difference', async () => {
    const holder = lab.hold(SPLIT);
    const left = await lab.leaving(async () => {
      await holder.says('applied');
      assert.deepEqual(lab.lookUp('www.corp.example'), ['10.1.0.80']);
      assert.deepEqual(lab.lookUp('www.corp.example', 'ahostsv6'), ['fd01::80']);
      assert.deepEqual(lab.lookUp('www.lab.test'), ['10.1.0.81']);
      assert.deepEqual(lab.lookUp('www.public.example'), ['198.51.100.180']);
      assert.deepEqual(lab.lookUp('nothing.corp.example.'), []);
    });
    assert.ok(left.length > 0, 'the capture sees what is meant to leave');
    for (const line of left) assert.match(line, /www\.public\.example/);
    await waitFor(() => lab.officeServer.names().length === 3, 5_000, 'what the office heard');
    assert.deepEqual(lab.officeServer.names(), ['nothing.corp.example', 'www.corp.example', 'www.lab.test']);
    assert.deepEqual(lab.lanServer.names(), ['www.public.example']);
    await holder.end();
    assert.equal(lab.machine.read('/etc/resolv.conf'), THEIRS);
  });

  test('long answers come over TCP, both ways', async () => {
    const holder = lab.hold(SPLIT);
    await holder.says('applied');
    assert.equal(lab.lookUp('big.corp.example').length, 60);
    assert.equal(lab.lookUp('big.public.example').length, 60);
    for (const server of [lab.officeServer, lab.lanServer]) {
      await waitFor(() => server.heard.some(({ transport }) => transport === 'tcp'), 5_000, 'TCP');
      assert.equal(server.heard[0]?.transport, 'udp');
    }
    await holder.end();
  });

  test('the ways are held: what is for the tunnel does not leave beside it, what is not does not enter', async () => {
    const holder = lab.hold(SPLIT);
    await holder.says('applied');
    // A network that claims the office's addresses, and one whose name server is at an address of the office.
    lab.laptop.ip('route', 'replace', '10.1.0.0/16', 'via', '192.168.7.1');
    lab.lan.ip('address', 'add', '10.1.0.53/32', 'dev', 'lo');
    const left = await lab.leaving(async () => {
      for (const name of ['www.corp.example', 'big.corp.example']) {
        assert.ok(lab.lookUp(name).length > 0, name);
        await Promise.resolve();
      }
    });
    assert.deepEqual(left, []);
    lab.laptop.ip('route', 'replace', '10.1.0.0/16', 'dev', 'causeway0');
    // Everything would go into the tunnel; only what is marked does not.
    lab.laptop.ip('route', 'add', '192.168.7.1/32', 'dev', 'causeway0', 'table', '100');
    lab.laptop.ip('rule', 'add', 'pref', '100', 'not', 'fwmark', '0xca75', 'lookup', '100');
    lab.lanServer.heard.length = 0;
    assert.deepEqual(lab.lookUp('www.public.example'), ['198.51.100.180']);
    assert.equal(lab.lookUp('big.public.example').length, 60, 'over TCP too');
    lab.laptop.ip('rule', 'del', 'pref', '100');
    lab.lan.ip('address', 'del', '10.1.0.53/32', 'dev', 'lo');
    await holder.end();
  });

  test('a name server that has port 53 at every address is gone around', async () => {
    const script =
      'import socket, time\n' +
      'for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):\n' +
      " s = socket.socket(socket.AF_INET, kind); s.bind(('0.0.0.0', 53)); globals()[str(kind)] = s\n" +
      ' if kind == socket.SOCK_STREAM: s.listen()\n' +
      "print('ready', flush=True); time.sleep(60)\n";
    const other = lab.machine.spawn(['/usr/bin/python3', '-c', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise((resolve) => other.stdout?.once('data', resolve));
    try {
      const holder = lab.hold(SPLIT);
      await holder.says('applied');
      assert.deepEqual(lab.lookUp('www.corp.example'), ['10.1.0.80']);
      assert.deepEqual(lab.lookUp('www.public.example'), ['198.51.100.180']);
      assert.equal(lab.lookUp('big.corp.example').length, 60, 'over TCP');
      await holder.end();
      assert.equal(lab.laptop.run(['/usr/sbin/nft', 'list', 'ruleset']), '');
    } finally {
      other.kill();
    }
  });

  test('addresses are told before programs have them, with the names that they go by', async () => {
    const holder = lab.hold({ ...FULL, follows: true });
    await holder.says('applied');
    assert.deepEqual(lab.lookUp('video.public.example'), ['198.51.100.90']);
    await holder.says({
      name: 'video.public.example',
      aliases: ['edge.cdn.example'],
      address: '198.51.100.90',
    });
    assert.deepEqual(lab.lanServer.heard, []);
    await holder.end();
  });

  test('a DHCP client that writes the file gets its own back, and the tunnel stays asked', async () => {
    const holder = lab.hold(FULL);
    await holder.says('applied');
    const dhcp = 'nameserver 192.168.7.9\nsearch cafe.lan\n';
    const left = await lab.leaving(async () => {
      lab.machine.sh('cat > /etc/resolv.conf.new && mv /etc/resolv.conf.new /etc/resolv.conf', dhcp);
      await holder.says({ event: 'dns-applied-again' });
      assert.deepEqual(lab.lookUp('www.public.example'), ['198.51.100.80']);
      // In place, as some write it.
      lab.machine.write('/etc/resolv.conf', dhcp.replace('cafe', 'hotel'));
      await holder.says({ event: 'dns-applied-again' });
      assert.deepEqual(lab.lookUp('www.public.example'), ['198.51.100.80']);
    });
    assert.deepEqual(left, []);
    assert.match(lab.machine.read('/etc/resolv.conf'), /^search corp\.example hotel\.lan$/m);
    await holder.end();
    assert.equal(lab.machine.read('/etc/resolv.conf'), dhcp.replace('cafe', 'hotel'));
  });

  test('links are followed to where only root writes, and replaced where others do', async () => {
    lab.machine.sh('mkdir -p /run/manager /run/free && chmod 777 /run/free');
    for (const [place, isFollowed] of [
      ['/run/manager/resolv.conf', true],
      ['/run/free/resolv.conf', false],
      ['/run/nowhere/resolv.conf', false],
    ] as const) {
      lab.machine.sh(`rm /etc/resolv.conf; ln -s ..${place} /etc/resolv.conf`);
      if (!place.includes('nowhere')) lab.machine.write(place, THEIRS);
      const before = lab.machine.sh('ls -lan --time-style=+ /etc/resolv.conf; cat /etc/resolv.conf || true');
      const holder = lab.hold(FULL);
      await holder.says('applied');
      assert.equal(
        lab.machine.exec(['/usr/bin/test', '-L', '/etc/resolv.conf']).status === 0,
        isFollowed,
        place,
      );
      assert.deepEqual(lab.lookUp('www.public.example'), ['198.51.100.80']);
      if (place.includes('free')) assert.equal(lab.machine.read(place), THEIRS, 'nothing is written there');
      await holder.end();
      const now = lab.machine.sh('ls -lan --time-style=+ /etc/resolv.conf; cat /etc/resolv.conf || true');
      assert.equal(now, before, place);
    }
  });

  test('a file that is mounted there, as containers have it, is written in place', async () => {
    lab.machine.write('/run/mounted', THEIRS);
    lab.machine.sh('mount --bind /run/mounted /etc/resolv.conf');
    const holder = lab.hold(FULL);
    await holder.says('applied');
    assert.deepEqual(lab.lookUp('www.public.example'), ['198.51.100.80']);
    lab.machine.write('/run/mounted', 'nameserver 192.168.7.9\n');
    await holder.says({ event: 'dns-applied-again' });
    assert.deepEqual(lab.lookUp('www.public.example'), ['198.51.100.80']);
    await holder.end();
    assert.equal(lab.machine.read('/run/mounted'), 'nameserver 192.168.7.9\n');
    lab.machine.sh('umount /etc/resolv.conf');
  });

  test('a file that nobody may change is a failure that says so', async () => {
    lab.machine.sh(
      'mount --bind /etc/resolv.conf /etc/resolv.conf; mount -o remount,ro,bind /etc/resolv.conf',
    );
    const holder = lab.hold(FULL);
    await waitFor(() => holder.said.length > 0, 10_000, 'an answer');
    const [said] = holder.said as { code: string; context: Record<string, string> }[];
    assert.equal(said?.code, 'platform.dns-failed');
    assert.match(said.context['detail'] ?? '', /EROFS/);
    await holder.end();
    lab.machine.sh('umount /etc/resolv.conf');
    assert.equal(lab.machine.read('/etc/resolv.conf'), THEIRS);
  });

  test('another name server at our very address is gone around, and has it back', async () => {
    const squatter = lab.machine.spawn([
      process.execPath,
      '-e',
      'require("dgram").createSocket("udp4").bind(53,"127.0.83.53",()=>console.log("ready"))',
    ]);
    await new Promise((resolve) => squatter.stdout?.once('data', resolve));
    const holder = lab.hold(SPLIT);
    await holder.says('applied');
    assert.deepEqual(lab.lookUp('www.corp.example'), ['10.1.0.80']);
    await holder.end();
    squatter.kill();
    assert.equal(lab.machine.read('/etc/resolv.conf'), THEIRS);
    assert.equal(lab.laptop.run(['/usr/sbin/nft', 'list', 'ruleset']), '');
  });

  test('wherever a process is killed, the next one finds out and leaves no trace', async () => {
    lab.machine.sh('mkdir -p -m 700 /var/lib/causeway/dns');
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
    assert.ok(points >= 6, `${points} points`);
  });

  test('a file that was rewritten after a crash is left alone: a package that was upgraded, say', async () => {
    const holder = lab.hold(FULL);
    await holder.says('applied');
    holder.child.kill('SIGKILL');
    await holder.over();
    lab.machine.write('/etc/resolv.conf', 'nameserver 192.168.7.9\n');
    await new DnsHolder(lab.machine, 'all', 'repair').over();
    assert.equal(lab.machine.read('/etc/resolv.conf'), 'nameserver 192.168.7.9\n');
    assert.equal(lab.machine.sh('ls -A /var/lib/causeway/dns'), '');
  });

  test('symlink and path games: a journal that others could have written, or a link, moves nothing', async () => {
    const journal = { version: 1, owner: { pid: 1, startTicks: 1 }, boot: 'x', steps: [] };
    const name = `net-${lab.machine.sh('readlink /proc/self/ns/net').replace(/\D/g, '')}.json`;
    for (const plant of [
      `ln -s /root/journal.json /var/lib/causeway/dns/${name}`,
      `cp /root/journal.json /var/lib/causeway/dns/${name}; chmod 0666 /var/lib/causeway/dns/${name}`,
      `cp /root/journal.json /var/lib/causeway/dns/${name}; chown 1000 /var/lib/causeway/dns/${name}`,
    ]) {
      lab.machine.sh('mkdir -p -m 700 /var/lib/causeway/dns; mount -t tmpfs tmpfs /root');
      lab.machine.write('/root/journal.json', JSON.stringify(journal));
      lab.machine.sh(plant);
      const repair = new DnsHolder(lab.machine, 'all', 'repair');
      await repair.over();
      assert.equal((repair.said[0] as { ok: boolean }).ok, false, plant);
      assert.equal(lab.machine.read('/etc/resolv.conf'), THEIRS);
      lab.machine.sh(`rm -f /var/lib/causeway/dns/${name}; umount /root`);
    }
  });
});
