import { utf8Text } from '../../../lib/bytes.ts';
import { ProtocolError, Reader } from '../../../lib/reader.ts';
import { addressLength, addressOf, type IpAddress } from '../../../net/address.ts';
import type { AddressStage } from '../../../net/network-state.ts';
import { maskedPrefix, type Prefix } from '../../../net/prefix.ts';
import { NATIVE_ORDER, numberOf, readAttributes, skipPadding } from './message.ts';

/* Links, addresses and routes as rtnetlink tells them (RFC 3549 section 3.1, linux/rtnetlink.h). */

/** Address families of the kernel. */
const FAMILIES: Readonly<Record<number, 4 | 6>> = { 2: 4, 10: 6 };

/** A link (struct ifinfomsg). */
export interface LinkValue {
  readonly index: number;
  readonly name: string;
  readonly mtu: number;
  /** Up, with a carrier, and let in by whoever guards the network (IEEE 802.1X, a Wi-Fi key). */
  readonly usable: boolean;
  readonly loopback: boolean;
}

const LinkFlag = { UP: 0x1, LOOPBACK: 0x8, RUNNING: 0x40, LOWER_UP: 0x10000 } as const;
const USABLE = LinkFlag.UP | LinkFlag.RUNNING | LinkFlag.LOWER_UP;
const LinkAttribute = { NAME: 3, MTU: 4 } as const;

/**
 * The body of NEW_LINK and DEL_LINK; attributes follow.
 *
 *   +---------------+---------------+-------------------------------+
 *   |    Family     |   Reserved    |          Device Type          |
 *   +---------------+---------------+-------------------------------+
 *   |                        Interface Index                        |
 *   +---------------------------------------------------------------+
 *   |                         Device Flags                          |
 *   +---------------------------------------------------------------+
 *   |                          Change Mask                          |
 *   +---------------------------------------------------------------+
 */
export function readLink(body: Uint8Array, order = NATIVE_ORDER): LinkValue | undefined {
  const reader = new Reader(body, order);
  const family = reader.u8('family');
  reader.skip(3, 'device type');
  const index = reader.u32('index');
  const flags = reader.u32('flags');
  reader.skip(4, 'change mask');
  // A bridge tells of its ports in messages of its own family.
  if (family !== 0) return undefined;
  const attributes = readAttributes(reader);
  const name = attributes.get(LinkAttribute.NAME);
  if (name === undefined) throw new ProtocolError('a link without a name');
  return {
    index,
    name: textOf(name),
    mtu: numberOf(attributes.get(LinkAttribute.MTU), order) ?? 0,
    usable: (flags & USABLE) === USABLE,
    loopback: (flags & LinkFlag.LOOPBACK) !== 0,
  };
}

/** An address of a link (struct ifaddrmsg). */
export interface AddressValue {
  readonly link: number;
  readonly address: IpAddress;
  readonly prefixLength: number;
  readonly stage: AddressStage;
  readonly temporary: boolean;
}

const AddressAttribute = { ADDRESS: 1, LOCAL: 2, FLAGS: 8 } as const;
const AddressFlag = {
  /** In IPv4 the same bit says that it is not the first of its network. */
  TEMPORARY: 0x01,
  OPTIMISTIC: 0x04,
  DUPLICATE: 0x08,
  DEPRECATED: 0x20,
  TENTATIVE: 0x40,
} as const;

/**
 * The body of NEW_ADDRESS and DEL_ADDRESS; attributes follow. undefined: of a family that is not IP.
 *
 *   +---------------+---------------+---------------+---------------+
 *   |    Family     | Prefix Length |     Flags     |     Scope     |
 *   +---------------+---------------+---------------+---------------+
 *   |                        Interface Index                        |
 *   +---------------------------------------------------------------+
 */
export function readAddress(body: Uint8Array, order = NATIVE_ORDER): AddressValue | undefined {
  const reader = new Reader(body, order);
  const family = FAMILIES[reader.u8('family')];
  const prefixLength = reader.u8('prefix length');
  const shortFlags = reader.u8('flags');
  reader.skip(1, 'scope');
  const link = reader.u32('index');
  if (family === undefined) return undefined;
  const attributes = readAttributes(reader);
  // On a point-to-point link ADDRESS is the other end's.
  const octets = attributes.get(AddressAttribute.LOCAL) ?? attributes.get(AddressAttribute.ADDRESS);
  if (octets === undefined) throw new ProtocolError('an address without octets');
  if (prefixLength > addressLength(family) * 8) throw new ProtocolError('a prefix that is too long');
  const flags = numberOf(attributes.get(AddressAttribute.FLAGS), order) ?? shortFlags;
  return {
    link,
    address: ipAddress(family, octets),
    prefixLength,
    stage: stageOf(flags),
    temporary: family === 6 && (flags & AddressFlag.TEMPORARY) !== 0,
  };
}

function stageOf(flags: number): AddressStage {
  if ((flags & AddressFlag.DUPLICATE) !== 0) return 'duplicate';
  const tentative = (flags & AddressFlag.TENTATIVE) !== 0;
  // An optimistic one may send while it is being checked, and is then the last choice (RFC 4429 section 3.3).
  if ((flags & AddressFlag.OPTIMISTIC) !== 0) return 'deprecated';
  if (tentative) return 'tentative';
  return (flags & AddressFlag.DEPRECATED) !== 0 ? 'deprecated' : 'preferred';
}

/** A next hop of a route. */
export interface HopValue {
  readonly link: number;
  readonly gateway: IpAddress | undefined;
}

