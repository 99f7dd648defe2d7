import { failure, type Failure } from '../lib/failure.ts';
import type { Millis } from '../lib/ports.ts';
import { err, ok, type Result } from '../lib/result.ts';
import { addressOf, type Endpoint, formatAddress } from '../net/address.ts';
import { newBatch, resetBatch, appendPacket } from '../net/batch.ts';
import type { IkeConfig } from '../ike/config.ts';
import { type IkeCommand, type OutboundDatagram, type Transport, wipeKeysIn } from '../ike/events.ts';
import type { NatFindings } from '../ike/nat-detection.ts';
import { IkeSession } from '../ike/session.ts';
import { keepalive, keepaliveDueAt } from '../ipsec/udp-encap.ts';
import type { UdpPort } from '../platform/ports.ts';
import { type Carrier, type ChildEvent, type EspPath, isChildEvent, type SessionEvent } from './carrier.ts';
import { encodeEndpoint } from './endpoint.ts';
import { ikeKeyLogLines } from './keylog.ts';
import { socketFault, systemCode } from './faults.ts';
import type { ConnectionPorts } from './ports.ts';
import { UdpReader } from './udp-reader.ts';

/** Packets with this mark go around the tunnel: they are ours, to the gateway. */
export const BYPASS_MARK = 0xca75;

/** Octets of the largest IKE message that we send or take. */
const MAX_MESSAGE = 65_535;

export interface SessionDriverOptions {
  readonly config: IkeConfig;
  readonly ports: ConnectionPorts;
  readonly onEvent: (event: SessionEvent) => void;
  /** A socket stopped working, or there is a bug: nothing can be expected of the session any more. */
  readonly onBroken: (failure: Failure) => void;
  readonly keyLog?: (line: string) => void;
}

interface Path {
  readonly udp: UdpPort;
  readonly local: Endpoint;
}

/**
 * One session with a gateway and the sockets that it talks through. Several may be open at once, also to the same
 * gateway: each has sockets of its own, so answers find their session.
 *
 *   open(options)    sockets for the first path, and a session that says nothing before `command({ kind: 'connect' })`
 *   command(c)       everything else that the session can be told
 *   carry(carrier)   who moves its packets; what happened to its Child SAs until then is told at once
 *   espPath          where ESP goes now
 *   close()          sockets, timers and keys go; the gateway is told nothing
 *
 * It roams by itself: it follows `ports.network` and tells the session which paths there are.
 */
export class SessionDriver {
  readonly #options: SessionDriverOptions;
  readonly #paths: Readonly<Record<Transport, Path>>;
  readonly #session: IkeSession;
  readonly #outgoing = newBatch(1, MAX_MESSAGE + 1, 0);
  #suite = '';
  #nat: NatFindings = { supported: false, local: false, remote: false };
  #lastSentAt: Millis;
  #carrier: Carrier | undefined;
  /** What happened to Child SAs before somebody carried them. */
  #untold: ChildEvent[] = [];
  #cancelTimer: (() => void) | undefined;
  #closed = false;

