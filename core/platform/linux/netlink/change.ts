import { concat } from '../../../lib/bytes.ts';
import { Writer } from '../../../lib/writer.ts';
import type { IpAddress } from '../../../net/address.ts';
import type { Prefix } from '../../../net/prefix.ts';
import { attribute, type Change, NATIVE_ORDER, RouteMessage } from './message.ts';

/*
 * What is asked of rtnetlink to change links, addresses, routes and rules (RFC 3549 section 3.1, linux/rtnetlink.h,
 * linux/if_link.h, linux/if_addr.h, linux/fib_rules.h). The fixed parts are drawn in values.ts; a rule's is that of a
 * route, with an action in the place of the type.
 */

/** NLM_F_REPLACE, NLM_F_EXCL, NLM_F_CREATE. */
const [REPLACE, EXCLUSIVE, CREATE] = [0x100, 0x200, 0x400];
const FAMILY = { 4: 2, 6: 10 } as const;
const NO_FAMILY = 0;
const LinkAttribute = { MTU: 4, BY_FAMILY: 26, ADDRESS_MODE: 8 } as const;
const UP = 0x1;
/** IN6_ADDR_GEN_MODE_NONE: the link makes no address by itself. */
const NO_ADDRESSES = 1;
const AddressAttribute = { ADDRESS: 1, LOCAL: 2, FLAGS: 8 } as const;
/** IFA_F_NODAD, IFA_F_NOPREFIXROUTE. */
const [UNCHECKED, NO_PREFIX_ROUTE] = [0x02, 0x200];
const RouteAttribute = { DESTINATION: 1, LINK: 4, PREFERRED_SOURCE: 7, TABLE: 15 } as const;
/** RTPROT_BOOT, as for everything that is not from a routing daemon. */
const BY_HAND = 3;
const Scope = { UNIVERSE: 0, LINK: 253, NOWHERE: 255 } as const;
const UNICAST = 1;
const THROW = 9;
const RuleAttribute = { TO: 1, PREFERENCE: 6, MARK: 10, SUPPRESS_LENGTH: 14, TABLE: 15 } as const;
const TO_TABLE = 1;
const INVERTED = 0x2;
/** Larger numbers of tables do not fit into the fixed part, and are in their attribute alone. */
const SHORT_TABLE = 255;

export function setLink(link: number, to: { readonly mtu: number; readonly addressless: boolean }): Change {
  const mode = attribute(LinkAttribute.ADDRESS_MODE, Uint8Array.of(NO_ADDRESSES));
  const byFamily = attribute(LinkAttribute.BY_FAMILY, attribute(FAMILY[6], mode));
  const wanted = to.addressless ? [byFamily] : [];
  return {
    type: RouteMessage.NEW_LINK,
    flags: 0,
    body: concat(linkPart(link, 0, 0), numberAttribute(LinkAttribute.MTU, to.mtu), ...wanted),
  };
}

export function raiseLink(link: number, isUp: boolean): Change {
  return { type: RouteMessage.NEW_LINK, flags: 0, body: linkPart(link, isUp ? UP : 0, UP) };
}

function linkPart(link: number, flags: number, mask: number): Uint8Array {
  return writer().u8(NO_FAMILY).zeros(3).u32(link).u32(flags).u32(mask).finish();
}

/** `nodad`: it is used without asking the link whether somebody has it. */
export function addAddress(link: number, { address, length }: Prefix, nodad: boolean): Change {
  const flags = NO_PREFIX_ROUTE | (nodad ? UNCHECKED : 0);
  return {
    type: RouteMessage.NEW_ADDRESS,
    flags: CREATE | EXCLUSIVE,
    body: concat(addressPart(link, address, length), numberAttribute(AddressAttribute.FLAGS, flags)),
  };
}

export function removeAddress(link: number, { address, length }: Prefix): Change {
  return { type: RouteMessage.DEL_ADDRESS, flags: 0, body: addressPart(link, address, length) };
}

function addressPart(link: number, { family, octets }: IpAddress, length: number): Uint8Array {
  const fixed = writer().u8(FAMILY[family]).u8(length).u8(0).u8(Scope.UNIVERSE).u32(link).finish();
  return concat(
    fixed,
    attribute(AddressAttribute.LOCAL, octets),
    attribute(AddressAttribute.ADDRESS, octets),
  );
}

