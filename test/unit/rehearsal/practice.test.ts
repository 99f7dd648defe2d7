/** What a service does to be fast before anybody asks it for anything: it must end, and touch nothing. */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { rehearseCalls } from '../../../build/call-rehearsal.ts';
import { rehearseClient } from '../../../build/client-rehearsal.ts';
import { practise } from '../../../build/practice.ts';
import { rehearsalScript } from '../../../build/rehearsal-script.ts';
import { rehearseConnection, type Script } from '../../../build/rehearsal.ts';

describe('a rehearsal', () => {
  let script: Script;

  before(async () => {
    script = await rehearsalScript();
  });

  test('of a connection comes to stand and ends in order, as often as it is played', async () => {
    await rehearseConnection(script);
    await rehearseConnection(script);
  });

  test('of calls and of their client ends', async () => {
    await rehearseCalls();
    await rehearseClient();
  });

  test('is played as often as it is wanted, while nobody connects', async () => {
    let looks = 0;
    const service = {
      get isIdle() {
        return ++looks < 3;
      },
    };
    await practise(script, service, 100);
    assert.equal(looks, 3);
    await practise(script, service, 0);
    assert.equal(looks, 3);
  });
});
