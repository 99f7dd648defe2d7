import assert from 'node:assert/strict';
import { beforeEach, describe, mock, test } from 'node:test';
import { deriveIkeKeys, wipeIkeKeys } from '../../core/ike/key-schedule.ts';
import { sessionProtection } from '../../core/ike/protection.ts';
import { SecretBytes } from '../../core/lib/secret.ts';
import { proves } from '../conformance/tag.ts';
import { type Faults, PSK, seededRandom } from '../support/gateway/index.ts';
import { type LoginMethod, Pair, type PairOptions } from '../support/pair.ts';
import { watchSecrets } from '../support/used-secrets.ts';
import { IKE_WORDS, suiteOf } from '../unit/ike/suites.ts';

const METHODS: readonly LoginMethod[] = ['eap', 'certificate', 'psk'];

/** Every secret from which the client computed something since the test began. */
const used = watchSecrets(() => !isGateway);
let isGateway = false;
beforeEach(() => used.clear());

/** What the person gave is the owner's to wipe: the PSK of the configuration, and the password. */
class Watched extends Pair {
  readonly given = new Set<SecretBytes>();

  constructor(options: PairOptions) {
    super({ ...options, asked: 'later' });
  }

  override command(command: Parameters<Pair['command']>[0]): this {
    if (command.kind === 'password') this.given.add(command.password);
    return super.command(command);
  }

  override giveGateway(datagram: Parameters<Pair['giveGateway']>[0]): this {
    isGateway = true;
    try {
      return super.giveGateway(datagram);
    } finally {
      isGateway = false;
    }
  }

  /** Delivers up to `count` messages, and gives the password when it is asked for. */
  deliver(count: number): this {
    let asked = this.events.filter(({ kind }) => kind === 'need').length;
    for (let i = 0; i < count && this.toGateway.length + this.toClient.length > 0; i++) {
      if (this.toGateway.length > 0) this.stepToGateway();
      else this.stepToClient();
      const needs = this.events.filter(({ kind }) => kind === 'need').length;
      if (needs > asked) this.givePassword();
      asked = needs;
    }
    return this;
  }

  /** Keys that were used and are still there, but for what others own. */
  get left(): SecretBytes[] {
    const child = this.event('established')?.child;
    const handedOn = child ? [child.encrIn, child.encrOut, child.integIn, child.integOut] : [];
    const isOwned = (secret: SecretBytes): boolean =>
      this.given.has(secret) || handedOn.includes(secret) || secret.length === PSK.length;
    return [...used].filter((secret) => !secret.wiped && !isOwned(secret));
  }
}

const refusals: readonly (readonly [what: string, faults: Faults, method: LoginMethod])[] = [
  ['a gateway whose proof is wrong', { auth: 'flipped' }, 'certificate'],
  ['a gateway that has no AUTH after EAP', { finalAuth: 'missing' }, 'eap'],
  ['a gateway whose AUTH after EAP is wrong', { finalAuth: 'flipped' }, 'eap'],
  ['a gateway that refuses the traffic', { childNotify: 38 }, 'psk'],
  ['a gateway that gives no address', { cp: 'omit' }, 'eap'],
];

describe('no key outlives its session', () => {
  for (const method of METHODS) {
    for (const how of ['disconnect', 'wipe'] as const) {
      test(`wherever a login by ${method} is left (${how})`, proves('RFC7296-2.12-1', 'does'), () => {
        for (let steps = 0; steps < 14; steps++) {
          used.clear();
          const pair = new Watched({ method }).connect().deliver(steps);
          if (how === 'wipe') pair.session.wipe();
          else pair.command({ kind: 'disconnect' }).deliver(100);
          assert.equal(pair.session.closed, true, `after ${steps} messages`);
          assert.equal(pair.left.length, 0, `after ${steps} messages ${pair.left.length} keys are left`);
          assert.ok(steps < 2 || used.size > 2, 'there were keys');
        }
      });
    }
  }

  for (const [what, faults, method] of refusals) {
    test(`of ${what}`, proves('RFC7296-2.12-1', 'does'), () => {
      const pair = new Watched({ method, gateway: { faults } }).connect().deliver(100);
      assert.ok(pair.failureCode);
      assert.ok(used.size > 2, 'there were keys');
      assert.equal(pair.left.length, 0);
    });
  }

  test('a session that was wiped says and does nothing more', () => {
    const pair = new Watched({ method: 'psk' }).connect().deliver(100);
    pair.takeGateway(pair.made.gateway.checkLiveness(pair.made.gateway.sas[0]!.id, pair.now));
    pair.events.length = 0;
    pair.session.wipe();
    pair.stepToClient();
    pair.command({ kind: 'disconnect' }).command({ kind: 'check-liveness' });
    assert.equal(pair.session.nextTimeout(), undefined);
    assert.deepEqual([pair.events, pair.toGateway], [[], []]);
  });

  test('the keys of a Child SA that nobody heard of go too', () => {
    const pair = new Watched({ method: 'psk' }).connect().deliver(3);
    const made = mock.method(SecretBytes, 'copyOf');
    pair.command({ kind: 'disconnect' }).deliver(100);
    made.mock.restore();
    const keys = made.mock.calls.flatMap(({ result }) => (result ? [result] : []));
    assert.equal(keys.length, 4);
    assert.ok(keys.every(({ wiped }) => wiped));
  });
});

describe('the ciphers of an IKE SA', () => {
  for (const words of IKE_WORDS) {
    test(`keep no copy of a key (${words})`, proves('RFC7296-2.12-1', 'does'), () => {
      const suite = suiteOf(words);
      const random = seededRandom(words);
      const inputs = {
        nonceI: random(32),
        nonceR: random(32),
        initiatorSpi: random(8),
        responderSpi: random(8),
      };
      const keys = deriveIkeKeys(suite, new SecretBytes(random(32)), inputs);
      const protection = sessionProtection(suite, keys, 'initiator', random);
      const { inbound, outbound } = protection;
      const sealed = outbound.seal(new Uint8Array(32), new Uint8Array(40));
      wipeIkeKeys(keys);
      assert.doesNotThrow(() => outbound.seal(new Uint8Array(32), new Uint8Array(40)), 'they have copies');
      protection.wipe();
      assert.throws(() => outbound.seal(new Uint8Array(32), new Uint8Array(40)), /wiped/);
      assert.throws(() => inbound.open(new Uint8Array(32), sealed), /wiped/);
    });
  }
});
