import { setTimeout as pause } from 'node:timers/promises';
import type { DaemonApi } from '../../core/contract/daemon-api.ts';
import type { Client } from '../../core/rpc/client.ts';
import type { DaemonProcess } from './daemon.ts';
import { StatusWatch } from './daemon.ts';

/** What all calls of a fleet of clients came to. */
export interface FleetOutcome {
  /** Milliseconds of each call, as they were answered. */
  readonly latenciesMs: readonly number[];
  /** Codes of calls that failed. */
  readonly failures: readonly string[];
  /** Items of the status stream, over all clients. */
  readonly items: number;
}

/** What users and their apps ask all the time. */
const ASKS: readonly ((client: Client<DaemonApi>, profile: string) => Promise<Answer>)[] = [
  (client) => client.call('profile.list', {}),
  (client, profile) => client.call('profile.read', { profile }),
  (client) => client.call('settings.read', {}),
  (client, profile) => client.call('policy.read', { profile }),
  (client, profile) => client.call('policy.explain', { profile, destination: '192.0.2.7' }),
  (client, profile) => client.call('policy.lint', { profile, policy: { version: 1 } }),
];
/** Each of these changes what is shown to everybody, or on the disk. */
const SELDOM: typeof ASKS = [
  (client, profile) => client.call('policy.write', { profile, policy: { version: 1 } }),
  (client) => client.call('settings.write', { killSwitch: 'off', lan: true }),
];
const SELDOM_EVERY = 50;

type Answer = { readonly ok: true } | { readonly ok: false; readonly error: { readonly code: string } };

/** So many clients watch, and together make so many calls a second, spread over the time. */
export async function runFleet(
  daemon: DaemonProcess,
  profile: string,
  { clients: count, perSecond, seconds }: { clients: number; perSecond: number; seconds: number },
): Promise<FleetOutcome> {
  const clients = await Promise.all(Array.from({ length: count }, () => daemon.client()));
  const watches = clients.map((client) => new StatusWatch(client));
  const latenciesMs: number[] = [];
  const failures: string[] = [];
  const pending: Promise<void>[] = [];
  const startedAt = performance.now();
  for (let call = 0; call < perSecond * seconds; call++) {
    const client = clients[call % count];
    const asks = call % SELDOM_EVERY === 0 ? SELDOM : ASKS;
    const ask = asks[Math.floor(call / (asks === SELDOM ? SELDOM_EVERY : 1)) % asks.length];
    if (!client || !ask) throw new RangeError('no client');
    const wait = startedAt + (call * 1000) / perSecond - performance.now();
    if (wait > 1) await pause(wait);
    const askedAt = performance.now();
    pending.push(
      ask(client, profile).then((answer) => {
        latenciesMs.push(performance.now() - askedAt);
        if (!answer.ok) failures.push(answer.error.code);
      }),
    );
  }
  await Promise.all(pending);
  const items = watches.reduce((sum, { items: seen }) => sum + seen.length, 0);
  for (const client of clients) client.close();
  return { latenciesMs, failures, items };
}

/** The value that so much (0..1) of the others are not above. Throws RangeError for none. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];
  if (value === undefined) throw new RangeError('the quantile of nothing');
  return value;
}
