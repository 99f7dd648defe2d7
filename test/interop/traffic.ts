import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Namespace } from '../support/netns.ts';
import { octetsSummary } from './octets.ts';

const HTTP_HOST = join(import.meta.dirname, 'http-host.ts');
const HTTP_VISIT = join(import.meta.dirname, 'http-visit.ts');
const PORT = 8080;

const PING_EACH = `
  ping -n -q -c 1 -W 1 "$1" >/dev/null
  for n in $(seq "$2"); do ping -n -q -c 1 -W 5 "$1" || exit 1; done`;

/**
 * Asserts that every one of `count` pings from the namespace is answered within five seconds. Each is a command of
 * its own: a ping of several stops waiting two round trips after the last, which a busy machine can exceed. The
 * first goes uncounted: the kernel may still be adding the local route of a new IPv6 address in the background.
 */
export async function assertPings(from: Namespace, target: string, count = 3): Promise<void> {
  const argv = ['/bin/sh', '-c', PING_EACH, 'sh', target, String(count)];
  const { status, stdout, stderr } = await from.execAsync(argv);
  assert.equal(status, 0, `ping ${target}: status ${status}\n${stdout}${stderr}`);
}

/** Asserts that a ping of one packet is not answered within half a second. */
export async function assertNoPing(from: Namespace, target: string): Promise<void> {
  const { status } = await from.execAsync(['ping', '-n', '-q', '-c', '1', '-W', '0.5', target]);
  assert.notEqual(status, 0, `${target} answered`);
}

/** Starts the web host in the office; resolves once it listens. Kill the child when done. */
export async function startWebHost(lan: Namespace): Promise<ChildProcess> {
  const child = lan.spawn([process.execPath, HTTP_HOST, String(PORT)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (child.stdout) await once(child.stdout, 'data');
  return child;
}

/** Fetches `length` octets and asserts that they are the right ones. */
export async function assertDownload(from: Namespace, host: string, length: number): Promise<void> {
  assert.equal(await visit(from, ['get', `${urlOf(host)}/${length}`]), octetsSummary(length));
}

/** Sends `length` octets and asserts that the host got the right ones. */
export async function assertUpload(from: Namespace, host: string, length: number): Promise<void> {
  assert.equal(await visit(from, ['put', `${urlOf(host)}/`, String(length)]), octetsSummary(length));
}

function urlOf(host: string): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${PORT}`;
}

async function visit(from: Namespace, args: readonly string[]): Promise<string> {
  const { stdout, stderr } = await from.execAsync([process.execPath, HTTP_VISIT, ...args], {
    timeoutMs: 60_000,
  });
  return stdout.trim() || `no answer: ${stderr}`;
}
