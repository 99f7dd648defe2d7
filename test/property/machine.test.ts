import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { failure, FAILURES, type FailureCode } from '../../core/lib/failure.ts';
import { MAX_PAUSE_MS } from '../../core/vpn/machine/backoff.ts';
import type { Effect, Way } from '../../core/vpn/machine/state.ts';
import { sessionsOf, wakeAt } from '../../core/vpn/machine/step.ts';
import { proves } from '../conformance/tag.ts';
import { ONE, Played, SIX, TWO } from '../support/played-machine.ts';

/** What the last words about a session were, kept apart from what the machine makes of them. */
interface Facts {
  confirmed: boolean;
  silent: boolean;
  way: Way;
}

/** A machine that is watched: after every event all that has to hold always is checked. */
class Watched extends Played {
  readonly facts = new Map<number, Facts>();
  wasConnected = false;
  cleared = 0;
  readonly #opened = new Set<number>();
  readonly #dropped = new Set<number>();

  override on(event: Parameters<Played['on']>[0]): readonly Effect[] {
    const before = this.state;
    if (event.kind === 'session') this.#learn(event.id, event.event);
    const facts = event.kind === 'way' ? this.facts.get(event.id) : undefined;
    if (facts && event.kind === 'way') facts.way = event.way;
    const effects = super.on(event);
    if (before.name === 'ended') {
      assert.deepEqual([this.state, effects], [before, []], 'nothing follows the end');
    }
    this.#follow(effects);
    this.#check(event.kind);
    return effects;
  }

