import type { Message } from '../../../core/wire/message.ts';
import type { Payload } from '../../../core/wire/payload.ts';
import type { CreateFaults, ProposalFault, TrafficFault } from './create-faults.ts';
import type { FragmentFaults } from './fragment-faults.ts';
import type { MobikeFaults } from './mobike.ts';
import type { RedirectFault } from './redirect.ts';
import type { ResumeFaults } from './tickets.ts';

export type { ProposalFault } from './create-faults.ts';

/**
 * The messages that the gateway sends, as far as a fault needs to tell them apart: the answer to IKE_SA_INIT;
 * the answer to the first IKE_AUTH; the answers in between that carry EAP; the one with AUTH and the Child SA
 * after EAP; answers to later requests; the gateway's own requests; clear notifies outside any SA. Without EAP
 * the answer to the only IKE_AUTH is 'auth' and carries the Child SA too.
 */
export type Step = 'init' | 'auth' | 'eap' | 'final' | 'reply' | 'request' | 'clear';

export interface EapFaults {
  /** Starts with the method at once, as some gateways do. */
  readonly skipIdentity?: boolean;
  /** An EAP Notification request with this text before the method. */
  readonly notification?: string;
  /** Sends it this many times (1 unless told), each in a round of its own. */
  readonly notifications?: number;
  /** Offers this method type first; a Nak that asks for MSCHAPv2 is honoured. */
  readonly firstMethod?: number;
  /** EAP-Success instead of the first request, before the method starts, or instead of its Success request. */
  readonly earlySuccess?: 'first' | 'before-method' | 'after-response';
  /** EAP-Failure at the same places. */
  readonly earlyFailure?: 'first' | 'before-method' | 'after-response';
  /** The S= value of the Success request. */
  readonly authenticator?: 'wrong' | 'missing' | 'lower-case' | 'short';
  /** Answers this many responses (1 unless told), right or wrong, with an MSCHAPv2 Failure request. */
  readonly failure?: {
    readonly code: number;
    readonly retry: boolean;
    readonly times?: number;
    readonly message?: string;
  };
  /** Replaces the whole text of a Failure request, as it would have been sent. */
  readonly failureText?: string;
  /** MS-Length of the challenge says this instead of the truth. */
  readonly msLength?: number;
  /** The gateway's AUTH after EAP is made under this instead of the MSK: another key, or SK_pr. */
  readonly msk?: 'other' | 'none';
}

/** Payloads added to every message of one step. */
export interface Addition {
  readonly at: Step;
  readonly payloads: readonly Payload[];
  readonly first?: boolean;
}

/**
 * How the gateway misbehaves: each option is one deviation, and none is set for an honest gateway. Everything
 * but the three hooks is plain data, so that a configuration in JSON can hold it.
 */
export interface Faults {
  // IKE_SA_INIT
  /** Demands a cookie in this many answers to one initiator SPI, even from who brings the right one. */
  readonly cookies?: number;
  /** Wants this group, in this many answers (1 unless told), whatever the client sent. */
  readonly invalidKe?: { readonly group: number; readonly times?: number };
  /** Answers with this notify alone. */
  readonly initNotify?: number;
  /** Answers with a genuine response only after this many forged ones holding `initNotify`. */
  readonly forgedFirst?: boolean;
  readonly ikeProposal?: ProposalFault;
  readonly keyExchange?: 'other-group' | 'invalid-value' | 'short-value';
  readonly nonce?: 'short' | 'long' | 'mirrored';
  readonly omitInit?: readonly ('SA' | 'KE' | 'NONCE' | 'N')[];
  /** Whose NAT detection hash is wrong: pretends a NAT before the client or before the gateway. */
  readonly pretendNat?: 'client' | 'gateway' | 'both';

  // IKE_AUTH
  /** Answers the first IKE_AUTH with this notify alone. */
  readonly authNotify?: number;
  /** Answers the request for the Child SA with this notify, and with AUTH but without an SA. */
  readonly childNotify?: number;
  /** Answers the message that carries the client's AUTH with this notify alone. */
  readonly finalNotify?: number;
  readonly identity?: { readonly idType: number; readonly data: Uint8Array };
  /** The signature or MAC of the first AUTH. */
  readonly auth?: 'flipped' | 'other-octets' | 'empty' | 'truncated';
  /** The AUTH after EAP. */
  readonly finalAuth?: 'flipped' | 'missing';
  /** The number in the AUTH method field. */
  readonly authMethod?: number;
  readonly omitAuth?: readonly ('IDr' | 'CERT' | 'AUTH' | 'SA' | 'TSi' | 'TSr' | 'EAP')[];
  readonly eap?: EapFaults;
  readonly childProposal?: ProposalFault;
  readonly traffic?: TrafficFault;
  readonly cp?: 'omit' | 'no-address' | 'wrong-length' | 'request' | 'unspecified-address';

  /** CREATE_CHILD_SA, in both roles. */
  readonly create?: CreateFaults;

  // Staying connected
  readonly redirect?: RedirectFault;
  readonly resume?: ResumeFaults;

  readonly mobike?: MobikeFaults;

  // Any message
  readonly fragments?: FragmentFaults;
  readonly add?: readonly Addition[];
  /** Sets the initiator flag, clears the response flag, or both, in what the gateway sends. */
  readonly flags?: 'initiator' | 'request' | 'both';
  /** Added to the message id of what the gateway sends. */
  readonly messageIdOffset?: number;
  /** Only steps listed here get `flags` and `messageIdOffset`; all of them without it. */
  readonly steps?: readonly Step[];
  readonly majorVersion?: number;
  /** Numbers, from 0, of datagrams out and in that are lost. */
  readonly drop?: readonly number[];
  readonly dropReceived?: readonly number[];
  /** Sends each datagram this many times more. */
  readonly duplicates?: number;
  /** Falls silent once this was reached. */
  readonly silentAfter?: 'init' | 'auth' | 'established';

  // Hooks, for tests in the same process
  /** Changes a message before it is encoded; undefined sends none. */
  readonly tamper?: (message: Message, step: Step) => Message | undefined;
  /** Changes the plaintext inside SK: must keep its length. */
  readonly tamperPlaintext?: (plaintext: Uint8Array, step: Step) => Uint8Array;
  /** Changes the datagram itself. */
  readonly tamperOctets?: (octets: Uint8Array, step: Step) => Uint8Array;
}
