import type { Failure } from '../lib/failure.ts';
import type { SecretBytes } from '../lib/secret.ts';
import type { Endpoint, IpAddress } from '../net/address.ts';
import type { Prefix } from '../net/prefix.ts';
import type { Selector } from '../net/selector.ts';
import type { NatFindings } from './nat-detection.ts';
import type { ChildSuite } from './suite.ts';

/** What the gateway's CFG_REPLY gave us (RFC 7296 section 3.15). */
export interface AssignedConfig {
  readonly addresses: readonly Prefix[];
  readonly dnsServers: readonly IpAddress[];
  readonly searchDomains: readonly string[];
  readonly subnets: readonly Prefix[];
}

/** A Child SA pair ready for the engine. The keys belong to whoever takes the event. */
export interface EstablishedChild {
  /** As in ESP headers that arrive here and that we send. */
  readonly spiIn: number;
  readonly spiOut: number;
  readonly suite: ChildSuite;
  readonly encrIn: SecretBytes;
  readonly encrOut: SecretBytes;
  readonly integIn: SecretBytes;
  readonly integOut: SecretBytes;
  /** TSi and TSr as granted. */
  readonly local: readonly Selector[];
  readonly remote: readonly Selector[];
  readonly udpEncap: boolean;
}

/** For whoever does not hand the keys on. May be called again. */
export function wipeChild({ encrIn, encrOut, integIn, integOut }: EstablishedChild): void {
  for (const key of [encrIn, encrOut, integIn, integOut]) key.wipe();
}

/** The keys in events that nobody hears of. */
export function wipeKeysIn(events: readonly IkeEvent[]): void {
  for (const event of events) if (event.kind === 'established') wipeChild(event.child);
}

export type IkeEvent =
  /** IKE_SA_INIT is done; what follows is protected. */
  | {
      readonly kind: 'initiated';
      readonly suite: string;
      readonly nat: NatFindings;
      readonly initiatorSpi: Uint8Array;
      readonly responderSpi: Uint8Array;
    }
  /** The session waits for the command that brings this. */
  | { readonly kind: 'need'; readonly what: 'password' }
  | {
      readonly kind: 'established';
      readonly child: EstablishedChild;
      readonly config: AssignedConfig;
      readonly gatewayIdentity: string;
      readonly gatewaySignature: string;
    }
  | { readonly kind: 'child-closed'; readonly spiIn: number }
  /** Something that the gateway told the person, or that an administrator should know. Text is printable. */
  | { readonly kind: 'notice'; readonly notice: 'eap-notification' | 'gateway-notify'; readonly text: string }
  /** The last event. `failure` is absent when we ended the session ourselves. */
  | { readonly kind: 'closed'; readonly failure?: Failure };

export type IkeCommand =
  | { readonly kind: 'connect' }
  | { readonly kind: 'password'; readonly password: SecretBytes }
  /** Deletes the SAs at the gateway, then closes. */
  | { readonly kind: 'disconnect' }
  /** Asks for a liveness check now. */
  | { readonly kind: 'check-liveness' };

/** One datagram to send: a whole UDP payload, from the socket for that transport. */
export interface OutboundDatagram {
  readonly payload: Uint8Array;
  /** 'ike': port 500, bare. 'nat': port 4500, with the non-ESP marker already in front. */
  readonly transport: Transport;
  readonly remote: Endpoint;
}

export type Transport = 'ike' | 'nat';

/** An IKE message that arrived: from the IKE header on, without a non-ESP marker. */
export interface InboundDatagram {
  readonly octets: Uint8Array;
  readonly transport: Transport;
  readonly local: Endpoint;
  readonly remote: Endpoint;
}
