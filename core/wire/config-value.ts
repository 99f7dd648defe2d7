import { EMPTY, utf8, utf8Strict } from '../lib/bytes.ts';
import { err, ok } from '../lib/result.ts';
import type { Result } from '../lib/result.ts';
import { ProtocolError, Reader } from '../lib/reader.ts';
import { Writer } from '../lib/writer.ts';
import { CfgAttr, nameOf } from './constants.ts';
import type { ConfigAttribute } from './payloads/config.ts';

/**
 * What a configuration attribute says. An empty one asks for a value in a request and acknowledges one in a
 * reply; `other` is a type whose form is not known here, to be ignored (RFC 7296 section 3.15.1).
 */
export type ConfigValue =
  | { readonly kind: 'empty' }
  /** 4 or 16 octets, as the type says. */
  | { readonly kind: 'address'; readonly address: Uint8Array }
  /** An address, not masked, of 4 or 16 octets, and the bits of its prefix. */
  | { readonly kind: 'prefix'; readonly address: Uint8Array; readonly prefixLength: number }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'types'; readonly types: readonly number[] }
  /** RFC 8598 section 4.2: a DS record for the domain of the INTERNAL_DNS_DOMAIN before it. */
  | {
      readonly kind: 'trust-anchor';
      readonly keyTag: number;
      readonly algorithm: number;
      readonly digestType: number;
      readonly digest: Uint8Array;
    }
  | { readonly kind: 'other'; readonly value: Uint8Array };

interface Form {
  /** Whether a value of no octets is allowed. */
  readonly mayBeEmpty: boolean;
  read(reader: Reader): ConfigValue;
}

const IP4_LENGTH = 4;
const IP6_LENGTH = 16;

function address(length: number): Form {
  return {
    mayBeEmpty: true,
    read: (reader) => ({ kind: 'address', address: reader.take(length, 'address') }),
  };
}

/** An IPv6 address and one octet of prefix length. */
function prefix6(mayBeEmpty: boolean): Form {
  return {
    mayBeEmpty,
    read: (reader) => {
      const octets = reader.take(IP6_LENGTH, 'address');
      const prefixLength = reader.u8('prefix length');
      if (prefixLength > 8 * IP6_LENGTH) throw new ProtocolError(`prefix length ${prefixLength}`);
      return { kind: 'prefix', address: octets, prefixLength };
    },
  };
}

/** An IPv4 address and a mask, whose ones must come before its zeros. */
const subnet4: Form = {
  mayBeEmpty: true,
  read: (reader) => {
    const octets = reader.take(IP4_LENGTH, 'address');
    const inverted = ~reader.u32('mask') >>> 0;
    if ((inverted & (inverted + 1)) !== 0) throw new ProtocolError('mask with gaps');
    return { kind: 'prefix', address: octets, prefixLength: Math.clz32(inverted) };
  },
};

const text: Form = {
  mayBeEmpty: true,
  read: (reader) => {
    const decoded = utf8Strict(reader.rest());
    if (decoded === undefined) throw new ProtocolError('not text');
    return { kind: 'text', text: decoded };
  },
};

const TYPE_MASK = 0x7fff;

const types: Form = {
  mayBeEmpty: true,
  read: (reader) => {
    const list: number[] = [];
    while (reader.remaining > 0) list.push(reader.u16('attribute type') & TYPE_MASK);
    return { kind: 'types', types: list };
  },
};

/**
 * RFC 8598 section 4.2.
 *
 *                      1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-------------------------------+---------------+---------------+
 * |            Key tag            |   Algorithm   |  Digest type  |
 * +-------------------------------+---------------+---------------+
 * ~                            Digest                             ~
 * +---------------------------------------------------------------+
 */
const trustAnchor: Form = {
  mayBeEmpty: true,
  read: (reader) => ({
    kind: 'trust-anchor',
    keyTag: reader.u16('key tag'),
    algorithm: reader.u8('algorithm'),
    digestType: reader.u8('digest type'),
    digest: reader.rest(),
  }),
};

