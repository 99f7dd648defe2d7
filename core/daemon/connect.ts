import type { Profile } from '../contract/profile.ts';
import type { ConnectionEvent } from '../contract/snapshot.ts';
import type { Log } from '../lib/ports.ts';
import type { CredentialSource } from '../vpn/credential-source.ts';

export interface ConnectionSetup {
  readonly profile: Profile;
  readonly credentials: CredentialSource;
  readonly log: Log;
  readonly onEvent: (event: ConnectionEvent) => void;
}

/** A connection as the service drives it. */
export interface RunningConnection {
  start(): void;
  /** Ends it; resolves when everything is undone. */
  stop(how: 'orderly' | 'at-once'): Promise<void>;
  /** Settles once, behind the last event, when nothing of it is left on this machine. Never rejects. */
  readonly done: Promise<unknown>;
}

export type Connect = (setup: ConnectionSetup) => RunningConnection;