  #learn(id: number, event: Parameters<Played['says']>[1]): void {
    const facts = this.facts.get(id);
    if (!facts) return;
    if (event.kind === 'unanswered') facts.silent = true;
    if (event.kind === 'answered') facts.silent = false;
    if (event.kind === 'path') {
      facts.confirmed = event.confirmed;
      if (event.confirmed) Object.assign(facts, { way: 'kept', silent: false });
    }
  }

  #follow(effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (effect.kind === 'open') {
        assert.ok(!this.#opened.has(effect.id), 'no id is used twice');
        this.#opened.add(effect.id);
      }
      if (effect.kind === 'configure') {
        this.facts.set(effect.current.id, { confirmed: true, silent: false, way: 'kept' });
      }
      if (effect.kind === 'announce') this.wasConnected = true;
      if (effect.kind === 'drop') {
        assert.ok(this.#opened.has(effect.id) && !this.#dropped.has(effect.id), 'dropped once');
        this.#dropped.add(effect.id);
      }
      if (effect.kind === 'say-goodbye')
        assert.ok(!this.#dropped.has(effect.id), 'whoever is gone is silent');
      if (effect.kind === 'clear') {
        this.cleared += 1;
        for (const id of this.#opened) this.#dropped.add(id);
      }
    }
  }

  #check(after: string): void {
    const { state } = this;
    assert.equal(this.cleared, state.name === 'ended' ? 1 : 0, 'clear comes once, with the end');
    const open = [...this.#opened].filter((id) => !this.#dropped.has(id)).sort();
    if ('life' in state) {
      const { leaving, listening } = state.life;
      const ids = [...leaving, ...listening].map(({ id }) => id);
      const wanted = [...new Set([...sessionsOf(state), ...ids])].sort();
      assert.deepEqual(open, wanted, `after ${after} no session is open that nobody wants, or the reverse`);
    } else {
      assert.deepEqual(open, []);
    }
    if (state.name === 'connected') {
      const facts = this.facts.get(state.current.id);
      assert.deepEqual(facts, { confirmed: true, silent: false, way: 'kept' }, 'connected is the truth');
      assert.ok(state.life.online);
    }
    if (state.name === 'on-demand') {
      assert.deepEqual(open, [], 'what waits for a packet has no session');
      assert.equal(this.effects.at(-1)?.kind, 'watch', 'and is told of the next one');
    }
    if (state.name === 'reconnecting' || state.name === 'waiting-for-network') {
      assert.ok(state.outage.cause.code in FAILURES && state.outage.since <= this.now);
    }
    if (state.name === 'reconnecting') {
      const { retryAt } = state.outage;
      assert.ok(state.attempt !== undefined || retryAt !== undefined, 'something is under way, or will be');
      if (!state.attempt) assert.ok((retryAt ?? Infinity) - this.now <= MAX_PAUSE_MS);
    }
    if (state.name === 'ended' && state.outcome.kind === 'failed') {
      assert.equal(state.outcome.wasConnected, this.wasConnected);
    }
    if (after === 'time') assert.ok((wakeAt(state) ?? Infinity) > this.now, 'it does not stay awake');
  }

  /** The session with that index from behind; undefined before there is one. */
  session(index: number): number | undefined {
    return [...this.#opened].at(-1 - index);
  }

  lookup(index: number): number | undefined {
    return this.all('look-up').at(-1 - index)?.id;
  }
}

/** One thing that happens. `which`: a session, or a look-up, by its index from behind. */
type Action = readonly [what: string, which: number, choice: number];

const CODES: readonly FailureCode[] = [
  'timeout.init',
  'timeout.liveness',
  'network.no-route',
  'peer.deleted',
  'peer.restarted',
  'peer.no-address',
  'auth.wrong-password',
  'auth.rejected',
  'protocol.malformed',
];
const WAYS: readonly Way[] = ['kept', 'moving', 'lost', 'none'];

const pick = <T>(list: readonly T[], choice: number): T => list[choice % list.length] as T;

/** What can be said of a session; the first three are what a session that works says. */
const OF_SESSION: Readonly<Record<string, (played: Watched, id: number, choice: number) => unknown>> = {
  works: (played, id, choice) => {
    played.initiated(id);
    if (choice % 4 === 0) return;
    played.established(id, choice % 4 !== 3);
    if (choice % 4 !== 1) played.on({ kind: 'configured', id });
  },
  initiated: (played, id) => played.initiated(id),
  established: (played, id) => played.established(id),
  configured: (played, id) => played.on({ kind: 'configured', id }),
  'configure-failed': (played, id) =>
    played.on({ kind: 'configure-failed', id, failure: failure('platform.route-failed') }),
  need: (played, id) => played.says(id, { kind: 'need', what: 'password' }),
  refused: (played, id) => played.on({ kind: 'refused', id, failure: failure('config.credential-missing') }),
  closed: (played, id, choice) => played.closed(id, pick(CODES, choice)),
  'closed by us': (played, id) => played.closed(id),
  'open-failed': (played, id) => played.on({ kind: 'open-failed', id, failure: failure('network.no-route') }),
  unanswered: (played, id) => played.says(id, { kind: 'unanswered', since: 0 }),
  answered: (played, id) => played.says(id, { kind: 'answered' }),
  path: (played, id, choice) => played.path(id, choice % 2 === 0),
  way: (played, id, choice) => played.way(id, pick(WAYS, choice)),
  lifetime: (played, id, choice) => played.says(id, { kind: 'auth-lifetime', seconds: choice * 10 }),
  redirected: (played, id, choice) =>
    played.says(id, {
      kind: 'redirected',
      to: choice % 2 === 0 ? { kind: 'address', address: TWO } : { kind: 'name', name: 'c.example' },
    }),
  broken: (played, id) => played.on({ kind: 'broken', id, failure: failure('internal.bug') }),
};

const AT_LARGE: Readonly<Record<string, (played: Watched, which: number, choice: number) => unknown>> = {
  start: (played) => (played.settings.onDemand ? played.armed(ONE, SIX) : played.start(ONE, SIX)),
  acquire: (played) => played.on({ kind: 'acquire' }),
  used: (played) => played.on({ kind: 'used' }),
  stop: (played) => played.on({ kind: 'stop' }),
  abandon: (played) => played.on({ kind: 'abandon' }),
  device: (played) => played.on({ kind: 'broken', failure: failure('platform.tun-failed') }),
  network: (played, _, choice) => played.network(choice % 3 !== 0),
  woke: (played, _, choice) => played.on({ kind: 'woke', asleepMs: choice * 1_000_000 }),
  found: (played, which, choice) => {
    const id = played.lookup(which);
    if (id !== undefined) played.on({ kind: 'found', id, addresses: choice % 2 ? [TWO] : [SIX, ONE] });
  },
  'not-found': (played, which) => {
    const id = played.lookup(which);
    if (id !== undefined)
      played.on({ kind: 'not-found', id, failure: failure('network.name-lookup-failed') });
  },
  moment: (played, _, choice) => played.pass(choice * 50),
  while: (played, _, choice) => played.pass(choice * 5_000),
};

function carryOut(played: Watched, [what, which, choice]: Action): void {
  played.chance = (choice % 10) / 10;
  const ofSession = OF_SESSION[what];
  if (!ofSession) return void AT_LARGE[what]?.(played, which, choice);
  const id = played.session(which);
  if (id !== undefined) ofSession(played, id, choice);
}

/** Ends are rare, so that something happens before them. */
const words = fc.oneof(
  { weight: 12, arbitrary: fc.constant('works') },
  { weight: 6, arbitrary: fc.constantFrom('found', 'moment', 'while', 'network', 'acquire') },
  { weight: 24, arbitrary: fc.constantFrom(...Object.keys(OF_SESSION)) },
  { weight: 8, arbitrary: fc.constantFrom(...Object.keys(AT_LARGE)) },
);
const actions = fc.array(
  fc.tuple(
    words,
    fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(4) }),
    fc.nat(20),
  ),
  { maxLength: 60, size: 'max' },
);

