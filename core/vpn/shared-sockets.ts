import { toHex } from '../lib/bytes.ts';
import type { Failure } from '../lib/failure.ts';
import { ok, type Result } from '../lib/result.ts';
import { formatAddress } from '../net/address.ts';
import { appendPacket, type Batch, packetAt, resetBatch } from '../net/batch.ts';
import { ikeMessageOf } from '../ipsec/udp-encap.ts';
import { ENDPOINT_LENGTH, type SocketErrorReport, type UdpPort } from '../platform/ports.ts';
import type { UdpRequest } from './ports.ts';
import { newReadBatch } from './udp-reader.ts';

type Open = (request: UdpRequest) => Result<UdpPort, Failure>;

/** The port without a marker before IKE messages. */
const IKE_PORT = 500;
/** Octets of an SPI in an IKE header; the initiator's is the first thing there (RFC 7296 section 3.1). */
const SPI_LENGTH = 8;
/** SPIs of which it is remembered who used them; messages with others go to all. */
const MAX_SPIS = 64;
/** Batches that are read in a row before others get their turn. */
const TURN = 8;

/**
 * Sockets that sessions share. Two sessions with one gateway, the old and the one that takes its place, should come from
 * the same address and port: the gateway knows us by that, and gives the second one the addresses of the first. Whoever
 * opens a port that is in use here gets a port of its own on the same socket.
 */
export class SharedSockets {
  readonly #open: Open;
  readonly #sockets = new Map<string, SharedSocket>();

  constructor(open: Open) {
    this.#open = open;
  }

  readonly open: Open = (request) => {
    // Any port will do: that is a question to the system, and nobody is known by it.
    if (request.preferredPort === 0) return this.#open(request);
    const key = keyOf(request);
    const there = this.#sockets.get(key);
    if (there) return ok(there.share());
    const opened = this.#open(request);
    if (!opened.ok) return opened;
    const socket = new SharedSocket(opened.value, request.preferredPort !== IKE_PORT, () => {
      if (this.#sockets.get(key) === socket) this.#sockets.delete(key);
    });
    this.#sockets.set(key, socket);
    return ok(socket.share());
  };
}

function keyOf({ family, preferredPort, mark, localAddress, device }: UdpRequest): string {
  const from = localAddress ? formatAddress(localAddress) : '';
  return [family, preferredPort, mark, from, device ?? ''].join(' ');
}

interface Waiting {
  readonly octets: Uint8Array;
  readonly ecn: number;
  readonly from: Uint8Array;
}

/**
 * One socket and its sharers. With a single one everything passes through untouched. With several, IKE messages go to the
 * one that used their initiator's SPI, or to all if nobody has, and ESP goes to the one that sends ESP: whatever carries
 * the tunnel knows all SPIs.
 */
class SharedSocket {
  readonly udp: UdpPort;
  readonly #hasMarker: boolean;
  readonly #onUnusable: () => void;
  readonly #byInitiator = new Map<string, Sharer>();
  #sharers: readonly Sharer[] = [];
  #carrier: Sharer | undefined;
  #batch: Batch | undefined;
  #from = new Uint8Array(0);

  /** `hasMarker`: IKE messages have the non-ESP marker in front. `onUnusable`: nobody is to share it any more. */
  constructor(udp: UdpPort, hasMarker: boolean, onUnusable: () => void) {
    this.udp = udp;
    this.#hasMarker = hasMarker;
    this.#onUnusable = onUnusable;
  }

  share(): UdpPort {
    const sharer = new Sharer(this);
    this.#sharers = [...this.#sharers, sharer];
    return sharer;
  }

  get isShared(): boolean {
    return this.#sharers.length > 1;
  }

