import { Socket } from 'node:net';
import { concat, EMPTY, u16 } from '../../../lib/bytes.ts';
import type { IpAddress } from '../../../net/address.ts';
import { appendPacket, newBatch, packetAt, resetBatch } from '../../../net/batch.ts';
import { UdpSocket } from '../../../node-tun/index.ts';
import { tcpConnect } from '../../../node-tun/tcp.ts';
import type { Ask, DnsUpstream } from '../../dns-forwarder/upstream.ts';
import { ENDPOINT_LENGTH } from '../../ports.ts';

const PORT = 53;
/** As long as a datagram can be. */
const SLOT = 65_536;
/** A question and its forgeries that wait in a socket. */
const BURST = 64;

export interface UpstreamOptions {
  /** The tunnel's: what is asked there leaves by it or not at all. */
  readonly device: string;
  /** Packets with this mark go past the tunnel. */
  readonly bypassMark: number;
}

type Path = { readonly device?: string; readonly mark?: number };

/** Questions over sockets that are held to the tunnel's device, marked to go past it, or neither. Each has one of its own. */
export function linuxUpstream(options: UpstreamOptions): DnsUpstream {
  const batch = newBatch(1, SLOT, 0);
  const from = new Uint8Array(ENDPOINT_LENGTH);
  return {
    ask: (request) => {
      const path = {
        tunnel: { device: options.device },
        former: { mark: options.bypassMark },
        usual: {},
      }[request.way];
      try {
        return request.transport === 'udp' ? overUdp(request, path) : overTcp(request, path);
      } catch {
        // No device, no route, or a firewall: nobody can be asked this way.
        const turn = setImmediate(() => request.done(undefined));
        return () => clearImmediate(turn);
      }
    },
  };

  function overUdp({ server, query, accept, done }: Ask, path: Path): () => void {
    const to = endpointOf(server);
    const socket = UdpSocket.open({ family: server.family, ...path });
    const end = (answer: Uint8Array | undefined): void => {
      socket.close();
      done(answer);
    };
    const read = (): void => {
      for (let i = 0; i < BURST && socket.receive(batch, from) > 0; i++) {
        const octets = packetAt(batch, 0).slice();
        if (!from.every((octet, at) => octet === to[at]) || !accept(octets)) continue;
        end(octets);
        return;
      }
      if (socket.takeErrors().length > 0) end(undefined);
    };
    socket.onReadable(() => {
      try {
        read();
      } catch {
        end(undefined);
      }
    });
    try {
      resetBatch(batch);
      appendPacket(batch, query);
      socket.send(batch, to);
    } catch (error) {
      socket.close();
      throw error;
    }
    return () => socket.close();
  }
}

function overTcp({ server, query, accept, done }: Ask, path: Path): () => void {
  const socket = new Socket({ fd: tcpConnect(endpointOf(server), path), readable: true, writable: true });
  let waiting: Uint8Array = EMPTY;
  const end = (answer: Uint8Array | undefined): void => {
    socket.off('close', lost);
    socket.destroy();
    done(answer);
  };
  const lost = (): void => end(undefined);
  socket.on('error', () => undefined);
  socket.on('close', lost);
  socket.on('data', (octets: Buffer) => {
    waiting = concat(waiting, octets);
    const length = ((waiting[0] ?? 0) << 8) | (waiting[1] ?? 0);
    if (waiting.length < 2 || waiting.length < 2 + length) return;
    const answer = waiting.slice(2, 2 + length);
    // A connection has one answer alone; another one is none.
    end(accept(answer) ? answer : undefined);
  });
  socket.write(concat(u16(query.length), query));
  return () => {
    socket.off('close', lost);
    socket.destroy();
  };
}

function endpointOf({ family, octets }: IpAddress): Uint8Array {
  const endpoint = new Uint8Array(ENDPOINT_LENGTH);
  endpoint.set([family, 0, PORT >> 8, PORT & 0xff]);
  endpoint.set(octets, 4);
  return endpoint;
}
