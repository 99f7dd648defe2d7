import { test } from 'node:test';
import assert from 'node:assert/strict';
import { EMPTY } from '../../../core/lib/bytes.ts';
import { ExchangeType, Notify } from '../../../core/wire/constants.ts';
import { checkLegality } from '../../../core/wire/legality.ts';
import type { KnownPayloadKind, Payload } from '../../../core/wire/payload.ts';
import { notify } from '../../../core/wire/payloads/notify.ts';
import { proves } from '../../conformance/tag.ts';

const proposal = { number: 1, protocol: 3, spi: new Uint8Array(4), transforms: [] };

const PAYLOADS: { readonly [K in KnownPayloadKind]: Payload } = {
  SA: { kind: 'SA', proposals: [proposal] },
  KE: { kind: 'KE', group: 31, data: EMPTY },
  IDi: { kind: 'IDi', idType: 11, data: EMPTY },
  IDr: { kind: 'IDr', idType: 11, data: EMPTY },
  CERT: { kind: 'CERT', encoding: 4, data: EMPTY },
  CERTREQ: { kind: 'CERTREQ', encoding: 4, data: EMPTY },
  AUTH: { kind: 'AUTH', method: 2, data: EMPTY },
  NONCE: { kind: 'NONCE', data: new Uint8Array(16) },
  N: notify(Notify.INITIAL_CONTACT),
  D: { kind: 'D', protocol: 1, spis: [] },
  V: { kind: 'V', data: EMPTY },
  TSi: { kind: 'TSi', selectors: [] },
  TSr: { kind: 'TSr', selectors: [] },
  CP: { kind: 'CP', cfgType: 1, attributes: [] },
  EAP: { kind: 'EAP', message: EMPTY },
};

/** Payloads of the kinds named in a text. */
function payloads(kinds: string): Payload[] {
  const names = kinds.split(' ').filter((name) => name !== '') as KnownPayloadKind[];
  return names.map((name) => PAYLOADS[name]);
}

function check(
  exchange: keyof typeof ExchangeType,
  response: boolean,
  list: readonly Payload[],
): string | undefined {
  return checkLegality({ exchange: ExchangeType[exchange], response, payloads: list });
}

type Row = readonly [exchange: keyof typeof ExchangeType, kinds: string];

const LEGAL_REQUESTS: readonly Row[] = [
  ['IKE_SA_INIT', 'SA KE NONCE'],
  ['IKE_SA_INIT', 'N V NONCE N KE SA N V'],
  ['IKE_AUTH', 'IDi CERT CERT CERTREQ CERTREQ IDr AUTH CP SA TSi TSr N'],
  ['IKE_AUTH', 'IDi SA TSi TSr'],
  ['IKE_AUTH', 'IDi AUTH'],
  ['IKE_AUTH', 'EAP'],
  ['IKE_AUTH', 'AUTH'],
  ['CREATE_CHILD_SA', 'N SA NONCE KE TSi TSr'],
  ['CREATE_CHILD_SA', 'SA NONCE TSi TSr'],
  ['CREATE_CHILD_SA', 'SA NONCE KE'],
  ['INFORMATIONAL', ''],
  ['INFORMATIONAL', 'N D D CP V'],
  ['IKE_SESSION_RESUME', 'NONCE N'],
  ['IKE_INTERMEDIATE', 'KE'],
  ['IKE_INTERMEDIATE', ''],
];

const LEGAL_RESPONSES: readonly Row[] = [
  ['IKE_SA_INIT', 'SA KE NONCE CERTREQ N'],
  ['IKE_AUTH', 'IDr CERT CERT AUTH CP SA TSi TSr N'],
  ['IKE_AUTH', 'IDr AUTH'],
  ['IKE_AUTH', 'IDr CERT AUTH EAP'],
  ['IKE_AUTH', 'IDr EAP'],
  ['IKE_AUTH', 'EAP'],
  ['IKE_AUTH', 'AUTH CP SA TSi TSr'],
  ['IKE_AUTH', 'AUTH'],
  ['CREATE_CHILD_SA', 'SA NONCE TSi TSr'],
  ['CREATE_CHILD_SA', 'SA NONCE KE'],
  ['INFORMATIONAL', ''],
  ['INFORMATIONAL', 'D CP'],
  ['IKE_SESSION_RESUME', 'NONCE'],
  ['IKE_INTERMEDIATE', 'KE N'],
];

