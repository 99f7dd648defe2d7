import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readU32, u16, u32 } from '../../core/lib/bytes.ts';
import { allOf, firstOf, notifyOf } from '../../core/ike/payloads.ts';
import { IKE_DEFAULTS } from '../../core/ike/config.ts';
import { parseIkeWords } from '../../core/ike/proposal-words.ts';
import { formatSelector, selectorOfPrefix } from '../../core/net/selector.ts';
import { ExchangeType, Notify, TransformType, TsType } from '../../core/wire/constants.ts';
import type { Message } from '../../core/wire/message.ts';
import type { Payload } from '../../core/wire/payload.ts';
import type { Transform } from '../../core/wire/payloads/sa.ts';
import type { TrafficSelector } from '../../core/wire/payloads/ts.ts';
import { proves } from '../conformance/tag.ts';
import { prefix } from '../support/gateway/index.ts';
import { OTHER_OFFICE, TwoEnds } from '../support/two-ends.ts';

/* CREATE_CHILD_SA for a further pair of Child SAs, in both roles (RFC 7296 sections 1.3 and 1.3.1). */

const { CREATE_CHILD_SA } = ExchangeType;
const [X25519, P256, NONE] = [31, 19, 0];
const NO_PFS = { rekey: { ...IKE_DEFAULTS.rekey, pfs: false } };

/** The client asks for a further pair; the requests for it, as the gateway opened them. */
function ask(ends: TwoEnds): Message[] {
  ends.command({ kind: 'create-child', remote: OTHER_OFFICE }).live(1000);
  return ends.requests.filter(({ exchange }) => exchange === CREATE_CHILD_SA);
}

function kinds(message: Message | undefined): string[] {
  return (message?.payloads ?? []).map(({ kind }) => kind);
}

/** Groups that a message offers. */
function groupsIn(payloads: readonly Payload[]): number[] {
  const proposals = firstOf(payloads, 'SA')?.proposals ?? [];
  const transforms = proposals.flatMap((proposal) => proposal.transforms);
  return [...new Set(transforms.filter(({ type }) => type === TransformType.KE).map(({ id }) => id))];
}

