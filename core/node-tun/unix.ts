import { type Handle, native } from './native.ts';

/** Who is at the other end of a Unix socket, as the kernel noted it when they connected. */
export interface PeerCredentials {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

/** A connection that was accepted: an open descriptor, which belongs to whoever takes it. */
export interface AcceptedConnection {
  readonly descriptor: number;
  readonly peer: PeerCredentials;
}

/** A listening Unix stream socket whose file never has another mode than the one that it is given. */
export class UnixListener {
  readonly #handle: Handle;

  private constructor(handle: Handle) {
    this.#handle = handle;
  }

  /**
   * `path` has at most 107 octets, `mode` permission bits, which the umask lessens. Throws SystemError: 'EADDRINUSE'
   * when there is a file at the path, 'ENOENT' without its directory, 'EACCES'.
   */
  static open(options: {
    readonly path: string;
    readonly mode: number;
    readonly backlog?: number;
  }): UnixListener {
    return new UnixListener(native().unixListen(options.path, options.mode, options.backlog ?? 128));
  }

  /** The next connection that waits, or undefined. Throws 'EMFILE' when there are no descriptors left. */
  accept(): AcceptedConnection | undefined {
    const fields = new Float64Array(3);
    const descriptor = native().unixAccept(this.#handle, fields);
    return descriptor < 0 ? undefined : { descriptor, peer: credentials(fields) };
  }

  /** Calls back whenever a connection waits, and keeps the process alive meanwhile; undefined ends it. */
  onReadable(callback: (() => void) | undefined): void {
    native().watch(this.#handle, callback, undefined);
  }

  /** Listens no more; the file stays. May be called again; anything else then throws 'EBADF'. */
  close(): void {
    native().close(this.#handle);
  }
}

/** Who is at the other end of a connected Unix socket. Throws SystemError for any other descriptor. */
export function peerOf(descriptor: number): PeerCredentials {
  const fields = new Float64Array(3);
  native().peerOf(descriptor, fields);
  return credentials(fields);
}

function credentials([pid = 0, uid = 0, gid = 0]: Float64Array): PeerCredentials {
  return { pid, uid, gid };
}

/**
 * Sends one datagram to a Unix datagram socket, without waiting; `@` begins a name outside the file system. Throws
 * SystemError: 'ENOENT' or 'ECONNREFUSED' when nobody is there, 'EAGAIN' when nobody reads.
 */
export function sendToUnix(name: string, octets: Uint8Array): void {
  native().unixSend(name, octets);
}
