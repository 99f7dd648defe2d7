import { concat, isZero, u16 } from '../../lib/bytes.ts';
import { failure } from '../../lib/failure.ts';
import type { RandomBytes } from '../../lib/ports.ts';
import type { KeyExchange } from '../../crypto/key-exchange.ts';
import { HashAlgorithm } from '../../crypto/signature.ts';
import { formatAddress } from '../../net/address.ts';
import { ExchangeType, Group, isErrorNotify, nameOf, Notify, Protocol } from '../../wire/constants.ts';
import type { Message } from '../../wire/message.ts';
import type { Payload } from '../../wire/payload.ts';
import { notify } from '../../wire/payloads/notify.ts';
import type { IkeConfig } from '../config.ts';
import { Cookies } from '../cookies.ts';
import type { InboundDatagram } from '../events.ts';
import { freshIkeSpi, freshKeyExchange, freshNonce } from '../fresh.ts';
import { IkeSa } from '../ike-sa.ts';
import { deriveIkeKeys } from '../key-schedule.ts';
import { allOf, firstOf, notifyOf } from '../payloads.ts';
import { acceptChoice, groupsOf, proposalsOf } from '../proposals.ts';
import { redirectNotify } from '../redirect.ts';
import { initRefusal } from '../refusals.ts';
import { ikeSuite } from '../suite.ts';
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

/** Changes of mind that we follow before we take them for an attack or a loop. */
const MAX_GROUP_CHANGES = 2;

/** What we verify in signatures, and say so (RFC 7427 section 4). No SHA-1. */
const OUR_HASHES: readonly number[] = [
  HashAlgorithm.SHA256,
  HashAlgorithm.SHA384,
  HashAlgorithm.SHA512,
  HashAlgorithm.IDENTITY,
];

/**
 * The IKE_SA_INIT exchange (RFC 7296 section 1.2) with its two detours: COOKIE (section 2.6) and
 * INVALID_KE_PAYLOAD (section 1.3). The message id stays 0 throughout, and what AUTH covers later is the last
 * request that was sent.
 */
export class InitTask implements FirstTask {
  readonly exchange = ExchangeType.IKE_SA_INIT;
  readonly #config: IkeConfig;
  readonly #random: RandomBytes;
  readonly initiatorSpi: Uint8Array;
  readonly #nonceI: Uint8Array;
  #groupId: number;
  #exchange: KeyExchange;
  readonly #cookies = new Cookies();
  #groupChanges = 0;
  #request: Uint8Array;

  constructor(config: IkeConfig, random: RandomBytes) {
    this.#config = config;
    this.#random = random;
    this.initiatorSpi = freshIkeSpi(random);
    this.#nonceI = freshNonce(random);
    const [group] = groupsOf(config.ikeOffers);
    if (group === undefined) throw new Error('an IKE offer without a group');
    this.#groupId = group;
    this.#exchange = freshKeyExchange(group, random);
    this.#request = this.#encode();
  }

  get request(): Uint8Array {
    return this.#request;
  }

