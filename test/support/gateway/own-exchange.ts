import { keyExchange, type KeyExchange } from '../../../core/crypto/key-exchange.ts';
import type { RandomBytes } from '../../../core/lib/ports.ts';
import { isErrorNotify, Notify } from '../../../core/wire/constants.ts';
import type { Message } from '../../../core/wire/message.ts';
import type { NotifyPayload } from '../../../core/wire/payloads/notify.ts';
import { payloadOf, payloadsOf } from './pick.ts';
import type { Responder } from './types.ts';

/** The gateway's half of a key exchange in the first of these groups, if it is one. */
export function newKeyExchange(random: RandomBytes, groups: readonly number[]): KeyExchange | undefined {
  const [group] = groups;
  return group === undefined ? undefined : keyExchange(group)?.generate(random);
}

/** What both know after it: nothing when no group was chosen. */
export function sharedSecret(
  own: KeyExchange | undefined,
  group: number | undefined,
  answer: Message,
): Uint8Array | undefined | 'invalid' {
  if (group === undefined) return undefined;
  const ke = payloadOf(answer, 'KE');
  if (ke?.group !== group) return 'invalid';
  const shared = own?.agree(ke.data);
  return shared?.ok === true ? shared.value.reveal() : 'invalid';
}

/** The error notify that an answer consists of. */
export function refusalOf(answer: Message | undefined): NotifyPayload | undefined {
  return answer && payloadsOf(answer, 'N').find(({ notifyType }) => isErrorNotify(notifyType));
}

/** The groups of another try, the one that the client wants first; undefined when there is none to make. */
export function retryGroups(
  responder: Responder,
  offered: readonly number[],
  refusal: NotifyPayload | undefined,
): readonly number[] | undefined {
  if (refusal?.notifyType !== Notify.INVALID_KE_PAYLOAD) return undefined;
  const [high = 0, low = 0] = refusal.data;
  const group = (high << 8) | low;
  if (refusal.data.length !== 2 || !offered.includes(group) || offered[0] === group) {
    responder.emit({ kind: 'violation', what: 'wants a group that was not offered' });
    return undefined;
  }
  return [group, ...offered.filter((other) => other !== group)];
}
