import assert from 'node:assert/strict';
import { test } from 'node:test';
import { u16, u32 } from '../../../core/lib/bytes.ts';
import { keyExchange } from '../../../core/crypto/key-exchange.ts';
import { ExchangeType, Notify, Protocol, TransformType } from '../../../core/wire/constants.ts';
import type { Payload } from '../../../core/wire/payload.ts';
import { notify } from '../../../core/wire/payloads/notify.ts';
import { makeGateway, seededRandom, type MakeGatewayOptions } from '../../support/gateway/index.ts';
import { notifyData } from '../../support/gateway/pick.ts';
import { childRequest, eventOf, has, Initiator, shape, type Step } from './initiator.ts';

const { CREATE_CHILD_SA, INFORMATIONAL } = ExchangeType;
const OLD_SPI = 0xc0ffee01;
const X25519 = 31;
let nonces = 0;

function connected(options: MakeGatewayOptions = {}): Initiator {
  const initiator = new Initiator(makeGateway(options).gateway);
  initiator.init();
  initiator.authByKey();
  return initiator;
}

function nonce(): Payload {
  return { kind: 'NONCE', data: new Uint8Array(32).fill(++nonces) };
}

/** The request for a pair with this SPI; with the groups that are offered, and a KE payload for the first. */
function request(spi: number, groups: readonly number[] = []): Payload[] {
  const ke = groups.map((id) => ({ type: TransformType.KE, id }));
  const parts = childRequest().flatMap((payload): Payload[] => {
    if (payload.kind === 'CP') return [];
    if (payload.kind !== 'SA') return [payload];
    return [
      {
        ...payload,
        proposals: payload.proposals.map((proposal) => {
          return { ...proposal, spi: u32(spi), transforms: [...proposal.transforms, ...ke] };
        }),
      },
    ];
  });
  const [group] = groups;
  if (group === undefined || group === 0) return [...parts, nonce()];
  const data = keyExchange(group)?.generate(seededRandom(`group ${nonces}`)).publicValue ?? new Uint8Array();
  return [...parts, nonce(), { kind: 'KE', group, data }];
}

function rekey(spi = OLD_SPI): Payload {
  return notify(Notify.REKEY_SA, undefined, Protocol.ESP, u32(spi));
}

function create(initiator: Initiator, payloads: readonly Payload[]): Step {
  return initiator.request(CREATE_CHILD_SA, payloads);
}

test('a further pair gets what the policy grants, and the first one stays', () => {
  const initiator = connected();
  const step = create(initiator, request(0x1000));
  assert.deepEqual(shape(step.messages[0]), ['SA', 'NONCE', 'TSi', 'TSr']);
  const added = eventOf(step, 'child-added');
  assert.deepEqual([added.replaces, added.sendNow, added.child.spiOut], [undefined, true, 0x1000]);
  assert.equal(initiator.gateway.sas[0]?.children.length, 2);
  assert.equal(has(step, 'violation'), false);
});

test('a rekeyed pair waits for the client before it sends, and the old one goes when the client says so', () => {
  const initiator = connected();
  const [old] = initiator.gateway.sas[0]?.children ?? [];
  const step = create(initiator, [rekey(), ...request(0x1000, [X25519])]);
  assert.deepEqual(shape(step.messages[0]), ['SA', 'NONCE', 'KE', 'TSi', 'TSr']);
  const added = eventOf(step, 'child-added');
  assert.deepEqual([added.replaces, added.sendNow], [old?.spec.childId, false]);
  const gone = initiator.request(INFORMATIONAL, [
    { kind: 'D', protocol: Protocol.ESP, spis: [u32(OLD_SPI)] },
  ]);
  assert.equal(eventOf(gone, 'child-removed').childId, old?.spec.childId);
  assert.deepEqual(
    initiator.gateway.sas[0]?.children.map(({ spec }) => spec.spiOut),
    [0x1000],
  );
});

test('a group of the policy is wanted when the KE payload is for another', () => {
  const initiator = connected({ esp: { groups: [19] } });
  const step = create(initiator, request(0x1000, [X25519, 19]));
  const [answer] = step.messages;
  assert.ok(answer);
  assert.deepEqual(notifyData(answer, Notify.INVALID_KE_PAYLOAD), u16(19));
  assert.equal(initiator.gateway.sas[0]?.children.length, 1);
});

test('groups are a matter of policy: without any, only with some, or as the client likes', () => {
  const shapes = (groups: readonly number[] | undefined, offered: readonly number[]) =>
    shape(
      create(connected(groups === undefined ? {} : { esp: { groups } }), request(0x1000, offered))
        .messages[0],
    );
  const plain = ['SA', 'NONCE', 'TSi', 'TSr'];
  assert.deepEqual(shapes([], []), plain);
  assert.deepEqual(shapes([], [X25519]), [Notify.NO_PROPOSAL_CHOSEN]);
  assert.deepEqual(shapes([], [X25519, 0]), plain);
  assert.deepEqual(shapes([X25519], []), [Notify.NO_PROPOSAL_CHOSEN]);
  assert.deepEqual(shapes([0, X25519], [0, X25519]), plain);
  assert.deepEqual(shapes(undefined, [X25519]), ['SA', 'NONCE', 'KE', 'TSi', 'TSr']);
});

test('an unknown pair cannot be rekeyed: CHILD_SA_NOT_FOUND repeats the SPI', () => {
  const step = create(connected(), [rekey(0x7777), ...request(0x1000)]);
  assert.deepEqual(step.messages[0]?.payloads, [
    notify(Notify.CHILD_SA_NOT_FOUND, undefined, Protocol.ESP, u32(0x7777)),
  ]);
  assert.equal(eventOf(step, 'violation').what, 'rekeys a Child SA that is not there');
});

test('a request that the client may not make is a violation', () => {
  const narrow = request(0x1000).map((payload) =>
    payload.kind === 'TSr'
      ? { ...payload, selectors: payload.selectors.map((s) => ({ ...s, endPort: 80 })) }
      : payload,
  );
  const again = request(0x1000);
  const twice = connected();
  create(twice, again);
  const cases: [string, Step][] = [
    ['rekeys a Child SA with narrower selectors', create(connected(), [rekey(), ...narrow])],
    ['an SPI of a Child SA that is there', create(connected(), request(OLD_SPI))],
    ['a reserved SPI', create(connected(), request(255))],
    ['a nonce that was there before', create(twice, again)],
  ];
  for (const [what, step] of cases) assert.equal(eventOf(step, 'violation').what, what);
});

test('what the gateway is told to refuse it refuses so often', () => {
  const refuse = { notify: Notify.TEMPORARY_FAILURE, purpose: 'rekey-child', times: 2 } as const;
  const initiator = connected({ faults: { create: { refuse } } });
  for (const spi of [1000, 1001]) {
    assert.deepEqual(shape(create(initiator, [rekey(), ...request(spi)]).messages[0]), [
      Notify.TEMPORARY_FAILURE,
    ]);
    initiator.now += 1000;
  }
  assert.equal(has(create(initiator, [rekey(), ...request(1002)]), 'child-added'), true);
});

test('a try right after TEMPORARY_FAILURE is a violation', () => {
  const refuse = { notify: Notify.TEMPORARY_FAILURE } as const;
  const initiator = connected({ faults: { create: { refuse } } });
  assert.equal(has(create(initiator, request(1000)), 'violation'), false);
  const at = create(initiator, request(1001));
  assert.equal(eventOf(at, 'violation').what, 'tries again at once after TEMPORARY_FAILURE');
});
