import { native, type Handle } from './native.ts';

export { clocks, type Clocks } from './clocks.ts';
export { NetlinkSocket, type NetlinkOptions } from './netlink.ts';
export { peerOf, sendToUnix, UnixListener, type AcceptedConnection, type PeerCredentials } from './unix.ts';

/*
 * Batched TUN and UDP input and output. Each call moves a whole batch between the kernel and one slab of the
 * caller's; nothing is allocated per packet, nothing waits in a thread pool, and no policy lives here.
 * Whatever a system call refuses is thrown as a SystemError.
 */

/**
 * Packets that cross into the kernel together; the shape of core/net's Batch. Reading fills it from slot 0 and
 * sets offsets, lengths and count; writing looks at those alone.
 */
export interface PacketBatch {
  readonly slab: Uint8Array;
  readonly offsets: Uint32Array;
  readonly lengths: Uint32Array;
  /**
   * The ECN field (RFC 3168) of each packet's outer IP header, for sockets: receiving fills it, sending sets it. Without
   * it nothing is told, and packets leave as Not-ECT.
   */
  readonly ecn?: Uint8Array;
  count: number;
  readonly capacity: number;
  /** Octets from one slot to the next, headroom included. */
  readonly slot: number;
  /** Octets at the beginning of each slot that reading leaves alone. */
  readonly headroom: number;
}

/** What is thrown for a system call that failed: `code` is the errno's name, `syscall` what failed. */
export interface SystemError extends Error {
  readonly code: string;
  readonly errno: number;
  readonly syscall: string;
}

/** Octets of an endpoint: family (4 or 6), zero, port in network order, 16 address octets (4 and zeros for IPv4). */
export const ENDPOINT_OCTETS = 20;

export interface TunOptions {
  /** At most 15 octets; `%d` in it becomes the first free number. */
  readonly name: string;
  /** Octets; the kernel's 1500 without it. */
  readonly mtu?: number;
}

export interface UdpOptions {
  readonly family: 4 | 6;
  /** 4 or 16 octets; any address of the machine without it. */
  readonly localAddress?: Uint8Array;
  /** 0 or nothing: a free one. */
  readonly localPort?: number;
  /** SO_MARK: policy routing tells the socket's packets by it. Needs CAP_NET_ADMIN. */
  readonly mark?: number;
  /** SO_BINDTODEVICE: packets come and go by this interface only. */
  readonly device?: string;
  /** Octets asked for; with CAP_NET_ADMIN past the machine's limit. */
  readonly receiveBuffer?: number;
  readonly sendBuffer?: number;
  /** False lets an IPv6 socket carry IPv4 too, as mapped addresses. True without it. */
  readonly v6Only?: boolean;
}

/**
 * What came back about a datagram that was sent. ICMP is not authenticated: treat it as a hint. `code` is
 * 'ECONNREFUSED' for a closed port, 'EHOSTUNREACH', 'ENETUNREACH', 'EACCES' (prohibited on the way), 'EMSGSIZE', ...
 */
export interface SocketErrorReport {
  readonly code: string;
  /** Where the datagram went: an endpoint of 20 octets. */
  readonly to: Uint8Array;
  /** Who said so, when it came over the network: an endpoint whose port is 0. */
  readonly reporter?: Uint8Array;
  /** With 'EMSGSIZE': the path's MTU in octets, IP header included. */
  readonly mtu?: number;
}

/** A TUN interface: IP packets without any header before them. It exists until it is closed. */
export class TunDevice {
  readonly name: string;
  readonly #handle: Handle;

  private constructor(handle: Handle) {
    this.#handle = handle;
    this.name = native().tunName(handle);
  }

  /**
   * Makes a new interface; it is down and has no address. Throws SystemError: 'ENOENT' and 'ENODEV' when the
   * kernel has no TUN driver, 'EPERM' or 'EACCES' without the privilege, 'EBUSY' when the name is taken.
   */
  static open(options: TunOptions): TunDevice {
    return new TunDevice(native().tunOpen(options.name, options.mtu));
  }

  /**
   * Fills the batch with what waits in the interface, without blocking. Returns its count; 0: nothing waits.
   * Throws 'EBADFD' when somebody deleted the interface.
   */
  read(batch: PacketBatch): number {
    batch.count = native().tunRead(
      this.#handle,
      batch.slab,
      batch.offsets,
      batch.lengths,
      batch.slot,
      batch.headroom,
      batch.capacity,
    );
    return batch.count;
  }

