import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { addressOf, type IpAddress } from '../../core/net/address.ts';
import { rangeHasAddress } from '../../core/net/range.ts';
import type { Selector } from '../../core/net/selector.ts';
import { maskedPrefix, prefixToRange } from '../../core/net/prefix.ts';
import { compilePolicy, type PolicyFacts } from '../../core/net/policy/compile.ts';
import { explain } from '../../core/net/policy/explain.ts';
import { lintPolicy } from '../../core/net/policy/lint.ts';
import type { PolicyAction, PolicyRule, SplitPolicy } from '../../core/net/policy/model.ts';

/** A small corner of the address space, so that rules meet often. */
const octet = fc.integer({ min: 0, max: 12 });
const address = octet.map((last): IpAddress => addressOf(Uint8Array.of(10, 0, 0, last)));
const range = fc.tuple(octet, octet).map(([a, b]) => ({
  start: addressOf(Uint8Array.of(10, 0, 0, Math.min(a, b))),
  end: addressOf(Uint8Array.of(10, 0, 0, Math.max(a, b))),
}));
const protocol = fc.constantFrom(6, 17);
const port = fc.integer({ min: 1, max: 4 });
const ports = fc.tuple(port, port).map(([a, b]) => [{ start: Math.min(a, b), end: Math.max(a, b) }]);
const condition = fc.oneof(
  fc.constant({}),
  fc.record({ protocol }),
  fc.record({ protocol, ports }),
  fc.record({ app: fc.constantFrom('a', 'b') }),
);
const action = fc.constantFrom<PolicyAction>('protect', 'bypass', 'block');
const rules = fc
  .array(fc.tuple(action, fc.array(range, { maxLength: 2 }), condition), { maxLength: 7 })
  .map((parts) =>
    parts.map(([act, ranges, asked], i): PolicyRule => ({
      number: i + 1,
      action: act,
      destinations: ranges.map((one) => ({ kind: 'range', range: one })),
      ...asked,
    })),
  );
const policy: fc.Arbitrary<SplitPolicy> = fc.record({
  rules,
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
const facts: fc.Arbitrary<PolicyFacts & { subnets: NonNullable<PolicyFacts['subnets']> }> = fc.record({
  granted: fc.array(selector, { maxLength: 3 }),
  names: fc.constant([]),
  subnets: fc.array(
    fc
      .tuple(octet, fc.integer({ min: 29, max: 32 }))
      .map(([last, length]) => maskedPrefix(addressOf(Uint8Array.of(10, 0, 0, last)), length)),
    { maxLength: 2 },
  ),
});
const traffic = fc.record({
  destination: address,
  protocol,
  port: fc.integer({ min: 1, max: 5 }),
  app: fc.constantFrom('a', 'b', 'c'),
});
type Traffic = { destination: IpAddress; protocol: number; port: number; app: string };

function takes({ protocol: wanted, startPort, endPort, start, end }: Selector, one: Traffic): boolean {
  return (
    rangeHasAddress({ start: addressOf(start), end: addressOf(end) }, one.destination) &&
    (wanted === 0 || wanted === one.protocol) &&
    startPort <= one.port &&
    one.port <= endPort
  );
}

/** What a policy means, said as plainly as can be. */
function plainly(
  { rules: list, otherwise }: SplitPolicy,
  { granted, subnets }: Pick<PolicyFacts, 'granted'> & { subnets: NonNullable<PolicyFacts['subnets']> },
  one: Traffic,
): string {
  const isGranted = granted.some((grant) => takes(grant, one));
  const first = list.find(
    (rule) =>
      (rule.destinations.length === 0 ||
        rule.destinations.some((to) => to.kind === 'range' && rangeHasAddress(to.range, one.destination))) &&
      (rule.protocol === undefined || rule.protocol === one.protocol) &&
      (rule.ports === undefined ||
        rule.ports.some(({ start, end }) => start <= one.port && one.port <= end)) &&
      (rule.app === undefined || rule.app === one.app),
  );
  const wanted = first?.action ?? otherwise;
  const isOwn =
    subnets.length === 0 || subnets.some((subnet) => rangeHasAddress(prefixToRange(subnet), one.destination));
  if (wanted === 'gateway') return isGranted ? 'protect' : 'bypass';
  if (wanted === 'subnets') return isGranted && isOwn ? 'protect' : 'bypass';
  return wanted === 'protect' && !isGranted ? 'block' : wanted;
}

describe('a compiled policy', () => {
  test('decides as its rules say, for any traffic', () => {
    fc.assert(
      fc.property(policy, facts, traffic, (split, given, one) => {
        const found = explain(compilePolicy(split, given), one);
        assert.equal(found.length, 1);
        assert.equal(found[0]?.effective, plainly(split, given, one));
      }),
      { numRuns: 1000 },
    );
  });

  test('never lets past the tunnel what should be protected', () => {
    fc.assert(
      fc.property(policy, facts, (split, given) => {
        const { ipv4, ipv6 } = compilePolicy(split, given);
        for (const { decisions } of [...ipv4, ...ipv6]) {
          for (const { wanted, effective } of decisions) {
            assert.ok(wanted !== 'protect' || effective !== 'bypass');
          }
        }
      }),
    );
  });

  test('does the same without the rules that the lint calls shadowed or redundant, one at a time', () => {
    fc.assert(
      fc.property(policy, facts, traffic, (split, given, one) => {
        for (const { kind, rule } of lintPolicy(split, given)) {
          if (kind !== 'shadowed' && kind !== 'redundant') continue;
          const without = { ...split, rules: split.rules.filter(({ number }) => number !== rule) };
          assert.equal(plainly(without, given, one), plainly(split, given, one));
        }
      }),
      { numRuns: 500 },
    );
  });
});
