/**
 * Loaded into a process before its program (`node --import`): everything by which that process can change the machine
 * is written down before it is done, and the process can be killed in place of any of it. Where it looks for its orders
 * is the environment: EFFECTS_ORDERS has the form of EffectsOrders.
 */
import child from 'node:child_process';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';
import type { EffectsOrders } from './effects.ts';

const orders = JSON.parse(process.env['EFFECTS_ORDERS'] ?? '{}') as Partial<EffectsOrders>;
const { existsSync, openSync, writeSync } = fs;
const record = orders.record === undefined ? undefined : openSync(orders.record, 'a', 0o600);
let left = orders.killAfter ?? Number.POSITIVE_INFINITY;
let isArmed = orders.armedBy === undefined;

/** Is about to happen; or, in the place where the process is to end, is not. */
function effect(what: string, input?: string): void {
  isArmed ||= orders.armedBy !== undefined && existsSync(orders.armedBy);
  if (!isArmed) return;
  const line = JSON.stringify({ what, ...(input === undefined ? {} : { input }) });
  if (record !== undefined) writeSync(record, `${line}\n`);
  if (left-- > 0) return;
  process.kill(process.pid, 'SIGKILL');
  // Another thread may be the one that takes the signal: this one goes no further.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

const CHANGING = [
  'chmodSync',
  'chownSync',
  'fchmodSync',
  'fchownSync',
  'fsyncSync',
  'ftruncateSync',
  'linkSync',
  'mkdirSync',
  'renameSync',
  'rmSync',
  'symlinkSync',
  'unlinkSync',
  'writeFileSync',
] as const;

type Anything = (...args: readonly unknown[]) => unknown;

for (const name of CHANGING) {
  const original = fs[name] as Anything;
  Object.assign(fs, {
    [name]: (...args: readonly unknown[]) => {
      const [subject, object] = args;
      const isText = typeof object === 'string';
      effect(`${name} ${String(subject)}`, isText ? object : undefined);
      return original(...args);
    },
  });
}

/** A program changes something when it has read its input, which it waits for; and then it has. */
const spawn = child.spawn as unknown as (
  path: string,
  args: readonly string[],
  options: child.SpawnOptions,
) => child.ChildProcess;
Object.assign(child, {
  spawn: (path: string, args: readonly string[], options: child.SpawnOptions) => {
    const words = [path, ...args].join(' ');
    const started = spawn(path, args, options);
    const { stdin } = started;
    if (stdin) {
      const end = stdin.end.bind(stdin) as Anything;
      Object.assign(stdin, {
        end: (input: unknown) => {
          if (input !== '') effect(`run ${words}`, String(input));
          return end(input);
        },
      });
    } else effect(`run ${words}`);
    started.once('close', () => effect(`ran ${words}`));
    return started;
  },
});

/** What a daemon of the system is asked for over a socket that we opened: that is a message bus. */
const createConnection = net.createConnection as unknown as Anything;
Object.assign(net, {
  createConnection: (...args: readonly unknown[]) => {
    const socket = createConnection(...args) as net.Socket;
    const write = socket.write.bind(socket) as Anything;
    const to = JSON.stringify(args[0]);
    return Object.assign(socket, {
      write: (...message: readonly unknown[]) => {
        effect(`send to ${to}`);
        return write(...message);
      },
    });
  },
});

/** What the kernel is asked for without a program between: interfaces, and what is not just a question over netlink. */
interface Addon {
  tunOpen: (...args: readonly unknown[]) => object;
  close: (handle: object) => void;
  netlinkSend: (handle: object, octets: Uint8Array) => void;
}

/** Of the four requests about a thing (rtnetlink(7)), the third one asks. */
const ASKS = 2;

function watchAddon(addon: Addon): void {
  const { tunOpen, close, netlinkSend } = addon;
  const devices = new Set<object>();
  addon.tunOpen = (...args) => {
    effect('open a tunnel device');
    const handle = tunOpen(...args);
    devices.add(handle);
    return handle;
  };
  addon.close = (handle) => {
    if (devices.delete(handle)) effect('close a tunnel device');
    close(handle);
  };
  addon.netlinkSend = (handle, octets) => {
    const type = Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength).readUInt16LE(4);
    if ((type & 3) !== ASKS) effect(`netlink message ${type}`);
    netlinkSend(handle, octets);
  };
}

const dlopen = process.dlopen.bind(process);
process.dlopen = (module: { exports: Addon }, filename: string, ...more: readonly number[]) => {
  dlopen(module, filename, ...more);
  if (filename.endsWith('/node-tun.node')) watchAddon(module.exports);
};

syncBuiltinESMExports();
