import { createCipheriv, createDecipheriv, createHash } from 'node:crypto';
import { fromHex, toHex } from '../../../core/lib/bytes.ts';
import type { EpochMillis, RandomBytes } from '../../../core/lib/ports.ts';
import { Notify } from '../../../core/wire/constants.ts';
import type { Message } from '../../../core/wire/message.ts';
import { valuedNotify } from '../../../core/wire/notify-data.ts';
import { notify, type NotifyPayload } from '../../../core/wire/payloads/notify.ts';
import { notifies } from './pick.ts';
import type { Identity, Sa } from './sa.ts';
import type { IkeSuite } from './suite.ts';
import type { ClientMethod, Responder } from './types.ts';

/** What a ticket lets the gateway know again (RFC 5723 section 5). */
export interface TicketContent {
  readonly suite: IkeSuite;
  /** SK_d of the SA that it was given out in. */
  readonly d: Uint8Array;
  readonly identity: Identity;
  readonly user: string | undefined;
  readonly method: ClientMethod;
  readonly expiresAt: EpochMillis;
}

/** How the gateway misbehaves about tickets and those who come with them. */
export interface ResumeFaults {
  /** What TICKET_REQUEST is answered with in place of a ticket. */
  readonly request?: 'later' | 'never' | 'nothing';
  /** What IKE_SESSION_RESUME is answered with: TICKET_NACK, nothing at all, or the notify with this number. */
  readonly answer?: 'nack' | 'silence' | number;
  /** A TICKET_NACK that anybody could have made goes before the genuine answer. */
  readonly forgedNackFirst?: boolean;
  /** The gateway does not know the secret that it should share with the client. */
  readonly otherSecret?: boolean;
  /** The answer to IKE_AUTH of a resumed SA. */
  readonly auth?:
    'flipped' | 'other-method' | 'padded' | 'refused' | 'silence' | 'certificate' | 'other-identity';
}

const CIPHER = 'aes-256-gcm';
const IV = 12;
const TAG = 16;

interface Written {
  readonly suite: IkeSuite;
  readonly d: string;
  readonly idType: number;
  readonly id: string;
  /** JSON leaves it out when there is none. */
  readonly user?: string | undefined;
  readonly method: ClientMethod;
  readonly expiresAt: EpochMillis;
}

/** A ticket by value: the gateway keeps nothing, and reads it again with its secret (RFC 5723 section 6.1). */
export function sealTicket(secret: Uint8Array, content: TicketContent, random: RandomBytes): Uint8Array {
  const { identity, d, ...rest } = content;
  const written: Written = { ...rest, d: toHex(d), idType: identity.idType, id: toHex(identity.data) };
  const iv = random(IV);
  const cipher = createCipheriv(CIPHER, keyOf(secret), iv);
  const body = Buffer.concat([cipher.update(JSON.stringify(written), 'utf8'), cipher.final()]);
  return new Uint8Array(Buffer.concat([iv, body, cipher.getAuthTag()]));
}

/** What is in a ticket of the gateway's own; undefined for anything else. */
export function openTicket(secret: Uint8Array, ticket: Uint8Array): TicketContent | undefined {
  if (ticket.length < IV + TAG) return undefined;
  const decipher = createDecipheriv(CIPHER, keyOf(secret), ticket.subarray(0, IV));
  decipher.setAuthTag(ticket.subarray(-TAG));
  try {
    const octets = Buffer.concat([decipher.update(ticket.subarray(IV, -TAG)), decipher.final()]);
    const { d, idType, id, user, ...rest } = JSON.parse(octets.toString('utf8')) as Written;
    return { ...rest, user, d: fromHex(d), identity: { idType, data: fromHex(id) } };
  } catch {
    return undefined;
  }
}

function keyOf(secret: Uint8Array): Uint8Array {
  return createHash('sha256').update(secret).digest();
}

/** Whether a request asks for a ticket. */
export function wantsTicket(message: Message): boolean {
  return notifies(message, Notify.TICKET_REQUEST).length > 0;
}

/** The answer to a request for a ticket in an SA that stands; nothing when the gateway has no tickets. */
export function ticketAnswer({ config, faults, random, now }: Responder, sa: Sa): NotifyPayload[] {
  const { tickets } = config.extensions ?? {};
  if (tickets === undefined || sa.state.name !== 'established') return [];
  switch (faults.resume?.request) {
    case 'later':
      return [notify(Notify.TICKET_ACK)];
    case 'never':
      return [notify(Notify.TICKET_NACK)];
    case 'nothing':
      return [];
    case undefined: {
      const { identity, user, method } = sa.state;
      const expiresAt = config.epoch + now + tickets.lifetimeSeconds * 1000;
      const content = { suite: sa.suite, d: sa.keys.d, identity, user, method, expiresAt };
      const ticket = sealTicket(tickets.secret, content, random);
      return [valuedNotify('TICKET_LT_OPAQUE', { lifetimeSeconds: tickets.lifetimeSeconds, ticket })];
    }
  }
}
