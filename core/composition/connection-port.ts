/** A connection as the roots drive it: core/vpn's in earnest, a fake one in tests. */
import type { Profile } from '../contract/profile.ts';
import type { ConnectionEvent } from '../contract/snapshot.ts';
import type { Failure } from '../lib/failure.ts';
import type { Log } from '../lib/ports.ts';
import type { SplitPolicy } from '../net/policy/model.ts';
import type { Firewall } from '../platform/ports.ts';
import type { CredentialSource } from '../vpn/credential-source.ts';
import type { ProtectionSettings } from '../vpn/firewall-plan.ts';

export interface ConnectionSetup {
  readonly profile: Profile;
  readonly credentials: CredentialSource;
  readonly log: Log;
  readonly onEvent: (event: ConnectionEvent) => void;
  /** Takes one line of key material for a capture's reader, when the user asked for that. */
  readonly keyLog?: (line: string) => void;
  /** These three are the service's; `connect` protects nothing beside the tunnel. */
  readonly policy?: SplitPolicy;
  readonly protection?: ProtectionSettings;
  readonly firewall?: Firewall;
  /** Where is kept what has to outlive the machine's next start; the service's own directory without it. */
  readonly stateDirectory?: string;
}

export type Outcome =
  | { readonly kind: 'stopped' }
  | { readonly kind: 'failed'; readonly failure: Failure; readonly wasConnected: boolean };

export interface ConnectionPort {
  start(): void;
  /**
   * Ends the connection: deletes it at the gateway and undoes every change on this machine. 'at-once' does not
   * wait for the gateway, and may follow an orderly stop that does.
   */
  stop(how: 'orderly' | 'at-once'): Promise<void>;
  /** Settles once, after the last event, when nothing of the connection is left on this machine. Never rejects. */
  readonly done: Promise<Outcome>;
}

export type CreateConnection<C extends ConnectionPort = ConnectionPort> = (setup: ConnectionSetup) => C;
