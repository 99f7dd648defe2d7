import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fewAtOnce, provideThreads } from '../../../core/daemon/threads.ts';

describe('lookups of users', () => {
  test('take their turn, and are refused when too many wait', async () => {
    const inTurn = fewAtOnce<number>(2);
    const open = Array.from({ length: 10 }, () => Promise.withResolvers<number>());
    let running = 0;
    const results = open.map(({ promise }) =>
      inTurn(() => {
        running += 1;
        return promise;
      }),
    );
    assert.equal(running, 2);
    await assert.rejects(
      inTurn(() => Promise.resolve(0)),
      { code: 'EBUSY' },
    );
    open[0]?.reject(new Error('no answer'));
    await assert.rejects(results[0] ?? Promise.resolve(), /no answer/);
    await new Promise(setImmediate);
    assert.equal(running, 3);
    for (const [i, { resolve }] of open.entries()) resolve(i);
    assert.deepEqual(await Promise.all(results.slice(1)), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assert.equal(await inTurn(() => Promise.resolve(7)), 7);
  });

  test('leave threads for those of connections, unless the machine’s administrator chose their number', () => {
    const environment: NodeJS.ProcessEnv = {};
    provideThreads(environment);
    assert.ok(Number(environment['UV_THREADPOOL_SIZE']) / 2 > 4);
    const chosen = { UV_THREADPOOL_SIZE: '6' };
    provideThreads(chosen);
    assert.equal(chosen.UV_THREADPOOL_SIZE, '6');
  });
});
