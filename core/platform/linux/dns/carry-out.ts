import { failure, type Failure } from '../../../lib/failure.ts';
import { parseAddress } from '../../../net/address.ts';
import type { DbusValue } from '../dbus/values.ts';
import type { DnsOs } from './os.ts';
import { MARKER } from './resolv-conf.ts';
import type { Before, DnsStep } from './steps.ts';

/** A call of systemd-resolved's manager (org.freedesktop.resolve1(5)). */
export interface ResolvedCall {
  readonly member: string;
  readonly signature: string;
  readonly args: readonly DbusValue[];
  /** Older versions do not know it, and do without. */
  readonly optional?: true;
}

const AF_INET = 2;
const AF_INET6 = 10;

/**
 * The calls that give a link its settings. The servers come behind them: before nothing is asked there. What is in the
 * tunnel is protected by it, so nothing is gained by TLS in it and a machine that insists on it would get no answer;
 * names of the link-local kind have nothing to look for there.
 */
export function resolvedCalls(step: DnsStep & { kind: 'resolved' }): readonly ResolvedCall[] {
  const { index } = step;
  const servers = step.servers.flatMap((text) => parseAddress(text) ?? []);
  const domains = step.domains.map((domain) => [domain.replace(/^~/, ''), domain.startsWith('~')]);
  return [
    { member: 'SetLinkLLMNR', signature: 'is', args: [index, 'no'], optional: true },
    { member: 'SetLinkMulticastDNS', signature: 'is', args: [index, 'no'], optional: true },
    { member: 'SetLinkDNSOverTLS', signature: 'is', args: [index, 'no'], optional: true },
    { member: 'SetLinkDefaultRoute', signature: 'ib', args: [index, step.defaultRoute], optional: true },
    { member: 'SetLinkDomains', signature: 'ia(sb)', args: [index, domains] },
    {
      member: 'SetLinkDNS',
      signature: 'ia(iay)',
      args: [index, servers.map(({ family, octets }) => [family === 4 ? AF_INET : AF_INET6, octets])],
    },
    // What it remembers is what others said.
    { member: 'FlushCaches', signature: '', args: [], optional: true },
  ];
}

/**
 * The arguments of resolvconf(8) that make a record. openresolv takes the metric as the order, and the record as the
 * only one; Debian's resolvconf passes over both.
 */
export function resolvconfAdding(record: string): readonly string[] {
  return ['-a', record, '-m', '0', '-x'];
}

/** Those that take it away, also when it is not there: openresolv complains without the last, Debian's does not know it. */
export function resolvconfRemoving(record: string): readonly string[] {
  return ['-d', record, '-f'];
}

/** What stands there for a moment before what was there comes back. */
const EMPTIED = `${MARKER}\n`;

/** Whether a text is what a step wrote, whole, or in the middle of being written over what was there before or after. */
export function isOurs(now: Before, step: DnsStep & { kind: 'file' }): boolean {
  if (now.kind !== 'file') return false;
  const { after, before } = step;
  if (now.text === after || now.text === EMPTIED) return true;
  if (before.kind !== 'file') return false;
  return [over(after, before.text), over(before.text, after)].includes(now.text) && now.text !== before.text;
}

/** A file that is being written in place: the new octets are there, and the rest of the old ones still is. */
function over(fresh: string, old: string): string {
  return fresh + old.slice(fresh.length);
}

/** Takes `additions`, then undoes `removals`. Stops at the first refusal. */
export async function carryOut(
  os: DnsOs,
  additions: readonly DnsStep[],
  removals: readonly DnsStep[],
): Promise<Failure | undefined> {
  for (const step of additions) {
    const refused = await take(os, step);
    if (refused !== undefined) return dnsFailure(refused);
  }
  for (const step of removals.toReversed()) {
    const refused = await takeBack(os, step);
    if (refused !== undefined) return dnsFailure(refused);
  }
  return undefined;
}

/** Undoes steps in reverse order, whichever of them were taken. Goes on after a refusal, and fails with the first. */
export async function undo(os: DnsOs, steps: readonly DnsStep[]): Promise<Failure | undefined> {
  let first: Refusal | undefined;
  for (const step of steps.toReversed()) {
    const refused = await takeBack(os, step);
    first ??= refused;
  }
  return first && failure('platform.restore-failed', { ...first });
}

/** What was refused: the command, and the words of whoever refused it. */
interface Refusal {
  readonly command: string;
  readonly detail: string;
}

function dnsFailure(refusal: Refusal): Failure {
  return failure('platform.dns-failed', { ...refusal });
}

async function take(os: DnsOs, step: DnsStep): Promise<Refusal | undefined> {
  switch (step.kind) {
    case 'resolved':
      return takeResolved(os, step);
    case 'resolvconf':
      return resolvconf(os, resolvconfAdding(step.record), step.text);
    case 'detour':
      return nft(os, NO_DETOUR + detourScript(step));
    case 'file':
      return attempt(`write ${step.path}`, () => {
        const { before, after } = step;
        const owner = before.kind === 'file' ? before : { mode: 0o644, uid: 0, gid: 0 };
        os.resolvConf.put(step.path, {
          kind: 'file',
          text: after,
          mode: owner.mode,
          uid: owner.uid,
          gid: owner.gid,
        });
      });
  }
}

