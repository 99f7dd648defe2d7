import { test } from 'node:test';
import assert from 'node:assert/strict';
import { fromHex, utf8 } from '../../../core/lib/bytes.ts';
import { ProtocolError } from '../../../core/lib/reader.ts';
import { Writer } from '../../../core/lib/writer.ts';
import { PayloadType } from '../../../core/wire/constants.ts';
import { decodePayloadBody, encodePayloadBody, payloadTypeOf } from '../../../core/wire/payload.ts';
import type { Payload } from '../../../core/wire/payload.ts';
import { MAX_CONFIG_ATTRIBUTES } from '../../../core/wire/payloads/config.ts';
import { authorityHashes } from '../../../core/wire/payloads/certreq.ts';
import { notify } from '../../../core/wire/payloads/notify.ts';
import { MAX_PROPOSALS } from '../../../core/wire/payloads/sa.ts';
import { proves } from '../../conformance/tag.ts';
import { GOLDEN_PAYLOADS } from './golden-payloads.ts';
import { bumped, octets } from './octets.ts';

function bodyOf(payload: Payload): Uint8Array {
  const writer = new Writer();
  encodePayloadBody(payload, writer);
  return writer.finish();
}

function decode(kind: keyof typeof PayloadType, hex: string): Payload {
  return decodePayloadBody(PayloadType[kind], false, octets(hex));
}

function refuses(kind: keyof typeof PayloadType, hex: string): void {
  assert.throws(() => decode(kind, hex), ProtocolError);
}

for (const { name, payload, body, counts } of GOLDEN_PAYLOADS) {
  test(`${name}: the value encodes to the octets written by hand`, () => {
    assert.deepEqual(bodyOf(payload), body);
  });

  test(`${name}: the octets written by hand decode to the value`, () => {
    assert.deepEqual(decodePayloadBody(payloadTypeOf(payload), false, body), payload);
  });

  for (const [offset, size] of counts) {
    for (const delta of [-1, 1]) {
      test(
        `${name}: the count at octet ${offset} off by ${delta} is refused`,
        payload.kind === 'SA' ? proves('RFC7296-3.3-4', 'refuses') : {},
        () => {
          const wrong = bumped(body, offset, size, delta);
          assert.throws(() => decodePayloadBody(payloadTypeOf(payload), false, wrong), ProtocolError);
        },
      );
    }
  }

  test(`${name}: every shorter body is refused or is another value`, () => {
    for (let length = 0; length < body.length; length++) {
      let shorter: Payload | undefined;
      try {
        shorter = decodePayloadBody(payloadTypeOf(payload), false, body.subarray(0, length));
      } catch (error) {
        assert.ok(error instanceof ProtocolError);
      }
      assert.notDeepEqual(shorter, payload);
    }
  });
}

test(
  'reserved fields of every payload are sent as zero and ignored when they are not',
  proves(['RFC7296-2.5-6', 'does'], ['RFC7296-2.5-7', 'does']),
  () => {
    const reserved: readonly (readonly [string, readonly number[]])[] = [
      [
        'SA for ESP with its SPI and with attributes that nobody knows, in both forms',
        [1, 13, 17, 36, 40, 44, 48],
      ],
      ['KE', [2, 3]],
      ['IDi with a mail address', [1, 2, 3]],
      ['IDr with an IPv4 address', [1, 2, 3]],
      ['AUTH', [1, 2, 3]],
      ['TSi with a range of each family', [1, 2, 3]],
      ['CP reply', [1, 2, 3]],
    ];
    for (const [name, offsets] of reserved) {
      const golden = GOLDEN_PAYLOADS.find((candidate) => candidate.name === name);
      assert.ok(golden);
      const noisy = golden.body.slice();
      for (const offset of offsets) {
        assert.equal(golden.body[offset], 0, `${name} ${offset}`);
        noisy[offset] = 0xff;
      }
      assert.deepEqual(decodePayloadBody(payloadTypeOf(golden.payload), false, noisy), golden.payload);
    }
  },
);

test('a Key Length in the variable form is refused', proves('RFC7296-3.3.5-1', 'refuses'), () => {
  refuses('SA', '00 00 0016 01 01 00 01  00 00 000e 01 00 000c  000e 0002 0100');
  refuses('SA', '00 00 0014 01 01 00 01  00 00 000c 01 00 000c  000e 0000');
});

