import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AppState } from '../../../core/contract/gui-api.ts';
import { STATES } from '../../../core/contract/snapshot.ts';
import { type TrayIcon, type TrayItem, trayModel } from '../../../electron/main/tray-model.ts';
import { wordsOf } from '../../../electron/main/words.ts';
import { app, CALM, connection, need, told } from './states.ts';

const { tray: WORDS } = wordsOf('en');
const BLOCKED = { killSwitch: 'always', blocked: true } as const;
const WARNING = { code: 'mtu-low', message: 'Packets are lost.' };

const TABLE: readonly (readonly [string, AppState, TrayIcon, string])[] = [
  ['nothing is connected', app(null), 'disconnected', 'Disconnected'],
  ['it is being connected', app(connection()), 'connecting', 'Office: connecting …'],
  ['it prepares', app(connection({ state: 'preparing' })), 'connecting', 'Office: connecting …'],
  ['it is set up', app(connection({ state: 'configuring' })), 'connecting', 'Office: connecting …'],
  ['it is connected', app(connection({ state: 'connected' })), 'connected', 'Office: connected'],
  ['it moves', app(connection({ state: 'roaming' })), 'connected', 'Office: changing the network …'],
  ['it is made anew', app(connection({ state: 'reconnecting' })), 'connecting', 'Office: connecting again …'],
  [
    'there is no network',
    app(connection({ state: 'waiting-for-network' })),
    'connecting',
    'Office: waiting for a network',
  ],
  [
    'it waits for a packet',
    app(connection({ state: 'on-demand' })),
    'connecting',
    'Office: connects when it is needed',
  ],
  ['it ends', app(connection({ state: 'disconnecting' })), 'disconnected', 'Office: disconnecting …'],
  [
    'somebody is asked',
    app(connection({ state: 'asking', need: need() })),
    'attention',
    'Office: needs your answer',
  ],
  [
    'something about it is odd',
    app(connection({ state: 'connected', warnings: [WARNING] })),
    'attention',
    'Office: connected, something is worth knowing',
  ],
  ['the last one failed', app(null, { lastFailure: told('network.no-route') }), 'attention', 'Disconnected'],
  ['nothing passes', app(null, { protection: BLOCKED }), 'blocked', 'Disconnected: nothing passes'],
  [
    'nothing passes until it is made anew',
    app(connection({ state: 'reconnecting' }), { protection: BLOCKED }),
    'blocked',
    'Office: connecting again …',
  ],
  [
    'it begins while nothing passes',
    app(connection(), { protection: BLOCKED }),
    'connecting',
    'Office: connecting …',
  ],
  [
    'the service is looked for',
    { ...CALM, status: null, service: { link: 'connecting' } },
    'disconnected',
    'Looking for the service …',
  ],
  ...(['absent', 'no-access', 'untrusted', 'other-version'] as const).map(
    (link) =>
      [
        `the service is ${link}`,
        { ...CALM, status: null, service: { link } },
        'attention',
        'The service of Causeway cannot be reached',
      ] as const,
  ),
];

for (const [what, state, icon, said] of TABLE) {
  test(`when ${what} the icon is ${icon} and says '${said}'`, () => {
    const model = trayModel(state, WORDS);
    assert.equal(model.icon, icon);
    assert.equal(model.tooltip, `Causeway: ${said}`);
    assert.deepEqual(model.items[0], { kind: 'item', label: said, enabled: false });
  });
}

test('every state of a connection is in the table, and has words in each language', () => {
  const shown = TABLE.map(([, { status }]) => status?.connection?.state);
  for (const state of [...STATES, 'asking'] as const) {
    assert.ok(shown.includes(state), state);
    for (const language of ['en', 'de'] as const) assert.ok(state in wordsOf(language).tray.states, state);
  }
});

function labels(state: AppState): readonly string[] {
  return trayModel(state, WORDS).items.map((item) => (item.kind === 'line' ? '-' : item.label));
}

function item(state: AppState, label: string): TrayItem & { kind: 'item' } {
  const found = trayModel(state, WORDS).items.find((one) => one.kind === 'item' && one.label === label);
  assert.ok(found?.kind === 'item', label);
  return found;
}

test('without a connection every profile can be connected, as long as there is a service', () => {
  assert.deepEqual(labels(CALM), ['Disconnected', '-', 'Connect Office', '-', 'Open Causeway', 'Quit']);
  assert.equal(item(CALM, 'Connect Office').enabled, true);
  const lost: AppState = { ...CALM, status: null, service: { link: 'absent' } };
  assert.equal(item(lost, 'Connect Office').enabled, false);
});

test('with one it can be disconnected by whom it belongs to, once', () => {
  const up = app(connection({ state: 'connected' }));
  assert.deepEqual(item(up, 'Disconnect Office').action, { kind: 'disconnect' });
  assert.equal(item(up, 'Disconnect Office').enabled, true);
  assert.ok(!labels(up).includes('Connect Office'));
  assert.equal(item(app(connection({ isYours: false })), 'Disconnect Office').enabled, false);
  assert.equal(item(app(connection({ state: 'disconnecting' })), 'Disconnect Office').enabled, false);
});

test('who quits while they are connected is told that they stay so', () => {
  assert.ok(labels(app(connection({ state: 'connected' }))).includes('Quit, and stay connected'));
  assert.ok(labels(app(connection({ isYours: false }))).includes('Quit'));
});

test('without profiles it says so', () => {
  assert.equal(item({ ...CALM, profiles: [] }, 'No profiles yet').enabled, false);
});

test('names of others are one short line, and there are not more of them than a menu holds', () => {
  const [one] = CALM.profiles;
  assert.ok(one);
  const profiles = Array.from({ length: 40 }, (_, at) => ({
    ...one,
    name: `${at}\n${'x'.repeat(300)}\u202e`,
  }));
  const shown = labels({ ...CALM, profiles }).filter((label) => label.startsWith('Connect'));
  assert.equal(shown.length, 12);
  for (const label of shown) assert.match(label, /^[\x20-\x7e…]{1,80}$/);
});
