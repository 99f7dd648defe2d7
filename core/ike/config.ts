import type { KeyObject } from 'node:crypto';
import type { SecretBytes } from '../lib/secret.ts';
import type { Endpoint, IpAddress } from '../net/address.ts';
import type { Selector } from '../net/selector.ts';
import type { GatewayIdentity } from '../pki/identity.ts';
import type { Identity } from './identity.ts';
import type { Offer } from './proposals.ts';
import { DEFAULT_ESP_OFFERS, DEFAULT_IKE_OFFERS } from './proposals.ts';
import { DEFAULT_RETRANSMIT, type RetransmitPolicy } from './retransmitter.ts';
import type { ResumptionTicket } from './ticket.ts';

/** How the gateway proves who it is. */
export type GatewayAuth =
  | {
      readonly kind: 'certificate';
      readonly anchors: readonly Uint8Array[];
      readonly identity: GatewayIdentity;
    }
  | { readonly kind: 'psk'; readonly secret: SecretBytes };

/** How the user proves who they are. */
export type UserAuth =
  /** The name for EAP-Identity, and the one that goes with the password. The method is MSCHAPv2 when it does not say. */
  | {
      readonly kind: 'eap';
      readonly identity: string;
      readonly username: string;
      readonly method?: 'mschapv2' | 'gtc';
    }
  /** DER certificates, the user's own first. */
  | { readonly kind: 'certificate'; readonly chain: readonly Uint8Array[]; readonly key: KeyObject }
  | { readonly kind: 'psk'; readonly secret: SecretBytes };

/** When keys are replaced (RFC 7296 section 2.8). Octets and packets of Child SAs are counted where they pass. */
export interface RekeyPolicy {
  readonly childMs: number;
  readonly ikeMs: number;
  /** Up to this part of a time is taken off at random, so that both ends rarely begin at once. From 0 to below 1. */
  readonly jitter: number;
  /** Child SAs are rekeyed with a key exchange of their own (perfect forward secrecy). */
  readonly pfs: boolean;
}

export const DEFAULT_REKEY: RekeyPolicy = { childMs: 3_600_000, ikeMs: 14_400_000, jitter: 0.1, pfs: true };

/** Everything that an IkeSession needs to know. Nothing of it changes while the session lives. */
export interface IkeConfig {
  readonly localId: Identity;
  /** Who we ask for and who must answer (IDr). */
  readonly remoteId: Identity;
  readonly gatewayAuth: GatewayAuth;
  readonly userAuth: UserAuth;
  readonly ikeOffers: readonly Offer[];
  readonly espOffers: readonly Offer[];
  /** The words in which the profile asked for them, for explanations. */
  readonly configured: { readonly ike?: readonly string[]; readonly esp?: readonly string[] };
  /** Families of the inner addresses that we ask for; at least one. */
  readonly addressFamilies: readonly (4 | 6)[];
  /** Inner addresses that we had before and want again, so that what is connected to them goes on. */
  readonly wantedAddresses?: readonly IpAddress[];
  /** TSr: where traffic may go to. TSi is everything of the same families, which the gateway narrows. */
  readonly remoteSelectors: readonly Selector[];
  /** The gateway, as found by name: where IKE_SA_INIT goes to, and the port that ESP and later IKE go to. */
  readonly gateway: Endpoint;
  readonly gatewayNatPort: number;
  /** Id of the path that the session begins on. */
  readonly path: number;
  readonly retransmit: RetransmitPolicy;
  /**
   * For so long at most is a gateway that says nothing believed to be there; it is asked well before. 0 never asks.
   */
  readonly livenessMs: number;
  readonly rekey: RekeyPolicy;
  /** Offer MOBIKE (RFC 4555). */
  readonly mobike: boolean;
  /** A NAT on the way is taken for an attack, and the gateway is asked to see it so too (RFC 4555 section 3.9). */
  readonly natProhibited: boolean;
  /** Cut messages longer than so many octets, UDP and IP headers included, when the gateway agrees (RFC 7383). */
  readonly fragmentOctets: number;
  /** Where the gateway that sent us to this one is (RFC 5685 section 3). */
  readonly redirectedFrom?: IpAddress;
  /** Ask for a ticket to resume the session with (RFC 5723). */
  readonly resumption: boolean;
  /**
   * Begin with this instead of a login (RFC 5723). The session wipes it when the gateway has answered to it; one that
   * it never answered to may be given to another session.
   */
  readonly ticket?: ResumptionTicket;
  /** After an unauthenticated refusal of IKE_SA_INIT, how long a genuine answer may still come. */
  readonly refusalGraceMs: number;
  /** How long the gateway may take to confirm that the SAs are deleted. */
  readonly goodbyeMs: number;
  /** Collect lines for Wireshark; only for the root-owned key log. */
  readonly keyLog: boolean;
}

/** The parts of a configuration that have a sensible value without being asked for. */
export const IKE_DEFAULTS = {
  ikeOffers: DEFAULT_IKE_OFFERS,
  espOffers: DEFAULT_ESP_OFFERS,
  configured: {},
  retransmit: DEFAULT_RETRANSMIT,
  livenessMs: 30_000,
  refusalGraceMs: 1_000,
  goodbyeMs: 3_000,
  gatewayNatPort: 4500,
  path: 0,
  rekey: DEFAULT_REKEY,
  mobike: true,
  natProhibited: false,
  resumption: true,
  fragmentOctets: 1280,
  keyLog: false,
} as const;
