import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Path } from '../../../../core/ike/events.ts';
import { Mover, type PathAnswer, type Step } from '../../../../core/ike/mobility/mover.ts';
import type { NatFindings } from '../../../../core/ike/nat-detection.ts';
import type { UpdateVerdict } from '../../../../core/ike/tasks/update-addresses.ts';
import { proves } from '../../../conformance/tag.ts';
import { endpoint, path } from './paths.ts';

const NO_NAT: NatFindings = { supported: true, local: false, remote: false };
const [a, b, c] = [path(1), path(2), path(3)];
const elsewhere = path(4, '198.51.100.1');

/** Steps in words: 'tell 2?' is an unconfirmed path, 'tell 2!' a confirmed one. */
function words(steps: readonly Step[]): string[] {
  return steps.map((step) => {
    if (step.kind !== 'tell') return step.kind;
    const { event } = step;
    return event.kind === 'path' ? `tell ${event.path.id}${event.confirmed ? '!' : '?'}` : event.kind;
  });
}

function established(isMobile = true, nat = NO_NAT): Mover {
  const mover = new Mover(a);
  assert.deepEqual(mover.establish(isMobile, a.local, nat, 0), []);
  return mover;
}

function plain(on: Path, ...over: Path[]): PathAnswer {
  return { path: on.id, over: new Set([on, ...over].map(({ id }) => id)) };
}

function updated(on: Path, verdict: UpdateVerdict = 'moved', ...over: Path[]): PathAnswer {
  return { ...plain(on, ...over), update: { path: on, verdict, nat: NO_NAT } };
}

function ids(paths: readonly Path[]): number[] {
  return paths.map(({ id }) => id);
}

describe('a path that is lost', () => {
  test('is left at once for the only other one, which is used before it is confirmed', () => {
    const mover = established();
    assert.deepEqual(words(mover.setPaths([b], 10)), ['tell 2?', 'send-again', 'update']);
    assert.equal(mover.current, b);
    assert.deepEqual(words(mover.answered(updated(b), 20)), ['tell 2!']);
    assert.deepEqual(mover.nat, NO_NAT);
  });

  test('is left for the best of several, and the others are tried too', () => {
    const mover = established();
    mover.setPaths([b, c], 10);
    assert.deepEqual(ids(mover.lineup(0, false, false)), [2, 3]);
  });

  test(
    'is not replaced by an address where nothing was ever heard before something is',
    proves(['RFC4555-3.7-2', 'does'], ['RFC4555-3.7-x1', 'does']),
    () => {
      const mover = established();
      assert.deepEqual(words(mover.setPaths([elsewhere], 10)), ['send-again', 'update']);
      assert.deepEqual(words(mover.answered(updated(elsewhere), 20)), ['tell 4!']);
      // From then on it is an address like the first one.
      assert.deepEqual(words(mover.setPaths([{ ...elsewhere, id: 5 }], 30)), [
        'tell 5?',
        'send-again',
        'update',
      ]);
    },
  );

  test('strands a session with a gateway that cannot move', () => {
    const mover = established(false);
    assert.deepEqual(words(mover.setPaths([b, c], 10)), ['stranded']);
    assert.equal(mover.current.id, 1);
    assert.deepEqual(ids(mover.lineup(3, false, false)), [1]);
    assert.deepEqual(words(mover.setPaths([b, a], 20)), ['send-again', 'ask']);
    assert.deepEqual(words(mover.setPaths([b, a], 30)), []);
  });

  test('lets a stranded session say goodbye by another way, and no other session', () => {
    const mover = established(false);
    assert.deepEqual(mover.part(), []);
    mover.setPaths([], 5);
    assert.deepEqual(mover.part(), []);
    mover.setPaths([b, c], 10);
    assert.deepEqual(words(mover.part()), ['send-again']);
    assert.deepEqual(ids(mover.lineup(0, false, false)), [2]);
    const mobile = established(true);
    mobile.setPaths([b, c], 10);
    assert.deepEqual(mobile.part(), []);
  });

  test('while nobody knows yet whether the gateway can move is left when it can', () => {
    const mover = new Mover(a);
    assert.deepEqual(mover.setPaths([b], 10), []);
    assert.equal(mover.current, a);
    assert.deepEqual(words(mover.establish(true, a.local, NO_NAT, 20)), ['tell 2?', 'send-again', 'update']);
    const other = new Mover(a);
    other.setPaths([b], 10);
    assert.deepEqual(words(other.establish(false, a.local, NO_NAT, 20)), ['stranded']);
  });
});

