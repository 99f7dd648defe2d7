import type { KeyObject } from 'node:crypto';
import type { EpochMillis, Millis, RandomBytes } from '../../../core/lib/ports.ts';
import type { ChildSaSpec } from '../../../core/ipsec/child-sa.ts';
import type { Endpoint, IpAddress } from '../../../core/net/address.ts';
import type { Prefix } from '../../../core/net/prefix.ts';
import type { FragmentQueue } from '../../../core/wire/fragment-queue.ts';
import type { Message, MessageProtection } from '../../../core/wire/message.ts';
import type { Payload } from '../../../core/wire/payload.ts';
import type { ConfigPayload } from '../../../core/wire/payloads/config.ts';
import type { Proposal } from '../../../core/wire/payloads/sa.ts';
import type { TrafficSelector } from '../../../core/wire/payloads/ts.ts';
import type { AddressPool, NetworkConfig } from './addresses.ts';
import type { EapServer, Users } from './eap-server.ts';
import type { Faults } from './faults.ts';
import type { IkeKeys } from './keys.ts';
import type { SignatureStyle } from './proof.ts';
import type { IkeSuite, SuitePolicy } from './suite.ts';

/** An identity as IDi and IDr carry it. */
export interface Identity {
  readonly idType: number;
  readonly data: Uint8Array;
}

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
  /** The time at `now` zero, for the validity of client certificates. */
  readonly epoch: EpochMillis;
}

/** One message to or from a client. On port 4500 the octets stand without their non-ESP marker. */
export interface GatewayDatagram {
  readonly octets: Uint8Array;
  readonly remote: Endpoint;
  readonly localPort: number;
}

/** Why an IKE SA is gone. */
export type CloseReason = 'client' | 'gateway' | 'refused' | 'timeout' | 'replaced' | 'half-open';

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
      readonly addresses: readonly IpAddress[];
    }
  | {
      readonly kind: 'child-added';
      readonly saId: number;
      readonly child: ChildSaSpec;
      readonly remote: Endpoint;
      readonly localPort: number;
    }
  | { readonly kind: 'child-removed'; readonly saId: number; readonly childId: number }
  /** The client now sends from elsewhere. */
  | { readonly kind: 'moved'; readonly saId: number; readonly remote: Endpoint; readonly localPort: number }
  | { readonly kind: 'answered'; readonly saId: number; readonly message: Message }
  | { readonly kind: 'client-notify'; readonly saId: number; readonly notify: number }
  | { readonly kind: 'closed'; readonly saId: number; readonly reason: CloseReason };

/** What one call to the gateway led to. */
export interface GatewayOutput {
  readonly datagrams: readonly GatewayDatagram[];
  readonly events: readonly GatewayEvent[];
}

/** What the first IKE_AUTH request asked for, kept until the client has proved itself. */
export interface ChildRequest {
  readonly proposals: readonly Proposal[];
  readonly tsi: readonly TrafficSelector[];
  readonly tsr: readonly TrafficSelector[];
  readonly cp: ConfigPayload | undefined;
}

/** A request of the gateway's own, waiting for its answer or for its turn. */
export interface OwnRequest {
  readonly exchange: number;
  readonly payloads: readonly Payload[];
  /** What the answer completes. */
  readonly then?: 'closed' | { readonly childRemoved: number };
}

export interface Child {
  readonly spec: ChildSaSpec;
}

export type SaState =
  | { readonly name: 'keyed' }
  | {
      readonly name: 'eap';
      readonly server: EapServer;
      readonly child: ChildRequest;
      readonly identity: Identity;
    }
  | {
      readonly name: 'eap-done';
      readonly msk: Uint8Array;
      readonly user: string;
      readonly child: ChildRequest;
      readonly identity: Identity;
    }
  | { readonly name: 'false-success' }
  | { readonly name: 'established'; readonly identity: Identity }
  /** Nothing is left but the last answer, for a client that did not get it. */
  | { readonly name: 'closed' };

/** An IKE SA of the gateway, always as responder. */
export interface Sa {
  readonly id: number;
  readonly initiatorSpi: Uint8Array;
  readonly responderSpi: Uint8Array;
  readonly suite: IkeSuite;
  readonly keys: IkeKeys;
  readonly protection: MessageProtection;
  readonly nonceI: Uint8Array;
  readonly nonceR: Uint8Array;
  /** IKE_SA_INIT request and response, as AUTH covers them. */
  readonly message1: Uint8Array;
  message2: Uint8Array;
  readonly announcedHashes: readonly number[];
  /** Whether both ends speak fragments. */
  readonly fragments: boolean;
  /** The parts of a request that did not come whole yet. */
  readonly parts: FragmentQueue;
  readonly natClient: boolean;
  readonly natGateway: boolean;
  remote: Endpoint;
  localPort: number;
  state: SaState;
  /** The id that the next request of the client must have, and the answer to the one before. */
  nextId: number;
  lastAnswer: readonly Uint8Array[];
  /** Octets of the request that `lastAnswer` answers. */
  lastRequest: Uint8Array;
  /** The gateway's own requests. */
  ownId: number;
  outstanding:
    | {
        readonly request: OwnRequest;
        readonly messageId: number;
        readonly octets: readonly Uint8Array[];
        tries: number;
        dueMs: Millis;
      }
    | undefined;
  readonly queue: OwnRequest[];
  child: Child | undefined;
  /** When the client was last heard, and when a half-open or closed SA is forgotten. */
  heardMs: Millis;
  forgetMs: Millis | undefined;
}

/** What the exchanges need of the gateway around them. */
export interface Responder {
  readonly config: GatewayConfig;
  readonly faults: Faults;
  readonly random: RandomBytes;
  readonly pool: AddressPool;
  readonly now: Millis;
  emit(event: GatewayEvent): void;
}
