import type { Failure } from '../../lib/failure.ts';
import type { IpAddress } from '../../net/address.ts';
import type { IkeEvent } from '../../ike/events.ts';

export type Established = Extract<IkeEvent, { kind: 'established' }>;

/** How a connection came to its end. */
export type Outcome =
  | { readonly kind: 'stopped' }
  | { readonly kind: 'failed'; readonly failure: Failure; readonly wasConnected: boolean };

/** Where a connection is in its life. Each state owns only what it needs to go on. */
export type VpnState =
  | { readonly name: 'disconnected' }
  /** Checking the profile and this machine, looking up the gateway's name. */
  | { readonly name: 'preparing' }
  /** Talking IKE to one address of the gateway; `others` are tried when that one does not answer. */
  | {
      readonly name: 'connecting';
      readonly phase: 'init' | 'auth';
      readonly address: IpAddress;
      readonly others: readonly IpAddress[];
    }
  /** The SAs stand; device, addresses and routes are being set. */
  | { readonly name: 'configuring'; readonly established: Established }
  | { readonly name: 'connected'; readonly established: Established }
  /** The session says goodbye; `after` is what then is the case. */
  | { readonly name: 'disconnecting'; readonly after: Outcome }
  /** Everything that was changed is undone. */
  | { readonly name: 'ended'; readonly outcome: Outcome };

export type VpnEvent =
  | { readonly kind: 'start' }
  | { readonly kind: 'stop' }
  /** Stop without waiting for the gateway. */
  | { readonly kind: 'abandon' }
  /** Ready to connect. The gateway's addresses, best first; at least one. */
  | { readonly kind: 'prepared'; readonly addresses: readonly IpAddress[] }
  | { readonly kind: 'prepare-failed'; readonly failure: Failure }
  /** No socket or no session could be made for the address that was to be tried. */
  | { readonly kind: 'open-failed'; readonly failure: Failure }
  /** We cannot give what the session needs; trying another address would not help. */
  | { readonly kind: 'refused'; readonly failure: Failure }
  | { readonly kind: 'ike'; readonly event: IkeEvent }
  | { readonly kind: 'configured' }
  | { readonly kind: 'configure-failed'; readonly failure: Failure }
  /** The tunnel device or a socket stopped working, or something threw that should not have. */
  | { readonly kind: 'broken'; readonly failure: Failure };

/** What the driver must do, in this order. Each is safe to do when there is nothing to do. */
export type Effect =
  | { readonly kind: 'prepare' }
  /** Sockets and a new session to this address, which then connects. An earlier session is dropped. */
  | { readonly kind: 'open'; readonly address: IpAddress }
  | { readonly kind: 'give-password' }
  /** Asks the session to delete its SAs at the gateway. Its 'closed' event is the answer. */
  | { readonly kind: 'say-goodbye' }
  | { readonly kind: 'configure'; readonly established: Established }
  /** Engine, routes, addresses, device and sockets: all that is ours goes. */
  | { readonly kind: 'clear' };

export interface Transition {
  readonly state: VpnState;
  readonly effects: readonly Effect[];
}

export const INITIAL: VpnState = { name: 'disconnected' };
