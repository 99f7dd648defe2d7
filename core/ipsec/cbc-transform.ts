import type { BlockCipher } from '../crypto/block-cipher.ts';
import type { Integrity } from '../crypto/integrity.ts';
import type { RandomBytes } from '../lib/ports.ts';
import { ESP_HEADER_LENGTH, writeU32 } from './esp-format.ts';
import { RandomPool } from './random-pool.ts';
import type { EspTransform, OpenRun, SealRun } from './transform.ts';

/**
 * AES-CBC (RFC 3602) with an HMAC (RFC 2404, RFC 4868) in ESP: encrypted first, then authenticated from the SPI
 * to the end of the ciphertext, with the high half of an extended sequence number behind it (RFC 4303 section
 * 2.2.1). IVs are random: those of CBC must be unpredictable (RFC 3602 section 3). The integrity check comes
 * first on receipt, so forged padding tells nobody anything.
 */
export function newCbcTransform(
  cipher: BlockCipher,
  integ: Integrity,
  encrKey: Uint8Array,
  integKey: Uint8Array,
  esn: boolean,
  random: RandomBytes,
): EspTransform {
  const { ivLength, blockLength } = cipher;
  const { icvLength } = integ;
  const keyed = cipher.create(encrKey);
  const mac = integ.create(integKey);
  const ivs = new RandomPool(random);
  const high = new Uint8Array(4);
  const payloadAt = ESP_HEADER_LENGTH + ivLength;
  const noParts: readonly Uint8Array[] = [];
  const highParts: readonly Uint8Array[] = [high];

  /** What the ICV covers behind the ciphertext; valid until the next call. */
  const implicit = (sequenceHigh: number): readonly Uint8Array[] => {
    if (!esn) return noParts;
    writeU32(high, 0, sequenceHigh);
    return highParts;
  };

  const seal = (run: SealRun): void => {
    const { source, target } = run;
    for (let row = 0; row < run.count; row++) {
      const at = run.targetOffsets[row] ?? 0;
      const payload = at + payloadAt;
      const end = at + (run.targetLengths[row] ?? 0) - icvLength;
      const from = run.sourceOffsets[row] ?? 0;
      target.set(source.subarray(from, from + (run.sourceLengths[row] ?? 0)), payload);
      ivs.fill(target, at + ESP_HEADER_LENGTH, ivLength);
      const iv = target.subarray(at + ESP_HEADER_LENGTH, payload);
      target.set(keyed.encrypt(iv, target.subarray(payload, end)), payload);
      target.set(mac.compute(target.subarray(at, end), ...implicit(run.sequenceHighs[row] ?? 0)), end);
    }
  };

  const open = (run: OpenRun): void => {
    const { source, target } = run;
    for (let row = 0; row < run.count; row++) {
      const at = run.sourceOffsets[row] ?? 0;
      const payload = at + payloadAt;
      const end = at + (run.sourceLengths[row] ?? 0) - icvLength;
      const icv = source.subarray(end, end + icvLength);
      run.opened[row] = 0;
      if (!mac.verify(icv, source.subarray(at, end), ...implicit(run.sequenceHighs[row] ?? 0))) continue;
      const iv = source.subarray(at + ESP_HEADER_LENGTH, payload);
      const plaintext = keyed.decrypt(iv, source.subarray(payload, end));
      if (plaintext === undefined) continue;
      run.opened[row] = 1;
      target.set(plaintext, run.targetOffsets[row] ?? 0);
    }
  };

  const wipe = (): void => {
    keyed.wipe();
    mac.wipe();
  };

  return { ivLength, icvLength, alignment: blockLength, seal, open, wipe };
}
