import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { addressOf, type IpAddress } from '../../core/net/address.ts';
import { LAN } from '../../core/net/local-networks.ts';
import { explain } from '../../core/net/policy/explain.ts';
import type { PolicyAction, PolicyRule, SplitPolicy } from '../../core/net/policy/model.ts';
import { containsAddress, maskedPrefix, parsePrefix, prefixToRange } from '../../core/net/prefix.ts';
import { type AddressRange, rangeHasAddress, wholeRange } from '../../core/net/range.ts';
import { matches, type Selector } from '../../core/net/selector.ts';
import type { SteeringRule } from '../../core/platform/ports.ts';
import { planPolicy, type PolicyPlan } from '../../core/vpn/policy-plan.ts';
import { screened } from '../../core/vpn/policy-screen.ts';

/** Two small corners of the address space, so that rules meet often: on the internet, and in a local network. */
const CORNERS = [
  [203, 0, 113],
  [192, 168, 7],
] as const;
const octet = fc.integer({ min: 0, max: 10 });
const corner = fc.constantFrom(...CORNERS);
const at = (parts: readonly number[], last: number): IpAddress => addressOf(Uint8Array.of(...parts, last));
const range = fc
  .oneof(
    { weight: 5, arbitrary: fc.tuple(corner, octet, octet) },
    { weight: 1, arbitrary: fc.constant(undefined) },
  )
  .map((drawn): AddressRange => {
    if (!drawn) return wholeRange(4);
    const [parts, a, b] = drawn;
    return { start: at(parts, Math.min(a, b)), end: at(parts, Math.max(a, b)) };
  });
const protocol = fc.constantFrom(6, 17);
const port = fc.integer({ min: 1, max: 4 });
const ports = fc.tuple(port, port).map(([a, b]) => [{ start: Math.min(a, b), end: Math.max(a, b) }]);
const condition = fc.oneof(fc.constant({}), fc.record({ protocol }), fc.record({ protocol, ports }));
const action = fc.constantFrom<PolicyAction>('protect', 'bypass', 'block');
const policy: fc.Arbitrary<SplitPolicy> = fc.record({
  rules: fc
    .array(fc.tuple(action, fc.array(range, { maxLength: 2 }), condition), { maxLength: 6 })
    .map((parts) =>
      parts.map(([act, ranges, asked], i): PolicyRule => ({
        number: i + 1,
        action: act,
        destinations: ranges.map((one) => ({ kind: 'range', range: one })),
        ...asked,
      })),
    ),
  otherwise: fc.constantFrom('protect', 'bypass', 'block', 'gateway', 'subnets'),
});
const selector = fc
  .tuple(range, fc.option(fc.tuple(protocol, ports)))
  .map(([{ start, end }, asked]): Selector => ({
    family: 4,
    protocol: asked?.[0] ?? 0,
    startPort: asked?.[1][0]?.start ?? 0,
    endPort: asked?.[1][0]?.end ?? 0xffff,
    start: start.octets,
    end: end.octets,
  }));
const grants = fc.array(selector, { maxLength: 3 });
/** What a gateway calls its own networks; often none. */
const own = fc.array(
  fc
    .tuple(corner, octet, fc.constantFrom(0, 28, 30, 32))
    .map(([parts, last, length]) => maskedPrefix(at(parts, last), length)),
  { maxLength: 2 },
);
const traffic = fc
  .tuple(corner, octet, protocol, fc.integer({ min: 1, max: 5 }))
  .map(([parts, last, number, portNumber]) => ({
    destination: at(parts, last),
    protocol: number,
    port: portNumber,
  }));
type Traffic = { readonly destination: IpAddress; readonly protocol: number; readonly port: number };

interface Machine {
  readonly stance: 'open' | 'closed';
  readonly lan: boolean;
  /** The destination is on a local network: the machine has a route to it that is not its default. */
  readonly onLink: boolean;
}

const isLan = (address: IpAddress): boolean =>
  LAN[address.family].some((text) => {
    const prefix = parsePrefix(text);
    return prefix !== undefined && containsAddress(prefix, address);
  });

function steer(steering: readonly SteeringRule[], one: Traffic): PolicyAction | undefined {
  return steering.find(
    (rule) =>
      rangeHasAddress(rule.range, one.destination) &&
      (rule.protocol === undefined || rule.protocol === one.protocol) &&
      (rule.ports === undefined || rule.ports.some(({ start, end }) => start <= one.port && one.port <= end)),
  )?.effective;
}

