import type { Redirection } from './redirect.ts';

/** What the gateway does beyond RFC 7296 so that clients stay connected. Nothing of it unless it is there. */
export interface Extensions {
  /** Sends clients to another gateway (RFC 5685). */
  readonly redirect?: Redirection;
  /** Gives out tickets and takes them back (RFC 5723). A restarted gateway with the same secret takes them too. */
  readonly tickets?: { readonly secret: Uint8Array; readonly lifetimeSeconds: number };
  /** Makes crash tokens (RFC 6290). A restarted gateway with the same secret makes the same ones. */
  readonly crashSecret?: Uint8Array;
  /** Wants clients to authenticate anew before this is over (RFC 4478). */
  readonly authLifetimeSeconds?: number;
  /** Announces that an IKE SA may be begun without a Child SA (RFC 6023); or takes none that is begun with one. */
  readonly childless?: 'allowed' | 'demanded';
}
