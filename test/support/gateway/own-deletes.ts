import { readU32, u32 } from '../../../core/lib/bytes.ts';
import { ExchangeType, Protocol } from '../../../core/wire/constants.ts';
import { findChild, removeChild } from './new-child.ts';
import { payloadsOf } from './pick.ts';
import type { Child, OwnRequest } from './sa.ts';
import type { CloseReason, Responder } from './types.ts';

/** Deletes an IKE SA: it is closed for that reason when the client has answered. */
export function deleteIkeRequest(responder: Responder, reason: CloseReason): OwnRequest {
  return {
    exchange: ExchangeType.INFORMATIONAL,
    purpose: 'delete-ike',
    payloads: [{ kind: 'D', protocol: Protocol.IKE, spis: [] }],
    answered: (sa) => responder.closeSa(sa, reason),
  };
}

/**
 * Deletes a pair of Child SAs by the SPI that the gateway receives on (RFC 7296 section 1.4.1). Nothing is sent
 * through it from then on; it still receives until the client has answered.
 */
export function deleteChildRequest(responder: Responder, child: Child): OwnRequest {
  const { spiIn, spiOut, childId } = child.spec;
  return {
    exchange: ExchangeType.INFORMATIONAL,
    purpose: 'delete-child',
    payloads(sa) {
      if (child.deleting || findChild(responder, sa, spiOut)?.child !== child) return undefined;
      child.deleting = true;
      responder.emit({ kind: 'child-closing', saId: sa.id, childId });
      return [{ kind: 'D', protocol: Protocol.ESP, spis: [u32(spiIn)] }];
    },
    answered(sa, answer) {
      const named = answer === undefined ? [] : payloadsOf(answer, 'D').flatMap(({ spis }) => spis);
      const violate = (what: string): void => responder.emit({ kind: 'violation', what });
      if (named.some((spi) => readU32(spi) !== spiOut)) violate('answers a Delete with another SPI');
      if (named.length > 0 && child.crossed) violate('answers a Delete that crossed its own with a Delete');
      removeChild(responder, sa, child, child.crossed ? 'client' : 'gateway');
    },
  };
}
