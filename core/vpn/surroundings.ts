import type { Profile } from '../contract/profile.ts';
import type { Failure } from '../lib/failure.ts';
import type { SplitPolicy } from '../net/policy/model.ts';
import { type ProtectionSettings, UNPROTECTED } from './firewall-plan.ts';
import { NameFollower } from './name-follower.ts';
import type { ConnectionPorts } from './ports.ts';
import { NO_POLICY, Protection } from './protection.ts';
import { TunnelNames, type Warn } from './tunnel-names.ts';

export interface SurroundingsOptions {
  readonly profile: Profile;
  readonly ports: ConnectionPorts;
  readonly policy?: SplitPolicy;
  readonly protection?: ProtectionSettings;
  readonly onBroken: (failure: Failure) => void;
  readonly warn: Warn;
  /** What belongs into the tunnel is to be asked for anew. */
  readonly reshape: () => Promise<Failure | undefined>;
}

/** What a connection does to the machine besides its tunnel: to the firewall, and to how names are looked up. */
export interface Surroundings {
  readonly protection: Protection;
  readonly names: TunnelNames;
  readonly follower: NameFollower;
}

export function surroundings(options: SurroundingsOptions): Surroundings {
  const { profile, ports, policy = NO_POLICY, protection: settings = UNPROTECTED } = options;
  const { onBroken, warn, reshape } = options;
  const { clock, log, firewall } = ports;
  const inUse = ports.peers ?? ((): ReadonlySet<string> => new Set());
  const follower = new NameFollower({ clock, log, inUse, reshape, onBroken });
  return {
    follower,
    protection: new Protection({ profile, firewall, policy, settings, names: follower, onBroken }),
    names: new TunnelNames(
      ports.dns?.((answers) => follower.learn(answers)),
      profile,
      warn,
    ),
  };
}
