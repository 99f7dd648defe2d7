import { LAN } from '../net/local-networks.ts';
import { parsePrefix, type Prefix, prefixToRange } from '../net/prefix.ts';
import { type AddressRange, intersectRanges, wholeRange } from '../net/range.ts';
import type { FirewallPlan, SteeringRule } from '../platform/ports.ts';
import type { VpnState } from './machine/state.ts';
import { BYPASS_MARK, TUNNEL_MARK } from './outlet.ts';
import type { PolicyPlan } from './policy-plan.ts';

/** What a machine's administrator decides about traffic beside the tunnel. */
export interface ProtectionSettings {
  /**
   * `session`: while a connection is meant to be up nothing passes but what its policy lets pass; `always`: also
   * without one.
   */
  readonly killSwitch: 'off' | 'session' | 'always';
  /** Whether the local network is reached past a tunnel that takes everything, and while nothing else passes. */
  readonly lan: boolean;
  /** A user who may reach the web past all of this while the tunnel does not carry, to log in at a captive portal. */
  readonly hole?: { readonly uid: number };
}

export const UNPROTECTED: ProtectionSettings = { killSwitch: 'off', lan: true };

/** The tunnel on this machine, and what its policy asks of the firewall. */
export interface Walls {
  readonly name: string;
  readonly addresses: readonly Prefix[];
  /** Undefined: nothing. */
  readonly rules: PolicyPlan['firewall'] | undefined;
  /** Names are looked up through the tunnel alone. */
  readonly ownsNames: boolean;
}

/** A connection as the firewall sees it. */
export interface Stage {
  /** It is meant to be up, or there still is something of it. */
  readonly isWanted: boolean;
  readonly tunnel: Walls | undefined;
  /** The tunnel takes packets to the gateway. */
  readonly carries: boolean;
  /** The gateway's name is being looked up, and nobody but the name servers of the network can know it. */
  readonly looksUp: boolean;
  /** What the policy would ask if the gateway took all that it will be asked to take; only before there is a tunnel. */
  readonly before: PolicyPlan['firewall'] | undefined;
}

export const NO_CONNECTION: Stage = {
  isWanted: false,
  tunnel: undefined,
  carries: false,
  looksUp: false,
  before: undefined,
};

/** How a connection in this state is seen. */
export function stageOf(state: VpnState, tunnel: Walls | undefined, before: Stage['before']): Stage {
  if (state.name === 'disconnected' || (state.name === 'ended' && !tunnel)) return NO_CONNECTION;
  const lookups = 'attempt' in state ? (state.attempt?.lookups.length ?? 0) : 0;
  return {
    isWanted: true,
    tunnel,
    carries: state.name === 'connected' || state.name === 'roaming',
    looksUp: !tunnel && (state.name === 'preparing' || lookups > 0),
    before: tunnel ? undefined : before,
  };
}

/**
 * What the firewall has to be, in every state and with every setting; undefined: none of ours. SECURITY.md has this as
 * a table.
 */
export function firewallPlanOf(stage: Stage, settings: ProtectionSettings): FirewallPlan | undefined {
  const { killSwitch, lan, hole: asked } = settings;
  const { isWanted, tunnel, carries } = stage;
  const isClosed = killSwitch === 'always' || (killSwitch === 'session' && isWanted);
  const rules = tunnel?.rules;
  if (!isClosed && !rules && !tunnel?.ownsNames) return undefined;
  const hole = carries || !isClosed ? undefined : asked;
  return {
    stance: isClosed ? 'closed' : 'open',
    ...(tunnel ? { tun: { name: tunnel.name, addresses: tunnel.addresses } } : {}),
    bypassMark: BYPASS_MARK,
    tunnelMark: TUNNEL_MARK,
    lan,
    nameServersInTunnel: tunnel?.ownsNames ?? false,
    ...(rules ?? rulesBefore(stage.before)),
    ...(isClosed && (stage.looksUp || hole)
      ? { steering: [...NAMES_PASS, ...(rules ?? rulesBefore(stage.before)).steering] }
      : {}),
    ...(hole ? { hole } : {}),
  };
}

const NOTHING: PolicyPlan['firewall'] = { protectedRanges: [], passing: [], refused: [], steering: [] };

/**
 * While there is no tunnel everything that does not pass is refused by the closed stance already. What belongs into the
 * tunnel is named only where it would pass as a local network.
 */
function rulesBefore(rules: PolicyPlan['firewall'] = NOTHING): PolicyPlan['firewall'] {
  const local = LOCAL_RANGES.flatMap((network) =>
    rules.protectedRanges.flatMap((range) => intersectRanges(range, network) ?? []),
  );
  const steering = rules.steering.map((rule): SteeringRule => {
    return rule.effective === 'protect' ? { ...rule, effective: 'block' } : rule;
  });
  return { ...rules, protectedRanges: local, steering };
}

const LOCAL_RANGES: readonly AddressRange[] = ([4, 6] as const).flatMap((family) =>
  LAN[family].flatMap((text) => {
    const prefix = parsePrefix(text);
    return prefix ? [prefixToRange(prefix)] : [];
  }),
);

/** Names are looked up by another program than the one that asks: so whoever asks may. */
const NAMES_PASS: readonly SteeringRule[] = ([4, 6] as const).flatMap((family) =>
  [17, 6].map((protocol): SteeringRule => ({
    range: wholeRange(family),
    protocol,
    ports: [{ start: 53, end: 53 }],
    effective: 'bypass',
  })),
);
