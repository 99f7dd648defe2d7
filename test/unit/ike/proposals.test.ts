import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  acceptChoice,
  chooseProposal,
  DEFAULT_ESP_OFFERS,
  DEFAULT_IKE_OFFERS,
  groupsOf,
  type Offer,
  proposalsOf,
  withAnyGroups,
  withGroups,
  withoutGroups,
} from '../../../core/ike/proposals.ts';
import { aead } from '../../../core/crypto/aead.ts';
import { keyExchange } from '../../../core/crypto/key-exchange.ts';
import { prf } from '../../../core/crypto/prf.ts';
import { Encr, Esn, Group, Integ, Prf, Protocol, TransformType } from '../../../core/wire/constants.ts';
import type { Proposal, Transform } from '../../../core/wire/payloads/sa.ts';
import { proves } from '../../conformance/tag.ts';

const { ENCR, PRF, INTEG, KE, ESN } = TransformType;
const SPI = Uint8Array.of(1, 2, 3, 4);

const ike = proposalsOf(DEFAULT_IKE_OFFERS, Protocol.IKE);
const esp = proposalsOf(DEFAULT_ESP_OFFERS, Protocol.ESP, SPI);

const ofType = ({ transforms }: Proposal, type: number): Transform[] =>
  transforms.filter((transform) => transform.type === type);

describe('the default offer', () => {
  test(
    'combined-mode ciphers stand in a proposal of their own, before the others and without integrity',
    proves(
      ['RFC7296-3.3-1', 'does'],
      ['RFC7296-3.3-2', 'does'],
      ['RFC7296-3.3-3', 'does'],
      ['RFC7296-3.3-5', 'does'],
      ['RFC7296-3.3.2-x1', 'does'],
      ['RFC5282-8-2', 'does'],
    ),
    () => {
      for (const proposals of [ike, esp]) {
        assert.deepEqual(
          proposals.map(({ number }) => number),
          [1, 2],
        );
        const [combined, classic] = proposals;
        assert.ok(combined && classic);
        assert.ok(ofType(combined, ENCR).every(({ id, keyLength }) => aead(id, keyLength)));
        assert.deepEqual(ofType(combined, INTEG), []);
        assert.ok(ofType(classic, ENCR).every(({ id }) => id === Encr.AES_CBC));
        assert.ok(ofType(classic, INTEG).length > 0);
      }
    },
  );

  test(
    'every mandatory type is in every proposal, and none that its protocol does not have',
    proves(
      ['RFC7296-3.3.2-1', 'does'],
      ['RFC7296-3.3.6-1', 'does'],
      ['RFC7296-3.3.3-x2', 'does'],
      ['RFC7296-3.3.3-1', 'does'],
      ['RFC7296-3.3-x1', 'does'],
    ),
    () => {
      const typesOf = (proposal: Proposal): number[] =>
        [...new Set(proposal.transforms.map(({ type }) => type))].sort((a, b) => a - b);
      assert.deepEqual(ike.map(typesOf), [
        [ENCR, PRF, KE],
        [ENCR, PRF, INTEG, KE],
      ]);
      assert.deepEqual(esp.map(typesOf), [
        [ENCR, ESN],
        [ENCR, INTEG, ESN],
      ]);
    },
  );

  test(
    'each key length is a transform of its own, and ciphers of one length have no attribute',
    proves(
      ['RFC7296-3.3-7', 'does'],
      ['RFC7296-3.3.5-4', 'does'],
      ['RFC7296-3.3.5-5', 'does'],
      ['RFC7296-3.3.5-x2', 'does'],
    ),
    () => {
      for (const proposal of [...ike, ...esp]) {
        for (const { type, id, keyLength, otherAttributes } of proposal.transforms) {
          const varies = type === ENCR && (id === Encr.AES_CBC || id === Encr.AES_GCM_16);
          assert.equal(keyLength !== undefined, varies, `type ${type} id ${id}`);
          assert.equal(otherAttributes, undefined);
        }
        const ciphers = ofType(proposal, ENCR).map(({ id, keyLength }) => `${id}/${keyLength ?? ''}`);
        assert.equal(new Set(ciphers).size, ciphers.length);
      }
    },
  );

  test(
    'nothing that is offered is weak, NULL or unknown to us',
    proves(
      ['RFC7296-5-2', 'does'],
      ['RFC7296-5-3', 'does'],
      ['RFC7296-3.14-7', 'does'],
      ['RFC7296-1.7-2', 'does'],
    ),
    () => {
      const ids = (type: number): number[] =>
        [...ike, ...esp].flatMap((p) => ofType(p, type).map((t) => t.id));
      const weakIntegs: readonly number[] = [Integ.NONE, Integ.HMAC_MD5_96];
      assert.ok(ids(INTEG).every((id) => !weakIntegs.includes(id)));
      assert.ok(ike.every((p) => ofType(p, INTEG).every(({ id }) => id !== Integ.HMAC_SHA1_96)));
      const last = esp.map((p) => ofType(p, INTEG).at(-1)?.id);
      assert.equal(
        last.at(-1),
        Integ.HMAC_SHA1_96,
        'for gateways set up for Windows, behind everything better',
      );
      assert.ok(ids(ENCR).every((id) => id !== Encr.NULL));
      assert.ok(ids(PRF).every((id) => id !== Prf.HMAC_SHA1 && (prf(id)?.outputLength ?? 0) >= 32));
      assert.ok(groupsOf(DEFAULT_IKE_OFFERS).every((id) => keyExchange(id)));
      assert.ok(!groupsOf(DEFAULT_IKE_OFFERS).includes(Group.MODP_1024));
    },
  );

  test('the SPI of the first IKE SA is empty, that of ESP is ours', proves('RFC7296-3.3.1-2', 'does'), () => {
    assert.ok(ike.every(({ spi }) => spi.length === 0));
    assert.ok(esp.every(({ spi }) => spi === SPI));
  });

  test('the groups of several offers are listed once each, in order', () => {
    const [first, second] = DEFAULT_IKE_OFFERS;
    assert.ok(first && second);
    const offers = [
      { ...first, groups: [31, 19] },
      { ...second, groups: [19, 14] },
    ];
    assert.deepEqual(groupsOf(offers), [31, 19, 14]);
  });
});

