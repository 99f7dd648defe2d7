import { equalBytes } from '../lib/bytes.ts';

/** What to do with a request that passed its integrity check. */
export type RequestVerdict =
  /** The next one: answer it and call `answered`. */
  | { readonly kind: 'new' }
  /** The very request that was answered last: the same octets go out again (RFC 7296 section 2.1). */
  | { readonly kind: 'repeat'; readonly response: readonly Uint8Array[] }
  /** Too old, ahead of the window, or not bitwise what came before: no answer at all (section 2.3). */
  | { readonly kind: 'outside' };

/** The highest Message ID; an SA that gets there must be closed (RFC 7296 section 2.2). */
const LAST_ID = 0xffffffff;

/** The requests of the gateway: a window of one, with the last response kept for repetition. */
export class RequestWindow {
  #expected = 0;
  #last: { readonly request: Uint8Array; readonly response: readonly Uint8Array[] } | undefined;

  /** The Message ID of the next request. */
  get expected(): number {
    return this.#expected;
  }

  /** The datagrams of the last response, if it answered the request with this ID. */
  lastResponse(messageId: number): readonly Uint8Array[] | undefined {
    return messageId === this.#expected - 1 ? this.#last?.response : undefined;
  }

  judge(messageId: number, request: Uint8Array): RequestVerdict {
    if (messageId === this.#expected) return { kind: 'new' };
    const repeated =
      messageId === this.#expected - 1 && this.#last && equalBytes(this.#last.request, request);
    return repeated && this.#last ? { kind: 'repeat', response: this.#last.response } : { kind: 'outside' };
  }

  answered(request: Uint8Array, response: readonly Uint8Array[]): void {
    this.#last = { request: request.slice(), response };
    this.#expected += 1;
  }
}

/** Message IDs of our own requests: one at a time, never twice, never past 32 bits. */
export class MessageIds {
  #next: number;

  constructor(first: number) {
    this.#next = first;
  }

  get exhausted(): boolean {
    return this.#next > LAST_ID;
  }

  take(): number {
    if (this.exhausted) throw new RangeError('no Message ID is left');
    return this.#next++;
  }
}
