import type { Failure } from '../../core/lib/failure.ts';
import type { EpochMillis, LogFields, LogLevel, Millis } from '../../core/lib/ports.ts';
import { err, ok, type Result } from '../../core/lib/result.ts';
import { parseAddress, sameAddress, type Endpoint, type IpAddress } from '../../core/net/address.ts';
import { sourcesFor } from '../../core/net/reachability.ts';
import { appendPacket, type Batch, packetAt, resetBatch } from '../../core/net/batch.ts';
import type {
  DnsManager,
  DnsPlan,
  NetworkPlan,
  OnAnswers,
  RouteManager,
  SocketErrorReport,
  TunPort,
  UdpPort,
} from '../../core/platform/ports.ts';
import { decodeEndpoint, encodeEndpoint } from '../../core/vpn/endpoint.ts';
import type { Clock, ConnectionPorts, UdpRequest } from '../../core/vpn/ports.ts';
import { type FakeNetworkMonitor, FakeSleepMonitor } from './fake-network.ts';
import { seededRandom } from './gateway/index.ts';

/** An error as the system throws it. */
export function systemError(code: string, syscall = 'read'): Error {
  return Object.assign(new Error(`${code}: ${syscall}`), { code, syscall });
}

interface Timer {
  readonly at: Millis;
  readonly callback: () => void;
}

/** A clock that stands still until a test moves it. */
export class FakeClock implements Clock {
  /** Timers that were ever set: one that is set again and again for now is a busy loop. */
  set = 0;
  #now: Millis = 1_000;
  readonly #epoch: EpochMillis;
  readonly #timers = new Set<Timer>();

  constructor(epoch: EpochMillis) {
    this.#epoch = epoch;
  }

  readonly now = (): Millis => this.#now;

  readonly epoch = (): EpochMillis => this.#epoch + this.#now;

  readonly at = (at: Millis, callback: () => void): (() => void) => {
    const timer = { at, callback };
    this.set += 1;
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  };

  /** Timers that are set now. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Moves to the next timer that is due by `end`, and calls it back. False, and at `end`, when there is none. */
  step(end: Millis): boolean {
    const [next] = [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
    this.#now = Math.max(this.#now, next?.at ?? end);
    if (!next) return false;
    this.#timers.delete(next);
    next.callback();
    return true;
  }
}

/** A datagram of the laptop: where it left, and where to. */
export interface SentDatagram {
  readonly payload: Uint8Array;
  readonly socket: FakeUdp;
  /** The address that it left from; undefined when the laptop has none that leads there. */
  readonly fromAddress: IpAddress | undefined;
  readonly fromPort: number;
  readonly to: Endpoint;
  readonly at: Millis;
}

/** Local ports that the laptop gives out by itself. */
const FIRST_FREE_PORT = 50_000;

/** A socket whose datagrams end up in the laptop's `sent`, and which reads what a test lets arrive. */
export class FakeUdp implements UdpPort {
  readonly family: 4 | 6;
  readonly localPort: number;
  /** What it is bound to, if anything. */
  readonly localAddress: IpAddress | undefined;
  readonly device: string | undefined;
  /** Thrown by every send, or receive, while it is set. */
  sendError: Error | undefined;
  receiveError: Error | undefined;
  closings = 0;
  readonly #laptop: FakeLaptop;
  readonly #waiting: { readonly octets: Uint8Array; readonly from: Uint8Array }[] = [];
  #errors: SocketErrorReport[] = [];
  #readable: (() => void) | undefined;

  constructor(request: UdpRequest, localPort: number, laptop: FakeLaptop) {
    this.family = request.family;
    this.localPort = localPort;
    this.localAddress = request.localAddress;
    this.device = request.device;
    this.#laptop = laptop;
  }

  /** A datagram comes in; lost when the socket is closed or nobody listens. */
  arrive(octets: Uint8Array, from: Endpoint): void {
    if (this.closings > 0) return;
    this.#waiting.push({ octets, from: encodeEndpoint(from) });
    this.#readable?.();
  }

