import { EMPTY, equalBytes, utf8 } from '../lib/bytes.ts';
import { type Failure, failure } from '../lib/failure.ts';
import type { RandomBytes } from '../lib/ports.ts';
import { ProtocolError } from '../lib/reader.ts';
import type { SecretBytes } from '../lib/secret.ts';
import { decodeEap, EapCode, type EapPacket, EapType, encodeEap } from '../wire/eap.ts';
import { displayText } from './display-text.ts';
import { nakTo, responseTo, typedRequest, type TypedRequest, typeName } from './eap-type.ts';
import type { EapCredentials, EapMethod, EapNeed, MethodOutcome } from './method.ts';
import { MsChapV2 } from './mschapv2.ts';

export interface EapPeerOptions {
  /** The user's name, for the Identity response and for the methods. */
  readonly identity: string;
  readonly random: RandomBytes;
  /** In order of preference. Default: EAP-MSCHAPv2 alone. */
  readonly methods?: readonly EapMethod[];
}

/** What came of one EAP message. */
export type EapOutcome =
  /** Send this. `notice` is a message of the gateway that the person should see. */
  | { readonly kind: 'reply'; readonly message: Uint8Array; readonly notice?: string }
  /** Hand the same message in again, with what is needed. */
  | EapNeed
  /** The conversation is over; `msk` (64 octets) is the caller's to wipe. Undefined: the method gives no key. */
  | { readonly kind: 'success'; readonly msk: SecretBytes | undefined }
  | { readonly kind: 'failure'; readonly failure: Failure }
  /** Nothing was done. `failure` is what to report if nothing better can come. */
  | { readonly kind: 'discard'; readonly reason: string; readonly failure: Failure };

/**
 * The peer of one EAP conversation (RFC 3748) inside IKE_AUTH. It answers Identity and Notification, runs at most one
 * authentication method (section 2.1: there are no sequences, so a code after a password is not to be had in one
 * conversation), and takes EAP-Success for success only when that method ran to its end and the authenticator proved
 * itself in it. Methods that give no key prove nobody: for them a request has to have been answered, and the gateway must
 * have proved itself otherwise before.
 *
 * A success before that is discarded as far as EAP goes (section 4.2). It is reported as a failure because in IKE no
 * further message could follow it: every message of the gateway answers one of ours.
 */
export class EapPeer {
  readonly #identity: string;
  readonly #methods: readonly EapMethod[];
  /** The method that the conversation uses, once it answered a request. */
  #method: EapMethod | undefined;
  /** The last request that was answered, whole, and the answer. */
  #answered:
    { readonly identifier: number; readonly request: Uint8Array; readonly reply: Uint8Array } | undefined;
  #refusal: Failure | undefined;
  /** The type of the last request that we had no method for. */
  #wanted: string | undefined;
  #over = false;

  constructor({ identity, random, methods }: EapPeerOptions) {
    this.#identity = identity;
    this.#methods = methods ?? [new MsChapV2({ userName: identity, random })];
  }

  /** The reason that the gateway gave for refusing us, from when it gave it: EAP-Failure may never come. */
  get refusal(): Failure | undefined {
    return this.#refusal;
  }

