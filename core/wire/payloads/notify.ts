import { EMPTY } from '../../lib/bytes.ts';
import { ProtocolError, Reader } from '../../lib/reader.ts';
import type { Writer } from '../../lib/writer.ts';
import { Protocol } from '../constants.ts';

/**
 * Notify, RFC 7296 section 3.10. `data` is typed by ../notify-data.ts.
 *
 *                      1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +---------------+---------------+-------------------------------+
 * |  Protocol ID  |   SPI size    |          Notify type          |
 * +---------------+---------------+-------------------------------+
 * ~                 SPI (SPI size octets, may be none)            ~
 * +---------------------------------------------------------------+
 * ~                       Notification data                       ~
 * +---------------------------------------------------------------+
 */
export interface NotifyPayload {
  readonly kind: 'N';
  /** Zero whenever `spi` is empty: the field says whose SPI follows, and is ignored when none does. */
  readonly protocol: number;
  readonly spi: Uint8Array;
  readonly notifyType: number;
  readonly data: Uint8Array;
}

/** A notify; without an SPI it concerns the IKE SA itself or nothing that exists yet. */
export function notify(
  notifyType: number,
  data: Uint8Array = EMPTY,
  protocol: number = Protocol.NONE,
  spi: Uint8Array = EMPTY,
): NotifyPayload {
  return { kind: 'N', protocol: spi.length === 0 ? Protocol.NONE : protocol, spi, notifyType, data };
}

export function encodeNotify(payload: NotifyPayload, writer: Writer): void {
  writer
    .u8(payload.spi.length === 0 ? Protocol.NONE : payload.protocol)
    .u8(payload.spi.length)
    .u16(payload.notifyType)
    .bytes(payload.spi)
    .bytes(payload.data);
}

/** Throws ProtocolError. */
export function decodeNotify(body: Uint8Array): NotifyPayload {
  const reader = new Reader(body);
  const protocol = reader.u8('N protocol');
  const spiSize = reader.u8('N SPI size');
  const notifyType = reader.u16('N type');
  if (!spiSizeFits(protocol, spiSize)) throw new ProtocolError(`N: an SPI of ${spiSize} octets`);
  const spi = reader.take(spiSize, 'N SPI');
  return notify(notifyType, reader.rest(), protocol, spi);
}

/** An SPI is that of a Child SA; RFC 4306 also let the IKE SA's own be in it, and protocol 0 has none. */
function spiSizeFits(protocol: number, spiSize: number): boolean {
  if (spiSize === 0) return true;
  switch (protocol) {
    case Protocol.NONE:
      return false;
    case Protocol.IKE:
      return spiSize === 8;
    case Protocol.AH:
    case Protocol.ESP:
      return spiSize === 4;
    default:
      return true;
  }
}
