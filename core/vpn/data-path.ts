import type { Millis } from '../lib/ports.ts';
import { appendPacket, type Batch, newBatch, resetBatch } from '../net/batch.ts';
import type { EspEngine } from '../ipsec/engine.ts';
import type { TunPort, UdpPort } from '../platform/ports.ts';
import type { EspPath } from './carrier.ts';
import type { Demand } from './demand.ts';
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
  readonly now: () => Millis;
  /** The device threw: it is down or gone. Nothing is read from it any more. */
  readonly onBroken: (error: unknown) => void;
  /** Sees what passes, and keeps what cannot. */
  readonly demand?: Demand;
}

/** Who wants to know of batches of ESP. */
export interface SendListener {
  noteSent(now: Millis): void;
  /** The socket refused it: there is no way, or no permission, now. */
  noteNotSent(): void;
}

/** Where ESP goes now. */
interface Way {
  readonly udp: UdpPort;
  readonly peer: Uint8Array;
  readonly listener: SendListener;
}

/**
 * Moves packets between the tunnel device, the engine and the sockets, a batch at a time. While there is no way to send
 * them, packets from the device are read and dropped: what waits there for minutes is of no use to anyone.
 */
export class DataPath {
  readonly #options: DataPathOptions;
  readonly #fromTun: Batch;
  readonly #toUdp: Batch;
  readonly #toTun: Batch;
  #way: Way | undefined;
  #isRunning = false;
  #notSent = 0;
  #noSession = 0;

  constructor(options: DataPathOptions) {
    this.#options = options;
    const slot = Math.max(SLOT, options.mtu + 2 * HEADROOM);
    this.#fromTun = newBatch(BATCH, slot, HEADROOM);
    this.#toUdp = newBatch(BATCH, slot, 0);
    this.#toTun = newBatch(BATCH, slot, HEADROOM);
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
    if (!this.#isRunning) return;
    this.#isRunning = false;
    this.#options.tun.onReadable(undefined);
  }

  /** From the next batch on ESP goes there; the listener hears of each batch whether it went. */
  sendTo({ udp, gateway }: EspPath, listener: SendListener): void {
    this.#way = { udp, peer: encodeEndpoint(gateway), listener };
  }

  /** Nobody takes packets now. */
  hold(): void {
    this.#way = undefined;
  }

  /** ESP packets that the socket did not take. */
  get notSent(): number {
    return this.#notSent;
  }

  /** Packets of the device that came while nobody took any. */
  get noSession(): number {
    return this.#noSession;
  }

  #pump(): void {
    const { engine, tun, now, demand } = this.#options;
    for (let turn = 0; turn < TURN; turn++) {
      const count = tun.read(this.#fromTun);
      if (count === 0) return;
      if (this.#way) demand?.see(this.#fromTun);
      else demand?.hold(this.#fromTun);
      if (!this.#way) this.#noSession += count;
      else if (engine.outbound(this.#fromTun, this.#toUdp, now()) > 0) this.#send(this.#toUdp);
      // What the engine told may have ended it all.
      if (!this.#isRunning || count < this.#fromTun.capacity) return;
    }
  }

  /** Packets of this machine that could not be sent before. */
  send(packets: readonly Uint8Array[]): void {
    const { engine, now } = this.#options;
    this.#inBatches(packets, (batch) => {
      if (engine.outbound(batch, this.#toUdp, now()) > 0) this.#send(this.#toUdp);
    });
  }

  /** Packets for this machine. */
  tell(packets: readonly Uint8Array[]): void {
    this.#inBatches(packets, (batch) => this.#options.tun.write(batch));
  }

  #inBatches(packets: readonly Uint8Array[], carry: (batch: Batch) => void): void {
    try {
      for (let at = 0; at < packets.length; at += BATCH) {
        resetBatch(this.#fromTun);
        for (const packet of packets.slice(at, at + BATCH)) appendPacket(this.#fromTun, packet);
        carry(this.#fromTun);
      }
    } catch (error) {
      this.#break(error);
    }
  }

  /** What the socket does not take is lost, as on any congested link: the protocol inside slows down for it. */
  #send(batch: Batch): void {
    const way = this.#way;
    if (!way) {
      this.#noSession += batch.count;
      return;
    }
    let taken = 0;
    try {
      taken = way.udp.send(batch, way.peer);
    } catch {
      way.listener.noteNotSent();
    }
    this.#notSent += batch.count - taken;
    if (taken > 0) way.listener.noteSent(this.#options.now());
  }

  /** Takes a batch from a socket; what is not ESP in it is left alone. True when something authentic was in it. */
  inbound(batch: Batch): boolean {
    const { engine, tun, now, demand } = this.#options;
    if (!this.#isRunning || engine.inbound(batch, this.#toTun, now()) === 0) return false;
    demand?.see(this.#toTun);
    try {
      if (this.#isCarrying()) tun.write(this.#toTun);
    } catch (error) {
      this.#break(error);
    }
    return true;
  }

  /** Asked anew: what the engine told may have ended it all. */
  #isCarrying(): boolean {
    return this.#isRunning;
  }

  #break(error: unknown): void {
    this.stop();
    this.#options.onBroken(error);
  }
}
