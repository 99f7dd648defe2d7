import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Effect } from '../../../../core/vpn/machine/state.ts';
import { proves } from '../../../conformance/tag.ts';
import { ONE, Played } from '../../../support/played-machine.ts';

const kinds = (effects: readonly Effect[]): Effect['kind'][] => effects.map(({ kind }) => kind);

describe('a login that runs out', () => {
  test(
    'is made anew beside the session, some time before, and without a ticket',
    proves(['RFC4478-2-x5', 'does'], ['RFC4478-1-x1', 'does'], ['RFC4478-2-x11', 'does']),
    () => {
      const played = new Played();
      const id = played.connected();
      played.says(id, { kind: 'auth-lifetime', seconds: 3_600 });
      assert.deepEqual(played.pass(3_239_999), []);
      assert.deepEqual(kinds(played.pass(1)), ['look-up', 'open']);
      assert.equal(played.opened().resume, false);
      assert.equal(played.state.name, 'connected');
      const other = played.opened().id;
      played.initiated(other);
      assert.deepEqual(kinds(played.established(other)), ['configure']);
      assert.deepEqual(played.on({ kind: 'configured', id: other }).at(0), { kind: 'say-goodbye', id });
      assert.equal(played.state.name, 'connected');
      assert.deepEqual(played.closed(id), [], 'packets may be on their way to it');
      assert.deepEqual(played.pass(2_000), [{ kind: 'drop', id }]);
    },
  );

  test('is made anew at once when the gateway says so', proves('RFC4478-3-x2', 'does'), () => {
    const played = new Played();
    const id = played.connected();
    played.pass(60_000);
    assert.deepEqual(kinds(played.says(id, { kind: 'auth-lifetime', seconds: 0 })).slice(-1), ['open']);
  });

  test('counts from when the gateway told it, also during the login', proves('RFC4478-2-x6', 'does'), () => {
    const played = new Played().start(ONE);
    const { id } = played.opened();
    played.initiated(id);
    played.says(id, { kind: 'auth-lifetime', seconds: 100 });
    played.established(id);
    played.on({ kind: 'configured', id });
    assert.deepEqual(played.pass(69_999), []);
    assert.deepEqual(kinds(played.pass(1)), ['look-up', 'open']);
  });

  test('is not made anew all the time by a gateway that wants that', () => {
    const played = new Played();
    let id = played.connected();
    for (let i = 0; i < 10; i++) {
      played.says(id, { kind: 'auth-lifetime', seconds: 0 });
      played.pass(10_000);
      assert.notEqual(played.opened().id, id);
      const before = id;
      ({ id } = played.opened());
      played.goesUp(id);
      played.closed(before);
    }
    assert.equal(played.all('open').length, 11);
  });

  test('is made anew at most as often as anything that is refused, however often the gateway wants it', () => {
    const played = new Played();
    const id = played.connected();
    played.pass(60_000);
    const before = played.all('open').length;
    for (let i = 0; i < 600; i++) {
      played.says(id, { kind: 'auth-lifetime', seconds: 600 });
      played.says(id, { kind: 'auth-lifetime', seconds: 20 });
      const other = played.opened().id;
      if (other !== id) played.closed(other, 'peer.notify');
      played.pass(100);
    }
    assert.ok(played.all('open').length - before <= 7, `${played.all('open').length - before} in a minute`);
  });

  test('makes way for a new one shortly before its end, if the gateway refuses a second session', () => {
    const played = new Played();
    const id = played.connected();
    played.says(id, { kind: 'auth-lifetime', seconds: 600 });
    played.pass(540_000);
    const refused = played.opened().id;
    played.initiated(refused);
    played.closed(refused, 'peer.notify');
    assert.equal(played.state.name, 'connected');
    assert.deepEqual(played.pass(49_999), []);
    const effects = played.pass(1);
    assert.deepEqual(kinds(effects), ['say-goodbye', 'open']);
    assert.equal(played.cause, 'auth.lifetime-over');
    assert.equal(played.opened().resume, false);
    played.closed(id);
    played.goesUp(played.opened().id);
  });

  test('is tried again when nobody answered', () => {
    const played = new Played();
    played.says(played.connected(), { kind: 'auth-lifetime', seconds: 3_600 });
    played.pass(3_240_000);
    played.closed(played.opened().id, 'timeout.init');
    const before = played.opened().id;
    played.pass(1_000);
    assert.notEqual(played.opened().id, before);
  });

  test('a gateway that ends the old session for the new one does not interrupt it', () => {
    const played = new Played();
    const id = played.connected();
    played.says(id, { kind: 'auth-lifetime', seconds: 600 });
    played.pass(540_000);
    const other = played.opened().id;
    played.initiated(other);
    played.closed(id, 'peer.deleted');
    assert.equal(played.state.name, 'reconnecting');
    played.established(other);
    assert.deepEqual(kinds(played.on({ kind: 'configured', id: other })), ['announce']);
    assert.equal(played.state.name, 'connected');
    assert.equal(played.all('open').length, 2);
  });

  test('is made anew also where lost connections stay lost', () => {
    const played = new Played({ reconnect: false });
    const id = played.connected();
    played.says(id, { kind: 'auth-lifetime', seconds: 600 });
    played.pass(540_000);
    played.goesUp(played.opened().id);
  });
});