test(
  'whatever happens in whatever order: no session is forgotten, "connected" is true, and one end clears',
  proves('RFC7296-3.15.1-x6', 'does'),
  () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(
        fc.record({
          reconnect: fc.boolean(),
          idle: fc.option(fc.integer({ min: 5_000, max: 100_000 }), { nil: undefined }),
          giveUp: fc.option(fc.integer({ min: 10_000, max: 100_000 }), { nil: undefined }),
          gateways: fc.constantFrom(['a.example'], ['a.example', '192.0.2.9', 'b.example']),
          actions,
        }),
        ({ reconnect, idle, giveUp, gateways, actions: happening }) => {
          const played = new Watched({
            reconnect,
            gateways,
            ...(giveUp === undefined ? {} : { giveUpAfterMs: giveUp }),
            ...(idle === undefined ? {} : { onDemand: { idleMs: idle } }),
          });
          AT_LARGE['start']?.(played, 0, 0);
          for (const action of happening) {
            carryOut(played, action);
            seen.add(played.name);
          }
          // From wherever it stands, and whoever answers, a stop is the end within the time for goodbyes.
          played.on({ kind: 'stop' });
          played.pass(2 * played.settings.goodbyeMs);
          assert.equal(played.name, 'ended');
        },
      ),
      { numRuns: 5_000 },
    );
    for (const name of [
      'on-demand',
      'connecting',
      'configuring',
      'connected',
      'roaming',
      'reconnecting',
      'waiting-for-network',
      'disconnecting',
      'ended',
    ]) {
      assert.ok(seen.has(name), `${name} was never reached`);
    }
  },
);

test('left alone, a lost connection is tried for ever and never all the time', () => {
  fc.assert(
    fc.property(fc.constantFrom(...CODES.slice(0, 6)), fc.nat(9), (code, tenths) => {
      const played = new Watched();
      played.chance = tenths / 10;
      played.closed(played.connected(), code);
      const begun: number[] = [];
      while (played.now < 3_600_000) {
        assert.equal(played.name, 'reconnecting');
        const { id } = played.opened();
        if (played.open.includes(id)) {
          begun.push(played.now);
          played.initiated(id);
          played.closed(id, 'peer.notify');
        }
        played.pass(1_000);
      }
      assert.ok(begun.length >= 60 && begun.length <= 200, `${begun.length} attempts in an hour`);
    }),
    { numRuns: 12 },
  );
});
