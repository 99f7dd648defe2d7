import type { Millis } from '../lib/ports.ts';
import type { Batch } from '../net/batch.ts';
import { ecnOf } from '../net/ecn.ts';
import { newPacketView, parsePacketInto, type PacketView } from '../net/packet-view.ts';
import type { Counters, DropReason } from './counters.ts';
import { ESP_HEADER_LENGTH, NextHeader, paddedLength, writeHeader, writeTrailer } from './esp-format.ts';
import { noteOutbound, type EspEvent } from './events.ts';
import type { OutboundSa, Sad } from './sad.ts';
import { highHalf, lowHalf } from './sequence.ts';
import type { Spd } from './spd.ts';
import { ruleMatches, ruleMatchesIcmpError } from './traffic.ts';
import type { SealRun } from './transform.ts';

type Run = { -readonly [K in keyof SealRun]: SealRun[K] };

/**
 * Outbound processing (RFC 4301 section 5.1, RFC 4303 section 3.3): policy, SA, sequence number, seal. Packets
 * that follow each other on one SA are sealed in one call.
 */
export class OutboundPath {
  readonly #sad: Pick<Sad, 'outboundFor'>;
  readonly #spd: Spd;
  readonly #counters: Counters;
  readonly #events: EspEvent[];
  readonly #view: PacketView = newPacketView();
  #run: Run = newRun(0);

  constructor(sad: Pick<Sad, 'outboundFor'>, spd: Spd, counters: Counters, events: EspEvent[]) {
    this.#sad = sad;
    this.#spd = spd;
    this.#counters = counters;
    this.#events = events;
  }

  /** Seals the packets of `batch` into `out`, which is emptied first. The number of ESP packets in `out`. */
  process(batch: Batch, out: Batch, now: Millis): number {
    this.#begin(batch.slab, out);
    const view = this.#view;
    let current: OutboundSa | undefined;
    for (let i = 0; i < batch.count; i++) {
      const sa = this.#select(batch, i);
      if (typeof sa === 'string') {
        this.#counters[sa]++;
        continue;
      }
      if (sa !== current) {
        this.#flush(current);
        current = sa;
      }
      const nextHeader = view.version === 4 ? NextHeader.IPV4 : NextHeader.IPV6;
      const refused = this.#place(sa, view.offset, view.totalLength, nextHeader, out);
      if (refused !== undefined) {
        this.#counters[refused]++;
        continue;
      }
      // Normal mode of RFC 6040 section 4.1: the outer header says what the inner one does.
      out.ecn[out.count - 1] = ecnOf(view);
      sa.meter.record(view.totalLength, now);
      this.#counters['packets-out']++;
      this.#counters['octets-out'] += view.totalLength;
    }
    this.#flush(current);
    return out.count;
  }

  /** Seals a packet that the peer discards (RFC 4303 section 2.6) into `out`, which is emptied first. */
  dummy(sa: OutboundSa, payload: Uint8Array, out: Batch): number {
    this.#begin(payload, out);
    this.#counters[this.#place(sa, 0, payload.length, NextHeader.NONE, out) ?? 'dummies-out']++;
    this.#flush(sa);
    return out.count;
  }

  #begin(source: Uint8Array, out: Batch): void {
    out.count = 0;
    if (this.#run.sourceOffsets.length < out.capacity) this.#run = newRun(out.capacity);
    this.#run.source = source;
    this.#run.target = out.slab;
    this.#run.count = 0;
  }

  /** The SA for packet `index`, which is then in the view, or why it is dropped. */
  #select(batch: Batch, index: number): OutboundSa | DropReason {
    const view = this.#view;
    if (!parsePacketInto(batch.slab, batch.offsets[index] ?? 0, batch.lengths[index] ?? 0, view))
      return view.fault;
    const policy = this.#spd.match(view, 'out');
    if (policy === undefined) return 'out-no-policy';
    if (policy.action === 'discard') return 'out-policy-discard';
    if (policy.action === 'bypass') return 'out-policy-bypass';
    const sa = this.#sad.outboundFor(policy.childId);
    if (sa === undefined) return 'out-no-sa';
    if (!ruleMatches(sa, view, 'out') && !ruleMatchesIcmpError(sa, view, 'out')) return 'out-selector';
    return sa;
  }

  /** Lays out one ESP packet and adds it to the run, or says why it cannot be sent. */
  #place(
    sa: OutboundSa,
    offset: number,
    length: number,
    nextHeader: number,
    out: Batch,
  ): DropReason | undefined {
    const { transform, sequence } = sa;
    const body = paddedLength(length, transform.alignment);
    const sealedLength = ESP_HEADER_LENGTH + transform.ivLength + body + transform.icvLength;
    if (out.count >= out.capacity) return 'out-no-room';
    if (sealedLength > out.slot - out.headroom) return 'out-too-big';
    if (sa.meter.spent) return 'out-lifetime';
    if (sequence.exhausted) return 'out-sequence-exhausted';
    const number = sequence.next();
    const at = out.count * out.slot + out.headroom;
    const payload = at + ESP_HEADER_LENGTH + transform.ivLength;
    writeHeader(out.slab, at, sa.spi, lowHalf(number));
    writeTrailer(out.slab, payload + length, payload + body, nextHeader);
    out.offsets[out.count] = at;
    out.lengths[out.count] = sealedLength;
    out.ecn[out.count] = 0;
    out.count++;
    const run = this.#run;
    run.sourceOffsets[run.count] = offset;
    run.sourceLengths[run.count] = length;
    run.targetOffsets[run.count] = at;
    run.targetLengths[run.count] = sealedLength;
    run.sequenceHighs[run.count] = sa.esn ? highHalf(number) : 0;
    run.count++;
    return undefined;
  }

  #flush(sa: OutboundSa | undefined): void {
    if (sa === undefined) return;
    if (this.#run.count > 0) sa.transform.seal(this.#run);
    this.#run.count = 0;
    noteOutbound(sa, this.#events);
  }
}

function newRun(capacity: number): Run {
  const none = new Uint8Array(0);
  return {
    source: none,
    sourceOffsets: new Uint32Array(capacity),
    sourceLengths: new Uint32Array(capacity),
    target: none,
    targetOffsets: new Uint32Array(capacity),
    targetLengths: new Uint32Array(capacity),
    sequenceHighs: new Uint32Array(capacity),
    count: 0,
  };
}