  /** Handles one EAP message of the gateway. */
  handle(message: Uint8Array, credentials: EapCredentials): EapOutcome {
    const packet = decodeEap(message);
    if (!packet.ok) return this.#discard(packet.error.reason);
    if (this.#over) return this.#discard('the conversation is over');
    switch (packet.value.code) {
      case EapCode.REQUEST:
        return this.#request(packet.value, credentials);
      case EapCode.RESPONSE:
        return this.#discard('a response, which only a gateway gets');
      case EapCode.SUCCESS:
        return this.#success(packet.value.identifier);
      case EapCode.FAILURE:
        return this.#failure(packet.value.identifier);
    }
  }

  /** Wipes what is secret when the conversation is given up. */
  wipe(): void {
    this.#over = true;
    // Of some methods it is the secret itself.
    this.#answered?.reply.fill(0);
    for (const method of this.#methods) method.wipe();
  }

  #request(packet: EapPacket, credentials: EapCredentials): EapOutcome {
    const octets = encodeEap(packet);
    if (this.#answered?.identifier === packet.identifier) {
      if (equalBytes(this.#answered.request, octets)) return { kind: 'reply', message: this.#answered.reply };
      return this.#discard('an identifier that another request had');
    }
    try {
      return this.#newRequest(typedRequest(packet), octets, credentials);
    } catch (error) {
      if (error instanceof ProtocolError) return this.#discard(error.reason);
      throw error;
    }
  }

  #newRequest(request: TypedRequest, octets: Uint8Array, credentials: EapCredentials): EapOutcome {
    if (this.#refusal || this.#method?.finished)
      return this.#discard('a request after the end of the method');
    const { vendor, type } = request;
    if (vendor === 0 && type === EapType.NOTIFICATION) {
      const reply = this.#reply(request, octets, responseTo(request, type, EMPTY));
      const notice = displayText(request.data);
      return notice === '' ? reply : { ...reply, notice };
    }
    if (vendor === 0 && (type === 0 || type === EapType.NAK))
      return this.#discard(`type ${type} in a request`);
    const method = this.#methods.find((one) => vendor === 0 && one.type === type);
    if (this.#method && method !== this.#method)
      return this.#discard(`${typeName(request)} within another method`);
    if (vendor === 0 && type === EapType.IDENTITY) {
      return this.#reply(request, octets, responseTo(request, type, utf8(this.#identity)));
    }
    if (!method) return this.#refuseType(request, octets);
    return this.#follow(method, method.handle(request.data, credentials), request, octets);
  }

  #refuseType(request: TypedRequest, octets: Uint8Array): EapOutcome {
    this.#wanted = typeName(request);
    const acceptable = this.#methods.map((method) => method.type);
    return this.#reply(request, octets, nakTo(request, acceptable));
  }

  #follow(method: EapMethod, outcome: MethodOutcome, request: TypedRequest, octets: Uint8Array): EapOutcome {
    switch (outcome.kind) {
      case 'reply':
        this.#method = method;
        this.#refusal = outcome.refusal;
        return this.#reply(request, octets, responseTo(request, method.type, outcome.data));
      case 'need':
        return outcome;
      case 'failure':
        this.wipe();
        return outcome;
      case 'discard':
        return this.#discard(outcome.reason);
    }
  }

  #reply(
    { identifier }: TypedRequest,
    request: Uint8Array,
    response: { type: number; data: Uint8Array },
  ): Extract<EapOutcome, { kind: 'reply' }> {
    const reply = encodeEap({ code: EapCode.RESPONSE, identifier, ...response });
    this.#answered = { identifier, request, reply };
    return { kind: 'reply', message: reply };
  }

  #success(identifier: number): EapOutcome {
    // Whatever comes after a refusal, it is no success (section 4.2).
    if (this.#refusal) return this.#discard('success after a refusal');
    const { finished = false, mayEndKeyless = false } = this.#method ?? {};
    if (!this.#method || (!finished && !mayEndKeyless)) {
      this.wipe();
      return { kind: 'failure', failure: failure('auth.eap-early-success') };
    }
    if (!this.#answers(identifier)) return this.#discard('success with an identifier of something else');
    const msk = this.#method.takeMsk();
    if (!msk && !mayEndKeyless) return this.#discard('success without a key');
    this.wipe();
    return { kind: 'success', msk };
  }

  #failure(identifier: number): EapOutcome {
    // Both sides have said that they succeeded: this is forged or mistaken (section 4.2).
    if (this.#method?.finished) return this.#discard('failure after success was agreed');
    // A gateway may refuse before it asked anything (RFC 7296 section 2.16).
    if (this.#answered && !this.#answers(identifier))
      return this.#discard('failure with an identifier of something else');
    this.wipe();
    return { kind: 'failure', failure: this.#whyFailed() };
  }

  /**
   * Success and Failure bear the identifier of our last response (section 4.2). Some RADIUS servers count on, and
   * nothing hangs on it here, where IKE protects and orders the messages.
   */
  #answers(identifier: number): boolean {
    const last = this.#answered?.identifier;
    return last !== undefined && (identifier === last || identifier === (last + 1) % 256);
  }

  #whyFailed(): Failure {
    if (this.#refusal) return this.#refusal;
    const offered = this.#methods.map((method) => method.name);
    if (this.#wanted !== undefined && !this.#method) {
      return failure('auth.eap-method-unsupported', { wanted: this.#wanted, offered });
    }
    const { name, whenRefused = 'auth.eap-failed' } = this.#method ?? {};
    return failure(whenRefused, { user: this.#identity, ...(name === undefined ? {} : { method: name }) });
  }

  #discard(reason: string): EapOutcome {
    const why = this.#refusal ?? failure('protocol.unexpected', { detail: `EAP: ${reason}` });
    return { kind: 'discard', reason, failure: why };
  }
}
