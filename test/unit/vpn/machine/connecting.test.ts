import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { failure } from '../../../../core/lib/failure.ts';
import { addressOf } from '../../../../core/net/address.ts';
import { proves } from '../../../conformance/tag.ts';
import { ONE, Played, SIX, TWO } from '../../../support/played-machine.ts';

const TUN_FAILED = failure('platform.tun-failed');

describe('the life of a connection', () => {
  test('goes from start to connected by preparing, opening, configuring and telling of it', () => {
    const played = new Played();
    played.connected();
    assert.deepEqual(
      played.effects.map(({ kind }) => kind),
      ['prepare', 'open', 'configure', 'announce'],
    );
  });

  test('a stop while connected tells the gateway first and clears afterwards', () => {
    const played = new Played();
    const id = played.connected();
    assert.deepEqual(played.on({ kind: 'stop' }), [{ kind: 'say-goodbye', id }]);
    assert.equal(played.state.name, 'disconnecting');
    assert.deepEqual(played.closed(id), [{ kind: 'clear' }]);
    assert.deepEqual(played.state, { name: 'ended', outcome: { kind: 'stopped' } });
  });

  test('a second stop waits with the first, abandoning does not', () => {
    const played = new Played();
    played.connected();
    played.on({ kind: 'stop' });
    assert.deepEqual(played.on({ kind: 'stop' }), []);
    assert.deepEqual(played.on({ kind: 'abandon' }), [{ kind: 'clear' }]);
    assert.equal(played.state.name, 'ended');
  });

  test('a goodbye that nobody answers, and that does not end by itself, ends all the same', () => {
    const played = new Played();
    played.connected();
    played.on({ kind: 'stop' });
    assert.deepEqual(played.pass(5_999), []);
    assert.deepEqual(played.pass(1), [{ kind: 'clear' }]);
  });

  test('the reason for leaving stays the reason, however the goodbye ends', () => {
    for (const end of ['abandon', 'silence', 'network'] as const) {
      const played = new Played();
      played.connected();
      played.on({ kind: 'broken', failure: TUN_FAILED });
      if (end === 'abandon') played.on({ kind: 'abandon' });
      if (end === 'silence') played.pass(6_000);
      if (end === 'network') played.network(false);
      assert.equal(played.failureCode, 'platform.tun-failed', end);
    }
  });

  test('a password is given when the session asks for it, and only then', () => {
    const played = new Played().start(ONE);
    const { id } = played.opened();
    const need = { kind: 'need', what: 'password' } as const;
    assert.deepEqual(played.says(id, need), []);
    played.initiated(id);
    assert.deepEqual(played.says(id, need), [{ kind: 'give-password', id, rejected: false }]);
    played.established(id);
    assert.deepEqual(played.says(id, need), []);
  });

  test('a one-time code is asked for with what the gateway says, as often as it asks', () => {
    const played = new Played().start(ONE);
    const { id } = played.opened();
    played.initiated(id);
    const need = { kind: 'need', what: 'one-time code', message: 'Press the button' } as const;
    const code = { message: 'Press the button' };
    assert.deepEqual(played.says(id, need), [{ kind: 'give-password', id, rejected: false, code }]);
    assert.deepEqual(played.says(id, need), [{ kind: 'give-password', id, rejected: false, code }]);
  });

  test('what cannot be given ends it, and the gateway keeps no SA that it may be making', () => {
    const played = new Played().start(ONE);
    const { id } = played.opened();
    played.initiated(id);
    const missing = failure('config.credential-missing');
    assert.deepEqual(played.on({ kind: 'refused', id, failure: missing }), [{ kind: 'say-goodbye', id }]);
    played.closed(id);
    assert.equal(played.failureCode, 'config.credential-missing');
  });

  test('a failed configuration is undone, and the gateway is told', () => {
    const played = new Played().start(ONE);
    const { id } = played.opened();
    played.initiated(id);
    played.established(id);
    assert.equal(played.state.name, 'configuring');
    const refused = failure('platform.route-failed');
    assert.deepEqual(played.on({ kind: 'configure-failed', id, failure: refused }), [
      { kind: 'say-goodbye', id },
    ]);
    assert.deepEqual(played.closed(id), [{ kind: 'clear' }]);
    assert.equal(played.failureCode, 'platform.route-failed');
  });

  test(
    'a device that breaks ends the connection: the gateway is told, and nothing is sent into it any more',
    proves('RFC7296-2.4-x7', 'does'),
    () => {
      const played = new Played();
      const id = played.connected();
      assert.deepEqual(played.on({ kind: 'broken', failure: TUN_FAILED }), [{ kind: 'say-goodbye', id }]);
      assert.deepEqual(played.closed(id), [{ kind: 'clear' }]);
      assert.equal(played.failureCode, 'platform.tun-failed');
    },
  );

  test('what breaks while we say goodbye ends the goodbye, and not its reason', () => {
    const played = new Played();
    played.connected();
    played.on({ kind: 'stop' });
    assert.deepEqual(played.on({ kind: 'broken', failure: TUN_FAILED }), [{ kind: 'clear' }]);
    assert.deepEqual(played.state, { name: 'ended', outcome: { kind: 'stopped' } });
  });

  test('an end before the gateway answered has nobody to tell', () => {
    const played = new Played().start(ONE);
    assert.deepEqual(played.on({ kind: 'stop' }), [{ kind: 'clear' }]);
  });
});

