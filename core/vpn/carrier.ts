import type { IkeEvent } from '../ike/events.ts';
import type { Endpoint } from '../net/address.ts';
import type { Batch } from '../net/batch.ts';
import type { UdpPort } from '../platform/ports.ts';

/** Where ESP goes to, and from which socket. */
export interface EspPath {
  readonly udp: UdpPort;
  readonly gateway: Endpoint;
}

/** What the gateway gave us with the SAs. The keys of the Child SA are those of whoever takes it. */
export type Established = Extract<IkeEvent, { kind: 'established' }>;

/** What becomes of the Child SAs of a session after the first one. */
export type ChildEvent = Extract<IkeEvent, { kind: 'child-added' | 'child-send' | 'child-closed' }>;

/** What a session tells its owner: everything but what is its carrier's alone. */
export type SessionEvent = Exclude<IkeEvent, ChildEvent>;

export function isChildEvent(event: IkeEvent): event is ChildEvent {
  return event.kind === 'child-added' || event.kind === 'child-send' || event.kind === 'child-closed';
}

/** Who moves the packets of a session: the tunnel. */
export interface Carrier {
  /** A batch that may hold ESP, from any socket of the session, and the path that it took. Gone when this returns. */
  readonly onEsp: (batch: Batch, path: number) => void;
  /** The keys in it are the carrier's from then on. */
  readonly onChild: (event: ChildEvent) => void;
  /** ESP goes there from now on. */
  readonly onPath: (path: EspPath) => void;
}
