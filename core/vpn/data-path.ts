import type { Millis } from '../lib/ports.ts';
import type { Endpoint } from '../net/address.ts';
import { type Batch, newBatch } from '../net/batch.ts';
import type { EspEngine } from '../ipsec/engine.ts';
import type { TunPort, UdpPort } from '../platform/ports.ts';
import { encodeEndpoint } from './endpoint.ts';

/** Packets that cross a border together. More would add delay, fewer would add crossings. */
const BATCH = 64;
/** Octets of a slot at least: any packet of an Ethernet path, whatever MTU the device has. */
const SLOT = 2048;
/** Octets before a packet from the device, for what ESP puts there. As much may come behind it. */
const HEADROOM = 64;
/** Batches of the device that are taken in a row before others get their turn. */
const TURN = 8;

export interface DataPathOptions {
  readonly engine: EspEngine;
  readonly tun: TunPort;
  /** Octets of the longest packet of the device. */
  readonly mtu: number;
  readonly udp: UdpPort;
  readonly gateway: Endpoint;
  readonly now: () => Millis;
  /** ESP that passed every check came in. */
  readonly onReceived: (now: Millis) => void;
  readonly onSent: (now: Millis) => void;
  /** The device threw: it is down or gone. Nothing is read from it any more. */
  readonly onBroken: (error: unknown) => void;
}

/** Moves packets between the tunnel device, the engine and the socket, a batch at a time. */
export class DataPath {
  readonly #options: DataPathOptions;
  readonly #fromTun: Batch;
  readonly #toUdp: Batch;
  readonly #toTun: Batch;
  readonly #peer: Uint8Array;
  #isRunning = false;
  #notSent = 0;

  constructor(options: DataPathOptions) {
    this.#options = options;
    const slot = Math.max(SLOT, options.mtu + 2 * HEADROOM);
    this.#fromTun = newBatch(BATCH, slot, HEADROOM);
    this.#toUdp = newBatch(BATCH, slot, 0);
    this.#toTun = newBatch(BATCH, slot, HEADROOM);
    this.#peer = encodeEndpoint(options.gateway);
  }

  start(): void {
    this.#isRunning = true;
    this.#options.tun.onReadable(() => {
      try {
        this.#pump();
      } catch (error) {
        this.#break(error);
      }
    });
  }

  /** Nothing moves any more, in either direction. */
  stop(): void {
    this.#isRunning = false;
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
    if (taken > 0) this.#options.onSent(this.#options.now());
  }

  /** A batch from the socket; what is not ESP in it is left alone. */
  inbound(batch: Batch): void {
    const { engine, tun, now } = this.#options;
    if (!this.#isRunning) return;
    const at = now();
    if (engine.inbound(batch, this.#toTun, at) === 0) return;
    this.#options.onReceived(at);
    try {
      tun.write(this.#toTun);
    } catch (error) {
      this.#break(error);
    }
  }

  #break(error: unknown): void {
    this.stop();
    this.#options.onBroken(error);
  }
}
