import type { IpAddress } from '../address.ts';
import { type Selector } from '../selector.ts';
import { addressOf } from '../address.ts';
import { type Prefix, prefixToRange } from '../prefix.ts';
import type { AddressRange } from '../range.ts';
import {
  addressNumber,
  cutAt,
  membership,
  rangeOfSpan,
  type Span,
  spanOf,
  sweep,
  wholeSpan,
} from './cells.ts';
import {
  bothConditions,
  type Condition,
  conditionCovers,
  isUnconditional,
  type KnownName,
  NAME_SERVER_RULE,
  namesName,
  type PolicyAction,
  type PolicyRule,
  type SplitPolicy,
} from './model.ts';

/** What else decides: what the gateway takes, and which addresses names had. */
export interface PolicyFacts {
  /** The remote traffic selectors as granted (TSr, RFC 7296 section 2.9). */
  readonly granted: readonly Selector[];
  readonly names: readonly KnownName[];
  /** The networks that the gateway calls its own (INTERNAL_IP4_SUBNET and INTERNAL_IP6_SUBNET, RFC 7296 section 3.15.2). */
  readonly subnets?: readonly Prefix[];
}

/** Why something is decided as it is. */
export type Reason =
  /** The rule with this number says it. */
  | { readonly kind: 'rule'; readonly rule: number }
  /** No rule matches: the policy's own last word. */
  | { readonly kind: 'otherwise' }
  /** No rule matches, and the gateway takes it (or not). */
  | { readonly kind: 'gateway' }
  /** No rule matches, and the gateway calls it its own and takes it (or not). */
  | { readonly kind: 'subnets' };

/** What becomes of the traffic to a piece of the address space that meets a condition. */
export interface Decision {
  readonly condition: Condition;
  /** What the policy wants. */
  readonly wanted: PolicyAction;
  /** What happens: what should be protected and is not taken by the gateway goes nowhere, never past the tunnel. */
  readonly effective: PolicyAction;
  readonly reason: Reason;
}

/** A piece of the address space within which the same is decided. The first decision whose condition is met holds. */
export interface Cell {
  readonly range: AddressRange;
  /** At least one; the last is unconditional and no other is. */
  readonly decisions: readonly Decision[];
}

/** The decisions for every address of both families, in order and without gaps. */
export interface CompiledPolicy {
  readonly ipv4: readonly Cell[];
  readonly ipv6: readonly Cell[];
  /** Numbers of rules that decide something somewhere. */
  readonly deciding: ReadonlySet<number>;
}

/** A piece of the address space, the rules that speak of all of it in their order, and what the gateway takes of it. */
export interface Plot {
  readonly span: Span;
  readonly rules: readonly PolicyRule[];
  readonly taken: readonly Condition[];
  /** What `gateway` as the last word wants of the rest. */
  readonly rest: 'bypass' | 'protect';
  /** Whether the gateway calls it its own; absent when it named no network at all. */
  readonly isOwn?: boolean;
}

interface PlacedRule {
  readonly rule: PolicyRule;
  /** Undefined: everywhere. */
  readonly spans: readonly Span[] | undefined;
}

/** Turns rules into decisions for every address. */
export function compilePolicy(policy: SplitPolicy, facts: PolicyFacts): CompiledPolicy {
  const deciding = new Set<number>();
  const ofFamily = (family: 4 | 6): Cell[] => {
    const cells: { span: Span; decisions: Decision[] }[] = [];
    for (const plot of layOut(policy, facts, family)) {
      const { span } = plot;
      const decisions = decide(plot, policy.otherwise);
      for (const { reason } of decisions) if (reason.kind === 'rule') deciding.add(reason.rule);
      const before = cells.at(-1);
      if (before && sameDecisions(before.decisions, decisions)) {
        before.span = { first: before.span.first, last: span.last };
      } else cells.push({ span, decisions });
    }
    return cells.map(({ span, decisions }) => ({ range: rangeOfSpan(span, family), decisions }));
  };
  const ipv4 = ofFamily(4);
  return { ipv4, ipv6: ofFamily(6), deciding };
}

