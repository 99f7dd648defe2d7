import { equalBytes } from '../lib/bytes.ts';
import { type Failure, failure } from '../lib/failure.ts';
import type { EpochMillis, Log, Millis, RandomBytes } from '../lib/ports.ts';
import { sameAddress } from '../net/address.ts';
import type { IkeHeader } from '../wire/header.ts';
import { decodeMessage } from '../wire/decode.ts';
import { describeMessage } from '../wire/describe.ts';
import { sameIdentity } from './identity.ts';
import type { IkeConfig } from './config.ts';
import type { InboundDatagram, RedirectTarget } from './events.ts';
import type { IkeSa } from './ike-sa.ts';
import { factsOfSilence, Retransmitter } from './retransmitter.ts';
import type { FirstOutcome, FirstTask } from './tasks/first.ts';
import { InitTask } from './tasks/init.ts';
import { ResumeTask } from './tasks/resume.ts';
import type { ResumptionTicket } from './ticket.ts';

export type InitStep =
  | { readonly kind: 'wait' }
  | { readonly kind: 'send'; readonly datagrams: readonly Uint8Array[] }
  | { readonly kind: 'done'; readonly sa: IkeSa }
  | { readonly kind: 'redirected'; readonly to: RedirectTarget }
  | { readonly kind: 'failed'; readonly failure: Failure };

/** What the network can say of a datagram: nobody listens at that port, or there is no way to the host. */
export type Unreachable = 'port' | 'host';

/** What a silence means, by what the network said during it. */
const SILENCE = { nothing: 'timeout.init', port: 'network.port-closed', host: 'network.no-route' } as const;

const WAIT: InitStep = { kind: 'wait' };

/** Transmissions that the network must have sent back before we believe it that the port is closed. */
const REFUSALS_TO_BELIEVE = 3;

/** A request to resume that is not answered for so long is joined by IKE_SA_INIT, and from then on goes out with it. */
export const RESUME_ALONE_MS: Millis = 1_500;

/** One request that may make the SA. */
interface Attempt {
  readonly task: FirstTask;
  retransmitter: Retransmitter;
  /** Transmissions of earlier requests of the task that may still be answered. */
  unanswered: number;
}

export interface InitDeps {
  readonly random: RandomBytes;
  readonly log: Log;
}

/**
 * The exchange in clear at the start as the session sees it: repetition, patience, and doubt. Nothing here is
 * authenticated, so a refusal is remembered, and counts only when no better answer came for a while (RFC 7296 section
 * 2.21.1). With a ticket IKE_SESSION_RESUME goes first; IKE_SA_INIT follows as soon as that is refused, or not answered.
 */
export class InitExchange {
  readonly #config: IkeConfig;
  readonly #deps: InitDeps;
  readonly #ticket: ResumptionTicket | undefined;
  #resume: Attempt | undefined;
  #init: Attempt | undefined;
  /** When IKE_SA_INIT begins if nothing has come by then. */
  #initAt: Millis;
  #ticketAnswered = false;
  #doubt: { readonly failure: Failure; readonly until: Millis } | undefined;
  #unreachable: { readonly times: number; readonly what: Unreachable } | undefined;

  /** `ticket` is used when it can be. `start` has the first datagram. */
  constructor(config: IkeConfig, ticket: ResumptionTicket | undefined, deps: InitDeps, now: Millis) {
    this.#config = config;
    this.#deps = deps;
    this.#ticket = ticket;
    this.#initAt = now;
    if (!ticket) return;
    this.#resume = this.#attempt(new ResumeTask(config, ticket, deps.random), now);
    this.#initAt = now + RESUME_ALONE_MS;
  }

  #attempt(task: FirstTask, now: Millis): Attempt {
    const retransmitter = new Retransmitter([task.request], this.#config.retransmit, now);
    return { task, retransmitter, unanswered: 0 };
  }

  /** What goes out first. */
  start(now: Millis): InitStep {
    return this.#resume ? { kind: 'send', datagrams: [this.#resume.task.request] } : this.#beginInit(now);
  }

