import { test } from 'node:test';
import assert from 'node:assert/strict';
import { EMPTY, concat, isZero } from '../../../core/lib/bytes.ts';
import { MAX_PAYLOADS } from '../../../core/wire/chain.ts';
import { Notify, PayloadType } from '../../../core/wire/constants.ts';
import { encodeFragmented } from '../../../core/wire/fragment.ts';
import { FragmentQueue, MAX_FRAGMENTS, MAX_REASSEMBLED_LENGTH } from '../../../core/wire/fragment-queue.ts';
import type { QueueResult } from '../../../core/wire/fragment-queue.ts';
import { decodeHeader } from '../../../core/wire/header.ts';
import { decodeMessage } from '../../../core/wire/decode.ts';
import { encodeProtectedMessage } from '../../../core/wire/message.ts';
import type { DecodeResult, Fragment, Message, MessageProtection } from '../../../core/wire/message.ts';
import { proves } from '../../conformance/tag.ts';
import { gcmProtection, transparentProtection } from '../../support/wire-protection.ts';
import { bumped, octets } from './octets.ts';

const MESSAGE: Message = {
  initiatorSpi: octets('1011121314151617'),
  responderSpi: octets('2021222324252627'),
  exchange: 37,
  fromInitiator: true,
  response: false,
  messageId: 3,
  payloads: [
    { kind: 'N', protocol: 0, spi: EMPTY, notifyType: 16401, data: octets('d0d1d2d3d4d5d6d7') },
    { kind: 'V', data: octets('e0e1e2e3') },
  ],
};

// The inner payloads are 24 octets; a fragment adds 36 of its own and 21 of the transparent protection.
const LIMIT = 36 + 21 + 16;

const FIRST = octets(`
  1011121314151617 2021222324252627
  35 20 25 08 00000003 00000049    # SKF, INFORMATIONAL, flag I, message ID 3, 73 octets
  29 00 002d                       # 28: first inner N, SKF of 45 octets
  0001 0002                        # 32: fragment 1 of 2
  a1a1a1a1a1a1a1a1                 # IV
  2b 00 0010 00 00 4011            # next V, N of 16 octets, COOKIE2
  d0d1d2d3d4d5d6d7
  00 c3c3c3c3c3c3c3c3c3c3c3c3
`);
const SECOND = octets(`
  1011121314151617 2021222324252627
  35 20 25 08 00000003 00000041    # 65 octets
  00 00 0025                       # no first inner payload, SKF of 37 octets
  0002 0002                        # fragment 2 of 2
  a1a1a1a1a1a1a1a1                 # IV
  00 00 0008 e0e1e2e3              # V of 8 octets
  00 c3c3c3c3c3c3c3c3c3c3c3c3
`);

function open(datagram: Uint8Array): DecodeResult {
  return decodeMessage(datagram, transparentProtection);
}

function add(queue: FragmentQueue, datagram: Uint8Array): QueueResult {
  const result = open(datagram);
  assert.ok(result.kind === 'partial');
  return queue.add(result.header, result.fragment);
}

/** A queue's answer to a fragment made up from its numbers. */
function addMade(queue: FragmentQueue, fragment: Omit<Fragment, 'firstInner'>): QueueResult {
  const header = decodeHeader(FIRST);
  assert.ok(header.ok);
  return queue.add(header.value, { ...fragment, firstInner: fragment.number === 1 ? PayloadType.V : 0 });
}

test(
  'a message is cut into the fragments written by hand',
  proves(
    ['RFC7383-2.5-x1', 'does'],
    ['RFC7383-2.5-x2', 'does'],
    ['RFC7383-2.5-x3', 'does'],
    ['RFC7383-2.5-x4', 'does'],
    ['RFC7383-2.5-x5', 'does'],
    ['RFC7383-2.5.1-x1', 'does'],
  ),
  () => assert.deepEqual(encodeFragmented(MESSAGE, transparentProtection, LIMIT), [FIRST, SECOND]),
);

test('the fragments written by hand make the message again, in either order', () => {
  for (const order of [
    [FIRST, SECOND],
    [SECOND, FIRST],
  ] as const) {
    const queue = new FragmentQueue();
    assert.deepEqual(add(queue, order[0]), { kind: 'waiting', missing: 1 });
    assert.deepEqual(add(queue, order[1]), {
      kind: 'complete',
      result: { kind: 'ok', message: MESSAGE, protected: true },
    });
  }
});

test('a message that fits is sent in one SK payload', () => {
  const whole = encodeProtectedMessage(MESSAGE, transparentProtection);
  assert.deepEqual(encodeFragmented(MESSAGE, transparentProtection, whole.length), [whole]);
  assert.equal(encodeFragmented(MESSAGE, transparentProtection, whole.length - 1).length, 2);
});

