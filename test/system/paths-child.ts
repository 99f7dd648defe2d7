import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { silent, type Millis } from '../../core/lib/ports.ts';
import { err } from '../../core/lib/result.ts';
import { failure } from '../../core/lib/failure.ts';
import type { Path } from '../../core/ike/events.ts';
import { formatAddress } from '../../core/net/address.ts';
import { appendPacket, newBatch } from '../../core/net/batch.ts';
import { ENDPOINT_OCTETS, UdpSocket } from '../../core/node-tun/index.ts';
import { openUdp } from '../../core/platform/linux/devices.ts';
import { openNetworkMonitor } from '../../core/platform/linux/network-monitor.ts';
import { decodeEndpoint } from '../../core/vpn/endpoint.ts';
import type { ConnectionPorts } from '../../core/vpn/ports.ts';
import { NO_NAT } from '../support/scripted-session.ts';
import { GATEWAY, ip as address, pathWords, ScriptedDriver } from '../support/scripted-wire.ts';
import { ip } from './node-tun-support.ts';

/*
 * The two ends of a laptop's paths, each in a namespace: `answer` is the gateway, which says to whoever sends it
 * something on port 4500 where that came from; `roam` is the laptop, whose links go and come.
 */

const PORT = 4500;
const GATEWAY_6 = address('2001:db8:ffff::1');
/** Longer than the networks take to be noticed, by far. */
const PATIENCE_MS = 5_000;

function answer(): void {
  const batch = newBatch(8, 2048, 64);
  const from = new Uint8Array(8 * ENDPOINT_OCTETS);
  for (const { family, octets } of [GATEWAY, GATEWAY_6]) {
    // Bound to the gateway's address: it must answer from where it was asked.
    const socket = UdpSocket.open({ family, localAddress: octets, localPort: PORT });
    socket.onReadable(() => {
      socket.receive(batch, from);
      for (let i = 0; i < batch.count; i++) {
        const to = from.slice(i * ENDPOINT_OCTETS, (i + 1) * ENDPOINT_OCTETS);
        const at = batch.offsets[i] ?? 0;
        const reply = newBatch(1, 200, 0);
        appendPacket(reply, Uint8Array.of(...batch.slab.subarray(at, at + 4), ...to));
        socket.send(reply, to);
      }
    });
  }
  console.log('ready');
}

/** What a laptop has besides a tunnel, which nobody needs here. */
function portsHere(): ConnectionPorts {
  const monitor = openNetworkMonitor({ log: silent });
  assert.ok(monitor.ok);
  const none = failure('platform.no-tun');
  const nothing = (): Promise<never> => Promise.reject(new Error('nobody asks'));
  const now = (): Millis => performance.now();
  return {
    preflight: nothing,
    resolve: nothing,
    openUdp,
    openTun: () => err(none),
    routes: { apply: nothing, clear: nothing },
    network: monitor.value,
    clock: {
      now,
      epoch: () => Date.now(),
      at: (at, callback) => {
        const timer = setTimeout(callback, Math.max(0, at - now()));
        return () => clearTimeout(timer);
      },
    },
    random: (length) => new Uint8Array(randomBytes(length)),
    log: silent,
  };
}