  /** The network reports something about a datagram that was sent. */
  report(code: string, to: Endpoint): void {
    this.#errors.push({ code, to: encodeEndpoint(to) });
    this.#readable?.();
  }

  receive(batch: Batch, from: Uint8Array): number {
    this.#mustBeOpen();
    if (this.receiveError) throw this.receiveError;
    resetBatch(batch);
    while (this.#waiting.length > 0 && batch.count < batch.capacity) {
      const { octets, from: sender } = this.#waiting.shift() ?? { octets: new Uint8Array(), from: from };
      // As the kernel does it: what is longer than a slot is lost.
      if (appendPacket(batch, octets)) from.set(sender, (batch.count - 1) * sender.length);
    }
    return batch.count;
  }

  send(batch: Batch, to: Uint8Array, first = 0): number {
    this.#mustBeOpen();
    if (this.sendError) throw this.sendError;
    const destination = decodeEndpoint(to, 0);
    const fromAddress = this.#laptop.departure(this, destination.address);
    if (!fromAddress && this.#laptop.network) throw systemError('ENETUNREACH', 'sendmmsg');
    for (let i = first; i < batch.count; i++) {
      this.#laptop.sent.push({
        payload: packetAt(batch, i).slice(),
        socket: this,
        fromAddress,
        fromPort: this.localPort,
        to: destination,
        at: this.#laptop.clock.now(),
      });
    }
    return batch.count - first;
  }

  onReadable(callback: (() => void) | undefined): void {
    this.#mustBeOpen();
    this.#readable = callback;
  }

  takeErrors(): readonly SocketErrorReport[] {
    this.#mustBeOpen();
    const errors = this.#errors;
    this.#errors = [];
    return errors;
  }

  localAddressFor(to: Uint8Array): Uint8Array {
    this.#mustBeOpen();
    const { address } = decodeEndpoint(to, 0);
    const own = this.#laptop.departure(this, address);
    if (!own) throw systemError('ENETUNREACH', 'connect');
    return own.octets;
  }

  close(): void {
    this.closings += 1;
    this.#readable = undefined;
    this.#laptop.calls.push(`udp ${this.localPort} closed`);
  }

  #mustBeOpen(): void {
    if (this.closings > 0) throw systemError('EBADF', 'closed');
  }
}

/** A device: packets that a test puts in come out of read, and what is written is kept. */
export class FakeTun implements TunPort {
  readonly name: string;
  readonly mtu: number;
  readonly written: Uint8Array[] = [];
  /** Thrown by every read, or write, while it is set. */
  readError: Error | undefined;
  writeError: Error | undefined;
  reads = 0;
  writes = 0;
  closings = 0;
  readonly #laptop: FakeLaptop;
  readonly #waiting: Uint8Array[] = [];
  #readable: (() => void) | undefined;

  constructor(name: string, mtu: number, laptop: FakeLaptop) {
    this.name = name;
    this.mtu = mtu;
    this.#laptop = laptop;
  }

  get isRead(): boolean {
    return this.#readable !== undefined;
  }

  /** A packet of the laptop enters the device. */
  enter(...packets: readonly Uint8Array[]): void {
    this.#waiting.push(...packets);
    this.#readable?.();
  }