/** A right answer to the first proposal of the default offer for IKE, with one thing changed. */
function answer(change: Partial<Proposal> = {}): Proposal {
  const transforms = [
    { type: ENCR, id: Encr.AES_GCM_16, keyLength: 256 },
    { type: PRF, id: Prf.HMAC_SHA2_256 },
    { type: KE, id: Group.CURVE25519 },
  ];
  return { number: 1, protocol: Protocol.IKE, spi: new Uint8Array(0), transforms, ...change };
}

function cbcAnswer(...changed: readonly Transform[]): Proposal {
  const transforms = [
    { type: ENCR, id: Encr.AES_CBC, keyLength: 128 },
    { type: PRF, id: Prf.HMAC_SHA2_384 },
    { type: INTEG, id: Integ.HMAC_SHA2_256_128 },
    { type: KE, id: Group.MODP_2048 },
  ].filter(({ type }) => !changed.some((transform) => transform.type === type));
  return answer({ number: 2, transforms: [...transforms, ...changed] });
}

const replaced = (transform: Transform): Transform[] => [
  ...answer().transforms.filter(({ type }) => type !== transform.type),
  transform,
];

describe('the choice of the gateway', () => {
  test(
    'one proposal with one offered transform of each type is taken',
    proves(
      ['RFC7296-2.7-1', 'does'],
      ['RFC7296-2.7-2', 'does'],
      ['RFC7296-2.7-x2', 'does'],
      ['RFC7296-3.3.1-1', 'does'],
      ['RFC7296-3.3.4-2', 'does'],
      ['RFC7296-3.3.6-3', 'does'],
      ['RFC7296-3.3.6-7', 'does'],
    ),
    () => {
      for (const chosen of [
        answer(),
        cbcAnswer(),
        answer({ transforms: [...answer().transforms].reverse() }),
      ]) {
        assert.deepEqual(acceptChoice(ike, [chosen]), { ok: true, value: chosen });
      }
    },
  );

  test('an explicit "none" where we offered nothing is passed over', proves('RFC5282-8-1', 'does'), () => {
    const none = { type: INTEG, id: Integ.NONE };
    const chosen = acceptChoice(ike, [answer({ transforms: [...answer().transforms, none] })]);
    assert.deepEqual(chosen, { ok: true, value: answer() });
    const espTransforms = [
      { type: ENCR, id: Encr.AES_GCM_16, keyLength: 128 },
      { type: ESN, id: Esn.NO },
    ];
    const espAnswer = answer({ protocol: Protocol.ESP, transforms: espTransforms });
    const noGroup = { ...espAnswer, transforms: [...espTransforms, { type: KE, id: Group.NONE }] };
    assert.deepEqual(acceptChoice(esp, [noGroup]), { ok: true, value: espAnswer });
  });

  for (const [what, chosen] of [
    ['no proposal', []],
    ['two proposals', [answer(), cbcAnswer()]],
    ['a proposal number that was not offered', [answer({ number: 3 })]],
    ['the number of the other proposal', [answer({ number: 2 })]],
    ['another protocol', [answer({ protocol: Protocol.ESP })]],
    [
      'a cipher that was not offered',
      [answer({ transforms: replaced({ type: ENCR, id: Encr.TRIPLE_DES }) })],
    ],
    [
      'another key length',
      [answer({ transforms: replaced({ type: ENCR, id: Encr.AES_GCM_16, keyLength: 192 }) })],
    ],
    ['no key length', [answer({ transforms: replaced({ type: ENCR, id: Encr.AES_GCM_16 }) })]],
    [
      'a key length where none belongs',
      [answer({ transforms: replaced({ type: PRF, id: Prf.HMAC_SHA2_256, keyLength: 256 }) })],
    ],
    [
      'an attribute that we do not know',
      [
        answer({
          transforms: replaced({
            type: PRF,
            id: Prf.HMAC_SHA2_256,
            otherAttributes: [{ type: 77, value: 1 }],
          }),
        }),
      ],
    ],
    ['a PRF that was not offered', [answer({ transforms: replaced({ type: PRF, id: Prf.HMAC_SHA1 }) })]],
    ['two ciphers', [answer({ transforms: [...answer().transforms, ...answer().transforms.slice(0, 1)] })]],
    ['no cipher', [answer({ transforms: answer().transforms.slice(1) })]],
    ['no group', [answer({ transforms: answer().transforms.slice(0, 2) })]],
    ['the group NONE', [answer({ transforms: replaced({ type: KE, id: Group.NONE }) })]],
    [
      'integrity beside a combined-mode cipher',
      [answer({ transforms: [...answer().transforms, { type: INTEG, id: Integ.HMAC_SHA2_256_128 }] })],
    ],
    ['no integrity beside AES-CBC', [cbcAnswer({ type: INTEG, id: Integ.NONE })]],
    ['a NULL cipher', [cbcAnswer({ type: ENCR, id: Encr.NULL })]],
    [
      'a type of transform that we do not know',
      [answer({ transforms: [...answer().transforms, { type: 99, id: 1 }] })],
    ],
    [
      'sequence numbers for an IKE SA',
      [answer({ transforms: [...answer().transforms, { type: ESN, id: 0 }] })],
    ],
  ] as const) {
    test(
      `${what} is refused`,
      proves(
        ['RFC7296-3.3.6-3', 'refuses'],
        ['RFC7296-2.7-1', 'refuses'],
        ['RFC7296-2.7-2', 'refuses'],
        ['RFC7296-3.3.1-1', 'refuses'],
        ['RFC7296-3.3.6-7', 'refuses'],
        ['RFC7296-3.3.5-4', 'refuses'],
        ['RFC7296-3.3.5-5', 'refuses'],
        ['RFC7296-3.3-2', 'refuses'],
        ['RFC7296-5-2', 'refuses'],
        ['RFC7296-3.3.4-2', 'refuses'],
        ['RFC7296-3.3.4-3', 'refuses'],
        ['RFC7296-3.3.2-1', 'refuses'],
        ['RFC5282-8-1', 'refuses'],
      ),
      () => {
        const result = acceptChoice(ike, chosen);
        assert.ok(!result.ok && result.error.length > 0);
      },
    );
  }

  test(
    'a choice from ESP without a word on sequence numbers is refused',
    proves('RFC7296-3.3.3-x2', 'refuses'),
    () => {
      const transforms = [{ type: ENCR, id: Encr.AES_GCM_16, keyLength: 128 }];
      assert.ok(!acceptChoice(esp, [answer({ protocol: Protocol.ESP, transforms })]).ok);
    },
  );
});

