import { Socket } from 'node:net';
import type { Api } from '../contract/api.ts';
import { failure } from '../lib/failure.ts';
import type { Log, Millis } from '../lib/ports.ts';
import { encodeFrame, FrameDecoder } from './frame.ts';
import type { Handlers } from './handlers.ts';
import { DEFAULT_PEER_LIMITS, type PeerLimits, ServerPeer } from './server-peer.ts';

/** Where connections come from: descriptors, each with who the kernel says is at the other end. */
export interface ConnectionSource {
  accept():
    | { readonly descriptor: number; readonly peer: { readonly pid: number; readonly uid: number } }
    | undefined;
  onReadable(callback: (() => void) | undefined): void;
  close(): void;
}

export interface ServerLimits extends PeerLimits {
  readonly clients: number;
  readonly clientsOfOneUser: number;
  /** For so long a client may take for its greeting, and for any frame that it has begun. */
  readonly slowMs: Millis;
  /** Octets that wait to be read by a client, behind which it is let go. */
  readonly unreadOctets: number;
}

export const DEFAULT_SERVER_LIMITS: ServerLimits = {
  ...DEFAULT_PEER_LIMITS,
  clients: 128,
  clientsOfOneUser: 64,
  slowMs: 10_000,
  unreadOctets: 4 * 1024 * 1024,
};

export interface ServerOptions<A extends Api> {
  readonly api: A;
  readonly handlers: Handlers<A>;
  readonly source: ConnectionSource;
  readonly isAdministrator: (uid: number) => boolean;
  /** The program that serves, and its version. */
  readonly server: string;
  readonly limits?: Partial<ServerLimits>;
  readonly now: () => Millis;
  readonly log: Log;
}

interface Client {
  readonly uid: number;
  readonly socket: Socket;
}

/** Serves an interface to every connection that a source has. */
export class Server<A extends Api> {
  readonly #options: ServerOptions<A>;
  readonly #limits: ServerLimits;
  readonly #clients = new Set<Client>();

  constructor(options: ServerOptions<A>) {
    this.#options = options;
    this.#limits = { ...DEFAULT_SERVER_LIMITS, ...options.limits };
    options.source.onReadable(() => this.#acceptAll());
  }

  get clients(): number {
    return this.#clients.size;
  }

  /** Takes no more connections and ends those that there are. */
  close(): void {
    this.#options.source.onReadable(undefined);
    this.#options.source.close();
    for (const { socket } of this.#clients) socket.destroy();
  }

  #acceptAll(): void {
    const { source, log } = this.#options;
    try {
      for (let found = source.accept(); found; found = source.accept()) {
        this.#serve(new Socket({ fd: found.descriptor, readable: true, writable: true }), found.peer);
      }
    } catch (error) {
      // No descriptor left, say: those who wait will be there when one is.
      log('error', 'accept-failed', { detail: error instanceof Error ? error.message : String(error) });
    }
  }

  #serve(socket: Socket, { uid, pid }: { readonly uid: number; readonly pid: number }): void {
    const client = { uid, socket };
    const { api, handlers, isAdministrator, server, now, log } = this.#options;
    const decoder = new FrameDecoder();
    const peer = new ServerPeer({
      api,
      handlers,
      caller: { uid, pid, isAdministrator: isAdministrator(uid) },
      limits: this.#limits,
      server,
      now,
      log,
      send: (message) => this.#send(socket, encodeFrame(message)),
      isFlowing: () => !socket.writableNeedDrain,
      hangUp: () => socket.end(),
    });
    const isCrowd = this.#isCrowd(uid);
    this.#clients.add(client);
    const patience = new Patience(this.#limits.slowMs, () => peer.refuse(failure('contract.timeout')));
    socket.on('data', (piece: Buffer) => {
      const frames = decoder.push(piece);
      piece.fill(0);
      if (!frames.ok) return peer.refuse(failure('contract.invalid', { detail: frames.error }));
      for (const frame of frames.value) peer.handle(frame);
      patience.judge(!peer.greeted || decoder.pending > 0, frames.value.length > 0);
    });
    socket.on('drain', () => peer.flow());
    socket.on('error', (error) => log('debug', 'client-lost', { uid, detail: error.message }));
    socket.on('close', () => {
      patience.end();
      peer.end();
      decoder.wipe();
      this.#clients.delete(client);
    });
    if (isCrowd) peer.refuse(failure('contract.busy'));
    else patience.judge(true, true);
  }

  #isCrowd(uid: number): boolean {
    const ofUser = [...this.#clients].filter((client) => client.uid === uid).length;
    return this.#clients.size >= this.#limits.clients || ofUser >= this.#limits.clientsOfOneUser;
  }

  #send(socket: Socket, octets: Uint8Array): void {
    if (socket.destroyed || socket.writableEnded) return;
    if (socket.writableLength > this.#limits.unreadOctets) {
      this.#options.log('warn', 'client-does-not-read', {});
      socket.destroy();
      return;
    }
    socket.write(octets);
  }
}

/** How long somebody may leave something half done. */
class Patience {
  readonly #ms: Millis;
  readonly #onEnd: () => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(ms: Millis, onEnd: () => void) {
    this.#ms = ms;
    this.#onEnd = onEnd;
  }

  /** `isWaiting`: something is half done. `anew`: it is something else than before. */
  judge(isWaiting: boolean, anew: boolean): void {
    if (!isWaiting || anew) this.end();
    if (isWaiting) this.#timer ??= setTimeout(this.#onEnd, this.#ms);
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
