import type { Failure, FailureCode } from '../lib/failure.ts';
import type { SecretBytes } from '../lib/secret.ts';

/** What the person gave for this attempt. */
export interface EapCredentials {
  readonly password?: SecretBytes;
  /** For the request that is handled now, and no other. */
  readonly code?: SecretBytes;
}

/** What has to be asked for. `message` is what the gateway says about it, as it may be shown; empty when nothing. */
export type EapNeed =
  | { readonly kind: 'need'; readonly what: 'password' }
  | { readonly kind: 'need'; readonly what: 'one-time code'; readonly message: string };

/** What a method makes of one request. */
export type MethodOutcome =
  /** Type-Data of the response. With `refusal` the authenticator said no, and only EAP-Failure can follow. */
  | { readonly kind: 'reply'; readonly data: Uint8Array; readonly refusal?: Failure }
  /** Nothing happened yet: the same request again, with what is needed. */
  | EapNeed
  /** The conversation ends without a response. */
  | { readonly kind: 'failure'; readonly failure: Failure }
  | { readonly kind: 'discard'; readonly reason: string };

/** One authentication method (EAP types 4 and above, RFC 3748 section 5), for one conversation. */
export interface EapMethod {
  readonly type: number;
  readonly name: string;
  /** What an EAP-Failure means that comes without a reason of the method's own. */
  readonly whenRefused: FailureCode;
  /** Handles the Type-Data of a request of this type. */
  handle(data: Uint8Array, credentials: EapCredentials): MethodOutcome;
  /**
   * The MSK, once: only after the method ran to its end and the authenticator proved itself in it. Undefined
   * before, so that no EAP-Success can count.
   */
  takeMsk(): SecretBytes | undefined;
  /** Whether takeMsk would give one. */
  readonly finished: boolean;
  /**
   * Whether EAP-Success may come now although the method gives no key and cannot tell that it is over; never for a method
   * that gives one. Failure and further requests may come, too.
   */
  readonly mayEndKeyless: boolean;
  /** Wipes what is secret when the conversation is given up. */
  wipe(): void;
}
