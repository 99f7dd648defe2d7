import { equalBytes } from '../lib/bytes.ts';
import { type Failure, failure } from '../lib/failure.ts';
import type { Log, Millis, RandomBytes } from '../lib/ports.ts';
import { sameAddress } from '../net/address.ts';
import { ExchangeType } from '../wire/constants.ts';
import type { IkeHeader } from '../wire/header.ts';
import { decodeMessage } from '../wire/decode.ts';
import { describeMessage } from '../wire/describe.ts';
import type { IkeConfig } from './config.ts';
import type { InboundDatagram } from './events.ts';
import type { IkeSa } from './ike-sa.ts';
import { factsOfSilence, Retransmitter } from './retransmitter.ts';
import { InitTask } from './tasks/init.ts';

export type InitStep =
  | { readonly kind: 'wait' }
  | { readonly kind: 'send'; readonly octets: Uint8Array }
  | { readonly kind: 'done'; readonly sa: IkeSa }
  | { readonly kind: 'failed'; readonly failure: Failure };

/** What the network can say of a datagram: nobody listens at that port, or there is no way to the host. */
export type Unreachable = 'port' | 'host';

/** What a silence means, by what the network said during it. */
const SILENCE = { nothing: 'timeout.init', port: 'network.port-closed', host: 'network.no-route' } as const;

const WAIT: InitStep = { kind: 'wait' };

/** Transmissions that the network must have sent back before we believe it that the port is closed. */
const REFUSALS_TO_BELIEVE = 3;

/**
 * IKE_SA_INIT as the session sees it: repetition, patience, and doubt. Nothing here is authenticated, so a refusal
 * is remembered, and counts only when no better answer came for a while (RFC 7296 section 2.21.1).
 */
export class InitExchange {
  readonly #config: IkeConfig;
  readonly #log: Log;
  readonly #task: InitTask;
  #retransmitter: Retransmitter;
  #doubt: { readonly failure: Failure; readonly until: Millis } | undefined;
  #unreachable: { readonly times: number; readonly what: Unreachable } | undefined;

  constructor(config: IkeConfig, deps: { readonly random: RandomBytes; readonly log: Log }, now: Millis) {
    this.#config = config;
    this.#log = deps.log;
    this.#task = new InitTask(config, deps.random);
    this.#retransmitter = new Retransmitter([this.#task.request], config.retransmit, now);
  }

  get request(): Uint8Array {
    return this.#task.request;
  }

  nextTimeout(): { readonly at: Millis; readonly why: string } {
    const { nextAt } = this.#retransmitter;
    return this.#doubt && this.#doubt.until < nextAt
      ? { at: this.#doubt.until, why: 'refusal' }
      : { at: nextAt, why: 'retransmit' };
  }

  handleResponse(header: IkeHeader, datagram: InboundDatagram, now: Millis): InitStep {
    // From another address it would lead IKE one way and ESP another. The port may be any (RFC 7296 section 2.23).
    const expected =
      datagram.transport === 'ike' &&
      sameAddress(datagram.remote.address, this.#config.gateway.address) &&
      header.exchange === ExchangeType.IKE_SA_INIT &&
      header.response &&
      header.messageId === 0 &&
      equalBytes(header.initiatorSpi, this.#task.initiatorSpi);
    if (!expected) {
      this.#log('debug', 'ike-dropped', { where: 'init', reason: 'not the response that we wait for' });
      return WAIT;
    }
    const decoded = decodeMessage(datagram.octets, undefined);
    if (decoded.kind !== 'ok') {
      const detail = decoded.kind === 'unprotected-error' ? decoded.reason : decoded.kind;
      return this.#doubtful(failure('protocol.malformed', { detail }), this.#end);
    }
    this.#log('debug', 'ike-received', { message: describeMessage(decoded.message) });
    const outcome = this.#task.process(decoded.message, datagram);
    switch (outcome.kind) {
      case 'retry':
        this.#retransmitter = new Retransmitter([this.#task.request], this.#config.retransmit, now);
        this.#doubt = undefined;
        return { kind: 'send', octets: this.#task.request };
      case 'doubt':
        return this.#doubtful(outcome.failure, now + this.#config.refusalGraceMs);
      case 'done':
        return { kind: 'done', sa: outcome.sa };
    }
  }

  handleTimeout(now: Millis): InitStep {
    if (this.#doubt && now >= this.#doubt.until) return { kind: 'failed', failure: this.#doubt.failure };
    switch (this.#retransmitter.poll(now)) {
      case 'send':
        return { kind: 'send', octets: this.#task.request };
      case 'give-up':
        return { kind: 'failed', failure: this.#doubt?.failure ?? this.#silence(now) };
      case 'wait':
        return WAIT;
    }
  }

  /**
   * The network said that nobody is there (ICMP). Anyone can say that, so it alone concludes nothing
   * (RFC 7296 section 2.4): it shortens our patience after several unanswered transmissions, and names the cause.
   */
  noteUnreachable(what: Unreachable, now: Millis): void {
    const times = (this.#unreachable?.times ?? 0) + 1;
    this.#unreachable = { times, what };
    if (times < REFUSALS_TO_BELIEVE || this.#retransmitter.sent < REFUSALS_TO_BELIEVE) return;
    this.#doubtful(this.#silence(now), now + this.#config.refusalGraceMs);
  }

  wipe(): void {
    this.#task.wipe();
  }

  get #end(): Millis {
    return this.#retransmitter.startedAt + this.#config.retransmit.patienceMs;
  }

  #doubtful(why: Failure, until: Millis): InitStep {
    this.#log('debug', 'ike-doubtful', { code: why.code });
    const bounded = Math.min(until, this.#end);
    if (!this.#doubt || bounded < this.#doubt.until) this.#doubt = { failure: why, until: bounded };
    return WAIT;
  }

  #silence(now: Millis): Failure {
    const facts = factsOfSilence(this.#config.gateway, this.#retransmitter, now);
    return failure(SILENCE[this.#unreachable?.what ?? 'nothing'], facts);
  }
}
