import { ProtocolError, Reader } from '../../lib/reader.ts';
import type { Writer } from '../../lib/writer.ts';
import { Protocol, TransformAttribute } from '../constants.ts';

/**
 * Security association, RFC 7296 section 3.3: an ordered list of proposals, the preferred first. In a response
 * there is exactly one, the accepted one.
 */
export interface SaPayload {
  readonly kind: 'SA';
  readonly proposals: readonly Proposal[];
}

/**
 * RFC 7296 section 3.3.1. The SPI has 4 octets for ESP and AH, 8 for the rekeying of an IKE SA and none for
 * its first negotiation.
 *
 *                      1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +---------------+---------------+-------------------------------+
 * | Last (0) or 2 |   RESERVED    |        Proposal length        |
 * +---------------+---------------+---------------+---------------+
 * | Proposal num  |  Protocol ID  |   SPI size    | Num transforms|
 * +---------------+---------------+---------------+---------------+
 * ~                             SPI                               ~
 * +---------------------------------------------------------------+
 * ~                          Transforms                           ~
 * +---------------------------------------------------------------+
 */
export interface Proposal {
  readonly number: number;
  readonly protocol: number;
  readonly spi: Uint8Array;
  readonly transforms: readonly Transform[];
}

/**
 * RFC 7296 section 3.3.2. A transform whose type, id or attributes are not known survives a round trip, so that
 * the negotiation can see it and pass over it.
 *
 *                      1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +---------------+---------------+-------------------------------+
 * | Last (0) or 3 |   RESERVED    |       Transform length        |
 * +---------------+---------------+-------------------------------+
 * |Transform type |   RESERVED    |         Transform ID          |
 * +---------------+---------------+-------------------------------+
 * ~                     Transform attributes                      ~
 * +---------------------------------------------------------------+
 */
export interface Transform {
  readonly type: number;
  readonly id: number;
  /** Bits; absent for algorithms whose key has one length. */
  readonly keyLength?: number;
  /** Attributes other than Key Length; absent when there are none. A transform with any must not be chosen. */
  readonly otherAttributes?: readonly TransformAttributeValue[];
}

/**
 * RFC 7296 section 3.3.5. `value` is a number in the fixed form (AF = 1) and octets in the variable form.
 *
 *                      1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-----------------------------+-------------------------------+
 * |A|                             |  AF = 0: value's length       |
 * |F|       Attribute type        |  AF = 1: value                |
 * +-+-----------------------------+-------------------------------+
 * ~               AF = 0: value    AF = 1: absent                 ~
 * +---------------------------------------------------------------+
 */
export interface TransformAttributeValue {
  readonly type: number;
  readonly value: Uint8Array | number;
}

const MORE_PROPOSALS = 2;
const MORE_TRANSFORMS = 3;
const LAST = 0;
const PROPOSAL_HEADER = 8;
const TRANSFORM_HEADER = 8;
/** Where the length field of a proposal or a transform ends: what it counts goes on from there. */
const LENGTH_END = 4;
const FIXED_FORM = 0x8000;

/** More proposals than any gateway's defaults make; each holds up to 255 transforms. */
export const MAX_PROPOSALS = 64;
/** One attribute is defined; more than a few in one transform are noise. */
export const MAX_TRANSFORM_ATTRIBUTES = 16;

/** Throws RangeError for a payload that has no encoding. */
export function encodeSa(payload: SaPayload, writer: Writer): void {
  if (payload.proposals.length === 0) throw new RangeError('an SA payload without proposals');
  payload.proposals.forEach((proposal, index) => {
    const start = writer.length;
    const isLast = index === payload.proposals.length - 1;
    writer
      .u8(isLast ? LAST : MORE_PROPOSALS)
      .u8(0)
      .u16(0);
    writer.u8(proposal.number).u8(proposal.protocol);
    writer.u8(proposal.spi.length).u8(proposal.transforms.length).bytes(proposal.spi);
    proposal.transforms.forEach((transform, at) => {
      encodeTransform(transform, at === proposal.transforms.length - 1, writer);
    });
    writer.patchU16(start + 2, writer.length - start);
  });
}

