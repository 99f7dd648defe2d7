import fc from 'fast-check';
import {
  CfgAttr,
  Encr,
  ExchangeType,
  IdType,
  Notify,
  PayloadType,
  Protocol,
  TsType,
} from '../../core/wire/constants.ts';
import { SHAPES } from '../../core/wire/legality.ts';
import type { Shape } from '../../core/wire/legality.ts';
import type { Message } from '../../core/wire/message.ts';
import type { KnownPayloadKind, Payload, PayloadKind, PayloadOf } from '../../core/wire/payload.ts';
import type { Proposal, SaPayload, Transform } from '../../core/wire/payloads/sa.ts';

/** Arbitrary IKEv2 values for fast-check. Every one of them is what the decoder gives for its encoding. */

const u8 = fc.nat(0xff);
const u16 = fc.nat(0xffff);
const u32 = fc.nat(0xffffffff);

/** Plain objects, as decoders make them: deep equality tells prototypes apart. */
function record<T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> {
  return fc.record(model, { noNullPrototype: true });
}

export function octets(minLength: number, maxLength = minLength): fc.Arbitrary<Uint8Array> {
  return fc.uint8Array({ minLength, maxLength });
}

/** Some of a table's numbers, and now and then one that is in no table. */
function numberOf(table: Readonly<Record<string, number>>, max: number): fc.Arbitrary<number> {
  return fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...Object.values(table)) },
    { weight: 1, arbitrary: fc.nat(max) },
  );
}

const transform: fc.Arbitrary<Transform> = record({
  type: u8,
  id: fc.oneof(numberOf(Encr, 0xffff), u16),
  keyLength: fc.option(u16, { nil: undefined }),
  others: fc.uniqueArray(
    record({ type: fc.nat(0x7fff).filter((type) => type !== 14), value: fc.oneof(u16, octets(0, 12)) }),
    { maxLength: 3, selector: ({ type }) => type },
  ),
}).map(({ type, id, keyLength, others }) => ({
  type,
  id,
  ...(keyLength === undefined ? {} : { keyLength }),
  ...(others.length === 0 ? {} : { otherAttributes: others }),
}));

const SPI_LENGTHS: ReadonlyMap<number, readonly number[]> = new Map([
  [Protocol.IKE, [0, 8]],
  [Protocol.AH, [4]],
  [Protocol.ESP, [4]],
]);

const proposalBody: fc.Arbitrary<Omit<Proposal, 'number'>> = numberOf(Protocol, 0xff).chain((protocol) =>
  record({
    protocol: fc.constant(protocol),
    spi: fc.constantFrom(...(SPI_LENGTHS.get(protocol) ?? [0, 4, 8, 255])).chain((length) => octets(length)),
    transforms: fc.array(transform, { maxLength: 6 }),
  }),
);

/** SA payloads numbered from `first`, of `min` to `max` proposals. */
function saPayload(first: fc.Arbitrary<number>, min: number, max: number): fc.Arbitrary<SaPayload> {
  return fc
    .tuple(first, fc.array(proposalBody, { minLength: min, maxLength: max }))
    .map(([start, bodies]) => ({
      kind: 'SA',
      proposals: bodies.map((body, index) => ({ number: start + index, ...body })),
    }));
}

/** An SA payload as an initiator sends it. */
export const offer = saPayload(fc.constant(1), 1, 4);
/** An SA payload as a responder sends it. */
export const acceptedOffer = saPayload(fc.integer({ min: 1, max: 255 }), 1, 1);

function idPayload(kind: 'IDi' | 'IDr'): fc.Arbitrary<PayloadOf<'IDi' | 'IDr'>> {
  return numberOf(IdType, 0xff).chain((idType) => {
    const length = idType === IdType.IPV4_ADDR ? 4 : idType === IdType.IPV6_ADDR ? 16 : undefined;
    return octets(length ?? 0, length ?? 40).map((data) => ({ kind, idType, data }));
  });
}

function tsPayload(kind: 'TSi' | 'TSr'): fc.Arbitrary<PayloadOf<'TSi' | 'TSr'>> {
  const selector = fc
    .constantFrom([TsType.IPV4, 4] as const, [TsType.IPV6, 16] as const)
    .chain(([tsType, length]) =>
      record({
        tsType: fc.constant(tsType),
        ipProtocol: u8,
        startPort: u16,
        endPort: u16,
        startAddress: octets(length),
        endAddress: octets(length),
      }),
    );
  const other = record({ tsType: fc.constantFrom(0, 9, 10, 255), second: u8, data: octets(0, 24) });
  return record({
    selectors: fc.array(selector, { maxLength: 4 }),
    others: fc.array(other, { maxLength: 2 }),
  })
    .filter(({ selectors, others }) => selectors.length + others.length > 0)
    .map(({ selectors, others }) => ({
      kind,
      selectors,
      ...(others.length === 0 ? {} : { otherSelectors: others }),
    }));
}

/** A notify of any type with any data; its SPI has a length that its protocol allows. */
export const notifyPayload: fc.Arbitrary<PayloadOf<'N'>> = fc
  .constantFrom<readonly [number, number]>(
    [0, 0],
    [0, 0],
    [0, 0],
    [Protocol.IKE, 8],
    [Protocol.AH, 4],
    [Protocol.ESP, 4],
    [7, 3],
  )
  .chain(([protocol, spiLength]) =>
    record({
      kind: fc.constant('N' as const),
      protocol: fc.constant(protocol),
      spi: octets(spiLength),
      notifyType: numberOf(Notify, 0xffff),
      data: octets(0, 40),
    }),
  );

