import { ANYTHING, type Policy } from '../ipsec/spd.ts';
import { formatAddress } from '../net/address.ts';
import type { AddressRange } from '../net/range.ts';
import { intersect, type Selector } from '../net/selector.ts';
import type { Cell, CompiledPolicy } from '../net/policy/compile.ts';
import { cellOf } from '../net/policy/explain.ts';
import type { Condition, KnownName } from '../net/policy/model.ts';

/** What the engine does with traffic of one remote selector; the first that matches decides. */
export interface ScreenEntry {
  readonly action: 'protect' | 'bypass' | 'discard';
  readonly remote: Selector;
}

/**
 * Entries for the parts of a policy where not everything is protected. Routes and the firewall already lead such
 * traffic elsewhere; the engine sees to it that none of it passes if it comes all the same. It cannot tell programs
 * apart: what is decided by them is let through here.
 */
export function newScreen({ ipv4, ipv6 }: CompiledPolicy): ScreenEntry[] {
  return merged([...ipv4, ...ipv6]).flatMap((cell) => (isProtected(cell) ? [] : entriesOf(cell)));
}

/** Entries for addresses of names into which the tunnel leads, and would not without the names. */
export function nameScreen(
  compiled: CompiledPolicy,
  nameless: CompiledPolicy,
  names: readonly KnownName[],
): ScreenEntry[] {
  const named = new Set(names.map(({ address }) => formatAddress(address)));
  return [...compiled.ipv4, ...compiled.ipv6].flatMap((cell) => {
    const leads = cell.decisions.some(({ effective }) => effective === 'protect');
    if (!leads || !named.has(formatAddress(cell.range.start))) return [];
    return isProtected(cellOf(nameless, cell.range.start)) ? [] : entriesOf(cell);
  });
}

function isProtected({ decisions }: Cell): boolean {
  return decisions.every(({ effective }) => effective === 'protect');
}

function entriesOf({ range, decisions }: Cell): ScreenEntry[] {
  return decisions.flatMap(({ condition, effective }): ScreenEntry[] => {
    if (condition.app !== undefined && effective !== 'protect') return [];
    const action = effective === 'block' ? 'discard' : effective;
    return selectorsOf(range, condition).map((remote) => ({ action, remote }));
  });
}

/** Neighbours that do the same, whatever their reasons, as one. */
function merged(cells: readonly Cell[]): Cell[] {
  const kept: { cell: Cell; readonly key: string }[] = [];
  for (const cell of cells) {
    const { range, decisions } = cell;
    const key = JSON.stringify([
      range.start.family,
      decisions.map(({ condition, effective }) => [condition, effective]),
    ]);
    const before = kept.at(-1);
    if (before?.key === key) before.cell = { decisions, range: { ...before.cell.range, end: range.end } };
    else kept.push({ cell, key });
  }
  return kept.map(({ cell }) => cell);
}

function selectorsOf({ start, end }: AddressRange, { protocol = 0, ports }: Condition): Selector[] {
  return (ports ?? [{ start: 0, end: 0xffff }]).map((range) => ({
    family: start.family,
    protocol,
    startPort: range.start,
    endPort: range.end,
    start: start.octets,
    end: end.octets,
  }));
}

/**
 * The SPD of children behind a screen (RFC 4301 section 4.4.1): as the screen says where it speaks, otherwise what the
 * children are for. Nothing is said of what no child takes, so that an ICMP error from there can still follow the
 * packet that it is about.
 */
export function screened(screen: readonly ScreenEntry[], children: readonly Policy[]): Policy[] {
  const taken = children.flatMap(({ remote }) => remote);
  const common = (entry: ScreenEntry, selectors: readonly Selector[]): Selector[] =>
    selectors.flatMap((selector) => intersect(selector, entry.remote) ?? []);
  const entries = screen.flatMap((entry): Policy[] => {
    const { action } = entry;
    if (action !== 'protect') {
      const remote = common(entry, taken);
      return remote.length === 0 ? [] : [{ action, local: ANYTHING, remote }];
    }
    return children.flatMap((child) => {
      const remote = common(entry, child.remote);
      return remote.length === 0 ? [] : [{ ...child, remote }];
    });
  });
  return [...entries, ...children];
}