function encodeTransform(transform: Transform, isLast: boolean, writer: Writer): void {
  const start = writer.length;
  writer
    .u8(isLast ? LAST : MORE_TRANSFORMS)
    .u8(0)
    .u16(0);
  writer.u8(transform.type).u8(0).u16(transform.id);
  if (transform.keyLength !== undefined) {
    writer.u16(FIXED_FORM | TransformAttribute.KEY_LENGTH).u16(transform.keyLength);
  }
  for (const { type, value } of transform.otherAttributes ?? []) {
    if (type >= FIXED_FORM) throw new RangeError(`transform attribute ${type}`);
    if (typeof value === 'number') writer.u16(FIXED_FORM | type).u16(value);
    else writer.u16(type).u16(value.length).bytes(value);
  }
  writer.patchU16(start + 2, writer.length - start);
}

/** Throws ProtocolError. */
export function decodeSa(body: Uint8Array): SaPayload {
  const reader = new Reader(body);
  const proposals: Proposal[] = [];
  let more = true;
  while (more) {
    if (proposals.length === MAX_PROPOSALS) throw new ProtocolError('SA: too many proposals');
    const marker = reader.u8('SA last or more');
    if (marker !== LAST && marker !== MORE_PROPOSALS) throw new ProtocolError(`SA: last or more ${marker}`);
    more = marker === MORE_PROPOSALS;
    reader.skip(1, 'SA reserved');
    const length = reader.u16('proposal length');
    if (length < PROPOSAL_HEADER) throw new ProtocolError(`proposal: length ${length}`);
    const proposal = decodeProposal(reader.sub(length - LENGTH_END, 'proposal'));
    const before = proposals.at(-1);
    if (before !== undefined && proposal.number !== before.number + 1) {
      throw new ProtocolError(`proposal ${proposal.number} after proposal ${before.number}`);
    }
    proposals.push(proposal);
  }
  reader.end('SA');
  return { kind: 'SA', proposals };
}

function decodeProposal(reader: Reader): Proposal {
  const number = reader.u8('proposal number');
  const protocol = reader.u8('proposal protocol');
  const spiSize = reader.u8('proposal SPI size');
  const transformCount = reader.u8('proposal transforms');
  if (!spiSizeFits(protocol, spiSize)) throw new ProtocolError(`proposal: an SPI of ${spiSize} octets`);
  const spi = reader.take(spiSize, 'proposal SPI');
  const transforms: Transform[] = [];
  for (let i = 0; i < transformCount; i++) {
    transforms.push(decodeTransform(reader, i === transformCount - 1));
  }
  reader.end('proposal');
  return { number, protocol, spi, transforms };
}

function spiSizeFits(protocol: number, spiSize: number): boolean {
  switch (protocol) {
    case Protocol.IKE:
      return spiSize === 0 || spiSize === 8;
    case Protocol.AH:
    case Protocol.ESP:
      return spiSize === 4;
    default:
      return true;
  }
}

function decodeTransform(outer: Reader, isLast: boolean): Transform {
  const marker = outer.u8('transform last or more');
  if (marker !== (isLast ? LAST : MORE_TRANSFORMS)) {
    throw new ProtocolError(`transform: last or more ${marker}`);
  }
  outer.skip(1, 'transform reserved');
  const length = outer.u16('transform length');
  if (length < TRANSFORM_HEADER) throw new ProtocolError(`transform: length ${length}`);
  const reader = outer.sub(length - LENGTH_END, 'transform');
  const type = reader.u8('transform type');
  reader.skip(1, 'transform reserved');
  const id = reader.u16('transform id');
  return { type, id, ...decodeAttributes(reader) };
}

function decodeAttributes(reader: Reader): Pick<Transform, 'keyLength' | 'otherAttributes'> {
  let keyLength: number | undefined;
  const others: TransformAttributeValue[] = [];
  while (reader.remaining > 0) {
    if (others.length === MAX_TRANSFORM_ATTRIBUTES) throw new ProtocolError('transform: too many attributes');
    const formAndType = reader.u16('attribute type');
    const lengthOrValue = reader.u16('attribute length or value');
    const type = formAndType & ~FIXED_FORM;
    const isFixed = (formAndType & FIXED_FORM) !== 0;
    if (type !== TransformAttribute.KEY_LENGTH) {
      if (others.some((other) => other.type === type))
        throw new ProtocolError(`transform: two attributes ${type}`);
      others.push({ type, value: isFixed ? lengthOrValue : reader.take(lengthOrValue, 'attribute value') });
      continue;
    }
    if (!isFixed) throw new ProtocolError('transform: a Key Length in the variable form');
    if (keyLength !== undefined) throw new ProtocolError('transform: two Key Lengths');
    keyLength = lengthOrValue;
  }
  return {
    ...(keyLength === undefined ? {} : { keyLength }),
    ...(others.length === 0 ? {} : { otherAttributes: others }),
  };
}
