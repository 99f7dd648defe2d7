import assert from 'node:assert/strict';
import type { StateEvent } from '../../core/contract/snapshot.ts';
import type { Causeway } from '../interop/causeway.ts';
import type { Work } from '../interop/roaming.ts';
import { NetLab, type Namespace } from '../support/netns.ts';
import { strongswanMissing } from '../support/strongswan-daemon.ts';

/** What the tests of a connection that stays have in common. */

/** Why they cannot run here. */
export const skip: string | false = NetLab.unavailable() || strongswanMissing() || false;

/** Whether to take the hours that the full numbers need: CAUSEWAY_LONG=1. */
const long = process.env['CAUSEWAY_LONG'] === '1';

/** `few` times in the tests of every day, `many` times when there is time. */
export function times(few: number, many: number): number {
  return long ? many : few;
}

/** Limit of a test that waits for other processes, in milliseconds. */
export function limit(
  fewMs: number,
  manyMs: number,
): { readonly skip: string | false; readonly timeout: number } {
  return { skip, timeout: long ? manyMs : fewMs };
}

/** For what only makes sense when it takes long. */
export function longOnly(timeoutMs: number): { readonly skip: string | false; readonly timeout: number } {
  return { skip: long ? skip : 'takes minutes: CAUSEWAY_LONG=1', timeout: timeoutMs };
}

export function statesOf({ events }: Causeway): StateEvent[] {
  return events.filter((event) => event.event === 'state');
}

/** Asserts that the connection has been the same one all the time. */
export function assertNeverReconnected(client: Causeway): void {
  const left = statesOf(client).filter(({ state }) => state === 'reconnecting' || state === 'disconnecting');
  assert.deepEqual(left, []);
  assert.deepEqual(
    client.events.filter(({ event }) => event === 'failed'),
    [],
  );
}

/** Ends the work, and asserts that the download was whole and right. */
export async function assertWhole({ download, stream }: Work): Promise<void> {
  const { ended, intact, octets } = await download.finish();
  assert.deepEqual({ ended, intact }, { ended: 'whole', intact: true });
  assert.ok(octets > 0);
  await stream.stop(0);
}

/** Datagrams that the kernel dropped in a namespace because whoever they were for did not read them in time. */
export function overflowsIn(namespace: Namespace): number {
  const counters = namespace.run(['cat', '/proc/net/snmp', '/proc/net/snmp6']);
  const [names = '', values = ''] = counters.split('\n').filter((line) => line.startsWith('Udp: '));
  const four = values.split(' ')[names.split(' ').indexOf('RcvbufErrors')];
  const six = /^Udp6RcvbufErrors\s+(\d+)/m.exec(counters)?.[1];
  return Number(four) + Number(six);
}

/** Numbers from 0 to below 1, the same in every run. */
export function chances(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** How many, their median and the greatest, in words; of times in milliseconds. */
export function spreadOf(ms: readonly number[]): string {
  const sorted = ms.toSorted((a, b) => a - b);
  const [median = 0, greatest = 0] = [sorted[sorted.length >> 1], sorted.at(-1)];
  return `${Math.round(median)} ms in the middle, ${Math.round(greatest)} ms at most, ${sorted.length} times`;
}
