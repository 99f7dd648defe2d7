import type { PolicyExplanation } from '../contract/daemon-api.ts';
import type { Policy } from '../contract/policy.ts';
import type { Profile } from '../contract/profile.ts';
import type { Failure } from '../lib/failure.ts';
import { ok, type Result } from '../lib/result.ts';
import { formatAddress, type IpAddress } from '../net/address.ts';
import { plainAppName } from '../net/policy/app-name.ts';
import { lookupWay } from '../net/dns/way.ts';
import type { Decision, Reason } from '../net/policy/compile.ts';
import { explain } from '../net/policy/explain.ts';
import { type KnownName, NAME_SERVER_RULE, namesName, withNameServers } from '../net/policy/model.ts';
import { containsAddress, formatPrefix } from '../net/prefix.ts';
import { formatSelector } from '../net/selector.ts';
import { remoteSelectors } from '../vpn/ike-config.ts';
import { takenServers } from '../vpn/name-plan.ts';
import { planPolicy } from '../vpn/policy-plan.ts';
import { splitPolicyOf } from '../vpn/policy-rules.ts';
import type { RunningConnection } from './connect.ts';

/** The interface by which the machine itself would send there; undefined: none. `past`: as what goes past the tunnel. */
export type RouteOf = (address: string, past: boolean) => Promise<string | undefined>;

export interface Asked {
  readonly profile: Profile;
  readonly policy: Policy;
  readonly lan: boolean;
  readonly destination: IpAddress | string;
  readonly protocol?: number | undefined;
  readonly port?: number | undefined;
  readonly app?: string | undefined;
  /** The connection of this profile, if it is up. */
  readonly connection: Pick<RunningConnection, 'tunnel' | 'lookups'> | undefined;
  readonly routeOf: RouteOf;
  /** The addresses of a name, as any program of this machine finds them; none when it has none. */
  readonly lookUp: (name: string) => Promise<readonly IpAddress[]>;
}

type Told = Result<PolicyExplanation, Failure>;

/** What happens to traffic, who says so, and by which interface it goes. Fails with config.policy-unusable. */
export async function explanationOf(asked: Asked): Promise<Told> {
  const { destination } = asked;
  return typeof destination === 'string'
    ? aboutName(asked, destination)
    : aboutAddress(asked, destination, []);
}

/** A name is looked up where nobody has just done so: what it is known as decides. */
async function aboutName(asked: Asked, destination: string): Promise<Told> {
  const { connection, lookUp, policy } = asked;
  const name = destination.toLowerCase();
  const known = connection?.lookups?.follower.addressesOf(name) ?? [];
  const addresses = known.length > 0 ? known : await lookUp(name);
  const names = addresses.map((address) => ({ name, address }));
  const each: { readonly address: string; readonly told: PolicyExplanation }[] = [];
  for (const address of addresses) {
    const told = await aboutAddress(asked, address, names);
    if (!told.ok) return told;
    each.push({ address: formatAddress(address), told: told.value });
  }
  const { rules } = splitPolicyOf(policy);
  const speaking = rules.filter((rule) => rule.destinations.some((one) => namesName(one, name)));
  const standing = connection?.lookups?.names.standing;
  const isAsked = standing !== undefined && lookupWay(name, standing) === 'tunnel';
  const first = each[0]?.told ?? { ...nothingOf(asked), decisions: [], interface: null, local: false };
  return ok({
    ...first,
    name: {
      addresses: each.flatMap(({ address, told: { decisions } }) => {
        const effective = decisions[0]?.effective;
        return effective === undefined ? [] : [{ address, effective }];
      }),
      rules: [...new Set(speaking.map(({ number }) => number))],
      servers: isAsked ? standing.servers.map(formatAddress) : [],
    },
  });
}

function nothingOf({
  profile,
  connection,
}: Asked): Pick<PolicyExplanation, 'requested' | 'granted' | 'subnets'> {
  const { granted, subnets = [] } = connection?.tunnel ?? {};
  return {
    requested: remoteSelectors(profile).map(formatSelector),
    granted: granted ? granted.map(formatSelector) : null,
    ...(subnets.length > 0 ? { subnets: subnets.map(formatPrefix) } : {}),
  };
}

async function aboutAddress(asked: Asked, destination: IpAddress, more: readonly KnownName[]): Promise<Told> {
  const { profile, protocol, port, app, connection, lan, routeOf } = asked;
  const tunnel = connection?.tunnel;
  const granted = tunnel?.granted ?? remoteSelectors(profile);
  const servers = takenServers(connection?.lookups?.names.standing?.servers ?? [], granted);
  const policy = withNameServers(splitPolicyOf(asked.policy), servers);
  const names = [...(connection?.lookups?.follower.known ?? []), ...more];
  const plan = planPolicy({ policy, granted, subnets: tunnel?.subnets ?? [], names, lan });
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
    ...nothingOf(asked),
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

function toldReason(reason: Reason): Pick<PolicyExplanation['decisions'][number], 'reason' | 'rule'> {
  if (reason.kind !== 'rule') return { reason: reason.kind };
  return reason.rule === NAME_SERVER_RULE ? { reason: 'name-server' } : { reason: 'rule', rule: reason.rule };
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
    ...toldReason(reason),
    ...(protocol === undefined ? {} : { protocol }),
    ...(ports === undefined ? {} : { ports: ports.map(({ start, end }) => ({ start, end })) }),
    ...(app === undefined ? {} : { app }),
  };
}
