/**
 * Packets of one SA to be sealed in one call. Rows 0 to count - 1 are valid. All lengths are in octets.
 *
 * Before: the inner packet is in `source`; the ESP packet in `target` has SPI, the low half of the sequence
 * number, and the trailer (padding, Pad Length, Next Header) in their places, and its final length.
 * After: the whole ESP packet is in `target`. `source` may be the same array as `target` only if no row's source
 * overlaps another row's target.
 */
export interface SealRun {
  readonly source: Uint8Array;
  readonly sourceOffsets: Uint32Array;
  readonly sourceLengths: Uint32Array;
  readonly target: Uint8Array;
  readonly targetOffsets: Uint32Array;
  readonly targetLengths: Uint32Array;
  /** High 32 bits of each sequence number; 0 without extended sequence numbers. */
  readonly sequenceHighs: Uint32Array;
  readonly count: number;
}

/**
 * Packets of one SA to be opened in one call. Rows 0 to count - 1 are valid.
 *
 * Before: the ESP packet is in `source`, long enough for header, IV and ICV, its ciphertext aligned.
 * After: `opened` is 1 where the integrity check passed, and then what was encrypted, trailer included, is in
 * `target`; it is 0 elsewhere, and then nothing in `target` may be used.
 */
export interface OpenRun {
  readonly source: Uint8Array;
  readonly sourceOffsets: Uint32Array;
  readonly sourceLengths: Uint32Array;
  readonly target: Uint8Array;
  readonly targetOffsets: Uint32Array;
  /** High 32 bits of each sequence number; 0 without extended sequence numbers. */
  readonly sequenceHighs: Uint32Array;
  readonly opened: Uint8Array;
  readonly count: number;
}

/**
 * The algorithms and keys of one direction of one SA. The calls are batches over slabs so that an
 * implementation can cross into native code once for many packets.
 */
export interface EspTransform {
  readonly ivLength: number;
  readonly icvLength: number;
  /** What the encrypted part must be a multiple of: 4, or the cipher's block (RFC 4303 section 2.4). */
  readonly alignment: number;
  seal(run: SealRun): void;
  open(run: OpenRun): void;
  /** Forgets the keys; the transform cannot be used afterwards. */
  wipe(): void;
}