  #beginInit(now: Millis): InitStep {
    this.#initAt = Infinity;
    this.#init = this.#attempt(new InitTask(this.#config, this.#deps.random), now);
    return this.#withResume(this.#init, now);
  }

  /**
   * IKE_SA_INIT goes out, behind the request to resume as long as nobody has answered that: a gateway that hears both
   * is to see that one first. The first answer decides.
   */
  #withResume(init: Attempt, now: Millis): InitStep {
    const resume = this.#ticketAnswered ? undefined : this.#resume;
    if (!resume) return { kind: 'send', datagrams: [this.#again(init, now)] };
    resume.retransmitter.restart(now);
    return { kind: 'send', datagrams: [this.#again(resume, now), this.#again(init, now)] };
  }

  nextTimeout(): { readonly at: Millis; readonly why: string } {
    const { retransmitter } = this.#init ?? this.#resume ?? {};
    const at = Math.min(this.#initAt, retransmitter?.nextAt ?? Infinity);
    return this.#doubt && this.#doubt.until < at
      ? { at: this.#doubt.until, why: 'refusal' }
      : { at, why: 'retransmit' };
  }

  handleTimeout(now: Millis): InitStep {
    if (this.#doubt && now >= this.#doubt.until) return { kind: 'failed', failure: this.#doubt.failure };
    if (now >= this.#initAt) return this.#beginInit(now);
    const attempt = this.#init ?? this.#resume;
    switch (attempt?.retransmitter.poll(now)) {
      case 'send':
        return attempt === this.#init
          ? this.#withResume(attempt, now)
          : { kind: 'send', datagrams: [this.#again(attempt, now)] };
      case 'give-up':
        if (attempt !== this.#init) return this.#beginInit(now);
        return { kind: 'failed', failure: this.#doubt?.failure ?? this.#silence(attempt, now) };
      default:
        return WAIT;
    }
  }

  /** The request of an attempt that was not answered in time, or the one that has taken its place. */
  #again(attempt: Attempt, now: Millis): Uint8Array {
    if (attempt.task.beforeRepetition()) this.#replaceRequest(attempt, now);
    return attempt.task.request;
  }

  #replaceRequest(attempt: Attempt, now: Millis): void {
    attempt.unanswered += attempt.retransmitter.sent;
    attempt.retransmitter = new Retransmitter([attempt.task.request], this.#config.retransmit, now);
  }

  handleResponse(header: IkeHeader, datagram: InboundDatagram, now: Millis): InitStep {
    const attempt = [this.#resume, this.#init].find(
      (one) => one && equalBytes(one.task.initiatorSpi, header.initiatorSpi),
    );
    // From another address it would lead IKE one way and ESP another. The port may be any (RFC 7296 section 2.23).
    const isExpected =
      attempt !== undefined &&
      datagram.transport === 'ike' &&
      sameAddress(datagram.remote.address, this.#config.gateway.address) &&
      header.response &&
      header.messageId === 0;
    if (isExpected && attempt === this.#resume) return this.#resumeAnswered(attempt, header, datagram, now);
    if (isExpected && header.exchange === attempt.task.exchange) {
      return this.#initAnswered(attempt, datagram, now);
    }
    this.#deps.log('debug', 'ike-dropped', { where: 'init', reason: 'not the response that we wait for' });
    return WAIT;
  }

  #initAnswered(attempt: Attempt, datagram: InboundDatagram, now: Millis): InitStep {
    const outcome = this.#outcome(attempt, datagram);
    switch (outcome.kind) {
      case 'broken':
        return this.#doubtful(failure('protocol.malformed', { detail: outcome.detail }), this.#end(attempt));
      case 'again':
        this.#doubt = undefined;
        this.#replaceRequest(attempt, now);
        return { kind: 'send', datagrams: [attempt.task.request] };
      case 'doubt':
        return this.#doubtful(outcome.failure, now + this.#config.refusalGraceMs, attempt);
      case 'redirect':
        return { kind: 'redirected', to: outcome.to };
      case 'done':
        return { kind: 'done', sa: outcome.sa };
      case 'ignore':
        return WAIT;
    }
  }

  /** Whatever is no acceptance brings IKE_SA_INIT forward. A genuine acceptance that comes later still counts. */
  #resumeAnswered(attempt: Attempt, header: IkeHeader, datagram: InboundDatagram, now: Millis): InitStep {
    const outcome: AnyOutcome =
      header.exchange === attempt.task.exchange
        ? this.#outcome(attempt, datagram)
        : { kind: 'broken', detail: 'another exchange' };
    switch (outcome.kind) {
      case 'again':
        this.#replaceRequest(attempt, now);
        return { kind: 'send', datagrams: [attempt.task.request] };
      case 'broken':
      case 'doubt':
        this.#ticketAnswered = true;
        return this.#init ? WAIT : this.#beginInit(now);
      case 'redirect':
        return { kind: 'redirected', to: outcome.to };
      case 'done':
        this.#ticketAnswered = true;
        return { kind: 'done', sa: outcome.sa };
      case 'ignore':
        return WAIT;
    }
  }

  #outcome(attempt: Attempt, datagram: InboundDatagram): AnyOutcome {
    const decoded = decodeMessage(datagram.octets, undefined);
    if (decoded.kind !== 'ok') {
      return { kind: 'broken', detail: decoded.kind === 'unprotected-error' ? decoded.reason : decoded.kind };
    }
    this.#deps.log('debug', 'ike-received', { message: describeMessage(decoded.message) });
    const late = attempt.unanswered > 0;
    const outcome = attempt.task.process(decoded.message, datagram, late);
    // Each transmission has one answer: this one belongs to a request before the present one, or to that.
    if (outcome.kind === 'ignore' && late) attempt.unanswered -= 1;
    if (outcome.kind === 'again') attempt.unanswered -= 1;
    return outcome;
  }

  /**
   * The network said that nobody is there (ICMP). Anyone can say that, so it alone concludes nothing
   * (RFC 7296 section 2.4): it shortens our patience after several unanswered transmissions, and names the cause.
   */
  noteUnreachable(what: Unreachable, now: Millis): void {
    const times = (this.#unreachable?.times ?? 0) + 1;
    this.#unreachable = { times, what };
    const init = this.#init;
    if (!init || times < REFUSALS_TO_BELIEVE || init.retransmitter.sent < REFUSALS_TO_BELIEVE) return;
    this.#doubtful(this.#silence(init, now), now + this.#config.refusalGraceMs, init);
  }

  /** The end of it, however it came. A ticket that the gateway has seen is used up; one that is still good is not. */
  wipe(): void {
    this.#resume?.task.wipe();
    this.#init?.task.wipe();
    if (this.#ticketAnswered) this.#ticket?.wipe();
  }

  #end({ retransmitter }: Attempt): Millis {
    return retransmitter.startedAt + this.#config.retransmit.patienceMs;
  }

  #doubtful(why: Failure, until: Millis, attempt?: Attempt): InitStep {
    this.#deps.log('debug', 'ike-doubtful', { code: why.code });
    const bounded = attempt ? Math.min(until, this.#end(attempt)) : until;
    if (!this.#doubt || bounded < this.#doubt.until) this.#doubt = { failure: why, until: bounded };
    return WAIT;
  }

  #silence({ retransmitter }: Attempt, now: Millis): Failure {
    const facts = factsOfSilence(this.#config.gateway, retransmitter, now);
    return failure(SILENCE[this.#unreachable?.what ?? 'nothing'], facts);
  }
}

type AnyOutcome = FirstOutcome | { readonly kind: 'broken'; readonly detail: string };

/** The ticket of a configuration, if it can be shown to its gateway now, for who we are and whom we expect. */
export function usableTicket(config: IkeConfig, epochNow: EpochMillis): ResumptionTicket | undefined {
  const { ticket, gateway, localId } = config;
  const isOurs = ticket?.isUsable(gateway, epochNow) === true && sameIdentity(ticket.localId, localId);
  return isOurs ? ticket : undefined;
}