describe('several addresses of a gateway', () => {
  test('are asked a quarter of a second apart, families in turns, and the first that answers stays', () => {
    const played = new Played().start(SIX, SIX, ONE, TWO);
    played.pass(10_000);
    const asked = played.all('open').map(({ target }) => target.address);
    assert.deepEqual(asked, [SIX, ONE, SIX, TWO]);
    const [, second] = played.all('open');
    assert.ok(second);
    assert.deepEqual(
      played.initiated(second.id),
      played
        .all('open')
        .filter(({ id }) => id !== second.id)
        .map(({ id }) => ({ kind: 'drop', id })),
    );
    assert.deepEqual(played.pass(60_000), []);
    played.goesUp(second.id);
  });

  test('keep the order of the system, which knows whether IPv6 leads anywhere', () => {
    const played = new Played().start(ONE, SIX);
    played.pass(10_000);
    assert.deepEqual(
      played.all('open').map(({ target }) => target.address),
      [ONE, SIX],
    );
  });

  test('begin as fast as they answer: the second at its time and not before', () => {
    const played = new Played().start(ONE, TWO);
    assert.equal(played.pass(249).length, 0);
    assert.equal(played.pass(1).length, 1);
  });

  test('do not wait for one that has failed already', () => {
    const played = new Played().start(ONE, TWO);
    const { id } = played.opened();
    const effects = played.on({ kind: 'open-failed', id, failure: failure('network.no-route') });
    assert.deepEqual(
      effects.map(({ kind }) => kind),
      ['drop', 'open'],
    );
  });

  test('end the attempt when none is left, with the reason that tells most', () => {
    const played = new Played().start(ONE, TWO);
    played.pass(250);
    const [one, two] = played.all('open');
    assert.ok(one && two);
    played.closed(two.id, 'timeout.init');
    played.closed(one.id, 'network.port-closed');
    assert.equal(played.failureCode, 'timeout.init');
  });

  test('a gateway that refused us at one is not asked at another', () => {
    const played = new Played().start(ONE, TWO);
    played.closed(played.opened().id, 'peer.no-proposal-chosen');
    assert.equal(played.failureCode, 'peer.no-proposal-chosen');
    const late = new Played().start(ONE, TWO);
    late.initiated(late.opened().id);
    late.closed(late.opened().id, 'timeout.auth');
    assert.equal(late.failureCode, 'timeout.auth');
  });

  test('a refusal does not count while another address may still answer: anybody could have sent it', () => {
    const played = new Played().start(ONE, TWO);
    played.pass(250);
    const [one, two] = played.all('open');
    assert.ok(one && two);
    assert.deepEqual(played.closed(one.id, 'peer.no-proposal-chosen'), [{ kind: 'drop', id: one.id }]);
    played.goesUp(two.id);
  });

  test('late words of those that lost mean nothing', () => {
    const played = new Played().start(ONE, TWO);
    played.pass(250);
    const [one, two] = played.all('open');
    assert.ok(one && two);
    played.initiated(two.id);
    const before = played.state;
    assert.deepEqual(played.initiated(one.id), []);
    assert.deepEqual(played.established(one.id), []);
    assert.deepEqual(played.closed(one.id, 'peer.deleted'), []);
    assert.deepEqual(played.on({ kind: 'broken', id: one.id, failure: TUN_FAILED }), []);
    assert.deepEqual(played.state, before);
  });

  test('are tried in turn, however many there are, and never more than a few at once', () => {
    const many = Array.from({ length: 200 }, (_, i) => addressOf(Uint8Array.of(203, 0, 113, i)));
    const played = new Played().start(...many);
    for (let i = 0; i < 199; i++) {
      played.pass(250);
      assert.ok(played.open.length <= 8);
    }
    assert.deepEqual(
      played.all('open').map(({ target }) => target.address),
      many,
    );
    const last = played.open;
    assert.equal(last.length, 8);
    assert.equal(last[0], played.all('open')[192]?.id, 'who was asked last has not had its time yet');
    played.initiated(last[3]!);
    assert.deepEqual(played.open, [last[3]]);
  });
});