test(
  'an attribute of variable length stays one when two octets would hold its value',
  proves('RFC7296-3.3.5-2', 'does'),
  () => {
    const otherAttributes = [{ type: 18, value: octets('aabb') }];
    const transforms = [{ type: 1, id: 12, otherAttributes }];
    const body = bodyOf({
      kind: 'SA',
      proposals: [{ number: 1, protocol: 1, spi: new Uint8Array(0), transforms }],
    });
    assert.deepEqual(body.subarray(-6), octets('00 12 00 02 aa bb'));
  },
);

test(
  'a Key Length is sent in the fixed form, in bits and in network order',
  proves(['RFC7296-3.3.5-1', 'does'], ['RFC7296-3.3.5-3', 'does'], ['RFC7296-3.3.5-x3', 'does']),
  () => {
    const body = bodyOf({
      kind: 'SA',
      proposals: [
        { number: 1, protocol: 1, spi: new Uint8Array(0), transforms: [{ type: 1, id: 12, keyLength: 256 }] },
      ],
    });
    assert.deepEqual(body.subarray(-4), octets('80 0e 01 00'));
  },
);

test('two attributes of one type in a transform are refused', proves('RFC7296-3.3-6', 'refuses'), () => {
  refuses('SA', '00 00 0018 01 01 00 01  00 00 0010 01 00 000c  800e 0100 800e 0080');
  refuses('SA', '00 00 0018 01 01 00 01  00 00 0010 01 00 000c  8011 0100 8011 0080');
});

test(
  'proposals that are not numbered one after the other are refused',
  proves('RFC7296-3.3-5', 'refuses'),
  () => {
    const two = (first: string, second: string): string =>
      `02 00 0010 ${first} 01 00 01  00 00 0008 01 00 000c   00 00 0010 ${second} 01 00 01  00 00 0008 01 00 000c`;
    assert.equal(decode('SA', two('01', '02')).kind, 'SA');
    refuses('SA', two('01', '01'));
    refuses('SA', two('01', '03'));
    refuses('SA', two('02', '01'));
  },
);

test(
  'a marker of the last proposal or transform that contradicts the counts is refused',
  proves('RFC7296-3.3-4', 'refuses'),
  () => {
    refuses('SA', '02 00 0010 01 01 00 01  00 00 0008 01 00 000c # more proposals, but there is none');
    refuses('SA', '01 00 0010 01 01 00 01  00 00 0008 01 00 000c # 1 is no marker');
    refuses('SA', '00 00 0010 01 01 00 01  03 00 0008 01 00 000c # more transforms, but the count is 1');
    refuses(
      'SA',
      '00 00 0018 01 01 00 02  00 00 0008 01 00 000c 00 00 0008 02 00 0005 # last before the last',
    );
    refuses('SA', '00 00 0010 01 01 00 01  00 00 0008 01 00 000c 00 # an octet after the last proposal');
    refuses('SA', '00 00 0011 01 01 00 01  00 00 0008 01 00 000c 00 # an octet after the last transform');
    refuses('SA', '');
  },
);

test(
  'an SPI in a proposal has the length of its protocol',
  proves(['RFC7296-3.3.1-x1', 'refuses'], ['RFC7296-3.3.1-x1', 'does']),
  () => {
    assert.equal(decode('SA', '00 00 0010 01 01 08 00 0102030405060708').kind, 'SA');
    assert.equal(decode('SA', '00 00 000c 01 03 04 00 01020304').kind, 'SA');
    refuses('SA', '00 00 000c 01 01 04 00 01020304 # IKE with 4');
    refuses('SA', '00 00 0010 01 03 08 00 0102030405060708 # ESP with 8');
    refuses('SA', '00 00 0008 01 02 00 00 # AH with none');
  },
);

test('more proposals than anybody sends are refused', () => {
  const proposal = (number: number, last: boolean): string =>
    `${last ? '00' : '02'} 00 0008 ${number.toString(16).padStart(2, '0')} 01 00 00`;
  const list = (count: number): string =>
    Array.from({ length: count }, (_, i) => proposal(i + 1, i === count - 1)).join(' ');
  assert.equal(decode('SA', list(MAX_PROPOSALS)).kind, 'SA');
  refuses('SA', list(MAX_PROPOSALS + 1));
});

