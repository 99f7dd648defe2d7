import type { Failure } from '../lib/failure.ts';
import type { Millis } from '../lib/ports.ts';
import type { SecretBytes } from '../lib/secret.ts';
import type { EapNeed } from '../eap/method.ts';
import type { Endpoint, IpAddress } from '../net/address.ts';
import type { Prefix } from '../net/prefix.ts';
import type { Selector } from '../net/selector.ts';
import type { NatFindings } from './nat-detection.ts';
import type { ChildSuite } from './suite.ts';
import type { ResumptionTicket } from './ticket.ts';

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
  for (const event of events) {
    if (event.kind === 'established' || event.kind === 'child-added') wipeChild(event.child);
    if (event.kind === 'ticket') event.ticket.wipe();
  }
}

/**
 * A way to the gateway: where we are on it and where the gateway is, both with the port for NAT traversal. An id means
 * one path for as long as a session lives.
 */
export interface Path {
  readonly id: number;
  readonly local: Endpoint;
  readonly remote: Endpoint;
}

/** Another gateway that ours sent us to (RFC 5685 section 3): by address, or by name. */
export type RedirectTarget =
  | { readonly kind: 'address'; readonly address: IpAddress }
  | { readonly kind: 'name'; readonly name: string };

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
  | EapNeed
  | {
      readonly kind: 'established';
      readonly child: EstablishedChild;
      readonly config: AssignedConfig;
      readonly gatewayIdentity: string;
      readonly gatewaySignature: string;
      /** Both sides speak MOBIKE (RFC 4555): the session can move to another path. */
      readonly mobike: boolean;
    }
  /**
   * A pair in place of the one whose inbound half is `replaces`, or a further one without that. `sendNow` false: the
   * gateway may not have its half yet; 'child-used' or a 'child-send' says when it has. When both sides rekey at once
   * two pairs replace the same one, and one of them is closed again; what was to be replaced may be closed already.
   */
  | {
      readonly kind: 'child-added';
      readonly child: EstablishedChild;
      readonly replaces?: number;
      readonly sendNow: boolean;
    }
  /** From now on the pair with this inbound SPI sends, in place of the one that it replaces. */
  | { readonly kind: 'child-send'; readonly spiIn: number }
  /** Nothing is sent through the pair any more; what still comes in is taken for so long. */
  | { readonly kind: 'child-closed'; readonly spiIn: number; readonly lingerMs: number }
  /** The IKE SA was replaced by a new one (RFC 7296 section 1.3.2); its Child SAs went on. */
  | {
      readonly kind: 'rekeyed';
      readonly suite: string;
      readonly initiatorSpi: Uint8Array;
      readonly responderSpi: Uint8Array;
    }
  /**
   * Where ESP goes to and comes from. Until `confirmed` the gateway has not answered there: what we send arrives, what
   * it sends goes to where we were.
   */
  | {
      readonly kind: 'path';
      readonly path: Path;
      readonly confirmed: boolean;
      readonly nat: NatFindings;
    }
  /**
   * An answer on the path that ESP takes told whether the NAT before us still shows us at the address and port that it
   * did when an answer last told (RFC 4555 section 3.8). From this it is learned how long it does without packets.
   */
  | { readonly kind: 'mapping'; readonly kept: boolean }
  /** All addresses of the gateway by its own word (RFC 4555 section 3.4), first the one that it said so from. */
  | { readonly kind: 'gateway-addresses'; readonly addresses: readonly IpAddress[] }
  /** Asked, the gateway has said nothing for the liveness period: nobody knows whether anything passes. */
  | { readonly kind: 'unanswered'; readonly since: Millis }
  /** It is there again. */
  | { readonly kind: 'answered' }
  /**
   * A new session has to take the place of this one before this time is over: the gateway wants us to authenticate anew
   * (RFC 4478), or it does not replace keys that end then (RFC 7296 section 2.8).
   */
  | { readonly kind: 'auth-lifetime'; readonly seconds: number }
  /**
   * With this a later session can skip the login (RFC 5723). It takes the place of the one before, and belongs to whoever
   * takes the event; the session wipes it as soon as the SA that it stands for is deleted or replaced in order.
   */
  | { readonly kind: 'ticket'; readonly ticket: ResumptionTicket }
  /**
   * The gateway sends us to another one (RFC 5685). Before the session is established 'closed' without a failure follows;
   * after that it lives until 'disconnect', or until the gateway deletes it: there is time to make another one first.
   */
  | { readonly kind: 'redirected'; readonly to: RedirectTarget }
  /** Something that the gateway told the person, or that an administrator should know. Text is printable. */
  | { readonly kind: 'notice'; readonly notice: 'eap-notification' | 'gateway-notify'; readonly text: string }
  /** The last event. `failure` is absent when we ended the session ourselves. */
  | { readonly kind: 'closed'; readonly failure?: Failure };

export type IkeCommand =
  | { readonly kind: 'connect' }
  /** What was needed: the password, or the code. */
  | { readonly kind: 'password'; readonly password: SecretBytes }
  /** Deletes the SAs at the gateway, then closes. */
  | { readonly kind: 'disconnect' }
  /**
   * Asks for a liveness check now. After a sleep the gateway may have given us up, and whoever wakes a machine does not
   * want to wait: then `unanswered` comes after a second already, and nothing but life after the sleep prevents it.
   */
  | { readonly kind: 'check-liveness'; readonly afterSleep?: boolean }
  /**
   * The ways to the gateway that there are now, best first. A current one that is not among them is lost; without any,
   * requests wait and their patience with them.
   */
  | { readonly kind: 'paths'; readonly paths: readonly Path[] }
  /** Replaces a pair of Child SAs: it has carried what its keys should. */
  | { readonly kind: 'rekey-child'; readonly spiIn: number }
  /** Nothing passes through a pair any more: it has carried all that its keys may. */
  | { readonly kind: 'child-spent'; readonly spiIn: number }
  /** Something came in through a pair that was added with `sendNow` false. */
  | { readonly kind: 'child-used'; readonly spiIn: number }
  | { readonly kind: 'rekey-ike' }
  /** Asks for a further pair of Child SAs, for traffic to these. */
  | { readonly kind: 'create-child'; readonly remote: readonly Selector[] };

/** One datagram to send: a whole UDP payload, from the socket for that transport. */
export interface OutboundDatagram {
  readonly payload: Uint8Array;
  /** 'ike': port 500, bare. 'nat': port 4500, with the non-ESP marker already in front. */
  readonly transport: Transport;
  readonly remote: Endpoint;
  /** The path that it takes, by id. */
  readonly path: number;
}

export type Transport = 'ike' | 'nat';

/** An IKE message that arrived: from the IKE header on, without a non-ESP marker. */
export interface InboundDatagram {
  readonly octets: Uint8Array;
  readonly transport: Transport;
  /** The path that it took, by id. */
  readonly path: number;
  readonly local: Endpoint;
  readonly remote: Endpoint;
}
