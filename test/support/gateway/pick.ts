import type { Message } from '../../../core/wire/message.ts';
import type { KnownPayloadKind, Payload } from '../../../core/wire/payload.ts';
import type { NotifyPayload } from '../../../core/wire/payloads/notify.ts';

/** The member of Payload that has `K` among its kinds: one type serves both IDi and IDr, and both TSi and TSr. */
type PayloadWith<K, P extends Payload = Payload> = P extends unknown
  ? K extends P['kind']
    ? P
    : never
  : never;

/** The first payload of a kind. */
export function payloadOf<K extends KnownPayloadKind>(message: Message, kind: K): PayloadWith<K> | undefined {
  return payloadsOf(message, kind)[0];
}

export function payloadsOf<K extends KnownPayloadKind>(message: Message, kind: K): PayloadWith<K>[] {
  return message.payloads.filter(
    (payload): payload is Extract<Payload, PayloadWith<K>> => payload.kind === kind,
  );
}

export function notifies(message: Message, type: number): NotifyPayload[] {
  return payloadsOf(message, 'N').filter(({ notifyType }) => notifyType === type);
}

/** The data of the first notify of a type, or undefined when there is none. */
export function notifyData(message: Message, type: number): Uint8Array | undefined {
  return notifies(message, type)[0]?.data;
}
