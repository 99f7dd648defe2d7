import type { IpAddress } from '../address.ts';
import type { AddressRange } from '../range.ts';

/** What becomes of traffic: it goes through the tunnel, past it, or nowhere. */
export type PolicyAction = 'protect' | 'bypass' | 'block';

/** Where traffic goes to, as a rule says it. A suffix stands for the name itself and every name below it. */
export type Destination =
  | { readonly kind: 'range'; readonly range: AddressRange }
  | { readonly kind: 'host'; readonly name: string }
  | { readonly kind: 'suffix'; readonly name: string };

/** Ports from `start` to `end`, both included. */
export interface PortRange {
  readonly start: number;
  readonly end: number;
}

/** What a rule asks of traffic besides its destination. Absent parts ask nothing. */
export interface Condition {
  /** IP protocol number. */
  readonly protocol?: number;
  /** Any of these; only with a protocol that has ports. */
  readonly ports?: readonly PortRange[];
  /** The program that sends it, by the platform's name for programs. */
  readonly app?: string;
}

/** One line of a split-tunnel policy. */
export interface PolicyRule extends Condition {
  /** The line's number as people count, from 1. Rules that came from one line share it and stand together. */
  readonly number: number;
  readonly action: PolicyAction;
  /** Any of these; none means everywhere. */
  readonly destinations: readonly Destination[];
}

/**
 * Rules in order, the first that matches decides; `otherwise` is for what none matches. `gateway`: what the gateway
 * takes is protected, everything else goes past the tunnel; but where it takes all of one family and nothing of the
 * other, that one goes nowhere. `subnets`: of what the gateway takes, the networks that it calls its own are protected,
 * and everything else goes past the tunnel; with a gateway that names none it is the same as `gateway`.
 */
export interface SplitPolicy {
  readonly rules: readonly PolicyRule[];
  readonly otherwise: PolicyAction | 'gateway' | 'subnets';
}

/** The number of the rule that nobody wrote: see withNameServers. */
export const NAME_SERVER_RULE = 0;

/** A policy that protects these name servers of the tunnel as its last rule: nobody has to know them to write one. */
export function withNameServers(policy: SplitPolicy, servers: readonly IpAddress[]): SplitPolicy {
  if (servers.length === 0) return policy;
  const destinations = servers.map((server): Destination => ({
    kind: 'range',
    range: { start: server, end: server },
  }));
  return {
    ...policy,
    rules: [...policy.rules, { number: NAME_SERVER_RULE, action: 'protect', destinations }],
  };
}

/** An answer of the name service: this name had this address. Names are lower-case, without a final dot. */
export interface KnownName {
  readonly name: string;
  readonly address: IpAddress;
}

/** Whether a rule's host or suffix speaks of this name. */
export function namesName(destination: Destination, name: string): boolean {
  switch (destination.kind) {
    case 'range':
      return false;
    case 'host':
      return destination.name === name;
    case 'suffix':
      return destination.name === name || name.endsWith(`.${destination.name}`);
  }
}

/** Whether `outer` asks nothing that `inner` does not ask too: whatever meets `inner` meets `outer`. */
export function conditionCovers(outer: Condition, inner: Condition): boolean {
  if (outer.app !== undefined && outer.app !== inner.app) return false;
  if (outer.protocol !== undefined && outer.protocol !== inner.protocol) return false;
  if (outer.ports === undefined) return true;
  const { ports } = outer;
  return (
    inner.ports?.every((range) => ports.some(({ start, end }) => start <= range.start && range.end <= end)) ??
    false
  );
}

/** Whether anything can meet both. */
export function conditionsMeet(a: Condition, b: Condition): boolean {
  if (a.app !== undefined && b.app !== undefined && a.app !== b.app) return false;
  if (a.protocol !== undefined && b.protocol !== undefined && a.protocol !== b.protocol) return false;
  if (a.ports === undefined || b.ports === undefined) return true;
  return intersectPorts(a.ports, b.ports).length > 0;
}

/** What meets both conditions as one condition, or undefined when nothing does. */
export function bothConditions(a: Condition, b: Condition): Condition | undefined {
  if (!conditionsMeet(a, b)) return undefined;
  const protocol = a.protocol ?? b.protocol;
  const app = a.app ?? b.app;
  const ports = a.ports && b.ports ? intersectPorts(a.ports, b.ports) : (a.ports ?? b.ports);
  return {
    ...(protocol === undefined ? {} : { protocol }),
    ...(ports === undefined ? {} : { ports }),
    ...(app === undefined ? {} : { app }),
  };
}

export function isUnconditional({ protocol, ports, app }: Condition): boolean {
  return protocol === undefined && ports === undefined && app === undefined;
}

function intersectPorts(a: readonly PortRange[], b: readonly PortRange[]): PortRange[] {
  const common: PortRange[] = [];
  for (const x of a) {
    for (const y of b) {
      const start = Math.max(x.start, y.start);
      const end = Math.min(x.end, y.end);
      if (start <= end) common.push({ start, end });
    }
  }
  return common;
}
