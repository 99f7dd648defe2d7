import type { RandomBytes } from '../lib/ports.ts';
import { encodeFragmented } from '../wire/fragment.ts';
import { encodeProtectedMessage, type Message } from '../wire/message.ts';
import type { Identity } from './identity.ts';
import { type IkeKeys, wipeIkeKeys } from './key-schedule.ts';
import type { NatFindings } from './nat-detection.ts';
import { type Role, type SessionProtection, sessionProtection } from './protection.ts';
import { CrashDetector } from './qcd.ts';
import type { IkeSuite } from './suite.ts';

/**
 * What IKE_SA_INIT leaves behind for the exchanges after it. An SA that replaces another has a suite, SPIs and nonces
 * of its own, and the rest from the one that it replaces.
 */
export interface InitResult {
  readonly suite: IkeSuite;
  /** Of the original initiator, and of the other end. */
  readonly initiatorSpi: Uint8Array;
  readonly responderSpi: Uint8Array;
  readonly nonceI: Uint8Array;
  readonly nonceR: Uint8Array;
  /** Both first messages as they were on the wire, from the IKE header on: AUTH covers them. */
  readonly message1: Uint8Array;
  readonly message2: Uint8Array;
  readonly nat: NatFindings;
  /** What the gateway said it can verify (RFC 7427 section 4); empty when it said nothing. */
  readonly peerHashes: readonly number[];
  /** Both sides take messages in fragments (RFC 7383 section 2.3). */
  readonly fragmentation: boolean;
  /** The gateway lets an IKE SA begin without a Child SA (RFC 6023 section 3). */
  readonly childless: boolean;
  /** The identities of the SA that this one resumes (RFC 5723): they stand without being proved again. */
  readonly resumed?: { readonly localId: Identity; readonly remoteId: Identity };
}

/** An IKE SA whose keys exist. Authentication is what its tasks add. */
export class IkeSa {
  readonly init: InitResult;
  readonly keys: IkeKeys;
  readonly protection: SessionProtection;
  /** 'responder' when the gateway began the rekeying that made it: the gateway then is the original initiator. */
  readonly role: Role;
  /** What tells that the gateway has lost this SA (RFC 6290). */
  readonly crash = new CrashDetector();

  /** The keys are the SA's own from now on. */
  constructor(init: InitResult, keys: IkeKeys, random: RandomBytes, role: Role = 'initiator') {
    this.init = init;
    this.keys = keys;
    this.protection = sessionProtection(init.suite, keys, role, random);
    this.role = role;
  }

  /**
   * A protected message of ours, as a value and as the datagrams that carry it: more than one when it is longer than
   * `maxLength` octets and the gateway takes fragments.
   */
  seal(
    parts: Pick<Message, 'exchange' | 'response' | 'messageId' | 'payloads'>,
    maxLength: number,
  ): { readonly message: Message; readonly datagrams: readonly Uint8Array[] } {
    const { initiatorSpi, responderSpi, fragmentation } = this.init;
    const { exchange, response, messageId, payloads } = parts;
    const message = {
      initiatorSpi,
      responderSpi,
      exchange,
      response,
      messageId,
      payloads,
      fromInitiator: this.role === 'initiator',
    };
    const { outbound } = this.protection;
    const datagrams = fragmentation
      ? encodeFragmented(message, outbound, maxLength)
      : [encodeProtectedMessage(message, outbound)];
    return { message, datagrams };
  }

  wipe(): void {
    wipeIkeKeys(this.keys);
    this.protection.wipe();
    this.crash.wipe();
  }
}
