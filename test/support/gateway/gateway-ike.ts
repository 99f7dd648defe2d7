import { equalBytes, isZero } from '../../../core/lib/bytes.ts';
import type { Millis, RandomBytes } from '../../../core/lib/ports.ts';
import { sameEndpoint } from '../../../core/net/address.ts';
import { ExchangeType, Notify } from '../../../core/wire/constants.ts';
import { decodeHeader } from '../../../core/wire/header.ts';
import { decodeMessage } from '../../../core/wire/decode.ts';
import type { DecodeResult, Message } from '../../../core/wire/message.ts';
import type { IkeHeader } from '../../../core/wire/header.ts';
import type { Payload } from '../../../core/wire/payload.ts';
import { notify } from '../../../core/wire/payloads/notify.ts';
import { AddressPool } from './addresses.ts';
import { answerAuth } from './answer-auth.ts';
import { answerLater } from './answer-later.ts';
import type { Faults, Step } from './faults.ts';
import { InitResponder } from './init-responder.ts';
import { isTranslated } from './mobike.ts';
import { LIVENESS_CHECK, OwnRequests } from './own-requests.ts';
import { notifies } from './pick.ts';
import { crashToken } from './qcd.ts';
import { Sender } from './sender.ts';
import { createChildRequest, rekeyChildRequest, type CreateOptions } from './own-create.ts';
import { deleteChildRequest, deleteIkeRequest } from './own-deletes.ts';
import { rekeyIkeRequest, type RekeyIkeOptions } from './own-rekey-ike.ts';
import { envelope, type Child, type OwnRequest, type Sa } from './sa.ts';
import { SaTable } from './sa-table.ts';
import type {
  CloseReason,
  GatewayConfig,
  GatewayDatagram,
  GatewayEvent,
  GatewayOutput,
  Responder,
} from './types.ts';

/** How long a closed SA still repeats its last answer. */
const LINGER_MS: Millis = 30_000;

/** Which Child SA a command is about. */
export interface ChildChoice {
  readonly childId?: number;
}

/**
 * An IKEv2 responder without input, output or clock: datagrams and the time go in, datagrams and events come
 * out. Its IKE logic is its own; it shares with the client only the codec and the algorithms.
 */
export class GatewayIke {
  readonly config: GatewayConfig;
  readonly #random: RandomBytes;
  readonly #sas = new SaTable();
  readonly #responder: Responder;
  readonly #sender: Sender;
  readonly #init: InitResponder;
  readonly #own: OwnRequests;
  #events: GatewayEvent[] = [];
  #now: Millis = 0;
  #received = 0;
  #faults: Faults;
  #counts = new Map<string, number>();

