import type { Transport } from '../ike/events.ts';
import type { Endpoint } from '../net/address.ts';
import { type Batch, newBatch, packetAt } from '../net/batch.ts';
import { ikeMessageOf } from '../ipsec/udp-encap.ts';
import { ENDPOINT_LENGTH, type UdpPort } from '../platform/ports.ts';
import { decodeEndpoint } from './endpoint.ts';

/** Datagrams that cross a border together. */
const BATCH = 64;
/** Octets of a slot on port 4500: an IKE message with a long certificate chain must fit. */
const NAT_SLOT = 16_384;
const IKE_SLOT = 65_536;
/** Batches that are taken in a row before others get their turn. */
const TURN = 8;

export interface UdpReaderOptions {
  readonly udp: UdpPort;
  /** Messages on port 4500 have a marker before them, and share the port with ESP. */
  readonly natTransport: boolean;
  /** What it reads into; others may use it when none of the callbacks is running. */
  readonly batch: Batch;
  readonly onIke: (octets: Uint8Array, from: Endpoint) => void;
  /** A batch that may hold ESP; whoever gets it must be done with it when it returns. */
  readonly onBatch: (batch: Batch) => void;
  /** The network said that a datagram did not arrive. */
  readonly onUnreachable: (what: 'port' | 'host') => void;
  /** Whether the socket was closed by what one of the callbacks did. */
  readonly isClosed: () => boolean;
  /** The socket, or one of the callbacks, threw. Nothing is read any more. */
  readonly onFault: (error: unknown) => void;
}

const UNREACHABLE: Readonly<Record<string, 'port' | 'host'>> = {
  ECONNREFUSED: 'port',
  EHOSTUNREACH: 'host',
  ENETUNREACH: 'host',
  EACCES: 'host',
};

/** A batch that the datagrams of such a socket fit into. */
export function newReadBatch(transport: Transport): Batch {
  return transport === 'nat' ? newBatch(BATCH, NAT_SLOT, 0) : newBatch(1, IKE_SLOT, 0);
}

/** Reads a socket in batches: IKE messages go out one by one, whole batches on for their ESP. */
export class UdpReader {
  readonly #options: UdpReaderOptions;
  readonly #batch: Batch;
  readonly #from: Uint8Array;

  constructor(options: UdpReaderOptions) {
    this.#options = options;
    this.#batch = options.batch;
    this.#from = new Uint8Array(this.#batch.capacity * ENDPOINT_LENGTH);
  }

  start(): void {
    const { udp, isClosed, onFault } = this.#options;
    udp.onReadable(() => {
      try {
        this.#pump();
      } catch (error) {
        // What is still there to be read would call back, and throw, again at once.
        if (!isClosed()) udp.onReadable(undefined);
        onFault(error);
      }
    });
  }

  #pump(): void {
    const { udp, natTransport, onBatch, onUnreachable } = this.#options;
    for (let turn = 0; turn < TURN; turn++) {
      const count = udp.receive(this.#batch, this.#from);
      if (count === 0) break;
      // ESP first: what an IKE message changes holds for what comes after it.
      if (natTransport) onBatch(this.#batch);
      if (this.#options.isClosed()) return;
      for (let i = 0; i < count; i++) if (!this.#deliver(i)) return;
      if (count < this.#batch.capacity) break;
    }
    if (this.#options.isClosed()) return;
    for (const { code } of udp.takeErrors()) {
      const what = UNREACHABLE[code];
      if (what !== undefined) return onUnreachable(what);
    }
  }

  /** False when the message made its receiver close this very socket. */
  #deliver(index: number): boolean {
    const payload = packetAt(this.#batch, index);
    const octets = this.#options.natTransport ? ikeMessageOf(payload) : payload;
    if (octets) this.#options.onIke(octets.slice(), decodeEndpoint(this.#from, index * ENDPOINT_LENGTH));
    return !this.#options.isClosed();
  }
}
