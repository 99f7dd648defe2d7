import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { toHex } from '../../core/lib/bytes.ts';
import { Notify } from '../../core/wire/constants.ts';
import { proves } from '../conformance/tag.ts';
import { notifies } from '../support/gateway/pick.ts';
import { IPV6_ADDRESS, OTHER_ADDRESS, Roaming } from '../support/roaming.ts';

/** When a copy went out over which way, from `start` on. */
function copies(roaming: Roaming, start: number): [number, number][] {
  return roaming.sent.map(({ at, path }) => [at - start, path]);
}

function updates(roaming: Roaming): number {
  const seen = new Set(
    roaming.requests
      .filter((message) => notifies(message, Notify.UPDATE_SA_ADDRESSES).length > 0)
      .map(({ messageId }) => messageId),
  );
  return seen.size;
}

describe('several ways that may lead on', () => {
  test('are tried with the same octets, the best at once and the others behind it', () => {
    const roaming = new Roaming().connect();
    for (const id of [1, 2, 3]) roaming.addWay(id);
    const start = roaming.now;
    roaming.kill(0, 1, 2, 3).paths(1, 2, 3).run(400);
    assert.deepEqual(copies(roaming, start).slice(0, 3), [
      [0, 1],
      [150, 2],
      [300, 3],
    ]);
    assert.equal(new Set(roaming.sent.map(({ payload }) => toHex(payload))).size, 1);
  });

  test('take no more than one request when the best one answers in time', () => {
    const roaming = new Roaming().connect();
    roaming.addWay(1);
    roaming.addWay(2);
    roaming.kill(0).paths(1, 2).run(1_000);
    assert.deepEqual(roaming.moves, ['1?', '1!']);
    assert.equal(roaming.sent.length, 1);
  });

  test('lead over the one that answers, which is told to the gateway in a request of its own', () => {
    const roaming = new Roaming().connect();
    for (const id of [1, 2, 3]) roaming.addWay(id, id === 3 ? { to: IPV6_ADDRESS } : {});
    roaming.kill(0, 1, 2).paths(1, 2, 3).run(1_000);
    assert.deepEqual(roaming.moves, ['1?', '3?', '3!']);
    assert.equal(updates(roaming), 2);
    assert.ok(roaming.passes);
    assert.deepEqual(roaming.violations, []);
  });

  test('may all be slow, and one of them is settled on all the same', () => {
    for (const delayMs of [100, 250, 300, 400, 600]) {
      const roaming = new Roaming().connect();
      for (const id of [1, 2]) roaming.addWay(id, { delayMs });
      roaming
        .kill(0)
        .paths(1, 2)
        .run(10 * delayMs);
      assert.deepEqual(roaming.moves, ['1?', '1!'], `${delayMs} ms`);
      assert.ok(updates(roaming) <= 2);
    }
  });

  test('one of which works in one direction only do not lead into it', () => {
    for (const broken of ['up', 'down'] as const) {
      const roaming = new Roaming().connect();
      roaming.addWay(1)[broken] = false;
      roaming.addWay(2, { delayMs: 120 });
      roaming.kill(0).paths(1, 2).run(2_000);
      assert.equal(roaming.sendsOver, 2, broken);
      assert.equal(roaming.receivesOver, 2, broken);
    }
  });

  test('that all come to life later are found then', () => {
    const roaming = new Roaming().connect();
    for (const id of [1, 2, 3]) roaming.addWay(id);
    roaming.kill(0, 1, 2, 3).paths(1, 2, 3).run(10_000).revive(2).run(10_000);
    assert.ok(roaming.passes);
    assert.equal(roaming.sendsOver, 2);
  });

  test('may come up while others are tried, and are tried at once', () => {
    const roaming = new Roaming().connect();
    for (const id of [1, 2]) roaming.addWay(id);
    roaming.kill(0, 1).paths(1).run(20_000).paths(1, 2).run(400);
    assert.deepEqual(roaming.moves, ['1?', '2?', '2!']);
    assert.ok(roaming.passes);
  });

  test('that nobody answers on end the session when patience ends', () => {
    const roaming = new Roaming().connect();
    for (const id of [1, 2]) roaming.addWay(id);
    roaming.kill(0, 1, 2).paths(1, 2).run(29_900);
    assert.equal(roaming.session.closed, false);
    roaming.run(200);
    assert.equal(roaming.event('closed')?.failure?.code, 'timeout.liveness');
  });
});