describe('no path at all', () => {
  test('suspends everything until there is one', () => {
    const mover = established();
    assert.equal(mover.isSuspended, false);
    assert.deepEqual(mover.setPaths([], 10), []);
    assert.equal(mover.isSuspended, true);
    assert.deepEqual(words(mover.setPaths([b], 20)), ['tell 2?', 'send-again', 'update']);
    assert.equal(mover.isSuspended, false);
  });

  test('is followed by the question where we are now, also when the same path comes back', () => {
    const mover = established();
    mover.setPaths([], 10);
    assert.deepEqual(words(mover.setPaths([a], 20)), ['send-again', 'update']);
    assert.deepEqual(words(mover.answered(updated(a), 30)), ['tell 1!']);
  });

  test('before the login is over only delays it', () => {
    const mover = new Mover(a);
    mover.setPaths([], 10);
    assert.equal(mover.isSuspended, true);
    assert.deepEqual(mover.setPaths([a], 20), []);
    assert.equal(mover.isSuspended, false);
    assert.deepEqual(mover.establish(true, a.local, NO_NAT, 30), []);
  });

  test('with a gateway that cannot move is followed by the question whether it is there', () => {
    const mover = established(false);
    mover.setPaths([], 10);
    assert.deepEqual(words(mover.setPaths([a], 20)), ['send-again', 'ask']);
  });
});

describe('a request over several paths', () => {
  test(
    'is followed by one over the path that answered alone',
    proves(['RFC4555-3.6-1', 'does'], ['RFC4555-3.6-1', 'refuses']),
    () => {
      const mover = established();
      mover.setPaths([b, c], 0);
      assert.deepEqual(words(mover.answered(updated(b, 'moved', c), 10)), ['update']);
      assert.deepEqual(ids(mover.lineup(0, false, false)), [2], 'b answered: it alone is asked first');
      assert.deepEqual(words(mover.answered(updated(b), 20)), ['tell 2!']);
    },
  );

  test('that is answered over another path than the best moves us there', () => {
    const mover = established();
    mover.setPaths([b, c], 0);
    const answer = { ...plain(c, b), update: { path: b, verdict: 'moved', nat: NO_NAT } } as const;
    assert.deepEqual(words(mover.answered(answer, 10)), ['tell 3?', 'update']);
    assert.deepEqual(words(mover.answered(updated(c), 20)), ['tell 3!']);
  });

  test('that was made for another path says nothing about the one that it was sent over later', () => {
    const mover = established();
    mover.setPaths([b], 0);
    mover.setPaths([c], 5);
    const answer = { ...plain(c), update: { path: b, verdict: 'moved', nat: NO_NAT } } as const;
    assert.deepEqual(words(mover.answered(answer, 10)), ['update']);
  });

  test('that is answered over a path that is gone leaves us where we are going', () => {
    const mover = established();
    mover.setPaths([b], 0);
    mover.setPaths([c], 5);
    assert.deepEqual(words(mover.answered(updated(b), 10)), ['update']);
    assert.equal(mover.current, c);
    assert.deepEqual(mover.answered(plain(b), 10), []);
  });
});

describe('a path in use that falls silent', () => {
  test('is asked alone at first, and the others with it later', () => {
    const mover = established();
    mover.setPaths([a, b, c], 0);
    assert.deepEqual(ids(mover.lineup(0, false, false)), [1]);
    assert.deepEqual(ids(mover.lineup(1, false, false)), [1, 2, 3]);
  });

  test('is believed in when traffic came over it since it was asked', () => {
    const mover = established();
    mover.setPaths([a, b], 0);
    assert.deepEqual(ids(mover.lineup(4, false, true)), [1]);
  });

  test('is left when another one answers', () => {
    const mover = established();
    mover.setPaths([a, b], 0);
    assert.deepEqual(words(mover.answered(plain(b, a), 10)), ['tell 2?', 'update']);
    assert.deepEqual(words(mover.answered(updated(b), 20)), ['tell 2!']);
    assert.equal(mover.probeAt(), 5_010, 'it was preferred, so it is tried again');
  });

  test('stays when it answers itself', () => {
    const mover = established();
    mover.setPaths([a, b], 0);
    assert.deepEqual(mover.answered(plain(a, b), 10), []);
    assert.equal(mover.current.id, 1);
    assert.equal(mover.probeAt(), undefined);
  });
});

