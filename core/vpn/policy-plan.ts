import { failure, type Failure } from '../lib/failure.ts';
import { err, ok, type Result } from '../lib/result.ts';
import { addressOf } from '../net/address.ts';
import { LAN, LOCAL_NETWORKS } from '../net/local-networks.ts';
import {
  addressNumber,
  cutAt,
  membership,
  rangeOfSpan,
  type Span,
  spanHas,
  spanOf,
} from '../net/policy/cells.ts';
import {
  type Cell,
  type CompiledPolicy,
  compilePolicy,
  type Decision,
  type PolicyFacts,
} from '../net/policy/compile.ts';
import { type Condition, namesName, type PolicyAction, type SplitPolicy } from '../net/policy/model.ts';
import { formatPrefix, parsePrefix, type Prefix, prefixToRange, rangeToPrefixes } from '../net/prefix.ts';
import type { AddressRange } from '../net/range.ts';
import type { FirewallPlan, SteeringRule } from '../platform/ports.ts';
import { nameScreen, newScreen, type ScreenEntry } from './policy-screen.ts';

/** What decides besides the policy. */
export interface PolicyInputs extends PolicyFacts {
  readonly policy: SplitPolicy;
  /** Whether the local network is reached past a tunnel that takes everything. */
  readonly lan: boolean;
}

/** A policy as the parts of the machine carry it out together. */
export interface PolicyPlan {
  readonly compiled: CompiledPolicy;
  /** What leads into the tunnel: where nothing more is asked of traffic that is protected. */
  readonly routes: readonly Prefix[];
  /** Of `routes`: what does not lead there after all. A few addresses would else break a network into many. */
  readonly past: readonly Prefix[];
  /** Of what leads into the tunnel: where the routes of the machine to its local networks go before. */
  readonly localFirst: readonly Prefix[];
  /** What the engine lets through, in case that something else reaches the tunnel. */
  readonly screen: readonly ScreenEntry[];
  readonly firewall: Pick<FirewallPlan, 'protectedRanges' | 'passing' | 'refused' | 'steering'>;
}

/** More than any network plan has; the kernel and nft take them one by one, and somebody waits. */
const MAX_ROUTES = 1024;
const MAX_STEERING = 1024;
/** Protocols with ports where a firewall finds them: TCP, UDP, DCCP, SCTP, UDP-Lite. */
const WITH_PORTS: ReadonlySet<number> = new Set([6, 17, 33, 132, 136]);

/**
 * Turns a policy into routes, a screen for the engine and what the firewall has to do, so that together they do what
 * `explain` says of any packet, with one exception. Where only something that speaks of half of all addresses or more
 * says that traffic is protected or blocked, and the local network is allowed, that network stays reachable: its ranges
 * (RFC 1918 and their like, and what goes to many on the link) are left to the routes of the machine first, and the
 * firewall takes them out. A rule or a granted selector that names them more narrowly holds for them too.
 *
 * Rules about names that nobody has looked up decide nothing here: nobody has their addresses yet. Rules about programs
 * hold for what this machine sends itself: what it forwards is of no program. Fails with config.policy-unusable when it
 * falls into too many pieces.
 */
export function planPolicy(inputs: PolicyInputs): Result<PolicyPlan, Failure> {
  const compiled = compilePolicy(inputs.policy, inputs);
  const draft = newDraft();
  for (const family of [4, 6] as const) {
    const cells = family === 4 ? compiled.ipv4 : compiled.ipv6;
    for (const piece of piecesOf(cells, family, inputs)) place(piece, draft, inputs.lan);
  }
  const { routes, past } = routesTo(draft.tunnel.ranges());
  const steering = draft.steering.rules();
  if (routes.length + past.length > MAX_ROUTES) return tooMany(`more than ${MAX_ROUTES} routes`);
  if (steering.length > MAX_STEERING) return tooMany(`more than ${MAX_STEERING} rules of the firewall`);
  return ok({
    compiled,
    routes,
    past,
    localFirst: draft.localFirst.ranges().flatMap(({ start, end }) => rangeToPrefixes(start, end)),
    screen: screenOf(compiled, inputs),
    firewall: {
      protectedRanges: draft.protectedRanges.ranges(),
      passing: draft.passing.ranges(),
      refused: draft.refused.ranges(),
      steering,
    },
  });
}

/** Holes of so many addresses are exceptions to the routes around them. */
const SMALL_HOLE = 64n;

