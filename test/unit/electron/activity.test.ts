import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ServiceLink } from '../../../core/contract/gui-api.ts';
import type { ConnectionStatus, Status } from '../../../core/contract/daemon-api.ts';
import { activityBetween, withActivity } from '../../../electron/main/activity.ts';
import type { DaemonView } from '../../../electron/main/daemon-link.ts';
import { connection, status, told } from './states.ts';

function view(of: ConnectionStatus | null, change: Partial<Status> = {}): DaemonView {
  return { link: 'ready', status: status(of, change), profiles: [], machine: null };
}

function without(link: ServiceLink): DaemonView {
  return { link, status: null, profiles: [], machine: null };
}

function between(before: DaemonView, after: DaemonView): string[] {
  return activityBetween(before, after, 5).map(({ kind, what }) => `${kind} ${what}`);
}

test('what begins, changes and ends is written down with its time and profile', () => {
  assert.deepEqual(activityBetween(view(null), view(connection()), 5), [
    { at: 5, kind: 'state', what: 'connecting', profile: 'Office' },
  ]);
  assert.deepEqual(between(view(connection()), view(connection({ state: 'connected' }))), [
    'connected connected',
  ]);
  assert.deepEqual(between(view(connection({ state: 'connected' })), view(null)), ['ended ended']);
});

test('what stays as it is is not', () => {
  const up = connection({ state: 'connected' });
  assert.deepEqual(between(view(up), view({ ...up, since: 7 })), []);
});

test('a failure is kept with all that explains it', () => {
  const why = told('auth.wrong-password');
  const [entry] = activityBetween(view(connection()), view(null, { lastFailure: why }), 5);
  assert.deepEqual(entry, {
    at: 5,
    kind: 'failure',
    what: why.code,
    failure: why,
    profile: 'Office',
  });
});

test('a warning is told once', () => {
  const warned = connection({
    state: 'connected',
    warnings: [{ code: 'mtu-low', message: 'Packets are lost.' }],
  });
  assert.deepEqual(between(view(connection({ state: 'connected' })), view(warned)), ['warning mtu-low']);
  assert.deepEqual(between(view(warned), view(warned)), []);
});

test('a service that goes takes its connection with it', () => {
  const up = view(connection({ state: 'connected' }));
  assert.deepEqual(between(up, without('connecting')), ['ended ended']);
  assert.deepEqual(between(without('connecting'), without('absent')), ['service absent']);
  assert.deepEqual(between(without('absent'), view(null)), ['service ready']);
});

test('the oldest go when there are more than anybody reads', () => {
  const entry = { at: 1, kind: 'service', what: 'ready' } as const;
  const all = withActivity(
    Array.from({ length: 500 }, () => entry),
    [{ ...entry, at: 2 }],
  );
  assert.equal(all.length, 500);
  assert.equal(all.at(-1)?.at, 2);
});
