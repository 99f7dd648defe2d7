import type { ByteOrder } from './reader.ts';

/**
 * A growing buffer that writes numbers, in network order unless it is told otherwise. Values out of range are bugs and
 * throw RangeError.
 */
export class Writer {
  #bytes: Uint8Array;
  #view: DataView;
  #length = 0;
  readonly #little: boolean;

  constructor(capacity = 256, order: ByteOrder = 'big') {
    this.#little = order === 'little';
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** Octets written so far. */
  get length(): number {
    return this.#length;
  }

  #reserve(count: number): number {
    const at = this.#length;
    if (at + count > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#bytes.length * 2, at + count));
      grown.set(this.#bytes.subarray(0, at));
      this.#bytes.fill(0);
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    this.#length += count;
    return at;
  }

  u8(value: number): this {
    check(value, 0xff);
    const at = this.#reserve(1);
    this.#view.setUint8(at, value);
    return this;
  }

  u16(value: number): this {
    check(value, 0xffff);
    const at = this.#reserve(2);
    this.#view.setUint16(at, value, this.#little);
    return this;
  }

  u32(value: number): this {
    check(value, 0xffffffff);
    const at = this.#reserve(4);
    this.#view.setUint32(at, value, this.#little);
    return this;
  }

  u64(value: bigint): this {
    const at = this.#reserve(8);
    this.#view.setBigUint64(at, value, this.#little);
    return this;
  }

  bytes(value: Uint8Array): this {
    const at = this.#reserve(value.length);
    this.#bytes.set(value, at);
    return this;
  }

  /** `count` zero octets. */
  zeros(count: number): this {
    const at = this.#reserve(count);
    this.#bytes.fill(0, at, at + count);
    return this;
  }

  /** Overwrites two octets that were written before, for lengths known only afterwards. */
  patchU16(offset: number, value: number): this {
    check(value, 0xffff);
    if (offset + 2 > this.#length) throw new RangeError('patch past the end');
    this.#view.setUint16(offset, value, this.#little);
    return this;
  }

  patchU32(offset: number, value: number): this {
    check(value, 0xffffffff);
    if (offset + 4 > this.#length) throw new RangeError('patch past the end');
    this.#view.setUint32(offset, value, this.#little);
    return this;
  }

  /** A copy of what was written. The writer's own buffer is wiped: it may have held a secret. */
  finish(): Uint8Array {
    const out = this.#bytes.slice(0, this.#length);
    this.#bytes.fill(0);
    this.#length = 0;
    return out;
  }
}

function check(value: number, max: number): void {
  if (!Number.isInteger(value) || value < 0 || value > max)
    throw new RangeError(`${value} is not in 0..${max}`);
}
