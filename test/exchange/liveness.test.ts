import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Notify } from '../../core/wire/constants.ts';
import { proves } from '../conformance/tag.ts';
import { notifies } from '../support/gateway/pick.ts';
import { Roaming } from '../support/roaming.ts';

/** What is told, and how long after `start`. */
class Witness {
  readonly told: [number, string][] = [];
  readonly #roaming: Roaming;
  readonly #start: number;

  constructor(roaming: Roaming) {
    this.#roaming = roaming;
    this.#start = roaming.now;
  }

  run(ms: number, each: () => void = () => undefined): this {
    for (let i = 0; i < ms / 100; i++) {
      each();
      const before = this.#roaming.events.length;
      this.#roaming.run(100);
      for (const { kind } of this.#roaming.events.slice(before)) {
        this.told.push([this.#roaming.now - this.#start, kind]);
      }
    }
    return this;
  }
}

describe('a way that dies', () => {
  test(
    'is told of when the time is over for which silence is believed in, and given up when patience is',
    proves(['RFC7296-2.4-2', 'does'], ['RFC7296-2.4-x8', 'does'], ['RFC7296-2.4-11', 'does']),
    () => {
      const roaming = new Roaming().connect().run(500);
      roaming.command({ kind: 'check-liveness' }).run(20).forget().kill(0);
      const witness = new Witness(roaming).run(50_000);
      assert.deepEqual(witness.told, [
        [30_000, 'unanswered'],
        [45_000, 'closed'],
      ]);
      assert.equal(roaming.event('closed')?.failure?.code, 'timeout.liveness');
    },
  );

  test('is told of not later than that, at whatever moment and under whatever traffic it dies', () => {
    for (let i = 0; i < 40; i++) {
      const roaming = new Roaming({ client: { livenessMs: 6_000 } }).connect();
      const isBusy = i % 2 === 0;
      const step = (): void => {
        if (isBusy) roaming.exchangeEsp();
      };
      new Witness(roaming).run(2_000 + 137 * i, step);
      roaming.forget().kill(0);
      const witness = new Witness(roaming).run(6_100, step);
      assert.deepEqual(
        witness.told.map(([, kind]) => kind),
        ['unanswered'],
        `${i}`,
      );
      assert.ok((witness.told[0]?.[0] ?? 0) <= 6_000);
    }
  });

  test('and comes back in time is told of too, and the session goes on', () => {
    const roaming = new Roaming().connect().kill(0).run(40_000).revive(0).run(10_000);
    assert.deepEqual(
      roaming.events.map(({ kind }) => kind),
      ['unanswered', 'answered'],
    );
    assert.ok(roaming.passes);
  });

  test('and comes back for ESP is believed again by that', () => {
    const roaming = new Roaming().connect().kill(0).run(31_000);
    roaming.session.noteTraffic(roaming.now, 0);
    roaming.run(0).command({ kind: 'paths', paths: [roaming.way(0).path] });
    assert.deepEqual(
      roaming.events.map(({ kind }) => kind),
      ['unanswered', 'answered'],
    );
  });

  test('is asked for with the same octets, and pauses that grow', proves('RFC7296-2.4-13', 'does'), () => {
    const roaming = new Roaming().connect().kill(0).run(40_000);
    const times = roaming.sent.map(({ at }) => at);
    assert.ok(times.length >= 6);
    const pauses = times.slice(1).map((at, i) => at - times[i]!);
    assert.ok(
      pauses.every((pause, i) => i === 0 || pause >= pauses[i - 1]!),
      String(pauses),
    );
    assert.ok(roaming.sent.every(({ payload }) => payload.join() === roaming.sent[0]!.payload.join()));
  });
});

describe('a session that nothing happens in', () => {
  test('sends one small request in half of that time, and nothing else', () => {
    const roaming = new Roaming().connect().run(600_000);
    assert.equal(roaming.sent.length, 40);
    assert.ok(roaming.sent.every(({ payload }) => payload.length < 200));
    assert.deepEqual(roaming.events, []);
  });

  test('sends nothing while traffic comes in', () => {
    const roaming = new Roaming().connect();
    for (let i = 0; i < 600; i++) roaming.exchangeEsp().run(1_000);
    assert.equal(roaming.sent.length, 0);
  });

  test('sends nothing at all when it is not to ask', () => {
    const roaming = new Roaming({ client: { livenessMs: 0 } }).connect();
    roaming.session.noteSent(roaming.now);
    roaming.kill(0).run(600_000);
    assert.equal(roaming.sent.length, 0);
    assert.deepEqual(roaming.events, []);
  });
});

describe('a machine that slept', () => {
  test('asks at once, and again soon', () => {
    const roaming = new Roaming().connect();
    roaming.sleep(3_600_000).kill(0);
    const start = roaming.now;
    roaming.command({ kind: 'check-liveness' }).run(1_000);
    assert.deepEqual(
      roaming.sent.slice(0, 3).map(({ at }) => at - start),
      [0, 150, 420],
    );
  });

  test('says nothing of the time that it slept when the answer comes', () => {
    for (const before of [0, 14_900, 15_005]) {
      for (const command of ['check-liveness', undefined] as const) {
        const roaming = new Roaming().connect().run(before).sleep(600_000);
        if (command) roaming.command({ kind: command });
        roaming.run(14_000);
        assert.deepEqual(roaming.events, [], `${before} ${command}`);
        assert.ok(roaming.passes);
      }
    }
  });

  test('does not give a request up whose patience ended meanwhile', () => {
    const roaming = new Roaming().connect().kill(0).command({ kind: 'check-liveness' }).run(2_000);
    roaming.sleep(3_600_000).revive(0).run(2_000);
    assert.equal(roaming.session.closed, false);
    assert.ok(roaming.passes);
  });

  test('says within seconds when nobody answers', () => {
    const roaming = new Roaming().connect().kill(0).sleep(3_600_000).command({ kind: 'check-liveness' });
    const witness = new Witness(roaming).run(2_500);
    assert.deepEqual(witness.told, [[2_000, 'unanswered']]);
  });

  test('does not take for life what waited for it', () => {
    const roaming = new Roaming().connect().run(500).kill(0).sleep(1_200_000);
    // The gateway asked while we slept, and has given us up since.
    roaming.session.noteTraffic(roaming.now, 0);
    roaming.run(600).command({ kind: 'check-liveness', afterSleep: true });
    const witness = new Witness(roaming).run(2_000);
    assert.deepEqual(witness.told, [[1_000, 'unanswered']]);
  });

  test('takes for life whatever comes when it is awake', () => {
    const roaming = new Roaming().connect().run(500).kill(0).sleep(1_200_000);
    roaming.command({ kind: 'check-liveness', afterSleep: true }).run(300);
    roaming.session.noteTraffic(roaming.now, 0);
    assert.deepEqual(new Witness(roaming).run(2_000).told, []);
    roaming.revive(0).run(5_000).forget();
    assert.deepEqual(new Witness(roaming.kill(0)).run(20_000).told, []);
  });

  test('is in no hurry when the gateway has answered', () => {
    const roaming = new Roaming().connect().run(500).sleep(1_200_000);
    roaming.command({ kind: 'check-liveness', afterSleep: true }).run(500).forget().kill(0);
    roaming.command({ kind: 'check-liveness' });
    assert.deepEqual(new Witness(roaming).run(20_000).told, []);
  });

  test('repeats a request that is under way instead of a new one', () => {
    const roaming = new Roaming().connect().kill(0).command({ kind: 'rekey-ike' }).run(10_000);
    roaming.forget().revive(0).command({ kind: 'check-liveness' }).run(100);
    assert.ok(roaming.event('rekeyed'));
  });
});

describe('what the network says of packets that did not arrive', () => {
  test(
    'is a reason to ask, and to conclude nothing',
    proves(
      ['RFC7296-2.4-3', 'does'],
      ['RFC7296-2.4-3', 'refuses'],
      ['RFC7296-2.4-x4', 'does'],
      ['RFC4555-3.5-x1', 'does'],
      ['RFC4555-3.5-x2', 'does'],
    ),
    () => {
      const roaming = new Roaming().connect();
      for (let i = 0; i < 100; i++) {
        roaming.session.noteUnreachable('host', roaming.now);
        roaming.run(100);
      }
      assert.deepEqual(roaming.events, []);
      assert.ok(roaming.requests.length >= 1 && roaming.requests.length <= 2, `${roaming.requests.length}`);
    },
  );
});

describe('a gateway that asks', () => {
  test('is a sign of life', () => {
    const roaming = new Roaming({ gateway: { livenessMs: 10_000 } }).connect().run(120_000);
    assert.equal(roaming.requests.length, 0);
    assert.equal(roaming.gatewayEvents.filter(({ kind }) => kind === 'answered').length, 12);
  });

  test(
    'with NAT detection gets ours',
    proves(['RFC4555-3.8-2', 'does'], ['RFC4555-3.8-2', 'refuses']),
    () => {
      const roaming = new Roaming().connect();
      const payloads = [Notify.NAT_DETECTION_SOURCE_IP, Notify.NAT_DETECTION_DESTINATION_IP].map(
        (notifyType) =>
          ({ kind: 'N', protocol: 0, spi: new Uint8Array(), notifyType, data: new Uint8Array(20) }) as const,
      );
      const request = { exchange: 37, payloads };
      roaming.act(roaming.made.gateway.request(roaming.sa.id, request, roaming.now)).run(100);
      const answer = roaming.gatewayEvents.find((event) => event.kind === 'answered')?.message;
      assert.equal(answer && notifies(answer, Notify.NAT_DETECTION_DESTINATION_IP).length, 1);
      assert.equal(answer && notifies(answer, Notify.NAT_DETECTION_SOURCE_IP).length, 1);
      roaming.forget().act(roaming.made.gateway.checkLiveness(roaming.sa.id, roaming.now)).run(100);
      const plain = roaming.gatewayEvents.find((event) => event.kind === 'answered')?.message;
      assert.deepEqual(plain?.payloads, []);
    },
  );
});
