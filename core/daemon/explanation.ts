import type { PolicyExplanation } from '../contract/daemon-api.ts';
import type { Policy } from '../contract/policy.ts';
import type { Profile } from '../contract/profile.ts';
import type { Failure } from '../lib/failure.ts';
import { ok, type Result } from '../lib/result.ts';
import { formatAddress, type IpAddress } from '../net/address.ts';
import { plainAppName } from '../net/policy/app-name.ts';
import type { Decision } from '../net/policy/compile.ts';
import { explain } from '../net/policy/explain.ts';
import { containsAddress } from '../net/prefix.ts';
import { formatSelector } from '../net/selector.ts';
import { remoteSelectors } from '../vpn/ike-config.ts';
import { planPolicy } from '../vpn/policy-plan.ts';
import { splitPolicyOf } from '../vpn/policy-rules.ts';
import type { RunningConnection } from './connect.ts';

/** The interface by which the machine itself would send there; undefined: none. `past`: as what goes past the tunnel. */
export type RouteOf = (address: string, past: boolean) => Promise<string | undefined>;

export interface Asked {
  readonly profile: Profile;
  readonly policy: Policy;
  readonly lan: boolean;
  readonly destination: IpAddress;
  readonly protocol?: number | undefined;
  readonly port?: number | undefined;
  readonly app?: string | undefined;
  /** The connection of this profile, if it is up. */
  readonly tunnel: RunningConnection['tunnel'];
  readonly routeOf: RouteOf;
}

/** What happens to traffic, who says so, and by which interface it goes. Fails with config.policy-unusable. */
export async function explanationOf(asked: Asked): Promise<Result<PolicyExplanation, Failure>> {
  const { profile, destination, protocol, port, app, tunnel, lan, routeOf } = asked;
  const requested = remoteSelectors(profile);
  const granted = tunnel?.granted ?? requested;
  const plan = planPolicy({ policy: splitPolicyOf(asked.policy), granted, names: [], lan });
  if (!plan.ok) return plan;
  const decisions = explain(plan.value.compiled, {
    destination,
    ...(protocol === undefined ? {} : { protocol }),
    ...(port === undefined ? {} : { port }),
    ...(app === undefined ? {} : { app: plainAppName(app) }),
  });
  const address = formatAddress(destination);
  const isLeft = plan.value.localFirst.some((prefix) => containsAddress(prefix, destination));
  const ordinary = isLeft ? await routeOf(address, false) : undefined;
  const local = ordinary !== undefined && tunnel !== undefined && ordinary !== tunnel.name;
  return ok({
    decisions: decisions.map(toldDecision),
    interface: local ? ordinary : ((await wayOf(decisions[0], address, tunnel, routeOf)) ?? null),
    local,
    requested: requested.map(formatSelector),
    granted: tunnel?.granted ? tunnel.granted.map(formatSelector) : null,
  });
}

async function wayOf(
  decision: Decision | undefined,
  address: string,
  tunnel: RunningConnection['tunnel'],
  routeOf: RouteOf,
): Promise<string | undefined> {
  switch (decision?.effective) {
    case 'protect':
      return tunnel?.name;
    case 'bypass':
      return routeOf(address, true);
    default:
      return undefined;
  }
}

function toldDecision({
  condition: { protocol, ports, app },
  wanted,
  effective,
  reason,
}: Decision): PolicyExplanation['decisions'][number] {
  return {
    wanted,
    effective,
    reason: reason.kind,
    ...(reason.kind === 'rule' ? { rule: reason.rule } : {}),
    ...(protocol === undefined ? {} : { protocol }),
    ...(ports === undefined ? {} : { ports: ports.map(({ start, end }) => ({ start, end })) }),
    ...(app === undefined ? {} : { app }),
  };
}