  read(batch: Batch): number {
    this.#mustBeOpen();
    this.reads += 1;
    if (this.readError) throw this.readError;
    resetBatch(batch);
    while (this.#waiting.length > 0 && batch.count < batch.capacity) {
      appendPacket(batch, this.#waiting.shift() ?? new Uint8Array());
    }
    return batch.count;
  }

  write(batch: Batch, first = 0): number {
    this.#mustBeOpen();
    this.writes += 1;
    if (this.writeError) throw this.writeError;
    for (let i = first; i < batch.count; i++) this.written.push(packetAt(batch, i).slice());
    return batch.count - first;
  }

  onReadable(callback: (() => void) | undefined): void {
    this.#mustBeOpen();
    this.#readable = callback;
    // What waits already is told in a later turn of the loop.
    if (this.#waiting.length > 0) setImmediate(() => this.#readable?.());
  }

  close(): void {
    this.closings += 1;
    this.#readable = undefined;
    this.#laptop.calls.push('tun closed');
  }

  #mustBeOpen(): void {
    if (this.closings > 0) throw systemError('EBADF', 'closed');
  }
}

/** How a call to the routes ends: well, with a failure, by throwing, or when a test lets it. */
export type Ending = 'well' | Failure | Error | Promise<unknown>;

/** Routes that only remember what they were told. */
export class FakeRoutes implements RouteManager {
  readonly plans: NetworkPlan[] = [];
  applying: Ending = 'well';
  clearing: Ending = 'well';
  readonly #laptop: FakeLaptop;

  constructor(laptop: FakeLaptop) {
    this.#laptop = laptop;
  }

  async apply(plan: NetworkPlan): Promise<Result<void, Failure>> {
    this.#laptop.calls.push('routes applied');
    this.plans.push(plan);
    return await ended(this.applying);
  }

  async clear(): Promise<Result<void, Failure>> {
    this.#laptop.calls.push('routes cleared');
    return await ended(this.clearing);
  }
}

/** Name servers that only remember what they were told. */
export class FakeDns implements DnsManager {
  readonly plans: DnsPlan[] = [];
  applying: Ending = 'well';
  clearing: Ending = 'well';
  /** Tells of addresses that a name server gave; they wait for it. */
  answer: OnAnswers = () => undefined;
  readonly #laptop: FakeLaptop;

  constructor(laptop: FakeLaptop) {
    this.#laptop = laptop;
  }

  async apply(plan: DnsPlan): Promise<Result<void, Failure>> {
    this.#laptop.calls.push('names applied');
    this.plans.push(plan);
    return await ended(this.applying);
  }

  async clear(): Promise<Result<void, Failure>> {
    this.#laptop.calls.push('names cleared');
    return await ended(this.clearing);
  }
}

async function ended(how: Ending): Promise<Result<void, Failure>> {
  if (how instanceof Error) throw how;
  if (how instanceof Promise) await how;
  return how === 'well' || how instanceof Promise ? ok(undefined) : err(how);
}

export interface LogLine {
  readonly level: LogLevel;
  readonly event: string;
  readonly fields: LogFields | undefined;
}

/** Everything that a connection needs of a machine, without one. What is done to it is in `calls`, in order. */
export class FakeLaptop {
  readonly clock: FakeClock;
  /** Its own, when it has no monitor that knows better. */
  readonly addresses: readonly IpAddress[];
  /** The networks that it is on. Datagrams leave from where they say, or not at all. */
  readonly network: FakeNetworkMonitor | undefined;
  readonly sleep = new FakeSleepMonitor();
  readonly calls: string[] = [];
  readonly sent: SentDatagram[] = [];
  readonly sockets: FakeUdp[] = [];
  readonly tuns: FakeTun[] = [];
  readonly routes = new FakeRoutes(this);
  /** Without it names are looked up as ever. */
  dns: FakeDns | undefined;
  readonly log: LogLine[] = [];
  /** What the preflight finds; nothing by default. */
  problem: Failure | undefined;
  /** What the gateway's name stands for. */
  names: Result<readonly IpAddress[], Failure> | Promise<never> = ok([]);
  /** What other names stand for. */
  readonly hosts = new Map<string, readonly IpAddress[]>();
  /** The address that it leaves from by itself, if not the best one by the book. */
  prefers: IpAddress | undefined;
  noTun: Failure | undefined;
  noSocket: { readonly port: number; readonly failure: Failure } | undefined;
  unreachable: readonly IpAddress[] = [];

  constructor(options: {
    readonly epoch: EpochMillis;
    readonly addresses: readonly IpAddress[];
    readonly network?: FakeNetworkMonitor;
  }) {
    this.clock = new FakeClock(options.epoch);
    this.addresses = options.addresses;
    this.network = options.network;
  }