describe('the way in use falls silent without a word', () => {
  function silent(): Roaming {
    const roaming = new Roaming().connect();
    roaming.addWay(1);
    return roaming.paths(0, 1).kill(0);
  }

  test('and is left for another one within seconds when something is sent', () => {
    const roaming = silent();
    const start = roaming.now;
    while (!roaming.passes) {
      roaming.exchangeEsp().run(100);
      assert.ok(roaming.now - start < 5_000);
    }
    assert.equal(roaming.sendsOver, 1);
    assert.deepEqual(roaming.event('unanswered'), undefined);
  });

  test('and is left within the time of liveness when nothing is', () => {
    const roaming = silent().run(17_000);
    assert.deepEqual(roaming.moves, ['1?', '1!']);
    assert.ok(roaming.passes);
    assert.equal(roaming.event('unanswered'), undefined);
  });

  test('and is taken again when it works again, for it is the better one', () => {
    const roaming = silent().run(17_000).forget().revive(0).run(60_000);
    assert.deepEqual(roaming.moves, ['0?', '0!']);
    assert.ok(roaming.passes);
  });

  test('and is not tried often while it does not', () => {
    const roaming = silent().run(17_000).forget().run(600_000);
    assert.deepEqual(roaming.moves, []);
    const tries = roaming.sent.filter(({ path }) => path === 0);
    const messages = new Set(tries.map(({ payload }) => toHex(payload)));
    assert.ok(messages.size <= 5, `${messages.size} requests in ten minutes`);
    assert.ok(roaming.passes);
  });

  test('but for one answer, which traffic makes up for', () => {
    const roaming = new Roaming().connect();
    roaming.addWay(1);
    roaming.paths(0, 1);
    roaming.way(0).up = false;
    roaming.command({ kind: 'check-liveness' });
    for (let i = 0; i < 20; i++) {
      roaming.session.noteTraffic(roaming.now, 0);
      roaming.run(100);
    }
    assert.ok(roaming.sent.every(({ path }) => path === 0));
    roaming.revive(0).run(5_000);
    assert.deepEqual(roaming.moves, []);
  });

  test(
    'and traffic that still comes in elsewhere does not speak for it',
    proves(['RFC4555-3.12-1', 'does'], ['RFC4555-3.12-2', 'refuses']),
    () => {
      const roaming = silent();
      for (let i = 0; i < 170; i++) {
        roaming.session.noteTraffic(roaming.now, 1);
        roaming.run(100);
      }
      assert.equal(roaming.sendsOver, 1);
    },
  );
});

describe('a better way than the one in use', () => {
  test('is taken when it has answered', proves('RFC4555-3.10-x1', 'does'), () => {
    const roaming = new Roaming().connect();
    roaming.addWay(1, { to: OTHER_ADDRESS });
    roaming.paths(1, 0);
    assert.deepEqual(roaming.moves, []);
    roaming.run(19);
    assert.deepEqual(roaming.moves, []);
    roaming.run(100);
    assert.deepEqual(roaming.moves, ['1?', '1!']);
    assert.ok(roaming.passes);
  });

  test('that does not work takes nothing from the one in use', () => {
    const roaming = new Roaming().connect();
    roaming.addWay(1);
    roaming.kill(1).paths(1, 0);
    for (let i = 0; i < 100; i++) {
      roaming.exchangeEsp().run(100);
      assert.ok(roaming.passes);
    }
    assert.deepEqual(roaming.moves, []);
    assert.equal(roaming.event('unanswered'), undefined);
  });

  test('is taken before one that is better than nothing', () => {
    const roaming = new Roaming().connect();
    roaming.addWay(1);
    roaming.addWay(2);
    roaming.paths(1, 2, 0).run(1_000);
    assert.equal(roaming.sendsOver, 1);
    roaming.forget().kill(1).paths(2, 0).run(1_000);
    assert.deepEqual(roaming.moves, ['2?', '2!']);
  });

  test('that comes up while the one in use dies is taken all the same', () => {
    const roaming = new Roaming().connect();
    roaming.addWay(1);
    roaming.kill(0).paths(1, 0).run(200);
    assert.deepEqual(roaming.moves, ['1?', '1!']);
  });
});

