import type { Failure } from '../lib/failure.ts';
import type { Millis } from '../lib/ports.ts';
import { ok, type Result } from '../lib/result.ts';
import { type Endpoint, formatEndpoint, type IpAddress } from '../net/address.ts';
import type { IkeConfig } from '../ike/config.ts';
import {
  type IkeCommand,
  type OutboundDatagram,
  type Path,
  type Transport,
  wipeKeysIn,
} from '../ike/events.ts';
import type { NatFindings } from '../ike/nat-detection.ts';
import { IkeSession, type SessionDeps } from '../ike/session.ts';
import { KeepalivePlan } from '../ipsec/keepalive-plan.ts';
import { keepalive } from '../ipsec/udp-encap.ts';
import type { UdpPort } from '../platform/ports.ts';
import { Alarm } from './alarm.ts';
import { inOrder } from './candidates.ts';
import { type Carrier, type ChildEvent, type EspPath, isChildEvent, type SessionEvent } from './carrier.ts';
import { DatagramSender } from './datagram-sender.ts';
import { ikeKeyLogLines } from './keylog.ts';
import { socketFault, systemCode } from './faults.ts';
import type { Way } from './machine/state.ts';
import type { Outlet } from './outlet.ts';
import { Paths } from './paths.ts';
import type { ConnectionPorts } from './ports.ts';
import { newReadBatch, UdpReader } from './udp-reader.ts';

/** Datagrams that cannot leave are taken for a hint about the networks once in this time. */
const HINT_MS: Millis = 1_000;
/** Further ways to a gateway are looked for when the tunnel by the first has had the time to come up. */
const FURTHER_WAYS_MS: Millis = 10;

/** What the driver needs of an IkeSession. */
export type SessionCore = Pick<
  IkeSession,
  | 'closed'
  | 'takeDatagrams'
  | 'takeEvents'
  | 'takeKeyLog'
  | 'wipe'
  | 'handleCommand'
  | 'handleDatagram'
  | 'handleTimeout'
  | 'nextTimeout'
  | 'noteTraffic'
  | 'noteSent'
  | 'noteUnreachable'
>;

export interface SessionDriverOptions {
  readonly config: IkeConfig;
  readonly ports: ConnectionPorts;
  readonly onEvent: (event: SessionEvent) => void;
  /** What a change of the networks means for the session, before the session acts on it. */
  readonly onWay?: (way: Way) => void;
  /**
   * There is a bug, or a socket stopped working before there was a session that could do without it: nothing can be
   * expected of the session any more.
   */
  readonly onBroken: (failure: Failure) => void;
  readonly keyLog?: (line: string) => void;
  /** Makes the session; an IkeSession when absent. */
  readonly newSession?: (config: IkeConfig, deps: SessionDeps) => SessionCore;
}

/**
 * One session with a gateway and the sockets that it talks through. Several may be open at once, also to the same
 * gateway: each has sockets of its own, so answers find their session.
 *
 *   open(options)    sockets for the first path, and a session that says nothing before `command({ kind: 'connect' })`
 *   command(c)       everything else that the session can be told
 *   carry(carrier)   who moves its packets; what happened to its Child SAs until then is told at once
 *   path, espPath    where ESP goes now; gatewayAddresses: where it could go
 *   close()          sockets, timers and keys go; the gateway is told nothing
 *
 * It roams by itself: it follows `ports.network`, opens and closes sockets, and tells the session which paths there are.
 */
export class SessionDriver {
  readonly #options: SessionDriverOptions;
  readonly #paths: Paths;
  readonly #session: SessionCore;
  readonly #sender = new DatagramSender();
  readonly #alarm: Alarm;
  readonly #unfollow: (() => void) | undefined;
  #suite = '';
  #nat: NatFindings = { supported: false, local: false, remote: false };
  readonly #incoming = { ike: newReadBatch('ike'), nat: newReadBatch('nat') };
  #keepalives: KeepalivePlan;
  /** The gateway's addresses that it told us, and the one that we found it at. */
  #gateways: readonly IpAddress[];
  /** Ids of the paths that the session knows of. */
  #told: string;
  #carrier: Carrier | undefined;
  /** What happened to Child SAs before somebody carried them. */
  #untold: ChildEvent[] = [];
  #isEstablished = false;
  #isMobile = false;
  #draining = false;
  #hintedAt: Millis = -Infinity;
  /** When ways to the gateway are looked for, because it told something of itself. */
  #offersAt: Millis = Infinity;
  #closed = false;

