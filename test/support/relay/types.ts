import type { Impairment } from './impairment.ts';

export type Direction = 'up' | 'down';

/** An address as text, and a port. */
export interface Place {
  readonly address: string;
  readonly port: number;
}

/** Where clients send to, and the place of the gateway that stands for. */
export interface Door {
  readonly listen: Place;
  readonly gateway: Place;
}

export interface RelayConfig {
  readonly doors: readonly Door[];
  /** The relay's own addresses towards the gateway, of both families perhaps; the system's choice without any. */
  readonly outside?: readonly string[];
  /** The same seed gives the same luck to the same traffic. 1 without it. */
  readonly seed?: number;
  /** From clients to the gateway, and back. Unimpaired without it. */
  readonly up?: Partial<Impairment>;
  readonly down?: Partial<Impairment>;
  /** A mapping that nothing went up through for so long is forgotten. 0, or nothing: never. */
  readonly idleMs?: number;
}

export type RelayCommand =
  /** Changes what befalls datagrams in one direction, or in both. */
  | { readonly command: 'impair'; readonly direction?: Direction; readonly impairment: Partial<Impairment> }
  /**
   * Forgets every mapping, as a NAT that was restarted: each client gets a new port towards the gateway, and with
   * `address` the next of the outside addresses too. What arrives for the old ones is dropped.
   */
  | { readonly command: 'rebind'; readonly address?: boolean }
  /** A path that is dead in the directions that are true, from now on. */
  | { readonly command: 'block'; readonly up: boolean; readonly down: boolean }
  | { readonly command: 'idle'; readonly idleMs: number }
  /** Only asks for the counters. */
  | { readonly command: 'counters' };

/** Totals of one direction since the start. */
export interface DirectionCounters {
  readonly received: number;
  readonly receivedOctets: number;
  /** Sent on, copies included. */
  readonly forwarded: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly heldBack: number;
  /** Dropped because the direction was blocked. */
  readonly blocked: number;
  /** Dropped because they were for a mapping that is no more, or from nobody that the client talks to. */
  readonly unmapped: number;
}

/** The answer to every command. */
export interface RelayAnswer {
  /** When it was carried out, on the clock of monotonic.ts. */
  readonly atMs: number;
  readonly up: DirectionCounters;
  readonly down: DirectionCounters;
  /** The places towards the gateway that are in use now. */
  readonly mappings: readonly Place[];
}