/** What may happen to ways while a session lives. */
type Turn =
  | { readonly kind: 'kill' | 'revive' | 'deafen' | 'rebind'; readonly id: number }
  | { readonly kind: 'paths'; readonly ids: readonly number[] }
  | { readonly kind: 'esp' | 'check' | 'rekey' }
  | { readonly kind: 'run'; readonly ms: number };

const WAYS = [0, 1, 2, 3];

const turn: fc.Arbitrary<Turn> = fc.oneof(
  fc.record({
    kind: fc.constantFrom('kill' as const, 'revive' as const, 'deafen' as const, 'rebind' as const),
    id: fc.constantFrom(...WAYS),
  }),
  fc.record({ kind: fc.constant('paths' as const), ids: fc.shuffledSubarray(WAYS, { minLength: 0 }) }),
  fc.record({ kind: fc.constantFrom('esp' as const, 'check' as const, 'rekey' as const) }),
  fc.record({ kind: fc.constant('run' as const), ms: fc.integer({ min: 1, max: 900 }) }),
);

function play(roaming: Roaming, step: Turn): void {
  switch (step.kind) {
    case 'kill':
      roaming.kill(step.id);
      return;
    case 'revive':
      roaming.revive(step.id);
      return;
    case 'deafen':
      roaming.way(step.id).down = false;
      return;
    case 'rebind': {
      const way = roaming.way(step.id);
      way.seenAs = { address: OTHER_ADDRESS, port: 20_000 + ((way.seenAs.port + 1) % 20_000) };
      return;
    }
    case 'paths':
      roaming.paths(...step.ids);
      return;
    case 'esp':
      roaming.exchangeEsp();
      return;
    case 'check':
      roaming.command({ kind: 'check-liveness' });
      return;
    case 'rekey':
      roaming.command({ kind: 'rekey-ike' });
      return;
    case 'run':
      roaming.run(step.ms);
  }
}

describe('whatever happens to the ways', () => {
  test('a session ends up on one that works, and is never given up for it', () => {
    fc.assert(
      fc.property(
        // Fewer milliseconds in all than the patience of a request.
        fc.array(turn, { maxLength: 30 }),
        fc.constantFrom(...WAYS),
        fc.integer({ min: 1, max: 1_000 }),
        (turns, survivor, seed) => {
          const roaming = new Roaming({ seed: String(seed) }).connect();
          for (const id of WAYS.slice(1)) {
            roaming.addWay(id, { delayMs: 5 + 40 * id, ...(id === 2 && { to: IPV6_ADDRESS }) });
          }
          for (const step of turns) play(roaming, step);
          roaming.revive(survivor).paths(...WAYS);
          for (let i = 0; i < 250; i++) roaming.exchangeEsp().run(100);
          assert.deepEqual(roaming.event('closed'), undefined);
          assert.ok(roaming.passes, `sends over ${roaming.sendsOver}, receives over ${roaming.receivesOver}`);
          assert.equal(roaming.sendsOver, roaming.receivesOver);
          // Message ids in order, and each with the same octets: the test gateway sees to it.
          assert.deepEqual(roaming.violations, []);
        },
      ),
      { numRuns: 300, seed: 4555 },
    );
  });
});
