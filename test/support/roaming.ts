import { utf8 } from '../../core/lib/bytes.ts';
import { silent } from '../../core/lib/ports.ts';
import { SecretBytes } from '../../core/lib/secret.ts';
import type { IkeConfig } from '../../core/ike/config.ts';
import type { IkeCommand, IkeEvent, InboundDatagram, OutboundDatagram, Path } from '../../core/ike/events.ts';
import { IkeSession } from '../../core/ike/session.ts';
import { type Endpoint, type IpAddress, sameAddress, sameEndpoint } from '../../core/net/address.ts';
import type { Message } from '../../core/wire/message.ts';
import {
  address,
  GATEWAY_ADDRESS,
  type GatewayDatagram,
  type GatewayEvent,
  type GatewayOutput,
  type MadeGateway,
  makeGateway,
  type MakeGatewayOptions,
  PASSWORD,
  type Sa,
  seededRandom,
} from './gateway/index.ts';
import { clientConfig } from './pair.ts';

const EPOCH = Date.parse('2026-08-01T00:00:00Z');
/** The gateway's addresses: the one that is found by name, and others that it may tell of. */
export const OTHER_ADDRESS = address('198.51.100.1');
export const IPV6_ADDRESS = address('2001:db8:1::1');

/** A way between the client and the gateway, and what it does with packets. */
export interface Way {
  readonly path: Path;
  /** Packets of the client, and of the gateway, get through. */
  up: boolean;
  down: boolean;
  delayMs: number;
  /** Where the gateway sees the client: another endpoint behind a NAT, which can change. */
  seenAs: Endpoint;
}

export interface WayOptions {
  /** The address of the gateway that it leads to. */
  readonly to?: IpAddress;
  readonly delayMs?: number;
  /** The NAT before the client. */
  readonly nat?: Endpoint;
}

export interface RoamingOptions {
  readonly gateway?: MakeGatewayOptions;
  readonly client?: Partial<IkeConfig>;
  readonly seed?: string;
  /** The way that the login takes. */
  readonly first?: WayOptions;
  /** The gateway does not speak MOBIKE. */
  readonly isDeaf?: boolean;
}

/** A datagram that the client sent. */
export interface Sent {
  readonly at: number;
  readonly path: number;
  readonly payload: Uint8Array;
}

interface Delivery {
  readonly at: number;
  readonly deliver: () => void;
}

/**
 * A client that speaks MOBIKE and the test gateway with several ways between them, under a clock that only the test
 * moves. Nothing sleeps, and the same seed gives the same octets.
 */
export class Roaming {
  now = 1_000;
  readonly session: IkeSession;
  readonly made: MadeGateway;
  readonly events: IkeEvent[] = [];
  readonly gatewayEvents: GatewayEvent[] = [];
  readonly sent: Sent[] = [];
  /** What was told of the NAT before the client: whether it still knows it. */
  readonly mappings: boolean[] = [];
  readonly #ways = new Map<number, Way>();
  readonly #deliveries: Delivery[] = [];
  #sendsOver = 0;

  constructor(options: RoamingOptions = {}) {
    const addresses = [GATEWAY_ADDRESS, OTHER_ADDRESS, IPV6_ADDRESS];
    const mobike = options.isDeaf === true ? {} : { mobike: {} };
    this.made = makeGateway({ epoch: EPOCH, addresses, encap: false, ...mobike, ...options.gateway });
    this.session = new IkeSession(clientConfig(this.made, 'eap', options.client), {
      random: seededRandom(options.seed ?? 'roaming'),
      log: silent,
      epochOffsetMs: EPOCH,
    });
    this.addWay(0, options.first);
  }

  /** A way that works. The client is at 192.0.2.<100 + id>, or 2001:db8:2::<id>. */
  addWay(id: number, { to = GATEWAY_ADDRESS, delayMs = 10, nat }: WayOptions = {}): Way {
    const text = to.family === 4 ? `192.0.2.${100 + id}` : `2001:db8:2::${id}`;
    const local = { address: address(text), port: 4500 };
    const path: Path = { id, local, remote: { address: to, port: 4500 } };
    const way: Way = { path, up: true, down: true, delayMs, seenAs: nat ?? local };
    this.#ways.set(id, way);
    return way;
  }

  way(id: number): Way {
    const way = this.#ways.get(id);
    if (!way) throw new Error(`no way ${id}`);
    return way;
  }

  /** Nothing passes any more; or something does again. */
  kill(...ids: readonly number[]): this {
    for (const id of ids) Object.assign(this.way(id), { up: false, down: false });
    return this;
  }

  revive(...ids: readonly number[]): this {
    for (const id of ids) Object.assign(this.way(id), { up: true, down: true });
    return this;
  }

  /** Logs in over the first way; what happened until then is forgotten. */
  connect(): this {
    this.command({ kind: 'connect' }).run(1_000);
    if (!this.event('established')) throw new Error('not connected');
    return this.forget();
  }

  forget(): this {
    this.events.length = 0;
    this.gatewayEvents.length = 0;
    this.sent.length = 0;
    this.mappings.length = 0;
    return this;
  }

  command(command: IkeCommand): this {
    this.session.handleCommand(command, this.now);
    return this.#collect();
  }

  /** The ways that there are for the client, best first. */
  paths(...ids: readonly number[]): this {
    return this.command({ kind: 'paths', paths: ids.map((id) => this.way(id).path) });
  }

  /** What a call to the gateway led to goes on its way. */
  act(output: GatewayOutput): this {
    this.#follow(output);
    return this;
  }

