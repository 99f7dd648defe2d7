import type { Profile } from '../contract/profile.ts';
import type { ConnectionEvent } from '../contract/snapshot.ts';
import type { Log } from '../lib/ports.ts';
import type { Failure } from '../lib/failure.ts';
import type { SplitPolicy } from '../net/policy/model.ts';
import type { Prefix } from '../net/prefix.ts';
import type { Selector } from '../net/selector.ts';
import type { Firewall } from '../platform/ports.ts';
import type { CredentialSource } from '../vpn/credential-source.ts';
import type { ProtectionSettings } from '../vpn/firewall-plan.ts';
import type { NameFollower } from '../vpn/name-follower.ts';
import type { ProtectionChange } from '../vpn/protection.ts';
import type { TunnelNames } from '../vpn/tunnel-names.ts';

export interface ConnectionSetup {
  readonly profile: Profile;
  readonly credentials: CredentialSource;
  readonly log: Log;
  readonly onEvent: (event: ConnectionEvent) => void;
  readonly policy: SplitPolicy;
  readonly protection: ProtectionSettings;
  readonly firewall: Firewall;
}

/** A connection as the service drives it. */
export interface RunningConnection {
  start(): void;
  /** Another policy or other settings hold from now on. The failure is why the ones before still do. */
  protect(to: ProtectionChange): Promise<Failure | undefined>;
  /** The tunnel's device, what the gateway takes and what it calls its own networks, while there is one. */
  readonly tunnel:
    | {
        readonly name: string;
        readonly granted: readonly Selector[] | undefined;
        readonly subnets?: readonly Prefix[];
      }
    | undefined;
  /** How names are looked up, and which addresses they have. */
  readonly lookups?: {
    readonly follower: Pick<NameFollower, 'known' | 'addressesOf'>;
    readonly names: Pick<TunnelNames, 'standing'>;
  };
  /** Ends it; resolves when everything is undone. */
  stop(how: 'orderly' | 'at-once'): Promise<void>;
  /** Settles once, behind the last event, when nothing of it is left on this machine. Never rejects. */
  readonly done: Promise<unknown>;
}

export type Connect = (setup: ConnectionSetup) => RunningConnection;
