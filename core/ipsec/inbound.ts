import type { Millis } from '../lib/ports.ts';
import type { Batch } from '../net/batch.ts';
import { ecnOf, ecnOutOfTunnel, setEcn } from '../net/ecn.ts';
import { newPacketView, parsePacketInto, type PacketView } from '../net/packet-view.ts';
import type { Counters, DropReason, Tally } from './counters.ts';
import { ESP_HEADER_LENGTH, ESP_TRAILER_LENGTH, loadU32, NextHeader, payloadLengthOf } from './esp-format.ts';
import { noteInbound, type EspEvent } from './events.ts';
import type { InboundSa, Sad } from './sad.ts';
import { highHalf } from './sequence.ts';
import type { Spd } from './spd.ts';
import { ruleMatches, ruleMatchesIcmpError } from './traffic.ts';
import type { OpenRun } from './transform.ts';
import { demuxAt } from './udp-encap.ts';

type Run = { -readonly [K in keyof OpenRun]: OpenRun[K] };

/**
 * Inbound processing (RFC 4301 section 5.2, RFC 4303 section 3.4): SPI, anti-replay pre-check, open, window
 * commit, trailer, selectors, policy. Packets that follow each other on one SA are opened in one call.
 */
export class InboundPath {
  readonly #sad: Sad;
  readonly #spd: Spd;
  readonly #counters: Counters;
  readonly #events: EspEvent[];
  readonly #view: PacketView = newPacketView();
  #run: Run = newRun(0);
  /** Whole sequence number of each row. */
  #sequences = new Float64Array(0);
  /** ECN field of the outer header of each row. */
  #outerEcns = new Uint8Array(0);
  /** Slots of the output that are taken, also by packets that are dropped after opening. */
  #slots = 0;

  constructor(sad: Sad, spd: Spd, counters: Counters, events: EspEvent[]) {
    this.#sad = sad;
    this.#spd = spd;
    this.#counters = counters;
    this.#events = events;
  }

  /** Opens the datagrams of `batch` into `out`, which is emptied first. The number of inner packets in `out`. */
  process(batch: Batch, out: Batch, now: Millis): number {
    this.#begin(batch, out);
    let current: InboundSa | undefined;
    for (let i = 0; i < batch.count; i++) {
      const sa = this.#select(batch, i);
      if (typeof sa === 'string') {
        this.#counters[sa]++;
        continue;
      }
      if (sa !== current) {
        this.#flush(current, out, now);
        current = sa;
      }
      const refused = this.#place(sa, batch, i, out);
      if (refused !== undefined) this.#counters[refused]++;
    }
    this.#flush(current, out, now);
    return out.count;
  }

  #begin(batch: Batch, out: Batch): void {
    out.count = 0;
    if (this.#run.sourceOffsets.length < out.capacity) {
      this.#run = newRun(out.capacity);
      this.#sequences = new Float64Array(out.capacity);
      this.#outerEcns = new Uint8Array(out.capacity);
    }
    this.#run.source = batch.slab;
    this.#run.target = out.slab;
    this.#run.count = 0;
    this.#slots = 0;
  }

  /** The SA of a datagram, or what to count it as. */
  #select(batch: Batch, index: number): InboundSa | DropReason | Tally {
    const bytes = batch.slab;
    const offset = batch.offsets[index] ?? 0;
    switch (demuxAt(bytes, offset, batch.lengths[index] ?? 0)) {
      case 'keepalive':
        return 'keepalives-in';
      case 'ike':
        return 'ike-in';
      case 'short':
        return 'in-short';
      case 'esp':
        return this.#sad.bySpi(loadU32(bytes, offset)) ?? 'in-unknown-spi';
    }
  }

  /** Adds a datagram to the run, or says why its lengths or its sequence number already rule it out. */
  #place(sa: InboundSa, batch: Batch, index: number, out: Batch): DropReason | undefined {
    const offset = batch.offsets[index] ?? 0;
    const length = batch.lengths[index] ?? 0;
    const { transform, window } = sa;
    const encrypted = length - ESP_HEADER_LENGTH - transform.ivLength - transform.icvLength;
    if (encrypted < ESP_TRAILER_LENGTH || encrypted % transform.alignment !== 0) return 'in-malformed';
    const sequenceLow = loadU32(batch.slab, offset + 4);
    const sequence = sa.esn ? window.infer(sequenceLow) : sequenceLow;
    if (sequence === undefined) return 'in-stale';
    const freshness = window.check(sequence);
    if (freshness !== 'new') return freshness === 'seen' ? 'in-replayed' : 'in-stale';
    if (this.#slots >= out.capacity) return 'in-no-room';
    if (encrypted > out.slot - out.headroom) return 'in-too-big';
    const run = this.#run;
    run.sourceOffsets[run.count] = offset;
    run.sourceLengths[run.count] = length;
    run.targetOffsets[run.count] = this.#slots * out.slot + out.headroom;
    run.sequenceHighs[run.count] = sa.esn ? highHalf(sequence) : 0;
    this.#sequences[run.count] = sequence;
    this.#outerEcns[run.count] = batch.ecn[index] ?? 0;
    run.count++;
    this.#slots++;
    return undefined;
  }

  #flush(sa: InboundSa | undefined, out: Batch, now: Millis): void {
    const run = this.#run;
    if (sa === undefined || run.count === 0) return;
    sa.transform.open(run);
    const around = ESP_HEADER_LENGTH + sa.transform.ivLength + sa.transform.icvLength;
    for (let row = 0; row < run.count; row++) {
      this.#counters[this.#settle(sa, row, around, out, now)]++;
    }
    run.count = 0;
    noteInbound(sa, this.#events);
  }

  /** Passes the packet of an opened row on, or says what to count it as. */
  #settle(sa: InboundSa, row: number, around: number, out: Batch, now: Millis): DropReason | Tally {
    const run = this.#run;
    if (run.opened[row] !== 1) return 'in-integrity';
    if (!sa.window.commit(this.#sequences[row] ?? 0)) return 'in-replayed';
    if (sa.meter.spent) return 'in-lifetime';
    const at = run.targetOffsets[row] ?? 0;
    const end = at + (run.sourceLengths[row] ?? 0) - around;
    const view = this.#view;
    const length = payloadLengthOf(out.slab, at, end);
    if (length < 0) return 'in-padding';
    const nextHeader = out.slab[end - 1];
    sa.meter.record(length, now);
    if (nextHeader === NextHeader.NONE) return 'dummies-in';
    if (nextHeader !== NextHeader.IPV4 && nextHeader !== NextHeader.IPV6) return 'in-next-header';
    if (!parsePacketInto(out.slab, at, length, view)) return view.fault;
    if ((nextHeader === NextHeader.IPV4) !== (view.version === 4)) return 'in-next-header';
    if (!ruleMatches(sa, view, 'in') && !ruleMatchesIcmpError(sa, view, 'in')) return 'in-selector';
    if (this.#spd.match(view, 'in')?.action !== 'protect') return 'in-policy';
    const inner = ecnOf(view);
    const ecn = ecnOutOfTunnel(inner, this.#outerEcns[row] ?? 0);
    if (ecn < 0) return 'in-congested';
    if (ecn !== inner) setEcn(view, ecn);
    out.offsets[out.count] = at;
    out.lengths[out.count] = view.totalLength;
    out.count++;
    this.#counters['octets-in'] += view.totalLength;
    return 'packets-in';
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
    sequenceHighs: new Uint32Array(capacity),
    opened: new Uint8Array(capacity),
    count: 0,
  };
}
