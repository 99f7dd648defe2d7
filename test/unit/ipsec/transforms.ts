import { concat } from '../../../core/lib/bytes.ts';
import {
  ESP_HEADER_LENGTH,
  paddedLength,
  writeHeader,
  writeTrailer,
} from '../../../core/ipsec/esp-format.ts';
import { highHalf, lowHalf } from '../../../core/ipsec/sequence.ts';
import type { EspTransform } from '../../../core/ipsec/transform.ts';

export interface Outgoing {
  readonly spi: number;
  readonly sequence: number;
  readonly payload: Uint8Array;
  readonly nextHeader: number;
}

/** One run of a transform over these packets: the ESP packets, in order. */
export function sealRun(transform: EspTransform, packets: readonly Outgoing[]): Uint8Array[] {
  const source = concat(...packets.map((p) => p.payload));
  const target = new Uint8Array(packets.length * 2048);
  const sourceOffsets = new Uint32Array(packets.length);
  const sourceLengths = new Uint32Array(packets.length);
  const targetOffsets = new Uint32Array(packets.length);
  const targetLengths = new Uint32Array(packets.length);
  const sequenceHighs = new Uint32Array(packets.length);
  let from = 0;
  for (const [row, p] of packets.entries()) {
    const at = row * 2048 + 3;
    const body = paddedLength(p.payload.length, transform.alignment);
    const payloadAt = at + ESP_HEADER_LENGTH + transform.ivLength;
    writeHeader(target, at, p.spi, lowHalf(p.sequence));
    writeTrailer(target, payloadAt + p.payload.length, payloadAt + body, p.nextHeader);
    sourceOffsets[row] = from;
    sourceLengths[row] = p.payload.length;
    targetOffsets[row] = at;
    targetLengths[row] = payloadAt + body + transform.icvLength - at;
    sequenceHighs[row] = highHalf(p.sequence);
    from += p.payload.length;
  }
  transform.seal({
    source,
    sourceOffsets,
    sourceLengths,
    target,
    targetOffsets,
    targetLengths,
    sequenceHighs,
    count: packets.length,
  });
  return packets.map((_, row) => {
    const at = targetOffsets[row] ?? 0;
    return target.slice(at, at + (targetLengths[row] ?? 0));
  });
}

/** One run of a transform over these ESP packets: what was encrypted, trailer included, or undefined. */
export function openRun(
  transform: EspTransform,
  packets: readonly { readonly esp: Uint8Array; readonly sequenceHigh?: number }[],
): (Uint8Array | undefined)[] {
  const source = concat(...packets.map((p) => p.esp));
  const target = new Uint8Array(packets.length * 2048).fill(0xaa);
  const sourceOffsets = new Uint32Array(packets.length);
  const sourceLengths = Uint32Array.from(packets, (p) => p.esp.length);
  const targetOffsets = Uint32Array.from(packets, (_, row) => row * 2048 + 5);
  const sequenceHighs = Uint32Array.from(packets, (p) => p.sequenceHigh ?? 0);
  const opened = new Uint8Array(packets.length).fill(7);
  for (let row = 1; row < packets.length; row++)
    sourceOffsets[row] = (sourceOffsets[row - 1] ?? 0) + (sourceLengths[row - 1] ?? 0);
  transform.open({
    source,
    sourceOffsets,
    sourceLengths,
    target,
    targetOffsets,
    sequenceHighs,
    opened,
    count: packets.length,
  });
  return packets.map(({ esp }, row) => {
    const at = targetOffsets[row] ?? 0;
    const length = esp.length - ESP_HEADER_LENGTH - transform.ivLength - transform.icvLength;
    const plaintext = target.slice(at, at + length);
    if (opened[row] === 1) return plaintext;
    if (opened[row] !== 0 || !plaintext.every((octet) => octet === 0xaa))
      throw new Error('a packet that failed left something behind');
    return undefined;
  });
}
