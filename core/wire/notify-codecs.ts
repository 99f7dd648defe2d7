import { ProtocolError } from '../lib/reader.ts';
import type { Reader } from '../lib/reader.ts';
import type { Writer } from '../lib/writer.ts';
import { GatewayIdentType, Protocol } from './constants.ts';
import type { NotifyPayload } from './payloads/notify.ts';
import { MAX_NONCE_LENGTH, MIN_NONCE_LENGTH } from './payloads/nonce.ts';

/** Whom a redirection names, RFC 5685 section 9.2: an address of 4 or 16 octets, or a name in ASCII octets. */
export interface GatewayIdent {
  readonly type: number;
  readonly identity: Uint8Array;
}

/** A Child SA of the sender by the SPI (4 octets) of its protocol, AH or ESP. */
interface ChildRef {
  readonly protocol: number;
  readonly spi: Uint8Array;
}

interface AddressValue {
  readonly address: Uint8Array;
}

/** What the notifies that carry something carry, by name. */
export interface NotifyValues {
  /** RFC 7296 section 2.5. */
  readonly UNSUPPORTED_CRITICAL_PAYLOAD: { readonly payloadType: number };
  /** RFC 7296 section 2.3. */
  readonly INVALID_MESSAGE_ID: { readonly messageId: number };
  /** RFC 7296 section 3.10.1: the SPI (4 octets) of the packet that no SA was found for. */
  readonly INVALID_SPI: { readonly spi: Uint8Array };
  /** RFC 7296 section 1.2: the group that the responder wants. */
  readonly INVALID_KE_PAYLOAD: { readonly group: number };
  /** RFC 7296 section 3.10.1: the start of the packet that the selectors of the SA do not cover. */
  readonly INVALID_SELECTORS: ChildRef & { readonly packet: Uint8Array };
  /** RFC 7296 section 2.25. */
  readonly CHILD_SA_NOT_FOUND: ChildRef;
  /** RFC 7296 section 2.3: messages that the sender promises to keep. */
  readonly SET_WINDOW_SIZE: { readonly size: number };
  /** RFC 7296 section 2.22. */
  readonly IPCOMP_SUPPORTED: {
    readonly cpi: number;
    readonly transform: number;
    readonly attributes: Uint8Array;
  };
  /** RFC 7296 section 2.23: a SHA-1 over SPIs, address and port, 20 octets. */
  readonly NAT_DETECTION_SOURCE_IP: { readonly hash: Uint8Array };
  readonly NAT_DETECTION_DESTINATION_IP: { readonly hash: Uint8Array };
  /** RFC 7296 section 2.6: 1 to 64 octets. */
  readonly COOKIE: { readonly cookie: Uint8Array };
  /** RFC 7296 section 1.3.3. */
  readonly REKEY_SA: ChildRef;
  /** RFC 4555 section 4.2.2: 4 and 16 octets. */
  readonly ADDITIONAL_IP4_ADDRESS: AddressValue;
  readonly ADDITIONAL_IP6_ADDRESS: AddressValue;
  /** RFC 4555 section 4.2.5: 8 to 64 octets. */
  readonly COOKIE2: { readonly cookie: Uint8Array };
  /** RFC 4555 section 4.2.6: both addresses of one family, 4 or 16 octets. */
  readonly NO_NATS_ALLOWED: {
    readonly source: Uint8Array;
    readonly destination: Uint8Array;
    readonly sourcePort: number;
    readonly destinationPort: number;
  };
  /** RFC 4478 section 3. */
  readonly AUTH_LIFETIME: { readonly lifetimeSeconds: number };
  /** RFC 5685 section 9.2: the nonce of our request, which is there in an answer to IKE_SA_INIT only. */
  readonly REDIRECT: { readonly gateway: GatewayIdent; readonly nonce?: Uint8Array };
  readonly REDIRECTED_FROM: { readonly gateway: GatewayIdent };
  /** RFC 5723 section 7.2: a ticket and for how long the gateway will take it. */
  readonly TICKET_LT_OPAQUE: { readonly lifetimeSeconds: number; readonly ticket: Uint8Array };
  /** RFC 5723 section 7.3. */
  readonly TICKET_OPAQUE: { readonly ticket: Uint8Array };
  /** RFC 6290 section 4.1: 16 to 128 octets. */
  readonly QUICK_CRASH_DETECTION: { readonly token: Uint8Array };
  /** RFC 7427 section 4: numbers of hash algorithms. */
  readonly SIGNATURE_HASH_ALGORITHMS: { readonly algorithms: readonly number[] };
  /** RFC 8784 section 5.1. */
  readonly PPK_IDENTITY: { readonly type: number; readonly identity: Uint8Array };
  /** RFC 8784 section 3: the data of the AUTH payload as it would be without the PPK. */
  readonly NO_PPK_AUTH: { readonly auth: Uint8Array };
}

