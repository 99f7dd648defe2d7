import { ProtocolError, Reader } from '../../lib/reader.ts';
import type { Writer } from '../../lib/writer.ts';
import { Protocol } from '../constants.ts';

/**
 * Delete, RFC 7296 section 3.11. For the IKE SA there are no SPIs: the header's say which. For ESP and AH each
 * SPI (4 octets) is the one that the *sender* expects in inbound packets.
 *
 *                      1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +---------------+---------------+-------------------------------+
 * |  Protocol ID  |   SPI size    |        Number of SPIs         |
 * +---------------+---------------+-------------------------------+
 * ~                             SPIs                              ~
 * +---------------------------------------------------------------+
 */
export interface DeletePayload {
  readonly kind: 'D';
  readonly protocol: number;
  readonly spis: readonly Uint8Array[];
}

const CHILD_SPI_LENGTH = 4;

/** Throws RangeError when an SPI does not have the length of its protocol. */
export function encodeDelete(payload: DeletePayload, writer: Writer): void {
  const spiSize = payload.protocol === Protocol.IKE ? 0 : CHILD_SPI_LENGTH;
  if (spiSize === 0 && payload.spis.length !== 0) throw new RangeError('a delete of the IKE SA has no SPIs');
  writer.u8(payload.protocol).u8(spiSize).u16(payload.spis.length);
  for (const spi of payload.spis) {
    if (spi.length !== spiSize) throw new RangeError(`an SPI of ${spi.length} octets`);
    writer.bytes(spi);
  }
}

/** Throws ProtocolError. */
export function decodeDelete(body: Uint8Array): DeletePayload {
  const reader = new Reader(body);
  const protocol = reader.u8('D protocol');
  const spiSize = reader.u8('D SPI size');
  const count = reader.u16('D number of SPIs');
  if (protocol === Protocol.IKE) {
    if (spiSize !== 0 || count !== 0) throw new ProtocolError('D: SPIs with the IKE SA');
  } else if (spiSize !== CHILD_SPI_LENGTH) {
    throw new ProtocolError(`D: SPIs of ${spiSize} octets`);
  }
  const spis: Uint8Array[] = [];
  for (let i = 0; i < count; i++) spis.push(reader.take(spiSize, 'D SPI'));
  reader.end('D');
  return { kind: 'D', protocol, spis };
}