test('a limit in which a fragment could carry nothing is a bug and throws RangeError', () => {
  assert.throws(() => encodeFragmented(MESSAGE, transparentProtection, 57), RangeError);
  assert.equal(encodeFragmented(MESSAGE, transparentProtection, 58).length, 24);
});

test('a message that takes more fragments than anybody keeps is a bug and throws RangeError', () => {
  const payloads = [{ kind: 'V', data: new Uint8Array(MAX_FRAGMENTS - 4) }] as const;
  assert.equal(encodeFragmented({ ...MESSAGE, payloads }, transparentProtection, 58).length, MAX_FRAGMENTS);
  const longer = [{ kind: 'V', data: new Uint8Array(MAX_FRAGMENTS - 3) }] as const;
  assert.throws(
    () => encodeFragmented({ ...MESSAGE, payloads: longer }, transparentProtection, 58),
    RangeError,
  );
});

test('the plaintext of a fragment is wiped once it is sealed, and once the queue is done with it', () => {
  const seen: Uint8Array[] = [];
  const spy: MessageProtection = {
    ...transparentProtection,
    seal: (associated, plaintext) => {
      seen.push(plaintext);
      return transparentProtection.seal(associated, plaintext);
    },
  };
  const datagrams = encodeFragmented(MESSAGE, spy, LIMIT);
  const queue = new FragmentQueue();
  for (const datagram of datagrams) {
    const result = open(datagram);
    assert.ok(result.kind === 'partial');
    seen.push(result.fragment.plaintext);
    queue.add(result.header, result.fragment);
  }
  assert.equal(seen.length, 4);
  assert.ok(seen.every(isZero));
});

test('a smaller limit makes more fragments', () => {
  const counts = [73, 69, 65, 61].map(
    (limit) => encodeFragmented(MESSAGE, transparentProtection, limit).length,
  );
  assert.deepEqual(counts, [2, 2, 3, 6]);
});

test('a critical payload in a response is not sent in fragments either', () => {
  const critical = { kind: 'unknown', type: 200, critical: true, data: new Uint8Array(64) } as const;
  const response = { ...MESSAGE, response: true, payloads: [critical] };
  assert.throws(() => encodeFragmented(response, transparentProtection, LIMIT), RangeError);
});

test(
  'fragment numbers that are zero or above the total are dropped',
  proves(['RFC7383-2.6-x1', 'refuses'], ['RFC7383-2.5-x3', 'refuses'], ['RFC7383-2.5-x4', 'refuses']),
  () => {
    for (const numbers of ['0000 0002', '0003 0002', '0001 0000', '0000 0000']) {
      const datagram = concat(FIRST.subarray(0, 32), octets(numbers), FIRST.subarray(36));
      assert.equal(open(datagram).kind, 'unprotected-error');
    }
  },
);

test(
  'a fragment whose integrity check fails is dropped, and its numbers are part of what is checked',
  proves('RFC7383-2.6-x3', 'refuses'),
  () => {
    const protection = gcmProtection(new Uint8Array(16).fill(3), octets('01020304'));
    const [first] = encodeFragmented(MESSAGE, protection, 80);
    assert.ok(first);
    assert.equal(decodeMessage(first, protection).kind, 'partial');
    for (const offset of [33, 35, 36, first.length - 1]) {
      const tampered = bumped(first, offset, 1, 1);
      assert.equal(decodeMessage(tampered, protection).kind, 'unprotected-error');
    }
  },
);

test('a length of a fragment off by one is dropped', () => {
  for (const delta of [-1, 1]) {
    assert.equal(open(bumped(FIRST, 24, 4, delta)).kind, 'unprotected-error');
    assert.equal(open(bumped(FIRST, 30, 2, delta)).kind, 'unprotected-error');
  }
});

test('a fragment without its numbers is dropped', () => {
  const datagram = octets(`${'10'.repeat(16)} 35 20 25 08 00000003 00000023 00 00 0007 000100`);
  assert.equal(open(datagram).kind, 'unprotected-error');
});

test('a first inner payload in a later fragment means nothing', proves('RFC7383-2.5-x2', 'refuses'), () => {
  const result = open(bumped(SECOND, 28, 1, 41));
  assert.ok(result.kind === 'partial');
  assert.equal(result.fragment.firstInner, PayloadType.NONE);
});

test('a fragment that comes again is discarded', proves('RFC7383-2.6-x2', 'refuses'), () => {
  const queue = new FragmentQueue();
  add(queue, FIRST);
  assert.equal(add(queue, FIRST).kind, 'discarded');
  assert.equal(add(queue, SECOND).kind, 'complete');
});

