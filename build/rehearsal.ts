/*
 * One whole connection without a machine or a network: `causeway connect` in earnest, over sockets, a device and
 * tools that only pretend. The runtime compiles a function when it is first called; after the rehearsal, all that
 * connecting calls is compiled, and the start-up snapshot keeps that.
 */
import { mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CreateConnection } from '../core/composition/connection-port.ts';
import { connect, type Host } from '../core/cli/connect.ts';
import { sha256 } from '../core/crypto/hash.ts';
import { startTest } from '../core/crypto/self-test.ts';
import { concat, fromHex, toHex, u32, utf8 } from '../core/lib/bytes.ts';
import type { EpochMillis, RandomBytes } from '../core/lib/ports.ts';
import { ok, type Result } from '../core/lib/result.ts';
import { failure, type Failure } from '../core/lib/failure.ts';
import { type IpAddress, parseAddress } from '../core/net/address.ts';
import { appendPacket, packetAt, resetBatch } from '../core/net/batch.ts';
import type { LinuxOs } from '../core/platform/linux/os.ts';
import { LinuxRouteManager } from '../core/platform/linux/route-manager.ts';
import { ENDPOINT_LENGTH, type TunPort, type UdpPort } from '../core/platform/ports.ts';
import { resolveHost } from '../core/platform/resolver.ts';
import { Connection } from '../core/vpn/connection.ts';
import { decodeEndpoint } from '../core/vpn/endpoint.ts';

/** What is needed for a rehearsal besides a gateway, and what that gateway answered, in a form that JSON carries. */
export interface Script {
  readonly profile: object;
  readonly password: string;
  readonly epoch: EpochMillis;
  /** For each message to the gateway its answers, in hexadecimal. */
  readonly answers: readonly (readonly string[])[];
}

/** Takes an IKE message to that port of the gateway (without the marker of port 4500), and gives the answers to it. */
export type Gateway = (message: Uint8Array, port: number) => readonly Uint8Array[];

export const CLIENT_ADDRESS = '192.0.2.7';
export const NAT_PORT = 4500;
const NON_ESP_MARKER = new Uint8Array(4);
const ENDED_BY_USER = 0;

/** A gateway that gives the answers of a script, in their order. It serves one rehearsal. */
export function scripted(answers: Script['answers']): Gateway {
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

/**
 * Connects and disconnects, once for programs and once for people to read. The octets to the gateway are the same
 * each time, so that a script can answer them. Rejects with what the command said when it does not end in order.
 */
export async function rehearse(script: Omit<Script, 'answers'>, gateway: Gateway): Promise<void> {
  for (const json of [true, false]) {
    const folder = mkdtempSync(join(tmpdir(), 'causeway-rehearsal-'));
    try {
      const profilePath = join(folder, 'profile.json');
      writeFileSync(profilePath, JSON.stringify(script.profile));
      writeFileSync(join(folder, 'password'), script.password);
      const passwordFd = openSync(join(folder, 'password'), 'r');
      const said: string[] = [];
      const host = pretendedHost(said, pretendedConnections(script.epoch, gateway, `json ${json}`));
      const status = await connect({ profilePath, passwordFd, json, verbose: false }, host);
      if (status !== ENDED_BY_USER) throw new Error(`the rehearsal failed:\n${said.join('')}`);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
}

/** A process whose user asks for the end as soon as the tunnel stands. */
function pretendedHost(said: string[], create: CreateConnection): Host {
  let ask: (how: 'orderly') => void = () => undefined;
  const output = { write: (text: string) => said.push(text) };
  return {
    out: output,
    error: output,
    look: { live: false, color: false, unicode: false, columns: 80 },
    terminal: undefined,
    system: 'linux',
    userId: 0,
    now: () => 0,
    loadConnections: () =>
      Promise.resolve((setup) =>
        create({
          ...setup,
          onEvent: (event) => {
            setup.onEvent(event);
            if (event.event === 'connected') setImmediate(() => ask('orderly'));
          },
        }),
      ),
    onEndAsked: (callback) => {
      ask = callback;
      return () => undefined;
    },
    onFault: () => () => undefined,
    everySecond: () => () => undefined,
    after: () => undefined,
    interrupt: () => undefined,
  };
}

function pretendedConnections(epoch: EpochMillis, gateway: Gateway, seed: string): CreateConnection {
  return ({ profile, credentials, log, onEvent }) => {
    const os = pretendedOs();
    const routes = new LinuxRouteManager(os);
    const link = new PretendedLink(gateway);
    const preflight = async (): Promise<Failure | undefined> => {
      const tested = startTest();
      if (!tested.ok) return failure('internal.self-test', { detail: tested.error });
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
        clock: { now: () => 0, epoch: () => epoch, at: () => () => undefined },
        random: seededRandom(seed),
        log,
      },
      systemAnchors: () => [],
      onEvent,
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
    run: () => Promise.resolve(ok({ status: 0, stderr: '' })),
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

/** The same octets for the same seed. What it makes is known to everybody, and protects nothing. */
function seededRandom(seed: string): RandomBytes {
  let counter = 0;
  return (length) => {
    const blocks: Uint8Array[] = [];
    for (let have = 0; have < length; have += 32) blocks.push(sha256(utf8(seed), u32(counter++)));
    return concat(...blocks).slice(0, length);
  };
}
