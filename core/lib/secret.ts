import { constantTimeEqual, utf8 } from './bytes.ts';

const INSPECT = Symbol.for('nodejs.util.inspect.custom');

/**
 * Secret octets. Prints as [secret] wherever a runtime may print it, compares in constant time, and can be
 * wiped. A runtime with a moving collector cannot promise that no copy survives; wiping bounds how long the
 * known one does.
 */
export class SecretBytes {
  readonly #bytes: Uint8Array;
  #wiped = false;

  /** Takes ownership of `bytes`: the caller must not keep or change them. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  static copyOf(bytes: Uint8Array): SecretBytes {
    return new SecretBytes(bytes.slice());
  }

  /** The UTF-8 octets of a text, for passwords and shared secrets. */
  static ofText(text: string): SecretBytes {
    return new SecretBytes(utf8(text));
  }

  get length(): number {
    return this.#bytes.length;
  }

  get wiped(): boolean {
    return this.#wiped;
  }

  /** The octets themselves. Use them at once and keep no reference. Throws when they were wiped. */
  reveal(): Uint8Array {
    if (this.#wiped) throw new Error('the secret was wiped');
    return this.#bytes;
  }

  /** Another one with the same octets, to be wiped by itself. */
  copy(): SecretBytes {
    return SecretBytes.copyOf(this.reveal());
  }

  equals(other: SecretBytes): boolean {
    return constantTimeEqual(this.reveal(), other.reveal());
  }

  wipe(): void {
    this.#bytes.fill(0);
    this.#wiped = true;
  }

  [Symbol.dispose](): void {
    this.wipe();
  }

  toString(): string {
    return '[secret]';
  }

  toJSON(): string {
    return '[secret]';
  }

  [INSPECT](): string {
    return '[secret]';
  }
}

/** Wipes plain temporaries that held secret octets. */
export function wipe(...arrays: readonly Uint8Array[]): void {
  for (const array of arrays) array.fill(0);
}
