import { concat } from '../../../core/lib/bytes.ts';
import { parseAddress } from '../../../core/net/address.ts';
import { parsePrefix } from '../../../core/net/prefix.ts';
import type { NetlinkPort } from '../../../core/platform/linux/netlink/dump.ts';
import { NATIVE_ORDER, RouteMessage } from '../../../core/platform/linux/netlink/message.ts';
import type { Timers } from '../../../core/platform/linux/timers.ts';

const LITTLE = NATIVE_ORDER === 'little';
/** IFF_UP | IFF_RUNNING | IFF_LOWER_UP. */
const USABLE = 0x10041;

/** An error as the addon throws it. */
export function systemError(code: string, syscall = 'recvmsg'): Error {
  return Object.assign(new Error(`${code}: ${syscall}`), { code, syscall });
}

function number(value: number, octets: 1 | 2 | 4): Uint8Array {
  const view = new DataView(new ArrayBuffer(octets));
  if (octets === 1) view.setUint8(0, value);
  else if (octets === 2) view.setUint16(0, value, LITTLE);
  else view.setUint32(0, value, LITTLE);
  return new Uint8Array(view.buffer);
}

function padded(octets: Uint8Array): Uint8Array {
  return concat(octets, new Uint8Array(-octets.length & 3));
}

function attribute(type: number, value: Uint8Array): Uint8Array {
  return padded(concat(number(4 + value.length, 2), number(type, 2), value));
}

function ip(text: string): Uint8Array {
  const address = parseAddress(text);
  if (address === undefined) throw new Error(`not an address: ${text}`);
  return address.octets;
}

/** One netlink message in the machine's order. */
export function message(type: number, body: Uint8Array, sequence = 0, flags = 0): Uint8Array {
  const header = [number(16 + body.length, 4), number(type, 2), number(flags, 2), number(sequence, 4)];
  return padded(concat(...header, number(0, 4), body));
}

export function linkBody(index: number, name: string, flags = USABLE): Uint8Array {
  const fixed = concat(new Uint8Array(4), number(index, 4), number(flags, 4), number(0, 4));
  return concat(
    fixed,
    attribute(3, concat(new TextEncoder().encode(name), number(0, 1))),
    attribute(4, number(1500, 4)),
  );
}

export function addressBody(link: number, text: string): Uint8Array {
  const [address = '', length = ''] = text.split('/');
  const octets = ip(address);
  const fixed = Uint8Array.of(octets.length === 4 ? 2 : 10, Number(length), 0, 0);
  return concat(fixed, number(link, 4), attribute(2, octets));
}

export function routeBody(link: number, to: string, via?: string, table = 254): Uint8Array {
  const prefix = parsePrefix(to);
  if (prefix === undefined) throw new Error(`not a prefix: ${to}`);
  const family = prefix.address.family === 4 ? 2 : 10;
  const fixed = Uint8Array.of(family, prefix.length, 0, 0, table, 0, 0, 1, 0, 0, 0, 0);
  const gateway = via === undefined ? [] : [attribute(5, ip(via))];
  return concat(fixed, attribute(1, prefix.address.octets), attribute(4, number(link, 4)), ...gateway);
}

/** What the kernel does when it is asked for a dump, in place of answering well. */
export type Mishap = 'interrupted' | 'overflow' | 'unended' | 'garbage' | { readonly errno: number };

/** A kernel whose networks are what a test puts into it. */
export class FakeKernel {
  links: Uint8Array[] = [];
  addresses: Uint8Array[] = [];
  routes: Uint8Array[] = [];
  /** What goes wrong with the next dumps, one after the other. */
  readonly mishaps: Mishap[] = [];
  dumps = 0;
  readonly sockets: FakeSocket[] = [];

  readonly open = (groups: number): NetlinkPort => {
    const socket = new FakeSocket(this, groups);
    this.sockets.push(socket);
    return socket;
  };

  /** A laptop on a network by cable. */
  plugIn(): void {
    this.links = [linkBody(1, 'lo', USABLE | 8), linkBody(2, 'eth0')];
    this.addresses = [addressBody(1, '127.0.0.1/8'), addressBody(2, '192.0.2.10/24')];
    this.routes = [routeBody(2, '0.0.0.0/0', '192.0.2.1'), routeBody(2, '192.0.2.0/24')];
  }