  /**
   * Hands the packets from index `from` on to the kernel. Returns how many are done with, which is less than
   * there were when it cannot take more now. What is no IP packet is dropped and counted. Throws 'EIO' while
   * the interface is down.
   */
  write(batch: PacketBatch, from = 0): number {
    return native().tunWrite(this.#handle, batch.slab, batch.offsets, batch.lengths, from, batch.count);
  }

  /** Packets lost here since it was opened: longer than a slot, or not IP. */
  get dropped(): number {
    return native().tunDropped(this.#handle);
  }

  /** Calls back whenever there is something to read, and keeps the process alive meanwhile; undefined ends it. */
  onReadable(callback: (() => void) | undefined): void {
    native().watch(this.#handle, callback, undefined);
  }

  /** Removes the interface. May be called again; anything else then throws 'EBADF'. */
  close(): void {
    native().close(this.#handle);
  }
}

/** An unconnected UDP socket. */
export class UdpSocket {
  readonly localPort: number;
  readonly family: 4 | 6;
  readonly #handle: Handle;
  #readable: (() => void) | undefined;
  #writable: (() => void) | undefined;

  private constructor(handle: Handle, family: 4 | 6) {
    this.#handle = handle;
    this.family = family;
    this.localPort = native().udpLocalPort(handle);
  }

  /**
   * Throws SystemError: 'EADDRINUSE', 'EADDRNOTAVAIL', 'EACCES' for a port below 1024 and 'EPERM' for a mark
   * without the privilege, 'ENODEV' for a device that is not there, 'EAFNOSUPPORT' without IPv6.
   */
  static open(options: UdpOptions): UdpSocket {
    const handle = native().udpOpen(
      options.family,
      options.localAddress,
      options.localPort ?? 0,
      options.mark,
      options.device,
      options.receiveBuffer,
      options.sendBuffer,
      options.v6Only ?? true,
    );
    return new UdpSocket(handle, options.family);
  }

  /**
   * Fills the batch with the datagrams that wait, without blocking, and the first 20 octets of `from` for each
   * with its sender. Returns the count; 0: nothing waits. Datagrams longer than a slot are dropped and counted.
   */
  receive(batch: PacketBatch, from: Uint8Array): number {
    batch.count = native().udpReceive(
      this.#handle,
      batch.slab,
      batch.offsets,
      batch.lengths,
      batch.slot,
      batch.headroom,
      batch.capacity,
      from,
      batch.ecn,
    );
    return batch.count;
  }

  /**
   * Sends the packets from index `from` on to one endpoint (20 octets). Returns how many are done with; fewer
   * than there were when the socket's buffer is full: see onWritable. What is too big or falls to a full queue
   * is dropped and counted. Throws for what would fail again: 'ENETUNREACH', 'EPERM' (a firewall), ...
   */
  send(batch: PacketBatch, to: Uint8Array, from = 0): number {
    const { slab, offsets, lengths, count, ecn } = batch;
    return native().udpSend(this.#handle, slab, offsets, lengths, from, count, to, ecn);
  }

  /** What the network reported about sent datagrams since the last call, at most the newest 64. */
  takeErrors(): SocketErrorReport[] {
    return native().udpTakeErrors(this.#handle);
  }

  /**
   * The address (4 or 16 octets) that the kernel would send from to this endpoint, with the socket's mark and
   * device. Throws 'ENETUNREACH' without a route. Sends nothing.
   */
  localAddressFor(to: Uint8Array): Uint8Array {
    const out = new Uint8Array(ENDPOINT_OCTETS);
    native().udpLocalAddressFor(this.#handle, to, out);
    return out.slice(4, this.family === 4 ? 8 : ENDPOINT_OCTETS);
  }

  /** Datagrams lost here since it was opened: longer than a slot, too big to send, or not taken by a full queue. */
  get dropped(): number {
    return native().udpDropped(this.#handle);
  }

  /**
   * Calls back whenever there is a datagram to receive or an error to take, and keeps the process alive
   * meanwhile; undefined ends it.
   */
  onReadable(callback: (() => void) | undefined): void {
    this.#readable = callback;
    native().watch(this.#handle, this.#readable, this.#writable);
  }

  /** Calls back once, when the socket can send again. */
  onWritable(callback: () => void): void {
    this.#writable = () => {
      this.#writable = undefined;
      callback();
    };
    native().watch(this.#handle, this.#readable, this.#writable);
  }

  /** May be called again; anything else then throws 'EBADF'. */
  close(): void {
    native().close(this.#handle);
  }
}