  /** Where a datagram from that socket to there leaves; undefined when there is no way. */
  departure({ localAddress, device }: FakeUdp, to: IpAddress): IpAddress | undefined {
    if (this.unreachable.some((one) => sameAddress(one, to))) return undefined;
    if (!this.network) return localAddress ?? this.addresses.find(({ family }) => family === to.family);
    const sources = sourcesFor(this.network.current(), to);
    if (!localAddress) return this.prefers ?? sources[0]?.address;
    const { links } = this.network.current();
    const isOwn = links.some(({ addresses }) =>
      addresses.some(({ address }) => sameAddress(address, localAddress)),
    );
    const leads = sources.some(({ linkName }) => device === undefined || linkName === device);
    return isOwn && leads ? localAddress : undefined;
  }

  get ports(): ConnectionPorts {
    return {
      preflight: () => {
        this.calls.push('preflight');
        return Promise.resolve(this.problem);
      },
      resolve: async (host) => {
        this.calls.push(`resolve ${host}`);
        const literal = parseAddress(host);
        const other = literal ? [literal] : this.hosts.get(host);
        return other ? ok(other) : await this.names;
      },
      openUdp: (request) => this.#openUdp(request),
      ...(this.network ? { network: this.network } : {}),
      sleep: this.sleep,
      ...(this.dns ? { dns: this.#dnsPort(this.dns) } : {}),
      openTun: ({ mtu }) => this.#openTun(mtu),
      routes: this.routes,
      clock: this.clock,
      random: seededRandom('laptop'),
      log: (level, event, fields) => this.log.push({ level, event, fields }),
    };
  }

  #dnsPort(dns: FakeDns): NonNullable<ConnectionPorts['dns']> {
    return (onAnswers) => {
      dns.answer = onAnswers;
      return dns;
    };
  }

  /** The socket on that port that was opened last. */
  socket(port: number): FakeUdp {
    const found = this.sockets.findLast(({ localPort }) => localPort === port);
    if (!found) throw new Error(`no socket on port ${port}`);
    return found;
  }

  get tun(): FakeTun {
    const found = this.tuns.at(-1);
    if (!found) throw new Error('no device');
    return found;
  }

  /** What is open now: a clean machine has nothing. */
  get open(): string[] {
    return [
      ...this.sockets.filter(({ closings }) => closings === 0).map(({ localPort }) => `udp ${localPort}`),
      ...this.tuns.filter(({ closings }) => closings === 0).map(({ name }) => name),
      ...(this.clock.pending > 0 ? [`${this.clock.pending} timers`] : []),
    ];
  }

  #openUdp(request: UdpRequest): Result<UdpPort, Failure> {
    if (this.noSocket?.port === request.preferredPort) return err(this.noSocket.failure);
    const isFree = request.preferredPort > 0 && !this.sockets.some((other) => clashes(other, request));
    const port = isFree ? request.preferredPort : FIRST_FREE_PORT + this.sockets.length;
    this.calls.push(`udp ${port} opened`);
    const socket = new FakeUdp(request, port, this);
    this.sockets.push(socket);
    return ok(socket);
  }

  #openTun(mtu: number): Result<TunPort, Failure> {
    if (this.noTun) return err(this.noTun);
    this.calls.push('tun opened');
    const tun = new FakeTun(`causeway${this.tuns.length}`, mtu, this);
    this.tuns.push(tun);
    return ok(tun);
  }
}

/** As the kernel has it: an address and a link that are not said stand for all. */
function clashes(other: FakeUdp, { family, preferredPort, localAddress, device }: UdpRequest): boolean {
  const { localAddress: address, device: link } = other;
  return (
    other.closings === 0 &&
    other.family === family &&
    other.localPort === preferredPort &&
    (!address || !localAddress || sameAddress(address, localAddress)) &&
    (link === undefined || device === undefined || link === device)
  );
}
