import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Effect } from '../../../../core/vpn/machine/state.ts';
import { Played, TWO } from '../../../support/played-machine.ts';

const kinds = (effects: readonly Effect[]): Effect['kind'][] => effects.map(({ kind }) => kind);

/** A session whose login runs out, and the one in its place, to which the tunnel is going over. */
function goingOver(reconnect = true, isReady = true): { played: Played; id: number; other: number } {
  const played = new Played({ reconnect });
  const id = played.connected();
  played.says(id, { kind: 'auth-lifetime', seconds: 600 });
  played.pass(540_000);
  const other = played.opened().id;
  played.initiated(other);
  if (isReady) played.established(other);
  return { played, id, other };
}

describe('a new session that the tunnel is going over to', () => {
  test('that ends leaves no session whose keys are gone', () => {
    const { played, id, other } = goingOver();
    const effects = played.closed(other, 'peer.deleted');
    assert.deepEqual(effects, [
      { kind: 'drop', id: other },
      { kind: 'say-goodbye', id },
    ]);
    assert.equal(played.name, 'reconnecting');
    assert.equal(played.cause, 'peer.deleted');
    played.pass(1_000);
    played.goesUp(played.opened().id);
  });

  test('that ends without a network leaves neither of the two to go on with', () => {
    const { played, id, other } = goingOver();
    played.network(false);
    played.closed(other, 'peer.deleted');
    assert.equal(played.name, 'waiting-for-network');
    played.pass(6_000);
    assert.ok(!played.open.includes(id));
    played.network(true);
    assert.equal(played.name, 'reconnecting');
    played.goesUp(played.opened().id);
  });

  test('that ends ends the connection where lost ones stay lost', () => {
    const { played, other } = goingOver(false);
    played.closed(other, 'peer.deleted');
    assert.equal(played.name, 'disconnecting');
  });

  test('is not called off by a redirection of the old one', () => {
    const { played, id, other } = goingOver();
    assert.deepEqual(played.says(id, { kind: 'redirected', to: { kind: 'address', address: TWO } }), []);
    assert.deepEqual(kinds(played.on({ kind: 'configured', id: other })), ['say-goodbye', 'announce']);
  });

  test('that is redirected is followed by one there, and by that alone', () => {
    const { played, id, other } = goingOver();
    const effects = played.says(other, { kind: 'redirected', to: { kind: 'address', address: TWO } });
    assert.deepEqual(effects.slice(0, 1), [{ kind: 'say-goodbye', id: other }]);
    assert.deepEqual(effects.slice(-1), [{ kind: 'say-goodbye', id }]);
    assert.equal(played.name, 'reconnecting');
  });

  test('that the gateway ends the old one for goes on where lost connections stay lost, and is the last', () => {
    for (const isReady of [false, true]) {
      const { played, id, other } = goingOver(false, isReady);
      played.closed(id, 'peer.deleted');
      assert.equal(played.name, 'reconnecting');
      played.closed(other, 'timeout.auth');
      assert.equal(played.name, 'ended');
    }
  });
});
