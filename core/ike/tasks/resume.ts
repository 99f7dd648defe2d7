import { isZero } from '../../lib/bytes.ts';
import { failure } from '../../lib/failure.ts';
import type { RandomBytes } from '../../lib/ports.ts';
import { ExchangeType, isErrorNotify, nameOf, Notify } from '../../wire/constants.ts';
import type { Message } from '../../wire/message.ts';
import { notify } from '../../wire/payloads/notify.ts';
import type { IkeConfig } from '../config.ts';
import { Cookies } from '../cookies.ts';
import type { InboundDatagram } from '../events.ts';
import { freshIkeSpi, freshNonce } from '../fresh.ts';
import { IkeSa } from '../ike-sa.ts';
import { deriveResumedKeys } from '../key-schedule.ts';
import { allOf, firstOf } from '../payloads.ts';
import { redirectNotify } from '../redirect.ts';
import type { Presentation, ResumptionTicket } from '../ticket.ts';
import {
  cookieNotify,
  detourOf,
  encodeFirst,
  type FirstOutcome,
  type FirstTask,
  malformed,
  natFindings,
  natNotifies,
  speaksFragments,
} from './first.ts';

/**
 * IKE_SESSION_RESUME (RFC 5723 section 4.3.2): a ticket in place of an offer and a key exchange. The algorithms and the
 * identities are those of the SA that the ticket was given out in; SPIs, nonces and what NATs there are, are new.
 */
export class ResumeTask implements FirstTask {
  readonly exchange = ExchangeType.IKE_SESSION_RESUME;
  readonly initiatorSpi: Uint8Array;
  readonly #config: IkeConfig;
  readonly #random: RandomBytes;
  readonly #ticket: ResumptionTicket;
  readonly #nonceI: Uint8Array;
  readonly #cookies = new Cookies();
  #request: Uint8Array;

  constructor(config: IkeConfig, ticket: ResumptionTicket, random: RandomBytes) {
    this.#config = config;
    this.#random = random;
    this.#ticket = ticket;
    const { initiatorSpi, nonceI, request } = ticket.present(() => {
      const fresh = { initiatorSpi: freshIkeSpi(random), nonceI: freshNonce(random) };
      return {
        gateway: config.gateway,
        ...fresh,
        request: encode(ticket.opaque, fresh, config, this.#cookies),
      };
    });
    this.initiatorSpi = initiatorSpi;
    this.#nonceI = nonceI;
    this.#request = request;
  }

  get request(): Uint8Array {
    return this.#request;
  }

  #encode(): void {
    const ids = { initiatorSpi: this.initiatorSpi, nonceI: this.#nonceI };
    this.#request = encode(this.#ticket.opaque, ids, this.#config, this.#cookies);
  }

  process(message: Message, datagram: InboundDatagram, late: boolean): FirstOutcome {
    const { payloads } = message;
    const detour = detourOf(payloads, this.#nonceI, this.#cookies, late);
    if (detour?.kind === 'again') this.#encode();
    if (detour) return detour;
    const refusal = allOf(payloads, 'N').find(
      ({ notifyType }) => isErrorNotify(notifyType) || notifyType === Notify.TICKET_NACK,
    );
    if (refusal) {
      const word = nameOf(Notify, refusal.notifyType);
      return { kind: 'doubt', failure: failure('peer.notify', { notify: word }) };
    }
    return this.#accept(message, datagram);
  }

  #accept(message: Message, datagram: InboundDatagram): FirstOutcome {
    const { payloads, responderSpi } = message;
    const nonce = firstOf(payloads, 'NONCE');
    if (!nonce) return malformed('IKE_SESSION_RESUME without a nonce');
    if (isZero(responderSpi)) return malformed('a responder SPI of zero');
    const nat = natFindings(message, datagram);
    if (!nat.supported) return malformed('IKE_SESSION_RESUME without NAT detection');
    const { suite, skD, localId, remoteId } = this.#ticket;
    const init = {
      suite,
      initiatorSpi: this.initiatorSpi,
      responderSpi: responderSpi.slice(),
      nonceI: this.#nonceI,
      nonceR: nonce.data.slice(),
      message1: this.#request,
      message2: datagram.octets.slice(),
      nat,
      peerHashes: [],
      fragmentation: speaksFragments(payloads),
      childless: false,
      resumed: { localId, remoteId },
    };
    return { kind: 'done', sa: new IkeSa(init, deriveResumedKeys(suite, skD, init), this.#random) };
  }

  beforeRepetition(): boolean {
    if (!this.#cookies.takeLate()) return false;
    this.#encode();
    return true;
  }

  /** There is no secret in here but the ticket, which outlives a request that nobody answered. */
  wipe(): void {
    this.#request = new Uint8Array(0);
  }
}

function encode(
  opaque: Uint8Array,
  { initiatorSpi, nonceI }: Pick<Presentation, 'initiatorSpi' | 'nonceI'>,
  { gateway, redirectedFrom }: Pick<IkeConfig, 'gateway' | 'redirectedFrom'>,
  cookies: Cookies,
): Uint8Array {
  return encodeFirst(ExchangeType.IKE_SESSION_RESUME, initiatorSpi, [
    ...cookieNotify(cookies),
    { kind: 'NONCE', data: nonceI },
    notify(Notify.TICKET_OPAQUE, opaque),
    ...natNotifies(initiatorSpi, gateway),
    notify(Notify.IKEV2_FRAGMENTATION_SUPPORTED),
    redirectNotify(redirectedFrom),
  ]);
}
