import { ProtocolError, Reader } from '../../lib/reader.ts';
import type { Writer } from '../../lib/writer.ts';

/**
 * Configuration, RFC 7296 section 3.15. The values are typed by ../config-value.ts: here a value of an unusual
 * length is no reason to refuse a whole message.
 *
 *                      1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +---------------+-----------------------------------------------+
 * |   CFG type    |                   RESERVED                    |
 * +---------------+-----------------------------------------------+
 * ~                   Configuration attributes                    ~
 * +---------------------------------------------------------------+
 */
export interface ConfigPayload {
  readonly kind: 'CP';
  readonly cfgType: number;
  readonly attributes: readonly ConfigAttribute[];
}

/**
 * RFC 7296 section 3.15.1. `R` is zero when sent and ignored when received.
 *
 *                      1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-----------------------------+-------------------------------+
 * |R|       Attribute type        |            Length             |
 * +-+-----------------------------+-------------------------------+
 * ~                             Value                             ~
 * +---------------------------------------------------------------+
 */
export interface ConfigAttribute {
  readonly type: number;
  readonly value: Uint8Array;
}

const TYPE_MASK = 0x7fff;

/** Room for hundreds of subnets and name suffixes, and for nothing that only costs memory. */
export const MAX_CONFIG_ATTRIBUTES = 2048;

/** Throws RangeError when a type does not fit its 15 bits. */
export function encodeConfig(payload: ConfigPayload, writer: Writer): void {
  writer.u8(payload.cfgType).zeros(3);
  for (const { type, value } of payload.attributes) {
    if (type > TYPE_MASK) throw new RangeError(`configuration attribute ${type}`);
    writer.u16(type).u16(value.length).bytes(value);
  }
}

/** Throws ProtocolError. */
export function decodeConfig(body: Uint8Array): ConfigPayload {
  const reader = new Reader(body);
  const cfgType = reader.u8('CP type');
  reader.skip(3, 'CP reserved');
  const attributes: ConfigAttribute[] = [];
  while (reader.remaining > 0) {
    if (attributes.length === MAX_CONFIG_ATTRIBUTES) throw new ProtocolError('CP: too many attributes');
    const type = reader.u16('CP attribute type') & TYPE_MASK;
    const length = reader.u16('CP attribute length');
    attributes.push({ type, value: reader.take(length, 'CP attribute value') });
  }
  return { kind: 'CP', cfgType, attributes };
}
