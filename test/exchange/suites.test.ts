import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseEspWords, parseIkeWords } from '../../core/ike/proposal-words.ts';
import type { Offer } from '../../core/ike/proposals.ts';
import { toHex } from '../../core/lib/bytes.ts';
import type { Result } from '../../core/lib/result.ts';
import { proves } from '../conformance/tag.ts';
import { Pair } from '../support/pair.ts';

const COMBINED = ['aes128gcm16', 'aes192gcm16', 'aes256gcm16', 'chacha20poly1305'];
const CBC = ['aes128', 'aes192', 'aes256'];
const INTEGS = ['sha1', 'sha256', 'sha384', 'sha512'];
const PRFS = ['prfsha1', 'prfsha256', 'prfsha384', 'prfsha512'];
const GROUPS = ['modp2048', 'modp3072', 'modp4096', 'modp6144', 'modp8192'];
const CURVES = ['ecp256', 'ecp384', 'ecp521', 'x25519', 'x448'];

type Choice = readonly string[];

/** Every choice of one word from each list. */
function product(...lists: readonly Choice[]): Choice[] {
  return lists.reduce<Choice[]>(
    (chosen, list) => chosen.flatMap((words) => list.map((word) => [...words, word])),
    [[]],
  );
}

function pairsOf(choice: Choice): string[] {
  return choice.flatMap((a, i) => choice.slice(i + 1).map((b) => `${a} ${b}`));
}

/**
 * A few of the choices in which every two words that can meet do meet: most faults of a suite lie in one algorithm
 * or in how two work together. Greedy: always the choice with the most pairs that are still missing.
 */
function pairwise(choices: readonly Choice[]): Choice[] {
  const missing = new Set(choices.flatMap(pairsOf));
  const taken: Choice[] = [];
  while (missing.size > 0) {
    const gain = (choice: Choice): number => pairsOf(choice).filter((pair) => missing.has(pair)).length;
    let best = choices[0]!;
    let bestGain = 0;
    for (const choice of choices) {
      const found = gain(choice);
      if (found > bestGain) [best, bestGain] = [choice, found];
    }
    for (const pair of pairsOf(best)) missing.delete(pair);
    taken.push(best);
  }
  return taken;
}

function offer(parsed: Result<Offer, string>): Offer {
  assert.ok(parsed.ok);
  return parsed.value;
}

/** Connects with exactly these suites on offer, and checks that both ends have the same keys of the right kind. */
function connect(ike: string, esp: string): Pair {
  const client = {
    ikeOffers: [offer(parseIkeWords(ike))],
    espOffers: [offer(parseEspWords(esp))],
    keyLog: true,
  };
  const pair = new Pair({ method: 'psk', client, seed: ike }).connect().settle();
  const ours = pair.event('established')?.child;
  const [logged] = pair.session.takeKeyLog();
  const [sa] = pair.made.gateway.sas;
  const theirs = sa?.children[0]?.spec;
  assert.ok(ours && theirs && logged, `${ike} ${esp}: ${pair.failureCode ?? ''}`);
  const { ei, er, ai, ar } = sa.keys;
  assert.deepEqual([logged.skEi, logged.skEr, logged.skAi, logged.skAr], [ei, er, ai, ar].map(toHex));
  assert.deepEqual(ours.encrIn.reveal(), theirs.keyOut);
  assert.deepEqual(ours.encrOut.reveal(), theirs.keyIn);
  assert.deepEqual(ours.integIn.reveal(), theirs.integOut ?? new Uint8Array(0));
  assert.deepEqual(ours.integOut.reveal(), theirs.integIn ?? new Uint8Array(0));
  const { encr, keyBits, integ, esn } = ours.suite;
  assert.deepEqual({ encr, keyBits, integ, esn }, { keyBits: undefined, integ: undefined, ...theirs.suite });
  return pair;
}

const ESP = 'aes256gcm16-noesn';
const IKE = 'aes256gcm16-prfsha256-x25519';

describe('suites of the IKE SA', () => {
  const combined = pairwise(product(COMBINED, PRFS, [...GROUPS, ...CURVES]));
  const classic = pairwise(product(CBC, INTEGS, PRFS, [...GROUPS, ...CURVES]));

  for (const [what, choices] of [
    ['combined-mode cipher', combined],
    ['cipher with an integrity algorithm', classic],
  ] as const) {
    for (const group of [...GROUPS, ...CURVES]) {
      test(
        `every ${what}, and every PRF, works with ${group}`,
        proves(
          ['RFC7296-2.14-x1', 'does'],
          ['RFC7296-2.13-3', 'does'],
          ['RFC7296-3.3.4-4', 'does'],
          ['RFC5282-7.1-1', 'does'],
        ),
        () => {
          const suites = choices.filter((choice) => choice.includes(group));
          assert.ok(suites.length >= 4);
          for (const choice of suites) {
            const pair = connect(choice.join('-'), ESP);
            for (const word of choice)
              assert.ok(pair.event('initiated')?.suite.split('-').includes(word), word);
          }
        },
      );
    }
  }

  test('any two algorithms of different kinds were tried together', () => {
    const tried = new Set([...combined, ...classic].flatMap(pairsOf));
    for (const group of [...GROUPS, ...CURVES]) {
      for (const cipher of [...COMBINED, ...CBC]) assert.ok(tried.has(`${cipher} ${group}`));
      for (const prf of PRFS) assert.ok(tried.has(`${prf} ${group}`));
    }
    for (const cipher of CBC) for (const integ of INTEGS) assert.ok(tried.has(`${cipher} ${integ}`));
  });
});

describe('suites of ESP', () => {
  for (const esn of ['noesn', 'esn']) {
    for (const cipher of COMBINED) {
      test(`${cipher}-${esn}`, () => {
        connect(IKE, `${cipher}-${esn}`);
      });
    }
    for (const cipher of CBC) {
      for (const integ of INTEGS) {
        test(`${cipher}-${integ}-${esn}`, () => {
          connect(IKE, `${cipher}-${integ}-${esn}`);
        });
      }
    }
  }

  test('keys of ESP come from the PRF of the IKE SA, whichever that is', () => {
    for (const prf of PRFS) connect(`aes128gcm16-${prf}-x25519`, 'aes256-sha512-noesn');
  });
});

describe('suites that have nothing in common', () => {
  test('for the IKE SA end the attempt with what was offered', () => {
    const pair = new Pair({
      method: 'psk',
      client: { ikeOffers: [offer(parseIkeWords(IKE))] },
      gateway: { ike: { prf: [7] } },
    })
      .connect()
      .settle()
      .advance(1_500);
    assert.equal(pair.failureCode, 'peer.no-proposal-chosen');
    assert.deepEqual(pair.event('closed')?.failure?.context['offered'], [IKE]);
  });

  test('for ESP end it after the login, with what was offered', () => {
    const pair = new Pair({
      method: 'psk',
      client: { espOffers: [offer(parseEspWords('aes256gcm16-noesn'))] },
      gateway: { esp: { encr: [[12]] } },
    })
      .connect()
      .settle();
    assert.equal(pair.failureCode, 'peer.no-proposal-chosen-child');
    assert.deepEqual(pair.event('closed')?.failure?.context['offered'], ['aes256gcm16']);
  });
});
