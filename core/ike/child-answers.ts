import { readU32 } from '../lib/bytes.ts';
import type { Millis } from '../lib/ports.ts';
import type { Prefix } from '../net/prefix.ts';
import { Notify, Protocol } from '../wire/constants.ts';
import type { Payload } from '../wire/payload.ts';
import { notify } from '../wire/payloads/notify.ts';
import { grantChild } from './answer-create-child.ts';
import type { ChildPairs } from './child-pairs.ts';
import { wipeChild } from './events.ts';
import { fromOurAddresses } from './further-children.ts';
import type { Answer } from './life-port.ts';
import { notifyOf } from './payloads.ts';
import { deleteOf } from './tasks/informational.ts';
import type { TaskContext } from './tasks/task.ts';

/** Pairs at once, however many the gateway would like. */
const MAX_PAIRS = 32;

/** CREATE_CHILD_SA for a pair, in an IKE SA that is not being replaced. */
export function answerCreate(
  pairs: ChildPairs,
  assigned: readonly Prefix[],
  payloads: readonly Payload[],
  context: TaskContext,
): Answer {
  const { now, config } = context;
  const about = notifyOf(payloads, Notify.REKEY_SA);
  const pair = about?.spi.length === 4 ? pairs.all.byOutbound(readU32(about.spi)) : undefined;
  if (about && (!pair || about.protocol !== Protocol.ESP)) {
    return refusal(Notify.CHILD_SA_NOT_FOUND, about.protocol, about.spi);
  }
  // We are closing it, or have done so (section 2.25.1).
  if (pair && pair.state !== 'live') return refusal(Notify.TEMPORARY_FAILURE);
  if (pairs.all.size >= MAX_PAIRS) return refusal(Notify.NO_ADDITIONAL_SAS);
  const bounds = pair ?? fromOurAddresses(assigned, config.remoteSelectors);
  if (!bounds) return refusal(Notify.TS_UNACCEPTABLE);
  const { local, remote } = bounds;
  const isTaken = (spi: number): boolean => pairs.isTaken(spi);
  const grant = grantChild(payloads, context, { local, remote, whole: pair !== undefined, isTaken });
  if (!grant.ok) return { payloads: [grant.error], then: () => undefined };
  const { child, nonces } = grant.value;
  if (pairs.all.byOutbound(child.spiOut)) {
    wipeChild(child);
    return refusal(Notify.NO_PROPOSAL_CHOSEN);
  }
  return {
    payloads: grant.value.payloads,
    then: () => {
      if (!pair) return pairs.add(child, { role: 'responder', nonces, sendNow: true }, now);
      pairs.add(child, { role: 'responder', nonces, replaces: pair.spiIn, sendNow: false }, now);
      pairs.tidyLater(pair.spiIn, now);
    },
  };
}

/**
 * Delete of pairs by the gateway's SPIs, answered with ours, except for pairs that we have deleted ourselves
 * (RFC 7296 section 1.4.1).
 */
export function answerDelete(pairs: ChildPairs, spisOut: readonly Uint8Array[], now: Millis): Answer {
  const found = spisOut.flatMap((spi) =>
    spi.length === 4 ? (pairs.all.byOutbound(readU32(spi)) ?? []) : [],
  );
  const deleted = [...new Set(found)];
  const answered = deleted.filter(({ state }) => state !== 'deleting').map(({ spiIn }) => spiIn);
  return {
    payloads: answered.length > 0 ? [deleteOf(answered)] : [],
    then: () => {
      for (const pair of deleted) pairs.close(pair, now);
    },
  };
}

function refusal(type: number, protocol?: number, spi?: Uint8Array): Answer {
  return { payloads: [notify(type, undefined, protocol, spi)], then: () => undefined };
}
