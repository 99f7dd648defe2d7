import { Reader } from '../../core/lib/reader.ts';

/** What tcpdump -w wrote. */
export interface Capture {
  /** 1: Ethernet. */
  readonly linkType: number;
  readonly frames: readonly Uint8Array[];
}

const MAGIC_MICROSECONDS = 0xa1b2c3d4;
const MAGIC_NANOSECONDS = 0xa1b23c4d;
const HEADER_OCTETS = 24;
const RECORD_OCTETS = 16;

/**
 * Reads a capture file of the classic format, of either octet order.
 *
 *  header: magic, version, zone, accuracy, snap length, link type (4 octets each, the version 2 + 2)
 *  record: seconds, fraction, octets here, octets on the wire (4 octets each), then the frame
 *
 * A record that is cut off at the end is left out. Throws ProtocolError or RangeError for anything else.
 */
export function parsePcap(file: Uint8Array): Capture {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const magics = [MAGIC_MICROSECONDS, MAGIC_NANOSECONDS];
  const little = magics.includes(view.getUint32(0, true));
  if (!little && !magics.includes(view.getUint32(0, false))) throw new RangeError('not a capture file');
  const linkType = view.getUint32(20, little) & 0xffff;
  const frames: Uint8Array[] = [];
  const reader = new Reader(file);
  reader.skip(HEADER_OCTETS, 'header');
  while (reader.remaining >= RECORD_OCTETS) {
    const length = view.getUint32(reader.offset + 8, little);
    reader.skip(RECORD_OCTETS, 'record');
    if (reader.remaining < length) break;
    frames.push(reader.take(length, 'frame'));
  }
  return { linkType, frames };
}