/** RFC 7296 section 3.15.1, RFC 8598 section 4 and MS-IKEE section 2.2.4 (the two servers). */
const FORMS: ReadonlyMap<number, Form> = new Map([
  [CfgAttr.INTERNAL_IP4_ADDRESS, address(IP4_LENGTH)],
  [CfgAttr.INTERNAL_IP4_NETMASK, address(IP4_LENGTH)],
  [CfgAttr.INTERNAL_IP4_DNS, address(IP4_LENGTH)],
  [CfgAttr.INTERNAL_IP4_NBNS, address(IP4_LENGTH)],
  [CfgAttr.INTERNAL_IP4_DHCP, address(IP4_LENGTH)],
  [CfgAttr.APPLICATION_VERSION, text],
  [CfgAttr.INTERNAL_IP6_ADDRESS, prefix6(true)],
  [CfgAttr.INTERNAL_IP6_DNS, address(IP6_LENGTH)],
  [CfgAttr.INTERNAL_IP6_DHCP, address(IP6_LENGTH)],
  [CfgAttr.INTERNAL_IP4_SUBNET, subnet4],
  [CfgAttr.SUPPORTED_ATTRIBUTES, types],
  [CfgAttr.INTERNAL_IP6_SUBNET, prefix6(false)],
  [CfgAttr.INTERNAL_DNS_DOMAIN, text],
  [CfgAttr.INTERNAL_DNSSEC_TA, trustAnchor],
  [CfgAttr.INTERNAL_IP4_SERVER, address(IP4_LENGTH)],
  [CfgAttr.INTERNAL_IP6_SERVER, address(IP6_LENGTH)],
]);

/** The value of an attribute. The error names the attribute and what is strange about it. */
export function readConfigAttribute(attribute: ConfigAttribute): Result<ConfigValue, ProtocolError> {
  const { type, value } = attribute;
  const form = FORMS.get(type);
  if (form === undefined) {
    return ok(value.length === 0 ? { kind: 'empty' } : { kind: 'other', value });
  }
  if (value.length === 0 && form.mayBeEmpty) return ok({ kind: 'empty' });
  try {
    const reader = new Reader(value);
    const read = form.read(reader);
    reader.end('value');
    return ok(read);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return err(new ProtocolError(`${nameOf(CfgAttr, type)} of ${value.length} octets: ${error.reason}`));
  }
}

/** An attribute of a type with a value. Throws RangeError when readConfigAttribute would not read it back. */
export function configAttribute(type: number, value: ConfigValue = { kind: 'empty' }): ConfigAttribute {
  const attribute = { type, value: octetsOf(value) };
  const read = readConfigAttribute(attribute);
  if (!read.ok) throw new RangeError(read.error.reason);
  if (read.value.kind !== value.kind) throw new RangeError(`${nameOf(CfgAttr, type)} is not ${value.kind}`);
  return attribute;
}

function octetsOf(value: ConfigValue): Uint8Array {
  const writer = new Writer(32);
  switch (value.kind) {
    case 'empty':
      return EMPTY;
    case 'address':
      return value.address;
    case 'prefix':
      writer.bytes(value.address);
      if (value.address.length === IP4_LENGTH) writer.u32(maskOf(value.prefixLength));
      else writer.u8(value.prefixLength);
      return writer.finish();
    case 'text':
      return utf8(value.text);
    case 'types':
      for (const type of value.types) writer.u16(type);
      return writer.finish();
    case 'trust-anchor':
      return writer.u16(value.keyTag).u8(value.algorithm).u8(value.digestType).bytes(value.digest).finish();
    case 'other':
      return value.value;
  }
}

/** The mask of an IPv4 prefix. A shift by 32 would shift by none. */
function maskOf(prefixLength: number): number {
  return prefixLength === 0 ? 0 : (0xffffffff << (8 * IP4_LENGTH - prefixLength)) >>> 0;
}
