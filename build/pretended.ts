/*
 * A machine, a network and a gateway that only pretend: what a connection needs of the world, in memory.
 */
import type { CreateConnection } from '../core/composition/connection-port.ts';
import { distrust } from '../core/composition/trust.ts';
import { sha256 } from '../core/crypto/hash.ts';
import { concat, fromHex, toHex, u32, utf8 } from '../core/lib/bytes.ts';
import type { EpochMillis, RandomBytes } from '../core/lib/ports.ts';
import { ok, type Result } from '../core/lib/result.ts';
import { Writer } from '../core/lib/writer.ts';
import type { Failure } from '../core/lib/failure.ts';
import { type IpAddress, parseAddress } from '../core/net/address.ts';
import { appendPacket, packetAt, resetBatch } from '../core/net/batch.ts';
import type { NetlinkPort } from '../core/platform/linux/netlink/dump.ts';
import { ipBatch } from '../core/platform/linux/netlink/ip-batch.ts';
import {
  attribute,
  Control,
  NATIVE_ORDER,
  RouteMessage,
  splitMessages,
} from '../core/platform/linux/netlink/message.ts';
import type { LinuxOs } from '../core/platform/linux/os.ts';
import { LinuxRouteManager } from '../core/platform/linux/route-manager.ts';
import { ENDPOINT_LENGTH, type TunPort, type UdpPort } from '../core/platform/ports.ts';
import { resolveHost } from '../core/platform/resolver.ts';
import { Connection } from '../core/vpn/connection.ts';
import { decodeEndpoint } from '../core/vpn/endpoint.ts';

/** Takes an IKE message to that port of the gateway (without the marker of port 4500), and gives the answers to it. */
export type Gateway = (message: Uint8Array, port: number) => readonly Uint8Array[];

export const CLIENT_ADDRESS = '192.0.2.7';
export const NAT_PORT = 4500;
const NON_ESP_MARKER = new Uint8Array(4);

/** A gateway that gives the answers of a script, in their order. It serves one rehearsal. */
export function scripted(answers: readonly (readonly string[])[]): Gateway {
  const rest = [...answers];
  return () => (rest.shift() ?? []).map((hex) => fromHex(hex));
}

/** A gateway that answers as another does, and writes it down. */
export function recording(gateway: Gateway, answers: string[][]): Gateway {
  return (message, port) => {
    const given = gateway(message, port);
    answers.push(given.map(toHex));
    return given;
  };
}

/** Connections on a machine that has that gateway in reach. The same seed gives the same octets to it. */
export function pretendedConnections(epoch: EpochMillis, gateway: Gateway, seed: string): CreateConnection {
  return ({ profile, credentials, log, onEvent, policy, protection, firewall }) => {
    const os = pretendedOs();
    const routes = new LinuxRouteManager(os);
    const link = new PretendedLink(gateway);
    const preflight = async (): Promise<Failure | undefined> => {
      const problem = distrust();
      if (problem) return problem;
      const repaired = await routes.repairStale();
      return repaired.ok ? undefined : repaired.error;
    };
    return new Connection({
      profile,
      credentials,
      ports: {
        preflight,
        resolve: (host): Promise<Result<readonly IpAddress[], Failure>> => resolveHost(host),
        openUdp: ({ preferredPort }) => ok(link.socket(preferredPort)),
        openTun: () => ok(pretendedTun()),
        routes,
        ...(firewall ? { firewall } : {}),
        clock: { now: () => 0, epoch: () => epoch, at: () => () => undefined },
        random: seededRandom(seed),
        log,
      },
      systemAnchors: () => [],
      onEvent,
      ...(policy ? { policy } : {}),
      ...(protection ? { protection } : {}),
    });
  };
}

/** The gateway and the sockets that reach it. */
class PretendedLink {
  readonly #gateway: Gateway;

  constructor(gateway: Gateway) {
    this.#gateway = gateway;
  }

