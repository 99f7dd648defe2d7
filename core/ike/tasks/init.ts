import { concat, equalBytes, isZero, u16 } from '../../lib/bytes.ts';
import { type Failure, failure } from '../../lib/failure.ts';
import type { RandomBytes } from '../../lib/ports.ts';
import { type KeyExchange, keyExchange } from '../../crypto/key-exchange.ts';
import { keyExchangeWorks } from '../../crypto/self-test.ts';
import { HashAlgorithm } from '../../crypto/signature.ts';
import { addressOf, formatAddress } from '../../net/address.ts';
import { ExchangeType, Group, isErrorNotify, nameOf, Notify, Protocol } from '../../wire/constants.ts';
import { encodeMessage, type Message } from '../../wire/message.ts';
import type { Payload } from '../../wire/payload.ts';
import { notify } from '../../wire/payloads/notify.ts';
import type { IkeConfig } from '../config.ts';
import type { InboundDatagram } from '../events.ts';
import { IkeSa } from '../ike-sa.ts';
import { deriveIkeKeys } from '../key-schedule.ts';
import { findNat, type NatFindings, natDetectionHash } from '../nat-detection.ts';
import { allOf, firstOf, notifyOf } from '../payloads.ts';
import { acceptChoice, groupsOf, proposalsOf } from '../proposals.ts';
import { initRefusal } from '../refusals.ts';
import { ikeSuite } from '../suite.ts';

export type InitOutcome =
  /** A new request stands in `request`: send it in place of the old one. */
  | { readonly kind: 'retry' }
  /** Nobody proved who sent this. Wait on, but remember what it would mean. */
  | { readonly kind: 'doubt'; readonly failure: Failure }
  | { readonly kind: 'done'; readonly sa: IkeSa };

/** Octets of our nonce: half the longest key of any PRF that we offer (RFC 7296 section 2.10). */
const NONCE_LENGTH = 32;
/** Changes of mind that we follow before we take them for an attack or a loop (RFC 7296 section 2.6). */
const MAX_COOKIES = 4;
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
export class InitTask {
  readonly #config: IkeConfig;
  readonly #random: RandomBytes;
  readonly initiatorSpi: Uint8Array;
  readonly #nonceI: Uint8Array;
  #groupId: number;
  #exchange: KeyExchange;
  #cookie: Uint8Array | undefined;
  #cookies = 0;
  #groupChanges = 0;
  #request: Uint8Array;

  constructor(config: IkeConfig, random: RandomBytes) {
    this.#config = config;
    this.#random = random;
    this.initiatorSpi = nonZero(random, 8);
    this.#nonceI = random(NONCE_LENGTH);
    const [group] = groupsOf(config.ikeOffers);
    if (group === undefined) throw new Error('an IKE offer without a group');
    this.#groupId = group;
    this.#exchange = generate(group, random);
    this.#request = this.#encode();
  }

  /** The request as it goes on the wire, from the IKE header on. */
  get request(): Uint8Array {
    return this.#request;
  }

