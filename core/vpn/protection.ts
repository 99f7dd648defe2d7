import type { Profile } from '../contract/profile.ts';
import type { Failure } from '../lib/failure.ts';
import { ok, type Result } from '../lib/result.ts';
import type { IpAddress } from '../net/address.ts';
import { leavesFamilyOut } from '../net/policy/compile.ts';
import { type SplitPolicy, withNameServers } from '../net/policy/model.ts';
import type { Prefix } from '../net/prefix.ts';
import type { Selector } from '../net/selector.ts';
import type { Firewall } from '../platform/ports.ts';
import { FirewallGuard } from './firewall-guard.ts';
import { NO_CONNECTION, type ProtectionSettings, stageOf, type Walls } from './firewall-plan.ts';
import { remoteSelectors } from './ike-config.ts';
import type { NameFollower } from './name-follower.ts';
import { takenServers } from './name-plan.ts';
import type { VpnState } from './machine/state.ts';
import { planPolicy, type PolicyPlan } from './policy-plan.ts';
import { type Shape, TAKES_ALL, type TunnelShaper } from './tunnel-plan.ts';

export interface ProtectionOptions {
  readonly profile: Profile;
  readonly firewall: Firewall | undefined;
  readonly policy: SplitPolicy;
  readonly settings: ProtectionSettings;
  /** Which addresses names have, when rules speak of them. */
  readonly names: Pick<NameFollower, 'follow' | 'follows' | 'known'>;
  /** The firewall cannot be made as it has to be. */
  readonly onBroken: (failure: Failure) => void;
}

export interface ProtectionChange {
  readonly policy?: SplitPolicy;
  readonly settings?: ProtectionSettings;
}

/** Without rules: what the gateway takes is protected, and everything else is nobody's business. */
export const NO_POLICY: SplitPolicy = { rules: [], otherwise: 'gateway' };

/**
 * What a connection does to traffic beside its tunnel: it says what belongs into the tunnel, and has the firewall
 * follow the state of the connection. Without policy and settings that ask for it nothing is different from a
 * connection that has none of this.
 */
export class Protection implements TunnelShaper {
  readonly #options: ProtectionOptions;
  readonly #guard: FirewallGuard;
  #policy: SplitPolicy;
  #state: VpnState = { name: 'disconnected' };
  #walls: Walls | undefined;
  #before: PolicyPlan['firewall'] | undefined;

  constructor(options: ProtectionOptions) {
    this.#options = options;
    this.#policy = options.policy;
    options.names.follow(options.policy);
    this.#guard = new FirewallGuard(options.firewall, options.settings);
  }

  /** The connection is in that state from now on, and what follows from it has not begun. */
  note(state: VpnState): void {
    this.#state = state;
    if (state.name === 'ended') return;
    void this.#follow().then((problem) => {
      if (problem) this.#options.onBroken(problem);
    });
  }

  /** Resolves when nothing passes any more that must not; the failure is why that cannot be. */
  get done(): Promise<Failure | undefined> {
    return this.#guard.done;
  }

  /**
   * Another policy or other settings hold from now on, when `reshape` has the tunnel follow. The failure says why they
   * cannot: then those before hold, and what a refusal took away of the machine is made again, or the connection ends.
   */
  async change(
    to: ProtectionChange,
    reshape: () => Promise<Failure | undefined>,
  ): Promise<Failure | undefined> {
    const undo = this.#take(to);
    const unusable = this.#walls ? undefined : this.#prepare();
    if (unusable) {
      this.#take(undo);
      return unusable;
    }
    if (!this.#walls) this.note(this.#state);
    const refused = await reshape();
    if (!refused) return this.#guard.done;
    this.#take(undo);
    if (!this.#walls) this.note(this.#state);
    const lasting = await reshape();
    if (lasting) this.#options.onBroken(lasting);
    return refused;
  }

  /** What undoes it: of that alone, because something else may have changed meanwhile. */
  #take({ policy, settings }: ProtectionChange): ProtectionChange {
    const before = {
      ...(policy ? { policy: this.#policy } : {}),
      ...(settings ? { settings: this.#guard.settings } : {}),
    };
    if (policy) this.#policy = policy;
    this.#options.names.follow(this.#policy);
    if (settings) this.#guard.set(settings);
    this.#before = undefined;
    return before;
  }

  /** Nothing is left of the connection: whatever is closed without one stays so. */
  end(): Promise<Failure | undefined> {
    this.#walls = undefined;
    return this.#guard.note(NO_CONNECTION);
  }

  get followsNames(): boolean {
    return this.#options.names.follows;
  }

  shape(
    granted: readonly Selector[],
    nameServers: readonly IpAddress[],
    subnets: readonly Prefix[],
  ): Result<Shape, Failure> {
    // IPv6 does not go beside a tunnel that takes all of IPv4, nor the other way round.
    const isHalf =
      this.#guard.isThere && ([4, 6] as const).some((family) => leavesFamilyOut(granted, family));
    if (!this.#asksAnything && !isHalf) return TAKES_ALL.shape(granted, nameServers, subnets);
    const policy = this.#plan(granted, takenServers(nameServers, granted), subnets);
    return policy.ok ? ok({ routes: policy.value.routes, policy: policy.value }) : policy;
  }

  guard(
    { name, addresses, ownsNames }: Omit<Walls, 'rules'>,
    { policy }: Shape,
  ): Promise<Failure | undefined> | undefined {
    if (!this.#guard.isThere) return undefined;
    const was = this.#walls;
    // The same again asks for nothing.
    const walls: Walls = { name, addresses, ownsNames, rules: policy?.firewall };
    if (!was || !sameWalls(was, walls)) this.#walls = walls;
    return this.#follow();
  }

  get #asksAnything(): boolean {
    const { rules, otherwise } = this.#policy;
    const { killSwitch, lan } = this.#guard.settings;
    return (
      this.#guard.isThere && (rules.length > 0 || otherwise !== 'gateway' || killSwitch !== 'off' || !lan)
    );
  }

  /** Without `subnets`, as before there is a gateway, everything that it will be asked to take is meant. */
  #plan(
    granted: readonly Selector[],
    nameServers: readonly IpAddress[] = [],
    subnets: readonly Prefix[] = [],
  ): Result<PolicyPlan, Failure> {
    const { lan } = this.#guard.settings;
    const policy = withNameServers(this.#policy, nameServers);
    return planPolicy({ policy, granted, subnets, names: this.#options.names.known, lan });
  }

  #follow(): Promise<Failure | undefined> {
    const unusable = this.#walls ? undefined : this.#prepare();
    if (unusable) return Promise.resolve(unusable);
    return this.#guard.note(stageOf(this.#state, this.#walls, this.#before));
  }

  /** What the policy asks before there is a tunnel; the failure is why it cannot be carried out. */
  #prepare(): Failure | undefined {
    if (this.#before || !this.#asksAnything) return undefined;
    const asked = this.#plan(remoteSelectors(this.#options.profile));
    if (!asked.ok) return asked.error;
    this.#before = asked.value.firewall;
    return undefined;
  }
}

/** Parts are made once and passed on: what is not the same object may be another. */
function sameWalls(a: Walls, b: Walls): boolean {
  return (
    a.name === b.name && a.addresses === b.addresses && a.ownsNames === b.ownsNames && a.rules === b.rules
  );
}