describe('groups for Child SAs', () => {
  const [plain] = DEFAULT_ESP_OFFERS;
  const strict: Offer = { ...plain!, groups: [Group.ECP_384] };

  test('the first pair has none, whatever the profile says', proves('RFC7296-1.2-1', 'does'), () => {
    assert.deepEqual(groupsOf(withoutGroups([plain!, strict])), []);
  });

  test('those of the profile are a condition, otherwise any will do and none as well', () => {
    const offers = withGroups([plain!, strict], [Group.CURVE25519, Group.ECP_256]);
    assert.deepEqual(
      offers.map(({ groups }) => groups),
      [[Group.CURVE25519, Group.ECP_256, Group.NONE], [Group.ECP_384]],
    );
    assert.deepEqual(groupsOf(offers), [Group.CURVE25519, Group.ECP_256, Group.ECP_384]);
    assert.deepEqual(withAnyGroups([strict], [])[0]?.groups, [Group.ECP_384, Group.NONE]);
  });

  test('an answer without a group is taken where we offered to do without, and only there', () => {
    const [optional, demanded] = proposalsOf(
      [...withGroups([plain!], [Group.CURVE25519]), strict],
      Protocol.ESP,
      SPI,
    );
    const gcm = { type: ENCR, id: Encr.AES_GCM_16, keyLength: 256 };
    const esn = { type: ESN, id: Esn.NO };
    const none = { type: KE, id: Group.NONE };
    for (const transforms of [
      [gcm, esn],
      [gcm, esn, none],
    ]) {
      const taken = acceptChoice([optional!], [{ ...optional!, transforms }]);
      assert.deepEqual(taken.ok && taken.value.transforms, [gcm, esn]);
      assert.equal(acceptChoice([demanded!], [{ ...demanded!, transforms }]).ok, false);
    }
  });
});

