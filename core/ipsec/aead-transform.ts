import type { Aead, AeadKey } from '../crypto/aead.ts';
import { ESP_HEADER_LENGTH, writeU32 } from './esp-format.ts';
import type { EspTransform, OpenRun, SealRun } from './transform.ts';

/**
 * AES-GCM (RFC 4106) and ChaCha20-Poly1305 (RFC 7634) in ESP. `key` is the cipher's key and then its salt.
 *
 *   nonce:            salt (4) | IV (8)
 *   associated data:  SPI (4) | sequence number (4), or with extended sequence numbers SPI (4) | number (8)
 *
 * The IV is the whole sequence number: an SA never sends one twice, so no nonce repeats under its key.
 */
export function newAeadTransform(cipher: Aead, key: Uint8Array, esn: boolean): EspTransform {
  if (key.length !== cipher.keyLength + cipher.saltLength)
    throw new RangeError(`ESP key: ${key.length} octets, not ${cipher.keyLength + cipher.saltLength}`);
  const { ivLength, icvLength, saltLength } = cipher;
  const keyed: AeadKey = cipher.create(key.subarray(0, cipher.keyLength));
  const nonce = new Uint8Array(saltLength + ivLength);
  nonce.set(key.subarray(cipher.keyLength));
  const extended = new Uint8Array(12);
  const payloadAt = ESP_HEADER_LENGTH + ivLength;

  /** The associated data of the packet at `at`; the same scratch array each time with extended numbers. */
  const associated = (bytes: Uint8Array, at: number, sequenceHigh: number): Uint8Array => {
    if (!esn) return bytes.subarray(at, at + ESP_HEADER_LENGTH);
    extended.set(bytes.subarray(at, at + 4), 0);
    writeU32(extended, 4, sequenceHigh);
    extended.set(bytes.subarray(at + 4, at + 8), 8);
    return extended;
  };

  const seal = (run: SealRun): void => {
    const { source, target } = run;
    for (let row = 0; row < run.count; row++) {
      const at = run.targetOffsets[row] ?? 0;
      const payload = at + payloadAt;
      const end = at + (run.targetLengths[row] ?? 0) - icvLength;
      const from = run.sourceOffsets[row] ?? 0;
      const sequenceHigh = run.sequenceHighs[row] ?? 0;
      target.set(source.subarray(from, from + (run.sourceLengths[row] ?? 0)), payload);
      writeU32(target, at + ESP_HEADER_LENGTH, sequenceHigh);
      target.copyWithin(at + ESP_HEADER_LENGTH + 4, at + 4, at + 8);
      nonce.set(target.subarray(at + ESP_HEADER_LENGTH, payload), saltLength);
      const aad = associated(target, at, sequenceHigh);
      keyed.sealInto(nonce, aad, target.subarray(payload, end), target, payload);
    }
  };

  const open = (run: OpenRun): void => {
    const { source, target } = run;
    for (let row = 0; row < run.count; row++) {
      const at = run.sourceOffsets[row] ?? 0;
      const payload = at + payloadAt;
      const end = at + (run.sourceLengths[row] ?? 0);
      nonce.set(source.subarray(at + ESP_HEADER_LENGTH, payload), saltLength);
      const aad = associated(source, at, run.sequenceHighs[row] ?? 0);
      const sealed = source.subarray(payload, end);
      run.opened[row] = keyed.openInto(nonce, aad, sealed, target, run.targetOffsets[row] ?? 0) ? 1 : 0;
    }
  };

  const wipe = (): void => {
    keyed.wipe();
    nonce.fill(0);
  };

  return { ivLength, icvLength, alignment: 4, seal, open, wipe };
}