async function until(what: string, holds: () => boolean): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (!holds()) {
    assert.ok(performance.now() < end, `never came to be: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Sends over a path; resolves with where the gateway saw that come from, when the answer came over the same one. */
async function seenAs({ session, hear, paths }: Laptop, id: number): Promise<string> {
  const { length } = session.received;
  const path = paths().find((one) => one.id === id) ?? id;
  session.send(path);
  hear();
  await until(`an answer over path ${id}`, () => session.received.length > length);
  const [got] = session.received.slice(length);
  assert.equal(got?.path, id);
  const { address: from, port } = decodeEndpoint(got.octets, 0);
  return `${formatAddress(from)} ${port}`;
}

interface Laptop extends Pick<ScriptedDriver, 'session' | 'driver'> {
  readonly hear: () => void;
  readonly paths: () => readonly Path[];
  readonly words: () => string[];
}

function laptop(ports: ConnectionPorts): Laptop {
  const one = new ScriptedDriver({ ports }, GATEWAY).established();
  const paths = (): readonly Path[] => one.session.paths ?? [];
  const words = (): string[] => paths().map(pathWords);
  return { session: one.session, driver: one.driver, hear: () => one.hear(), paths, words };
}

function bringUp(link: string, router: string, metric: number): void {
  ip('link', 'set', link, 'up');
  ip('route', 'replace', 'default', 'via', router, 'dev', link, 'metric', String(metric));
}

async function roam(): Promise<void> {
  const ports = portsHere();
  const one = laptop(ports);
  const { session, driver } = one;

  // The cable is better, and has the first path.
  assert.equal(pathWords(driver.path), '0 10.2.0.1 > 203.0.113.1');
  assert.equal(await seenAs(one, 0), '10.2.0.1 4500');

  // A second session beside it: other ports, and each hears its own answers.
  const two = laptop(ports);
  const other = await seenAs(two, 0);
  assert.ok(other.startsWith('10.2.0.1 ') && other !== '10.2.0.1 4500', other);
  assert.equal(session.received.length, 1);
  two.driver.close();

  // The cable is pulled.
  ip('link', 'set', 'eth0', 'down');
  await until('the Wi-Fi alone', () => one.words().join() === '1 10.1.0.1 > 203.0.113.1');
  assert.equal(await seenAs(one, 1), '10.1.0.1 4500');
  let esp: number | undefined;
  driver.carry({ onEsp: (_batch, path) => (esp = path), onChild: () => undefined, onPath: () => undefined });
  const [wifi] = one.paths();
  assert.ok(wifi);
  session.say({ kind: 'path', path: wifi, confirmed: true, nat: NO_NAT });
  one.hear();
  const batch = newBatch(1, 200, 0);
  appendPacket(batch, Uint8Array.of(1, 2, 3, 4));
  const to = Uint8Array.of(4, 0, PORT >> 8, PORT & 0xff, ...GATEWAY.octets, ...new Uint8Array(12));
  driver.espPath.udp.send(batch, to);
  await until('ESP over the new path', () => esp === 1);

  // It is plugged in again: both ways are there at once, each from its own address, by its own link.
  bringUp('eth0', '10.2.0.2', 100);
  await until('both', () => one.paths().length === 2);
  const [cable] = one.paths();
  assert.ok(cable && formatAddress(cable.local.address) === '10.2.0.1', one.words().join());
  assert.equal((await seenAs(one, cable.id)).split(' ')[0], '10.2.0.1');
  assert.equal(await seenAs(one, 1), '10.1.0.1 4500');

  // The gateway can be reached over IPv6 too, which only the Wi-Fi has.
  session.say({ kind: 'gateway-addresses', addresses: [GATEWAY_6] });
  one.hear();
  await until('IPv6', () => one.words().some((path) => path.endsWith(' fd01::1 > 2001:db8:ffff::1')));
  const sixth = one.paths().find(({ remote }) => remote.address.family === 6);
  assert.ok(sixth);
  assert.equal(await seenAs(one, sixth.id), 'fd01::1 4500');

  // No network at all, and the Wi-Fi again.
  ip('link', 'set', 'eth0', 'down');
  ip('link', 'set', 'wlan0', 'down');
  await until('no network', () => one.paths().length === 0);
  driver.espPath.udp.takeErrors();
  bringUp('wlan0', '10.1.0.2', 600);
  await until('the Wi-Fi', () => one.words().includes('1 10.1.0.1 > 203.0.113.1'));
  assert.equal(await seenAs(one, 1), '10.1.0.1 4500', 'the socket outlived it');

  driver.close();
  ports.network?.close();
}

if (process.argv[2] === 'answer') answer();
else await roam();