  private constructor(options: SessionDriverOptions, paths: Paths) {
    const { config, newSession } = options;
    const { clock, random, log, network } = options.ports;
    this.#options = options;
    this.#paths = paths;
    this.#alarm = new Alarm(clock, () => this.#guarded(() => this.#tick()));
    this.#keepalives = new KeepalivePlan(clock.now());
    this.#gateways = [config.gateway.address];
    this.#told = String(config.path);
    const deps = { random, log, epochOffsetMs: clock.epoch() - clock.now() };
    this.#session = newSession ? newSession(config, deps) : new IkeSession(config, deps);
    this.#unfollow = network?.changes(() =>
      this.#guarded(() => {
        this.#paths.forgetFailures();
        this.#offerPaths();
      }),
    );
  }

  /** Fails with network.no-route and platform.socket-failed. */
  static open(options: SessionDriverOptions): Result<SessionDriver, Failure> {
    const { gateway, gatewayNatPort, path: firstPath } = options.config;
    const paths = Paths.open({ ports: options.ports, gateway, gatewayNatPort, firstPath });
    if (!paths.ok) return paths;
    try {
      const driver = new SessionDriver(options, paths.value);
      paths.value.listen((outlet, transport) => driver.#listen(outlet, transport));
      return ok(driver);
    } catch (error) {
      paths.value.close();
      throw error;
    }
  }

  /** The path that ESP takes now. */
  get path(): Path {
    return this.#paths.current;
  }

  get espPath(): EspPath {
    return this.#paths.espPath;
  }

  /** Where the gateway can be reached, as far as it told. */
  get gatewayAddresses(): readonly IpAddress[] {
    return this.#gateways;
  }

  get suite(): string {
    return this.#suite;
  }

  get nat(): NatFindings {
    return this.#nat;
  }

  get outerFamily(): 4 | 6 {
    return this.#paths.current.remote.address.family;
  }

  /** From now on it is told of ESP, Child SAs and paths; nobody is when it is undefined. */
  carry(carrier: Carrier | undefined): void {
    this.#carrier = carrier;
    if (carrier) for (const event of this.#untold.splice(0)) carrier.onChild(event);
  }

  command(command: IkeCommand): void {
    if (this.#closed) return;
    this.#session.handleCommand(command, this.#now());
    this.#drain();
  }

  /** Authentic ESP came in over the path with that id. */
  noteTraffic(now: Millis, path: number): void {
    if (!this.#closed && this.#session.noteTraffic(now, path)) this.#drain();
  }

  /** A batch of ESP went out. */
  noteSent(now: Millis): void {
    if (this.#closed) return;
    this.#keepalives.noteSent(now);
    // A time that moved on is found when the timer is due; one that came nearer is not.
    if (this.#session.noteSent(now)) this.#schedule();
  }

  /** ESP did not leave: the networks may be other ones than we think. */
  noteNotSent(): void {
    this.#guarded(() => this.#takeHint());
  }

  /** Sockets, timers and keys go at once; the gateway is told nothing. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#unfollow?.();
    this.#alarm.set(Infinity);
    this.#session.wipe();
    wipeKeysIn(this.#untold.splice(0));
    this.#paths.close();
  }

  #now(): Millis {
    return this.#options.ports.clock.now();
  }

  #listen(outlet: Outlet, transport: Transport): void {
    const { udp, local } = outlet;
    const reader = new UdpReader({
      udp,
      natTransport: transport === 'nat',
      batch: this.#incoming[transport],
      onIke: (octets, remote) => {
        const path = this.#paths.pathOf(outlet, remote);
        this.#session.handleDatagram({ octets, transport, path, local, remote }, this.#now());
        this.#drain();
      },
      onBatch: (batch) => this.#carrier?.onEsp(batch, this.#paths.pathOf(outlet)),
      isClosed: () => !this.#paths.has(outlet),
      onUnreachable: (what) => {
        this.#session.noteUnreachable(what, this.#now());
        this.#drain();
      },
      onFault: (error) => this.#onFault(outlet, error),
    });
    reader.start();
  }

  /** What a socket cannot do any more another one may, once there is something to carry on with. */
  #onFault(outlet: Outlet, error: unknown): void {
    const code = systemCode(error);
    if (code === undefined || !this.#isEstablished) return this.#broken(error);
    this.#options.ports.log('info', 'socket-failed', { code });
    this.#guarded(() => {
      this.#paths.fail(outlet, this.#now());
      this.#offerPaths();
    });
  }

  #broken(error: unknown): void {
    if (!this.#closed) this.#options.onBroken(socketFault(error));
  }

  #guarded(work: () => void): void {
    if (this.#closed) return;
    try {
      work();
    } catch (error) {
      this.#broken(error);
    }
  }

  /** Tells the session which ways to the gateway there are, when that is not what it knows. */
  #offerPaths(): void {
    this.#offersAt = Infinity;
    if (this.#session.closed) return;
    const gateways = inOrder(this.#paths.current.remote.address, this.#gateways);
    const paths = this.#paths.offer(gateways, this.#now());
    const told = paths.map(({ id }) => id).join();
    if (told !== this.#told) {
      this.#told = told;
      this.#options.ports.log('debug', 'paths', { paths: paths.map(pathText).join(', ') });
      this.#options.onWay?.(this.#wayOver(paths));
      this.#session.handleCommand({ kind: 'paths', paths }, this.#now());
    }
    this.#drain();
  }

  #wayOver(paths: readonly Path[]): Way {
    if (paths.length === 0) return 'none';
    if (paths.some(({ id }) => id === this.#paths.current.id)) return 'kept';
    return this.#isMobile ? 'moving' : 'lost';
  }

  #takeHint(): void {
    const now = this.#now();
    if (now < this.#hintedAt + HINT_MS) return;
    this.#hintedAt = now;
    if (this.#isEstablished) this.#session.noteUnreachable('host', now);
    this.#offerPaths();
  }

  /**
   * Lets out what the session has to say, then sets the clock for what it has to do next. What is said meanwhile, by
   * answers to events, comes behind what was said before.
   */
  #drain(): void {
    if (this.#draining) return;
    this.#draining = true;
    try {
      while (this.#letOut());
    } finally {
      this.#draining = false;
    }
    this.#schedule();
  }

  /** False when there was nothing. */
  #letOut(): boolean {
    const datagrams = this.#session.takeDatagrams();
    for (const datagram of datagrams) this.#send(datagram);
    if (this.#options.keyLog) {
      for (const entry of this.#session.takeKeyLog()) ikeKeyLogLines(entry).forEach(this.#options.keyLog);
    }
    const events = this.#session.takeEvents();
    for (const event of events) {
      if (this.#closed) wipeKeysIn([event]);
      else if (isChildEvent(event)) this.#onChild(event);
      else this.#onEvent(event);
    }
    return datagrams.length + events.length > 0;
  }

  #onChild(event: ChildEvent): void {
    if (this.#carrier) this.#carrier.onChild(event);
    else this.#untold.push(event);
  }

  #onEvent(event: SessionEvent): void {
    switch (event.kind) {
      case 'initiated':
        this.#suite = event.suite;
        this.#nat = event.nat;
        break;
      case 'rekeyed':
        this.#suite = event.suite;
        break;
      case 'established':
        this.#isEstablished = true;
        this.#isMobile = event.mobike;
        break;
      case 'path':
        this.#moveTo(event);
        break;
      case 'mapping':
        this.#keepalives.noteMapping(event.kept);
        break;
      case 'gateway-addresses':
        this.#gateways = [this.#options.config.gateway.address, ...event.addresses];
        break;
      default:
        break;
    }
    this.#options.onEvent(event);
    if (event.kind === 'established' || event.kind === 'gateway-addresses')
      this.#offersAt = this.#now() + FURTHER_WAYS_MS;
  }

  #moveTo({ path, confirmed, nat }: Extract<SessionEvent, { kind: 'path' }>): void {
    const before = this.#paths.current;
    this.#paths.moveTo(path, confirmed, this.#now());
    this.#nat = nat;
    if (this.#paths.current === before) return;
    this.#keepalives = new KeepalivePlan(this.#now());
    this.#carrier?.onPath(this.espPath);
  }

  #send({ payload, transport, remote, path }: OutboundDatagram): void {
    if (transport === 'nat' && path === this.#paths.current.id) this.#keepalives.noteSent(this.#now());
    const udp = this.#paths.socketFor(transport, path);
    if (udp) this.#transmit(payload, udp, remote);
    else this.#options.ports.log('debug', 'ike-not-sent', { code: 'no-path' });
  }

  /** What does not leave is repeated on its schedule: the network may be back by then. */
  #transmit(payload: Uint8Array, udp: UdpPort, remote: Endpoint): void {
    const code = this.#sender.send(payload, udp, remote);
    if (code === undefined) return;
    this.#options.ports.log('debug', 'ike-not-sent', { code });
    this.#takeHint();
  }

  #dueAt(): Millis {
    if (this.#closed || this.#session.closed) return Infinity;
    const session = this.#session.nextTimeout()?.at ?? Infinity;
    const keepaliveAt = this.#nat.local ? this.#keepalives.due.at : Infinity;
    return Math.min(session, keepaliveAt, this.#paths.nextTimeout(), this.#offersAt);
  }

  #schedule(): void {
    this.#alarm.set(this.#dueAt());
  }

  #tick(): void {
    const now = this.#now();
    if (this.#paths.handleTimeout(now) || now >= this.#offersAt) this.#offerPaths();
    if (this.#nat.local) this.#keepAlive(now);
    const due = this.#session.nextTimeout();
    if (due && now >= due.at) this.#session.handleTimeout(now);
    this.#drain();
  }

  #keepAlive(now: Millis): void {
    const { at, what } = this.#keepalives.due;
    if (now < at) return;
    if (what === 'check') this.command({ kind: 'check-liveness' });
    if (now < this.#keepalives.due.at) return;
    // Whether it leaves or not: without a network each try would be followed by the next one at once.
    this.#keepalives.noteKeepalive(now);
    const { udp, gateway } = this.espPath;
    this.#transmit(keepalive(), udp, gateway);
  }
}

function pathText({ id, local, remote }: Path): string {
  return `${id}: ${formatEndpoint(local)} > ${formatEndpoint(remote)}`;
}