  /** Says something to everybody who listens. */
  say(...messages: readonly Uint8Array[]): void {
    for (const socket of this.sockets) if (socket.groups !== 0) socket.arrive(concat(...messages));
  }

  /** Says that something happened to a link. */
  sayLink(): void {
    this.say(message(RouteMessage.NEW_LINK, linkBody(2, 'eth0')));
  }

  /** Messages get lost. */
  overflow(): void {
    for (const socket of this.sockets) if (socket.groups !== 0) socket.arrive(systemError('ENOBUFS'));
  }

  answer(request: Uint8Array): (Uint8Array | Error)[] {
    const view = new DataView(request.buffer, request.byteOffset);
    const type = view.getUint16(4, LITTLE);
    const sequence = view.getUint32(8, LITTLE);
    this.dumps++;
    const everything = { 18: this.links, 22: this.addresses, 26: this.routes }[type] ?? [];
    const family = request[16];
    // Old kernels send the other family too, when the one that is asked for is not there.
    const bodies = everything.filter((body) => type === 18 || family === 10 || body[0] === family);
    const mishap = this.mishaps.shift();
    const flags = mishap === 'interrupted' ? 0x12 : 2;
    const parts: (Uint8Array | Error)[] = bodies.map((body) => message(type - 2, body, sequence, flags));
    const end = message(3, number(0, 4), sequence, 2);
    if (mishap === 'unended') return parts;
    if (mishap === 'garbage') return [Uint8Array.of(1, 2, 3), end];
    if (mishap === 'overflow') return [systemError('ENOBUFS'), ...parts.slice(1), end];
    if (typeof mishap === 'object') return [message(2, number(-mishap.errno >>> 0, 4), sequence)];
    // What answers an earlier request comes first, as after one that was given up.
    return [message(type - 2, new Uint8Array(0), sequence - 1, 2), ...parts, end];
  }
}

export class FakeSocket implements NetlinkPort {
  readonly groups: number;
  closings = 0;
  readonly #kernel: FakeKernel;
  readonly #waiting: (Uint8Array | Error)[] = [];
  #readable: (() => void) | undefined;

  constructor(kernel: FakeKernel, groups: number) {
    this.#kernel = kernel;
    this.groups = groups;
  }

  /** What waits without the loop having had its turn. */
  wait(datagram: Uint8Array | Error): void {
    this.#waiting.push(datagram);
  }

  arrive(datagram: Uint8Array | Error): void {
    this.wait(datagram);
    this.#readable?.();
  }

  send(octets: Uint8Array): void {
    this.#waiting.push(...this.#kernel.answer(octets));
  }

  receive(into: Uint8Array): number {
    if (this.closings > 0) throw systemError('EBADF', 'closed');
    const next = this.#waiting.shift();
    if (next === undefined) return 0;
    if (next instanceof Error) throw next;
    into.set(next);
    return next.length;
  }

  onReadable(callback: (() => void) | undefined): void {
    this.#readable = callback;
  }

  close(): void {
    this.closings += 1;
    this.#readable = undefined;
  }
}

/** Timers that a test moves. */
export class FakeTimers implements Timers {
  #now = 1_000;
  readonly #pending = new Set<{ readonly at: number; readonly callback: () => void }>();

  get pending(): number {
    return this.#pending.size;
  }

  readonly now = (): number => this.#now;

  readonly after = (delayMs: number, callback: () => void): (() => void) => {
    const timer = { at: this.#now + delayMs, callback };
    this.#pending.add(timer);
    return () => this.#pending.delete(timer);
  };

  /** Lets time pass; what is due is called back in order. */
  pass(durationMs: number): void {
    const end = this.#now + durationMs;
    for (;;) {
      const [next] = [...this.#pending].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (next === undefined) break;
      this.#pending.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.callback();
    }
    this.#now = end;
  }

  /** Time passes while nothing of this process runs; what was due comes late. */
  stop(durationMs: number): void {
    this.#now += durationMs;
  }
}
