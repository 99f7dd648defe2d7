import { utf8, utf8Strict } from '../lib/bytes.ts';
import { err, ok, type Result } from '../lib/result.ts';
import { SecretBytes } from '../lib/secret.ts';

/*
 * One message between the daemon and a client:
 *
 *    0                   1                   2                   3
 *    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |                octets of text (network order)                 |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |               octets of secret (network order)                |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |                      text: JSON in UTF-8                      ~
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |            secret: octets that never become a string          ~
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *
 * A password cannot be wiped once it is text, so it travels behind the text as octets.
 */

const HEADER_LENGTH = 8;
/** Octets of the longest text: a profile with certificates fits, a flood does not. */
export const MAX_TEXT_LENGTH = 2 * 1024 * 1024;
/** Octets of the longest secret. */
export const MAX_SECRET_LENGTH = 4096;
/** Values within values; deeper ones mean nothing to us and cost whoever reads them. */
export const MAX_DEPTH = 32;

export interface Frame {
  readonly value: unknown;
  /** It belongs to whoever takes the frame. */
  readonly secret?: SecretBytes;
}

/** The octets of a frame. Throws RangeError when it is longer than a reader of ours would take. */
export function encodeFrame(value: unknown, secret?: SecretBytes): Uint8Array {
  const text = utf8(JSON.stringify(value));
  if (text.length > MAX_TEXT_LENGTH) throw new RangeError(`a message of ${text.length} octets`);
  const secretLength = secret?.length ?? 0;
  if (secretLength > MAX_SECRET_LENGTH) throw new RangeError(`a secret of ${secretLength} octets`);
  const octets = new Uint8Array(HEADER_LENGTH + text.length + secretLength);
  const view = new DataView(octets.buffer);
  view.setUint32(0, text.length);
  view.setUint32(4, secretLength);
  octets.set(text, HEADER_LENGTH);
  if (secret) octets.set(secret.reveal(), HEADER_LENGTH + text.length);
  return octets;
}

/** Puts frames together from the pieces of a stream. After an error the stream means nothing any more. */
export class FrameDecoder {
  #buffer = new Uint8Array(4096);
  #length = 0;

  /** Octets that wait for the rest of their frame. */
  get pending(): number {
    return this.#length;
  }

  /** Takes a piece, and wipes nothing of it: it is the caller's. The frames that are whole now, or what is wrong. */
  push(piece: Uint8Array): Result<readonly Frame[], string> {
    this.#append(piece);
    const frames: Frame[] = [];
    let at = 0;
    while (this.#length - at >= HEADER_LENGTH) {
      const frame = this.#frameAt(at);
      if (!frame.ok) return this.#refuse(frames, frame.error);
      if (!frame.value) break;
      frames.push(frame.value.frame);
      at = frame.value.end;
    }
    this.#consume(at);
    return ok(frames);
  }

  /** Forgets what was not whole yet. */
  wipe(): void {
    this.#buffer.fill(0);
    this.#length = 0;
  }

  #frameAt(at: number): Result<{ readonly frame: Frame; readonly end: number } | undefined, string> {
    const view = new DataView(this.#buffer.buffer, at, HEADER_LENGTH);
    const textLength = view.getUint32(0);
    const secretLength = view.getUint32(4);
    if (textLength > MAX_TEXT_LENGTH) return err(`a message of ${textLength} octets`);
    if (secretLength > MAX_SECRET_LENGTH) return err(`a secret of ${secretLength} octets`);
    const textAt = at + HEADER_LENGTH;
    const secretAt = textAt + textLength;
    const end = secretAt + secretLength;
    if (end > this.#length) return ok(undefined);
    const value = parseText(this.#buffer.subarray(textAt, secretAt));
    if (!value.ok) return value;
    if (secretLength === 0) return ok({ frame: { value: value.value }, end });
    const secret = SecretBytes.copyOf(this.#buffer.subarray(secretAt, end));
    return ok({ frame: { value: value.value, secret }, end });
  }

  #refuse(frames: readonly Frame[], why: string): Result<never, string> {
    for (const { secret } of frames) secret?.wipe();
    this.wipe();
    return err(why);
  }

  #append(piece: Uint8Array): void {
    const needed = this.#length + piece.length;
    if (needed > this.#buffer.length) {
      const grown = new Uint8Array(Math.max(needed, 2 * this.#buffer.length));
      grown.set(this.#buffer.subarray(0, this.#length));
      this.#buffer.fill(0);
      this.#buffer = grown;
    }
    this.#buffer.set(piece, this.#length);
    this.#length = needed;
  }

  #consume(count: number): void {
    if (count === 0) return;
    this.#buffer.copyWithin(0, count, this.#length);
    // What was behind the rest may have been a secret.
    this.#buffer.fill(0, this.#length - count, this.#length);
    this.#length -= count;
  }
}

function parseText(octets: Uint8Array): Result<unknown, string> {
  if (tooDeep(octets)) return err(`more than ${MAX_DEPTH} values within each other`);
  const text = utf8Strict(octets);
  if (text === undefined) return err('no UTF-8');
  try {
    return ok(JSON.parse(text) as unknown);
  } catch {
    return err('no JSON');
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENS: ReadonlySet<number> = new Set([0x5b, 0x7b]);
const CLOSES: ReadonlySet<number> = new Set([0x5d, 0x7d]);

/** Looks at brackets outside strings alone: whether the rest is JSON is for the parser. */
function tooDeep(octets: Uint8Array): boolean {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < octets.length; i++) {
    const octet = octets[i] ?? 0;
    if (inString) {
      if (octet === BACKSLASH) i++;
      else if (octet === QUOTE) inString = false;
    } else if (octet === QUOTE) inString = true;
    else if (OPENS.has(octet) && ++depth > MAX_DEPTH) return true;
    else if (CLOSES.has(octet)) depth--;
  }
  return false;
}