async function takeResolved(os: DnsOs, step: DnsStep & { kind: 'resolved' }): Promise<Refusal | undefined> {
  for (const { member, signature, args, optional } of resolvedCalls(step)) {
    const done = await os.resolved.call(member, signature, args);
    if (done.ok || (optional && done.error.name === UNKNOWN_METHOD)) continue;
    return { command: `systemd-resolved ${member}`, detail: `${done.error.name}: ${done.error.detail}` };
  }
  return undefined;
}

async function takeBack(os: DnsOs, step: DnsStep): Promise<Refusal | undefined> {
  switch (step.kind) {
    case 'resolved': {
      // Another device may have its number by now.
      if (os.interfaceIndex(step.device) !== step.index) return undefined;
      if ((await os.resolved.present()) !== 'there') return undefined;
      const done = await os.resolved.call('RevertLink', 'i', [step.index]);
      if (done.ok || GONE.has(done.error.name)) return undefined;
      return { command: 'systemd-resolved RevertLink', detail: `${done.error.name}: ${done.error.detail}` };
    }
    case 'resolvconf':
      return os.resolvconf() === undefined ? undefined : resolvconf(os, resolvconfRemoving(step.record), '');
    case 'detour':
      return nft(os, NO_DETOUR);
    case 'file': {
      const emptied = await hasForgotten(os, step);
      if (emptied) return emptied;
      return attempt(`restore ${step.path}`, () => {
        os.resolvConf.tidy(step.path);
        // Whatever somebody else has put there is newer than what we would put back.
        if (isOurs(os.resolvConf.at(step.path), step)) os.resolvConf.put(step.path, step.before);
      });
    }
  }
}

/** Of a network that documentation alone uses (RFC 5737): a question about it tells nobody anything. */
const NOBODYS_ADDRESS = Uint8Array.of(192, 0, 2, 1);

/**
 * A systemd-resolved without an address of its own takes the servers of our file for its own, and would keep them when its
 * list stands there again. It forgets them when it finds a file without any, as it looks at it for a question.
 */
async function hasForgotten(os: DnsOs, step: DnsStep & { kind: 'file' }): Promise<Refusal | undefined> {
  if (step.before.kind !== 'link' || (await os.resolved.present()) !== 'there') return undefined;
  if (await os.resolved.stub()) return undefined;
  const refused = attempt(`empty ${step.path}`, () => {
    if (!isOurs(os.resolvConf.at(step.path), step)) return;
    os.resolvConf.put(step.path, { kind: 'file', text: EMPTIED, mode: 0o644, uid: 0, gid: 0 });
  });
  if (refused) return refused;
  // The answer does not matter, and may be long in coming. What is asked behind it is answered behind it.
  void os.resolved.call('ResolveAddress', 'iiayt', [0, AF_INET, NOBODYS_ADDRESS, 0n]);
  await os.resolved.stub();
  return undefined;
}

const UNKNOWN_METHOD = 'org.freedesktop.DBus.Error.UnknownMethod';

/** How the bus and systemd-resolved say that what is to be undone is not there any more. */
const GONE: ReadonlySet<string> = new Set([
  'org.freedesktop.resolve1.NoSuchLink',
  'org.freedesktop.DBus.Error.ServiceUnknown',
  'org.freedesktop.DBus.Error.NameHasNoOwner',
]);

async function resolvconf(os: DnsOs, args: readonly string[], input: string): Promise<Refusal | undefined> {
  const command = ['resolvconf', ...args].join(' ');
  const done = await os.runResolvconf(args, input);
  if (!done.ok) return { command, detail: 'the program is missing' };
  if (done.value.status === 0) return undefined;
  return { command, detail: done.value.stderr.trim().split('\n')[0] ?? '' };
}

const DETOUR_TABLE = 'causeway_names';
/** Declared and deleted: that succeeds whether the table was there or not. */
const NO_DETOUR = `table inet ${DETOUR_TABLE} {}\ndelete table inet ${DETOUR_TABLE}\n`;

/** Its words were checked: an address of the loopback, and a port. */
export function detourScript({ address, port }: DnsStep & { kind: 'detour' }): string {
  return `table inet ${DETOUR_TABLE} {
  chain detour {
    type nat hook output priority -100;
    ip daddr ${address} meta l4proto { tcp, udp } th dport 53 dnat ip to ${address}:${port}
  }
}
`;
}

async function nft(os: DnsOs, script: string): Promise<Refusal | undefined> {
  const done = await os.nft(script);
  if (!done.ok) return { command: 'nft', detail: 'the program is missing' };
  if (done.value.status === 0) return undefined;
  return { command: 'nft', detail: done.value.stderr.trim().split('\n')[0] ?? '' };
}

function attempt(command: string, work: () => void): Refusal | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return { command, detail: error instanceof Error ? error.message : String(error) };
  }
}