  constructor(config: GatewayConfig, random: RandomBytes, faults: Faults = {}) {
    this.config = config;
    this.#faults = faults;
    this.#random = random;
    this.#sender = new Sender({ config, faults: () => this.faults, emit: (event) => this.#emit(event) });
    this.#init = new InitResponder(random(32).slice(), this.#sender);
    this.#own = new OwnRequests({
      firstWaitMs: config.retransmitMs,
      retransmits: config.retransmits,
      send: (sa, message) => this.#sender.protected(sa, message, 'request'),
      resend: (sa, wire) => this.#sender.repeat(wire, sa),
      dead: (sa) => this.#close(sa, 'timeout'),
    });
    this.#responder = this.#makeResponder();
  }

  /** May be exchanged for others between two calls. */
  get faults(): Faults {
    return this.#faults;
  }

  set faults(faults: Faults) {
    this.#faults = faults;
    this.#counts.clear();
  }

  /** The IKE SAs that there are, for tests to look at. */
  get sas(): readonly Sa[] {
    return this.#sas.open;
  }

  /** What a datagram leads to; on port 4500 without its marker. */
  handleDatagram(datagram: GatewayDatagram, now: Millis): GatewayOutput {
    return this.#run(now, () => {
      const number = this.#received++;
      if (this.#sender.silent || this.faults.dropReceived?.includes(number) === true) {
        this.#emit({ kind: 'ignored', reason: 'told to lose it' });
        return;
      }
      const header = decodeHeader(datagram.octets);
      if (!header.ok) this.#emit({ kind: 'ignored', reason: header.error.reason });
      else if (isZero(header.value.responderSpi)) this.#handleFirst(datagram, header.value);
      else this.#handleLater(datagram, header.value);
    });
  }

  /** Repeats what was not answered, looks for life, forgets what is over. */
  handleTimeout(now: Millis): GatewayOutput {
    return this.#run(now, () => {
      for (const sa of this.#sas.all) {
        if (sa.forgetMs !== undefined && sa.forgetMs <= now) {
          this.#close(sa, whyForgotten(sa));
          this.#sas.forget(sa);
          continue;
        }
        this.#own.handleTimeout(sa, now);
        const liveness = this.#livenessDue(sa);
        if (liveness !== undefined && liveness <= now) this.#own.enqueue(sa, LIVENESS_CHECK, now);
      }
    });
  }

  /** When handleTimeout has something to do, or undefined when it has nothing. */
  nextTimeout(): Millis | undefined {
    const times = this.#sas.all.flatMap((sa) => [sa.forgetMs, sa.outstanding?.dueMs, this.#livenessDue(sa)]);
    const known = times.filter((time) => time !== undefined);
    return known.length === 0 ? undefined : Math.min(...known);
  }

  /** Asks a client whether it is there. */
  checkLiveness(saId: number, now: Millis): GatewayOutput {
    return this.request(saId, LIVENESS_CHECK, now);
  }

  /** Deletes an IKE SA: it is closed when the client has answered, or does not answer. */
  deleteIke(saId: number, now: Millis): GatewayOutput {
    return this.request(saId, deleteIkeRequest(this.#responder, 'gateway'), now);
  }

  /** Deletes a Child SA of an IKE SA, the newest unless told. */
  deleteChild(saId: number, now: Millis, childId?: number): GatewayOutput {
    return this.request(saId, deleteChildRequest(this.#responder, this.#child(saId, childId)), now);
  }

  /** Rekeys a Child SA of an IKE SA, the newest unless told. */
  rekeyChild(saId: number, now: Millis, options: CreateOptions & ChildChoice = {}): GatewayOutput {
    const child = this.#child(saId, options.childId);
    return this.request(saId, rekeyChildRequest(this.#responder, child, options), now);
  }

  /** Asks for a further Child SA, like the newest unless told. */
  createChild(saId: number, now: Millis, options: CreateOptions & ChildChoice = {}): GatewayOutput {
    const model = this.#child(saId, options.childId);
    return this.request(saId, createChildRequest(this.#responder, model, options), now);
  }

  /** Rekeys an IKE SA. */
  rekeyIke(saId: number, now: Millis, options: RekeyIkeOptions = {}): GatewayOutput {
    return this.request(saId, rekeyIkeRequest(this.#responder, options), now);
  }

  /** Any request at all. It waits for its turn. */
  request(saId: number, request: OwnRequest, now: Millis): GatewayOutput {
    return this.#run(now, () => this.#own.enqueue(this.#sas.byId(saId), request, now));
  }

  /** A message in clear to the client of an SA, as anybody on the path could send it. */
  sendClear(
    saId: number,
    exchange: number,
    response: boolean,
    payloads: readonly Payload[],
    now: Millis,
  ): GatewayOutput {
    return this.#run(now, () => {
      const sa = this.#sas.byId(saId);
      this.#sender.clear({ ...envelope(sa), exchange, response, messageId: 0, payloads }, 'clear', sa);
    });
  }

  /** Sends nothing any more and hears nothing, like a machine that lost its power; or comes back. */
  setSilent(silent: boolean): void {
    this.#sender.silent = silent;
  }

  /** Forgets everything but its configuration, like a machine that lost its power and is there again. */
  restart(): void {
    for (const sa of this.#sas.all) {
      this.#responder.pool.release(sa.client.id);
      this.#sas.forget(sa);
    }
    this.#init.forget();
    this.#sender.silent = false;
  }

  #child(saId: number, childId: number | undefined): Child {
    const { children } = this.#sas.byId(saId);
    const child =
      childId === undefined ? children.at(-1) : children.find(({ spec }) => spec.childId === childId);
    if (child === undefined) throw new Error(`IKE SA ${saId} has no such Child SA`);
    return child;
  }

  #run(now: Millis, work: () => void): GatewayOutput {
    this.#now = now;
    this.#events = [];
    work();
    return { datagrams: this.#sender.take(), events: this.#events };
  }

  #emit(event: GatewayEvent): void {
    this.#events.push(event);
  }

  #makeResponder(): Responder {
    const faults = (): Faults => this.#faults;
    const now = (): Millis => this.#now;
    let lastChildId = 0;
    return {
      config: this.config,
      get faults() {
        return faults();
      },
      get now() {
        return now();
      },
      random: this.#random,
      pool: new AddressPool(this.config.pools),
      emit: (event) => this.#emit(event),
      newSaId: () => this.#sas.newId(),
      newChildId: () => ++lastChildId,
      count: (fault) => this.#count(fault),
      enqueue: (sa, request) => this.#own.enqueue(sa, request, this.#now),
      addSa: (sa) => this.#sas.add(sa),
      closeSa: (sa, reason) => this.#close(sa, reason),
      sasOf: (client) => this.#sas.of(client),
    };
  }

  #count(fault: string): number {
    const count = (this.#counts.get(fault) ?? 0) + 1;
    this.#counts.set(fault, count);
    return count;
  }

  #livenessDue(sa: Sa): Millis | undefined {
    const { livenessMs } = this.config;
    if (livenessMs === undefined || sa.state.name !== 'established' || sa.outstanding !== undefined)
      return undefined;
    return sa.heardMs + livenessMs;
  }

  /** A message without the gateway's SPI: IKE_SA_INIT, or nothing. */
  #handleFirst(datagram: GatewayDatagram, header: IkeHeader): void {
    const { remote, localPort } = datagram;
    const decoded = decodeMessage(datagram.octets, undefined);
    if (decoded.kind !== 'ok') {
      this.#emit({ kind: 'ignored', reason: 'reason' in decoded ? decoded.reason : 'a fragment' });
      if (decoded.kind === 'unprotected-error' && decoded.notify !== undefined && !header.response)
        this.#complain(header, notify(decoded.notify, decoded.data), datagram);
      return;
    }
    this.#emit({ kind: 'received', message: decoded.message, remote, localPort });
    const sa = this.#init.handle(this.#responder, datagram, decoded.message);
    if (sa === undefined) return;
    this.#sas.add(sa);
    if (this.faults.silentAfter === 'init') this.#sender.silent = true;
  }

  /** A message to an SPI of the gateway. */
  #handleLater(datagram: GatewayDatagram, header: IkeHeader): void {
    const sa = this.#sas.byHeader(header);
    if (sa === undefined) {
      this.#emit({ kind: 'ignored', reason: 'an unknown SPI' });
      if (!header.response) this.#complain(header, notify(Notify.INVALID_IKE_SPI), datagram, true);
      return;
    }
    const decoded = decodeMessage(datagram.octets, sa.protection);
    if (decoded.kind === 'unprotected-error') {
      this.#emit({ kind: 'ignored', reason: decoded.reason });
      return;
    }
    if (header.fromInitiator === sa.initiates)
      this.#emit({ kind: 'violation', what: 'the initiator flag is wrong' });
    const fragment = decoded.kind === 'partial' ? decoded.fragment.number : undefined;
    if (header.response) this.#handleResponse(sa, this.#whole(sa, decoded), header);
    else if (this.#isDue(sa, datagram, header, fragment)) {
      this.#follow(sa, datagram);
      const whole = this.#whole(sa, decoded);
      if (whole?.kind === 'ok') this.#handleRequest(sa, datagram, whole.message);
      else if (whole?.kind === 'protected-error') this.#answerMalformed(sa, datagram, header, whole);
    }
  }

  /** The message when all of it is there. */
  #whole(sa: Sa, decoded: DecodeResult): DecodeResult | undefined {
    if (decoded.kind !== 'partial') return decoded;
    if (!sa.fragments) {
      this.#emit({ kind: 'violation', what: 'a fragment, which both ends did not announce' });
      return undefined;
    }
    const parts = decoded.header.response ? sa.answerParts : sa.parts;
    const queued = parts.add(decoded.header, decoded.fragment);
    return queued.kind === 'complete' ? queued.result : undefined;
  }

  /**
   * Whether a request is the one that is due. The one before it is answered again (fragments: at the first of
   * them, RFC 7383 section 2.6.1), any other is dropped.
   */
  #isDue(sa: Sa, datagram: GatewayDatagram, { messageId }: IkeHeader, fragment: number | undefined): boolean {
    if (messageId === sa.nextId) {
      if (sa.state.name !== 'closed') return true;
      // It may have been on its way when the SA was closed.
      this.#emit({ kind: 'ignored', reason: 'the IKE SA is closed' });
      return false;
    }
    if (messageId < sa.nextId - 1) {
      this.#emit({ kind: 'ignored', reason: 'a retransmission of what was answered longer ago' });
      return false;
    }
    if (messageId > sa.nextId || sa.lastAnswer.length === 0) {
      this.#emit({ kind: 'violation', what: `message id ${messageId} where ${sa.nextId} is due` });
      return false;
    }
    if (fragment === undefined && !equalBytes(datagram.octets, sa.lastRequest))
      this.#emit({ kind: 'violation', what: `another request with message id ${messageId}` });
    this.#emit({ kind: 'ignored', reason: 'a retransmission' });
    if (fragment === undefined || fragment === 1) this.#sender.repeat(sa.lastAnswer, datagram);
    return false;
  }

  /**
   * Before the SA stands, and behind a NAT afterwards, the client is where it was last heard. One that speaks MOBIKE
   * says itself where it is (RFC 4555 section 3.8).
   */
  #follow(sa: Sa, { remote, localPort, localAddress }: GatewayDatagram): void {
    sa.heardMs = this.#now;
    if (sameEndpoint(sa.remote, remote) && sa.localPort === localPort) return;
    const established = sa.state.name === 'established';
    if (established && (!sa.natClient || sa.client.mobile)) return;
    sa.remote = remote;
    sa.localPort = localPort;
    sa.localAddress = localAddress;
    if (established) this.#emit({ kind: 'moved', saId: sa.id, remote, localPort });
  }

  #handleRequest(sa: Sa, datagram: GatewayDatagram, message: Message): void {
    const { remote, localPort } = datagram;
    this.#emit({ kind: 'received', message, remote, localPort });
    if (sa.state.name === 'keyed' && isTranslated(this.#responder, message, datagram)) {
      this.#answer(sa, datagram, message.exchange, [notify(Notify.UNEXPECTED_NAT_DETECTED)], 'auth');
      return this.#close(sa, 'refused');
    }
    const inAuth = message.exchange === ExchangeType.IKE_AUTH || sa.state.name !== 'established';
    const answer = inAuth
      ? answerAuth(this.#responder, sa, message)
      : answerLater(this.#responder, sa, message, datagram);
    if (answer === undefined) return;
    if (notifies(message, Notify.INITIAL_CONTACT).length > 0) this.#replaceOthers(sa);
    this.#answer(sa, datagram, message.exchange, answer.payloads, answer.step);
    answer.after?.();
    if (answer.closes !== undefined) this.#close(sa, answer.closes);
    const { silentAfter } = this.faults;
    if (silentAfter === 'auth' || (silentAfter === 'established' && sa.state.name === 'established'))
      this.#sender.silent = true;
  }

  /** INITIAL_CONTACT: the other SAs of the same identity are leftovers (RFC 7296 section 2.4). */
  #replaceOthers(sa: Sa): void {
    if (sa.state.name !== 'established') return;
    const { identity } = sa.state;
    for (const other of this.sas) {
      if (other === sa || other.state.name !== 'established') continue;
      if (equalBytes(other.state.identity.data, identity.data)) this.#close(other, 'replaced');
    }
  }

  #answerMalformed(
    sa: Sa,
    datagram: GatewayDatagram,
    header: IkeHeader,
    error: Extract<DecodeResult, { kind: 'protected-error' }>,
  ): void {
    this.#emit({ kind: 'violation', what: `a malformed request: ${error.reason}` });
    this.#emit({ kind: 'refused', notify: error.notify, reason: error.reason });
    this.#answer(sa, datagram, header.exchange, [notify(error.notify, error.data)], 'reply');
    if (error.notify === Notify.INVALID_SYNTAX) this.#close(sa, 'refused');
  }

  #answer(
    sa: Sa,
    datagram: GatewayDatagram,
    exchange: number,
    payloads: readonly Payload[],
    step: Step,
  ): void {
    const messageId = sa.nextId++;
    sa.parts.clear();
    sa.lastRequest = datagram.octets.slice();
    const message = { ...envelope(sa), exchange, response: true, messageId, payloads };
    sa.lastAnswer = this.#sender.protected(sa, message, step, datagram);
  }

  #handleResponse(sa: Sa, decoded: DecodeResult | undefined, header: IkeHeader): void {
    if (decoded === undefined) return;
    const done = this.#own.handleResponse(sa, header.messageId, header.exchange);
    if (done === undefined) {
      this.#emit({ kind: 'ignored', reason: 'an answer to nothing' });
      return;
    }
    sa.heardMs = this.#now;
    if (decoded.kind === 'ok') this.#emit({ kind: 'answered', saId: sa.id, message: decoded.message });
    else this.#emit({ kind: 'violation', what: 'a malformed answer' });
    done.answered?.(sa, decoded.kind === 'ok' ? decoded.message : undefined);
    this.#own.next(sa, this.#now);
  }

  #close(sa: Sa, reason: CloseReason): void {
    if (sa.state.name === 'closed') return;
    for (const { spec } of sa.children.splice(0))
      this.#emit({ kind: 'child-removed', saId: sa.id, childId: spec.childId });
    sa.state = { name: 'closed' };
    sa.outstanding = undefined;
    sa.rushed = [];
    sa.queue.length = 0;
    sa.forgetMs = this.#now + LINGER_MS;
    const rest = this.#sas.of(sa.client);
    for (const { rekeying } of rest) {
      if (rekeying.theirs?.made === sa) rekeying.theirs = undefined;
    }
    if (rest.length === 0) this.#responder.pool.release(sa.client.id);
    this.#emit({ kind: 'closed', saId: sa.id, reason });
  }

  /** A clear notify to whom nothing else can be said (RFC 7296 sections 2.5 and 2.21.4). */
  #complain(header: IkeHeader, payload: Payload, to: GatewayDatagram, isLost = false): void {
    const { initiatorSpi, responderSpi, exchange, messageId } = header;
    // Who began the SA is known from the flag of the other end.
    const fromInitiator = !header.fromInitiator;
    const ids = { initiatorSpi, responderSpi, exchange, messageId, fromInitiator };
    const payloads = [payload, ...(isLost ? crashToken(this.config, header) : [])];
    this.#sender.clear({ ...ids, response: true, payloads }, 'clear', to);
  }
}

function whyForgotten({ state, rekeying }: Sa): CloseReason {
  if (state.name !== 'established') return 'half-open';
  return rekeying.own === undefined && rekeying.theirs === undefined ? 'redundant' : 'rekeyed';
}
