import assert from 'node:assert/strict';
import { concat, u16, u32, utf8 } from '../../../core/lib/bytes.ts';
import type { Millis } from '../../../core/lib/ports.ts';
import { keyExchange } from '../../../core/crypto/key-exchange.ts';
import type { KeyExchange } from '../../../core/crypto/key-exchange-method.ts';
import type { Endpoint, IpAddress } from '../../../core/net/address.ts';
import {
  AuthMethod,
  CfgAttr,
  CfgType,
  ExchangeType,
  IdType,
  Notify,
  Protocol,
  TransformType,
  TsType,
} from '../../../core/wire/constants.ts';
import { decodeMessage } from '../../../core/wire/decode.ts';
import { encodeMessage, encodeProtectedMessage } from '../../../core/wire/message.ts';
import type { Message, MessageProtection } from '../../../core/wire/message.ts';
import type { Payload } from '../../../core/wire/payload.ts';
import { notify } from '../../../core/wire/payloads/notify.ts';
import type { Transform } from '../../../core/wire/payloads/sa.ts';
import { natHash } from '../../support/gateway/first-parts.ts';
import {
  address,
  GATEWAY_ADDRESS,
  PSK,
  seededRandom,
  USER,
  type GatewayDatagram,
  type GatewayEvent,
  type GatewayIke,
  type GatewayOutput,
} from '../../support/gateway/index.ts';
import { deriveIkeKeys, prfOf, protectionOf, type IkeKeys } from '../../support/gateway/keys.ts';
import { notifyData, payloadOf } from '../../support/gateway/pick.ts';
import { idBody, sharedSecretAuth, signedOctets } from '../../support/gateway/proof.ts';
import type { IkeSuite } from '../../support/gateway/suite.ts';

const SUITE: IkeSuite = { encr: 20, keyBits: 256, prf: 5, group: 31 };
const IKE_TRANSFORMS: readonly Transform[] = [
  { type: TransformType.ENCR, id: SUITE.encr, keyLength: 256 },
  { type: TransformType.PRF, id: SUITE.prf },
  { type: TransformType.KE, id: SUITE.group },
  { type: TransformType.KE, id: 19 },
];
const ESP_TRANSFORMS: readonly Transform[] = [
  { type: TransformType.ENCR, id: 20, keyLength: 256 },
  { type: TransformType.ESN, id: 0 },
];
const ZERO_SPI = new Uint8Array(8);

/** What one message to the gateway led to: its events, and what it sent, decoded. */
export interface Step {
  readonly messages: readonly Message[];
  readonly datagrams: readonly GatewayDatagram[];
  readonly events: readonly GatewayEvent[];
}

/** The kinds of payloads of a message, notifies by their number. */
export function shape(message: Message | undefined): (string | number)[] {
  return (message?.payloads ?? []).map((p) => (p.kind === 'N' ? p.notifyType : p.kind));
}

/** The event of a kind that a step led to; there must be one. */
export function eventOf<K extends GatewayEvent['kind']>(
  step: Step,
  kind: K,
): Extract<GatewayEvent, { kind: K }> {
  const found = step.events.find((event) => event.kind === kind);
  assert.ok(found, `no event ${kind} among ${step.events.map((event) => event.kind).join(', ')}`);
  return found as Extract<GatewayEvent, { kind: K }>;
}

export function has(step: Step, kind: GatewayEvent['kind']): boolean {
  return step.events.some((event) => event.kind === kind);
}

export interface InitiatorOptions {
  readonly seed?: string;
  /** The group of the KE payload. */
  readonly group?: number;
  /** Sits behind a NAT: its own address is another one than the gateway sees. */
  readonly nat?: boolean;
}

/**
 * An initiator that says exactly what a test wants, one message at a time. It borrows the gateway's own key
 * derivation: whether that is right is for strongSwan to judge (test/system/gateway-charon.test.ts).
 */
