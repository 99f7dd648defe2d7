import { concat } from '../lib/bytes.ts';
import { wipe } from '../lib/secret.ts';
import { decodeReassembled } from './decode.ts';
import type { IkeHeader } from './header.ts';
import type { DecodeResult, Fragment } from './message.ts';

/** Octets that the parts of one message may have together, RFC 7383 section 5. */
export const MAX_REASSEMBLED_LENGTH = 65536;

/** Fragments that a message may be cut into; 64 KiB make 132 of them at the least path MTU of IPv4. */
export const MAX_FRAGMENTS = 1024;

export type QueueResult =
  | { readonly kind: 'waiting'; readonly missing: number }
  | { readonly kind: 'discarded'; readonly reason: string }
  | { readonly kind: 'complete'; readonly result: DecodeResult };

/**
 * The fragments of one message, RFC 7383 section 2.6. The caller keeps one queue for each message that it waits
 * for (by message ID and direction) and clears it when it has waited long enough.
 */
export class FragmentQueue {
  #total = 0;
  #octets = 0;
  #first: { readonly header: IkeHeader; readonly firstInner: number } | undefined;
  readonly #parts = new Map<number, Uint8Array>();

  /** Takes an authenticated fragment: a 'partial' of decodeMessage. */
  add(header: IkeHeader, fragment: Fragment): QueueResult {
    const { number, total, firstInner, plaintext } = fragment;
    if (total > MAX_FRAGMENTS) return { kind: 'discarded', reason: `${total} fragments` };
    if (total < this.#total) return { kind: 'discarded', reason: `${total} fragments after ${this.#total}` };
    // The sender has cut the message anew, into smaller pieces.
    if (total > this.#total) this.clear();
    if (this.#parts.has(number)) return { kind: 'discarded', reason: `fragment ${number} again` };
    if (this.#octets + plaintext.length > MAX_REASSEMBLED_LENGTH) {
      this.clear();
      return { kind: 'discarded', reason: 'too many octets' };
    }
    this.#total = total;
    this.#octets += plaintext.length;
    this.#parts.set(number, plaintext);
    if (number === 1) this.#first = { header, firstInner };
    return this.#result();
  }

  /** Forgets every fragment. */
  clear(): void {
    wipe(...this.#parts.values());
    this.#parts.clear();
    this.#total = 0;
    this.#octets = 0;
    this.#first = undefined;
  }

  #result(): QueueResult {
    const missing = this.#total - this.#parts.size;
    if (missing > 0 || this.#first === undefined) return { kind: 'waiting', missing };
    const { header, firstInner } = this.#first;
    const ordered = [...this.#parts].sort(([a], [b]) => a - b).map(([, part]) => part);
    const plaintext = concat(...ordered);
    this.clear();
    return { kind: 'complete', result: decodeReassembled(header, firstInner, plaintext) };
  }
}
