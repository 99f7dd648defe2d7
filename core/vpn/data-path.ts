import type { Millis } from '../lib/ports.ts';
import type { Endpoint } from '../net/address.ts';
import { type Batch, newBatch } from '../net/batch.ts';
import type { EspEngine } from '../ipsec/engine.ts';
import type { TunPort, UdpPort } from '../platform/ports.ts';
import { encodeEndpoint } from './endpoint.ts';

/** Packets that cross a border together. More would add delay, fewer would add crossings. */
const BATCH = 64;
/** Octets of a slot: any packet of an Ethernet path. */
const SLOT = 2048;
/** Octets before a packet from the device, for what ESP puts there. */
const HEADROOM = 64;
/** Batches of the device that are taken in a row before others get their turn. */
const TURN = 8;

export interface DataPathOptions {
  readonly engine: EspEngine;
  readonly tun: TunPort;
  readonly udp: UdpPort;
  readonly gateway: Endpoint;
  readonly now: () => Millis;
  /** ESP that passed every check came in. */
  readonly onReceived: (now: Millis) => void;
  readonly onSent: (now: Millis) => void;
  /** The device is gone. */
  readonly onBroken: (code: string) => void;
}

/** Moves packets between the tunnel device, the engine and the socket, a batch at a time. */
export class DataPath {
  readonly #options: DataPathOptions;
  readonly #fromTun = newBatch(BATCH, SLOT, HEADROOM);
  readonly #toUdp = newBatch(BATCH, SLOT, 0);
  readonly #toTun = newBatch(BATCH, SLOT, HEADROOM);
  readonly #peer: Uint8Array;
  #notSent = 0;

  constructor(options: DataPathOptions) {
    this.#options = options;
    this.#peer = encodeEndpoint(options.gateway);
  }

  start(): void {
    this.#options.tun.onReadable(() => {
      try {
        this.#pump();
      } catch (error) {
        this.stop();
        this.#options.onBroken(codeOf(error));
      }
    });
  }

  stop(): void {
    this.#options.tun.onReadable(undefined);
  }

  /** ESP packets that the socket did not take. */
  get notSent(): number {
    return this.#notSent;
  }

  #pump(): void {
    const { engine, tun, now } = this.#options;
    for (let turn = 0; turn < TURN; turn++) {
      const count = tun.read(this.#fromTun);
      if (count === 0) return;
      if (engine.outbound(this.#fromTun, this.#toUdp, now()) > 0) this.#send(this.#toUdp);
      if (count < this.#fromTun.capacity) return;
    }
  }

  /** What the socket does not take is lost, as on any congested link: the protocol inside slows down for it. */
  #send(batch: Batch): void {
    let taken = 0;
    try {
      taken = this.#options.udp.send(batch, this.#peer);
    } catch {
      // No route or no permission now; the session's own messages meet the same, and it judges what that means.
    }
    this.#notSent += batch.count - taken;
    this.#options.onSent(this.#options.now());
  }

  /** A batch from the socket; what is not ESP in it is left alone. */
  inbound(batch: Batch): void {
    const { engine, tun, now } = this.#options;
    const at = now();
    if (engine.inbound(batch, this.#toTun, at) === 0) return;
    this.#options.onReceived(at);
    try {
      tun.write(this.#toTun);
    } catch (error) {
      this.stop();
      this.#options.onBroken(codeOf(error));
    }
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
