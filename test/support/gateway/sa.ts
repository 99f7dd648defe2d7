import { toHex } from '../../../core/lib/bytes.ts';
import type { Millis } from '../../../core/lib/ports.ts';
import type { ChildSaSpec } from '../../../core/ipsec/child-sa.ts';
import type { Endpoint, IpAddress } from '../../../core/net/address.ts';
import { FragmentQueue } from '../../../core/wire/fragment-queue.ts';
import type { Message, MessageProtection } from '../../../core/wire/message.ts';
import type { Payload } from '../../../core/wire/payload.ts';
import type { ConfigPayload } from '../../../core/wire/payloads/config.ts';
import type { Proposal } from '../../../core/wire/payloads/sa.ts';
import type { TrafficSelector } from '../../../core/wire/payloads/ts.ts';
import type { EapServer } from './eap-server.ts';
import type { IkeKeys } from './keys.ts';
import type { Whereabouts } from './mobike.ts';
import type { IkeSuite } from './suite.ts';
import type { TicketContent } from './tickets.ts';
import type { ClientMethod } from './types.ts';

/** An identity as IDi and IDr carry it. */
export interface Identity {
  readonly idType: number;
  readonly data: Uint8Array;
}

/** What the first IKE_AUTH request asked for, kept until the client has proved itself. */
export interface ChildRequest {
  readonly proposals: readonly Proposal[];
  readonly tsi: readonly TrafficSelector[];
  readonly tsr: readonly TrafficSelector[];
  readonly cp: ConfigPayload | undefined;
  /** It wants a ticket too (RFC 5723 section 4.1). */
  readonly ticket: boolean;
  /** The client speaks MOBIKE (RFC 4555 section 3.2). */
  readonly mobike: boolean;
}

/** What a request of the gateway's own is for, as far as a collision needs to know (RFC 7296 section 2.25). */
export type Purpose =
  | 'create-child'
  | 'rekey-child'
  | 'delete-child'
  | 'rekey-ike'
  | 'delete-ike'
  /** Anything else. */
  | 'other';

/** A request of the gateway's own, waiting for its answer or for its turn. */
export interface OwnRequest {
  readonly exchange: number;
  /** 'other' without it. */
  readonly purpose?: Purpose;
  /** Made when its turn comes, under the SA that it then goes out on; undefined when nothing is left to ask for. */
  readonly payloads: readonly Payload[] | ((sa: Sa) => readonly Payload[] | undefined);
  /** Goes out at once, though the window holds one: no honest gateway does that. */
  readonly rush?: boolean;
  /** What the answer completes; undefined stands for one that is malformed. */
  readonly answered?: (sa: Sa, answer: Message | undefined) => void;
}

/** A request that is under way. */
export interface Outstanding {
  readonly request: OwnRequest;
  readonly messageId: number;
  readonly octets: readonly Uint8Array[];
  tries: number;
  dueMs: Millis;
}

/** The SA that one CREATE_CHILD_SA exchange made in place of another, and the nonces of that exchange. */
export interface Replacement<T> {
  readonly made: T;
  readonly nonceI: Uint8Array;
  readonly nonceR: Uint8Array;
}

/** How far the replacement of an SA has come. With both sides of it there is a collision (RFC 7296 section 2.8.1). */
export interface Rekeying<T> {
  /** By the gateway: its request is under way, or what that led to. */
  own: 'asked' | Replacement<T> | undefined;
  /** By the client: what its request led to. */
  theirs: Replacement<T> | undefined;
}

/** A pair of Child SAs. */
export interface Child {
  /** Its `childId` is its own: a pair that replaces another has a new one. */
  readonly spec: ChildSaSpec;
  /** The selectors of the gateway's and of the client's side as they go into TS payloads. */
  readonly local: readonly TrafficSelector[];
  readonly remote: readonly TrafficSelector[];
  /** The group of its own key exchange; absent without one. */
  readonly group: number | undefined;
  readonly rekeying: Rekeying<Child>;
  /** The gateway has sent a Delete for it. */
  deleting: boolean;
  /** And so has the client. */
  crossed: boolean;
}

