import { execFile } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { arch, hostname, release } from 'node:os';
import { FIREWALL_TABLE } from '../../platform/linux/firewall-script.ts';
import type { Tool } from '../../platform/linux/os.ts';
import { findTool } from '../../platform/linux/tools.ts';
import { fieldsOf } from '../groups.ts';
import type { KnownName } from './pseudonyms.ts';

const TOOL_TIMEOUT_MS = 5_000;
const TOOL_OCTETS = 4 * 1024 * 1024;
/** Characters of one view that are kept. */
const VIEW_CHARACTERS = 100_000;
const RESOLV_CONF = '/etc/resolv.conf';
/** People have these numbers; the system's own users have others. */
const FIRST_PERSON = 1000;
const LAST_PERSON = 60_000;

/** What is looked at, with a tool that changes nothing. */
const VIEWS: Readonly<Record<string, readonly [tool: Tool, ...args: string[]]>> = {
  links: ['ip', '-details', 'link'],
  addresses: ['ip', 'address'],
  'rules v4': ['ip', 'rule'],
  'rules v6': ['ip', '-6', 'rule'],
  'routes v4': ['ip', 'route', 'show', 'table', 'all'],
  'routes v6': ['ip', '-6', 'route', 'show', 'table', 'all'],
  firewall: ['nft', 'list', 'table', 'inet', FIREWALL_TABLE],
};

/** The network of this machine as the service sees it. */
export async function machineView(): Promise<Record<string, unknown>> {
  const views = await Promise.all(
    Object.entries(VIEWS).map(async ([name, [tool, ...args]]) => [name, await look(tool, args)] as const),
  );
  return { ...Object.fromEntries(views), 'resolv.conf': resolvConf() };
}

function resolvConf(): Readonly<Record<string, unknown>> {
  return {
    link: attempt(() => readlinkSync(RESOLV_CONF)) ?? 'none',
    lines: linesOf(attempt(() => readFileSync(RESOLV_CONF, 'utf8')) ?? ''),
  };
}

/** What a tool says, a line each; or why it says nothing. */
function look(tool: Tool, args: readonly string[]): Promise<readonly string[] | string> {
  const path = findTool(tool);
  if (!path.ok) return Promise.resolve(`there is no ${tool}`);
  const options = {
    timeout: TOOL_TIMEOUT_MS,
    maxBuffer: TOOL_OCTETS,
    env: { LC_ALL: 'C', PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
    cwd: '/',
  };
  return new Promise((resolve) => {
    execFile(path.value, args, options, (error, stdout, stderr) => {
      resolve(error ? `${tool}: ${stderr.split('\n')[0] ?? ''}` : linesOf(stdout));
    });
  });
}

function linesOf(text: string): string[] {
  const kept = text.slice(0, VIEW_CHARACTERS);
  const lines = kept.split('\n').filter((line) => line.trim() !== '');
  return kept.length < text.length ? [...lines, '(and more)'] : lines;
}

export function machineVersions(version: string): Record<string, string> {
  const system = /^PRETTY_NAME="?([^"\n]*)/m.exec(
    attempt(() => readFileSync('/etc/os-release', 'utf8')) ?? '',
  );
  return {
    causeway: version,
    node: process.versions.node,
    openssl: process.versions.openssl,
    system: system?.[1] ?? 'unknown',
    kernel: `${release()} ${arch()}`,
  };
}

/** This machine, the domains that it searches, and the people who have an account on it. */
export function machineNames(): KnownName[] {
  const host = hostname();
  const hosts = [host, host.split('.')[0] ?? ''];
  const searched = /^\s*(?:search|domain)\s+(.*)$/gm;
  for (const [, list = ''] of (attempt(() => readFileSync(RESOLV_CONF, 'utf8')) ?? '').matchAll(searched)) {
    hosts.push(...list.split(/\s+/));
  }
  const people = fieldsOf(attempt(() => readFileSync('/etc/passwd', 'utf8')) ?? '').flatMap(
    ([name = '', , uid, , fullName = '']) =>
      Number(uid) >= FIRST_PERSON && Number(uid) < LAST_PERSON ? [name, fullName.split(',')[0] ?? ''] : [],
  );
  return [
    // A machine that was given no name has this one.
    ...hosts
      .filter((text) => text !== 'localhost' && text !== '.')
      .map((text) => ({ kind: 'host' as const, text })),
    ...people.map((text) => ({ kind: 'user' as const, text })),
  ];
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
