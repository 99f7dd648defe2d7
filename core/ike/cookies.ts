import { equalBytes } from '../lib/bytes.ts';

/** Changes of mind that we follow before we take them for an attack or a loop (RFC 7296 section 2.6). */
const MAX_COOKIES = 4;

const MIN_LENGTH = 1;
const MAX_LENGTH = 64;

/** What a demand for a cookie comes to. */
export type CookieVerdict =
  /** `current` is a new one: the request goes out anew with it. */
  | 'new'
  /** One that was followed already, or that an earlier transmission brought about: nothing to do. */
  | 'known'
  | { readonly malformed: string };

/**
 * The cookie that a responder wants to see before it works for us (RFC 7296 section 2.6). Each transmission of a
 * request may be answered with a cookie of its own; on a path that is slower than our retransmissions the answer to the
 * second one comes when the first one's cookie has been followed. It must not be followed in turn: the gateway may have
 * answered the request that is under way, and AUTH covers the octets of the one that it answered.
 */
export class Cookies {
  /** Those that were followed, the current one last. */
  readonly #followed: Uint8Array[] = [];
  #next: Uint8Array | undefined;

  get current(): Uint8Array | undefined {
    return this.#followed.at(-1);
  }

  /** A demand came. `late`: it may be the answer to a request before the one that is under way. */
  demand(cookie: Uint8Array, late: boolean): CookieVerdict {
    if (cookie.length < MIN_LENGTH || cookie.length > MAX_LENGTH) {
      return { malformed: 'a cookie of the wrong length' };
    }
    if (this.#followed.some((known) => equalBytes(known, cookie))) return 'known';
    if (late) {
      this.#next = cookie.slice();
      return 'known';
    }
    return this.#take(cookie.slice()) ? 'new' : { malformed: 'one cookie after another' };
  }

  /**
   * The request that is under way was not answered in time: then a cookie that came late counts after all. Whether
   * there is one.
   */
  takeLate(): boolean {
    const late = this.#next;
    this.#next = undefined;
    return late !== undefined && this.#take(late);
  }

  #take(cookie: Uint8Array): boolean {
    if (this.#followed.length === MAX_COOKIES) return false;
    this.#followed.push(cookie);
    this.#next = undefined;
    return true;
  }
}
