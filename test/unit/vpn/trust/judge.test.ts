import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Outcome } from '../../../../core/contract/automatic.ts';
import type { Millis } from '../../../../core/lib/ports.ts';
import { type BeaconAnswer, judge, newTrust, type Trust } from '../../../../core/vpn/trust/judge.ts';

/** A machine with beacons that answer as the test says, and time that goes as it says. */
class Machine {
  now: Millis = 0;
  trust: Trust = newTrust(0);
  readonly verdicts: string[] = [];

  network(place: string | undefined): this {
    return this.#take(judge(this.trust, { kind: 'network', place }, this.now));
  }

  woke(): this {
    return this.#take(judge(this.trust, { kind: 'woke' }, this.now));
  }

  pass(ms: Millis): this {
    this.now += ms;
    return this.#take(judge(this.trust, { kind: 'time' }, this.now));
  }

  /** Goes on to the next round, however far away it is. */
  toRound(): this {
    assert.notEqual(this.trust.askAt, undefined, 'a round will come');
    return this.pass(Math.max(0, (this.trust.askAt ?? 0) - this.now));
  }

  answer(...outcomes: readonly Outcome[]): this {
    return this.answers(
      outcomes.map((outcome, index) => ({ beacon: `b${index}:443`, outcome, link: 'eth0' })),
      ['eth0'],
    );
  }

  answers(answers: readonly BeaconAnswer[], mainLinks: readonly string[], round = this.trust.asking): this {
    assert.notEqual(round, undefined, 'a round is under way');
    return this.#take(
      judge(this.trust, { kind: 'answers', round: round ?? 0, answers, mainLinks }, this.now),
    );
  }

  /** At a new place, with this answer. */
  at(place: string, outcome: Outcome): this {
    return this.network(place).toRound().answer(outcome);
  }

  #take(trust: Trust): this {
    if (trust.verdict !== this.trust.verdict) this.verdicts.push(trust.verdict);
    this.trust = trust;
    return this;
  }
}

const verdictOf = ({ trust: { verdict, grounds } }: Machine): string => `${verdict} ${grounds.code}`;