/** A route (struct rtmsg). */
export interface RouteValue {
  readonly table: number;
  readonly destination: Prefix;
  readonly metric: number;
  readonly preferredSource: IpAddress | undefined;
  /** Packets are not sent on: the route says so. */
  readonly refuses: boolean;
  readonly hops: readonly HopValue[];
}

const RouteAttribute = {
  DESTINATION: 1,
  LINK: 4,
  GATEWAY: 5,
  METRIC: 6,
  PREFERRED_SOURCE: 7,
  MULTIPATH: 9,
  TABLE: 15,
  VIA: 18,
} as const;

const UNICAST = 1;
/** Blackhole, unreachable, prohibit, throw. */
const REFUSING: readonly number[] = [6, 7, 8, 9];
/** An entry of the kernel's cache. */
const CLONED = 0x200;

/**
 * The body of NEW_ROUTE and DEL_ROUTE; attributes follow. undefined: not a route that a plain packet of ours could take
 * (another family or traffic class, for some sources alone, multicast, one to this machine itself).
 *
 *   +---------------+---------------+---------------+---------------+
 *   |    Family     |  Dest. Length | Source Length | Traffic Class |
 *   +---------------+---------------+---------------+---------------+
 *   |     Table     |   Protocol    |     Scope     |     Type      |
 *   +---------------+---------------+---------------+---------------+
 *   |                             Flags                             |
 *   +---------------------------------------------------------------+
 */
export function readRoute(body: Uint8Array, order = NATIVE_ORDER): RouteValue | undefined {
  const reader = new Reader(body, order);
  const family = FAMILIES[reader.u8('family')];
  const length = reader.u8('destination length');
  const sourceLength = reader.u8('source length');
  const trafficClass = reader.u8('traffic class');
  const shortTable = reader.u8('table');
  reader.skip(2, 'protocol and scope');
  const type = reader.u8('type');
  const flags = reader.u32('flags');
  if (family === undefined || sourceLength !== 0 || trafficClass !== 0) return undefined;
  const refuses = REFUSING.includes(type);
  if ((type !== UNICAST && !refuses) || (flags & CLONED) !== 0) return undefined;
  const attributes = readAttributes(reader);
  if (length > addressLength(family) * 8) throw new ProtocolError('a prefix that is too long');
  const octets = attributes.get(RouteAttribute.DESTINATION) ?? new Uint8Array(addressLength(family));
  const source = attributes.get(RouteAttribute.PREFERRED_SOURCE);
  return {
    table: numberOf(attributes.get(RouteAttribute.TABLE), order) ?? shortTable,
    destination: maskedPrefix(ipAddress(family, octets), length),
    metric: numberOf(attributes.get(RouteAttribute.METRIC), order) ?? 0,
    preferredSource: source && ipAddress(family, source),
    refuses,
    hops: refuses ? [] : hopsOf(family, attributes, order),
  };
}

function hopsOf(
  family: 4 | 6,
  attributes: ReadonlyMap<number, Uint8Array>,
  order = NATIVE_ORDER,
): HopValue[] {
  const several = attributes.get(RouteAttribute.MULTIPATH);
  if (several !== undefined) return readHops(family, several, order);
  const link = numberOf(attributes.get(RouteAttribute.LINK), order);
  return link === undefined ? [] : [{ link, gateway: gatewayOf(family, attributes, order) }];
}

/**
 * The next hops of a route that has several (struct rtnexthop), one after the other.
 *
 *   +-------------------------------+---------------+---------------+
 *   |            Length             |     Flags     |   Hops - 1    |
 *   +-------------------------------+---------------+---------------+
 *   |                        Interface Index                        |
 *   +---------------------------------------------------------------+
 *   |                          Attributes                           |
 *   +---------------------------------------------------------------+
 */
function readHops(family: 4 | 6, octets: Uint8Array, order = NATIVE_ORDER): HopValue[] {
  const reader = new Reader(octets, order);
  const hops: HopValue[] = [];
  while (reader.remaining > 0) {
    const length = reader.u16('next hop length');
    reader.skip(2, 'flags and weight');
    const link = reader.u32('index');
    const attributes = readAttributes(reader.sub(length - 8, 'next hop'));
    skipPadding(reader, length);
    hops.push({ link, gateway: gatewayOf(family, attributes, order) });
  }
  return hops;
}

/** VIA is a gateway of another family: that family in two octets, then the address. */
function gatewayOf(
  family: 4 | 6,
  attributes: ReadonlyMap<number, Uint8Array>,
  order = NATIVE_ORDER,
): IpAddress | undefined {
  const gateway = attributes.get(RouteAttribute.GATEWAY);
  if (gateway !== undefined) return ipAddress(family, gateway);
  const via = attributes.get(RouteAttribute.VIA);
  if (via === undefined) return undefined;
  const reader = new Reader(via, order);
  const viaFamily = FAMILIES[reader.u16('gateway family')];
  return viaFamily === undefined ? undefined : ipAddress(viaFamily, reader.rest());
}

/** A copy: what it is read from is the buffer of the next datagram. */
function ipAddress(family: 4 | 6, octets: Uint8Array): IpAddress {
  if (octets.length !== addressLength(family))
    throw new ProtocolError(`an IPv${family} address of ${octets.length} octets`);
  return addressOf(octets.slice());
}

function textOf(octets: Uint8Array): string {
  const end = octets.indexOf(0);
  return utf8Text(end < 0 ? octets : octets.subarray(0, end));
}
