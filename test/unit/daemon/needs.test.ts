import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SecretBytes } from '../../../core/lib/secret.ts';
import { utf8Text } from '../../../core/lib/bytes.ts';
import { Needs } from '../../../core/daemon/needs.ts';

interface Timer {
  readonly callback: () => void;
  cancelled: boolean;
}

function make(ahead?: SecretBytes): { needs: Needs; timers: Timer[]; changes: () => number } {
  const timers: Timer[] = [];
  let changes = 0;
  const needs = new Needs(
    {
      profile: { name: 'Office', username: 'alice' },
      epoch: () => 1000,
      after: (_ms, callback) => {
        const timer = { callback, cancelled: false };
        timers.push(timer);
        return () => (timer.cancelled = true);
      },
      onChange: () => changes++,
      ...(ahead ? { ahead } : {}),
    },
    5,
  );
  return { needs, timers, changes: () => changes };
}

const PASSWORD = { what: 'password', rejected: false } as const;

describe('what a connection needs of a person', () => {
  test('may be a one-time code, asked for with what the gateway says, each time anew', async () => {
    const { needs } = make();
    for (const id of [5, 6]) {
      const asked = needs.get({ what: 'one-time code', rejected: false, message: 'Press the button' });
      assert.equal(needs.current?.what, 'one-time code');
      assert.equal(needs.current.message, 'Press the button');
      assert.equal(needs.answer(id, SecretBytes.ofText(`code ${id}`)), true);
      const given = await asked;
      assert.equal(given && utf8Text(given.reveal()), `code ${id}`);
      assert.equal(needs.current, undefined);
    }
  });

  test('is told with who it is for and until when, and answered with a copy', async () => {
    const { needs, timers, changes } = make();
    const asked = needs.get(PASSWORD);
    assert.deepEqual(needs.current, {
      id: 5,
      what: 'password',
      rejected: false,
      profile: 'Office',
      username: 'alice',
      until: 301_000,
    });
    const secret = SecretBytes.ofText('secret');
    assert.equal(needs.answer(5, secret), true);
    secret.wipe();
    const given = await asked;
    assert.equal(given && utf8Text(given.reveal()), 'secret');
    assert.equal(needs.current, undefined);
    assert.equal(timers[0]?.cancelled, true);
    assert.equal(changes(), 2);
  });

  test('is answered once by what was given ahead, and then asked for', async () => {
    const { needs, changes } = make(SecretBytes.ofText('secret'));
    const given = await needs.get(PASSWORD);
    assert.equal(given && utf8Text(given.reveal()), 'secret');
    assert.equal(changes(), 0);
    void needs.get({ what: 'password', rejected: true });
    assert.equal(needs.current?.rejected, true);
    assert.equal(changes(), 1);
    needs.end();
  });

  test('is asked for although something was given ahead, once there was a connection or it is over', async () => {
    const connected = SecretBytes.ofText('secret');
    const { needs } = make(connected);
    needs.forgetAhead();
    assert.ok(connected.wiped);
    void needs.get(PASSWORD);
    assert.equal(needs.current?.id, 5);
    needs.end();
    const ended = SecretBytes.ofText('secret');
    const other = make(ended).needs;
    other.end();
    assert.ok(ended.wiped);
    assert.equal(await other.get(PASSWORD), undefined);
  });

  test('is not answered by an answer to something else, nor twice', async () => {
    const { needs } = make();
    const asked = needs.get(PASSWORD);
    assert.equal(needs.answer(4, SecretBytes.ofText('x')), false);
    assert.equal(needs.refuse(6), false);
    assert.equal(needs.refuse(5), true);
    assert.equal(needs.answer(5, SecretBytes.ofText('x')), false);
    assert.equal(await asked, undefined);
  });

  test('is given up when its time is over, when it is asked anew, and when the connection ends', async () => {
    const { needs, timers } = make();
    const first = needs.get(PASSWORD);
    timers[0]?.callback();
    assert.equal(await first, undefined);
    const second = needs.get(PASSWORD);
    const third = needs.get({ what: 'passphrase', rejected: true });
    assert.equal(await second, undefined);
    assert.equal(needs.current?.id, 7);
    needs.end();
    assert.equal(await third, undefined);
    assert.equal(await needs.get(PASSWORD), undefined);
  });
});