const ILLEGAL_REQUESTS: readonly Row[] = [
  ['IKE_SA_INIT', ''],
  ['IKE_SA_INIT', 'SA NONCE'],
  ['IKE_SA_INIT', 'SA KE KE NONCE'],
  ['IKE_SA_INIT', 'SA KE NONCE NONCE'],
  ['IKE_SA_INIT', 'SA SA KE NONCE'],
  ['IKE_SA_INIT', 'SA KE NONCE AUTH'],
  ['IKE_SA_INIT', 'SA KE NONCE D'],
  ['IKE_SA_INIT', 'SA KE NONCE CERTREQ'],
  ['IKE_AUTH', ''],
  ['IKE_AUTH', 'IDi AUTH SA TSi'],
  ['IKE_AUTH', 'IDi IDi AUTH'],
  ['IKE_AUTH', 'IDi AUTH AUTH'],
  ['IKE_AUTH', 'AUTH SA TSi TSr'],
  ['IKE_AUTH', 'EAP AUTH'],
  ['IKE_AUTH', 'EAP EAP'],
  ['IKE_AUTH', 'IDi AUTH D'],
  ['CREATE_CHILD_SA', 'SA TSi TSr'],
  ['CREATE_CHILD_SA', 'SA NONCE'],
  ['CREATE_CHILD_SA', 'SA NONCE TSi'],
  ['CREATE_CHILD_SA', 'SA NONCE KE KE TSi TSr'],
  ['CREATE_CHILD_SA', 'SA NONCE TSi TSr AUTH'],
  ['INFORMATIONAL', 'AUTH'],
  ['INFORMATIONAL', 'SA'],
  ['INFORMATIONAL', 'CP CP'],
  ['IKE_SESSION_RESUME', 'N'],
  ['IKE_INTERMEDIATE', 'KE KE'],
];

const ILLEGAL_RESPONSES: readonly Row[] = [
  ['IKE_SA_INIT', ''],
  ['IKE_SA_INIT', 'N'],
  ['IKE_SA_INIT', 'SA KE'],
  ['IKE_SA_INIT', 'SA KE NONCE IDr'],
  ['IKE_AUTH', ''],
  ['IKE_AUTH', 'N'],
  ['IKE_AUTH', 'IDr CERT'],
  ['IKE_AUTH', 'IDi AUTH'],
  ['IKE_AUTH', 'IDr AUTH SA TSi'],
  ['IKE_AUTH', 'IDr AUTH SA SA TSi TSr'],
  ['IKE_AUTH', 'IDr AUTH CERTREQ'],
  ['IKE_AUTH', 'EAP SA TSi TSr'],
  ['CREATE_CHILD_SA', ''],
  ['CREATE_CHILD_SA', 'SA KE'],
  ['INFORMATIONAL', 'EAP'],
  ['IKE_SESSION_RESUME', ''],
];

for (const [exchange, kinds] of LEGAL_REQUESTS) {
  test(`a request of ${exchange} may have ${kinds || 'nothing'}`, () =>
    assert.equal(check(exchange, false, payloads(kinds)), undefined));
}

for (const [exchange, kinds] of LEGAL_RESPONSES) {
  test(`a response of ${exchange} may have ${kinds || 'nothing'}`, () =>
    assert.equal(check(exchange, true, payloads(kinds)), undefined));
}

for (const [exchange, kinds] of ILLEGAL_REQUESTS) {
  test(`a request of ${exchange} may not have ${kinds || 'nothing'}`, () =>
    assert.match(check(exchange, false, payloads(kinds)) ?? '', new RegExp(`^${exchange} request`)));
}