function routesTo(ranges: readonly AddressRange[]): Pick<PolicyPlan, 'routes' | 'past'> {
  const whole: AddressRange[] = [];
  const past: Prefix[] = [];
  for (const range of ranges) {
    const before = whole.at(-1);
    const hole = before && holeBetween(before, range);
    if (!before || !hole) whole.push(range);
    else {
      whole[whole.length - 1] = { start: before.start, end: range.end };
      past.push(...rangeToPrefixes(hole.start, hole.end));
    }
  }
  const routes = whole.flatMap(({ start, end }) => rangeToPrefixes(start, end));
  // A hole that is a whole piece of its own needs neither.
  const isIn = (list: readonly Prefix[]): ((one: Prefix) => boolean) => {
    const texts = new Set(list.map(formatPrefix));
    return (one) => texts.has(formatPrefix(one));
  };
  const [isRoute, isHole] = [isIn(routes), isIn(past)];
  const holed = { routes: routes.filter((one) => !isHole(one)), past: past.filter((one) => !isRoute(one)) };
  const pieces = ranges.flatMap(({ start, end }) => rangeToPrefixes(start, end));
  return pieces.length <= holed.routes.length + holed.past.length ? { routes: pieces, past: [] } : holed;
}

/** What is between two ranges in a row, if it is small. */
function holeBetween(before: AddressRange, behind: AddressRange): AddressRange | undefined {
  const { family } = before.start;
  if (behind.start.family !== family) return undefined;
  const hole = { first: spanOf(before).last + 1n, last: spanOf(behind).first - 1n };
  return hole.last - hole.first < SMALL_HOLE ? rangeOfSpan(hole, family) : undefined;
}

/**
 * What names add to the engine's screen is what they lead into the tunnel alone. What they lead elsewhere is kept from it
 * by routes and the firewall, and would be looked at for each packet.
 */
function screenOf(compiled: CompiledPolicy, inputs: PolicyInputs): readonly ScreenEntry[] {
  const { names, policy } = inputs;
  if (names.length === 0) return newScreen(compiled);
  const nameless = compilePolicy(policy, { ...inputs, names: [] });
  return [...nameScreen(compiled, nameless, names), ...newScreen(nameless)];
}

function tooMany(what: string): Result<never, Failure> {
  return err(failure('config.policy-unusable', { problems: [`it falls into ${what}`] }));
}

/** A part of a cell that is of the local network as a whole or not at all. */
interface Piece {
  readonly span: Span;
  readonly family: 4 | 6;
  readonly decisions: readonly Decision[];
  /** In a range of local networks. */
  readonly isLan: boolean;
  /** A host may have a route to its local network here (not for what goes to many). */
  readonly isRouted: boolean;
  /** Nothing that is narrower than half of all addresses names it. */
  readonly isUnnamed: boolean;
}

function piecesOf(cells: readonly Cell[], family: 4 | 6, inputs: PolicyInputs): Piece[] {
  const [lan, named] = [spansOf(LAN[family]), namedSpans(inputs, family)];
  const isInLan = membership(lan);
  const isInRouted = membership(spansOf(LOCAL_NETWORKS[family]));
  const isNamed = membership(named);
  const placed = cells.map(({ range, decisions }) => ({ span: spanOf(range), decisions }));
  const cuts = cutAt(family, [...placed.map(({ span }) => span), ...lan, ...named]);
  let at = 0;
  return cuts.map((span) => {
    while (!spanHas(placed[at]?.span ?? span, span.first)) at += 1;
    const isLan = isInLan(span.first);
    return {
      span,
      family,
      decisions: placed[at]?.decisions ?? [],
      isLan,
      isRouted: isLan && isInRouted(span.first),
      isUnnamed: isLan && !isNamed(span.first),
    };
  });
}

function spansOf(texts: readonly string[]): Span[] {
  return texts.flatMap((text) => {
    const prefix = parsePrefix(text);
    return prefix ? [spanOf(prefixToRange(prefix))] : [];
  });
}

/** What rules, granted selectors and the networks that decide name that is less than half of all addresses. */
function namedSpans({ policy, granted, names, subnets = [] }: PolicyInputs, family: 4 | 6): Span[] {
  const half = 1n << BigInt(family === 4 ? 31 : 127);
  const destinations = policy.rules.flatMap((rule) => rule.destinations);
  const ranges = [
    ...destinations.flatMap((one) => (one.kind === 'range' ? [one.range] : [])),
    ...granted.map(({ start, end }) => ({ start: addressOf(start), end: addressOf(end) })),
    ...(policy.otherwise === 'subnets' ? subnets.map(prefixToRange) : []),
  ];
  const known = names.filter(({ name }) => destinations.some((one) => namesName(one, name)));
  return [
    ...ranges.filter(({ start }) => start.family === family).map(spanOf),
    ...known
      .filter(({ address }) => address.family === family)
      .map(({ address }) => ({ first: addressNumber(address), last: addressNumber(address) })),
  ].filter(({ first, last }) => last - first + 1n < half);
}

