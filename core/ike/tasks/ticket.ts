import { ok } from '../../lib/result.ts';
import { ExchangeType } from '../../wire/constants.ts';
import { TICKET_REQUEST, type TicketKeeper } from '../ticket-keeper.ts';
import type { Task } from './task.ts';

/** Asks for a ticket to resume the session with, in an INFORMATIONAL exchange (RFC 5723 section 4.1). */
export function ticketTask(keeper: TicketKeeper): Task {
  return {
    kind: 'ticket',
    exchange: ExchangeType.INFORMATIONAL,
    build: () => {
      keeper.asking();
      return ok([TICKET_REQUEST]);
    },
    process: (payloads, { sa, config, now, epochNow }) => ({
      kind: 'done',
      events: keeper.answered(payloads, { sa, localId: config.localId, now, epochNow }),
    }),
  };
}