test('a transform with more attributes than could mean anything is refused', () => {
  const attributes = Array.from({ length: 17 }, (_, i) => `80${(32 + i).toString(16)} 0001`).join(' ');
  refuses('SA', `00 00 0054 01 01 00 01  00 00 004c 01 00 000c ${attributes}`);
});

test('an SA payload that has no encoding is a bug and throws RangeError', () => {
  assert.throws(() => bodyOf({ kind: 'SA', proposals: [] }), RangeError);
  const odd = { type: 1, id: 12, otherAttributes: [{ type: 0x8000, value: 1 }] };
  const proposals = [{ number: 1, protocol: 1, spi: new Uint8Array(0), transforms: [odd] }];
  assert.throws(() => bodyOf({ kind: 'SA', proposals }), RangeError);
});

test(
  'a nonce has 16 to 256 octets in both directions',
  proves(['RFC7296-3.9-1', 'does'], ['RFC7296-3.9-1', 'refuses']),
  () => {
    for (const length of [16, 32, 256]) {
      const data = new Uint8Array(length).fill(5);
      assert.deepEqual(decodePayloadBody(PayloadType.NONCE, false, bodyOf({ kind: 'NONCE', data })), {
        kind: 'NONCE',
        data,
      });
    }
    for (const length of [0, 15, 257]) {
      const data = new Uint8Array(length);
      assert.throws(() => decodePayloadBody(PayloadType.NONCE, false, data), ProtocolError);
      assert.throws(() => bodyOf({ kind: 'NONCE', data }), RangeError);
    }
  },
);

test('an identity that is an address has the length of its family', () => {
  assert.equal(decode('IDi', `05 000000 ${'00'.repeat(16)}`).kind, 'IDi');
  refuses('IDi', '01 000000 c00002');
  refuses('IDi', '01 000000 c000020101');
  refuses('IDr', '05 000000 c0000201');
});

test('a name as an identity is sent without a terminator', proves('RFC7296-3.5-5', 'does'), () => {
  assert.deepEqual(
    bodyOf({ kind: 'IDr', idType: 2, data: utf8('vpn.example') }),
    octets(`02 000000 76706e2e6578616d706c65`),
  );
});

test(
  'the protocol of a notify without an SPI is sent as zero and ignored when it is not',
  proves(['RFC7296-3.10-5', 'does'], ['RFC7296-3.10-3', 'does']),
  () => {
    assert.deepEqual(
      bodyOf({ kind: 'N', protocol: 3, spi: new Uint8Array(0), notifyType: 16384, data: new Uint8Array(0) }),
      octets('00 00 4000'),
    );
    assert.deepEqual(decode('N', '01 00 4000'), notify(16384));
    assert.deepEqual(notify(16384, undefined, 3), notify(16384));
  },
);

test('the SPI of a notify has the length of its protocol', proves('RFC7296-3.10-4', 'refuses'), () => {
  assert.equal(decode('N', '02 04 4009 01020304').kind, 'N');
  refuses('N', '00 04 4009 01020304');
  refuses('N', '03 08 4009 0102030405060708');
  refuses('N', '01 04 4009 01020304');
  refuses('N', '03 04 4009 010203');
});

test(
  'a Delete payload names SPIs of four octets for ESP and AH and none for the IKE SA',
  proves(['RFC7296-3.11-2', 'does'], ['RFC7296-3.11-2', 'refuses'], ['RFC7296-3.11-x1', 'does']),
  () => {
    assert.deepEqual(decode('D', '02 04 0000'), { kind: 'D', protocol: 2, spis: [] });
    refuses('D', '01 08 0001 0102030405060708');
    refuses('D', '01 00 0001');
    refuses('D', '03 08 0001 0102030405060708');
    refuses('D', '03 04 0001 0102030405');
    assert.throws(() => bodyOf({ kind: 'D', protocol: 1, spis: [octets('01020304')] }), RangeError);
    assert.throws(() => bodyOf({ kind: 'D', protocol: 1, spis: [new Uint8Array(0)] }), RangeError);
    assert.throws(() => bodyOf({ kind: 'D', protocol: 3, spis: [octets('0102030405060708')] }), RangeError);
  },
);

test('traffic selectors without any selector are refused', () => refuses('TSi', '00 000000'));

test('a selector whose length is not that of its family is refused', () => {
  refuses('TSr', `01 000000 07 00 000f 0000 ffff 0a000000 0a0000`);
  refuses('TSr', `01 000000 07 00 0028 0000 ffff ${'00'.repeat(32)}`);
  refuses('TSr', `01 000000 08 00 0010 0000 ffff 0a000000 0a0000ff`);
  refuses('TSr', '01 000000 0a 00 0003');
});

