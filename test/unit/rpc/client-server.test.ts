import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SecretBytes } from '../../../core/lib/secret.ts';
import { OWNER, Rig } from './example-api.ts';

function code(outcome: { readonly ok: boolean; readonly error?: { readonly code: string } }): string {
  return outcome.ok ? 'ok' : (outcome.error?.code ?? '');
}

describe('calls', () => {
  test('greet first, then answer by number', async () => {
    const rig = new Rig();
    assert.deepEqual(await rig.client.ready, { ok: true, value: 'example 1.0' });
    const [two, six] = await Promise.all([
      rig.client.call('double', { number: 1 }),
      rig.client.call('double', { number: 3 }),
    ]);
    assert.deepEqual(
      [two, six],
      [
        { ok: true, value: 2 },
        { ok: true, value: 6 },
      ],
    );
  });

  test('carry a failure of the handler with its code', async () => {
    assert.equal(code(await new Rig().client.call('double', { number: 13 })), 'contract.busy');
  });

  test('with parameters of another form are refused, whatever the client believes', async () => {
    const rig = new Rig();
    const wrong = { number: 'one' } as unknown as { number: number };
    assert.equal(code(await rig.client.call('double', wrong)), 'contract.invalid');
    const extra = { number: 1, more: true } as unknown as { number: number };
    assert.equal(code(await rig.client.call('double', extra)), 'contract.invalid');
  });

  test('that nobody answers end when their time is over, and a late answer means nothing', async () => {
    const rig = new Rig();
    const never = rig.client.call('never', {});
    rig.advance(1000);
    assert.equal(code(await never), 'contract.timeout');
  });

  test('whose handler makes a mistake fail, and the next one works', async () => {
    const rig = new Rig();
    assert.equal(code(await rig.client.call('broken', {})), 'internal.bug');
    assert.equal(code(await rig.client.call('double', { number: 1 })), 'ok');
  });

  test('all end when the connection does', async () => {
    const rig = new Rig();
    const never = rig.client.call('never', {});
    rig.client.close();
    assert.equal(code(await never), 'contract.disconnected');
    assert.equal(code(await rig.client.call('double', { number: 1 })), 'contract.disconnected');
    assert.equal(rig.clientClosed?.code, 'contract.disconnected');
  });
});

describe('who may do what', () => {
  test('a call of the owner is for the owner and administrators', async () => {
    assert.equal(code(await new Rig({ uid: OWNER }).client.call('stop', {})), 'ok');
    assert.equal(code(await new Rig({ uid: OWNER + 1 }).client.call('stop', {})), 'contract.denied');
    const admin = new Rig({ uid: OWNER + 1, isAdministrator: true });
    assert.equal(code(await admin.client.call('stop', {})), 'ok');
  });

  test('a call or stream of administrators is for nobody else', async () => {
    const rig = new Rig();
    assert.equal(code(await rig.client.call('reset', {})), 'contract.denied');
    const ended: (string | undefined)[] = [];
    rig.client.open('secrets', {}, { item: () => assert.fail(), end: (why) => ended.push(why?.code) });
    assert.deepEqual(ended, ['contract.denied']);
    assert.equal(code(await new Rig({ isAdministrator: true }).client.call('reset', {})), 'ok');
  });
});

describe('secrets', () => {
  test('arrive as octets and are wiped when the answer is there', async () => {
    const rig = new Rig();
    const secret = SecretBytes.ofText('pässword');
    assert.deepEqual(await rig.client.call('answer', {}, secret), { ok: true, value: 9 });
    assert.equal(rig.secretSeen, 'pässword');
    assert.equal(rig.wipeCheck(), true);
    assert.equal(secret.wiped, false);
  });

  test('are not taken by a call that has no use for them', async () => {
    const rig = new Rig();
    const outcome = await rig.client.call('double', { number: 1 }, SecretBytes.ofText('secret'));
    assert.equal(code(outcome), 'contract.invalid');
  });
});

describe('streams', () => {
  test('begin with an item, go on, and end when the client closes them', () => {
    const rig = new Rig();
    const items: number[] = [];
    let ended = 0;
    const close = rig.client.open(
      'numbers',
      { from: 7 },
      { item: (value) => items.push(value), end: () => ended++ },
    );
    rig.sinks[0]?.item(8);
    close();
    rig.sinks[0]?.item(9);
    assert.deepEqual(items, [7, 8]);
    assert.equal(rig.closedStreams, 1);
    assert.equal(ended, 1);
  });

  test('keep the newest item back for a client that does not read, and none else', () => {
    const rig = new Rig();
    const items: number[] = [];
    rig.client.open('numbers', { from: 1 }, { item: (value) => items.push(value), end: () => undefined });
    rig.isFlowing = false;
    for (const value of [2, 3, 4]) rig.sinks[0]?.item(value);
    assert.deepEqual(items, [1]);
    rig.isFlowing = true;
    rig.peer.flow();
    assert.deepEqual(items, [1, 4]);
  });

  test('close at the server when the client is gone', () => {
    const rig = new Rig();
    rig.client.open('numbers', { from: 1 }, { item: () => undefined, end: () => undefined });
    rig.client.close();
    assert.equal(rig.closedStreams, 1);
  });
});

describe('limits', () => {
  test('of calls that wait, and of calls in a time', async () => {
    const rig = new Rig({}, { pendingCalls: 2 });
    void rig.client.call('never', {});
    void rig.client.call('never', {});
    assert.equal(code(await rig.client.call('double', { number: 1 })), 'contract.busy');

    const fast = new Rig({}, { rate: { burst: 3, perSecond: 1 } });
    const codes: string[] = [];
    for (let i = 0; i < 4; i++) codes.push(code(await fast.client.call('double', { number: i })));
    assert.deepEqual(codes, ['ok', 'ok', 'ok', 'contract.busy']);
    fast.now += 1000;
    assert.equal(code(await fast.client.call('double', { number: 1 })), 'ok');
  });

  test('of open streams', () => {
    const rig = new Rig({}, { openStreams: 1 });
    const ended: (string | undefined)[] = [];
    const watcher = { item: (): void => undefined, end: (why?: { code: string }) => ended.push(why?.code) };
    rig.client.open('numbers', { from: 1 }, watcher);
    rig.client.open('numbers', { from: 1 }, watcher);
    assert.deepEqual(ended, ['contract.busy']);
  });
});