  private constructor(options: SessionDriverOptions, paths: Readonly<Record<Transport, Path>>) {
    this.#options = options;
    this.#paths = paths;
    const { clock, random, log } = options.ports;
    this.#lastSentAt = clock.now();
    this.#session = new IkeSession(options.config, {
      random,
      log,
      epochOffsetMs: clock.epoch() - clock.now(),
    });
    for (const transport of ['ike', 'nat'] as const) this.#listen(transport);
  }

  static open(options: SessionDriverOptions): Result<SessionDriver, Failure> {
    const { gateway, gatewayNatPort } = options.config;
    const ike = openPath(options.ports, gateway, 500);
    if (!ike.ok) return ike;
    const nat = openPath(options.ports, { ...gateway, port: gatewayNatPort }, 4500);
    if (!nat.ok) {
      ike.value.udp.close();
      return nat;
    }
    try {
      return ok(new SessionDriver(options, { ike: ike.value, nat: nat.value }));
    } catch (error) {
      ike.value.udp.close();
      nat.value.udp.close();
      throw error;
    }
  }

  get espPath(): EspPath {
    const { gateway, gatewayNatPort } = this.#options.config;
    return { udp: this.#paths.nat.udp, gateway: { address: gateway.address, port: gatewayNatPort } };
  }

  get suite(): string {
    return this.#suite;
  }

  get nat(): NatFindings {
    return this.#nat;
  }

  get outerFamily(): 4 | 6 {
    return this.#options.config.gateway.address.family;
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

  noteTraffic(now: Millis): void {
    this.#session.noteTraffic(now);
  }

  /** ESP went out: a keepalive is not needed for a while. */
  noteSent(now: Millis): void {
    this.#lastSentAt = now;
  }

  /** Sockets, timers and keys go at once; the gateway is told nothing. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelTimer?.();
    this.#session.wipe();
    wipeKeysIn(this.#untold.splice(0));
    this.#paths.ike.udp.close();
    this.#paths.nat.udp.close();
  }

  #now(): Millis {
    return this.#options.ports.clock.now();
  }

  #listen(transport: Transport): void {
    const { udp, local } = this.#paths[transport];
    const reader = new UdpReader({
      udp,
      natTransport: transport === 'nat',
      onIke: (octets, remote) => {
        if (this.#closed) return;
        this.#session.handleDatagram({ octets, transport, local, remote, path: 0 }, this.#now());
        this.#drain();
      },
      onBatch: (batch) => this.#carrier?.onEsp(batch),
      isClosed: () => this.#closed,
      onUnreachable: (what) => {
        if (this.#closed) return;
        this.#session.noteUnreachable(what, this.#now());
        this.#drain();
      },
      onFault: (error) => this.#broken(error),
    });
    reader.start();
  }

  #broken(error: unknown): void {
    if (!this.#closed) this.#options.onBroken(socketFault(error));
  }

  /** Lets out what the session has to say, then sets the clock for what it has to do next. */
  #drain(): void {
    for (const datagram of this.#session.takeDatagrams()) this.#send(datagram);
    if (this.#options.keyLog) {
      for (const entry of this.#session.takeKeyLog()) ikeKeyLogLines(entry).forEach(this.#options.keyLog);
    }
    for (const event of this.#session.takeEvents()) {
      if (event.kind === 'initiated') {
        this.#suite = event.suite;
        this.#nat = event.nat;
      }
      if (isChildEvent(event)) this.#onChild(event);
      else this.#options.onEvent(event);
    }
    this.#schedule();
  }

  #onChild(event: ChildEvent): void {
    if (this.#closed) wipeKeysIn([event]);
    else if (this.#carrier) this.#carrier.onChild(event);
    else this.#untold.push(event);
  }

  #send({ payload, transport, remote }: OutboundDatagram): void {
    resetBatch(this.#outgoing);
    if (!appendPacket(this.#outgoing, payload))
      throw new RangeError('an IKE message of more than 65535 octets');
    // Whether it leaves or not: without a network each try would be followed by the next one at once.
    if (transport === 'nat') this.#lastSentAt = this.#now();
    try {
      this.#paths[transport].udp.send(this.#outgoing, encodeEndpoint(remote));
    } catch (error) {
      // The request is repeated on its schedule: the network may be back by then.
      this.#options.ports.log('debug', 'ike-not-sent', { code: systemCode(error) ?? 'unknown' });
    }
  }

  #schedule(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    if (this.#closed || this.#session.closed) return;
    const ike = this.#session.nextTimeout()?.at;
    const keepaliveAt = this.#nat.local ? keepaliveDueAt(this.#lastSentAt) : undefined;
    const due = [ike, keepaliveAt].filter((at) => at !== undefined);
    if (due.length === 0) return;
    this.#cancelTimer = this.#options.ports.clock.at(Math.min(...due), () => {
      try {
        this.#tick();
      } catch (error) {
        this.#broken(error);
      }
    });
  }

  #tick(): void {
    if (this.#closed) return;
    const now = this.#now();
    if (this.#nat.local && now >= keepaliveDueAt(this.#lastSentAt)) {
      this.#send({ payload: keepalive(), transport: 'nat', remote: this.espPath.gateway, path: 0 });
    }
    const due = this.#session.nextTimeout();
    if (due && now >= due.at) this.#session.handleTimeout(now);
    this.#drain();
  }
}

function openPath(ports: ConnectionPorts, gateway: Endpoint, preferredPort: number): Result<Path, Failure> {
  const udp = ports.openUdp({ family: gateway.address.family, preferredPort, mark: BYPASS_MARK });
  if (!udp.ok) return udp;
  try {
    const address = addressOf(udp.value.localAddressFor(encodeEndpoint(gateway)));
    return ok({ udp: udp.value, local: { address, port: udp.value.localPort } });
  } catch {
    udp.value.close();
    return err(failure('network.no-route', { gateway: formatAddress(gateway.address) }));
  }
}
