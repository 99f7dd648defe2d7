import assert from 'node:assert/strict';
import { parseAddress, type IpAddress } from '../../../../core/net/address.ts';
import { parsePrefix, prefixToRange } from '../../../../core/net/prefix.ts';
import { type Selector, selectorOfPrefix } from '../../../../core/net/selector.ts';
import type { Condition, Destination, PolicyAction, PolicyRule } from '../../../../core/net/policy/model.ts';

export function ip(text: string): IpAddress {
  const address = parseAddress(text);
  assert.ok(address, text);
  return address;
}

/** '10.0.0.0/8', '10.0.0.1-10.0.0.9', '*.example.com' or 'host.example.com'. */
export function to(text: string): Destination {
  if (text.startsWith('*.')) return { kind: 'suffix', name: text.slice(2) };
  if (/[a-z]\./.test(text)) return { kind: 'host', name: text };
  const [start = '', end] = text.split('-');
  if (end !== undefined) return { kind: 'range', range: { start: ip(start), end: ip(end) } };
  const prefix = parsePrefix(start);
  assert.ok(prefix, text);
  return { kind: 'range', range: prefixToRange(prefix) };
}

export function rule(
  number: number,
  action: PolicyAction,
  destinations: string,
  condition: Condition = {},
): PolicyRule {
  const words = destinations.split(' ').filter((word) => word !== '');
  return { number, action, destinations: words.map(to), ...condition };
}

export function granted(...prefixes: readonly string[]): Selector[] {
  return prefixes.map((text) => {
    const prefix = parsePrefix(text);
    assert.ok(prefix, text);
    return selectorOfPrefix(prefix);
  });
}

export const EVERYTHING = granted('0.0.0.0/0', '::/0');
export const TCP = 6;
export const UDP = 17;
export const HTTPS: Condition = { protocol: TCP, ports: [{ start: 443, end: 443 }] };
