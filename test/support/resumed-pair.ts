import assert from 'node:assert/strict';
import { utf8 } from '../../core/lib/bytes.ts';
import type { ResumptionTicket } from '../../core/ike/ticket.ts';
import { ExchangeType } from '../../core/wire/constants.ts';
import type { Message } from '../../core/wire/message.ts';
import type { Extensions } from './gateway/extensions.ts';
import { Pair, type PairOptions } from './pair.ts';

/** A gateway that gives out tickets for an hour. */
export const TICKETS: Extensions = { tickets: { secret: utf8('of the tickets'), lifetimeSeconds: 3600 } };

/** A connected pair whose gateway gives out tickets. */
export function ticketed(options: PairOptions = {}): Pair {
  const pair = new Pair({ ...options, gateway: { extensions: TICKETS, ...options.gateway } });
  pair.connect().settle();
  assert.ok(pair.event('established'));
  return pair;
}

/** The newest ticket that the client of a pair got. */
export function ticketOf(pair: Pair): ResumptionTicket {
  const events = pair.events.filter((event) => event.kind === 'ticket');
  const last = events.at(-1);
  assert.ok(last, 'there is a ticket');
  return last.ticket;
}

/** A session of the same user with the same gateway, a second later; by a ticket if there is one. */
export function again(
  before: Pick<Pair, 'made' | 'now'>,
  ticket: ResumptionTicket | undefined,
  { client, ...options }: PairOptions = {},
): Pair {
  const pair = new Pair({
    seed: `after ${before.now}`,
    ...options,
    client: { ...client, ...(ticket ? { ticket } : {}) },
    made: before.made,
  });
  pair.now = before.now + 1_000;
  return pair;
}

/** A session by the ticket of `before`, whose gateway has lost everything but its secret. */
export function afterRestart(before: Pair, options: PairOptions = {}): Pair {
  before.made.gateway.restart();
  return again(before, ticketOf(before), options).connect();
}

/** The exchanges of the client's requests, in order. */
export function exchanges({ requests }: Pair): number[] {
  return requests.map(({ exchange }: Message) => exchange);
}

export const { IKE_SA_INIT, IKE_SESSION_RESUME, IKE_AUTH, INFORMATIONAL } = ExchangeType;

/** What an honest client never does. */
export function violations({ gatewayEvents }: Pair): string[] {
  return gatewayEvents.flatMap((event) => (event.kind === 'violation' ? [event.what] : []));
}