/** Cuts a family's addresses into pieces within which each rule speaks of everything or of nothing. */
export function layOut(
  { rules, otherwise }: SplitPolicy,
  { granted, names, subnets = [] }: PolicyFacts,
  family: 4 | 6,
): Plot[] {
  const isHeld = heldBy(rules, { granted, names, subnets }, family);
  const placed = rules.map((rule) => placeRule(rule, names, family, isHeld));
  const grants = granted
    .filter((selector) => selector.family === family)
    .map((selector) => ({ condition: conditionOf(selector), span: spanOf(rangeOf(selector)) }));
  const rest = leavesFamilyOut(granted, family) ? 'protect' : 'bypass';
  const named = otherwise === 'subnets' ? subnets : [];
  const own = named
    .map(prefixToRange)
    .filter(({ start }) => start.family === family)
    .map(spanOf);
  const isOwn = membership(own);
  const whole = [wholeSpan(family)];
  const groups = [...placed.map(({ spans }) => spans ?? whole), ...grants.map(({ span }) => [span]), own];
  const plots: Plot[] = [];
  for (const { span, groups: inside } of sweep(family, groups)) {
    plots.push({
      ...(named.length > 0 ? { isOwn: isOwn(span.first) } : {}),
      span,
      rules: inside.flatMap((at) => placed[at]?.rule ?? []),
      taken: inside.flatMap((at) => grants[at - placed.length]?.condition ?? []),
      rest,
    });
  }
  return plots;
}

/**
 * Whether the gateway takes everything of the other family and nothing of this one. Then everything is meant to be
 * protected, and what cannot be must not go beside the tunnel.
 */
export function leavesFamilyOut(granted: readonly Selector[], family: 4 | 6): boolean {
  if (granted.some((selector) => selector.family === family)) return false;
  const other = family === 4 ? 6 : 4;
  const spans = granted
    .filter((selector) => selector.family === other && isUnconditional(conditionOf(selector)))
    .map((selector) => spanOf(rangeOf(selector)));
  const isTaken = membership(spans);
  return spans.length > 0 && cutAt(other, spans).every(({ first }) => isTaken(first));
}

/** Whether an address is not to be led elsewhere by a name. */
type IsHeld = (action: PolicyAction, address: bigint) => boolean;

/**
 * Whoever answers for a name chooses its addresses. So that nobody takes the office's traffic out of the tunnel with them,
 * a name leads nothing past it that a rule protects, or the gateway takes or calls its own, by address: each narrower than
 * half of all addresses (of IPv6, of those that are anybody's), and what it takes as long as that is not most of them
 * together. A name server of the tunnel is not refused either, but by its address.
 */
function heldBy(rules: readonly PolicyRule[], { granted, subnets = [] }: PolicyFacts, family: 4 | 6): IsHeld {
  const half = 1n << BigInt(family === 4 ? 31 : 124);
  const sizeOf = ({ first, last }: Span): bigint => last - first + 1n;
  const spansOf = (ranges: readonly AddressRange[]): Span[] =>
    ranges.filter(({ start }) => start.family === family).map(spanOf);
  const rangesIn = (some: readonly PolicyRule[]): AddressRange[] =>
    some.flatMap(({ destinations }) =>
      destinations.flatMap((one) => (one.kind === 'range' ? [one.range] : [])),
    );
  const taken = spansOf(granted.map(rangeOf));
  const isMost = taken.reduce((sum, span) => sum + sizeOf(span), 0n) >= half;
  const named = [
    ...spansOf(rangesIn(rules.filter(({ action }) => action === 'protect'))),
    ...spansOf(subnets.map(prefixToRange)),
    ...(isMost ? [] : taken),
  ].filter((span) => sizeOf(span) < half);
  const servers = spansOf(rangesIn(rules.filter(({ number }) => number === NAME_SERVER_RULE)));
  const [isNamed, isServer] = [membership(named), membership(servers)];
  return (action, address) =>
    action !== 'protect' && (isServer(address) || (action === 'bypass' && isNamed(address)));
}

