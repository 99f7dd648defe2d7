import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { addressOf, formatAddress, type Endpoint, type IpAddress } from '../../../core/net/address.ts';
import { newBatch, packetAt, resetBatch, type Batch } from '../../../core/net/batch.ts';
import { formatPrefix } from '../../../core/net/prefix.ts';
import { ikeMessageOf, withNonEspMarker } from '../../../core/ipsec/udp-encap.ts';
import type { RandomBytes } from '../../../core/lib/ports.ts';
import { ENDPOINT_OCTETS, TunDevice, UdpSocket } from '../../../core/node-tun/index.ts';
import { next } from './addresses.ts';
import type { ProgramConfig } from './config-json.ts';
import { DataPlane, type ClientPath } from './data-plane.ts';
import { GatewayIke } from './gateway-ike.ts';
import { describeEvent, print } from './report.ts';
import type { GatewayDatagram, GatewayEvent, GatewayOutput } from './types.ts';

const IKE_PORT = 500;
const NAT_PORT = 4500;
const BATCH = 64;
const SLOT = 9216;
const HEADROOM = 128;

/** A line on standard input behind the first one. The newest IKE SA and Child SA are meant unless it says which. */
export interface ProgramCommand {
  readonly command: string;
  readonly saId?: number;
  readonly childId?: number;
  /** Groups to offer when something is created or rekeyed. */
  readonly groups?: readonly number[];
}

/** The gateway with its sockets, its tunnel device and its timer, in the namespace that it was started in. */
export class GatewayProgram {
  readonly #ike: GatewayIke;
  readonly #data: DataPlane;
  readonly #sockets: readonly UdpSocket[];
  readonly #batch: Batch = newBatch(BATCH, SLOT, HEADROOM);
  readonly #from = new Uint8Array(BATCH * ENDPOINT_OCTETS);
  #timer: NodeJS.Timeout | undefined;

