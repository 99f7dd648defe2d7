import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { appendPacket, newBatch } from '../../core/net/batch.ts';
import { TunDevice, UdpSocket } from '../../core/node-tun/index.ts';
import { endpoint, openTun } from './node-tun-support.ts';
import type { Scenario } from './node-tun-support.ts';

/** Opening, closing, collecting, and the event loop. */
export const LIFE_SCENARIOS: Record<string, Scenario> = {
  'no-descriptor-leaks': () => {
    const open = (): number => readdirSync('/proc/self/fd').length;
    UdpSocket.open({ family: 4 }).close();
    const before = open();
    for (let i = 0; i < 10_000; i++) {
      const socket = UdpSocket.open({ family: i % 2 === 0 ? 4 : 6 });
      if (i % 3 === 0) socket.onReadable(() => undefined);
      socket.close();
      socket.close();
    }
    for (let i = 0; i < 30; i++) TunDevice.open({ name: 'cwl%d' }).close();
    for (let i = 0; i < 100; i++) {
      assert.throws(() => UdpSocket.open({ family: 4, device: 'nosuch0' }), { code: 'ENODEV' });
      assert.throws(() => UdpSocket.open({ family: 4, localAddress: Uint8Array.of(203, 0, 113, 1) }), {
        code: 'EADDRNOTAVAIL',
      });
    }
    assert.equal(open(), before);
  },

  /** Sockets that nobody closed and nobody refers to are closed when they are collected. */
  'collected-without-close': async () => {
    const open = (): number => readdirSync('/proc/self/fd').length;
    UdpSocket.open({ family: 4 }).close();
    const before = open();
    // In a function of its own, or the stack could still refer to the last one.
    const openAndForget = (): void => {
      const socket = UdpSocket.open({ family: 4 });
      socket.onReadable(() => undefined);
      socket.onReadable(undefined);
    };
    for (let i = 0; i < 100; i++) openAndForget();
    assert.equal(open(), before + 100);
    for (let i = 0; i < 50 && open() > before; i++) {
      globalThis.gc?.();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    assert.equal(open(), before);
  },

  /** A watched socket outlives every reference to it. */
  'watched-is-kept': async () => {
    const to = ((): Uint8Array => {
      const socket = UdpSocket.open({ family: 4, localAddress: Uint8Array.of(127, 0, 0, 1) });
      const batch = newBatch(1, 100, 0);
      socket.onReadable(() => {
        socket.receive(batch, new Uint8Array(20));
        socket.close();
      });
      return endpoint([127, 0, 0, 1], socket.localPort);
    })();
    for (let i = 0; i < 5; i++) {
      globalThis.gc?.();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    const out = newBatch(1, 100, 0);
    appendPacket(out, new Uint8Array(1));
    const sender = UdpSocket.open({ family: 4 });
    sender.send(out, to);
    sender.close();
  },

  /** Closing with data waiting, in and outside the callback. Ends by itself: nothing keeps the loop alive. */
  'close-while-readable': async () => {
    const local = { family: 4, localAddress: Uint8Array.of(127, 0, 0, 1) } as const;
    const sender = UdpSocket.open(local);
    const out = newBatch(8, 100, 0);
    for (let i = 0; i < 8; i++) appendPacket(out, new Uint8Array(10));
    const quiet = UdpSocket.open(local);
    quiet.onReadable(() => assert.fail('it was closed before the loop turned'));
    sender.send(out, endpoint([127, 0, 0, 1], quiet.localPort));
    quiet.close();
    const inside = UdpSocket.open(local);
    let calls = 0;
    const closed = new Promise<void>((resolve) => {
      inside.onReadable(() => {
        calls++;
        inside.close();
        // The number of the descriptor is free again at once: a stale watcher would now see this socket.
        const next = UdpSocket.open(local);
        sender.send(out, endpoint([127, 0, 0, 1], next.localPort));
        setTimeout(() => {
          next.close();
          resolve();
        }, 30);
      });
      inside.onWritable(() => assert.fail('closed by the readable callback before'));
    });
    sender.send(out, endpoint([127, 0, 0, 1], inside.localPort));
    await closed;
    assert.equal(calls, 1);
    sender.close();
    const tun = openTun('10.44.0.1/24');
    tun.onReadable(() => tun.close());
    const socket = UdpSocket.open({ family: 4 });
    socket.send(out, endpoint([10, 44, 0, 9], 7));
    socket.close();
  },

  'writable-is-called-once': async () => {
    const socket = UdpSocket.open({ family: 4 });
    let calls = 0;
    socket.onReadable(() => undefined);
    await new Promise<void>((resolve) => {
      socket.onWritable(() => {
        calls++;
        setTimeout(resolve, 30);
      });
    });
    assert.equal(calls, 1);
    await new Promise<void>((resolve) => socket.onWritable(resolve));
    socket.close();
  },

  'callback-that-throws': async () => {
    const socket = UdpSocket.open({ family: 4 });
    const caught = new Promise<Error>((resolve) => process.once('uncaughtException', resolve));
    const order: string[] = [];
    socket.onWritable(() => {
      queueMicrotask(() => order.push('microtask'));
      throw new Error('from the callback');
    });
    const error = await caught;
    assert.equal(error.message, 'from the callback');
    assert.deepEqual(order, ['microtask']);
    socket.close();
  },

  /** Workers with watched devices: ended by themselves, ended by terminate(), several at once. */
  workers: async () => {
    const source = `
      const { parentPort, workerData } = require('node:worker_threads');
      import(workerData).then(({ UdpSocket, TunDevice }) => {
        const socket = UdpSocket.open({ family: 4, localAddress: Uint8Array.of(127, 0, 0, 1) });
        const tun = TunDevice.open({ name: 'cww%d' });
        const closed = UdpSocket.open({ family: 4 });
        closed.onReadable(() => undefined);
        tun.onReadable(() => undefined);
        const batch = { slab: new Uint8Array(1000), offsets: new Uint32Array(1), lengths: new Uint32Array(1),
          count: 0, capacity: 1, slot: 1000, headroom: 0 };
        socket.onReadable(() => { socket.receive(batch, new Uint8Array(20)); parentPort.postMessage('got'); });
        parentPort.postMessage(socket.localPort);
        parentPort.on('message', () => { closed.close(); process.exit(0); });
      });`;
    const before = readdirSync('/proc/self/fd').length;
    const url = new URL('../../core/node-tun/index.ts', import.meta.url).href;
    const sender = UdpSocket.open({ family: 4 });
    const out = newBatch(1, 100, 0);
    appendPacket(out, new Uint8Array(10));
    for (let round = 0; round < 3; round++) {
      const workers = [0, 1, 2].map(() => new Worker(source, { eval: true, workerData: url }));
      const opened = workers.map((worker) => once(worker, 'message') as Promise<[number]>);
      for (const [i, worker] of workers.entries()) {
        const [port] = (await opened[i]) ?? [0];
        const got = once(worker, 'message');
        sender.send(out, endpoint([127, 0, 0, 1], port));
        assert.deepEqual(await got, ['got']);
      }
      const ended = workers.map((worker) => once(worker, 'exit'));
      workers[0]?.postMessage('end');
      await Promise.all([workers[1]?.terminate(), workers[2]?.terminate(), ...ended]);
    }
    sender.close();
    assert.equal(readdirSync('/sys/class/net').filter((name) => name.startsWith('cww')).length, 0);
    // Starting a worker opens descriptors for the process once and for all; a leak would grow with each one.
    assert.ok(readdirSync('/proc/self/fd').length < before + 9);
  },

  'unprivileged-is-refused': () => {
    process.setgid?.(65534);
    process.setuid?.(65534);
    assert.throws(
      () => TunDevice.open({ name: 'cwno' }),
      (error: { code: string }) => {
        return error.code === 'EACCES' || error.code === 'EPERM';
      },
    );
    assert.throws(() => UdpSocket.open({ family: 4, mark: 1 }), { code: 'EPERM', syscall: 'SO_MARK' });
    assert.throws(() => UdpSocket.open({ family: 4, localPort: 500 }), { code: 'EACCES', syscall: 'bind' });
    UdpSocket.open({ family: 4, receiveBuffer: 1 << 24 }).close();
  },
};