  socket(localPort: number): UdpPort {
    const waiting: Uint8Array[] = [];
    const local = parseAddress(CLIENT_ADDRESS);
    if (local === undefined) throw new Error('not an address');
    const peer = new Uint8Array(ENDPOINT_LENGTH);
    let readable: (() => void) | undefined;
    return {
      localPort,
      receive: (batch, from) => {
        resetBatch(batch);
        for (let octets = waiting.shift(); octets; octets = waiting.shift()) {
          from.set(peer, batch.count * ENDPOINT_LENGTH);
          appendPacket(batch, octets);
        }
        return batch.count;
      },
      send: (batch, to, first = 0) => {
        peer.set(to);
        const { port } = decodeEndpoint(to, 0);
        const marker = port === NAT_PORT ? NON_ESP_MARKER : new Uint8Array(0);
        for (let i = first; i < batch.count; i++) {
          const message = packetAt(batch, i).slice(marker.length);
          waiting.push(...this.#gateway(message, port).map((octets) => concat(marker, octets)));
        }
        setImmediate(() => readable?.());
        return batch.count;
      },
      onReadable: (callback) => {
        readable = callback;
      },
      takeErrors: () => [],
      localAddressFor: () => local.octets,
      close: () => {
        readable = undefined;
      },
    };
  }
}

function pretendedTun(): TunPort {
  return {
    name: 'causeway0',
    read: () => 0,
    write: (batch) => batch.count,
    onReadable: () => undefined,
    close: () => undefined,
  };
}

/** A machine on which every tool succeeds, and nothing was left behind. */
function pretendedOs(): LinuxOs {
  let journal: string | undefined;
  return {
    run: (_tool, args, input) =>
      Promise.resolve(ok(ipBatch(args, input, pretendedKernel) ?? { status: 0, stderr: '' })),
    readParameter: () => '0',
    writeParameter: () => undefined,
    parameterInterfaces: () => [],
    journal: {
      place: 'nowhere',
      read: () => journal,
      create: (text) => {
        journal = text;
        return true;
      },
      replace: (text) => {
        journal = text;
      },
      remove: () => {
        journal = undefined;
      },
    },
    self: { pid: 1, startTicks: 1 },
    isAlive: () => false,
  };
}

/** A kernel that does what it is asked for, and has one link whatever its name. */
function pretendedKernel(): NetlinkPort {
  const waiting: Uint8Array[] = [];
  return {
    send: (octets) => {
      for (const { type, sequence } of splitMessages(octets)) {
        const isQuestion = type === RouteMessage.GET_LINK;
        waiting.push(isQuestion ? linkMessage(sequence) : netlinkMessage(Control.ERROR, sequence, NO_ERROR));
      }
    },
    receive: (into) => {
      const next = waiting.shift() ?? new Uint8Array(0);
      into.set(next);
      return next.length;
    },
    onReadable: () => undefined,
    close: () => undefined,
  };
}

/** The errno, and where the kernel repeats the header of the request. */
const NO_ERROR = new Uint8Array(20);

function linkMessage(sequence: number): Uint8Array {
  const fixed = new Writer(16, NATIVE_ORDER).u32(0).u32(1).u32(0).u32(0).finish();
  return netlinkMessage(
    RouteMessage.NEW_LINK,
    sequence,
    concat(fixed, attribute(LINK_NAME, utf8('causeway0\0'))),
  );
}

function netlinkMessage(type: number, sequence: number, body: Uint8Array): Uint8Array {
  const header = new Writer(16, NATIVE_ORDER)
    .u32(HEADER_LENGTH + body.length)
    .u16(type)
    .u16(0);
  return concat(header.u32(sequence).u32(0).finish(), body);
}

const [HEADER_LENGTH, LINK_NAME] = [16, 3];

/** The same octets for the same seed. What it makes is known to everybody, and protects nothing. */
function seededRandom(seed: string): RandomBytes {
  let counter = 0;
  return (length) => {
    const blocks: Uint8Array[] = [];
    for (let have = 0; have < length; have += 32) blocks.push(sha256(utf8(seed), u32(counter++)));
    return concat(...blocks).slice(0, length);
  };
}
