import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, describe, test } from 'node:test';
import { buildAddon } from '../../build/addon.ts';
import { NetLab } from '../support/netns.ts';
import type { Namespace } from '../support/netns.ts';

const CHILD = fileURLToPath(new URL('node-tun-child.ts', import.meta.url));

/** Runs a scenario of node-tun-child.ts to its end; ending is part of what it proves. */
async function holds(ns: Namespace, ...scenario: readonly string[]): Promise<void> {
  const argv = [process.execPath, '--expose-gc', CHILD, ...scenario];
  const { status, stderr } = await ns.execAsync(argv, { timeoutMs: 20_000 });
  assert.equal(status, 0, stderr);
}

describe('the addon in a network namespace', { skip: NetLab.unavailable() }, () => {
  const lab = NetLab.create('nodetun');
  after(() => lab.destroy());
  const alone = lab.namespace('alone');
  const a = lab.namespace('a');
  const b = lab.namespace('b');
  lab.link(a, b, { addrA: ['10.1.0.1/24', 'fd01::1/64'], addrB: ['10.1.0.2/24', 'fd01::2/64'] });
  lab.link(a, b, { addrA: ['10.2.0.1/24'], addrB: ['10.2.0.2/24'] });
  const far = lab.namespace('far');
  lab.link(b, far, { addrA: ['10.3.0.1/24'], addrB: ['10.3.0.2/24'], mtu: 1300 });
  lab.forward(b);
  // How long a neighbour is looked for before its host counts as not there.
  b.sysctl('net.ipv4.neigh.eth2.retrans_time_ms', 50);
  lab.route(a, '10.3.0.0/24', 'via', '10.1.0.2');
  lab.route(far, 'default', 'via', '10.3.0.1');

  for (const [scenario, sentence] of [
    ['tun-kernel-answers-ping', 'a batch of pings written to a TUN device comes back answered by the kernel'],
    ['tun-answers-the-kernel', 'what the kernel sends into a TUN device is answered from TypeScript'],
    ['tun-long-packets-are-dropped', 'a packet longer than its slot is dropped and counted, never cut'],
    ['tun-icmp-flood', 'a flood of ICMP errors fails nothing, and only its end is kept'],
    ['tun-deleted-under-us', 'an interface that somebody deletes makes reading fail, and the loop rest'],
    ['tun-name-is-taken', 'an interface is never shared, refuses packets while down, and goes when closed'],
    ['no-descriptor-leaks', 'ten thousand sockets opened and closed leave no descriptor behind'],
    ['collected-without-close', 'a socket that is collected without having been closed is closed'],
    ['watched-is-kept', 'a watched socket lives until it is closed, whoever refers to it'],
    ['close-while-readable', 'closing while data waits ends the callbacks, and the process ends by itself'],
    ['writable-is-called-once', 'the writable callback is called once for each time that it is set'],
    ['callback-that-throws', 'what a callback throws is an uncaught exception, after its microtasks'],
    ['workers', 'worker threads have devices of their own, which go when the thread ends or is ended'],
    ['udp-ecn', 'congestion marks go out and come in with their datagrams, over both families'],
    ['netlink-dump', 'a dump over netlink can be read whole at once, and a closed socket refuses'],
    ['netlink-events', 'what happens to links and addresses wakes whoever watches'],
    ['netlink-overflow', 'messages that were lost are told by name, and what comes after arrives'],
    ['netlink-forged', 'what another process sends to a netlink socket is not read'],
    ['clocks', 'three clocks are read at once and tell the same time'],
    ['unprivileged-is-refused', 'without privilege TUN, marks and low ports are refused by name'],
  ] as const) {
    test(sentence, () => holds(alone, scenario));
  }

  for (const family of ['4', '6'] as const) {
    describe(`over IPv${family}`, () => {
      const echo = b.spawn([process.execPath, CHILD, 'udp-echo', family], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const ready = new Promise((resolve) => echo.stdout?.once('data', resolve));
      after(() => echo.kill('SIGKILL'));

      test('sixty-four datagrams of thousands of octets go out and come back whole and in order', async () => {
        await ready;
        await holds(a, 'udp-batch', family);
      });

      test('a closed port is told apart by the error queue, and the socket works on', async () => {
        await ready;
        await holds(a, 'udp-port-closed', family);
      });
    });
  }

  test('a path with a smaller MTU is reported with the MTU', () => holds(a, 'udp-path-mtu'));

  test('no route is an error at once, a host that is not there a report later', () =>
    holds(a, 'udp-unreachable'));

  test('the mark is on the packets', async () => {
    a.nft(`table inet marks {
      chain out {
        type filter hook output priority filter;
        udp dport 7001 meta mark 0xca75 counter name marked
        udp dport 7001 meta mark != 0xca75 counter name unmarked
      }
      counter marked {}
      counter unmarked {}
    }\n`);
    const packets = (name: string): number =>
      Number(/packets (\d+)/.exec(a.run(['/usr/sbin/nft', 'list', 'counter', 'inet', 'marks', name]))?.[1]);
    await holds(a, 'udp-send-one', JSON.stringify({ family: 4, mark: 0xca75 }), '7001');
    assert.deepEqual([packets('marked'), packets('unmarked')], [1, 0]);
    await holds(a, 'udp-send-one', JSON.stringify({ family: 4 }), '7001');
    assert.deepEqual([packets('marked'), packets('unmarked')], [1, 1]);
  });

  test('a socket that is bound to a device sends by it, whatever the routes say', async () => {
    a.nft(`table inet bound {
      chain out {
        type filter hook postrouting priority filter;
        udp dport 7002 oifname "eth0" counter name zero
        udp dport 7002 oifname "eth1" counter name one
      }
      counter zero {}
      counter one {}
    }\n`);
    const packets = (name: string): number =>
      Number(/packets (\d+)/.exec(a.run(['/usr/sbin/nft', 'list', 'counter', 'inet', 'bound', name]))?.[1]);
    await holds(a, 'udp-send-one', JSON.stringify({ family: 4 }), '7002');
    assert.deepEqual([packets('zero'), packets('one')], [1, 0]);
    // 10.1.0.2 is not on eth1: the neighbour is told here, so that the packet leaves without waiting.
    a.ip('neighbour', 'replace', '10.1.0.2', 'lladdr', '02:00:00:00:00:01', 'dev', 'eth1');
    await holds(a, 'udp-send-one', JSON.stringify({ family: 4, device: 'eth1' }), '7002');
    assert.deepEqual([packets('zero'), packets('one')], [1, 1]);
  });

  test('the local address for a destination follows routes, mark and device', async () => {
    lab.route(a, '10.9.0.0/16', 'via', '10.1.0.2');
    lab.route(a, '10.9.0.0/16', 'via', '10.2.0.2', 'table', '77');
    a.ip('rule', 'add', 'fwmark', '7', 'lookup', '77');
    await holds(a, 'udp-local-address');
  });
});

test('the addon is built anew only when something that it is made of changed', () => {
  const directory = mkdtempSync(join(tmpdir(), 'cw-addon-'));
  try {
    const first = buildAddon({ outDirectory: directory });
    assert.equal(first.built, true);
    const made = statSync(first.file).mtimeMs;
    assert.deepEqual(buildAddon({ outDirectory: directory }), { file: first.file, built: false });
    assert.equal(statSync(first.file).mtimeMs, made);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
