import type { Policy, PolicyRuleText } from '../contract/policy.ts';
import { parseAddress } from '../net/address.ts';
import { plainAppName } from '../net/policy/app-name.ts';
import { parsePrefix, prefixToRange } from '../net/prefix.ts';
import type { Destination, PolicyRule, PortRange, SplitPolicy } from '../net/policy/model.ts';

/** The protocol numbers that a word stands for: ICMP has one for each family. */
const PROTOCOL_NUMBERS: Readonly<Record<NonNullable<PolicyRuleText['protocol']>, readonly number[]>> = {
  tcp: [6],
  udp: [17],
  icmp: [1, 58],
};

/** A policy as the compiler takes it. A rule about ICMP becomes one for each family, both with its number. */
export function splitPolicyOf({ rules, otherwise }: Policy): SplitPolicy {
  return { otherwise, rules: rules.flatMap((rule, i) => rulesOf(rule, i + 1)) };
}

function rulesOf({ action, to, protocol, ports, app }: PolicyRuleText, number: number): PolicyRule[] {
  const rule: PolicyRule = {
    number,
    action,
    destinations: (to ?? []).map(destinationOf),
    ...(ports ? { ports: ports.map(portRangeOf) } : {}),
    ...(app === undefined ? {} : { app: plainAppName(app) }),
  };
  if (protocol === undefined) return [rule];
  return PROTOCOL_NUMBERS[protocol].map((one) => ({ ...rule, protocol: one }));
}

/** The text was checked by the policy's schema: what is no network, address or range is a name. */
function destinationOf(text: string): Destination {
  if (text.startsWith('*.')) return { kind: 'suffix', name: text.slice(2).toLowerCase() };
  const prefix = parsePrefix(text);
  if (prefix) return { kind: 'range', range: prefixToRange(prefix) };
  const [start, end] = text.split('-').map((part) => parseAddress(part.trim()));
  if (start && end) return { kind: 'range', range: { start, end } };
  return { kind: 'host', name: text.toLowerCase() };
}

function portRangeOf(text: string): PortRange {
  const [start = '', end = start] = text.split('-');
  return { start: Number(start), end: Number(end) };
}
