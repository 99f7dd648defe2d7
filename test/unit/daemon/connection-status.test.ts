import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { daemonApi } from '../../../core/contract/daemon-api.ts';
import type { ConnectionEvent } from '../../../core/contract/snapshot.ts';
import {
  type ConnectionRecord,
  newRecord,
  seenBy,
  withEvent,
} from '../../../core/daemon/connection-status.ts';

const START = 1_700_000_000_000;
const ALICE = { uid: 1000, isAdministrator: false };
const BOB = { uid: 1001, isAdministrator: false };
const ADMIN = { uid: 0, isAdministrator: true };
const CAUSE = {
  code: 'timeout.liveness',
  title: 'The gateway fell silent',
  why: 'It did not answer.',
  context: {},
} as const;
const CONNECTED: ConnectionEvent = {
  event: 'connected',
  atMs: 90,
  gateway: { host: 'vpn.example.com', address: '203.0.113.1', port: 4500, identity: 'vpn.example.com' },
  addresses: ['10.9.0.5'],
  dns: [],
  domains: [],
  selectors: { local: ['10.9.0.5/32'], remote: ['10.0.0.0/8'] },
  suite: { ike: 'a', esp: 'b' },
  nat: true,
  spis: { in: '00000001', out: '00000002' },
  mtu: 1400,
  tun: 'causeway0',
  timing: {},
};

function after(...events: readonly ConnectionEvent[]): ConnectionRecord {
  return events.reduce<ConnectionRecord>(
    withEvent,
    newRecord({ id: 'system.office', name: 'Office' }, ALICE.uid, START),
  );
}

describe('the status of a connection', () => {
  const roaming = after(
    { event: 'state', atMs: 5, state: 'connecting' },
    CONNECTED,
    { event: 'state', atMs: 100, state: 'connected' },
    { event: 'counters', atMs: 1100, bytesIn: 1, bytesOut: 2, packetsIn: 3, packetsOut: 4, drops: {} },
    { event: 'state', atMs: 2000, state: 'reconnecting', attempt: 1, retryAtMs: 5000, cause: CAUSE },
  );

  test('says where it is, since when and why, on the wall clock', () => {
    const { state, since, attempt, retryAt, cause, traffic, facts } = seenBy(roaming, undefined, ALICE);
    assert.deepEqual([state, since, attempt, retryAt], ['reconnecting', START + 2000, 1, START + 5000]);
    assert.deepEqual(cause, CAUSE);
    assert.equal(traffic?.packetsOut, 4);
    assert.equal(facts?.tun, 'causeway0');
  });

  test('forgets what no longer holds when the state changes, and keeps since when it lasts', () => {
    const again = withEvent(roaming, { event: 'state', atMs: 2500, state: 'reconnecting', attempt: 2 });
    assert.deepEqual(
      [again.status.since, again.status.attempt, again.status.retryAt],
      [START + 2000, 2, undefined],
    );
    const back = withEvent(again, { event: 'state', atMs: 3000, state: 'connected' });
    assert.equal(back.status.cause, undefined);
    assert.equal(back.status.since, START + 3000);
  });

  test('shows its owner and administrators everything, and others nothing that is not theirs', () => {
    const need = {
      id: 7,
      what: 'password',
      rejected: true,
      profile: 'Office',
      username: 'alice',
      until: 1,
    } as const;
    assert.deepEqual(seenBy(roaming, need, BOB), {
      profile: { id: 'system.office', name: 'Office' },
      isYours: false,
      startedAt: START,
      state: 'asking',
      since: START + 2000,
      warnings: [],
    });
    assert.equal(seenBy(roaming, need, ALICE).need?.id, 7);
    const admin = seenBy(roaming, need, ADMIN);
    assert.equal(admin.facts?.tun, 'causeway0');
    assert.equal(admin.need, undefined);
  });

  test('keeps the last of each warning, and not more than fit', () => {
    let record = after();
    for (let i = 0; i < 50; i++) {
      record = withEvent(record, { event: 'warning', atMs: i, code: `code-${i % 30}`, message: `${i}` });
    }
    assert.equal(record.status.warnings.length, 20);
    assert.equal(record.status.warnings.at(-1)?.message, '49');
  });

  test('is what the contract says, in every state', () => {
    const { item } = daemonApi.streams.status;
    for (const watcher of [ALICE, BOB, ADMIN]) {
      const records: readonly ConnectionRecord[] = [after(), after(CONNECTED), roaming];
      for (const record of records) {
        const status: unknown = {
          version: '1',
          protection: { killSwitch: 'off', blocked: false },
          connection: seenBy(record, undefined, watcher),
        };
        assert.deepEqual(item.parse(status), status);
      }
    }
  });
});
