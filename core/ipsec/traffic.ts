import { parseIcmpQuote } from '../net/icmp-error.ts';
import { newPacketView, type PacketView } from '../net/packet-view.ts';
import { addressMatches, portMatches, protocolMatches, type Selector } from '../net/selector.ts';

/** `out` is from us to the peer, `in` from the peer to us. */
export type Direction = 'out' | 'in';

/**
 * The traffic between two sides. Any local selector may meet any remote one, as in IKEv2 (RFC 4301 section
 * 4.4.1.2). An empty list matches nothing.
 */
export interface TrafficRule {
  readonly local: readonly Selector[];
  readonly remote: readonly Selector[];
}

/** True when a packet that goes in `direction` is traffic of the rule. */
export function ruleMatches(rule: TrafficRule, view: PacketView, direction: Direction): boolean {
  return direction === 'out'
    ? sourceMatches(rule.local, view) && destinationMatches(rule.remote, view)
    : sourceMatches(rule.remote, view) && destinationMatches(rule.local, view);
}

/** A scratch view: the functions of this room run one at a time and never call each other with it in use. */
const quotedView = newPacketView();

/**
 * True when an ICMP error message that goes in `direction` is about a packet of the rule that went the other way
 * and was sent by the one whom the error is for (RFC 4301 section 6.2). Whoever sends the error, often a router
 * on the path, need not match the rule itself.
 */
export function ruleMatchesIcmpError(rule: TrafficRule, view: PacketView, direction: Direction): boolean {
  if (!parseIcmpQuote(view, quotedView)) return false;
  for (let i = 0; i < view.addressLength; i++)
    if (view.bytes[view.destinationOffset + i] !== view.bytes[quotedView.sourceOffset + i]) return false;
  return ruleMatches(rule, quotedView, direction === 'out' ? 'in' : 'out');
}

function sourceMatches(selectors: readonly Selector[], view: PacketView): boolean {
  for (const selector of selectors)
    if (sideMatches(selector, view, view.sourceOffset, view.sourcePort)) return true;
  return false;
}

function destinationMatches(selectors: readonly Selector[], view: PacketView): boolean {
  for (const selector of selectors)
    if (sideMatches(selector, view, view.destinationOffset, view.destinationPort)) return true;
  return false;
}

function sideMatches(selector: Selector, view: PacketView, addressOffset: number, port: number): boolean {
  return (
    selector.start.length === view.addressLength &&
    protocolMatches(selector, view.protocol) &&
    portMatches(selector, port) &&
    addressMatches(selector, view.bytes, addressOffset)
  );
}
