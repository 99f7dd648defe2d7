import { test } from 'node:test';
import assert from 'node:assert/strict';
import { noteInbound, noteOutbound, type EspEvent } from '../../../core/ipsec/events.ts';
import { type OutboundSa, type SaPair } from '../../../core/ipsec/sad.ts';
import { SequenceCounter } from '../../../core/ipsec/sequence.ts';
import { proves } from '../../conformance/tag.ts';
import { laptopChild, newSad, SPI_TO_LAPTOP } from './pair.ts';

function pair(): SaPair {
  const sad = newSad();
  sad.install(
    laptopChild({ encr: 20, keyBits: 128, esn: false }, { limits: { softOctets: 10, hardOctets: 20 } }),
  );
  const [first] = sad.pairsOf(1);
  assert.ok(first);
  return first;
}

/** The pair's outbound SA after this many packets. */
function sentBefore(count: number): OutboundSa {
  return { ...pair().outbound, sequence: new SequenceCounter(false, count) };
}

test('a sender that runs out of numbers says so ahead of time, once', proves('RFC4303-2.2-3', 'does'), () => {
  const events: EspEvent[] = [];
  const early = sentBefore(1000);
  noteOutbound(early, events);
  assert.deepEqual(events, []);
  const late = sentBefore(2 ** 32 - 2 ** 28);
  noteOutbound(late, events);
  noteOutbound(late, events);
  assert.deepEqual(events, [{ kind: 'sequence-low', childId: 1, spiIn: SPI_TO_LAPTOP, direction: 'out' }]);
});

test('a sender without numbers says that it stops', proves('RFC4303-2.2-2', 'refuses'), () => {
  const events: EspEvent[] = [];
  noteOutbound(sentBefore(0xffff_ffff), events);
  assert.deepEqual(
    events.map(({ kind }) => kind),
    ['sequence-low', 'sequence-exhausted'],
  );
});

test('a receiver has limits of octets too', () => {
  const events: EspEvent[] = [];
  const { inbound } = pair();
  inbound.meter.record(10, 0);
  noteInbound(inbound, events);
  inbound.meter.record(10, 0);
  noteInbound(inbound, events);
  noteInbound(inbound, events);
  assert.deepEqual(
    events.map(({ kind, spiIn, direction }) => [kind, spiIn, direction]),
    [
      ['first-inbound', SPI_TO_LAPTOP, 'in'],
      ['lifetime-low', SPI_TO_LAPTOP, 'in'],
      ['lifetime-spent', SPI_TO_LAPTOP, 'in'],
    ],
  );
});
