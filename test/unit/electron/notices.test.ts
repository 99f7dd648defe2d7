import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { AppState } from '../../../core/contract/gui-api.ts';
import { NoticeWatch, noticesBetween } from '../../../electron/main/notices.ts';
import { app, CALM, connection, need, told } from './states.ts';

const UP = app(connection({ state: 'connected' }));
const LOOKING: AppState = { ...CALM, status: null, service: { link: 'connecting' } };
const ABSENT: AppState = { ...CALM, status: null, service: { link: 'absent' } };

function after(...states: readonly AppState[]): readonly string[] {
  const watch = new NoticeWatch();
  return states.flatMap((state) => watch.next(state)).map(({ kind }) => kind);
}

describe('somebody is told', () => {
  test('that they are connected, when it took its time', () => {
    assert.deepEqual(noticesBetween(app(connection()), UP), [{ kind: 'connected', profile: 'Office' }]);
  });

  test('that a connection is interrupted, and that it is back', () => {
    const again = app(connection({ state: 'reconnecting' }));
    assert.deepEqual(after(UP, again, UP), ['lost', 'connected']);
  });

  test('that they are asked for something, once', () => {
    const asking = app(connection({ state: 'asking', need: need() }));
    assert.deepEqual(noticesBetween(app(connection()), asking), [
      { kind: 'asked', profile: 'Office', what: 'password' },
    ]);
    assert.deepEqual(noticesBetween(asking, asking), []);
    const second = app(connection({ state: 'asking', need: need({ id: 2, rejected: true }) }));
    assert.equal(noticesBetween(asking, second).length, 1);
  });

  test('that a connection failed, and that nothing passes then', () => {
    const lastFailure = told('auth.wrong-password');
    assert.deepEqual(noticesBetween(UP, app(null, { lastFailure })), [
      { kind: 'failed', profile: 'Office', failure: { code: 'auth.wrong-password', context: {} } },
    ]);
    const blocked = app(null, { lastFailure, protection: { killSwitch: 'always', blocked: true } });
    assert.deepEqual(after(UP, blocked), ['failed', 'blocked']);
  });

  test('that the service is gone with their connection', () => {
    assert.deepEqual(after(UP, LOOKING, ABSENT), ['service-gone']);
    assert.deepEqual(after(UP, LOOKING, app(null)), ['service-gone']);
  });
});

describe('nobody is told', () => {
  const quiet: readonly (readonly [string, readonly AppState[]])[] = [
    [
      'that a connection ended as they wanted it',
      [UP, app(connection({ state: 'disconnecting' })), app(null)],
    ],
    ['that a connection moved', [UP, app(connection({ state: 'roaming' })), UP]],
    ['that the service was away for a moment, and the connection is there', [UP, LOOKING, UP]],
    ['that the service is away while nothing is connected', [app(null), LOOKING, ABSENT, app(null)]],
    ['of what was there when the app was started', [LOOKING, UP]],
    [
      'of somebody else’s connection',
      [
        app(connection({ isYours: false })),
        app(connection({ isYours: false, state: 'asking', need: need() })),
        app(connection({ isYours: false, state: 'connected' })),
        ABSENT,
      ],
    ],
    [
      'of a failure that they know',
      [
        app(connection(), { lastFailure: told('network.no-route') }),
        app(null, { lastFailure: told('network.no-route') }),
      ],
    ],
  ];
  for (const [what, states] of quiet) test(what, () => assert.deepEqual(after(...states), []));
});