  leave(sharer: Sharer): void {
    this.#sharers = this.#sharers.filter((one) => one !== sharer);
    for (const [spi, owner] of this.#byInitiator) if (owner === sharer) this.#byInitiator.delete(spi);
    if (this.#carrier === sharer) this.#carrier = undefined;
    if (this.#sharers.length > 0) return this.listen();
    this.#onUnusable();
    this.udp.close();
  }

  /** Somebody wants to be called, or nobody does any more. */
  listen(): void {
    const isWanted = this.#sharers.some(({ readable }) => readable !== undefined);
    this.udp.onReadable(isWanted ? () => this.#onReadable() : undefined);
  }

  /** What is sent says whose the answers are. */
  noteSent(sharer: Sharer, batch: Batch, first: number): void {
    if (first >= batch.count) return;
    const payload = packetAt(batch, first);
    const spi = this.#initiatorSpi(payload);
    if (spi !== undefined) this.#own(spi, sharer);
    else if (payload.length > 1) this.#carrier = sharer;
  }

  /** A gateway chooses the SPI of each IKE SA that it rekeys: neither one that is in use here, nor as many as it likes. */
  #own(spi: string, sharer: Sharer): void {
    if (this.#byInitiator.has(spi)) return;
    this.#byInitiator.set(spi, sharer);
    const [oldest] = this.#byInitiator.keys();
    if (this.#byInitiator.size > MAX_SPIS && oldest !== undefined) this.#byInitiator.delete(oldest);
  }

  #initiatorSpi(payload: Uint8Array): string | undefined {
    const message = this.#hasMarker ? ikeMessageOf(payload) : payload;
    return message && message.length >= SPI_LENGTH ? toHex(message.subarray(0, SPI_LENGTH)) : undefined;
  }

  #onReadable(): void {
    const [only] = this.#sharers;
    if (!this.isShared) return only?.readable?.();
    try {
      this.#distribute();
    } catch (error) {
      this.#onUnusable();
      for (const sharer of this.#sharers) sharer.fail(error);
    }
    // Traffic comes last: a gateway may send through SAs at once whose making another session has yet to hear of.
    const carrier = this.#receiverOfEsp;
    for (const sharer of this.#sharers) if (sharer !== carrier && sharer.hasNews) sharer.readable?.();
    if (carrier?.hasNews) carrier.readable?.();
  }

  get #receiverOfEsp(): Sharer | undefined {
    return this.#carrier ?? this.#sharers[0];
  }

  #distribute(): void {
    this.#batch ??= newReadBatch(this.#hasMarker ? 'nat' : 'ike');
    const batch = this.#batch;
    if (this.#from.length === 0) this.#from = new Uint8Array(batch.capacity * ENDPOINT_LENGTH);
    for (let turn = 0; turn < TURN; turn++) {
      const count = this.udp.receive(batch, this.#from);
      for (let i = 0; i < count; i++) this.#hand(batch, i);
      if (count < batch.capacity) break;
    }
    const errors = this.udp.takeErrors();
    if (errors.length > 0) for (const sharer of this.#sharers) sharer.report(errors);
  }

  #hand(batch: Batch, index: number): void {
    const octets = packetAt(batch, index).slice();
    const from = this.#from.slice(index * ENDPOINT_LENGTH, (index + 1) * ENDPOINT_LENGTH);
    const waiting = { octets, ecn: batch.ecn[index] ?? 0, from };
    for (const sharer of this.#receivers(octets)) sharer.take(waiting);
  }

  #receivers(payload: Uint8Array): readonly Sharer[] {
    const spi = this.#initiatorSpi(payload);
    if (spi === undefined) return this.#receiverOfEsp ? [this.#receiverOfEsp] : [];
    const owner = this.#byInitiator.get(spi);
    return owner ? [owner] : this.#sharers;
  }
}

/** A socket as one session sees it. */
class Sharer implements UdpPort {
  readable: (() => void) | undefined;
  readonly #socket: SharedSocket;
  #waiting: Waiting[] = [];
  #errors: readonly SocketErrorReport[] = [];
  #fault: { readonly error: unknown } | undefined;
  #isClosed = false;

  constructor(socket: SharedSocket) {
    this.#socket = socket;
  }

  get localPort(): number {
    return this.#socket.udp.localPort;
  }

  get hasNews(): boolean {
    return this.#waiting.length > 0 || this.#errors.length > 0 || this.#fault !== undefined;
  }

  take(waiting: Waiting): void {
    this.#waiting.push(waiting);
  }

  report(errors: readonly SocketErrorReport[]): void {
    this.#errors = [...this.#errors, ...errors];
  }

  fail(error: unknown): void {
    this.#fault = { error };
  }

  receive(batch: Batch, from: Uint8Array): number {
    if (this.#fault) throw this.#fault.error;
    if (this.#waiting.length === 0) {
      if (!this.#socket.isShared) return this.#socket.udp.receive(batch, from);
      resetBatch(batch);
      return 0;
    }
    resetBatch(batch);
    for (let next = this.#waiting[0]; next && batch.count < batch.capacity; next = this.#waiting[0]) {
      this.#waiting.shift();
      if (!appendPacket(batch, next.octets)) continue;
      batch.ecn[batch.count - 1] = next.ecn;
      from.set(next.from, (batch.count - 1) * ENDPOINT_LENGTH);
    }
    return batch.count;
  }

  send(batch: Batch, to: Uint8Array, first = 0): number {
    this.#socket.noteSent(this, batch, first);
    return this.#socket.udp.send(batch, to, first);
  }

  onReadable(callback: (() => void) | undefined): void {
    this.readable = callback;
    this.#socket.listen();
  }

  takeErrors(): readonly SocketErrorReport[] {
    const errors = this.#errors;
    this.#errors = [];
    return this.#socket.isShared ? errors : [...errors, ...this.#socket.udp.takeErrors()];
  }

  localAddressFor(to: Uint8Array): Uint8Array {
    return this.#socket.udp.localAddressFor(to);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.readable = undefined;
    this.#socket.leave(this);
  }
}
