import type { KeyObject } from 'node:crypto';
import type { EpochMillis, Millis, RandomBytes } from '../../../core/lib/ports.ts';
import type { ChildSaSpec } from '../../../core/ipsec/child-sa.ts';
import type { Endpoint, IpAddress } from '../../../core/net/address.ts';
import type { Prefix } from '../../../core/net/prefix.ts';
import type { Message } from '../../../core/wire/message.ts';
import type { AddressPool, NetworkConfig } from './addresses.ts';
import type { Users } from './eap-server.ts';
import type { Extensions } from './extensions.ts';
import type { Faults } from './faults.ts';
import type { Mobike } from './mobike.ts';
import type { SignatureStyle } from './proof.ts';
import type { Client, Identity, OwnRequest, Purpose, Sa } from './sa.ts';
import type { IkeSuite, SuitePolicy } from './suite.ts';

/** How the gateway proves itself: with a certificate (DER, its own first) or the pre-shared key. */
export type GatewayCredentials =
  | {
      readonly kind: 'certificate';
      readonly chain: readonly Uint8Array[];
      readonly privateKey: KeyObject;
      readonly style?: SignatureStyle;
    }
  | { readonly kind: 'psk' };

export type ClientMethod = 'eap' | 'certificate' | 'psk';

export interface GatewayConfig extends NetworkConfig {
  /** The gateway's own addresses, for NAT detection. */
  readonly addresses: readonly IpAddress[];
  readonly identity: Identity;
  readonly credentials: GatewayCredentials;
  /** How clients may prove themselves. */
  readonly accept: readonly ClientMethod[];
  readonly users: Users;
  readonly psk?: Uint8Array;
  /** DER certificates of the authorities of client certificates. */
  readonly anchors: readonly Uint8Array[];
  readonly ike: SuitePolicy;
  readonly esp: SuitePolicy;
  /** What clients may reach: TSr is narrowed to it. */
  readonly networks: readonly Prefix[];
  /** Refuses a Child SA without a configuration request. */
  readonly requireCp: boolean;
  /** Claims a NAT in front of the gateway, so that ESP always goes in UDP. */
  readonly encap: boolean;
  /** Demands a cookie from whoever does not bring one. */
  readonly cookies: boolean;
  /** Further tries that a wrong password gets. */
  readonly passwordRetries: number;
  /** Sends a liveness check after this silence; never without it. */
  readonly livenessMs?: Millis;
  /** Announces fragments (RFC 7383) and cuts what is longer, in octets of IKE; without it none are spoken. */
  readonly fragmentOctets?: number;
  /** First wait for an answer to an own request; it doubles with each of `retransmits` repetitions. */
  readonly retransmitMs: Millis;
  readonly retransmits: number;
  /** The time at `now` zero, for the validity of client certificates and tickets. */
  readonly epoch: EpochMillis;
  readonly extensions?: Extensions;
  readonly mobike?: Mobike;
}

/** One message to or from a client. On port 4500 the octets stand without their non-ESP marker. */
export interface GatewayDatagram {
  readonly octets: Uint8Array;
  readonly remote: Endpoint;
  readonly localPort: number;
  /** Which address of the gateway it came to or goes from; the first of the family without it. */
  readonly localAddress?: IpAddress | undefined;
}

/**
 * Why an IKE SA is gone. 'rekeyed': another one took its place. 'redundant': it lost a collision of rekeyings.
 * 'replaced': the same user has come back.
 */
export type CloseReason =
  'client' | 'gateway' | 'refused' | 'timeout' | 'replaced' | 'rekeyed' | 'redundant' | 'half-open';

export type GatewayEvent =
  | {
      readonly kind: 'received' | 'sent';
      readonly message: Message;
      readonly remote: Endpoint;
      readonly localPort: number;
    }
  /** A datagram that led to nothing, and why. */
  | { readonly kind: 'ignored'; readonly reason: string }
  /** The client did what an RFC forbids. */
  | { readonly kind: 'violation'; readonly what: string }
  | {
      readonly kind: 'init';
      readonly saId: number;
      readonly suite: IkeSuite;
      readonly natClient: boolean;
      readonly natGateway: boolean;
    }
  /** The gateway said no, with this notify (0 for EAP-Failure). */
  | { readonly kind: 'refused'; readonly notify: number; readonly reason: string }
  /** An MSCHAPv2 Failure request went out; EAP-Failure follows unless the client may retry. */
  | { readonly kind: 'password-refused'; readonly code: number; readonly retry: boolean }
  | {
      readonly kind: 'established';
      readonly saId: number;
      readonly identity: string;
      readonly user: string | undefined;
      readonly method: ClientMethod;
      /** Whether it came with a ticket: then `method` is how the client had proved itself before. */
      readonly resumed: boolean;
      readonly addresses: readonly IpAddress[];
    }
  | {
      readonly kind: 'child-added';
      readonly saId: number;
      readonly child: ChildSaSpec;
      /** The childId of the pair whose place it takes. */
      readonly replaces?: number;
      /** False when the client may not have its half yet: the replaced pair sends on (RFC 7296 section 2.8). */
      readonly sendNow: boolean;
      readonly remote: Endpoint;
      readonly localPort: number;
    }
  /** Nothing may be sent through the pair any more: its Delete is on the way. */
  | { readonly kind: 'child-closing'; readonly saId: number; readonly childId: number }
  | { readonly kind: 'child-removed'; readonly saId: number; readonly childId: number }
  /** The client now sends from elsewhere, and its ESP goes there. */
  | {
      readonly kind: 'moved';
      readonly saId: number;
      readonly remote: Endpoint;
      readonly localPort: number;
      readonly localAddress?: IpAddress;
    }
  | { readonly kind: 'answered'; readonly saId: number; readonly message: Message }
  /** The client said no to a request of the gateway's, with this notify (0 for an answer that makes no sense). */
  | {
      readonly kind: 'turned-down';
      readonly saId: number;
      readonly purpose: Purpose;
      readonly notify: number;
    }
  /** An IKE SA was made in place of another one. In a collision one of two is closed as 'redundant' later. */
  | {
      readonly kind: 'ike-added';
      readonly saId: number;
      readonly replaces: number;
      readonly by: 'client' | 'gateway';
    }
  | { readonly kind: 'client-notify'; readonly saId: number; readonly notify: number }
  | { readonly kind: 'closed'; readonly saId: number; readonly reason: CloseReason };

/** What one call to the gateway led to. */
export interface GatewayOutput {
  readonly datagrams: readonly GatewayDatagram[];
  readonly events: readonly GatewayEvent[];
}

/** What the exchanges need of the gateway around them. It is one object for as long as the gateway lives. */
export interface Responder {
  readonly config: GatewayConfig;
  /** Those of the moment, like `now`. */
  readonly faults: Faults;
  readonly random: RandomBytes;
  readonly pool: AddressPool;
  readonly now: Millis;
  emit(event: GatewayEvent): void;
  /** Numbers for new SAs. */
  newSaId(): number;
  newChildId(): number;
  /** How often a fault that has a limit was carried out since the faults were set, this time included. */
  count(fault: string): number;
  /** Puts a request of the gateway's own into the queue of an IKE SA. */
  enqueue(sa: Sa, request: OwnRequest): void;
  addSa(sa: Sa): void;
  closeSa(sa: Sa, reason: CloseReason): void;
  /** The IKE SAs of a client that are not closed. */
  sasOf(client: Client): readonly Sa[];
}
