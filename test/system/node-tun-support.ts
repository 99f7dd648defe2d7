import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { ENDPOINT_OCTETS, TunDevice } from '../../core/node-tun/index.ts';
import type { UdpSocket } from '../../core/node-tun/index.ts';

/* What the scenarios of node-tun-child.ts share. */

/** One thing to prove inside a namespace; throws (or rejects) when it does not hold. */
export type Scenario = (...args: string[]) => Promise<void> | void;

const IP = '/usr/sbin/ip';
/** Octets of a slot that takes what the tests send. */
export const SLOT = 10_240;

export function endpoint(address: readonly number[], port: number): Uint8Array {
  const octets = new Uint8Array(ENDPOINT_OCTETS);
  octets[0] = address.length === 4 ? 4 : 6;
  octets[2] = port >> 8;
  octets[3] = port & 0xff;
  octets.set(address, 4);
  return octets;
}

export function v6(last: number): number[] {
  return [0xfd, 1, ...Array.from({ length: 13 }, () => 0), last];
}

export function ip(...args: readonly string[]): void {
  const done = spawnSync(IP, args, { encoding: 'utf8' });
  assert.equal(done.status, 0, `ip ${args.join(' ')}: ${done.stderr}`);
}

/** The 16-bit one's complement sum (RFC 1071) of a span, ready to be stored. */
function checksum(octets: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < octets.length; i += 2) sum += ((octets[i] ?? 0) << 8) | (octets[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

function icmpPacket(source: readonly number[], target: readonly number[], message: Uint8Array): Uint8Array {
  const packet = new Uint8Array(20 + message.length);
  const view = new DataView(packet.buffer);
  packet.set([0x45, 0]);
  view.setUint16(2, packet.length);
  packet.set([64, 1], 8);
  packet.set(source, 12);
  packet.set(target, 16);
  view.setUint16(10, checksum(packet.subarray(0, 20)));
  packet.set(message, 20);
  view.setUint16(22, checksum(packet.subarray(20)));
  return packet;
}

/** An IPv4 ICMP echo request from `source` to `target` with `count` octets of data. */
export function echoRequest(source: readonly number[], target: readonly number[], count: number): Uint8Array {
  const data = Uint8Array.from({ length: count }, (_, i) => i & 0xff);
  return icmpPacket(source, target, Uint8Array.of(8, 0, 0, 0, 0x12, 0x34, 0, 1, ...data));
}

/** What a host answers to a datagram (an IPv4 packet) for a port that nobody listens on. */
export function portUnreachable(host: readonly number[], datagram: Uint8Array): Uint8Array {
  const sender = [...datagram.subarray(12, 16)];
  return icmpPacket(host, sender, Uint8Array.of(3, 3, 0, 0, 0, 0, 0, 0, ...datagram.subarray(0, 28)));
}

/** Swaps the addresses and ports of an IPv4 UDP packet; both checksums stay right. */
export function turnAround(packet: Uint8Array): void {
  const copy = packet.slice(12, 24);
  packet.set(copy.subarray(4, 8), 12);
  packet.set(copy.subarray(0, 4), 16);
  packet.set(copy.subarray(10, 12), 20);
  packet.set(copy.subarray(8, 10), 22);
}

/** Calls `take` on each readable event until it says that it is done. */
export function readUntil(device: TunDevice | UdpSocket, take: () => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    device.onReadable(() => {
      try {
        if (!take()) return;
        device.onReadable(undefined);
        resolve();
      } catch (error) {
        device.onReadable(undefined);
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    });
  });
}

export function openTun(address: string): TunDevice {
  const tun = TunDevice.open({ name: 'cwt%d', mtu: 1400 });
  ip('link', 'set', tun.name, 'up');
  ip('address', 'add', address, 'dev', tun.name);
  return tun;
}
