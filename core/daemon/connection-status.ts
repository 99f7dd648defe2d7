import { isDeepStrictEqual } from 'node:util';
import type { ConnectionStatus, Need, ToldFailure } from '../contract/daemon-api.ts';
import type { ConnectionEvent } from '../contract/snapshot.ts';

/** All that is known of a connection; who may see what of it is decided in `seenBy`. */
export interface ConnectionRecord {
  readonly profile: { readonly id: string; readonly name: string };
  readonly ownerUid: number;
  /** On the wall clock; the times of events count from it. */
  readonly startedAt: number;
  readonly status: Omit<ConnectionStatus, 'isYours' | 'profile' | 'startedAt' | 'need'>;
  readonly failure: ToldFailure | undefined;
}

const MAX_WARNINGS = 20;

export function newRecord(
  profile: ConnectionRecord['profile'],
  ownerUid: number,
  startedAt: number,
): ConnectionRecord {
  return {
    profile,
    ownerUid,
    startedAt,
    status: { state: 'preparing', since: startedAt, warnings: [] },
    failure: undefined,
  };
}

/** What a connection reports, added to what is known of it; the record itself when that is nothing new. */
export function withEvent(record: ConnectionRecord, event: ConnectionEvent): ConnectionRecord {
  const { status, startedAt } = record;
  const epochOf = (atMs: number): number => startedAt + atMs;
  switch (event.event) {
    case 'phase':
      return { ...record, status: { ...status, phase: event.phase } };
    case 'state': {
      const { facts, traffic, warnings } = status;
      const since = event.state === status.state ? status.since : epochOf(event.atMs);
      const retryAt = event.retryAtMs === undefined ? {} : { retryAt: epochOf(event.retryAtMs) };
      const { state, doubt, attempt, cause } = event;
      const told = {
        ...(doubt === undefined ? {} : { doubt }),
        ...(attempt === undefined ? {} : { attempt }),
        ...(cause === undefined ? {} : { cause }),
        // They were those of a session that is gone.
        ...(facts === undefined || state === 'on-demand' ? {} : { facts }),
        ...(traffic === undefined || state === 'on-demand' ? {} : { traffic }),
      };
      return { ...record, status: { state, since, warnings, ...told, ...retryAt } };
    }
    case 'connected':
      return { ...record, status: { ...status, facts: without(event, 'event', 'atMs') } };
    case 'counters': {
      const traffic = without(event, 'event', 'atMs');
      // Nobody has to hear again and again that nothing passes.
      if (isDeepStrictEqual(traffic, status.traffic)) return record;
      return { ...record, status: { ...status, traffic } };
    }
    case 'warning': {
      const warnings = status.warnings.filter(({ code }) => code !== event.code);
      const told = without(event, 'event', 'atMs');
      return { ...record, status: { ...status, warnings: [...warnings, told].slice(-MAX_WARNINGS) } };
    }
    case 'failed':
      return { ...record, failure: event.failure };
    case 'disconnected':
      return record;
  }
}

/**
 * What a watcher sees of a connection: its owner and administrators everything, others that it is there, whose profile
 * it has and how it fares, but no address, no name and nothing that could be answered.
 */
export function seenBy(
  { profile, ownerUid, startedAt, status }: ConnectionRecord,
  need: Need | undefined,
  watcher: { readonly uid: number; readonly isAdministrator: boolean },
): ConnectionStatus {
  const isYours = watcher.uid === ownerUid;
  const state = need ? 'asking' : status.state;
  if (!isYours && !watcher.isAdministrator) {
    return { profile, isYours, startedAt, state, since: status.since, warnings: [] };
  }
  return { profile, isYours, startedAt, ...status, state, ...(need && isYours ? { need } : {}) };
}

function without<T extends object, K extends keyof T>(value: T, ...keys: readonly K[]): Omit<T, K> {
  const copy: T = { ...value };
  for (const key of keys) Reflect.deleteProperty(copy, key);
  return copy;
}