/** What the IKE SAs of one client hand to each other when they are rekeyed. */
export interface Client {
  /** Holds its addresses. */
  readonly id: number;
  /** It follows redirections (RFC 5685). */
  readonly follows: boolean;
  /** It speaks MOBIKE, and so does the gateway (RFC 4555). */
  mobile: boolean;
  /** Where its ESP goes then. */
  espTo: Whereabouts | undefined;
  /** What it may send from: its leased addresses, or anything when it did not ask for one. */
  permitted: readonly TrafficSelector[];
  /** Every nonce that it has sent, in hexadecimal: each must be fresh. */
  readonly nonces: Set<string>;
  /** The client's SPIs of pairs that are gone, and who deleted them. */
  readonly gone: Map<number, 'client' | 'gateway'>;
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
      /** Undefined after a method that gives no key. */
      readonly msk: Uint8Array | undefined;
      readonly user: string;
      readonly child: ChildRequest;
      readonly identity: Identity;
    }
  | { readonly name: 'false-success' }
  /** IKE_SESSION_RESUME is over: both ends have to show that they know the secret of the SA before. */
  | { readonly name: 'resuming'; readonly ticket: TicketContent }
  | {
      readonly name: 'established';
      readonly identity: Identity;
      readonly user: string | undefined;
      readonly method: ClientMethod;
    }
  /** Nothing is left but the last answer, for a client that did not get it. */
  | { readonly name: 'closed' };

/** What a rekeyed IKE SA takes over from the one before it. */
export interface Inherited {
  readonly client: Client;
  readonly announcedHashes: readonly number[];
  /** Whether both ends speak fragments. */
  readonly fragments: boolean;
  readonly natClient: boolean;
  readonly natGateway: boolean;
  remote: Endpoint;
  localPort: number;
  /** Which address of the gateway the client uses, where a test tells. */
  localAddress?: IpAddress | undefined;
  state: SaState;
}

/** An IKE SA of the gateway. */
export interface Sa extends Inherited {
  readonly id: number;
  readonly initiatorSpi: Uint8Array;
  readonly responderSpi: Uint8Array;
  /** Whether the gateway is its original initiator: so it is after a rekeying that the gateway began. */
  readonly initiates: boolean;
  readonly suite: IkeSuite;
  readonly keys: IkeKeys;
  readonly protection: MessageProtection;
  readonly nonceI: Uint8Array;
  readonly nonceR: Uint8Array;
  /** IKE_SA_INIT request and response, as AUTH covers them; empty after a rekeying. */
  readonly message1: Uint8Array;
  message2: Uint8Array;
  /** The parts of a request, and of an answer, that did not come whole yet. */
  readonly parts: FragmentQueue;
  readonly answerParts: FragmentQueue;
  /** The id that the next request of the client must have, and the answer to the one before. */
  nextId: number;
  lastAnswer: readonly Uint8Array[];
  /** Octets of the request that `lastAnswer` answers. */
  lastRequest: Uint8Array;
  /** The gateway's own requests. */
  ownId: number;
  outstanding: Outstanding | undefined;
  /** Those that did not wait for their turn. They are not repeated. */
  rushed: Outstanding[];
  readonly queue: OwnRequest[];
  /** The Child SAs that it controls. */
  readonly children: Child[];
  readonly rekeying: Rekeying<Sa>;
  /** When the last TEMPORARY_FAILURE went out, and to a request for what. */
  temporaryFailure: { readonly atMs: Millis; readonly purpose: Purpose } | undefined;
  /** When the client was last heard, and when a half-open or closed SA is forgotten. */
  heardMs: Millis;
  forgetMs: Millis | undefined;
}

/** What is new about an IKE SA on which nothing has happened yet. */
export function freshFields(): Pick<
  Sa,
  | 'parts'
  | 'answerParts'
  | 'lastAnswer'
  | 'lastRequest'
  | 'ownId'
  | 'outstanding'
  | 'rushed'
  | 'queue'
  | 'children'
  | 'rekeying'
  | 'temporaryFailure'
> {
  return {
    parts: new FragmentQueue(),
    answerParts: new FragmentQueue(),
    lastAnswer: [],
    lastRequest: new Uint8Array(),
    ownId: 0,
    outstanding: undefined,
    rushed: [],
    queue: [],
    children: [],
    rekeying: { own: undefined, theirs: undefined },
    temporaryFailure: undefined,
  };
}

/** A client that has begun with this nonce. */
export function newClient(id: number, nonce: Uint8Array, follows = false): Client {
  const nonces = new Set([toHex(nonce)]);
  return { id, follows, mobile: false, espTo: undefined, permitted: [], nonces, gone: new Map() };
}

/** The SPI of the gateway's end. */
export function ownSpi({ initiates, initiatorSpi, responderSpi }: Sa): Uint8Array {
  return initiates ? initiatorSpi : responderSpi;
}

/** What the header of every message of the gateway says. */
export function envelope(sa: Sa): Pick<Message, 'initiatorSpi' | 'responderSpi' | 'fromInitiator'> {
  const { initiatorSpi, responderSpi, initiates } = sa;
  return { initiatorSpi, responderSpi, fromInitiator: initiates };
}
