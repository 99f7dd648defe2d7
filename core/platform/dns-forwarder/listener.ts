import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { concat, u16 } from '../../lib/bytes.ts';
import { failure, type Failure } from '../../lib/failure.ts';
import type { Log } from '../../lib/ports.ts';
import { err, ok, type Result } from '../../lib/result.ts';
import { formatAddress, parseAddress, sameAddress, type IpAddress } from '../../net/address.ts';
import type { Transport } from './upstream.ts';

const PORT = 53;
const ANY_PORT = 0;
const MAX_CONNECTIONS = 64;
/** Questions of one connection that are being answered; more of them wait in the socket. */
const MAX_IN_FLIGHT = 16;
/** Octets of a question over TCP: a name, a type, a few options. */
const MAX_QUERY_LENGTH = 4_096;
const IDLE_MS = 10_000;

export interface ListenerOptions {
  /** An address of this machine that nobody else can reach. */
  readonly address: IpAddress;
  /** Never rejects; undefined: no answer. */
  readonly answer: (query: Uint8Array, transport: Transport) => Promise<Uint8Array | undefined>;
  readonly log: Log;
}

export interface Listener {
  /** 53, or another one where somebody else has that at every address. */
  readonly port: number;
  close(): Promise<void>;
}

interface Bound {
  readonly datagrams: DatagramSocket;
  readonly connections: Server;
  readonly port: number;
}

/** Both transports on one port; 0 is any. Throws. */
async function bind({ address }: ListenerOptions, wanted: number): Promise<Bound> {
  const host = formatAddress(address);
  const datagrams = createSocket(address.family === 4 ? 'udp4' : 'udp6');
  const connections = createServer({ allowHalfOpen: true });
  try {
    const bound = once(datagrams, 'listening');
    datagrams.bind({ address: host, port: wanted, exclusive: true });
    await bound;
    const { port } = datagrams.address();
    const listening = once(connections, 'listening');
    connections.listen({ host, port, exclusive: true });
    await listening;
    return { datagrams, connections, port };
  } catch (error) {
    await Promise.all([closed(datagrams), closed(connections)]);
    throw error;
  }
}

function isTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
}

/**
 * Takes questions of programs of this machine, over UDP and TCP. Where somebody else has the port at every address of the
 * machine, another one is taken. Fails with platform.dns-failed.
 */
export async function listen(options: ListenerOptions): Promise<Result<Listener, Failure>> {
  const { address } = options;
  let bound: Bound;
  try {
    bound = await bind(options, PORT).catch((error: unknown) => {
      if (!isTaken(error)) throw error;
      return bind(options, ANY_PORT);
    });
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return err(failure('platform.dns-failed', { command: `listen on ${formatAddress(address)}`, detail }));
  }
  const { datagrams, connections, port: own } = bound;
  connections.maxConnections = MAX_CONNECTIONS;
  const sockets = new Set<Socket>();
  connections.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    if (isLocal(socket.remoteAddress, address)) serve(socket, options);
    else socket.destroy();
  });
  datagrams.on('message', (query, { address: from, port }) => {
    if (!isLocal(from, address)) return;
    void options.answer(query, 'udp').then((reply) => {
      if (reply !== undefined) datagrams.send(reply, port, from, () => undefined);
    });
  });
  const complain = (error: Error): void => options.log('warn', 'dns-listener', { detail: error.message });
  datagrams.on('error', complain);
  connections.on('error', complain);
  return ok({
    port: own,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await Promise.all([closed(datagrams), closed(connections)]);
    },
  });
}

/** Sending after the end is refused, and of no use. */
async function closed(one: DatagramSocket | Server): Promise<void> {
  await new Promise<void>((resolve) => {
    try {
      one.close(() => resolve());
    } catch {
      resolve();
    }
  });
}

/** Programs of this machine ask from its loopback addresses, or from the very address that they ask. */
function isLocal(text: string | undefined, own: IpAddress): boolean {
  const from = parseAddress(text ?? '');
  if (from === undefined) return false;
  return from.family === 4
    ? from.octets[0] === 127 || sameAddress(from, own)
    : isLoopback6(from) || sameAddress(from, own);
}

function isLoopback6({ octets }: IpAddress): boolean {
  return octets.every((octet, i) => octet === (i === 15 ? 1 : 0));
}

/**
 * One connection. Each message has its length in front (RFC 1035 section 4.2.2); answers go out as they come, in whatever
 * order (RFC 7766 section 6.2.1.1).
 *
 *    +--------+--------+------- … -------+
 *    |     length      |     message     |
 *    +--------+--------+------- … -------+
 */
function serve(socket: Socket, { answer }: ListenerOptions): void {
  let waiting: Uint8Array = new Uint8Array(0);
  let inFlight = 0;
  let over = false;
  socket.setTimeout(IDLE_MS, () => socket.destroy());
  socket.on('error', () => undefined);
  const finish = (): void => {
    if (over && inFlight === 0) socket.end();
  };
  const take = (): void => {
    while (inFlight < MAX_IN_FLIGHT && waiting.length >= 2) {
      const length = ((waiting[0] ?? 0) << 8) | (waiting[1] ?? 0);
      if (length > MAX_QUERY_LENGTH) {
        socket.destroy();
        return;
      }
      if (waiting.length < 2 + length) break;
      const query = waiting.slice(2, 2 + length);
      waiting = waiting.subarray(2 + length);
      inFlight += 1;
      void answer(query, 'tcp').then((reply) => {
        inFlight -= 1;
        if (socket.destroyed) return;
        // Who asks what cannot be answered is not spoken to any more.
        if (reply === undefined) socket.destroy();
        else socket.write(concat(u16(reply.length), reply));
        take();
        finish();
      });
    }
    if (inFlight >= MAX_IN_FLIGHT) socket.pause();
    else socket.resume();
  };
  socket.on('data', (octets: Buffer) => {
    waiting = concat(waiting, octets);
    take();
  });
  socket.on('end', () => {
    over = true;
    finish();
  });
}
