import { EMPTY } from '../lib/bytes.ts';
import { err, ok } from '../lib/result.ts';
import type { Result } from '../lib/result.ts';
import { ProtocolError, Reader } from '../lib/reader.ts';
import { Writer } from '../lib/writer.ts';
import { Notify, nameOf } from './constants.ts';
import type { NameIn } from './constants.ts';
import { CODECS } from './notify-codecs.ts';
import type { NotifyValues } from './notify-codecs.ts';
import { notify } from './payloads/notify.ts';
import type { NotifyPayload } from './payloads/notify.ts';

export type { GatewayIdent, NotifyValues } from './notify-codecs.ts';

/** A notify with data or an SPI of a known form. */
export type ValuedNotify = keyof NotifyValues;

export const VALUED_NOTIFIES = Object.keys(CODECS) as readonly ValuedNotify[];

/** Notifies that only say that they are there, and whose data has to be empty. */
export const EMPTY_NOTIFIES = [
  'INITIAL_CONTACT',
  'ADDITIONAL_TS_POSSIBLE',
  'USE_TRANSPORT_MODE',
  'HTTP_CERT_LOOKUP_SUPPORTED',
  'ESP_TFC_PADDING_NOT_SUPPORTED',
  'NON_FIRST_FRAGMENTS_ALSO',
  'NO_ADDITIONAL_ADDRESSES',
  'UPDATE_SA_ADDRESSES',
  'MULTIPLE_AUTH_SUPPORTED',
  'ANOTHER_AUTH_FOLLOWS',
  'REDIRECT_SUPPORTED',
  'TICKET_REQUEST',
  'TICKET_ACK',
  'TICKET_NACK',
  'EAP_ONLY_AUTHENTICATION',
  'CHILDLESS_IKEV2_SUPPORTED',
  'IKEV2_FRAGMENTATION_SUPPORTED',
  'USE_PPK',
] as const satisfies readonly NameIn<typeof Notify>[];

/**
 * Notifies that are sent without data and whose data, if any, is ignored: errors, which count whatever else
 * comes with them, and two of which RFC 4555 section 4.2.1 and RFC 9242 section 3.1 demand it.
 */
export const BARE_NOTIFIES = [
  'MOBIKE_SUPPORTED',
  'INTERMEDIATE_EXCHANGE_SUPPORTED',
  'INVALID_IKE_SPI',
  'INVALID_MAJOR_VERSION',
  'INVALID_SYNTAX',
  'NO_PROPOSAL_CHOSEN',
  'AUTHENTICATION_FAILED',
  'SINGLE_PAIR_REQUIRED',
  'NO_ADDITIONAL_SAS',
  'INTERNAL_ADDRESS_FAILURE',
  'FAILED_CP_REQUIRED',
  'TS_UNACCEPTABLE',
  'UNACCEPTABLE_ADDRESSES',
  'UNEXPECTED_NAT_DETECTED',
  'TEMPORARY_FAILURE',
  'STATE_NOT_FOUND',
] as const satisfies readonly NameIn<typeof Notify>[];

export type PlainNotify = (typeof EMPTY_NOTIFIES)[number] | (typeof BARE_NOTIFIES)[number];

/** The value of a notify by its `name`. `other` has no form known here and may be ignored if it is a status. */
export type NotifyData =
  | { [N in ValuedNotify]: { readonly name: N } & NotifyValues[N] }[ValuedNotify]
  | { readonly name: PlainNotify }
  | { readonly name: 'other'; readonly notifyType: number; readonly data: Uint8Array };

/** A notify without data. */
export function plainNotify(name: PlainNotify): NotifyPayload {
  return notify(Notify[name]);
}

/** A notify with its value. Throws RangeError for a value that its RFC does not let us send. */
export function valuedNotify<N extends ValuedNotify>(name: N, value: NotifyValues[N]): NotifyPayload {
  const codec = CODECS[name];
  const writer = new Writer(64);
  codec.write(value, writer);
  const { protocol, spi } = codec.spiOf?.(value) ?? { protocol: 0, spi: EMPTY };
  return notify(Notify[name], writer.finish(), protocol, spi);
}

/** The value of a notify whose type the caller has looked at. The error says what is wrong with it. */
export function readNotify<N extends ValuedNotify>(
  name: N,
  payload: NotifyPayload,
): Result<NotifyValues[N], ProtocolError> {
  if (payload.notifyType !== Notify[name]) {
    return err(new ProtocolError(`${name}: is ${nameOf(Notify, payload.notifyType)}`));
  }
  try {
    const reader = new Reader(payload.data);
    const value = CODECS[name].read(reader, payload);
    reader.end(name);
    return ok(value);
  } catch (error) {
    if (error instanceof ProtocolError) return err(error);
    throw error;
  }
}

/** The value of any notify, for callers that take them as they come. */
export function decodeNotifyData(payload: NotifyPayload): Result<NotifyData, ProtocolError> {
  const { notifyType, data } = payload;
  const name = nameOf(Notify, notifyType);
  if (isOneOf(EMPTY_NOTIFIES, name)) {
    return data.length === 0
      ? ok({ name })
      : err(new ProtocolError(`${name}: ${data.length} octets of data`));
  }
  if (isOneOf(BARE_NOTIFIES, name)) return ok({ name });
  return isValued(name) ? named(name, payload) : ok({ name: 'other', notifyType, data });
}

function named(name: ValuedNotify, payload: NotifyPayload): Result<NotifyData, ProtocolError> {
  const value = readNotify(name, payload);
  return value.ok ? ok({ name, ...value.value } as NotifyData) : value;
}

function isOneOf<T extends string>(names: readonly T[], name: string): name is T {
  return (names as readonly string[]).includes(name);
}

function isValued(name: string): name is ValuedNotify {
  return Object.hasOwn(CODECS, name);
}