describe('a better path that comes up', () => {
  test('is tried before it is used', proves('RFC4555-3.10-x1', 'does'), () => {
    const mover = established();
    assert.deepEqual(words(mover.setPaths([b, a], 0)), ['probe']);
    assert.equal(mover.current.id, 1);
    assert.deepEqual(ids(mover.lineup(0, true, false)), [2]);
    assert.deepEqual(ids(mover.lineup(1, true, false)), [2]);
    assert.deepEqual(ids(mover.lineup(2, true, false)), [1, 2], 'the one in use joins in');
    assert.deepEqual(words(mover.answered(plain(b), 30)), ['tell 2?', 'update']);
    assert.deepEqual(words(mover.answered(updated(b), 60)), ['tell 2!']);
  });

  test('that does not answer is not used, and tried again later and later', () => {
    const mover = established();
    mover.setPaths([b, a], 0);
    assert.equal(mover.probeAt(), -Infinity);
    assert.deepEqual(mover.answered(plain(a, b), 1_000), []);
    assert.equal(mover.current.id, 1);
    assert.equal(mover.probeAt(), 6_000);
    mover.answered(plain(a, b), 7_000);
    assert.equal(mover.probeAt(), 27_000);
  });

  test('does not matter to who is on the best already', () => {
    const mover = established();
    assert.deepEqual(words(mover.setPaths([a, b, c], 0)), []);
    assert.equal(mover.probeAt(), undefined);
  });

  test('while another move is under way joins in that', () => {
    const mover = established();
    mover.setPaths([b], 0);
    assert.deepEqual(words(mover.setPaths([c, b], 5)), ['send-again']);
    assert.deepEqual(ids(mover.lineup(0, false, false)), [2, 3]);
    assert.equal(mover.probeAt(), undefined);
  });

  test('is tried behind a move that passed it over', () => {
    const mover = established();
    mover.setPaths([b], 0);
    mover.setPaths([c, b], 5);
    assert.deepEqual(words(mover.answered(updated(b), 10)), ['tell 2!', 'probe']);
  });

  test('is no reason to try anything with a gateway that cannot move', () => {
    const mover = established(false);
    assert.deepEqual(mover.setPaths([b, a], 0), []);
    assert.equal(mover.probeAt(), undefined);
    assert.deepEqual(mover.answered(plain(b, a), 10), []);
    assert.equal(mover.current.id, 1);
  });
});

describe('a path that the gateway refuses', () => {
  test('is left for the next one when the old one is lost', proves('RFC4555-3.5-x3', 'does'), () => {
    const mover = established();
    mover.setPaths([b, c], 0);
    assert.deepEqual(words(mover.answered(updated(b, 'refused'), 10)), ['tell 3?', 'send-again', 'update']);
    assert.deepEqual(words(mover.answered(updated(c), 20)), ['tell 3!']);
    assert.equal(mover.probeAt(), undefined, 'it is not tried again');
  });

  test('is left for the one that we came from when that is still there', () => {
    const mover = established();
    mover.setPaths([b, a], 0);
    mover.answered(plain(b), 10);
    assert.deepEqual(words(mover.answered(updated(b, 'refused'), 20)), ['tell 1!', 'ask']);
    assert.equal(mover.current.id, 1);
    assert.deepEqual(mover.setPaths([b, a], 30), [], 'it is not tried again');
  });

  test('ends the session when there is nothing else', () => {
    const mover = established();
    mover.setPaths([b], 0);
    const steps = mover.answered(updated(b, 'refused'), 10);
    assert.deepEqual(words(steps), ['leave']);
    const [step] = steps;
    assert.equal(step?.kind === 'leave' && step.failure.code, 'network.path-lost');
  });

  test('is not concluded from an answer to a request that went over several', () => {
    const mover = established();
    mover.setPaths([b, c], 0);
    assert.deepEqual(words(mover.answered(updated(b, 'refused', c), 10)), ['update']);
  });

  test('was in use before: then it has not changed its mind about it', () => {
    const mover = established();
    assert.deepEqual(mover.answered(updated(a, 'refused'), 10), []);
    assert.equal(mover.current.id, 1);
  });
});

describe('a NAT that may not be', () => {
  test(
    'is looked for in several new requests before the path is given up',
    proves(['RFC4555-3.9-2', 'does'], ['RFC4555-3.9-2', 'refuses']),
    () => {
      const mover = established();
      mover.setPaths([b, c], 0);
      for (let i = 0; i < 5; i++) {
        assert.deepEqual(words(mover.answered(updated(b, 'nat-detected'), i)), ['update']);
      }
      assert.deepEqual(words(mover.answered(updated(b, 'nat-detected'), 10)), [
        'tell 3?',
        'send-again',
        'update',
      ]);
    },
  );

  test('was in one packet alone', () => {
    const mover = established();
    mover.setPaths([b], 0);
    assert.deepEqual(words(mover.answered(updated(b, 'nat-detected'), 1)), ['update']);
    assert.deepEqual(words(mover.answered(updated(b), 2)), ['tell 2!']);
  });
});

describe('a gateway that moves', () => {
  const moved = endpoint('198.51.100.77', 4501);

  test(
    'is followed without MOBIKE, by any fresh message of its own',
    proves(['RFC7296-2.23-x9', 'does']),
    () => {
      const mover = established(false);
      assert.deepEqual(words(mover.heardFrom(moved)), ['tell 1!']);
      assert.deepEqual(mover.current, { ...a, remote: moved });
      assert.deepEqual(mover.heardFrom(moved), []);
    },
  );

  test(
    'is not followed by who speaks MOBIKE',
    proves(['RFC4555-3.8-1', 'refuses'], ['RFC4555-3.8-1', 'does']),
    () => {
      const mover = established();
      assert.deepEqual(mover.heardFrom(moved), []);
      assert.deepEqual(mover.current.remote, a.remote);
    },
  );

  test('is not followed by who is behind a NAT', proves('RFC7296-2.23-x10', 'refuses'), () => {
    const mover = established(false, { ...NO_NAT, local: true });
    assert.deepEqual(mover.heardFrom(moved), []);
  });
});