  #encode(): Uint8Array {
    const payloads: Payload[] = [
      ...cookieNotify(this.#cookies),
      { kind: 'SA', proposals: proposalsOf(this.#config.ikeOffers, Protocol.IKE) },
      { kind: 'KE', group: this.#groupId, data: this.#exchange.publicValue },
      { kind: 'NONCE', data: this.#nonceI },
      ...natNotifies(this.initiatorSpi, this.#config.gateway),
      notify(Notify.SIGNATURE_HASH_ALGORITHMS, concat(...OUR_HASHES.map(u16))),
      notify(Notify.IKEV2_FRAGMENTATION_SUPPORTED),
      redirectNotify(this.#config.redirectedFrom),
    ];
    return encodeFirst(this.exchange, this.initiatorSpi, payloads);
  }

  process(message: Message, datagram: InboundDatagram, late: boolean): FirstOutcome {
    const { payloads } = message;
    const detour = detourOf(payloads, this.#nonceI, this.#cookies, late);
    if (detour) return detour.kind === 'again' ? this.#again() : detour;
    const invalidKe = notifyOf(payloads, Notify.INVALID_KE_PAYLOAD);
    if (invalidKe) return this.#retryWithGroup(invalidKe.data, late);
    const error = allOf(payloads, 'N').find((payload) => isErrorNotify(payload.notifyType));
    if (error) return { kind: 'doubt', failure: initRefusal(error, this.#config) };
    return this.#accept(message, datagram);
  }

  beforeRepetition(): boolean {
    if (!this.#cookies.takeLate()) return false;
    this.#request = this.#encode();
    return true;
  }

  #again(): FirstOutcome {
    this.#request = this.#encode();
    return { kind: 'again' };
  }

  #retryWithGroup(data: Uint8Array, late: boolean): FirstOutcome {
    const wanted = data.length === 2 ? ((data[0] ?? 0) << 8) | (data[1] ?? 0) : 0;
    const offered = groupsOf(this.#config.ikeOffers);
    // A copy of the first refusal names the group that we use by now.
    if (wanted === this.#groupId) {
      return late ? { kind: 'ignore' } : malformed('the gateway asks for the group that it got');
    }
    this.#groupChanges += 1;
    if (!offered.includes(wanted) || this.#groupChanges > MAX_GROUP_CHANGES) {
      return {
        kind: 'doubt',
        failure: failure('peer.invalid-ke', {
          wanted: nameOf(Group, wanted),
          offered: offered.map((id) => nameOf(Group, id)),
        }),
      };
    }
    this.#exchange.wipe();
    this.#groupId = wanted;
    this.#exchange = freshKeyExchange(wanted, this.#random);
    return this.#again();
  }

  #accept(message: Message, datagram: InboundDatagram): FirstOutcome {
    const { payloads, responderSpi } = message;
    const sa = firstOf(payloads, 'SA');
    const ke = firstOf(payloads, 'KE');
    const nonce = firstOf(payloads, 'NONCE');
    if (!sa || !ke || !nonce) return malformed('IKE_SA_INIT without SA, KE or nonce');
    if (isZero(responderSpi)) return malformed('a responder SPI of zero');
    const choice = acceptChoice(proposalsOf(this.#config.ikeOffers, Protocol.IKE), sa.proposals);
    const suite = choice.ok ? ikeSuite(choice.value) : undefined;
    if (!choice.ok || !suite) {
      const detail = choice.ok ? 'an algorithm that we lack' : choice.error;
      return { kind: 'doubt', failure: failure('protocol.unoffered-choice', { detail }) };
    }
    if (ke.group !== this.#groupId || suite.group.id !== this.#groupId)
      return malformed('a group that we did not use');
    const nat = natFindings(message, datagram);
    if (!nat.supported) {
      // ESP goes in UDP alone here, and never on port 500 (RFC 7296 section 2.23).
      return { kind: 'doubt', failure: failure('peer.no-nat-traversal', { gateway: this.#gateway }) };
    }
    const shared = this.#exchange.agree(ke.data);
    if (!shared.ok)
      return { kind: 'doubt', failure: failure('protocol.key-exchange', { group: suite.group.name }) };
    const init = {
      suite,
      initiatorSpi: this.initiatorSpi,
      responderSpi: responderSpi.slice(),
      nonceI: this.#nonceI,
      nonceR: nonce.data.slice(),
      message1: this.#request,
      message2: datagram.octets.slice(),
      nat,
      peerHashes: peerHashes(message),
      fragmentation: speaksFragments(payloads),
      childless: notifyOf(payloads, Notify.CHILDLESS_IKEV2_SUPPORTED) !== undefined,
    };
    return { kind: 'done', sa: new IkeSa(init, deriveIkeKeys(suite, shared.value, init), this.#random) };
  }

  get #gateway(): string {
    return formatAddress(this.#config.gateway.address);
  }

  wipe(): void {
    this.#exchange.wipe();
  }
}

function peerHashes(message: Message): number[] {
  const data = notifyOf(message.payloads, Notify.SIGNATURE_HASH_ALGORITHMS)?.data ?? new Uint8Array(0);
  const hashes: number[] = [];
  for (let at = 0; at + 1 < data.length; at += 2) hashes.push(((data[at] ?? 0) << 8) | (data[at + 1] ?? 0));
  return hashes;
}