  private constructor(ike: GatewayIke, data: DataPlane, sockets: readonly UdpSocket[]) {
    this.#ike = ike;
    this.#data = data;
    this.#sockets = sockets;
    for (const socket of sockets) socket.onReadable(() => this.#receive(socket));
  }

  /** Opens everything and prints `ready`. Throws SystemError. */
  static start(config: ProgramConfig, random: RandomBytes): GatewayProgram {
    const { gateway } = config;
    const sockets = gateway.addresses.flatMap((address) =>
      [IKE_PORT, NAT_PORT].map((localPort) =>
        UdpSocket.open({ family: address.family, localAddress: address.octets, localPort }),
      ),
    );
    const tun = TunDevice.open({ name: config.tun, mtu: config.mtu });
    prepareTun(tun.name, config);
    const ike = new GatewayIke(gateway, random, config.faults);
    const program = new GatewayProgram(ike, new DataPlane(tun), sockets);
    print({ event: 'ready', tun: tun.name, addresses: gateway.addresses.map(formatAddress) });
    return program;
  }

  /** One command from standard input. Throws for one that is unknown or not possible now. */
  command({ command, saId = this.#ike.sas.at(-1)?.id ?? 0, ...options }: ProgramCommand): void {
    const now = performance.now();
    switch (command) {
      case 'stats':
        print({ event: 'stats', counters: this.#data.counters(), sas: this.#ike.sas.length });
        return;
      case 'liveness':
        this.#act(this.#ike.checkLiveness(saId, now));
        return;
      case 'delete-ike':
        this.#act(this.#ike.deleteIke(saId, now));
        return;
      case 'delete-child':
        this.#act(this.#ike.deleteChild(saId, now, options.childId));
        return;
      case 'rekey-child':
        this.#act(this.#ike.rekeyChild(saId, now, options));
        return;
      case 'create-child':
        this.#act(this.#ike.createChild(saId, now, options));
        return;
      case 'rekey-ike':
        this.#act(this.#ike.rekeyIke(saId, now, options));
        return;
      case 'silent':
        this.#ike.setSilent(true);
        return;
      default:
        throw new Error(`unknown command ${command}`);
    }
  }

  close(): void {
    clearTimeout(this.#timer);
    for (const socket of this.#sockets) socket.close();
    this.#data.close();
  }

  #receive(socket: UdpSocket): void {
    resetBatch(this.#batch);
    const count = socket.receive(this.#batch, this.#from);
    for (let i = 0; i < count; i++) {
      const payload = packetAt(this.#batch, i);
      const octets = socket.localPort === IKE_PORT ? payload : ikeMessageOf(payload);
      if (octets === undefined) continue;
      const remote = endpointOf(this.#from.subarray(i * ENDPOINT_OCTETS, (i + 1) * ENDPOINT_OCTETS));
      const datagram = { octets: octets.slice(), remote, localPort: socket.localPort };
      this.#act(this.#ike.handleDatagram(datagram, performance.now()));
    }
    if (socket.localPort === NAT_PORT && count > 0) this.#data.receive(this.#batch);
    socket.takeErrors();
  }

  #act({ datagrams, events }: GatewayOutput): void {
    // Keys go in before the answer goes out: the client may send at once.
    for (const event of events) {
      this.#applyEvent(event);
      print(describeEvent(event));
    }
    for (const datagram of datagrams) this.#send(datagram);
    this.#arm();
  }

  #applyEvent(event: GatewayEvent): void {
    this.#data.follow(event);
    if (event.kind === 'child-added')
      this.#data.move(event.child.childId, this.#pathTo(event.remote, event.localPort));
    if (event.kind !== 'moved') return;
    const sa = this.#ike.sas.find(({ id }) => id === event.saId);
    for (const { spec } of sa?.children ?? [])
      this.#data.move(spec.childId, this.#pathTo(event.remote, event.localPort));
  }

  #send({ octets, remote, localPort }: GatewayDatagram): void {
    const payload = localPort === NAT_PORT ? withNonEspMarker(octets) : octets;
    const { socket, to } = this.#pathTo(remote, localPort);
    const batch = {
      slab: payload,
      offsets: Uint32Array.of(0),
      lengths: Uint32Array.of(payload.length),
      ...{ count: 1, capacity: 1, slot: payload.length, headroom: 0 },
    };
    socket.send(batch, to);
  }

  #pathTo(remote: Endpoint, localPort: number): ClientPath {
    const { family } = remote.address;
    const socket = this.#sockets.find((s) => s.localPort === localPort && s.family === family);
    if (socket === undefined) throw new Error(`no socket for IPv${family} on port ${localPort}`);
    return { socket, to: endpointOctets(remote) };
  }

  #arm(): void {
    clearTimeout(this.#timer);
    const at = this.#ike.nextTimeout();
    if (at === undefined) return;
    const wait = Math.max(0, Math.ceil(at - performance.now()));
    this.#timer = setTimeout(() => this.#act(this.#ike.handleTimeout(performance.now())), wait);
  }
}

/** Brings the device up with the first address of each pool, routes the pools to it, and forwards. */
function prepareTun(name: string, { gateway }: ProgramConfig): void {
  ip('link', 'set', name, 'up');
  for (const pool of gateway.pools) {
    const own = formatAddress(addressOf(next(pool.address.octets)));
    ip('address', 'add', `${own}/${pool.length}`, 'dev', name, ...(own.includes(':') ? ['nodad'] : []));
    print({ event: 'pool', pool: formatPrefix(pool), gateway: own });
  }
  for (const path of ['/proc/sys/net/ipv4/ip_forward', '/proc/sys/net/ipv6/conf/all/forwarding']) {
    if (existsSync(path)) writeFileSync(path, '1');
  }
}

function ip(...args: readonly string[]): void {
  const file =
    ['/usr/sbin/ip', '/sbin/ip', '/usr/bin/ip', '/bin/ip'].find((path) => existsSync(path)) ?? 'ip';
  const { status, stderr } = spawnSync(file, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`ip ${args.join(' ')}: ${stderr.trim()}`);
}

function endpointOf(octets: Uint8Array): Endpoint {
  const address: IpAddress = addressOf(octets.slice(4, octets[0] === 4 ? 8 : ENDPOINT_OCTETS));
  return { address, port: ((octets[2] ?? 0) << 8) | (octets[3] ?? 0) };
}

function endpointOctets({ address, port }: Endpoint): Uint8Array {
  const octets = new Uint8Array(ENDPOINT_OCTETS);
  octets[0] = address.family;
  octets[2] = port >>> 8;
  octets[3] = port & 0xff;
  octets.set(address.octets, 4);
  return octets;
}
