import type { Failure } from '../../lib/failure.ts';
import type { Millis } from '../../lib/ports.ts';
import type { IpAddress } from '../../net/address.ts';
import type { Attempt, Current } from './parts.ts';
import type { SessionEvent } from '../carrier.ts';

/** How a connection came to its end. */
export type Outcome =
  | { readonly kind: 'stopped' }
  | { readonly kind: 'failed'; readonly failure: Failure; readonly wasConnected: boolean };

/** What comes behind the last goodbye: an end, or nobody has used the connection for long enough. */
export type After = Outcome | { readonly kind: 'idle' };

/** What the profile decides of a connection's life. Nothing of it changes. */
export interface Settings {
  /** Host names or addresses of the gateways that may be used, in the order in which they are wanted. */
  readonly gateways: readonly string[];
  /** Whether a connection that was lost is made again. */
  readonly reconnect: boolean;
  /** For how long that is tried; for ever without it. */
  readonly giveUpAfterMs?: number;
  /** How long a session may take to say goodbye. */
  readonly goodbyeMs: number;
  /** After a sleep of this length the gateway cannot have kept the session. */
  readonly longSleepMs: number;
  /** The first packet makes a connection, and this long without one ends it; without it there is one from the start. */
  readonly onDemand?: { readonly idleMs: Millis };
}

/** Why a connection that was asked for on demand could not be made. */
export interface Trouble {
  readonly cause: Failure;
  /** Attempts that failed in a row. */
  readonly tries: number;
  /** No packet begins another one before this. */
  readonly notBefore: Millis;
}

/** What is known about the whole connection, whatever it does at the moment. */
export interface Life {
  readonly settings: Settings;
  /** Whether the machine has a network by which a gateway may be reached. */
  readonly online: boolean;
  /** The next free id. Sessions and look-ups never share one, and none is used twice. */
  readonly nextId: number;
  /** Sessions that say goodbye, and until when each is waited for. `carried`: traffic may be on its way to it. */
  readonly leaving: readonly { readonly id: number; readonly until: Millis; readonly carried: boolean }[];
  /** Sessions that have ended and whose sockets take what was on its way to them, until then. */
  readonly listening: readonly { readonly id: number; readonly until: Millis }[];
  /** When gateways sent us elsewhere: in a circle, if it happens too often. */
  readonly redirectedAt: readonly Millis[];
  /** The addresses of each gateway as last found, by its index: the name service may be out of reach next time. */
  readonly known: Readonly<Record<number, readonly IpAddress[]>>;
  /** Look-ups of gateways whose addresses are known, in case that they have changed. Nobody waits for them. */
  readonly refreshing: readonly { readonly id: number; readonly gateway: number }[];
  /** The tunnel stands on this machine, whether there is a session or not: the state 'on-demand' can be gone back to. */
  readonly isArmed: boolean;
  /** When somebody last sent or received something through the tunnel; undefined before there ever was a connection. */
  readonly usedAt?: Millis | undefined;
  readonly trouble?: Trouble | undefined;
}

/** The time in which there is no connection although one is wanted. */
export interface Outage {
  /** Why the connection was lost, or a better reason why it does not come back. */
  readonly cause: Failure;
  readonly since: Millis;
  /** Attempts that were begun. */
  readonly tries: number;
  /** When the last of them was, and when the next one is due. */
  readonly triedAt?: Millis | undefined;
  readonly retryAt?: Millis | undefined;
  /** Where the connection went to before. */
  readonly last?: Target | undefined;
}

/** Where a connection is in its life. Each state owns only what it needs to go on. */
export type VpnState =
  | { readonly name: 'disconnected' }
  /** Checking the profile and this machine, looking up the gateway's name. */
  | { readonly name: 'preparing'; readonly life: Life }
  /** Device, addresses and routes stand, and there is no session: the first packet for them makes one. */
  | { readonly name: 'on-demand'; readonly life: Life }
  /** Talking IKE for the first time. */
  | { readonly name: 'connecting'; readonly life: Life; readonly attempt: Attempt }
  /** The first SAs stand; device, addresses and routes are being set. */
  | { readonly name: 'configuring'; readonly life: Life; readonly attempt: Attempt }
  | Standing
  | Lost
  | Waiting
  /** Sessions say goodbye; `after` is what then is the case. */
  | {
      readonly name: 'disconnecting';
      readonly life: Life;
      readonly after: After;
      readonly until: Millis;
    }
  /** Everything that was changed is undone. */
  | { readonly name: 'ended'; readonly outcome: Outcome };

/**
 * There is a session. `connected`: it answers, on the path that it uses. `roaming`: it is asked whether it still does.
 * An attempt may be under way to take its place.
 */
export interface Standing {
  readonly name: 'connected' | 'roaming';
  readonly life: Life;
  readonly current: Current;
  readonly attempt?: Attempt | undefined;
}

/**
 * A new session is being made, or will be when the outage says. The device stays, and what enters it is dropped.
 * `current` is the session before, when it may still be one for the gateway.
 */
export interface Lost {
  readonly name: 'reconnecting';
  readonly life: Life;
  readonly outage: Outage;
  readonly attempt?: Attempt | undefined;
  readonly current?: Current | undefined;
}

/** Nothing can be done without a network. `current` goes on when it comes back, if it can. */
export interface Waiting {
  readonly name: 'waiting-for-network';
  readonly life: Life;
  readonly outage: Outage;
  /** One whose SAs stand: the tunnel is going over to it. */
  readonly attempt?: Attempt | undefined;
  readonly current?: Current | undefined;
}