describe('several gateways', () => {
  const gateways = ['a.example', 'b.example', '192.0.2.9'];

  test('are asked in their order, the next when those before it have been silent for a while', () => {
    const played = new Played({ gateways }).start(ONE);
    assert.deepEqual(played.pass(2_999), []);
    const [lookUp] = played.pass(1);
    assert.ok(lookUp?.kind === 'look-up');
    assert.equal(lookUp.host, 'b.example');
    const [open] = played.on({ kind: 'found', id: lookUp.id, addresses: [TWO] });
    assert.ok(open?.kind === 'open');
    assert.deepEqual([open.target.gateway, open.target.address], [1, TWO]);
    assert.equal(played.open.length, 2, 'the first one may still answer');
    played.goesUp(open.id);
    assert.deepEqual(played.open, [open.id]);
  });

  for (const code of ['timeout.auth', 'peer.no-address', 'peer.notify', 'timeout.eap'] as const) {
    test(`the next may let us in where this one did not: ${code}`, () => {
      const played = new Played({ gateways }).start(ONE);
      const { id } = played.opened();
      played.initiated(id);
      const effects = played.closed(id, code);
      assert.deepEqual(
        effects.map(({ kind }) => kind),
        ['drop', 'look-up'],
      );
    });
  }

  for (const code of ['auth.wrong-password', 'auth.gateway-untrusted', 'protocol.malformed'] as const) {
    test(`the next is not asked when something has to be done first: ${code}`, () => {
      const played = new Played({ gateways }).start(ONE);
      const { id } = played.opened();
      played.initiated(id);
      played.closed(id, code);
      assert.equal(played.failureCode, code);
    });
  }

  test('one that was only slower gets its turn again when the faster one fails', () => {
    const played = new Played({ gateways: ['a.example', 'b.example'] }).start(ONE);
    played.pass(3_000);
    played.on({ kind: 'found', id: played.all('look-up').at(-1)!.id, addresses: [TWO] });
    const { id } = played.opened();
    played.initiated(id);
    const again = played.closed(id, 'peer.no-address').find((effect) => effect.kind === 'look-up');
    assert.equal(again?.host, 'a.example');
  });

  test('whose names nobody can look up any more are where they were found last', () => {
    const played = new Played({ gateways: ['one.example', 'two.example'] }).start(ONE);
    const first = played.opened().id;
    played.pass(3_000);
    const [lookup] = played.all('look-up');
    assert.equal(lookup?.host, 'two.example');
    played.on({ kind: 'found', id: lookup.id, addresses: [TWO] });
    played.goesUp(first);
    played.closed(first, 'peer.deleted');
    assert.deepEqual(played.opened().target.address, ONE);
    played.pass(3_000);
    const again = played.all('look-up').findLast(({ host }) => host === 'two.example');
    assert.ok(again && again !== lookup);
    played.on({ kind: 'not-found', id: again.id, failure: failure('network.name-lookup-failed') });
    assert.deepEqual(played.opened().target.address, TWO);
  });

  test('a name that is not known is passed over, and is the reason only if nothing tells more', () => {
    const played = new Played({ gateways }).start(ONE);
    played.closed(played.opened().id, 'timeout.init');
    for (const { host } of [...gateways.slice(1)].map((host) => ({ host }))) {
      const lookUp = played.all('look-up').at(-1);
      assert.equal(lookUp?.host, host);
      played.on({ kind: 'not-found', id: lookUp.id, failure: failure('network.name-unknown') });
    }
    assert.equal(played.failureCode, 'timeout.init');
  });
});

