import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { after, describe, test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { NetLab, waitFor, type Namespace } from '../support/netns.ts';
import type { Report } from './network-monitor-child.ts';

const CHILD = fileURLToPath(new URL('network-monitor-child.ts', import.meta.url));
const GATEWAY = '203.0.113.1';
const GATEWAY6 = '2001:db8:9::1';

/** Longer than the monitor waits for more, by far. */
const SETTLED_MS = 400;

interface Watch {
  readonly reports: Report[];
  readonly pid: number;
  /** Resolves with what was told last once it holds. */
  readonly until: (holds: (last: Report) => boolean, what: string) => Promise<Report>;
}

/** Starts a monitor in a namespace; resolves when it has said what there is. */
async function watch(t: TestContext, namespace: Namespace, ...args: readonly string[]): Promise<Watch> {
  const child = namespace.spawn([process.execPath, CHILD, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(async () => {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'close');
  });
  const reports: Report[] = [];
  assert.ok(child.stdout);
  createInterface(child.stdout).on('line', (line) => reports.push(JSON.parse(line) as Report));
  await waitFor(() => reports.length > 0, 20_000, 'the first report');
  return {
    reports,
    // `ip netns exec` becomes the command that it starts.
    pid: child.pid ?? assert.fail('no process'),
    until: async (holds, what) => {
      await waitFor(
        () => reports.some((_, i) => i === reports.length - 1 && holds(reports[i]!)),
        5_000,
        what,
      );
      return reports.at(-1)!;
    },
  };
}

const now = (): number => Number(process.hrtime.bigint()) / 1e6;

describe('the network monitor in a network namespace', { skip: NetLab.unavailable() }, () => {
  const lab = NetLab.create('netmon');
  after(() => lab.destroy());

  /** A laptop with cable and Wi-Fi. */
  const laptops = { count: 0 };
  function laptop(): { here: Namespace; cable: Namespace; wifi: Namespace } {
    const number = String(laptops.count++);
    const [here, cable, wifi] = ['l', 'c', 'w'].map((name) => lab.namespace(name + number));
    assert.ok(here && cable && wifi);
    // The other way round eth0 would have the number of lan0. Then the kernel takes it for a plain device, and tells of
    // the carriers of those once a second at most.
    lab.link(here, wifi, {
      names: ['wlan0', 'air0'],
      addrA: ['198.51.100.20/24'],
      addrB: ['198.51.100.1/24'],
    });
    lab.link(here, cable, { names: ['eth0', 'lan0'], addrA: ['192.0.2.10/24'], addrB: ['192.0.2.1/24'] });
    lab.route(here, 'default', 'via', '192.0.2.1', 'metric', '100');
    lab.route(here, 'default', 'via', '198.51.100.1', 'metric', '600');
    return { here, cable, wifi };
  }

  test('both networks are ways to the gateway, and links and routes take them away and bring them back', async (t) => {
    const { here } = laptop();
    const monitor = await watch(t, here, GATEWAY);
    const [cable, wifi] = ['eth0 192.0.2.10', 'wlan0 198.51.100.20'];
    assert.deepEqual(monitor.reports[0]?.sources, [cable, wifi]);

    here.ip('link', 'set', 'eth0', 'down');
    await monitor.until(({ sources }) => sources.join() === wifi, 'the cable to be gone');
    here.ip('link', 'set', 'eth0', 'up');
    lab.route(here, 'default', 'via', '192.0.2.1', 'metric', '100');
    await monitor.until(({ sources }) => sources.join() === `${cable},${wifi}`, 'the cable to be back');

    here.ip('route', 'change', 'default', 'via', '192.0.2.1', 'metric', '100', 'src', '192.0.2.10');
    lab.route(here, 'default', 'via', '198.51.100.1', 'metric', '50');
    await monitor.until(({ sources }) => sources.join() === `${wifi},${cable}`, 'Wi-Fi to be better');
    here.ip('route', 'del', 'default', 'metric', '100');
    await monitor.until(({ sources }) => sources.join() === wifi, 'the default route to be gone');

    here.ip('address', 'add', '192.0.2.99/24', 'dev', 'eth0');
    await monitor.until(({ addresses }) => addresses.includes('192.0.2.99'), 'the address');
    here.ip('address', 'del', '198.51.100.20/24', 'dev', 'wlan0');
    await monitor.until(({ sources }) => sources.length === 0, 'no way to be left');
  });

  test('a cable that is pulled at its other end is told within a quarter of a second', async (t) => {
    const { here, cable } = laptop();
    const monitor = await watch(t, here, GATEWAY);
    const pulledAt = now();
    cable.ip('link', 'set', 'lan0', 'down');
    const last = await monitor.until(({ sources }) => sources.length === 1, 'the carrier to be lost');
    assert.deepEqual(last.sources, ['wlan0 198.51.100.20']);
    assert.ok(last.monotonicMs - pulledAt < 250, `told after ${last.monotonicMs - pulledAt} ms`);
    cable.ip('link', 'set', 'lan0', 'up');
    await monitor.until(({ sources }) => sources.length === 2, 'the carrier to be back');
  });

  test('many changes in a row are told as one', async (t) => {
    const { here } = laptop();
    const monitor = await watch(t, here, GATEWAY);
    const lines = Array.from({ length: 50 }, (_, i) => `address add 10.9.${i}.1/24 dev eth0`);
    const began = now();
    here.run(['/usr/sbin/ip', '-batch', '-'], { input: lines.join('\n') });
    const tookMs = now() - began;
    await monitor.until(({ addresses }) => addresses.length >= 52, 'all addresses');
    await sleep(SETTLED_MS);
    // On a busy machine they may come over longer than the monitor keeps anything back for.
    const most = 2 + Math.floor(tookMs / 100);
    assert.ok(monitor.reports.length - 1 <= most, `${monitor.reports.length - 1} were told in ${tookMs} ms`);
  });

  test('what changes nothing for anybody is not told: a change taken back, and our own tunnel', async (t) => {
    const { here } = laptop();
    const monitor = await watch(t, here, GATEWAY);
    process.kill(monitor.pid, 'SIGSTOP');
    here.ip('address', 'add', '10.9.0.1/24', 'dev', 'eth0');
    here.ip('address', 'del', '10.9.0.1/24', 'dev', 'eth0');
    process.kill(monitor.pid, 'SIGCONT');
    here.ip('tuntap', 'add', 'causeway0', 'mode', 'tun');
    here.ip('link', 'set', 'causeway0', 'up');
    here.ip('address', 'add', '10.0.0.7/32', 'dev', 'causeway0');
    here.ip('route', 'add', 'default', 'dev', 'causeway0', 'table', '51510');
    here.ip('rule', 'add', 'not', 'fwmark', '0xca75', 'lookup', '51510', 'preference', '15511');
    here.ip('route', 'add', '10.0.0.0/8', 'dev', 'causeway0');
    await sleep(SETTLED_MS);
    assert.equal(monitor.reports.length, 1);
    here.ip('link', 'delete', 'causeway0');
    here.ip('link', 'set', 'wlan0', 'down');
    await monitor.until(({ addresses }) => addresses.join() === '192.0.2.10', 'something that counts');
  });

  test('an IPv6 address counts once nobody else was found to have it', async (t) => {
    const { here } = laptop();
    here.sysctl('net.ipv6.conf.eth0.accept_dad', 1);
    here.sysctl('net.ipv6.conf.eth0.dad_transmits', 1);
    lab.route(here, '2001:db8:9::/48', 'via', 'fe80::1', 'dev', 'eth0');
    const monitor = await watch(t, here, GATEWAY6);
    assert.deepEqual(monitor.reports[0]?.sources, []);
    here.ip('address', 'add', '2001:db8:1::10/64', 'dev', 'eth0');
    await monitor.until(({ sources }) => sources.join() === 'eth0 2001:db8:1::10', 'the address to count');
    const tentative = monitor.reports.find(({ addresses }) => addresses.includes('2001:db8:1::10'));
    assert.deepEqual(tentative?.sources, [], 'while it was tentative');
  });

  test('after messages were lost everything that happened is known', async (t) => {
    const { here } = laptop();
    const monitor = await watch(t, here, GATEWAY, '2048');
    process.kill(monitor.pid, 'SIGSTOP');
    const lines = Array.from({ length: 200 }, (_, i) => `address add 10.9.${i}.1/24 dev eth0`);
    here.run(['/usr/sbin/ip', '-batch', '-'], { input: [...lines, 'link set wlan0 down'].join('\n') });
    process.kill(monitor.pid, 'SIGCONT');
    const last = await monitor.until(({ sources }) => sources.join() === 'eth0 192.0.2.10', 'the end of it');
    assert.ok(last.overflows > 0, 'the buffer was too large for this test');
    assert.equal(last.addresses.length, 201);
    here.ip('link', 'set', 'wlan0', 'up');
    await monitor.until(({ addresses }) => addresses.includes('198.51.100.20'), 'what came after');
  });
});