/** Reads what one notify carries (ProtocolError) and writes it (RangeError for what may not be sent). */
interface NotifyCodec<T> {
  read(reader: Reader, payload: NotifyPayload): T;
  write(value: T, writer: Writer): void;
  spiOf?(value: T): ChildRef;
}

const HASH_LENGTH = 20;
const CHILD_SPI_LENGTH = 4;
const IP4_LENGTH = 4;
const IP6_LENGTH = 16;

function lengthWithin(octets: Uint8Array, min: number, max: number): boolean {
  return octets.length >= min && octets.length <= max;
}

/** `min` to `max` octets, all that is left. */
function readOctets(reader: Reader, min: number, max: number, what: string): Uint8Array {
  const octets = reader.rest();
  if (!lengthWithin(octets, min, max)) throw new ProtocolError(`${what}: ${octets.length} octets`);
  return octets;
}

function writeOctets(octets: Uint8Array, min: number, max: number, what: string, writer: Writer): void {
  if (!lengthWithin(octets, min, max)) throw new RangeError(`${what}: ${octets.length} octets`);
  writer.bytes(octets);
}

/** The codec of a notify whose data is one field of `min` to `max` octets. */
function octetsCodec<K extends string>(
  field: K,
  min: number,
  max = Number.POSITIVE_INFINITY,
): NotifyCodec<Readonly<Record<K, Uint8Array>>> {
  return {
    read: (reader) => ({ [field]: readOctets(reader, min, max, field) }) as Readonly<Record<K, Uint8Array>>,
    write: (value, writer) => writeOctets(value[field], min, max, field, writer),
  };
}

function readChild(payload: NotifyPayload): ChildRef {
  const { protocol, spi } = payload;
  if (!isChildRef(payload))
    throw new ProtocolError(`the SPI of a Child SA: ${spi.length} octets of ${protocol}`);
  return { protocol, spi };
}

function childOf(value: ChildRef): ChildRef {
  if (!isChildRef(value)) throw new RangeError('not the SPI of a Child SA');
  return value;
}

function isChildRef({ protocol, spi }: ChildRef): boolean {
  return (protocol === Protocol.AH || protocol === Protocol.ESP) && spi.length === CHILD_SPI_LENGTH;
}

const childCodec: NotifyCodec<ChildRef> = {
  read: (_reader, payload) => readChild(payload),
  write: () => undefined,
  spiOf: childOf,
};

/**
 * RFC 5685 section 9.2.
 *
 *                      1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +---------------+---------------+-------------------------------+
 * | GW ident type | GW ident len  |                               |
 * +---------------+---------------+                               |
 * ~                New responder gateway's identity               ~
 * +---------------------------------------------------------------+
 * ~               Nonce (REDIRECT in IKE_SA_INIT only)            ~
 * +---------------------------------------------------------------+
 */
function readGateway(reader: Reader): GatewayIdent {
  const type = reader.u8('gateway identity type');
  const identity = reader.take(reader.u8('gateway identity length'), 'gateway identity');
  if (!gatewayFits({ type, identity })) {
    throw new ProtocolError(`gateway identity: type ${type} with ${identity.length} octets`);
  }
  return { type, identity };
}

function writeGateway(gateway: GatewayIdent, writer: Writer): void {
  if (!gatewayFits(gateway)) throw new RangeError(`gateway identity type ${gateway.type}`);
  writer.u8(gateway.type).u8(gateway.identity.length).bytes(gateway.identity);
}

function gatewayFits({ type, identity }: GatewayIdent): boolean {
  switch (type) {
    case GatewayIdentType.IPV4:
      return identity.length === IP4_LENGTH;
    case GatewayIdentType.IPV6:
      return identity.length === IP6_LENGTH;
    case GatewayIdentType.FQDN:
      return identity.length > 0;
    default:
      return false;
  }
}

/**
 * RFC 4555 section 4.2.6: source address, destination address (4 or 16 octets each), then
 *
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-------------------------------+-------------------------------+
 * |          Source port          |       Destination port        |
 * +-------------------------------+-------------------------------+
 */
const noNatsCodec: NotifyCodec<NotifyValues['NO_NATS_ALLOWED']> = {
  read: (reader) => {
    const addressLength = reader.remaining === 2 * IP4_LENGTH + 4 ? IP4_LENGTH : IP6_LENGTH;
    return {
      source: reader.take(addressLength, 'source address'),
      destination: reader.take(addressLength, 'destination address'),
      sourcePort: reader.u16('source port'),
      destinationPort: reader.u16('destination port'),
    };
  },
  write: ({ source, destination, sourcePort, destinationPort }, writer) => {
    const addressLength = source.length;
    if (addressLength !== IP4_LENGTH && addressLength !== IP6_LENGTH) throw new RangeError('not an address');
    if (destination.length !== addressLength) throw new RangeError('addresses of two families');
    writer.bytes(source).bytes(destination).u16(sourcePort).u16(destinationPort);
  },
};