describe('a further pair that we ask for', () => {
  test(
    'with a key exchange of its own it carries traffic beside the first one',
    proves(
      ['RFC7296-1.3-1', 'does'],
      ['RFC7296-1.3-x1', 'does'],
      ['RFC7296-2.17-x2', 'does'],
      ['RFC7296-2.17-x1', 'does'],
    ),
    () => {
      const ends = new TwoEnds();
      const [request, ...others] = ask(ends);
      assert.equal(others.length, 0);
      assert.deepEqual(kinds(request), ['SA', 'NONCE', 'KE', 'TSi', 'TSr']);
      const ke = firstOf(request?.payloads ?? [], 'KE');
      assert.ok(ke && groupsIn(request?.payloads ?? []).includes(ke.group));
      assert.equal(ends.only.children.at(-1)?.group, ke.group);
      assert.ok(ends.passes);
      ends.agree(2);
    },
  );

  test(
    'without one its keys come from the IKE SA and its own nonces',
    proves('RFC7296-2.17-x1', 'does'),
    () => {
      const ends = new TwoEnds({ client: NO_PFS });
      const [request] = ask(ends);
      assert.deepEqual(kinds(request), ['SA', 'NONCE', 'TSi', 'TSr']);
      assert.equal(ends.only.children.at(-1)?.group, undefined);
      ends.agree(2);
    },
  );

  test(
    'another group that the gateway wants is used in a new request',
    proves(['RFC7296-1.3-x2', 'does'], ['RFC7296-1.3-x1', 'does']),
    () => {
      const ends = new TwoEnds({ gateway: { esp: { groups: [P256] } }, client: NO_FIRST_GROUP });
      const [first, second, ...others] = ask(ends);
      assert.equal(others.length, 0);
      assert.deepEqual(
        [first, second].map((request) => firstOf(request?.payloads ?? [], 'KE')?.group),
        [X25519, P256],
      );
      const nonces = [first, second].map((request) => firstOf(request?.payloads ?? [], 'NONCE')?.data);
      assert.notDeepEqual(nonces[0], nonces[1]);
      ends.agree(2);
    },
  );

  for (const [what, group] of [
    ['that was not offered', 5],
    ['that it has just refused', X25519],
  ] as const) {
    test(`a gateway that wants a group ${what} is not followed for ever`, () => {
      const ends = new TwoEnds({ gateway: { faults: { create: { invalidKe: { group, times: 50 } } } } });
      assert.ok(ask(ends).length <= 2);
      ends.made.gateway.faults = {};
      ends.agree(1);
    });
  }

  test(
    'a gateway that has had enough of them keeps the one that there is',
    proves('RFC7296-1.3-x3', 'does'),
    () => {
      for (const type of [
        Notify.NO_ADDITIONAL_SAS,
        Notify.NO_PROPOSAL_CHOSEN,
        Notify.TS_UNACCEPTABLE,
        Notify.INTERNAL_ADDRESS_FAILURE,
        // Private use, as Windows gateways do it.
        12_345,
      ]) {
        const ends = new TwoEnds({ gateway: { faults: { create: { refuse: { notify: type } } } } });
        assert.equal(ask(ends).length, 1);
        ends.made.gateway.faults = {};
        ends.agree(1);
      }
    },
  );

  for (const [what, create] of [
    ['a cipher that was not offered', { proposal: 'unoffered-cipher' }],
    ['no cipher', { proposal: 'missing-transform' }],
    ['wider selectors', { traffic: 'wider-remote' }],
    ['foreign selectors', { traffic: 'foreign' }],
    ['an SPI of zero', { spi: 'zero' }],
    ['a reserved SPI', { spi: 'reserved' }],
    ['no key exchange though it chose one', { keyExchange: 'omit' }],
    ['a value of another group', { keyExchange: 'other-group' }],
    ['a value that is none', { keyExchange: 'invalid-value' }],
  ] as const) {
    test(
      `an answer with ${what} makes no pair, and the gateway's half is deleted`,
      proves(['RFC7296-2.7-1', 'refuses'], ['RFC7296-2.9-1', 'refuses']),
      () => {
        const ends = new TwoEnds({ gateway: { faults: { create } } });
        ends.command({ kind: 'create-child', remote: OTHER_OFFICE }).settle();
        ends.made.gateway.faults = {};
        ends.live(60_000);
        ends.agree(1);
      },
    );
  }
});

const NO_FIRST_GROUP = {
  ikeOffers: offers('aes256gcm16-prfsha256-x25519-ecp256'),
};

function offers(words: string) {
  const parsed = parseIkeWords(words);
  assert.ok(parsed.ok);
  return [parsed.value];
}

/** A traffic selector of a type that nobody has defined. */
const STRANGE = { tsType: 200, second: 0, data: new Uint8Array(12) };

/** What the client answers to a request of the gateway for a pair of Child SAs. */
function answerTo(ends: TwoEnds, change: (request: Payload[]) => readonly Payload[]): Message {
  ends.made.gateway.faults = {
    tamper: (message, step) =>
      step === 'request' && message.exchange === CREATE_CHILD_SA
        ? { ...message, payloads: change([...message.payloads]) }
        : message,
  };
  ends.gatewayDoes((gateway, saId, now) => gateway.createChild(saId, now, { groups: [X25519] })).settle();
  const answered = ends.gatewayEvents.filter((event) => event.kind === 'answered').at(-1);
  assert.ok(answered);
  return answered.message;
}

function withTransforms(
  payloads: readonly Payload[],
  change: (transforms: readonly Transform[]) => readonly Transform[],
): Payload[] {
  return payloads.map((payload) =>
    payload.kind === 'SA'
      ? {
          ...payload,
          proposals: payload.proposals.map((proposal) => {
            return { ...proposal, transforms: change(proposal.transforms) };
          }),
        }
      : payload,
  );
}

