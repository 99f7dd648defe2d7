import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectionEventSchema, type ConnectionEvent } from '../../../core/contract/snapshot.ts';

const connected: ConnectionEvent = {
  event: 'connected',
  atMs: 812.25,
  gateway: { host: 'vpn.example.com', address: '192.0.2.1', port: 4500, identity: 'vpn.example.com' },
  addresses: ['10.3.0.5'],
  dns: ['10.0.0.53'],
  domains: [],
  selectors: { local: ['10.3.0.5/32'], remote: ['10.0.0.0/8'] },
  suite: { ike: 'aes256gcm16-prfsha384-ecp384', esp: 'aes256gcm16' },
  nat: true,
  spis: { in: 'c0ffee00', out: '00000100' },
  mtu: 1400,
  tun: 'causeway0',
  timing: { resolving: 12, init: 40.5, auth: 120, configuring: 30 },
};

const events: readonly ConnectionEvent[] = [
  { event: 'phase', atMs: 0, phase: 'resolving', gateway: 'vpn.example.com' },
  { event: 'phase', atMs: 20, phase: 'auth', gateway: '192.0.2.1:4500', method: 'eap-mschapv2' },
  { event: 'state', atMs: 3, state: 'roaming', doubt: 'checking' },
  {
    event: 'state',
    atMs: 4,
    state: 'reconnecting',
    attempt: 2,
    retryAtMs: 4000,
    cause: { code: 'peer.restarted', title: 'The gateway was restarted', why: 'It proved it.', context: {} },
  },
  connected,
  { event: 'counters', atMs: 1, bytesIn: 1, bytesOut: 2, packetsIn: 3, packetsOut: 4, drops: { replay: 1 } },
  { event: 'warning', atMs: 1, code: 'key-log', message: 'Keys are being written.' },
  { event: 'disconnected', atMs: 5, reason: 'user' },
];

test('every event survives the way through JSON', () => {
  for (const event of events)
    assert.deepEqual(connectionEventSchema.parse(JSON.parse(JSON.stringify(event))), event);
});

test('an event with something that is not agreed on is refused', () => {
  for (const change of [
    { secret: 'x' },
    { spis: { in: 'C0FFEE00', out: '00000100' } },
    { mtu: -1 },
    { timing: { waiting: 1 } },
    { atMs: -1 },
    { event: 'connecting' },
  ])
    assert.equal(connectionEventSchema.safeParse({ ...connected, ...change }).success, false);
});
