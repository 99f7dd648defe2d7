/**
 * What decoding throws, and the only thing it throws. `octets` that came from outside are never part of it.
 * Decoders throw it deep inside; the outermost decoder of a message turns it into a value.
 */
export class ProtocolError extends Error {
  readonly reason: string;
  constructor(reason: string) {
    super(reason);
    this.name = 'ProtocolError';
    this.reason = reason;
  }
}

/** Which octet of a number comes first: the most significant ('big', network order), or the least. */
export type ByteOrder = 'big' | 'little';

/**
 * A cursor over octets from outside. Every read checks the bounds first and throws ProtocolError when fewer
 * octets are left, so no decoder can read past its input. Numbers are in network order unless it is told otherwise.
 */
export class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #little: boolean;
  #at = 0;

  constructor(bytes: Uint8Array, order: ByteOrder = 'big') {
    this.#bytes = bytes;
    this.#little = order === 'little';
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Octets read so far. */
  get offset(): number {
    return this.#at;
  }

  /** Octets left. */
  get remaining(): number {
    return this.#bytes.length - this.#at;
  }

  #advance(count: number, what: string): number {
    if (count < 0 || count > this.remaining) {
      throw new ProtocolError(`${what}: ${count} octets wanted, ${this.remaining} left`);
    }
    const at = this.#at;
    this.#at += count;
    return at;
  }

  u8(what: string): number {
    return this.#view.getUint8(this.#advance(1, what));
  }

  u16(what: string): number {
    return this.#view.getUint16(this.#advance(2, what), this.#little);
  }

  u32(what: string): number {
    return this.#view.getUint32(this.#advance(4, what), this.#little);
  }

  u64(what: string): bigint {
    return this.#view.getBigUint64(this.#advance(8, what), this.#little);
  }

  /** A view (no copy) of the next `count` octets. */
  take(count: number, what: string): Uint8Array {
    const at = this.#advance(count, what);
    return this.#bytes.subarray(at, at + count);
  }

  /** A view of everything that is left. */
  rest(): Uint8Array {
    return this.take(this.remaining, 'rest');
  }

  /** A reader over the next `count` octets alone, of the same order. */
  sub(count: number, what: string): Reader {
    return new Reader(this.take(count, what), this.#little ? 'little' : 'big');
  }

  skip(count: number, what: string): void {
    this.#advance(count, what);
  }

  /** Throws when octets are left over. */
  end(what: string): void {
    if (this.remaining !== 0) throw new ProtocolError(`${what}: ${this.remaining} octets too many`);
  }
}