describe('a further pair that the gateway asks for', () => {
  for (const groups of [[], [X25519], [P256], [NONE, X25519]]) {
    test(
      `with groups [${groups.join()}] it is made and carries traffic`,
      proves(['RFC7296-2.7-x1', 'does'], ['RFC7296-2.8-7', 'does']),
      () => {
        const ends = new TwoEnds();
        ends.gatewayDoes((gateway, saId, now) => gateway.createChild(saId, now, { groups })).live(1000);
        ends.agree(2);
      },
    );
  }

  test(
    'a value of a group that we do not choose is refused with the one that we would take',
    proves(['RFC7296-1.3-2', 'does'], ['RFC7296-3.4-x2', 'does'], ['RFC7296-1.3-x2', 'does']),
    () => {
      const ends = new TwoEnds();
      const answer = answerTo(ends, (request) =>
        withTransforms(request, (list) => [
          ...list.filter(({ type }) => type !== TransformType.KE),
          { type: TransformType.KE, id: P256 },
        ]),
      );
      const refusal = notifyOf(answer.payloads, Notify.INVALID_KE_PAYLOAD);
      assert.deepEqual(refusal?.data, u16(P256));
      assert.equal(ends.clientPairs.length, 1);
    },
  );

  test(
    'a gateway that guessed the wrong group gets what it asks for after all',
    proves('RFC7296-1.3-2', 'does'),
    () => {
      const ends = new TwoEnds({ client: { ikeOffers: offers('aes256gcm16-prfsha256-x25519') } });
      ends
        .gatewayDoes((gateway, saId, now) => gateway.createChild(saId, now, { groups: [P256, X25519] }))
        .live(1000);
      assert.deepEqual(
        ends.gatewayEventsOf('turned-down').map(({ notify }) => notify),
        [Notify.INVALID_KE_PAYLOAD],
      );
      ends.agree(2);
    },
  );

  test(
    'with group NONE chosen, a value that came all the same is ignored and none goes back',
    proves('RFC7296-3.3.6-8', 'does'),
    () => {
      const ends = new TwoEnds({ client: { ...NO_PFS, ikeOffers: offers('aes256gcm16-prfsha256-ecp256') } });
      const answer = answerTo(ends, (request) =>
        withTransforms(request, (list) => [...list, { type: TransformType.KE, id: NONE }]),
      );
      assert.deepEqual(groupsIn(answer.payloads), [NONE]);
      assert.equal(firstOf(answer.payloads, 'KE'), undefined);
    },
  );

  test(
    'a proposal with a transform type that we do not know is not taken, another one is',
    proves('RFC7296-3.3.6-4', 'does'),
    () => {
      const unknown = (list: readonly Transform[]): Transform[] => [...list, { type: 77, id: 1 }];
      const only = answerTo(new TwoEnds(), (request) => withTransforms(request, unknown));
      assert.ok(notifyOf(only.payloads, Notify.NO_PROPOSAL_CHOSEN));
      const both = answerTo(new TwoEnds(), (request) =>
        request.map((payload) => {
          if (payload.kind !== 'SA') return payload;
          const [honest] = payload.proposals;
          assert.ok(honest);
          const strange = { ...honest, transforms: unknown(honest.transforms) };
          return { ...payload, proposals: [strange, { ...honest, number: 2 }] };
        }),
      );
      assert.equal(firstOf(both.payloads, 'SA')?.proposals[0]?.number, 2);
    },
  );

  test(
    'a transform with an attribute that we do not know is not taken, its neighbour is',
    proves('RFC7296-3.3.6-5', 'does'),
    () => {
      const answer = answerTo(new TwoEnds(), (request) =>
        withTransforms(request, (list) =>
          list.flatMap((one) =>
            one.type === TransformType.ENCR
              ? [
                  { ...one, otherAttributes: [{ type: 99, value: 1 }] },
                  { ...one, keyLength: 128 },
                ]
              : [one],
          ),
        ),
      );
      const chosen = firstOf(answer.payloads, 'SA')?.proposals[0]?.transforms;
      assert.equal(chosen?.find(({ type }) => type === TransformType.ENCR)?.keyLength, 128);
    },
  );

  test(
    'selectors are narrowed to our own address and to what the profile lets in',
    proves(['RFC7296-2.9-2', 'does'], ['RFC7296-5.1-x1', 'does'], ['RFC7296-2.9-x3', 'does']),
    () => {
      const ends = new TwoEnds({
        client: { remoteSelectors: [selectorOfPrefix(prefix('10.1.0.0/16'))], addressFamilies: [4] },
      });
      const everything: TrafficSelector = {
        tsType: TsType.IPV4,
        ipProtocol: 0,
        startPort: 0,
        endPort: 0xffff,
        startAddress: new Uint8Array(4),
        endAddress: new Uint8Array(4).fill(255),
      };
      const answer = answerTo(ends, (request) =>
        request.map((payload) =>
          payload.kind === 'TSi' || payload.kind === 'TSr'
            ? { ...payload, selectors: [everything], otherSelectors: [STRANGE] }
            : payload,
        ),
      );
      const child = ends.events.findLast((event) => event.kind === 'child-added')?.child;
      assert.deepEqual(child?.local.map(formatSelector), ['10.9.0.2/32']);
      assert.deepEqual(child.remote.map(formatSelector), ['10.1.0.0/16']);
      assert.equal(firstOf(answer.payloads, 'TSi')?.selectors.length, 1);
    },
  );

  test('traffic that is none of ours is refused', proves('RFC7296-5.1-x1', 'refuses'), () => {
    const ends = new TwoEnds({
      client: { remoteSelectors: [selectorOfPrefix(prefix('10.1.0.0/16'))], addressFamilies: [4] },
    });
    const foreign = (selectors: readonly TrafficSelector[]): TrafficSelector[] =>
      selectors.map((selector) => {
        const octets = Uint8Array.of(203, 0, 113, 9).subarray(0, selector.startAddress.length);
        return { ...selector, startAddress: octets, endAddress: octets };
      });
    for (const kind of ['TSi', 'TSr'] as const) {
      const answer = answerTo(ends, (request) =>
        request.map((payload) =>
          payload.kind === kind ? { ...payload, selectors: foreign(payload.selectors) } : payload,
        ),
      );
      assert.ok(notifyOf(answer.payloads, Notify.TS_UNACCEPTABLE), kind);
    }
    ends.made.gateway.faults = {};
    ends.agree(1);
  });

  test('a gateway cannot fill us with pairs for ever', () => {
    const ends = new TwoEnds();
    for (let i = 0; i < 100; i++)
      ends.gatewayDoes((gateway, saId, now) => gateway.createChild(saId, now, { groups: [] })).settle();
    const refused = ends.gatewayEventsOf('turned-down').map(({ notify }) => notify);
    assert.ok(refused.length > 40);
    assert.deepEqual(new Set(refused), new Set([Notify.NO_ADDITIONAL_SAS]));
    assert.deepEqual(ends.clientPairs, ends.gatewayPairs);
    assert.ok(ends.passes);
  });

  test('each SPI is one of its own, of the kind that ESP may have', () => {
    const ends = new TwoEnds();
    for (let i = 0; i < 5; i++)
      ends.gatewayDoes((gateway, saId, now) => gateway.createChild(saId, now, { groups: [] })).settle();
    const spis = ends.gatewayEvents
      .flatMap((event) => (event.kind === 'answered' ? allOf(event.message.payloads, 'SA') : []))
      .map(({ proposals }) => readU32(proposals[0]?.spi ?? u32(0)));
    assert.equal(new Set(spis).size, 5);
    assert.ok(spis.every((spi) => spi > 255));
    assert.ok(ends.gatewayEventsOf('violation').length === 0);
  });
});
