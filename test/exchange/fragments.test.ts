import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Live } from '../support/live.ts';
import { Pair } from '../support/pair.ts';

const NEXT_PAYLOAD = 4 + 16;
const SKF = 53;

/** A pair whose client has its long first IKE_AUTH request ready. */
function beforeAuth(fragmentOctets: number | undefined): Pair {
  const gateway = fragmentOctets === undefined ? {} : { fragmentOctets };
  const pair = new Pair({ method: 'certificate', gateway, client: { fragmentOctets: 600 } });
  return pair.connect().stepToGateway().stepToClient();
}

describe('long messages (RFC 7383)', () => {
  test('go out in fragments that fit when both sides said so, and fragments come back', () => {
    const pair = beforeAuth(576);
    assert.ok(pair.toGateway.length > 1);
    for (const { payload } of pair.toGateway) {
      assert.ok(payload.length + 8 + 20 <= 600, `${payload.length} octets`);
      assert.equal(payload[NEXT_PAYLOAD], SKF);
    }
    const requests = pair.toGateway.length;
    for (let i = 0; i < requests; i++) pair.stepToGateway();
    assert.ok(pair.toClient.length > 1);
    pair.settle();
    assert.ok(pair.event('established'));
  });

  test('are repeated fragment by fragment, with the same octets', () => {
    const pair = beforeAuth(576);
    const first = pair.toGateway.splice(0).map(({ payload }) => payload);
    pair.advance(600);
    assert.ok(first.length > 1);
    assert.deepEqual(
      pair.toGateway.map(({ payload }) => payload),
      first,
    );
  });

  test('stay whole when the gateway says nothing of fragments', () => {
    const pair = beforeAuth(undefined);
    assert.equal(pair.toGateway.length, 1);
    assert.notEqual(pair.toGateway[0]?.payload[NEXT_PAYLOAD], SKF);
    pair.settle();
    assert.ok(pair.event('established'));
  });

  test('what fits is not cut', () => {
    const pair = new Live({ gateway: { fragmentOctets: 576 } });
    pair.command({ kind: 'check-liveness' });
    assert.equal(pair.toGateway.length, 1);
    assert.notEqual(pair.toGateway[0]?.payload[NEXT_PAYLOAD], SKF);
  });
});
