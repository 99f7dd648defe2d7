import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MessageIds, RequestWindow } from '../../../core/ike/window.ts';
import { proves } from '../../conformance/tag.ts';

const request = (...octets: number[]): Uint8Array => Uint8Array.from(octets);

describe('the window for requests', () => {
  test('starts with message 0 and takes one after the other', proves('RFC7296-2.2-x3', 'does'), () => {
    const window = new RequestWindow();
    for (let id = 0; id < 5; id++) {
      assert.equal(window.judge(id + 1, request(9)).kind, 'outside');
      assert.equal(window.judge(id, request(id)).kind, 'new');
      window.answered(request(id), [request(100 + id)]);
    }
  });

  test(
    'answers the last request again with the same octets, and only that very request',
    proves(
      ['RFC7296-2.1-3', 'does'],
      ['RFC7296-2.1-6', 'does'],
      ['RFC7296-2.3-5', 'refuses'],
      ['RFC7296-2.1-8', 'refuses'],
    ),
    () => {
      const window = new RequestWindow();
      window.answered(request(1), [request(11)]);
      window.answered(request(2), [request(22)]);
      assert.deepEqual(window.judge(1, request(2)), { kind: 'repeat', response: [request(22)] });
      assert.equal(window.judge(1, request(3)).kind, 'outside');
      assert.equal(window.judge(0, request(1)).kind, 'outside');
      assert.equal(window.judge(3, request(2)).kind, 'outside');
      assert.equal(window.judge(2, request(2)).kind, 'new');
    },
  );

  test('keeps its own copy of the request', () => {
    const window = new RequestWindow();
    const octets = request(1, 2, 3);
    window.answered(octets, [request(4)]);
    octets.fill(0);
    assert.equal(window.judge(0, request(1, 2, 3)).kind, 'repeat');
    assert.equal(window.judge(0, octets).kind, 'outside');
  });

  test('never takes a message before the first for a repetition', () => {
    assert.equal(new RequestWindow().judge(-1, request()).kind, 'outside');
    assert.equal(new RequestWindow().judge(0xffff_ffff, request()).kind, 'outside');
  });
});

describe('message ids of our own', () => {
  test('count up from the first, each once', proves('RFC7296-2.2-x2', 'does'), () => {
    const ids = new MessageIds(1);
    assert.deepEqual([ids.take(), ids.take(), ids.take()], [1, 2, 3]);
  });

  test(
    'are not given out again when the last of 32 bits is used',
    proves(['RFC7296-2.2-2', 'does'], ['RFC7296-2.2-2', 'refuses']),
    () => {
      const ids = new MessageIds(0xffff_fffe);
      assert.equal(ids.take(), 0xffff_fffe);
      assert.equal(ids.exhausted, false);
      assert.equal(ids.take(), 0xffff_ffff);
      assert.equal(ids.exhausted, true);
      assert.throws(() => ids.take(), RangeError);
    },
  );
});
