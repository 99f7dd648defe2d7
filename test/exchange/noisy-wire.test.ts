import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { toHex } from '../../core/lib/bytes.ts';
import { proves } from '../conformance/tag.ts';
import { type Random, seeded } from '../fuzz/mutate.ts';
import { type LoginMethod, Pair } from '../support/pair.ts';

/** How a network treats datagrams: chances in percent, and the longest delay. */
interface Noise {
  readonly loss: number;
  readonly duplication: number;
  readonly corruption: number;
  readonly delayMs: number;
}

interface Flight {
  readonly at: number;
  readonly deliver: () => void;
}

/** Thirty seconds for each of the at most six exchanges of a login, and the goodbye. */
const PATIENCE_MS = 6 * 30_000 + 5_000;

/** Lets a session connect over a noisy network, until it has ended or stands and the network is empty. */
function connectOver(pair: Pair, noise: Noise, random: Random): void {
  const flights: Flight[] = [];
  const chance = (percent: number): boolean => random(100) < percent;
  const launch = (octets: Uint8Array, deliver: (octets: Uint8Array) => void): void => {
    if (chance(noise.loss)) return;
    const copies = chance(noise.duplication) ? 2 : 1;
    for (let i = 0; i < copies; i++) {
      const arriving = octets.slice();
      if (chance(noise.corruption)) {
        const at = random(arriving.length);
        arriving[at] = (arriving[at] ?? 0) ^ (1 + random(255));
      }
      flights.push({ at: pair.now + random(noise.delayMs), deliver: () => deliver(arriving) });
    }
  };
  const end = pair.now + PATIENCE_MS;
  pair.connect();
  for (;;) {
    for (const datagram of pair.toGateway.splice(0)) {
      launch(datagram.payload, (payload) => pair.giveGateway({ ...datagram, payload }));
    }
    for (const datagram of pair.toClient.splice(0)) {
      launch(datagram.octets, (octets) => pair.giveClient({ ...datagram, octets }));
    }
    flights.sort((a, b) => a.at - b.at);
    const [next] = flights;
    if (!next && (pair.session.closed || pair.event('established'))) return;
    const due = Math.min(next?.at ?? Infinity, pair.session.nextTimeout()?.at ?? Infinity);
    assert.ok(due <= end, `neither connected nor failed after ${PATIENCE_MS} ms`);
    pair.advance(Math.max(0, due - pair.now));
    if (next && next.at <= pair.now) {
      flights.shift();
      next.deliver();
    }
  }
}

/** The keys of both directions as one end has them: its inbound first. */
function clientKeys(pair: Pair): string[] | undefined {
  const child = pair.event('established')?.child;
  return (
    child && [child.encrIn, child.encrOut, child.integIn, child.integOut].map((key) => toHex(key.reveal()))
  );
}

function gatewayKeys(pair: Pair): string[] | undefined {
  const [child, ...others] = pair.made.gateway.sas.flatMap((sa) => sa.children.map(({ spec }) => spec));
  assert.equal(others.length, 0, 'one login made two SAs');
  const empty = new Uint8Array(0);
  return child && [child.keyOut, child.keyIn, child.integOut ?? empty, child.integIn ?? empty].map(toHex);
}

/** Either both ends have the same keys and nothing else is open, or the client has ended with a reason. */
function assertWhole(pair: Pair, failures: RegExp, what: string): 'connected' | 'failed' {
  const ended = pair.events.filter(({ kind }) => kind === 'closed');
  if (pair.event('established') && !pair.session.closed) {
    assert.deepEqual(clientKeys(pair), gatewayKeys(pair), what);
    assert.deepEqual(ended, [], what);
    return 'connected';
  }
  assert.equal(ended.length, 1, what);
  assert.equal(pair.events.at(-1)?.kind, 'closed', what);
  assert.match(pair.failureCode ?? 'none', failures, what);
  assert.equal(pair.event('established'), undefined, what);
  assert.ok(pair.session.closed);
  assert.equal(pair.session.nextTimeout(), undefined, what);
  return 'failed';
}

const SEEDS = 200;
const METHODS: readonly LoginMethod[] = ['eap', 'certificate', 'psk'];

/** Connects once for each seed; gives how many came through. */
function survive(method: LoginMethod, noise: Noise, failures: RegExp): number {
  let connected = 0;
  for (let seed = 0; seed < SEEDS; seed++) {
    const pair = new Pair({ method, seed: `client ${seed}`, gateway: { seed: `gateway ${seed}` } });
    connectOver(pair, noise, seeded(seed));
    if (assertWhole(pair, failures, `seed ${seed}`) === 'connected') connected++;
  }
  return connected;
}

for (const method of METHODS) {
  describe(`a login by ${method}, ${SEEDS} times`, () => {
    test(
      'comes through every time when one datagram in ten is lost',
      proves(['RFC7296-2.1-7', 'does'], ['RFC7296-2.1-x1', 'does'], ['RFC7296-2.2-1', 'does']),
      () => {
        const noise = { loss: 10, duplication: 0, corruption: 0, delayMs: 50 };
        assert.equal(survive(method, noise, /never/), SEEDS);
      },
    );

    test(
      'connects or times out when one in five is lost, one in ten comes twice, and none in order',
      proves(['RFC7296-2.1-4', 'does'], ['RFC7296-2.1-6', 'does'], ['RFC7296-2.3-x2', 'does']),
      () => {
        const noise = { loss: 20, duplication: 10, corruption: 0, delayMs: 1_500 };
        const connected = survive(method, noise, /^timeout\./);
        assert.ok(connected > 0.95 * SEEDS, `only ${connected} came through`);
      },
    );

    test(
      'connects or fails with a reason when octets are changed on the way too',
      proves(['RFC7296-5-x7', 'does'], ['RFC7296-2.4-12', 'does'], ['RFC7296-2.21.1-x1', 'does']),
      () => {
        const noise = { loss: 20, duplication: 10, corruption: 10, delayMs: 300 };
        const connected = survive(method, noise, /^(timeout|protocol|auth|peer)\./);
        assert.ok(connected > 0.5 * SEEDS, `only ${connected} came through`);
      },
    );
  });
}
