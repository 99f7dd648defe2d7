import { err, ok, type Result } from '../../lib/result.ts';
import { parseAddress } from '../../net/address.ts';
import { parsePrefix } from '../../net/prefix.ts';
import type { Entries } from './ledger.ts';
import type { Step } from './steps.ts';

/** The journal of routes, addresses and parameters. */
export type Journal = Entries<Step>;

const VERSION = 1;

export function writeJournal(journal: Journal): string {
  return `${JSON.stringify({ version: VERSION, ...journal }, undefined, 1)}\n`;
}

/**
 * Reads what writeJournal wrote, and nothing else: its steps become commands of root. The error says what is
 * wrong with the text.
 */
export function readJournal(text: string): Result<Journal, string> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return err('it is not JSON');
  }
  if (!isRecord(value) || value['version'] !== VERSION) return err('it is of another version');
  const { owner, steps } = value;
  if (!isRecord(owner) || !isCount(owner['pid']) || !isCount(owner['startTicks'])) {
    return err('it does not say whose it is');
  }
  if (!Array.isArray(steps)) return err('it has no steps');
  const read: Step[] = [];
  for (const step of steps) {
    const understood = isRecord(step) ? readStep(step) : undefined;
    if (understood === undefined) return err(`step ${read.length + 1} is not one of ours`);
    read.push(understood);
  }
  return ok({ owner: { pid: owner['pid'], startTicks: owner['startTicks'] }, steps: read });
}

function readStep(value: Readonly<Record<string, unknown>>): Step | undefined {
  const { kind, device, path, before, after, mark, mtu, address, prefix, source, family, to } = value;
  switch (kind) {
    case 'parameter':
      return isParameter(path) && isDigits(before) && isDigits(after)
        ? { kind, path, before, after }
        : undefined;
    case 'marks': {
      const { tunnelMark } = value;
      if (!isCount(mark)) return undefined;
      if (tunnelMark === undefined) return { kind, mark };
      return isCount(tunnelMark) ? { kind, mark, tunnelMark } : undefined;
    }
    case 'link':
      return isDevice(device) && isCount(mtu) ? { kind, device, mtu } : undefined;
    case 'address':
      return isDevice(device) && isAddress(address) ? { kind, device, address } : undefined;
    case 'route':
      return isDevice(device) && isPrefix(prefix) && (source === undefined || isAddress(source))
        ? { kind, device, prefix, source }
        : undefined;
    case 'exception':
      return isPrefix(prefix) ? { kind, prefix } : undefined;
    case 'main-first':
      return isFamily(family) && isPrefix(to) ? { kind, family, to } : undefined;
    case 'tunnel-rule':
    case 'marked-rule':
      return isFamily(family) && isCount(mark) ? { kind, family, mark } : undefined;
    case 'marked-route':
      return isDevice(device) && isFamily(family) && isAddress(source)
        ? { kind, device, family, source }
        : undefined;
    default:
      return undefined;
  }
}

/** True for a name that an interface can have and that is one word to every tool. */
export function isDevice(value: unknown): value is string {
  return typeof value === 'string' && /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,14}$/.test(value);
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isDigits(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9]{1,10}$/.test(value);
}

function isParameter(value: unknown): value is string {
  return typeof value === 'string' && /^\/proc\/sys\/net\/ipv4\/(conf\/all\/[a-z_]+|ip_dynaddr)$/.test(value);
}

export function isAddress(value: unknown): value is string {
  return typeof value === 'string' && parseAddress(value) !== undefined;
}

function isPrefix(value: unknown): value is string {
  return typeof value === 'string' && parsePrefix(value) !== undefined;
}

function isFamily(value: unknown): value is 4 | 6 {
  return value === 4 || value === 6;
}
