/** A run of numbered packets of which none came back, with the times at which its first and last were sent. */
export interface LostSpan {
  readonly first: number;
  readonly count: number;
  readonly fromMs: number;
  readonly toMs: number;
}

/** A time in which no echo came although some were due. */
export interface Gap {
  readonly fromMs: number;
  readonly toMs: number;
}

/** What became of a stream. Times are on the clock of monotonic.ts. */
export interface StreamReport {
  readonly sent: number;
  /** Of those sent, the ones that the system refused to send: no route, say. They count as lost too. */
  readonly refused: number;
  readonly lost: number;
  readonly lostSpans: readonly LostSpan[];
  /** Echoes of packets whose echo had already come. */
  readonly duplicates: number;
  /** Packets whose echo took longer than `lateMs`. */
  readonly late: number;
  /** Times of more than `gapMs` from one echo to the next. */
  readonly gaps: readonly Gap[];
  readonly medianMs: number;
  readonly slowestMs: number;
  /** Packets that the other end saw, copies included: losses beyond `sent - seenThere` happened on the way back. */
  readonly seenThere: number;
}

const NEVER = Number.NaN;
/** Spans and gaps that a report lists; a stream that lost more is broken in any case. */
const LISTED = 200;

/** Remembers when each packet of a stream left and when its echo came. Pure. */
export class StreamLog {
  readonly #sentMs: number[] = [];
  readonly #echoMs: number[] = [];
  readonly #gaps: Gap[] = [];
  readonly #gapMs: number;
  readonly #lateMs: number;
  #refused = 0;
  #duplicates = 0;
  #lastEchoMs: number | undefined;
  #seenThere = 0;

  constructor({ gapMs = 50, lateMs = 1000 } = {}) {
    this.#gapMs = gapMs;
    this.#lateMs = lateMs;
  }

  /** The number of the packet that leaves now. */
  send(atMs: number): number {
    this.#lastEchoMs ??= atMs;
    this.#echoMs.push(NEVER);
    return this.#sentMs.push(atMs) - 1;
  }

  /** The system did not send the last one. */
  refuse(): void {
    this.#refused += 1;
  }

  /** An echo came; `seenThere` is how many packets the other end has seen. Returns when that packet was sent. */
  echo(number: number, atMs: number, seenThere: number): number | undefined {
    const sentMs = this.#sentMs[number];
    if (sentMs === undefined) return undefined;
    this.#seenThere = Math.max(this.#seenThere, seenThere);
    if (!Number.isNaN(this.#echoMs[number])) {
      this.#duplicates += 1;
      return sentMs;
    }
    this.#echoMs[number] = atMs;
    const fromMs = this.#lastEchoMs ?? sentMs;
    if (atMs - fromMs > this.#gapMs) this.#gaps.push({ fromMs, toMs: atMs });
    this.#lastEchoMs = atMs;
    return sentMs;
  }

  /** When the first echo came of the packets that were sent at that time or later; undefined when none has. */
  throughSince(sinceMs: number): number | undefined {
    let first: number | undefined;
    for (let number = this.#sentMs.length - 1; number >= 0; number--) {
      if (this.#sentMs[number]! < sinceMs) break;
      const atMs = this.#echoMs[number]!;
      if (!Number.isNaN(atMs) && (first === undefined || atMs < first)) first = atMs;
    }
    return first;
  }

  report(): StreamReport {
    const spans: LostSpan[] = [];
    const trips: number[] = [];
    let lost = 0;
    for (const [number, sentMs] of this.#sentMs.entries()) {
      const echoMs = this.#echoMs[number]!;
      if (!Number.isNaN(echoMs)) {
        trips.push(echoMs - sentMs);
        continue;
      }
      lost += 1;
      const last = spans.at(-1);
      if (last !== undefined && last.first + last.count === number)
        spans[spans.length - 1] = { ...last, count: last.count + 1, toMs: sentMs };
      else spans.push({ first: number, count: 1, fromMs: sentMs, toMs: sentMs });
    }
    trips.sort((a, b) => a - b);
    return {
      sent: this.#sentMs.length,
      refused: this.#refused,
      lost,
      lostSpans: spans.slice(0, LISTED),
      duplicates: this.#duplicates,
      late: trips.filter((ms) => ms > this.#lateMs).length,
      gaps: this.#gaps.slice(0, LISTED),
      medianMs: trips[trips.length >> 1] ?? 0,
      slowestMs: trips.at(-1) ?? 0,
      seenThere: this.#seenThere,
    };
  }
}
