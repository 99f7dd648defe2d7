import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import { monotonicMs } from '../monotonic.ts';
import { RelayDirection } from './direction.ts';
import type { Door, Place, RelayAnswer, RelayCommand, RelayConfig } from './types.ts';

/*
 * A path between clients and a gateway that tests can spoil: it loses, doubles, delays and reorders datagrams, and
 * it is a NAT whose mappings come and go.
 *
 *   client A ---\                  /--- socket of A (a port of its own) ---\
 *                +--- doors ------+                                         +--- gateway
 *   client B ---/   (500, 4500)    \--- socket of B -----------------------/
 *
 * A client is an address and a port; its socket towards the gateway is its mapping, the same for all doors. A mapping
 * that is forgotten keeps its socket, so that what still arrives there is dropped in silence, as a NAT does, and its
 * port is not given to anybody else.
 */

const BUFFER_OCTETS = 4 * 1024 * 1024;

interface Mapping {
  readonly socket: Socket;
  /** Why `socket` can be asked for its address. */
  readonly bound: Promise<void>;
  place: Place | undefined;
  usedAtMs: number;
  alive: boolean;
}

interface OpenDoor extends Door {
  readonly socket: Socket;
}

/** A relay in this process. Its sockets are in the network namespace of the process. */
export class Relay {
  /** Where clients can send to: the doors with the ports that they got. */
  readonly doors: readonly Place[];
  readonly #open: readonly OpenDoor[];
  readonly #outside: readonly string[];
  readonly #up: RelayDirection;
  readonly #down: RelayDirection;
  readonly #mappings = new Map<string, Mapping>();
  readonly #forgotten: Socket[] = [];
  #idleMs: number;
  #rebinds = 0;
  #closed = false;

  private constructor(open: readonly OpenDoor[], config: RelayConfig) {
    const seed = config.seed ?? 1;
    this.#open = open;
    this.doors = open.map(({ socket }) => placeOf(socket));
    this.#outside = config.outside ?? [];
    this.#up = new RelayDirection(seed, config.up);
    this.#down = new RelayDirection(seed + 1, config.down);
    this.#idleMs = config.idleMs ?? 0;
    for (const door of open) {
      door.socket.on('message', (octets, from) => this.#fromClient(door, octets, from));
    }
  }

  /** Opens the doors. Rejects with what the system says, and with RangeError for an impairment that is none. */
  static async open(config: RelayConfig): Promise<Relay> {
    const open: OpenDoor[] = [];
    try {
      for (const door of config.doors) {
        const socket = newSocket(door.listen.address);
        open.push({ ...door, socket });
        const listening = once(socket, 'listening');
        socket.bind(door.listen.port, door.listen.address);
        await listening;
        socket.setRecvBufferSize(BUFFER_OCTETS);
      }
      return new Relay(open, config);
    } catch (error) {
      for (const { socket } of open) socket.close();
      throw error;
    }
  }

  /** Carries out a command, and tells where things stand. Throws RangeError for an impairment that is none. */
  async handle(command: RelayCommand): Promise<RelayAnswer> {
    switch (command.command) {
      case 'impair':
        if (command.direction !== 'down') this.#up.impair(command.impairment);
        if (command.direction !== 'up') this.#down.impair(command.impairment);
        break;
      case 'rebind':
        for (const client of [...this.#mappings.keys()]) this.#forget(client);
        if (command.address === true) this.#rebinds += 1;
        break;
      case 'block':
        this.#up.blocked = command.up;
        this.#down.blocked = command.down;
        break;
      case 'idle':
        this.#idleMs = command.idleMs;
        break;
      case 'counters':
        break;
    }
    const atMs = monotonicMs();
    const mappings = [...this.#mappings.values()];
    await Promise.all(mappings.map(({ bound }) => bound));
    return {
      atMs,
      up: { ...this.#up.counters },
      down: { ...this.#down.counters },
      mappings: mappings.flatMap(({ place }) => place ?? []),
    };
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const client of [...this.#mappings.keys()]) this.#forget(client);
    for (const socket of [...this.#forgotten, ...this.#open.map((door) => door.socket)]) socket.close();
  }

  #fromClient(door: OpenDoor, octets: Buffer, from: RemoteInfo): void {
    const mapping = this.#mappingOf(from, isIPv6(door.gateway.address));
    mapping.usedAtMs = monotonicMs();
    this.#up.take(octets.length, () => {
      if (this.#closed) return;
      this.#up.counters.forwarded += 1;
      mapping.socket.send(octets, door.gateway.port, door.gateway.address);
    });
  }

  /** What goes up within the idle time keeps a mapping (RFC 4787 REQ-6); what comes down does not. */
  #mappingOf(from: RemoteInfo, six: boolean): Mapping {
    const client = `${from.address} ${from.port} ${six ? 6 : 4}`;
    const there = this.#mappings.get(client);
    if (there !== undefined && !this.#isStale(there)) return there;
    if (there !== undefined) this.#forget(client);
    const family = this.#outside.filter((address) => isIPv6(address) === six);
    const address = family[this.#rebinds % Math.max(1, family.length)];
    const socket = newSocket(six ? '::' : '0.0.0.0');
    const bound = once(socket, 'listening').then(() => {
      mapping.place = placeOf(socket);
      socket.setRecvBufferSize(BUFFER_OCTETS);
    });
    const mapping: Mapping = { socket, bound, place: undefined, usedAtMs: 0, alive: true };
    socket.on('message', (octets, gateway) => this.#fromGateway(mapping, from, octets, gateway));
    if (address === undefined) socket.bind();
    else socket.bind(0, address);
    this.#mappings.set(client, mapping);
    return mapping;
  }

  #fromGateway(mapping: Mapping, client: RemoteInfo, octets: Buffer, from: RemoteInfo): void {
    const door = this.#open.find(
      ({ gateway }) => gateway.port === from.port && gateway.address === from.address,
    );
    if (!mapping.alive || this.#isStale(mapping) || door === undefined) {
      this.#down.counters.received += 1;
      this.#down.counters.receivedOctets += octets.length;
      this.#down.counters.unmapped += 1;
      return;
    }
    this.#down.take(octets.length, () => {
      if (this.#closed) return;
      this.#down.counters.forwarded += 1;
      door.socket.send(octets, client.port, client.address);
    });
  }

  #isStale({ usedAtMs }: Mapping): boolean {
    return this.#idleMs > 0 && monotonicMs() - usedAtMs > this.#idleMs;
  }

  #forget(client: string): void {
    const mapping = this.#mappings.get(client);
    if (mapping === undefined) return;
    mapping.alive = false;
    this.#mappings.delete(client);
    this.#forgotten.push(mapping.socket);
  }
}

/** A socket that sends to addresses without asking for their names, and to which nothing is wrong by itself. */
function newSocket(address: string): Socket {
  const socket = createSocket({
    type: isIPv6(address) ? 'udp6' : 'udp4',
    lookup: (hostname, _options, callback) => callback(null, hostname, isIPv6(hostname) ? 6 : 4),
  });
  // What the network says about a datagram (unreachable, too long) is one more way to lose it.
  socket.on('error', () => undefined);
  return socket;
}

function placeOf(socket: Socket): Place {
  const { address, port } = socket.address();
  return { address, port };
}