describe('redirection', () => {
  const to = { kind: 'address', address: TWO } as const;

  test(
    'leads to the other gateway, which is told who sent us, and has to be the one that we want',
    proves(['RFC5685-3-x5', 'does'], ['RFC5685-3-x6', 'does']),
    () => {
      const played = new Played().start(ONE);
      const { id } = played.opened();
      const [lookUp] = played.says(id, { kind: 'redirected', to });
      assert.ok(lookUp?.kind === 'look-up');
      assert.equal(lookUp.host, '192.0.2.2');
      assert.deepEqual(played.closed(id), [{ kind: 'drop', id }]);
      played.on({ kind: 'found', id: lookUp.id, addresses: [TWO] });
      assert.deepEqual(played.opened().target, { gateway: 0, address: TWO, redirectedFrom: ONE });
      played.goesUp(played.opened().id);
    },
  );

  test('in a circle ends after five within five minutes', proves('RFC5685-7-x1', 'does'), () => {
    const played = new Played().start(ONE);
    for (let i = 0; i < 5; i++) {
      const { id } = played.opened();
      const [lookUp] = played.says(id, { kind: 'redirected', to });
      assert.ok(lookUp?.kind === 'look-up', `redirection ${i}`);
      played.closed(id);
      played.on({ kind: 'found', id: lookUp.id, addresses: [TWO] });
    }
    const { id } = played.opened();
    played.says(id, { kind: 'redirected', to });
    played.closed(id);
    assert.equal(played.failureCode, 'protocol.too-many-redirections');
  });

  test('is followed more often than that in a longer time', () => {
    const played = new Played();
    let id = played.connected();
    for (let i = 0; i < 12; i++) {
      played.pass(61_000);
      played.says(id, { kind: 'redirected', to });
      played.closed(id);
      assert.equal(played.cause, 'peer.redirected');
      const lookUp = played.all('look-up').at(-1);
      assert.ok(lookUp);
      played.on({ kind: 'found', id: lookUp.id, addresses: [TWO] });
      ({ id } = played.opened());
      played.goesUp(id);
    }
  });

  test('of a session that stands leaves it as it is until the new one carries', () => {
    const played = new Played();
    const id = played.connected();
    const [lookUp] = played.says(id, { kind: 'redirected', to });
    assert.ok(lookUp?.kind === 'look-up');
    assert.equal(played.state.name, 'connected');
    played.on({ kind: 'found', id: lookUp.id, addresses: [TWO] });
    assert.deepEqual(played.opened().target, { gateway: 0, address: TWO, redirectedFrom: ONE });
    const other = played.opened().id;
    played.goesUp(other);
    assert.deepEqual(played.all('say-goodbye'), [{ kind: 'say-goodbye', id }]);
    played.closed(id);
    played.pass(2_000);
    assert.deepEqual(played.open, [other]);
  });

  test('to a gateway that does not answer leads back to those of the profile when the session ends', () => {
    const played = new Played();
    const id = played.connected();
    played.says(id, { kind: 'redirected', to });
    played.on({ kind: 'found', id: played.all('look-up').at(-1)!.id, addresses: [TWO] });
    played.closed(played.opened().id, 'timeout.init');
    assert.equal(played.state.name, 'connected');
    played.closed(id, 'peer.deleted');
    assert.deepEqual(played.opened().target, { gateway: 0, address: ONE });
  });

  test('is the reason when the session ends of its own after it', () => {
    const played = new Played();
    const id = played.connected();
    played.says(id, { kind: 'redirected', to });
    played.closed(id);
    assert.equal(played.cause, 'peer.redirected');
  });
});