for (const [exchange, kinds] of ILLEGAL_RESPONSES) {
  test(`a response of ${exchange} may not have ${kinds || 'nothing'}`, () =>
    assert.match(check(exchange, true, payloads(kinds)) ?? '', new RegExp(`^${exchange} response`)));
}

test(
  'an error notify may be the whole of a response, and may come with part of what the exchange has',
  proves('RFC7296-2.21.2-2', 'does'),
  () => {
    for (const exchange of ['IKE_SA_INIT', 'IKE_AUTH', 'CREATE_CHILD_SA', 'INFORMATIONAL'] as const) {
      for (const type of [Notify.NO_PROPOSAL_CHOSEN, Notify.INVALID_SYNTAX, 8191]) {
        assert.equal(check(exchange, true, [notify(type)]), undefined);
      }
    }
    assert.equal(
      check('IKE_AUTH', true, [...payloads('IDr CERT AUTH'), notify(Notify.TS_UNACCEPTABLE)]),
      undefined,
    );
    assert.equal(
      check('IKE_AUTH', true, [...payloads('IDr CERT AUTH CP'), notify(Notify.NO_PROPOSAL_CHOSEN)]),
      undefined,
    );
  },
);

test('an error notify does not let in what its exchange never has, and no request goes without its payloads', () => {
  assert.notEqual(check('IKE_AUTH', true, [...payloads('D'), notify(Notify.INVALID_SYNTAX)]), undefined);
  assert.notEqual(check('IKE_SA_INIT', false, [notify(Notify.INVALID_SYNTAX)]), undefined);
});

test('a responder may ask for a cookie, redirect, or refuse a ticket with one status notify', () => {
  assert.equal(check('IKE_SA_INIT', true, [notify(Notify.COOKIE)]), undefined);
  assert.equal(check('IKE_SA_INIT', true, [notify(Notify.REDIRECT)]), undefined);
  assert.equal(check('IKE_SESSION_RESUME', true, [notify(Notify.TICKET_NACK)]), undefined);
});

test('the order of payloads is no part of what is legal', proves('RFC7296-2.5-13', 'does'), () => {
  const list = payloads('IDr CERT AUTH CP SA TSi TSr N');
  for (let turn = 0; turn < list.length; turn++) {
    const turned = [...list.slice(turn), ...list.slice(0, turn)];
    assert.equal(check('IKE_AUTH', true, turned), undefined);
  }
});

test('unknown payloads count for nothing', proves('RFC7296-2.5-11', 'does'), () => {
  const unknown: Payload = { kind: 'unknown', type: 200, critical: false, data: EMPTY };
  assert.equal(check('INFORMATIONAL', true, [unknown, unknown]), undefined);
  assert.notEqual(check('CREATE_CHILD_SA', true, [unknown]), undefined);
});

test(
  'an offer starts with proposal number one and an answer has one proposal',
  proves(['RFC7296-3.3-5', 'refuses'], ['RFC7296-3.3.6-x1', 'refuses']),
  () => {
    const withSa = (...numbers: readonly number[]): Payload[] => [
      { kind: 'SA', proposals: numbers.map((number) => ({ ...proposal, number })) },
      ...payloads('NONCE TSi TSr'),
    ];
    assert.equal(check('CREATE_CHILD_SA', false, withSa(1, 2, 3)), undefined);
    assert.notEqual(check('CREATE_CHILD_SA', false, withSa(2)), undefined);
    assert.equal(check('CREATE_CHILD_SA', true, withSa(3)), undefined);
    assert.notEqual(check('CREATE_CHILD_SA', true, withSa(1, 2)), undefined);
  },
);

test('the reason says what the message has', () => {
  assert.equal(check('INFORMATIONAL', false, payloads('SA N SA')), 'INFORMATIONAL request with 2 SA');
  assert.equal(check('IKE_AUTH', false, payloads('N')), 'IKE_AUTH request with nothing');
});

test('an exchange that is not known has no legal message', () => {
  assert.match(checkLegality({ exchange: 99, response: false, payloads: [] }) ?? '', /unknown\(99\)/);
});