/** Where a packet ends: in the order in which a machine asks its marks, its routes, its firewall and our engine. */
function fate(
  { firewall, routes, past, localFirst, screen }: PolicyPlan,
  granted: readonly Selector[],
  one: Traffic,
  { stance, lan, onLink }: Machine,
): PolicyAction {
  const { destination } = one;
  const within = (ranges: readonly AddressRange[]): boolean =>
    ranges.some((each) => rangeHasAddress(each, destination));
  const mark = steer(firewall.steering, one);
  if (mark === 'block') return 'block';
  if (mark === 'bypass') return 'bypass';
  const goesLocal = onLink && localFirst.some((prefix) => containsAddress(prefix, destination));
  const isLed = [past, routes].map((list) => list.some((p) => containsAddress(p, destination)));
  const goesIn = !goesLocal && (mark === 'protect' || (isLed[1] && !isLed[0]));
  if (within(firewall.refused)) return 'block';
  if (goesIn) return sealed(screen, granted, one) ? 'protect' : 'block';
  if (mark === 'protect' && !(lan && isLan(destination))) return 'block';
  if (within(firewall.protectedRanges)) return 'block';
  if (within(firewall.passing) || (lan && isLan(destination))) return 'bypass';
  return stance === 'closed' ? 'block' : 'bypass';
}

function sealed(screen: PolicyPlan['screen'], granted: readonly Selector[], one: Traffic): boolean {
  const policies = screened(screen, [{ action: 'protect', childId: 1, local: [], remote: granted }]);
  const subject = { address: one.destination.octets, protocol: one.protocol, port: one.port };
  return policies.find(({ remote }) => remote.some((each) => matches(each, subject)))?.action === 'protect';
}

const machine = fc.record({
  stance: fc.constantFrom('open', 'closed'),
  lan: fc.boolean(),
  onLink: fc.boolean(),
});

describe('a policy that is planned', () => {
  test('does with every packet on the internet what explain says, by routes, firewall and engine', () => {
    fc.assert(
      fc.property(policy, grants, own, traffic, machine, (split, granted, subnets, one, how) => {
        fc.pre(!isLan(one.destination));
        const plan = planPolicy({ policy: split, granted, subnets, names: [], lan: how.lan });
        assert.ok(plan.ok);
        const [decision] = explain(plan.value.compiled, one);
        assert.equal(fate(plan.value, granted, one, how), decision?.effective);
      }),
      { numRuns: 3000 },
    );
  });

  test('without the local network never lets past the tunnel what explain does not let past it', () => {
    fc.assert(
      fc.property(policy, grants, own, traffic, machine, (split, granted, subnets, one, how) => {
        const plan = planPolicy({ policy: split, granted, subnets, names: [], lan: false });
        assert.ok(plan.ok);
        const [decision] = explain(plan.value.compiled, one);
        const end = fate(plan.value, granted, one, { ...how, lan: false });
        // Closed, a local network that only catch-alls speak of is not reached either.
        if (end !== decision?.effective) {
          assert.deepEqual(
            [end, decision?.effective, how.stance, isLan(one.destination)],
            ['block', 'bypass', 'closed', true],
          );
        }
      }),
      { numRuns: 3000 },
    );
  });

  test('with the local network lets nothing else past the tunnel than that', () => {
    fc.assert(
      fc.property(policy, grants, own, traffic, machine, (split, granted, subnets, one, how) => {
        const plan = planPolicy({ policy: split, granted, subnets, names: [], lan: true });
        assert.ok(plan.ok);
        const [decision] = explain(plan.value.compiled, one);
        const end = fate(plan.value, granted, one, { ...how, lan: true });
        if (end === decision?.effective) return;
        assert.ok(isLan(one.destination));
        // Off the link what is to be protected is still in the tunnel, unless the gateway does not take it at all.
        if (decision?.effective === 'protect') assert.ok(how.onLink);
        const namers = [
          ...split.rules.flatMap(({ destinations }) => destinations),
          ...granted.map(({ start, end: last }) => ({
            kind: 'range' as const,
            range: { start: addressOf(start), end: addressOf(last) },
          })),
          ...(split.otherwise === 'subnets' ? subnets : []).map((subnet) => ({
            kind: 'range' as const,
            range: prefixToRange(subnet),
          })),
        ].flatMap((to) => (to.kind === 'range' ? [to.range] : []));
        const narrow = namers.some(
          (named) =>
            rangeHasAddress(named, one.destination) &&
            !rangeHasAddress(named, addressOf(Uint8Array.of(1, 1, 1, 1))),
        );
        assert.equal(narrow, false, 'it is named');
      }),
      { numRuns: 3000 },
    );
  });
});