interface Draft {
  readonly tunnel: Ranges;
  readonly localFirst: Ranges;
  readonly protectedRanges: Ranges;
  readonly passing: Ranges;
  readonly refused: Ranges;
  readonly steering: Steering;
}

function newDraft(): Draft {
  return {
    tunnel: new Ranges(),
    localFirst: new Ranges(),
    protectedRanges: new Ranges(),
    passing: new Ranges(),
    refused: new Ranges(),
    steering: new Steering(),
  };
}

/** Says for one piece who does what about it. */
function place(piece: Piece, draft: Draft, lan: boolean): void {
  const { decisions, isLan, isRouted, isUnnamed, span, family } = piece;
  const final = decisions.at(-1);
  if (!final) return;
  const conditional = conditionalOf(decisions);
  const isFree = isUnnamed && lan;
  const steered = conditional.flatMap((decision) => steeredAs(decision, isFree));
  // What is steered into the tunnel must not be refused by its address: so the rest is refused by steering too.
  const isMixed = final.effective === 'block' && steered.some(({ effective }) => effective === 'protect');
  if (isMixed && !isFree) steered.push({ condition: {}, effective: 'block' });
  if (final.effective === 'protect') draft.tunnel.add(span, family);
  if (isRouted && isFree && [...conditional, final].some(({ wanted }) => wanted === 'protect'))
    draft.localFirst.add(span, family);
  if (steered.length > 0) draft.steering.add(span, family, steered);
  switch (final.effective) {
    case 'protect':
      if (!isFree) draft.protectedRanges.add(span, family);
      break;
    case 'block':
      if (isFree) break;
      // A link cannot do without what is refused here by its address alone; this leaves it what it needs.
      if (isLan || isMixed) draft.protectedRanges.add(span, family);
      else draft.refused.add(span, family);
      break;
    case 'bypass':
      if (lan || !isUnnamed) draft.passing.add(span, family);
      break;
  }
}

/** The decisions that ask for more than an address and change something. */
function conditionalOf(decisions: readonly Decision[]): Decision[] {
  const kept = [...decisions];
  const final = kept.pop();
  while (kept.at(-1)?.effective === final?.effective && kept.length > 0) kept.pop();
  return kept;
}

interface Steered {
  readonly condition: Condition;
  readonly effective: PolicyAction;
}

/**
 * A conditional decision as the firewall can carry it out. What a gateway grants by what a firewall does not see (the
 * types of ICMP, hidden ports) is not steered: the next decision refuses it.
 */
function steeredAs({ condition, wanted, effective }: Decision, isFree: boolean): Steered[] {
  const { ports, protocol } = condition;
  if (ports && (protocol === undefined || !WITH_PORTS.has(protocol) || ports.some(isOpaque))) return [];
  // On a local network routes decide; in the tunnel the engine drops what the gateway does not take.
  return [{ condition, effective: isFree && wanted === 'protect' ? 'protect' : effective }];
}

function isOpaque({ start, end }: { readonly start: number; readonly end: number }): boolean {
  return start > end;
}

/** Ranges that come in order, those that touch as one. */
class Ranges {
  readonly #spans: { span: Span; readonly family: 4 | 6 }[] = [];

  add(span: Span, family: 4 | 6): void {
    const before = this.#spans.at(-1);
    if (before?.family === family && before.span.last + 1n === span.first) {
      before.span = { first: before.span.first, last: span.last };
    } else this.#spans.push({ span, family });
  }

  ranges(): AddressRange[] {
    return this.#spans.map(({ span, family }) => rangeOfSpan(span, family));
  }
}

/** Steering by ranges, those that touch and say the same as one. */
class Steering {
  readonly #parts: { readonly key: string; readonly where: Ranges; readonly steered: readonly Steered[] }[] =
    [];
  #end: { readonly last: bigint; readonly family: 4 | 6 } | undefined;

  add(span: Span, family: 4 | 6, steered: readonly Steered[]): void {
    const key = JSON.stringify(steered);
    const before = this.#parts.at(-1);
    const touches = this.#end?.family === family && this.#end.last + 1n === span.first;
    this.#end = { last: span.last, family };
    if (before && touches && before.key === key) return before.where.add(span, family);
    const where = new Ranges();
    where.add(span, family);
    this.#parts.push({ key, where, steered });
  }

  rules(): SteeringRule[] {
    return this.#parts.flatMap(({ where, steered }) =>
      where.ranges().flatMap((range) =>
        steered.map(({ condition: { protocol, ports, app }, effective }): SteeringRule => ({
          range,
          effective,
          ...(protocol === undefined ? {} : { protocol }),
          ...(ports === undefined ? {} : { ports }),
          ...(app === undefined ? {} : { app }),
        })),
      ),
    );
  }
}
