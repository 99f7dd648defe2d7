import { randomBytes } from 'node:crypto';
import { readU32 } from '../../../core/lib/bytes.ts';
import type { Counters } from '../../../core/ipsec/counters.ts';
import { newBatch, resetBatch, type Batch } from '../../../core/net/batch.ts';
import type { TunDevice, UdpSocket } from '../../../core/node-tun/index.ts';
import { ChildEngine } from './child-engine.ts';
import type { GatewayEvent } from './types.ts';

/** Packets that one turn moves, and the octets of the longest. */
const BATCH = 64;
const SLOT = 9216;
const HEADROOM = 128;

/** Where the packets of a child go: a socket, and the client's endpoint as the socket takes it. */
export interface ClientPath {
  readonly socket: UdpSocket;
  readonly to: Uint8Array;
}

/**
 * The gateway's ESP: one engine for all clients, between the tunnel device and the sockets of port 4500. A
 * packet from the LAN finds its client by the SPI that the engine has put in front of it.
 */
export class DataPlane {
  readonly #engine = new ChildEngine((length) => new Uint8Array(randomBytes(length)));
  /** By childId, and the childId by the client's SPI. */
  readonly #paths = new Map<number, ClientPath>();
  readonly #children = new Map<number, number>();
  readonly #tun: TunDevice;
  readonly #fromTun = newBatch(BATCH, SLOT, HEADROOM);
  readonly #sealed = newBatch(BATCH, SLOT, HEADROOM);
  readonly #opened = newBatch(BATCH, SLOT, HEADROOM);

  constructor(tun: TunDevice) {
    this.#tun = tun;
    tun.onReadable(() => this.#forward());
  }

  /** Pairs come and go. */
  follow(event: GatewayEvent): void {
    this.#engine.follow(event, performance.now());
    if (event.kind === 'child-added') this.#children.set(event.child.spiOut, event.child.childId);
    if (event.kind !== 'child-removed') return;
    this.#paths.delete(event.childId);
    for (const [spi, childId] of this.#children) if (childId === event.childId) this.#children.delete(spi);
  }

  /** Where the client of a pair is, now or from now on. */
  move(childId: number, path: ClientPath): void {
    this.#paths.set(childId, path);
  }

  /** Datagrams that came to port 4500. The IKE messages among them are left to others. */
  receive(batch: Batch): void {
    if (this.#engine.inbound(batch, this.#opened, performance.now()) > 0) this.#tun.write(this.#opened);
    resetBatch(this.#opened);
  }

  counters(): Readonly<Counters> {
    return this.#engine.counters();
  }

  close(): void {
    this.#tun.onReadable(undefined);
    this.#tun.close();
  }

  /** One batch from the LAN; the device calls again while there is more. */
  #forward(): void {
    resetBatch(this.#fromTun);
    if (this.#tun.read(this.#fromTun) === 0) return;
    resetBatch(this.#sealed);
    const count = this.#engine.outbound(this.#fromTun, this.#sealed, performance.now());
    for (let from = 0; from < count;) {
      const spi = this.#spiAt(from);
      let end = from + 1;
      while (end < count && this.#spiAt(end) === spi) end++;
      const path = this.#paths.get(this.#children.get(spi) ?? 0);
      // What a full socket does not take is lost, as on any router.
      if (path !== undefined) path.socket.send({ ...this.#sealed, count: end }, path.to, from);
      from = end;
    }
  }

  #spiAt(index: number): number {
    return readU32(this.#sealed.slab, this.#sealed.offsets[index] ?? 0);
  }
}