describe('the choice among the offers of the other end', () => {
  const ours = { protocol: Protocol.ESP, spi: Uint8Array.of(9, 9, 9, 9) };
  const gcm = (keyLength: number): Transform => ({ type: ENCR, id: Encr.AES_GCM_16, keyLength });
  const cbc: Transform = { type: ENCR, id: Encr.AES_CBC, keyLength: 128 };
  const sha: Transform = { type: INTEG, id: Integ.HMAC_SHA2_256_128 };
  const noEsn: Transform = { type: ESN, id: Esn.NO };
  const x25519: Transform = { type: KE, id: Group.CURVE25519 };
  const p256: Transform = { type: KE, id: Group.ECP_256 };
  const none: Transform = { type: KE, id: Group.NONE };
  const theirs = (number: number, ...transforms: Transform[]): Proposal => ({
    number,
    protocol: Protocol.ESP,
    spi: SPI,
    transforms,
  });
  const choose = (proposals: Proposal[], groups: number[] = [], group?: number) =>
    chooseProposal(
      groups.length > 0 ? withGroups(DEFAULT_ESP_OFFERS, groups) : DEFAULT_ESP_OFFERS,
      proposals,
      ours,
      group,
    );

  test(
    'it is our preference, one transform of each type, numbered as theirs and with our SPI',
    proves(
      ['RFC7296-3.3.6-x1', 'does'],
      ['RFC7296-3.3.1-1', 'does'],
      ['RFC7296-3.3.4-2', 'does'],
      ['RFC7296-2.7-1', 'does'],
    ),
    () => {
      const choice = choose([theirs(1, cbc, sha, noEsn), theirs(2, gcm(128), gcm(256), noEsn)]);
      assert.deepEqual(choice?.answer, { ...theirs(2, gcm(256), noEsn), spi: ours.spi });
      assert.deepEqual(choice.spi, SPI);
    },
  );

  test(
    'what we do not have, or do not know, is passed over',
    proves(
      ['RFC7296-3.3.6-4', 'does'],
      ['RFC7296-3.3.6-5', 'does'],
      ['RFC7296-3.3.4-3', 'does'],
      ['RFC7296-3.3.3-1', 'does'],
    ),
    () => {
      const odd = { ...gcm(256), otherAttributes: [{ type: 99, value: 1 }] };
      assert.equal(choose([theirs(1, odd, noEsn)]), undefined);
      assert.deepEqual(choose([theirs(1, odd, gcm(128), noEsn)])?.chosen.transforms, [gcm(128), noEsn]);
      assert.equal(choose([theirs(1, gcm(256))]), undefined, 'without a mandatory type');
      assert.equal(choose([theirs(1, gcm(256), noEsn, { type: 9, id: 1 })]), undefined, 'with another type');
      assert.equal(choose([theirs(1, gcm(192), noEsn)]), undefined);
      assert.equal(choose([{ ...theirs(1, gcm(256), noEsn), protocol: Protocol.AH }]), undefined);
      assert.equal(choose([{ ...theirs(1, gcm(256), noEsn), spi: SPI.subarray(2) }]), undefined);
    },
  );

  test('the group of the value at hand goes before the others', () => {
    const groups = [Group.CURVE25519, Group.ECP_256];
    const offer = theirs(1, gcm(256), noEsn, p256, x25519, none);
    assert.deepEqual(choose([offer], groups, Group.ECP_256)?.chosen.transforms, [gcm(256), p256, noEsn]);
    assert.deepEqual(choose([offer], groups, Group.MODP_2048)?.chosen.transforms, [gcm(256), x25519, noEsn]);
  });

  test(
    'without a group: where we may do without, whether they say so or say nothing',
    proves('RFC7296-3.3.6-8', 'does'),
    () => {
      const silent = choose([theirs(1, gcm(256), noEsn)], [Group.CURVE25519]);
      assert.deepEqual(silent?.answer.transforms, [gcm(256), noEsn]);
      const said = choose([theirs(1, gcm(256), noEsn, none)], [Group.CURVE25519]);
      assert.deepEqual(said?.answer.transforms, [gcm(256), none, noEsn]);
      assert.deepEqual(said.chosen.transforms, [gcm(256), noEsn]);
      const demanded = [{ ...DEFAULT_ESP_OFFERS[0]!, groups: [Group.CURVE25519] }];
      assert.equal(chooseProposal(demanded, [theirs(1, gcm(256), noEsn)], ours, undefined), undefined);
    },
  );
});
