import { err, ok, type Result } from '../../../lib/result.ts';
import { domainText } from '../../../net/dns/name.ts';
import { isAddress, isCount, isDevice, isRecord } from '../journal.ts';
import type { Entries } from '../ledger.ts';

/** What stood at a path before us. Texts have a character for each octet. */
export type Before =
  | {
      readonly kind: 'file';
      readonly text: string;
      readonly mode: number;
      readonly uid: number;
      readonly gid: number;
    }
  | { readonly kind: 'link'; readonly target: string }
  | { readonly kind: 'absent' };

/** One change to how names are looked up, with everything that is needed to make and to undo it. */
export type DnsStep =
  /** systemd-resolved's settings of our link. Domains that are only for routing have '~' in front; '~.' is every name. */
  | {
      readonly kind: 'resolved';
      readonly device: string;
      readonly index: number;
      readonly servers: readonly string[];
      readonly domains: readonly string[];
      readonly defaultRoute: boolean;
    }
  /** A record of resolvconf(8), by its name. */
  | { readonly kind: 'resolvconf'; readonly record: string; readonly text: string }
  /** What is asked at port 53 of our own address on the loopback goes to this port of it. */
  | { readonly kind: 'detour'; readonly address: string; readonly port: number }
  /** A resolv.conf(5) of ours. Undoing puts `before` back, unless somebody else has changed what is there. */
  | { readonly kind: 'file'; readonly path: string; readonly before: Before; readonly after: string };

export type DnsJournal = Entries<DnsStep>;

/** What a step changes: two steps of one key stand for two states of the same thing. */
export function dnsStepKey(step: DnsStep): string {
  switch (step.kind) {
    case 'resolved':
      return `systemd-resolved ${step.device} ${step.index}`;
    case 'resolvconf':
      return `resolvconf ${step.record}`;
    case 'detour':
      return 'detour';
    case 'file':
      return `file ${step.path}`;
  }
}

export function sameDnsStep(a: DnsStep, b: DnsStep): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

const VERSION = 1;
/** Octets of the longest resolv.conf that is replaced and kept. */
export const MAX_TEXT_LENGTH = 65_536;

export function writeDnsJournal(journal: DnsJournal): string {
  return `${JSON.stringify({ version: VERSION, ...journal }, undefined, 1)}\n`;
}

/** Reads what writeDnsJournal wrote, and nothing else. The error says what is wrong with the text. */
export function readDnsJournal(text: string): Result<DnsJournal, string> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return err('it is not JSON');
  }
  if (!isRecord(value) || value['version'] !== VERSION) return err('it is of another version');
  const { owner, boot, steps } = value;
  if (
    !isRecord(owner) ||
    !isCount(owner['pid']) ||
    !isCount(owner['startTicks']) ||
    typeof boot !== 'string'
  ) {
    return err('it does not say whose it is');
  }
  if (!Array.isArray(steps)) return err('it has no steps');
  const read: DnsStep[] = [];
  for (const step of steps) {
    const understood = isRecord(step) ? readStep(step) : undefined;
    if (understood === undefined) return err(`step ${read.length + 1} is not one of ours`);
    read.push(understood);
  }
  return ok({ owner: { pid: owner['pid'], startTicks: owner['startTicks'] }, boot, steps: read });
}

function readStep(value: Readonly<Record<string, unknown>>): DnsStep | undefined {
  const { kind, device, index, servers, domains, defaultRoute, record, text, path, before, after } = value;
  const { address, port } = value;
  switch (kind) {
    case 'resolved':
      return isDevice(device) &&
        isCount(index) &&
        isListOf(servers, isAddress) &&
        isListOf(domains, isLinkDomain) &&
        typeof defaultRoute === 'boolean'
        ? { kind, device, index, servers, domains, defaultRoute }
        : undefined;
    case 'resolvconf':
      return isRecordName(record) && isText(text) ? { kind, record, text } : undefined;
    case 'detour':
      return isAddress(address) && isCount(port) && port > 0 && port < 65_536
        ? { kind, address, port }
        : undefined;
    case 'file': {
      const was = isRecord(before) ? readBefore(before) : undefined;
      return isPath(path) && was && isText(after) ? { kind, path, before: was, after } : undefined;
    }
    default:
      return undefined;
  }
}

function readBefore({
  kind,
  text,
  mode,
  uid,
  gid,
  target,
}: Readonly<Record<string, unknown>>): Before | undefined {
  switch (kind) {
    case 'file':
      return isText(text) && isCount(mode) && mode <= 0o777 && isCount(uid) && isCount(gid)
        ? { kind, text, mode, uid, gid }
        : undefined;
    case 'link':
      return isLine(target) ? { kind, target } : undefined;
    case 'absent':
      return { kind };
    default:
      return undefined;
  }
}

function isListOf<T>(value: unknown, is: (each: unknown) => each is T): value is readonly T[] {
  return Array.isArray(value) && value.every(is);
}

function isLinkDomain(value: unknown): value is string {
  if (value === '~.') return true;
  return typeof value === 'string' && domainText(value.replace(/^~/, '')) === value.replace(/^~/, '');
}

/** A word that starts neither an option nor a hidden name, as the record of an interface is called. */
function isRecordName(value: unknown): value is string {
  return typeof value === 'string' && /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,40}$/.test(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_TEXT_LENGTH && /^[\0-\u00ff]*$/.test(value);
}

function isLine(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length < 4_096 && !value.includes('\0');
}

/** An absolute path without detours to a file of that name: nothing else is ever written to. */
function isPath(value: unknown): value is string {
  return isLine(value) && /^(?:\/[^/]+)+$/.test(value) && !/\/\.\.?(?:\/|$)/.test(value);
}