  #encode(): Uint8Array {
    const zeroSpi = new Uint8Array(8);
    // The engine speaks UDP-encapsulated ESP alone. A source hash that matches no address makes the gateway see a
    // NAT before us, and so encapsulate always. What we learn about our own NAT comes from its hashes, not this.
    const source = natDetectionHash(this.initiatorSpi, zeroSpi, {
      address: addressOf(new Uint8Array(4)),
      port: 0,
    });
    const destination = natDetectionHash(this.initiatorSpi, zeroSpi, this.#config.gateway);
    const payloads: Payload[] = [
      ...(this.#cookie ? [notify(Notify.COOKIE, this.#cookie)] : []),
      { kind: 'SA', proposals: proposalsOf(this.#config.ikeOffers, Protocol.IKE) },
      { kind: 'KE', group: this.#groupId, data: this.#exchange.publicValue },
      { kind: 'NONCE', data: this.#nonceI },
      notify(Notify.NAT_DETECTION_SOURCE_IP, source),
      notify(Notify.NAT_DETECTION_DESTINATION_IP, destination),
      notify(Notify.SIGNATURE_HASH_ALGORITHMS, concat(...OUR_HASHES.map(u16))),
      notify(Notify.IKEV2_FRAGMENTATION_SUPPORTED),
    ];
    return encodeMessage({
      initiatorSpi: this.initiatorSpi,
      responderSpi: zeroSpi,
      exchange: ExchangeType.IKE_SA_INIT,
      fromInitiator: true,
      response: false,
      messageId: 0,
      payloads,
    });
  }

  process(message: Message, datagram: InboundDatagram): InitOutcome {
    const cookie = notifyOf(message.payloads, Notify.COOKIE);
    if (cookie) return this.#retryWithCookie(cookie.data);
    const invalidKe = notifyOf(message.payloads, Notify.INVALID_KE_PAYLOAD);
    if (invalidKe) return this.#retryWithGroup(invalidKe.data);
    const error = allOf(message.payloads, 'N').find((payload) => isErrorNotify(payload.notifyType));
    if (error) return { kind: 'doubt', failure: initRefusal(error, this.#config) };
    return this.#accept(message, datagram);
  }

  #retryWithCookie(cookie: Uint8Array): InitOutcome {
    if (cookie.length < 1 || cookie.length > 64) return malformed('a cookie of the wrong length');
    this.#cookies += 1;
    if (this.#cookies > MAX_COOKIES) return malformed('one cookie after another');
    this.#cookie = cookie.slice();
    this.#request = this.#encode();
    return { kind: 'retry' };
  }

  #retryWithGroup(data: Uint8Array): InitOutcome {
    const wanted = data.length === 2 ? ((data[0] ?? 0) << 8) | (data[1] ?? 0) : 0;
    const offered = groupsOf(this.#config.ikeOffers);
    // A late copy of the first refusal names the group that we use by now.
    if (wanted === this.#groupId) return malformed('the gateway asks for the group that it got');
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
    this.#exchange = generate(wanted, this.#random);
    this.#request = this.#encode();
    return { kind: 'retry' };
  }

  #accept(message: Message, datagram: InboundDatagram): InitOutcome {
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
      fragmentation: notifyOf(payloads, Notify.IKEV2_FRAGMENTATION_SUPPORTED) !== undefined,
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

function malformed(detail: string): InitOutcome {
  return { kind: 'doubt', failure: failure('protocol.malformed', { detail }) };
}

/** No method is trusted with a key before it has given its known answer in this very process. */
function generate(groupId: number, random: RandomBytes): KeyExchange {
  const method = keyExchange(groupId);
  if (!method) throw new Error(`group ${groupId} is offered but not known`);
  if (!keyExchangeWorks(groupId)) throw new Error(`${method.name} does not give its known answer`);
  return method.generate(random);
}

function nonZero(random: RandomBytes, length: number): Uint8Array {
  const octets = random(length);
  return equalBytes(octets, new Uint8Array(length)) ? nonZero(random, length) : octets;
}

function natFindings(message: Message, datagram: InboundDatagram): NatFindings {
  const hashes = (type: number): Uint8Array[] =>
    allOf(message.payloads, 'N')
      .filter((payload) => payload.notifyType === type)
      .map((payload) => payload.data);
  return findNat(
    message,
    {
      source: hashes(Notify.NAT_DETECTION_SOURCE_IP),
      destination: hashes(Notify.NAT_DETECTION_DESTINATION_IP),
    },
    datagram,
  );
}

function peerHashes(message: Message): number[] {
  const data = notifyOf(message.payloads, Notify.SIGNATURE_HASH_ALGORITHMS)?.data ?? new Uint8Array(0);
  const hashes: number[] = [];
  for (let at = 0; at + 1 < data.length; at += 2) hashes.push(((data[at] ?? 0) << 8) | (data[at + 1] ?? 0));
  return hashes;
}
