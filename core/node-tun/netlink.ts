import { native, type Handle } from './native.ts';

export interface NetlinkOptions {
  /** Multicast groups to hear from: the mask of struct sockaddr_nl. None without it. */
  readonly groups?: number;
  /** Octets of messages that may wait. The machine's default without it. */
  readonly receiveBuffer?: number;
}

/**
 * A NETLINK_ROUTE socket: datagrams of the kernel, whole and unread. A dump is written into it as it is read, so
 * receiving until 0 right after such a request gives all of the answer. Where the kernel can (4.20), it checks
 * requests strictly, and a dump of routes can be of one table.
 */
export class NetlinkSocket {
  readonly #handle: Handle;

  private constructor(handle: Handle) {
    this.#handle = handle;
  }

  /** Throws SystemError; needs no privilege. */
  static open(options: NetlinkOptions = {}): NetlinkSocket {
    return new NetlinkSocket(native().netlinkOpen(options.groups ?? 0, options.receiveBuffer));
  }

  /** Sends one datagram to the kernel. */
  send(octets: Uint8Array): void {
    native().netlinkSend(this.#handle, octets);
  }

  /**
   * The next datagram, at the beginning of `into`, without blocking: its octets, 0 when none waits. What other
   * processes sent is skipped. Throws 'ENOBUFS' when messages were lost since the last call: more came than the
   * buffer holds, or one was longer than `into`. The socket works on, but what it said is no longer everything.
   */
  receive(into: Uint8Array): number {
    return native().netlinkReceive(this.#handle, into);
  }

  /**
   * Calls back whenever there is something to receive, a loss too, and keeps the process alive meanwhile; undefined
   * ends it.
   */
  onReadable(callback: (() => void) | undefined): void {
    native().watch(this.#handle, callback, undefined);
  }

  /** May be called again; anything else then throws 'EBADF'. */
  close(): void {
    native().close(this.#handle);
  }
}
