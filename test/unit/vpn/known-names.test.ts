import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatAddress } from '../../../core/net/address.ts';
import type { NameAnswer } from '../../../core/net/dns/answers.ts';
import { KnownNames } from '../../../core/vpn/known-names.ts';
import { NameFollower } from '../../../core/vpn/name-follower.ts';
import { failure, type Failure } from '../../../core/lib/failure.ts';
import { ip, rule } from '../net/policy/rules.ts';
import { FakeClock } from '../../support/fake-ports.ts';

const POLICY = { rules: [rule(1, 'bypass', '*.cdn.test')], otherwise: 'gateway' } as const;
const NOBODY: ReadonlySet<string> = new Set();
const GRACE_MS = 5 * 60_000;

function answer(name: string, address: string, ttlSeconds = 60, ...aliases: string[]): NameAnswer {
  return { name, aliases, address: ip(address), ttlSeconds };
}

function followed(names: KnownNames): string[] {
  return names.followed.map(({ name, address }) => `${name} ${formatAddress(address)}`);
}

function known(): KnownNames {
  const names = new KnownNames();
  names.follow(POLICY);
  return names;
}

describe('what is known of names', () => {
  test('is what rules speak of, under every name of a chain', () => {
    const names = known();
    names.learn([answer('www.shop.test', '192.0.2.1', 60, 'shop.cdn.test', 'pop.net.test')], 0);
    assert.deepEqual(followed(names), ['shop.cdn.test 192.0.2.1']);
    assert.deepEqual(names.addressesOf('pop.net.test').map(formatAddress), ['192.0.2.1']);
  });

  test('grows by a changed answer, and forgets the first when its time and a grace are over', () => {
    const names = known();
    assert.equal(names.learn([answer('a.cdn.test', '192.0.2.1')], 0)?.length, 1);
    assert.equal(names.learn([answer('a.cdn.test', '192.0.2.2')], 1_000)?.length, 1);
    assert.equal(names.learn([answer('a.cdn.test', '192.0.2.2')], 2_000)?.length, 0);
    assert.equal(names.nextExpiry, 60_000 + GRACE_MS);
    assert.equal(names.expire(60_000 + GRACE_MS - 1, NOBODY), false);
    assert.equal(names.expire(60_000 + GRACE_MS, NOBODY), true);
    assert.deepEqual(followed(names), ['a.cdn.test 192.0.2.2']);
  });

  test('stays as long as somebody is connected there', () => {
    const names = known();
    names.learn([answer('a.cdn.test', '192.0.2.1', 0)], 0);
    assert.equal(names.expire(GRACE_MS, new Set(['192.0.2.1'])), false);
    assert.equal(names.nextExpiry, 2 * GRACE_MS);
    assert.equal(names.expire(2 * GRACE_MS, NOBODY), true);
    assert.equal(names.nextExpiry, Infinity);
  });

  test('holds for another policy that speaks of other names', () => {
    const names = known();
    names.learn([answer('www.corp.test', '192.0.2.7'), answer('a.cdn.test', '192.0.2.1')], 0);
    names.follow({ rules: [rule(1, 'protect', 'www.corp.test')], otherwise: 'bypass' });
    assert.deepEqual(followed(names), ['www.corp.test 192.0.2.7']);
  });

  test('is limited: an answer too many is not taken, and what no rule speaks of makes room', () => {
    const names = known();
    for (let i = 0; i < 3_000; i++) names.learn([answer(`n${i}.other.test`, '192.0.2.9')], 0);
    assert.deepEqual(names.addressesOf('n0.other.test'), []);
    for (let i = 0; i < 500; i++) {
      assert.equal(names.learn([answer(`n${i}.cdn.test`, '192.0.2.9')], 0)?.length, 1);
    }
    assert.equal(names.learn([answer('more.cdn.test', '192.0.2.9')], 0), undefined);
    assert.equal(names.followed.length, 500);
  });
});

describe('who follows names', () => {
  function rig(reshape: () => Promise<Failure | undefined>) {
    const clock = new FakeClock(0);
    const broken: Failure[] = [];
    const follower = new NameFollower({
      clock,
      log: () => undefined,
      inUse: () => NOBODY,
      reshape,
      onBroken: (why) => broken.push(why),
    });
    follower.follow(POLICY);
    return { clock, follower, broken };
  }

  test('gives an answer out only when everything knows it, and others at once', async () => {
    const turns = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()];
    let begun = 0;
    const { follower } = rig(() => turns[begun++]?.promise ?? Promise.resolve(undefined));
    const given: string[] = [];
    const learn = (name: string, address: string): Promise<unknown> =>
      follower.learn([answer(name, address)]).then(() => given.push(name));
    const first = learn('a.cdn.test', '192.0.2.1');
    await Promise.resolve();
    // These two come while the first turn is under way, and share the next.
    const second = [learn('b.cdn.test', '192.0.2.2'), learn('c.cdn.test', '192.0.2.3')];
    assert.deepEqual(given, []);
    turns[0]?.resolve(undefined);
    await first;
    assert.deepEqual([given, begun], [['a.cdn.test'], 2]);
    turns[1]?.resolve(undefined);
    await Promise.all(second);
    assert.deepEqual([given, begun], [['a.cdn.test', 'b.cdn.test', 'c.cdn.test'], 2]);
    await learn('www.other.test', '192.0.2.4');
    assert.equal(begun, 2);
  });

  test('holds back what could not be carried out, and ends what cannot be kept up', async () => {
    let problem: Failure | undefined = failure('config.policy-unusable', { problems: [] });
    const { follower, broken } = rig(() => Promise.resolve(problem));
    await assert.rejects(follower.learn([answer('a.cdn.test', '192.0.2.1')]));
    assert.deepEqual([follower.known, broken], [[], []]);
    problem = failure('platform.route-failed');
    await assert.rejects(follower.learn([answer('a.cdn.test', '192.0.2.1')]));
    assert.deepEqual([follower.known, broken], [[], [problem]]);
    problem = undefined;
    await follower.learn([answer('a.cdn.test', '192.0.2.1')]);
    assert.equal(follower.known.length, 1);
  });

  test('forgets in time, and has the machine forget', async () => {
    let turns = 0;
    const { clock, follower } = rig(() => {
      turns += 1;
      return Promise.resolve(undefined);
    });
    await follower.learn([answer('a.cdn.test', '192.0.2.1')]);
    while (clock.step(clock.now() + 10 * GRACE_MS));
    await Promise.resolve();
    assert.deepEqual([follower.known, turns], [[], 2]);
    follower.close();
    assert.equal(clock.pending, 0);
  });
});
