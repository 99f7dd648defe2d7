import { isZero, readU32, toHex } from '../../../core/lib/bytes.ts';
import { Notify, Protocol, TransformType } from '../../../core/wire/constants.ts';
import type { Message } from '../../../core/wire/message.ts';
import { prfOf } from './keys.ts';
import { covers } from './narrowing.ts';
import { FIRST_SPI } from './new-child.ts';
import { notifies, payloadOf } from './pick.ts';
import type { Child, Purpose, Sa } from './sa.ts';
import type { Responder } from './types.ts';

/** Sooner than this a request that met TEMPORARY_FAILURE may not be made again (RFC 7296 section 2.25). */
const RETRY_PAUSE_MS = 200;

/** What RFC 7296 demands of every CREATE_CHILD_SA request, beyond what decoding checks. */
export function judgeCreate(responder: Responder, sa: Sa, message: Message, purpose: Purpose): void {
  const violate = (what: string): void => responder.emit({ kind: 'violation', what });
  if (sa.rekeying.theirs !== undefined) violate('CREATE_CHILD_SA on an IKE SA that it has rekeyed');
  const before = sa.temporaryFailure;
  if (before?.purpose === purpose && responder.now - before.atMs < RETRY_PAUSE_MS)
    violate('tries again at once after TEMPORARY_FAILURE');
  judgeNonce(responder, sa, message);
  const proposals = payloadOf(message, 'SA')?.proposals ?? [];
  const ke = payloadOf(message, 'KE');
  const offered = proposals.flatMap(({ transforms }) =>
    transforms.filter(({ type }) => type === TransformType.KE),
  );
  if (ke !== undefined && !offered.some(({ id }) => id === ke.group))
    violate('a KE payload for a group that no proposal offers');
  if (purpose !== 'rekey-ike') return;
  if (offered.some(({ id }) => id === 0)) violate('offers an IKE SA without a key exchange');
  for (const { spi } of proposals) {
    if (spi.length !== 8 || isZero(spi)) violate('an IKE SA without an SPI of its own');
    const used = responder.sasOf(sa.client).flatMap((other) => [other.initiatorSpi, other.responderSpi]);
    if (used.some((other) => toHex(other) === toHex(spi))) violate('an SPI of an IKE SA that is there');
  }
}

/** At least half the key of the PRF (RFC 7296 section 2.10), and never one that was there before. */
export function judgeNonce(responder: Responder, sa: Sa, message: Message): void {
  const nonce = payloadOf(message, 'NONCE')?.data;
  if (nonce === undefined) return;
  const violate = (what: string): void => responder.emit({ kind: 'violation', what });
  if (nonce.length < prfOf(sa.suite).preferredKeyLength / 2) violate('a nonce too short for the PRF');
  if (sa.client.nonces.has(toHex(nonce))) violate('a nonce that was there before');
  sa.client.nonces.add(toHex(nonce));
}

/** What it demands of one for a pair of Child SAs. */
export function judgeChildRequest(
  responder: Responder,
  sa: Sa,
  message: Message,
  replaces: Child | undefined,
): void {
  const violate = (what: string): void => responder.emit({ kind: 'violation', what });
  for (const { spi, protocol } of payloadOf(message, 'SA')?.proposals ?? []) {
    if (protocol === Protocol.ESP) judgeChildSpi(responder, sa, readU32(spi));
  }
  if (replaces === undefined) return;
  const [rekeyed] = notifies(message, Notify.REKEY_SA);
  if (rekeyed !== undefined && (rekeyed.protocol !== Protocol.ESP || rekeyed.data.length > 0))
    violate('REKEY_SA for another protocol, or with data');
  const tsi = payloadOf(message, 'TSi')?.selectors ?? [];
  const tsr = payloadOf(message, 'TSr')?.selectors ?? [];
  const kept =
    replaces.remote.every((selector) => tsi.some((wider) => covers(wider, selector))) &&
    replaces.local.every((selector) => tsr.some((wider) => covers(wider, selector)));
  if (!kept) violate('rekeys a Child SA with narrower selectors');
}

/** An SPI that the client wants to receive on. */
export function judgeChildSpi(responder: Responder, sa: Sa, spi: number): void {
  const inUse = responder
    .sasOf(sa.client)
    .some(({ children }) => children.some(({ spec }) => spec.spiOut === spi));
  if (inUse) responder.emit({ kind: 'violation', what: 'an SPI of a Child SA that is there' });
  if (spi < FIRST_SPI) responder.emit({ kind: 'violation', what: 'a reserved SPI' });
}