test(
  'smaller fragments of the same message start it over, larger ones are discarded',
  proves(['RFC7383-2.6-x4', 'does'], ['RFC7383-2.6-x1', 'refuses']),
  () => {
    const queue = new FragmentQueue();
    const smaller = encodeFragmented(MESSAGE, transparentProtection, 65);
    assert.equal(smaller.length, 3);
    add(queue, SECOND);
    assert.deepEqual(add(queue, smaller[0] ?? EMPTY), { kind: 'waiting', missing: 2 });
    assert.equal(add(queue, SECOND).kind, 'discarded');
    add(queue, smaller[1] ?? EMPTY);
    assert.equal(add(queue, smaller[2] ?? EMPTY).kind, 'complete');
  },
);

test('a queue that is cleared has forgotten its fragments', proves('RFC7383-2.6-x5', 'does'), () => {
  const queue = new FragmentQueue();
  add(queue, FIRST);
  queue.clear();
  assert.deepEqual(add(queue, SECOND), { kind: 'waiting', missing: 1 });
});

test(
  'fragments of more octets than a message can have are discarded, all of them',
  proves('RFC7383-5-x1', 'refuses'),
  () => {
    const queue = new FragmentQueue();
    const half = MAX_REASSEMBLED_LENGTH / 2;
    addMade(queue, { number: 1, total: 3, plaintext: new Uint8Array(half) });
    addMade(queue, { number: 2, total: 3, plaintext: new Uint8Array(half) });
    assert.equal(addMade(queue, { number: 3, total: 3, plaintext: new Uint8Array(1) }).kind, 'discarded');
    assert.equal(addMade(queue, { number: 3, total: 3, plaintext: new Uint8Array(1) }).kind, 'waiting');
  },
);

test('a message in more fragments than anybody cuts is discarded', () => {
  const queue = new FragmentQueue();
  const plaintext = new Uint8Array(1);
  assert.equal(addMade(queue, { number: 1, total: MAX_FRAGMENTS + 1, plaintext }).kind, 'discarded');
  assert.equal(addMade(queue, { number: 1, total: MAX_FRAGMENTS, plaintext }).kind, 'waiting');
});

test('a complete message that is malformed may be answered, for each fragment was authenticated', () => {
  const queue = new FragmentQueue();
  const result = addMade(queue, { number: 1, total: 1, plaintext: octets('00 00 0003') });
  assert.ok(result.kind === 'complete' && result.result.kind === 'protected-error');
  assert.equal(result.result.notify, Notify.INVALID_SYNTAX);
});

/** A fragment with these numbers, whose integrity check passes, behind `count` unknown payloads outside of it. */
function behindUnknown(count: number, critical: boolean, numbers: string): Uint8Array {
  const flag = critical ? '80' : '00';
  const outer = Array.from({ length: count }, (_, i) => `${i === count - 1 ? '35' : 'c8'} ${flag} 0004`);
  const body = octets(
    `${outer.join(' ')} 00 00 001f ${numbers} a1a1a1a1a1a1a1a1 ff ff 00 ${'c3'.repeat(12)}`,
  );
  const length = (28 + body.length).toString(16).padStart(8, '0');
  return concat(octets(`1011121314151617 2021222324252627 c8 20 25 08 00000003 ${length}`), body);
}

function droppedFor(datagram: Uint8Array, reason: RegExp): void {
  const result = open(datagram);
  assert.ok(result.kind === 'unprotected-error');
  assert.match(result.reason, reason);
}

test('CVE-2026-12413 (libreswan): a bad fragment behind many unknown outer payloads is dropped and crashes nothing', () => {
  for (const numbers of ['0000 0000', '0009 0002', 'ffff 0001']) {
    for (const critical of [false, true]) {
      for (const count of [1, 2, 16, 31, 32, 33, 64, MAX_PAYLOADS - 1]) {
        droppedFor(behindUnknown(count, critical, numbers), /^fragment \d+ of \d+$/);
      }
      for (const count of [MAX_PAYLOADS, 1000, 8000]) {
        droppedFor(behindUnknown(count, critical, numbers), /^too many payloads$/);
      }
    }
  }
});

test('a good fragment behind payloads outside of it is dropped unless they may be skipped', () => {
  assert.equal(open(behindUnknown(2, false, '0001 0001')).kind, 'partial');
  droppedFor(behindUnknown(2, true, '0001 0001'), /outside/);
  const known = concat(
    octets('1011121314151617 2021222324252627 29 20 25 08 00000003 00000047  35 00 0008 00 00 4000'),
    octets(`00 00 0023 0001 0001 a1a1a1a1a1a1a1a1 ffffffffffff 00 ${'c3'.repeat(12)}`),
  );
  droppedFor(known, /outside/);
});