describe('the judgement of a network', () => {
  test('is none without a network, and none before the beacons were asked', () => {
    const machine = new Machine();
    assert.equal(verdictOf(machine), 'unknown no-network');
    assert.equal(machine.trust.askAt, undefined);
    machine.network('a');
    assert.equal(verdictOf(machine), 'unknown asking');
    machine.network(undefined);
    assert.equal(verdictOf(machine), 'unknown no-network');
    assert.equal(machine.trust.askAt, undefined);
  });

  test('follows from the first round at a new place, whatever it brings', () => {
    const cases: readonly (readonly [Outcome, string])[] = [
      ['proved', 'trusted proved'],
      ['other-key', 'untrusted other-key'],
      ['no-tls', 'untrusted no-tls'],
      ['refused', 'untrusted refused'],
      ['silent', 'untrusted silent'],
      ['forbidden', 'untrusted forbidden'],
      ['no-way', 'untrusted no-way'],
      ['no-name', 'untrusted no-name'],
    ];
    for (const [outcome, expected] of cases) {
      assert.equal(verdictOf(new Machine().at('a', outcome)), expected);
      assert.equal(verdictOf(new Machine().at('office', 'proved').at('a', outcome)), expected);
    }
  });

  test('needs one beacon that proves itself, and tells of the one that says most otherwise', () => {
    const told = (...outcomes: Outcome[]): unknown => {
      const machine = new Machine()
        .network('a')
        .toRound()
        .answer(...outcomes);
      return [machine.trust.grounds.code, machine.trust.grounds.beacon];
    };
    assert.deepEqual(told('silent', 'other-key', 'proved'), ['proved', 'b2:443']);
    assert.deepEqual(told('silent', 'other-key', 'refused'), ['other-key', 'b1:443']);
    assert.deepEqual(told('no-name', 'silent', 'no-way'), ['silent', 'b1:443']);
    assert.deepEqual(told(), ['no-beacons', undefined]);
  });

  test('is not changed by one round or two without an answer, and is by the third', () => {
    const machine = new Machine().at('office', 'proved');
    const trustedSince = machine.trust.since;
    for (const outcome of ['silent', 'refused'] as const) {
      machine.toRound().answer(outcome);
      assert.equal(verdictOf(machine), 'trusted proved');
    }
    machine.toRound().answer('proved');
    assert.deepEqual([machine.trust.misses, machine.trust.since], [0, trustedSince]);
    for (const outcome of ['silent', 'silent', 'no-name'] as const) machine.toRound().answer(outcome);
    assert.equal(verdictOf(machine), 'untrusted no-name');
    assert.ok(machine.now < 6 * 60_000 + 5 * 60_000);
  });

  test('asks soon again when it is in doubt, and seldom when it is not', () => {
    const machine = new Machine().at('office', 'proved');
    const wait = (): Millis => (machine.trust.askAt ?? 0) - machine.now;
    assert.equal(wait(), 300_000);
    assert.equal(machine.toRound().answer('silent').trust.verdict, 'trusted');
    assert.equal(wait(), 5_000);
    machine.toRound().answer('silent').toRound().answer('silent');
    const waits = Array.from({ length: 6 }, () => {
      const before = wait();
      machine.toRound().answer('silent');
      return before;
    });
    assert.deepEqual(waits, [15_000, 30_000, 60_000, 120_000, 300_000, 300_000]);
  });

  test('changes at once when the beacon has another key', () => {
    const machine = new Machine().at('office', 'proved').toRound().answer('other-key');
    assert.equal(verdictOf(machine), 'untrusted other-key');
  });

  test('changes at once for the better', () => {
    const machine = new Machine().at('office', 'silent').toRound().answer('proved');
    assert.equal(verdictOf(machine), 'trusted proved');
  });

  test('waits until a change of networks is over, but not for ever', () => {
    const machine = new Machine().network('a');
    for (let i = 0; i < 5; i++) machine.pass(500).network(`a${i}`);
    assert.equal(machine.trust.asking, undefined);
    machine.toRound();
    assert.notEqual(machine.trust.asking, undefined);
    // A change takes the round away that it finds: what counts is that one began.
    const restless = new Machine().network('b');
    while (restless.trust.rounds === 0 && restless.now < 60_000)
      restless.pass(100).network(`${restless.now}`);
    assert.equal(restless.now, 4_000);
  });

  test('takes no answer about a network that the machine has left', () => {
    const machine = new Machine().network('office').toRound();
    const round = machine.trust.asking;
    machine.network('hotel');
    machine.answers([{ beacon: 'b:443', outcome: 'proved', link: 'eth0' }], ['eth0'], round ?? 0);
    assert.equal(verdictOf(machine), 'unknown asking');
    machine.toRound().answer('silent');
    assert.equal(verdictOf(machine), 'untrusted silent');
  });

  test('asks anew when something about the same place changes, and thinks the same of it meanwhile', () => {
    const machine = new Machine().at('office', 'proved').network('office');
    assert.equal(verdictOf(machine), 'trusted proved');
    assert.equal((machine.trust.askAt ?? 0) - machine.now, 700);
    machine.toRound().answer('silent');
    assert.equal(verdictOf(machine), 'trusted proved');
  });

  test('asks anew after a sleep, and knows nothing until then', () => {
    const machine = new Machine().at('office', 'proved').woke();
    assert.equal(verdictOf(machine), 'unknown asking');
    assert.equal(verdictOf(machine.toRound().answer('proved')), 'trusted proved');
    assert.equal(verdictOf(new Machine().woke()), 'unknown no-network');
  });

  test('trusts no machine that sends everything else by another network', () => {
    const proved: BeaconAnswer = { beacon: 'b:443', outcome: 'proved', link: 'cable' };
    const machine = (answers: readonly BeaconAnswer[], main: readonly string[]): Machine =>
      new Machine().network('a').toRound().answers(answers, main);
    const divided = machine([proved], ['wlan0']);
    assert.equal(verdictOf(divided), 'untrusted divided');
    assert.deepEqual(divided.trust.grounds, {
      code: 'divided',
      beacon: 'b:443',
      interface: 'cable',
      other: 'wlan0',
    });
    assert.equal(verdictOf(machine([proved], ['cable', 'wlan0'])), 'untrusted divided');
    assert.equal(
      verdictOf(machine([proved, { ...proved, link: 'wlan0' }], ['cable', 'wlan0'])),
      'trusted proved',
    );
    assert.equal(verdictOf(machine([proved], [])), 'trusted proved');
  });

  test('does not go to and fro when a cable does', () => {
    const machine = new Machine().at('office', 'proved');
    for (let i = 0; i < 20; i++) machine.network(undefined).pass(200).network('office').pass(300);
    machine.toRound().answer('proved');
    assert.ok(!machine.verdicts.includes('untrusted'));
    assert.equal(machine.trust.verdict, 'trusted');
  });
});
