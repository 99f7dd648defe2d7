import { readU32, u32 } from '../lib/bytes.ts';
import { type Failure, failure } from '../lib/failure.ts';
import { ExchangeType, Notify, Protocol } from '../wire/constants.ts';
import type { Message } from '../wire/message.ts';
import type { Payload } from '../wire/payload.ts';
import { notify } from '../wire/payloads/notify.ts';
import type { IkeEvent } from './events.ts';
import { gatewayNotices } from './gateway-notices.ts';
import { allOf, notifyOf } from './payloads.ts';

/** The Child SAs of a session as far as requests about them need to know. */
export interface ChildIndex {
  /** The SPI of our inbound half for the gateway's inbound SPI, or undefined. */
  inboundFor(spiOut: number): number | undefined;
  /** Forgets the pair whose inbound half has this SPI. */
  remove(spiIn: number): void;
}

export interface Answer {
  readonly payloads: readonly Payload[];
  readonly events: readonly IkeEvent[];
  /** The IKE SA ends with this response. */
  readonly closes?: Failure;
}

/** What we answer to a request of the gateway, once the SA is authenticated. */
export function answerRequest(message: Message, children: ChildIndex): Answer | undefined {
  switch (message.exchange) {
    case ExchangeType.INFORMATIONAL:
      return answerInformational(message.payloads, children);
    case ExchangeType.CREATE_CHILD_SA:
      return answerCreateChild(message.payloads, children);
    default:
      return undefined;
  }
}

/**
 * Delete of the IKE SA is answered with an empty message and ends it; Delete of Child SAs with the SPIs of our
 * halves of those pairs; anything else, a liveness check above all, with an empty message (RFC 7296 sections 1.4
 * and 1.4.1).
 */
function answerInformational(payloads: readonly Payload[], children: ChildIndex): Answer {
  const deletes = allOf(payloads, 'D');
  const refused = notifyOf(payloads, Notify.AUTHENTICATION_FAILED);
  if (refused || deletes.some((payload) => payload.protocol === Protocol.IKE)) {
    return { payloads: [], events: [], closes: failure('peer.deleted', { refused: refused !== undefined }) };
  }
  const closed: number[] = [];
  for (const payload of deletes.filter(({ protocol }) => protocol === Protocol.ESP)) {
    for (const spi of payload.spis) {
      const spiIn = spi.length === 4 ? children.inboundFor(readU32(spi)) : undefined;
      if (spiIn === undefined) continue;
      children.remove(spiIn);
      closed.push(spiIn);
    }
  }
  return {
    payloads: closed.length > 0 ? [{ kind: 'D', protocol: Protocol.ESP, spis: closed.map(u32) }] : [],
    events: [
      ...closed.map((spiIn): IkeEvent => ({ kind: 'child-closed', spiIn, lingerMs: 0 })),
      ...gatewayNotices(payloads),
    ],
  };
}

/**
 * We take no SA that the gateway starts: NO_ADDITIONAL_SAS, which RFC 7296 section 1.3 allows for every
 * CREATE_CHILD_SA request and which makes the gateway start anew when it has to. A rekey of a Child SA that does
 * not exist is told so (section 2.25), with the SPI that it asked about.
 */
function answerCreateChild(payloads: readonly Payload[], children: ChildIndex): Answer {
  const rekey = notifyOf(payloads, Notify.REKEY_SA);
  if (rekey && (rekey.spi.length !== 4 || children.inboundFor(readU32(rekey.spi)) === undefined)) {
    return {
      payloads: [notify(Notify.CHILD_SA_NOT_FOUND, undefined, rekey.protocol, rekey.spi)],
      events: [],
    };
  }
  return { payloads: [notify(Notify.NO_ADDITIONAL_SAS)], events: [] };
}
