import type { InboundSa, OutboundSa } from './sad.ts';
import type { Direction } from './traffic.ts';

/**
 * What the engine tells its owner about an SA, each at most once in the SA's life.
 * `first-inbound`: the first authentic packet came in, so the peer has its half of the pair.
 * `sequence-low`, `lifetime-low`: a new pair should be negotiated now.
 * `sequence-exhausted`, `lifetime-spent`: nothing passes through this SA any more.
 */
export interface EspEvent {
  readonly kind: 'first-inbound' | 'sequence-low' | 'sequence-exhausted' | 'lifetime-low' | 'lifetime-spent';
  readonly childId: number;
  /** The pair, by its inbound SPI. */
  readonly spiIn: number;
  readonly direction: Direction;
}

/** Adds the events that are due for an outbound SA to `events`. */
export function noteOutbound(sa: OutboundSa, events: EspEvent[]): void {
  const { sequence, meter, reported } = sa;
  if (!reported.low && (sequence.low || meter.low)) {
    reported.low = true;
    events.push(event(sequence.low ? 'sequence-low' : 'lifetime-low', sa, 'out'));
  }
  if (!reported.spent && (sequence.exhausted || meter.spent)) {
    reported.spent = true;
    events.push(event(sequence.exhausted ? 'sequence-exhausted' : 'lifetime-spent', sa, 'out'));
  }
}

/** Adds the events that are due for an inbound SA to `events`. */
export function noteInbound(sa: InboundSa, events: EspEvent[]): void {
  const { meter, reported } = sa;
  if (!reported.used && meter.used) {
    reported.used = true;
    events.push(event('first-inbound', sa, 'in'));
  }
  if (!reported.low && meter.low) {
    reported.low = true;
    events.push(event('lifetime-low', sa, 'in'));
  }
  if (!reported.spent && meter.spent) {
    reported.spent = true;
    events.push(event('lifetime-spent', sa, 'in'));
  }
}

function event(kind: EspEvent['kind'], sa: InboundSa | OutboundSa, direction: Direction): EspEvent {
  return { kind, childId: sa.childId, spiIn: sa.spiIn, direction };
}