export class Initiator {
  readonly gateway: GatewayIke;
  remote: Endpoint = { address: address('198.51.100.2'), port: 4500 };
  readonly spi: Uint8Array;
  readonly #random;
  readonly #nonceI: Uint8Array;
  readonly #local: IpAddress;
  #group: number;
  #exchange: KeyExchange | undefined;
  now: Millis = 0;
  nextId = 1;
  lastRequest = new Uint8Array();
  #message1 = new Uint8Array();
  #nonceR = new Uint8Array();
  #spiR: Uint8Array = ZERO_SPI;
  #keys: IkeKeys | undefined;
  #protection: MessageProtection | undefined;

  constructor(
    gateway: GatewayIke,
    { seed = 'initiator', group = SUITE.group, nat = false }: InitiatorOptions = {},
  ) {
    this.gateway = gateway;
    this.#random = seededRandom(seed);
    this.spi = this.#random(8).slice();
    this.#nonceI = this.#random(32).slice();
    this.#group = group;
    this.#local = nat ? address('192.168.7.2') : this.remote.address;
  }

  /** IKE_SA_INIT; keys are there afterwards when the gateway agreed. */
  init(extra: readonly Payload[] = []): Step {
    const exchange = (this.#exchange ??= keyExchange(this.#group)?.generate(this.#random));
    assert.ok(exchange);
    const spis = concat(this.spi, ZERO_SPI);
    const step = this.sendClear([
      ...extra,
      { kind: 'SA', proposals: [proposal(Protocol.IKE, new Uint8Array(), IKE_TRANSFORMS)] },
      { kind: 'KE', group: this.#group, data: exchange.publicValue },
      { kind: 'NONCE', data: this.#nonceI },
      notify(Notify.NAT_DETECTION_SOURCE_IP, natHash(spis, this.#local, 4500)),
      notify(Notify.NAT_DETECTION_DESTINATION_IP, natHash(spis, GATEWAY_ADDRESS, 4500)),
      notify(Notify.SIGNATURE_HASH_ALGORITHMS, u16(2)),
    ]);
    const answer = step.messages.at(-1);
    const ke = answer === undefined ? undefined : payloadOf(answer, 'KE');
    const nonce = answer === undefined ? undefined : payloadOf(answer, 'NONCE');
    if (answer === undefined || ke === undefined || nonce === undefined) return step;
    const shared = exchange.agree(ke.data);
    if (!shared.ok) return step;
    this.#message1 = this.lastRequest;
    this.#nonceR = nonce.data.slice();
    this.#spiR = answer.responderSpi;
    const seed = { nonceI: this.#nonceI, nonceR: this.#nonceR, spiI: this.spi, spiR: this.#spiR };
    const suite = { ...SUITE, group: this.#group };
    this.#keys = deriveIkeKeys(suite, { ...seed, shared: shared.value.reveal() });
    const { ei, ai, er, ar } = this.#keys;
    const theirs = { encr: er, integ: ar };
    this.#protection = protectionOf(suite, { encr: ei, integ: ai }, theirs, this.#random);
    return step;
  }

  /** IKE_SA_INIT again, with the cookie and the group that the gateway asked for. */
  retry(previous: Step): Step {
    const [answer] = previous.messages;
    assert.ok(answer);
    const wanted = notifyData(answer, Notify.INVALID_KE_PAYLOAD);
    if (wanted !== undefined) {
      this.#group = ((wanted[0] ?? 0) << 8) | (wanted[1] ?? 0);
      this.#exchange = undefined;
    }
    const cookie = notifyData(answer, Notify.COOKIE);
    return this.init(cookie === undefined ? [] : [notify(Notify.COOKIE, cookie)]);
  }

  /** The only IKE_AUTH request of a connection by pre-shared key. */
  authByKey(secret = PSK, more: readonly Payload[] = childRequest()): Step {
    const octets = this.signed();
    const data = sharedSecretAuth(prfOf(SUITE), utf8(secret), octets);
    return this.request(ExchangeType.IKE_AUTH, [
      identity(),
      { kind: 'AUTH', method: AuthMethod.PSK, data },
      ...more,
    ]);
  }

  /** The first IKE_AUTH request of a connection by EAP. */
  startEap(): Step {
    return this.request(ExchangeType.IKE_AUTH, [identity(), ...childRequest()]);
  }

  sendEap(message: Uint8Array): Step {
    return this.request(ExchangeType.IKE_AUTH, [{ kind: 'EAP', message }]);
  }

  /** The last IKE_AUTH request of a connection by EAP. */
  finishEap(msk: Uint8Array): Step {
    const data = sharedSecretAuth(prfOf(SUITE), msk, this.signed());
    return this.request(ExchangeType.IKE_AUTH, [{ kind: 'AUTH', method: AuthMethod.PSK, data }]);
  }

  /** What this end's AUTH covers. */
  signed(): Uint8Array {
    assert.ok(this.#keys);
    const { data, idType } = identity();
    return signedOctets(prfOf(SUITE), this.#keys.pi, this.#message1, this.#nonceR, idBody(idType, data));
  }

  sendClear(payloads: readonly Payload[]): Step {
    const head = { initiatorSpi: this.spi, responderSpi: ZERO_SPI, fromInitiator: true, response: false };
    return this.deliver(
      encodeMessage({ ...head, exchange: ExchangeType.IKE_SA_INIT, messageId: 0, payloads }),
    );
  }

  /** A protected request with the next message id, or another one. */
  request(exchange: number, payloads: readonly Payload[], messageId = this.nextId++): Step {
    return this.deliver(this.#seal(exchange, false, messageId, payloads));
  }

  /** Answers a request of the gateway. */
  answer(request: Message, payloads: readonly Payload[] = []): Step {
    return this.deliver(this.#seal(request.exchange, true, request.messageId, payloads));
  }

  /** Any datagram at all. */
  deliver(octets: Uint8Array): Step {
    this.lastRequest = octets.slice();
    return this.read(this.gateway.handleDatagram({ octets, remote: this.remote, localPort: 4500 }, this.now));
  }

  /** Lets the gateway's timer run out. */
  timeout(): Step {
    this.now = this.gateway.nextTimeout() ?? this.now;
    return this.read(this.gateway.handleTimeout(this.now));
  }

  /** What the gateway sent, decoded. What cannot be decoded is left out of the messages. */
  read({ datagrams, events }: GatewayOutput): Step {
    const decoded = datagrams.map(({ octets }) => decodeMessage(octets, this.#protection));
    const messages = decoded.flatMap((one) => (one.kind === 'ok' ? [one.message] : []));
    return { messages, datagrams, events };
  }

  #seal(exchange: number, response: boolean, messageId: number, payloads: readonly Payload[]): Uint8Array {
    assert.ok(this.#protection);
    const spis = { initiatorSpi: this.spi, responderSpi: this.#spiR };
    const message = { ...spis, exchange, fromInitiator: true, response, messageId, payloads };
    return encodeProtectedMessage(message, this.#protection);
  }
}

function identity() {
  return { kind: 'IDi', idType: IdType.FQDN, data: utf8(USER) } as const;
}

function proposal(protocol: number, spi: Uint8Array, transforms: readonly Transform[]) {
  return { number: 1, protocol, spi, transforms };
}

/** CP, SA and traffic selectors: an IPv4 address, and everything of IPv4. */
export function childRequest(): Payload[] {
  const everything = {
    tsType: TsType.IPV4,
    ipProtocol: 0,
    startPort: 0,
    endPort: 0xffff,
    startAddress: new Uint8Array(4),
    endAddress: new Uint8Array(4).fill(255),
  };
  return [
    {
      kind: 'CP',
      cfgType: CfgType.REQUEST,
      attributes: [
        { type: CfgAttr.INTERNAL_IP4_ADDRESS, value: new Uint8Array() },
        { type: CfgAttr.INTERNAL_IP4_DNS, value: new Uint8Array() },
      ],
    },
    { kind: 'SA', proposals: [proposal(Protocol.ESP, u32(0xc0ffee01), ESP_TRANSFORMS)] },
    { kind: 'TSi', selectors: [everything] },
    { kind: 'TSr', selectors: [everything] },
  ];
}
