/** A line that a person types without seeing it, as octets and edits: what the keys mean, without a terminal. */

const BACKSPACE = 0x08;
const DELETE = 0x7f;
const INTERRUPT = 0x03;
const END_OF_INPUT = 0x04;
const ERASE_LINE = 0x15;
const ESCAPE = 0x1b;
const LINE_FEED = 0x0a;
const RETURN = 0x0d;

export const MAX_SECRET_BYTES = 4096;

export type LineState = 'more' | 'done' | 'interrupted' | 'ended';

/** Collects the octets of one typed line. What is erased or left over is zeroed. */
export class SecretLine {
  readonly #octets = new Uint8Array(MAX_SECRET_BYTES);
  #length = 0;
  #escape: 'none' | 'begun' | 'sequence' = 'none';

  /** Takes octets as they come from the terminal in raw mode. Octets after the end of the line are dropped. */
  type(input: Uint8Array): LineState {
    for (const octet of input) {
      if (this.#inEscape(octet)) continue;
      switch (octet) {
        case RETURN:
        case LINE_FEED:
          return 'done';
        case INTERRUPT:
          return 'interrupted';
        case END_OF_INPUT:
          return this.#length === 0 ? 'ended' : 'done';
        case ERASE_LINE:
          this.wipe();
          break;
        case BACKSPACE:
        case DELETE:
          this.#eraseCharacter();
          break;
        default:
          if (octet >= 0x20 && this.#length < MAX_SECRET_BYTES) this.#octets[this.#length++] = octet;
      }
    }
    return 'more';
  }

  /** A copy of what was typed. */
  octets(): Uint8Array {
    return this.#octets.slice(0, this.#length);
  }

  wipe(): void {
    this.#octets.fill(0);
    this.#length = 0;
  }

  /** Arrow and function keys send ESC [ ... letter (or ESC O letter); none of it belongs to a secret. */
  #inEscape(octet: number): boolean {
    if (this.#escape === 'sequence') {
      if (octet >= 0x40 && octet <= 0x7e) this.#escape = 'none';
      return true;
    }
    if (this.#escape === 'begun') {
      this.#escape = octet === 0x5b || octet === 0x4f ? 'sequence' : 'none';
      return this.#escape === 'sequence';
    }
    if (octet !== ESCAPE) return false;
    this.#escape = 'begun';
    return true;
  }

  /** UTF-8 continuation octets (10xxxxxx) go with the octet that begins their character. */
  #eraseCharacter(): void {
    let octet: number;
    do {
      if (this.#length === 0) return;
      octet = this.#octets[--this.#length] ?? 0;
      this.#octets[this.#length] = 0;
    } while ((octet & 0xc0) === 0x80);
  }
}
