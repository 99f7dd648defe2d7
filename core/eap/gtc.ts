import { EapType } from '../wire/eap.ts';
import { displayText } from './display-text.ts';
import type { EapCredentials, EapMethod, MethodOutcome } from './method.ts';

/**
 * EAP-GTC, a generic token card, the peer's side (RFC 3748 section 5.6). Type-Data of a request is a message for the
 * person, that of the response what the person answers: the code that a token or an app shows. A gateway may ask again
 * (for the next code, or another one); every request is answered with a code of its own, and none is kept.
 *
 *    0                   1                   2                   3
 *    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *   +---------------+---------------+-------------------------------+
 *   |     Code      |  Identifier   |            Length             |
 *   +---------------+---------------+-------------------------------+
 *   |   Type (6)    |  message, or code; not null-terminated ...
 *   +---------------+
 *
 * The code crosses in clear, which the section forbids but in a tunnel whose server has proved itself: in IKE_AUTH that
 * is the SA, and the gateway's AUTH, checked before the first message of EAP is looked at (RFC 7296 section 2.16).
 */
export class Gtc implements EapMethod {
  readonly type = EapType.GTC;
  readonly name = 'EAP-GTC';
  readonly whenRefused = 'auth.wrong-code';
  /** The method has no last message: EAP-Success or EAP-Failure is how it ends. */
  readonly finished = false;
  #isAnswered = false;

  handle(data: Uint8Array, { code }: EapCredentials): MethodOutcome {
    if (!code) return { kind: 'need', what: 'one-time code', message: displayText(data) };
    this.#isAnswered = true;
    return { kind: 'reply', data: code.reveal().slice() };
  }

  get mayEndKeyless(): boolean {
    return this.#isAnswered;
  }

  takeMsk(): undefined {
    return undefined;
  }

  wipe(): void {
    this.#isAnswered = false;
  }
}
