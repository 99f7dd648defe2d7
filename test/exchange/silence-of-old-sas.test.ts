import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_RETRANSMIT } from '../../core/ike/retransmitter.ts';
import { toHex } from '../../core/lib/bytes.ts';
import { proves } from '../conformance/tag.ts';
import { Pair } from '../support/pair.ts';

const retransmit = { ...DEFAULT_RETRANSMIT, patienceMs: 60_000 };

/** Everything but messages with these SPIs arrives, for so long. */
function liveWithout(pair: Pair, spis: string, ms: number): void {
  for (const end = pair.now + ms; pair.now < end; pair.advance(100)) {
    for (const datagram of pair.toGateway.splice(0)) {
      if (toHex(datagram.payload.subarray(4, 20)) !== spis) pair.giveGateway(datagram);
    }
    while (pair.toClient.length > 0) pair.stepToClient();
  }
}

test(
  'a gateway that has forgotten an IKE SA which another one replaced is asked in that one, and believed',
  proves('RFC7296-2.4-2', 'does'),
  () => {
    const pair = new Pair({ client: { livenessMs: 30_000, retransmit } }).connect().settle();
    pair.command({ kind: 'rekey-ike' }).stepToGateway().stepToClient();
    const [goodbye] = pair.toGateway;
    assert.ok(goodbye);
    pair.events.length = 0;
    liveWithout(pair, toHex(goodbye.payload.subarray(4, 20)), 100_000);
    assert.equal(pair.session.closed, false);
    assert.deepEqual(pair.events, []);
  },
);