const deletePayload: fc.Arbitrary<PayloadOf<'D'>> = fc.oneof(
  fc.constant({ kind: 'D' as const, protocol: Protocol.IKE, spis: [] }),
  record({
    kind: fc.constant('D' as const),
    protocol: fc.constantFrom(Protocol.AH, Protocol.ESP),
    spis: fc.array(octets(4), { maxLength: 5 }),
  }),
);

const eapPayload: fc.Arbitrary<PayloadOf<'EAP'>> = record({
  code: fc.nat(5),
  identifier: u8,
  rest: octets(0, 40),
}).map(({ code, identifier, rest }) => {
  const content = code === 3 || code === 4 ? rest.subarray(0, 0) : rest;
  const length = 4 + content.length;
  return { kind: 'EAP', message: Uint8Array.of(code, identifier, length >>> 8, length & 0xff, ...content) };
});

const KNOWN_TYPES: readonly number[] = Object.values(PayloadType);

const unknownPayload: fc.Arbitrary<PayloadOf<'unknown'>> = record({
  kind: fc.constant('unknown' as const),
  type: fc.integer({ min: 1, max: 255 }).filter((type) => !KNOWN_TYPES.includes(type)),
  critical: fc.constant(false),
  data: octets(0, 40),
});

const BY_KIND: { readonly [K in PayloadKind]: fc.Arbitrary<Payload> } = {
  SA: fc.oneof(offer, acceptedOffer),
  KE: record({ kind: fc.constant('KE' as const), group: u16, data: octets(0, 80) }),
  IDi: idPayload('IDi'),
  IDr: idPayload('IDr'),
  CERT: record({ kind: fc.constant('CERT' as const), encoding: u8, data: octets(0, 80) }),
  CERTREQ: record({ kind: fc.constant('CERTREQ' as const), encoding: u8, data: octets(0, 60) }),
  AUTH: record({ kind: fc.constant('AUTH' as const), method: u8, data: octets(0, 64) }),
  NONCE: record({ kind: fc.constant('NONCE' as const), data: octets(16, 256) }),
  N: notifyPayload,
  D: deletePayload,
  V: record({ kind: fc.constant('V' as const), data: octets(0, 40) }),
  TSi: tsPayload('TSi'),
  TSr: tsPayload('TSr'),
  CP: record({
    kind: fc.constant('CP' as const),
    cfgType: u8,
    attributes: fc.array(record({ type: numberOf(CfgAttr, 0x7fff), value: octets(0, 20) }), {
      maxLength: 6,
    }),
  }),
  EAP: eapPayload,
  unknown: unknownPayload,
};

/** A payload of one kind. */
export function payloadOf(kind: PayloadKind): fc.Arbitrary<Payload> {
  return BY_KIND[kind];
}

export const PAYLOAD_KINDS = Object.keys(BY_KIND) as readonly PayloadKind[];

export const anyPayload: fc.Arbitrary<Payload> = fc.oneof(...PAYLOAD_KINDS.map(payloadOf));

/** The payloads of one form of a message, with what every message may have besides, in any order. */
function payloadsOf(shape: Shape, response: boolean): fc.Arbitrary<Payload[]> {
  const parts = Object.entries(shape).map(([kind, [min, max]]) => {
    const payload = kind === 'SA' ? (response ? acceptedOffer : offer) : payloadOf(kind as KnownPayloadKind);
    return fc.array<Payload>(payload, { minLength: min, maxLength: Math.min(max, min + 2) });
  });
  const extras = fc.array(fc.oneof(notifyPayload, BY_KIND.V, unknownPayload), { maxLength: 4 });
  return fc
    .tuple(extras, ...parts)
    .map((lists) => lists.flat())
    .chain((payloads) => fc.shuffledSubarray(payloads, { minLength: payloads.length }));
}

const CLEAR: readonly number[] = [ExchangeType.IKE_SA_INIT, ExchangeType.IKE_SESSION_RESUME];

const spi = octets(8).filter((value) => value.some((octet) => octet !== 0));

/** A legal message of one of the exchanges in clear, or of one of the others. */
function legalMessage(clear: boolean): fc.Arbitrary<Message> {
  const forms = [...SHAPES]
    .filter(([exchange]) => CLEAR.includes(exchange) === clear)
    .flatMap(([exchange, { request, response }]) => [
      ...request.map((shape) => ({ exchange, response: false, shape })),
      ...response.map((shape) => ({ exchange, response: true, shape })),
    ]);
  return fc.constantFrom(...forms).chain(({ exchange, response, shape }) =>
    record({
      initiatorSpi: spi,
      responderSpi: clear && !response ? fc.constant(new Uint8Array(8)) : octets(8),
      exchange: fc.constant(exchange),
      fromInitiator: clear ? fc.constant(!response) : fc.boolean(),
      response: fc.constant(response),
      messageId: clear ? fc.constant(0) : u32,
      payloads: payloadsOf(shape, response),
    }),
  );
}

export const clearMessage = legalMessage(true);
export const protectedMessage = legalMessage(false);