/** Where a session goes to. */
export interface Target {
  /** Index of the gateway in the settings: whose identity has to be proved, and at which ports. */
  readonly gateway: number;
  readonly address: IpAddress;
  /** The gateway that sent us there (RFC 5685). */
  readonly redirectedFrom?: IpAddress;
}

/**
 * What the networks mean for a session: it stays on its path (`kept`), it was told of others and moves (`moving`), or
 * its path is gone and it cannot move (`lost`) or there is none (`none`).
 */
export type Way = 'kept' | 'moving' | 'lost' | 'none';

/** The outside world at an event: the time, and a number from 0 to below 1 that nobody can foresee. */
export interface Moment {
  readonly now: Millis;
  readonly chance: number;
}

export type VpnEvent =
  | { readonly kind: 'start'; readonly settings: Settings; readonly online: boolean }
  | { readonly kind: 'stop' }
  /** Stop without waiting for the gateway. */
  | { readonly kind: 'abandon' }
  /** Ready to connect. The first gateway's addresses, best first; at least one. */
  | { readonly kind: 'prepared'; readonly addresses: readonly IpAddress[] }
  | { readonly kind: 'prepare-failed'; readonly failure: Failure }
  /** The tunnel stands and waits. The addresses of each gateway that could be found, by its index. */
  | { readonly kind: 'armed'; readonly known: Life['known'] }
  | { readonly kind: 'arm-failed'; readonly failure: Failure }
  /** A packet came that is for the tunnel (RFC 4301's acquire), as 'watch' asked for. */
  | { readonly kind: 'acquire' }
  /** Somebody uses the connection. */
  | { readonly kind: 'used' }
  | { readonly kind: 'found'; readonly id: number; readonly addresses: readonly IpAddress[] }
  | { readonly kind: 'not-found'; readonly id: number; readonly failure: Failure }
  /** No socket or no session could be made. */
  | { readonly kind: 'open-failed'; readonly id: number; readonly failure: Failure }
  /** We cannot give what the session needs; another gateway would need it too. */
  | { readonly kind: 'refused'; readonly id: number; readonly failure: Failure }
  | { readonly kind: 'session'; readonly id: number; readonly event: SessionEvent }
  /** The networks changed. */
  | { readonly kind: 'network'; readonly online: boolean }
  /** What that means for a session. */
  | { readonly kind: 'way'; readonly id: number; readonly way: Way }
  | { readonly kind: 'woke'; readonly asleepMs: number }
  /** The tunnel is carried by this session now. */
  | { readonly kind: 'configured'; readonly id: number }
  | { readonly kind: 'configure-failed'; readonly id: number; readonly failure: Failure }
  /**
   * The tunnel device or a socket stopped working, or something threw that should not have. With an id it concerns
   * that session alone.
   */
  | { readonly kind: 'broken'; readonly id?: number; readonly failure: Failure }
  /** The time that `wakeAt` named has come. */
  | { readonly kind: 'time' };

/** What the driver must do, in this order. Each is safe to do when there is nothing to do. */
export type Effect =
  | { readonly kind: 'prepare' }
  /** Checks this machine, looks the gateways up and makes the tunnel, without a session. */
  | { readonly kind: 'arm' }
  /** No session carries any more: the tunnel keeps what comes for a while. */
  | { readonly kind: 'rest' }
  /** The next packet for the tunnel from then on is told, once, by 'acquire'. */
  | { readonly kind: 'watch'; readonly from: Millis }
  /** Answered by 'found' or 'not-found' with the same id. */
  | { readonly kind: 'look-up'; readonly id: number; readonly host: string }
  /**
   * Sockets and a new session, which then connects. `resume`: a ticket may take the place of the login. `urgent`: the
   * gateway was there before, and is to be noticed soon when it comes back.
   */
  | {
      readonly kind: 'open';
      readonly id: number;
      readonly target: Target;
      readonly resume: boolean;
      readonly urgent: boolean;
    }
  /** The session, its sockets and its keys go at once; the gateway is told nothing. */
  | { readonly kind: 'drop'; readonly id: number }
  /** `rejected`: the one that was given last is wrong. `code`: a one-time code instead, and what the gateway says of it. */
  | {
      readonly kind: 'give-password';
      readonly id: number;
      readonly rejected: boolean;
      readonly code?: { readonly message: string };
    }
  /**
   * Asks the session to delete its SAs at the gateway. Its 'closed' event is the answer, and comes without a word to
   * anybody where a ticket can do `unlessTicket`: a goodbye would void it, and who shows it ends the session as well.
   */
  | { readonly kind: 'say-goodbye'; readonly id: number; readonly unlessTicket?: true }
  /** Asks the session for a sign of life. */
  | { readonly kind: 'check'; readonly id: number; readonly afterSleep: boolean }
  /** The tunnel is made, or the one that is there goes over to this session. */
  | { readonly kind: 'configure'; readonly current: Current }
  /** Watchers are told what the connection is now. */
  | { readonly kind: 'announce'; readonly current: Current }
  /** Engine, routes, addresses, device and every session: all that is ours goes. */
  | { readonly kind: 'clear' };

export interface Transition {
  readonly state: VpnState;
  readonly effects: readonly Effect[];
}

export const INITIAL: VpnState = { name: 'disconnected' };
