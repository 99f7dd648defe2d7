import { constantTimeEqual } from '../lib/bytes.ts';
import type { Millis } from '../lib/ports.ts';
import { SecretBytes } from '../lib/secret.ts';
import { Notify } from '../wire/constants.ts';
import { readNotify } from '../wire/notify-data.ts';
import type { Payload } from '../wire/payload.ts';
import { allOf } from './payloads.ts';

/** Tokens that are kept: a gateway that makes them from our address sends a new one whenever that changes (section 5). */
const MAX_KEPT = 4;
/** Tokens of one message that are looked at; at least four (section 4.5). */
const MAX_LOOKED_AT = 4;
/** Messages in clear that are looked at: so many at once, and after that one in each such time (section 8.1). */
const BURST = 16;
const REFILL_MS: Millis = 100;
/** A hint asks whether the gateway lives no more often than this (RFC 7296 section 2.21.4). */
const HINT_PAUSE_MS: Millis = 10_000;

/** What a gateway says of an SA that it does not know (RFC 7296 section 1.5). */
const COMPLAINTS: ReadonlySet<number> = new Set([Notify.INVALID_IKE_SPI, Notify.INVALID_SPI]);

/** What notifies in clear with the SPIs of our SA say. */
export type CrashVerdict =
  /** Only the gateway can know the token, and it shows it when it has lost the SA and for nothing else. */
  | 'restarted'
  /** Somebody says that the gateway does not know the SA. Anybody can: ask the gateway itself. */
  | 'suspect'
  | 'nothing';

/**
 * The token taker of quick crash detection for one IKE SA (RFC 6290). A gateway gives out a secret token inside the
 * SA; one that has restarted and lost the SA can make the same token again, and shows it in clear in answer to
 * messages that it cannot read. We make no tokens ourselves: a client that has crashed begins anew at once, and the
 * gateway finds out by its own liveness checks.
 */
export class CrashDetector {
  #tokens: SecretBytes[] = [];
  #allowance = BURST;
  #refilledAt: Millis = 0;
  #hintAt: Millis = -HINT_PAUSE_MS;

  /** Keeps the tokens in the payloads of a protected message of the SA, the newest ones (sections 4.2 to 4.4). */
  learn(payloads: readonly Payload[]): void {
    const learned = tokensIn(payloads).slice(0, MAX_KEPT);
    if (learned.length === 0) return;
    const all = [...learned.map((token) => SecretBytes.copyOf(token)), ...this.#tokens];
    for (const old of all.slice(MAX_KEPT)) old.wipe();
    this.#tokens = all.slice(0, MAX_KEPT);
  }

  /**
   * Judges notifies that came in clear with the SPIs of the SA. A token that does not match says nothing about the
   * gateway (section 8.2): then what is left is a hint, as without any.
   */
  judge(notifies: readonly Payload[], now: Millis): CrashVerdict {
    const shown = tokensIn(notifies).slice(0, MAX_LOOKED_AT);
    const complains = allOf(notifies, 'N').some(({ notifyType }) => COMPLAINTS.has(notifyType));
    if ((shown.length === 0 && !complains) || !this.#mayLook(now)) return 'nothing';
    if (this.#tokens.some((token) => shown.some((other) => constantTimeEqual(token.reveal(), other)))) {
      return 'restarted';
    }
    if (!complains) return 'nothing';
    if (now < this.#hintAt + HINT_PAUSE_MS) return 'nothing';
    this.#hintAt = now;
    return 'suspect';
  }

  #mayLook(now: Millis): boolean {
    this.#allowance = Math.min(BURST, this.#allowance + (now - this.#refilledAt) / REFILL_MS);
    this.#refilledAt = now;
    if (this.#allowance < 1) return false;
    this.#allowance -= 1;
    return true;
  }

  wipe(): void {
    for (const token of this.#tokens) token.wipe();
    this.#tokens = [];
  }
}

function tokensIn(payloads: readonly Payload[]): Uint8Array[] {
  return allOf(payloads, 'N')
    .filter(({ notifyType }) => notifyType === Notify.QUICK_CRASH_DETECTION)
    .map((payload) => readNotify('QUICK_CRASH_DETECTION', payload))
    .flatMap((read) => (read.ok ? [read.value.token] : []));
}
