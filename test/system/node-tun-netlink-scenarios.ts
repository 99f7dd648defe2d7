import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { clocks, NetlinkSocket } from '../../core/node-tun/index.ts';
import { ip } from './node-tun-support.ts';
import type { Scenario } from './node-tun-support.ts';

/** RTMGRP_LINK | RTMGRP_IPV4_IFADDR. */
const GROUPS = 0x11;
const MESSAGE_TYPE = 4;
const [NEW_LINK, GET_LINK, NEW_ADDRESS] = [16, 18, 20];
const MULTI_PART_END = 3;

/** A request for all links: the header, and a struct ifinfomsg of zeros. */
function linkDump(): Uint8Array {
  const octets = new Uint8Array(32);
  const fields = new Uint16Array(octets.buffer);
  fields.set([32, 0, GET_LINK, 0x301]);
  return octets;
}

/** The type of the first message of each datagram that waits. */
function waitingTypes(socket: NetlinkSocket, into = new Uint8Array(65_536)): number[] {
  const types: number[] = [];
  while (socket.receive(into) > 0) types.push(new Uint16Array(into.buffer)[MESSAGE_TYPE / 2] ?? 0);
  return types;
}

/** Resolves at the next readable event. */
function readable(socket: NetlinkSocket): Promise<void> {
  return new Promise((resolve) =>
    socket.onReadable(() => {
      socket.onReadable(undefined);
      resolve();
    }),
  );
}

export const NETLINK_SCENARIOS: Record<string, Scenario> = {
  'netlink-dump': () => {
    const socket = NetlinkSocket.open();
    assert.equal(socket.receive(new Uint8Array(100)), 0);
    socket.send(linkDump());
    const types = waitingTypes(socket);
    assert.equal(types[0], NEW_LINK);
    assert.equal(types.at(-1), MULTI_PART_END);
    socket.close();
    assert.throws(() => socket.send(linkDump()), { code: 'EBADF' });
    assert.throws(() => socket.receive(new Uint8Array(100)), { code: 'EBADF' });
    socket.close();
  },

  'netlink-events': async () => {
    const socket = NetlinkSocket.open({ groups: GROUPS });
    ip('link', 'add', 'cwn0', 'type', 'veth', 'peer', 'name', 'cwn1');
    await readable(socket);
    assert.ok(waitingTypes(socket).includes(NEW_LINK));
    ip('address', 'add', '10.66.0.1/24', 'dev', 'cwn0');
    await readable(socket);
    assert.deepEqual(waitingTypes(socket), [NEW_ADDRESS]);
    socket.close();
    ip('link', 'delete', 'cwn0');
  },

  /** More messages than the buffer holds: told once, by the callback too, and then the socket works on. */
  'netlink-overflow': async () => {
    const socket = NetlinkSocket.open({ groups: GROUPS, receiveBuffer: 2048 });
    ip('link', 'add', 'cwn0', 'type', 'veth', 'peer', 'name', 'cwn1');
    for (let i = 0; i < 20; i++) {
      ip('address', 'add', `10.66.${i}.1/24`, 'dev', 'cwn0');
    }
    await readable(socket);
    assert.throws(() => waitingTypes(socket), { code: 'ENOBUFS', syscall: 'recvmsg' });
    waitingTypes(socket);
    ip('address', 'add', '10.67.0.1/24', 'dev', 'cwn0');
    await readable(socket);
    assert.deepEqual(waitingTypes(socket), [NEW_ADDRESS]);
    ip('address', 'add', '10.68.0.1/24', 'dev', 'cwn0');
    assert.throws(() => socket.receive(new Uint8Array(16)), { code: 'ENOBUFS' }, 'cut off is lost too');
    socket.close();
    ip('link', 'delete', 'cwn0');
  },

  /** With the privilege another process may send to any netlink socket. */
  'netlink-forged': () => {
    const socket = NetlinkSocket.open({ groups: GROUPS });
    const forge = `import socket, sys
s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
print(s.sendto(bytes(32), (${process.pid}, 0)))`;
    const done = spawnSync('python3', ['-c', forge], { encoding: 'utf8' });
    assert.equal(done.stdout.trim(), '32', done.stderr);
    assert.equal(socket.receive(new Uint8Array(100)), 0);
    socket.close();
  },

  clocks: async () => {
    // However long this process is kept from running between two lines, what the clocks say lies between what it saw.
    const begun = performance.now();
    const first = clocks();
    const after = performance.now();
    await new Promise((resolve) => setTimeout(resolve, 20));
    const before = performance.now();
    const second = clocks();
    const done = performance.now();
    assert.ok(Math.abs(second.realtimeMs - Date.now()) < 1_000);
    assert.ok(Math.abs(second.monotonicMs - Number(process.hrtime.bigint() / 1_000_000n)) < 1_000);
    for (const clock of ['monotonicMs', 'boottimeMs'] as const) {
      const passed = second[clock] - first[clock];
      assert.ok(passed > before - after - 2 && passed < done - begun + 2, `${clock}: ${passed}`);
    }
    assert.ok(second.boottimeMs >= second.monotonicMs);
  },
};