export interface RouteInto {
  readonly to: Prefix;
  readonly link: number;
  readonly table: number;
  readonly source?: IpAddress;
}

export function replaceRoute({ to, link, table, source }: RouteInto): Change {
  const scope = to.address.family === 4 ? Scope.LINK : Scope.UNIVERSE;
  const from = source ? [attribute(RouteAttribute.PREFERRED_SOURCE, source.octets)] : [];
  return {
    type: RouteMessage.NEW_ROUTE,
    flags: CREATE | REPLACE,
    body: concat(routePart(to, table, BY_HAND, scope, UNICAST), ...routeAttributes(to, link, table), ...from),
  };
}

/** Whatever its source and protocol are. */
export function removeRoute({ to, link, table }: RouteInto): Change {
  const scope = to.address.family === 4 ? Scope.NOWHERE : Scope.UNIVERSE;
  return {
    type: RouteMessage.DEL_ROUTE,
    flags: 0,
    body: concat(routePart(to, table, 0, scope, 0), ...routeAttributes(to, link, table)),
  };
}

/** A prefix of a table about which the next table is asked, whatever wider routes there are. */
export function replaceException(to: Prefix, table: number): Change {
  return {
    type: RouteMessage.NEW_ROUTE,
    flags: CREATE | REPLACE,
    body: concat(routePart(to, table, BY_HAND, Scope.UNIVERSE, THROW), ...placeOf(to, table)),
  };
}

export function removeException(to: Prefix, table: number): Change {
  const scope = to.address.family === 4 ? Scope.NOWHERE : Scope.UNIVERSE;
  return {
    type: RouteMessage.DEL_ROUTE,
    flags: 0,
    body: concat(routePart(to, table, 0, scope, THROW), ...placeOf(to, table)),
  };
}

function placeOf(to: Prefix, table: number): Uint8Array[] {
  return [
    attribute(RouteAttribute.DESTINATION, to.address.octets),
    numberAttribute(RouteAttribute.TABLE, table),
  ];
}

function routePart(to: Prefix, table: number, protocol: number, scope: number, type: number): Uint8Array {
  const fixed = writer().u8(FAMILY[to.address.family]).u8(to.length).zeros(2);
  return fixed.u8(shortTable(table)).u8(protocol).u8(scope).u8(type).u32(0).finish();
}

function routeAttributes(to: Prefix, link: number, table: number): Uint8Array[] {
  return [
    attribute(RouteAttribute.DESTINATION, to.address.octets),
    numberAttribute(RouteAttribute.LINK, link),
    numberAttribute(RouteAttribute.TABLE, table),
  ];
}

/** For whom a rule is, and which table they then ask. */
export interface Rule {
  readonly family: 4 | 6;
  readonly preference: number;
  readonly to?: Prefix;
  readonly mark?: { readonly value: number; readonly isNot: boolean };
  readonly table: number;
  /** Routes of prefixes of this length and shorter ones are no answer. */
  readonly suppressLength?: number;
}

export function changeRule(verb: 'add' | 'del', rule: Rule): Change {
  const { family, preference, to, mark, table, suppressLength } = rule;
  const fixed = writer()
    .u8(FAMILY[family])
    .u8(to?.length ?? 0)
    .zeros(2)
    .u8(shortTable(table))
    .zeros(2)
    .u8(verb === 'add' ? TO_TABLE : 0)
    .u32(mark?.isNot === true ? INVERTED : 0)
    .finish();
  const body = concat(
    fixed,
    numberAttribute(RuleAttribute.PREFERENCE, preference),
    numberAttribute(RuleAttribute.TABLE, table),
    ...(to ? [attribute(RuleAttribute.TO, to.address.octets)] : []),
    ...(mark ? [numberAttribute(RuleAttribute.MARK, mark.value)] : []),
    ...(suppressLength === undefined ? [] : [numberAttribute(RuleAttribute.SUPPRESS_LENGTH, suppressLength)]),
  );
  return verb === 'add'
    ? { type: RouteMessage.NEW_RULE, flags: CREATE | EXCLUSIVE, body }
    : { type: RouteMessage.DEL_RULE, flags: 0, body };
}

function shortTable(table: number): number {
  return table <= SHORT_TABLE ? table : 0;
}

function writer(): Writer {
  return new Writer(32, NATIVE_ORDER);
}

function numberAttribute(type: number, value: number): Uint8Array {
  return attribute(type, writer().u32(value).finish());
}