  /** Moves the clock. Everything that is due on the way happens. */
  run(ms: number): this {
    const end = this.now + ms;
    for (let i = 0; i < 200_000; i++) {
      const client = this.session.nextTimeout()?.at ?? Infinity;
      const gateway = this.made.gateway.nextTimeout() ?? Infinity;
      const delivery = this.#deliveries.reduce((at, next) => Math.min(at, next.at), Infinity);
      const next = Math.min(client, gateway, delivery);
      if (next > end) {
        this.now = end;
        return this;
      }
      this.now = Math.max(this.now, next);
      if (delivery === next) this.#deliverNext(delivery);
      else if (client === next) this.#tick();
      else this.#follow(this.made.gateway.handleTimeout(this.now));
    }
    throw new Error('timers that never end');
  }

  #tick(): void {
    this.session.handleTimeout(this.now);
    this.#collect();
  }

  #deliverNext(at: number): void {
    const index = this.#deliveries.findIndex((delivery) => delivery.at === at);
    const [delivery] = this.#deliveries.splice(index, 1);
    delivery?.deliver();
  }

  /** The machine sleeps: time passes, and nothing of the client runs. */
  sleep(ms: number): this {
    this.now += ms;
    return this;
  }

  #collect(): this {
    for (const datagram of this.session.takeDatagrams()) this.#upstream(datagram);
    for (const event of this.session.takeEvents()) {
      if (event.kind === 'mapping') this.mappings.push(event.kept);
      else this.events.push(event);
      if (event.kind === 'path') this.#sendsOver = event.path.id;
      if (event.kind === 'need')
        this.command({ kind: 'password', password: new SecretBytes(utf8(PASSWORD)) });
    }
    return this;
  }

  #upstream({ path: id, payload, transport }: OutboundDatagram): void {
    this.sent.push({ at: this.now, path: id, payload });
    const way = this.way(id);
    if (!way.up) return;
    const localPort = transport === 'nat' ? 4500 : 500;
    const octets = (transport === 'nat' ? payload.subarray(4) : payload).slice();
    const remote = transport === 'nat' ? way.seenAs : { ...way.seenAs, port: 500 };
    const localAddress = way.path.remote.address;
    this.#deliveries.push({
      at: this.now + way.delayMs,
      deliver: () => {
        const { gateway } = this.made;
        this.#follow(gateway.handleDatagram({ octets, remote, localPort, localAddress }, this.now));
      },
    });
  }

  #follow({ datagrams, events }: GatewayOutput): void {
    this.gatewayEvents.push(...events);
    for (const datagram of datagrams) this.#downstream(datagram);
  }

  #downstream({ octets, remote, localPort, localAddress = GATEWAY_ADDRESS }: GatewayDatagram): void {
    const way = this.#wayTo(remote, localPort, localAddress);
    if (!way?.down) return;
    const datagram: InboundDatagram = {
      octets,
      transport: localPort === 4500 ? 'nat' : 'ike',
      path: way.path.id,
      local: { address: way.path.local.address, port: localPort },
      remote: { address: localAddress, port: localPort },
    };
    this.#deliveries.push({
      at: this.now + way.delayMs,
      deliver: () => {
        this.session.handleDatagram(datagram, this.now);
        this.#collect();
      },
    });
  }

  #wayTo(remote: Endpoint, localPort: number, localAddress: IpAddress): Way | undefined {
    return [...this.#ways.values()].find(
      ({ path, seenAs }) =>
        sameAddress(path.remote.address, localAddress) &&
        sameEndpoint(localPort === 4500 ? seenAs : { ...seenAs, port: 500 }, remote),
    );
  }

  /** The gateway's IKE SA. */
  get sa(): Sa {
    const sa = this.made.gateway.sas.at(-1);
    if (!sa) throw new Error('the gateway has no SA');
    return sa;
  }

  /** The way that ESP of the client takes: where the last event said. */
  get sendsOver(): number {
    return this.#sendsOver;
  }

  /** The way that ESP of the gateway takes; undefined when it goes nowhere. */
  get receivesOver(): number | undefined {
    const { client, remote, localPort, localAddress } = this.sa;
    const to = client.espTo ?? { remote, localPort, localAddress };
    return this.#wayTo(to.remote, to.localPort, to.localAddress ?? GATEWAY_ADDRESS)?.path.id;
  }

  /** Whether ESP passes, both ways. */
  get passes(): boolean {
    const back = this.receivesOver;
    return this.way(this.sendsOver).up && back !== undefined && this.way(back).down;
  }

  /** ESP goes out, and something comes back where that is possible. */
  exchangeEsp(): this {
    if (this.session.noteSent(this.now)) this.session.nextTimeout();
    const back = this.receivesOver;
    if (this.way(this.sendsOver).up && back !== undefined && this.way(back).down)
      this.session.noteTraffic(this.now, back);
    return this.#collect();
  }

  get #pathEvents(): Extract<IkeEvent, { kind: 'path' }>[] {
    return this.events.filter((event) => event.kind === 'path');
  }

  /** The moves in words: '2?' is not confirmed, '2!' is. */
  get moves(): string[] {
    return this.#pathEvents.map(({ path, confirmed }) => `${path.id}${confirmed ? '!' : '?'}`);
  }

  event<K extends IkeEvent['kind']>(kind: K): Extract<IkeEvent, { kind: K }> | undefined {
    return this.events.find((event): event is Extract<IkeEvent, { kind: K }> => event.kind === kind);
  }

  /** The client's requests as the gateway opened them. */
  get requests(): Message[] {
    return this.gatewayEvents.flatMap((event) =>
      event.kind === 'received' && !event.message.response ? [event.message] : [],
    );
  }

  get violations(): string[] {
    return this.gatewayEvents.flatMap((event) => (event.kind === 'violation' ? [event.what] : []));
  }
}