test('a selector with addresses of the wrong length is a bug and throws RangeError', () => {
  const selector = {
    tsType: 7,
    ipProtocol: 0,
    startPort: 0,
    endPort: 65535,
    startAddress: octets('0a000000'),
    endAddress: octets('0a00'),
  };
  assert.throws(() => bodyOf({ kind: 'TSi', selectors: [selector] }), RangeError);
  const range = { tsType: 7, second: 0, data: new Uint8Array(12) };
  assert.throws(() => bodyOf({ kind: 'TSi', selectors: [], otherSelectors: [range] }), RangeError);
});

test(
  'ports, protocol and opaque ports of a selector come through as they are',
  proves(['RFC7296-3.13.1-3', 'does'], ['RFC7296-3.13.1-x2', 'does'], ['RFC7296-3.13.1-x3', 'does']),
  () => {
    const opaque = {
      tsType: 7,
      ipProtocol: 17,
      startPort: 65535,
      endPort: 0,
      startAddress: octets('0a000000'),
      endAddress: octets('0a0000ff'),
    };
    const echo = { ...opaque, ipProtocol: 1, startPort: 0x0800, endPort: 0x08ff };
    const body = bodyOf({ kind: 'TSi', selectors: [opaque, echo] });
    assert.deepEqual(body.subarray(4, 12), octets('07 11 0010 ffff 0000'));
    assert.deepEqual(body.subarray(20, 28), octets('07 01 0010 0800 08ff'));
    assert.deepEqual(decodePayloadBody(PayloadType.TSi, false, body), {
      kind: 'TSi',
      selectors: [opaque, echo],
    });
  },
);

test('the reserved bit of a configuration attribute is ignored', proves('RFC7296-2.5-7', 'does'), () => {
  assert.deepEqual(decode('CP', '02 000000 8001 0000'), {
    kind: 'CP',
    cfgType: 2,
    attributes: [{ type: 1, value: new Uint8Array(0) }],
  });
  assert.throws(
    () => bodyOf({ kind: 'CP', cfgType: 1, attributes: [{ type: 0x8001, value: new Uint8Array(0) }] }),
    RangeError,
  );
});

test('a strange length of a configuration attribute does not cost the payload', () => {
  const payload = decode('CP', '02 000000 0001 0005 0a09000100 0003 0003 0a0900');
  assert.ok(payload.kind === 'CP' && payload.attributes.length === 2);
});

test('more configuration attributes than a gateway could mean are refused', () => {
  const list = (count: number): string => `02 000000 ${'0003 0000'.repeat(count)}`;
  assert.equal(decode('CP', list(MAX_CONFIG_ATTRIBUTES)).kind, 'CP');
  refuses('CP', list(MAX_CONFIG_ATTRIBUTES + 1));
});

test(
  'an EAP payload is exactly as long as its EAP message says',
  proves(['RFC7296-3.16-2', 'refuses'], ['RFC7296-3.16-3', 'refuses']),
  () => {
    assert.equal(decode('EAP', '03 07 0004').kind, 'EAP');
    refuses('EAP', '01 07 0006 01');
    refuses('EAP', '01 07 0005 01 00');
    refuses('EAP', '03 07 0005 00 # success with data');
    refuses('EAP', '04 07 0005 00 # failure with data');
    refuses('EAP', '01 07 00');
  },
);

test('a certificate request lists hashes of 20 octets', proves('RFC7296-3.7-x5', 'does'), () => {
  const request = (encoding: number, length: number): ReturnType<typeof authorityHashes> =>
    authorityHashes({ kind: 'CERTREQ', encoding, data: new Uint8Array(length).fill(7) });
  assert.deepEqual(request(4, 40), [fromHex('07'.repeat(20)), fromHex('07'.repeat(20))]);
  assert.deepEqual(request(12, 20)?.length, 1);
  assert.deepEqual(request(13, 0), []);
  assert.equal(request(4, 39), undefined);
  assert.equal(request(7, 20), undefined);
});

test('an unfamiliar vendor ID is a payload like any other', proves('RFC7296-3.12-2', 'does'), () => {
  assert.deepEqual(decode('V', ''), { kind: 'V', data: new Uint8Array(0) });
});
