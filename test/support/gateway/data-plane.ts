import { randomBytes } from 'node:crypto';
import { readU32 } from '../../../core/lib/bytes.ts';
import { EspEngine } from '../../../core/ipsec/engine.ts';
import type { ChildSaSpec } from '../../../core/ipsec/child-sa.ts';
import type { Counters } from '../../../core/ipsec/counters.ts';
import { newBatch, resetBatch, type Batch } from '../../../core/net/batch.ts';
import type { TunDevice, UdpSocket } from '../../../core/node-tun/index.ts';

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
  readonly #engine = new EspEngine({ random: (length) => new Uint8Array(randomBytes(length)) });
  readonly #children = new Map<number, ChildSaSpec>();
  readonly #paths = new Map<number, ClientPath>();
  readonly #tun: TunDevice;
  readonly #fromTun = newBatch(BATCH, SLOT, HEADROOM);
  readonly #sealed = newBatch(BATCH, SLOT, HEADROOM);
  readonly #opened = newBatch(BATCH, SLOT, HEADROOM);

  constructor(tun: TunDevice) {
    this.#tun = tun;
    tun.onReadable(() => this.#forward());
  }

  add(child: ChildSaSpec, path: ClientPath): void {
    this.#engine.install(child);
    this.#children.set(child.childId, child);
    this.#paths.set(child.spiOut, path);
    this.#decide();
  }

  remove(childId: number): void {
    const child = this.#children.get(childId);
    if (child === undefined) return;
    this.#engine.remove(childId);
    this.#children.delete(childId);
    this.#paths.delete(child.spiOut);
    this.#decide();
  }

  /** The client of a child is now elsewhere. */
  move(childId: number, path: ClientPath): void {
    const child = this.#children.get(childId);
    if (child !== undefined) this.#paths.set(child.spiOut, path);
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

  #decide(): void {
    this.#engine.setPolicies(
      [...this.#children.values()].map(({ childId, local, remote }) => ({
        action: 'protect',
        childId,
        local,
        remote,
      })),
    );
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
      const path = this.#paths.get(spi);
      // What a full socket does not take is lost, as on any router.
      if (path !== undefined) path.socket.send({ ...this.#sealed, count: end }, path.to, from);
      from = end;
    }
  }

  #spiAt(index: number): number {
    return readU32(this.#sealed.slab, this.#sealed.offsets[index] ?? 0);
  }
}