function placeRule(rule: PolicyRule, names: readonly KnownName[], family: 4 | 6, isHeld: IsHeld): PlacedRule {
  if (rule.destinations.length === 0) return { rule, spans: undefined };
  const spans: Span[] = [];
  for (const destination of rule.destinations) {
    if (destination.kind === 'range') {
      if (destination.range.start.family === family) spans.push(spanOf(destination.range));
      continue;
    }
    for (const { name, address } of names) {
      if (address.family !== family || !namesName(destination, name)) continue;
      const span = single(address);
      if (!isHeld(rule.action, span.first)) spans.push(span);
    }
  }
  return { rule, spans };
}

function single(address: IpAddress): Span {
  const value = addressNumber(address);
  return { first: value, last: value };
}

function rangeOf({ start, end }: Selector): AddressRange {
  return { start: addressOf(start), end: addressOf(end) };
}

/** What a granted selector asks besides the address. */
function conditionOf({ protocol, startPort, endPort }: Selector): Condition {
  const anyPort = startPort === 0 && endPort === 0xffff;
  return {
    ...(protocol === 0 ? {} : { protocol }),
    ...(anyPort ? {} : { ports: [{ start: startPort, end: endPort }] }),
  };
}

/** The decisions for a piece of the address space. */
export function decide(
  { rules, taken, rest, isOwn }: Pick<Plot, 'rules' | 'taken' | 'rest' | 'isOwn'>,
  otherwise: SplitPolicy['otherwise'],
): Decision[] {
  const decisions: Decision[] = [];
  /** False when what went before leaves nothing for it. */
  const add = (decision: Decision): boolean => {
    if (!decisions.some(({ condition }) => conditionCovers(condition, decision.condition))) {
      decisions.push(decision);
    }
    return !isUnconditional(decision.condition);
  };
  for (const rule of rules) {
    const reason: Reason = { kind: 'rule', rule: rule.number };
    const more = withGrants(rule, rule.action, reason, taken).map(add);
    if (more.includes(false)) return decisions;
  }
  if (otherwise !== 'gateway' && otherwise !== 'subnets') {
    withGrants({}, otherwise, { kind: 'otherwise' }, taken).forEach(add);
    return decisions;
  }
  const followsSubnets = otherwise === 'subnets' && isOwn !== undefined;
  const reason: Reason = { kind: followsSubnets ? 'subnets' : 'gateway' };
  if (!followsSubnets || isOwn) {
    for (const condition of taken) add({ condition, wanted: 'protect', effective: 'protect', reason });
  }
  // A gateway that names networks says itself that not everything is meant to be protected.
  withGrants({}, followsSubnets ? 'bypass' : rest, reason, []).forEach(add);
  return decisions;
}

/** A wish as it can be fulfilled: protection only for what the gateway takes, and nothing instead of a leak. */
function withGrants(
  { protocol, ports, app }: Condition,
  wanted: PolicyAction,
  reason: Reason,
  taken: readonly Condition[],
): Decision[] {
  const condition: Condition = {
    ...(protocol === undefined ? {} : { protocol }),
    ...(ports === undefined ? {} : { ports }),
    ...(app === undefined ? {} : { app }),
  };
  if (wanted !== 'protect') return [{ condition, wanted, effective: wanted, reason }];
  const fulfilled = taken
    .map((grant) => bothConditions(condition, grant))
    .filter((both) => both !== undefined)
    .map((both): Decision => ({ condition: both, wanted, effective: 'protect', reason }));
  return [...fulfilled, { condition, wanted, effective: 'block', reason }];
}

function sameDecisions(a: readonly Decision[], b: readonly Decision[]): boolean {
  return (
    a.length === b.length &&
    a.every((x, i) => {
      const y = b[i];
      return (
        y !== undefined &&
        x.wanted === y.wanted &&
        x.effective === y.effective &&
        sameReason(x.reason, y.reason) &&
        conditionCovers(x.condition, y.condition) &&
        conditionCovers(y.condition, x.condition)
      );
    })
  );
}

function sameReason(a: Reason, b: Reason): boolean {
  return a.kind === b.kind && (a.kind !== 'rule' || b.kind !== 'rule' || a.rule === b.rule);
}
