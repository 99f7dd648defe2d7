import { isZero, readU32 } from '../../../core/lib/bytes.ts';
import type { Message } from '../../../core/wire/message.ts';
import type { TrafficSelector } from '../../../core/wire/payloads/ts.ts';
import { judgeChildSpi, judgeNonce } from './judge-create.ts';
import { covers } from './narrowing.ts';
import type { WantedChild } from './own-create.ts';
import { payloadOf } from './pick.ts';
import type { Sa } from './sa.ts';
import type { Chosen } from './suite.ts';
import type { Responder } from './types.ts';

/** What RFC 7296 demands of the answer to a request for Child SAs, beyond what decoding checks. */
export function judgeChildAnswer(
  responder: Responder,
  sa: Sa,
  answer: Message,
  { local, remote, replaces }: WantedChild,
  chosen: Chosen<unknown> | undefined,
): void {
  const violate = (what: string): void => responder.emit({ kind: 'violation', what });
  judgeNonce(responder, sa, answer);
  judgeKey(responder, answer, chosen);
  if (chosen !== undefined) judgeChildSpi(responder, sa, readU32(chosen.spi));
  const tsi = payloadOf(answer, 'TSi')?.selectors ?? [];
  const tsr = payloadOf(answer, 'TSr')?.selectors ?? [];
  if (!within(tsi, local) || !within(tsr, remote)) violate('answers with wider selectors');
  if (replaces !== undefined && !(within(replaces.local, tsi) && within(replaces.remote, tsr)))
    violate('narrows a rekeyed Child SA');
}

/** The same of the answer to a request to rekey the IKE SA. */
export function judgeIkeAnswer(
  responder: Responder,
  sa: Sa,
  answer: Message,
  chosen: Chosen<unknown> | undefined,
): void {
  judgeNonce(responder, sa, answer);
  judgeKey(responder, answer, chosen);
  if (chosen !== undefined && isZero(chosen.spi))
    responder.emit({ kind: 'violation', what: 'an SPI of zero' });
}

function judgeKey(responder: Responder, answer: Message, chosen: Chosen<unknown> | undefined): void {
  const violate = (what: string): void => responder.emit({ kind: 'violation', what });
  if (chosen === undefined) {
    violate('accepts what was not offered');
    return;
  }
  if (payloadOf(answer, 'KE')?.group !== chosen.group)
    violate('a KE payload that does not go with the chosen group');
}

function within(inner: readonly TrafficSelector[], outer: readonly TrafficSelector[]): boolean {
  return inner.every((one) => outer.some((other) => covers(other, one)));
}