export const CODECS: { readonly [N in keyof NotifyValues]: NotifyCodec<NotifyValues[N]> } = {
  UNSUPPORTED_CRITICAL_PAYLOAD: {
    read: (reader) => ({ payloadType: reader.u8('payload type') }),
    write: ({ payloadType }, writer) => void writer.u8(payloadType),
  },
  INVALID_MESSAGE_ID: {
    read: (reader) => ({ messageId: reader.u32('message ID') }),
    write: ({ messageId }, writer) => void writer.u32(messageId),
  },
  INVALID_SPI: octetsCodec('spi', CHILD_SPI_LENGTH, CHILD_SPI_LENGTH),
  INVALID_KE_PAYLOAD: {
    read: (reader) => ({ group: reader.u16('group') }),
    write: ({ group }, writer) => void writer.u16(group),
  },
  INVALID_SELECTORS: {
    read: (reader, payload) => ({ ...readChild(payload), packet: reader.rest() }),
    write: ({ packet }, writer) => void writer.bytes(packet),
    spiOf: childOf,
  },
  CHILD_SA_NOT_FOUND: childCodec,
  SET_WINDOW_SIZE: {
    read: (reader) => ({ size: reader.u32('window size') }),
    write: ({ size }, writer) => void writer.u32(size),
  },
  IPCOMP_SUPPORTED: {
    read: (reader) => ({
      cpi: reader.u16('CPI'),
      transform: reader.u8('IPComp transform'),
      attributes: reader.rest(),
    }),
    write: ({ cpi, transform, attributes }, writer) => void writer.u16(cpi).u8(transform).bytes(attributes),
  },
  NAT_DETECTION_SOURCE_IP: octetsCodec('hash', HASH_LENGTH, HASH_LENGTH),
  NAT_DETECTION_DESTINATION_IP: octetsCodec('hash', HASH_LENGTH, HASH_LENGTH),
  COOKIE: octetsCodec('cookie', 1, 64),
  REKEY_SA: childCodec,
  ADDITIONAL_IP4_ADDRESS: octetsCodec('address', IP4_LENGTH, IP4_LENGTH),
  ADDITIONAL_IP6_ADDRESS: octetsCodec('address', IP6_LENGTH, IP6_LENGTH),
  COOKIE2: octetsCodec('cookie', 8, 64),
  NO_NATS_ALLOWED: noNatsCodec,
  AUTH_LIFETIME: {
    read: (reader) => ({ lifetimeSeconds: reader.u32('lifetime') }),
    write: ({ lifetimeSeconds }, writer) => void writer.u32(lifetimeSeconds),
  },
  REDIRECT: {
    read: (reader) => {
      const gateway = readGateway(reader);
      if (reader.remaining === 0) return { gateway };
      return { gateway, nonce: readOctets(reader, MIN_NONCE_LENGTH, MAX_NONCE_LENGTH, 'nonce') };
    },
    write: ({ gateway, nonce }, writer) => {
      writeGateway(gateway, writer);
      if (nonce !== undefined) writeOctets(nonce, MIN_NONCE_LENGTH, MAX_NONCE_LENGTH, 'nonce', writer);
    },
  },
  REDIRECTED_FROM: {
    read: (reader) => ({ gateway: readGateway(reader) }),
    write: ({ gateway }, writer) => writeGateway(gateway, writer),
  },
  TICKET_LT_OPAQUE: {
    read: (reader) => ({
      lifetimeSeconds: reader.u32('ticket lifetime'),
      ticket: readOctets(reader, 1, Number.POSITIVE_INFINITY, 'ticket'),
    }),
    write: ({ lifetimeSeconds, ticket }, writer) => {
      writer.u32(lifetimeSeconds);
      writeOctets(ticket, 1, Number.POSITIVE_INFINITY, 'ticket', writer);
    },
  },
  TICKET_OPAQUE: octetsCodec('ticket', 1),
  QUICK_CRASH_DETECTION: octetsCodec('token', 16, 128),
  SIGNATURE_HASH_ALGORITHMS: {
    read: (reader) => {
      const algorithms: number[] = [];
      while (reader.remaining > 0) algorithms.push(reader.u16('hash algorithm'));
      return { algorithms };
    },
    write: ({ algorithms }, writer) => algorithms.forEach((algorithm) => void writer.u16(algorithm)),
  },
  PPK_IDENTITY: {
    read: (reader) => ({ type: reader.u8('PPK identity type'), identity: reader.rest() }),
    write: ({ type, identity }, writer) => void writer.u8(type).bytes(identity),
  },
  NO_PPK_AUTH: octetsCodec('auth', 1),
};
