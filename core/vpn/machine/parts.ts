import type { Failure } from '../../lib/failure.ts';
import type { Millis } from '../../lib/ports.ts';
import type { IpAddress } from '../../net/address.ts';
import type { Established } from '../carrier.ts';
import type { Target, Way } from './state.ts';

/** Why an attempt is made. */
export type Goal =
  /** There never was a connection. */
  | 'connect'
  /** There was one. */
  | 'reconnect'
  /** The gateway does not answer: perhaps it forgot the session and would welcome a new one. */
  | 'doubt'
  /** The login runs out (RFC 4478). */
  | 'reauthenticate'
  /** The gateway sends us elsewhere (RFC 5685). */
  | 'redirect';

/** A gateway by name or address, whose addresses are not known yet. */
export interface Place {
  readonly gateway: number;
  readonly host: string;
  readonly redirectedFrom?: IpAddress;
}

/** A session that has begun, and where. */
export interface Run {
  readonly id: number;
  readonly target: Target;
}

/** When the login of a session runs out, and when another one is to be made instead. */
export interface Lifetime {
  readonly renewAt: Millis;
  readonly endsAt: Millis;
  /** The gateway does not take a second session beside the first: only when the first is gone. */
  readonly refused: boolean;
}

export interface Rejection {
  readonly failure: Failure;
  readonly times: number;
}

/** The session that was answered first, while it is authenticated. */
export interface Winner extends Run {
  readonly lifetime?: Lifetime | undefined;
}

/** One try to get a session, at whichever address of whichever gateway answers first. */
export interface Attempt {
  readonly goal: Goal;
  /** A ticket may take the place of the login. */
  readonly resume: boolean;
  /** The password that was given before is wrong, as this says, for so many times now. */
  readonly rejected?: Rejection | undefined;
  /** Places that have not had their turn. */
  readonly places: readonly Place[];
  readonly lookups: readonly { readonly id: number; readonly place: Place }[];
  /** Where no session has begun yet. */
  readonly queue: readonly Target[];
  /** Sessions in IKE_SA_INIT: the first that is answered stays, the others go. */
  readonly racers: readonly Run[];
  /** Everywhere that a session was begun. */
  readonly tried: readonly Target[];
  /** The session that was answered; alone from then on. */
  readonly winner?: Winner | undefined;
  /** Its SAs stand, and the tunnel is going over to it. */
  readonly ready?: Current | undefined;
  /** While others are under way no address is tried before this, and no further place looked up. */
  readonly nextAt: Millis;
  readonly nextPlaceAt: Millis;
  /** The most telling failure so far. */
  readonly failure?: Failure | undefined;
}

/** A session with SAs, and what it and the networks say about it. */
export interface Current extends Run {
  readonly established: Established;
  readonly since: Millis;
  /** Attempts that it took; carried on when it does not last. */
  readonly tries: number;
  readonly way: Way;
  /** The gateway has answered on the path that is in use. */
  readonly confirmed: boolean;
  /** It was asked and says nothing. */
  readonly silent: boolean;
  /** Since when there is doubt about it. */
  readonly doubtSince?: Millis | undefined;
  /** When a further attempt to replace it may begin, after one that failed, and how many did. */
  readonly again: { readonly at: Millis; readonly tries: number };
  readonly lifetime?: Lifetime | undefined;
  /** The gateway sent us to another one: it may end the session, and this is then why. */
  readonly dismissed?: Failure;
}
