import { utf8 } from '../../../core/lib/bytes.ts';
import type { Payload } from '../../../core/wire/payload.ts';
import { octets } from './octets.ts';

/** Payload bodies written down by hand, octet by octet, beside their values. */
export interface GoldenPayload {
  readonly name: string;
  readonly payload: Payload;
  readonly body: Uint8Array;
  /** Offset and size of every field of `body` that counts octets or structures. */
  readonly counts: readonly (readonly [offset: number, size: 1 | 2])[];
}

const NONE = new Uint8Array(0);

const SA_IKE: GoldenPayload = {
  name: 'SA that offers AES-GCM-256 and AES-CBC-128 with HMAC for the IKE SA',
  payload: {
    kind: 'SA',
    proposals: [
      {
        number: 1,
        protocol: 1,
        spi: NONE,
        transforms: [
          { type: 1, id: 20, keyLength: 256 },
          { type: 2, id: 5 },
          { type: 4, id: 31 },
        ],
      },
      {
        number: 2,
        protocol: 1,
        spi: NONE,
        transforms: [
          { type: 1, id: 12, keyLength: 128 },
          { type: 3, id: 12 },
          { type: 2, id: 5 },
          { type: 4, id: 14 },
        ],
      },
    ],
  },
  body: octets(`
    02 00 0024      # 0: more proposals, reserved, proposal of 36 octets
    01 01 00 03     # 4: number 1, IKE, no SPI, 3 transforms
    03 00 000c      # 8: more transforms, reserved, transform of 12 octets
    01 00 0014      # ENCR, reserved, AES_GCM_16
    800e 0100       # fixed form, Key Length, 256 bits
    03 00 0008      # 20: more transforms, 8 octets
    02 00 0005      # PRF, HMAC_SHA2_256
    00 00 0008      # 28: last transform, 8 octets
    04 00 001f      # KE, CURVE25519
    00 00 002c      # 36: last proposal, 44 octets
    02 01 00 04     # 40: number 2, IKE, no SPI, 4 transforms
    03 00 000c      # 44: more transforms, 12 octets
    01 00 000c      # ENCR, AES_CBC
    800e 0080       # fixed form, Key Length, 128 bits
    03 00 0008      # 56: more transforms, 8 octets
    03 00 000c      # INTEG, HMAC_SHA2_256_128
    03 00 0008      # 64: more transforms, 8 octets
    02 00 0005      # PRF, HMAC_SHA2_256
    00 00 0008      # 72: last transform, 8 octets
    04 00 000e      # KE, MODP_2048
  `),
  counts: [
    [2, 2],
    [6, 1],
    [7, 1],
    [10, 2],
    [22, 2],
    [30, 2],
    [38, 2],
    [42, 1],
    [43, 1],
    [46, 2],
    [58, 2],
    [66, 2],
    [74, 2],
  ],
};

const SA_ESP: GoldenPayload = {
  name: 'SA for ESP with its SPI and with attributes that nobody knows, in both forms',
  payload: {
    kind: 'SA',
    proposals: [
      {
        number: 1,
        protocol: 3,
        spi: octets('c1c2c3c4'),
        transforms: [
          {
            type: 1,
            id: 20,
            keyLength: 128,
            otherAttributes: [
              { type: 17, value: 0x1234 },
              { type: 18, value: octets('aabbcc') },
            ],
          },
          { type: 5, id: 0 },
          { type: 241, id: 0xfffe },
        ],
      },
    ],
  },
  body: octets(`
    00 00 0033      # 0: last proposal, 51 octets
    01 03 04 03     # 4: number 1, ESP, SPI of 4 octets, 3 transforms
    c1c2c3c4        # 8: SPI
    03 00 0017      # 12: more transforms, 23 octets
    01 00 0014      # ENCR, AES_GCM_16
    800e 0080       # fixed form, Key Length, 128 bits
    8011 1234       # fixed form, attribute 17
    0012 0003       # 28: variable form, attribute 18, 3 octets
    aabbcc          # its value
    03 00 0008      # 35: more transforms, 8 octets
    05 00 0000      # ESN, without
    00 00 0008      # 43: last transform, 8 octets
    f1 00 fffe      # transform type 241, id 65534
  `),
  counts: [
    [2, 2],
    [6, 1],
    [7, 1],
    [14, 2],
    [30, 2],
    [37, 2],
    [45, 2],
  ],
};

const TS_BODY = octets(`
  02 000000         # 2 selectors, reserved
  07 06 0010        # 4: TS_IPV4_ADDR_RANGE, TCP, 16 octets
  01bb 01bb         # port 443 to 443
  0a000000          # 10.0.0.0
  0a00ffff          # to 10.0.255.255
  08 00 0028        # 20: TS_IPV6_ADDR_RANGE, any protocol, 40 octets
  0000 ffff         # any port
  fd000000000000000000000000000000
  fdffffffffffffffffffffffffffffff
`);

function ts(kind: 'TSi' | 'TSr'): GoldenPayload {
  return {
    name: `${kind} with a range of each family`,
    payload: {
      kind,
      selectors: [
        {
          tsType: 7,
          ipProtocol: 6,
          startPort: 443,
          endPort: 443,
          startAddress: octets('0a000000'),
          endAddress: octets('0a00ffff'),
        },
        {
          tsType: 8,
          ipProtocol: 0,
          startPort: 0,
          endPort: 65535,
          startAddress: octets('fd00 0000 0000 0000 0000 0000 0000 0000'),
          endAddress: octets('fdff ffff ffff ffff ffff ffff ffff ffff'),
        },
      ],
    },
    body: TS_BODY,
    counts: [
      [0, 1],
      [6, 2],
      [22, 2],
    ],
  };
}

export const GOLDEN_PAYLOADS: readonly GoldenPayload[] = [
  SA_IKE,
  SA_ESP,
  {
    name: 'KE',
    payload: { kind: 'KE', group: 31, data: octets('0102030405060708') },
    body: octets(`
      001f 0000         # CURVE25519, reserved
      0102030405060708  # public value
    `),
    counts: [],
  },
  {
    name: 'IDi with a mail address',
    payload: { kind: 'IDi', idType: 3, data: utf8('a@b.c') },
    body: octets(`
      03 000000       # ID_RFC822_ADDR, reserved
      61 40 62 2e 63  # a@b.c, without a terminator
    `),
    counts: [],
  },
  {
    name: 'IDr with an IPv4 address',
    payload: { kind: 'IDr', idType: 1, data: octets('c0000201') },
    body: octets(`
      01 000000       # ID_IPV4_ADDR, reserved
      c0000201        # 192.0.2.1
    `),
    counts: [],
  },
  {
    name: 'CERT',
    payload: { kind: 'CERT', encoding: 4, data: octets('3003020101') },
    body: octets(`
      04              # X.509 Certificate - Signature
      3003020101      # DER
    `),
    counts: [],
  },
  {
    name: 'CERTREQ',
    payload: { kind: 'CERTREQ', encoding: 4, data: octets('11'.repeat(20)) },
    body: octets(`
      04                                        # X.509 Certificate - Signature
      1111111111111111111111111111111111111111  # SHA-1 of the key of one anchor
    `),
    counts: [],
  },
  {
    name: 'AUTH',
    payload: { kind: 'AUTH', method: 2, data: octets('deadbeef') },
    body: octets(`
      02 000000       # shared key, reserved
      deadbeef
    `),
    counts: [],
  },
  {
    name: 'NONCE',
    payload: { kind: 'NONCE', data: octets('000102030405060708090a0b0c0d0e0f') },
    body: octets('000102030405060708090a0b0c0d0e0f'),
    counts: [],
  },
  {
    name: 'N without an SPI',
    payload: { kind: 'N', protocol: 0, spi: NONE, notifyType: 16390, data: octets('c0c0') },
    body: octets(`
      00 00 4006      # no protocol, SPI of 0 octets, COOKIE
      c0c0
    `),
    counts: [[1, 1]],
  },
  {
    name: 'N with an SPI',
    payload: { kind: 'N', protocol: 3, spi: octets('01020304'), notifyType: 16393, data: NONE },
    body: octets(`
      03 04 4009      # ESP, SPI of 4 octets, REKEY_SA
      01020304        # SPI
    `),
    counts: [[1, 1]],
  },
  {
    name: 'D of the IKE SA',
    payload: { kind: 'D', protocol: 1, spis: [] },
    body: octets('01 00 0000 # IKE, SPI of 0 octets, none'),
    counts: [
      [1, 1],
      [2, 2],
    ],
  },
  {
    name: 'D of two Child SAs',
    payload: { kind: 'D', protocol: 3, spis: [octets('a1a2a3a4'), octets('b1b2b3b4')] },
    body: octets(`
      03 04 0002      # ESP, SPIs of 4 octets, two
      a1a2a3a4
      b1b2b3b4
    `),
    counts: [
      [1, 1],
      [2, 2],
    ],
  },
  { name: 'V', payload: { kind: 'V', data: utf8('abc') }, body: octets('616263'), counts: [] },
  ts('TSi'),
  ts('TSr'),
  {
    name: 'TSr with a selector that is no range of addresses',
    payload: {
      kind: 'TSr',
      selectors: [],
      otherSelectors: [{ tsType: 10, second: 0, data: octets('6c6162656c') }],
    },
    body: octets(`
      01 000000       # 1 selector, reserved
      0a 00 0009      # 4: TS_SECLABEL, reserved, 9 octets
      6c6162656c      # label
    `),
    counts: [
      [0, 1],
      [6, 2],
    ],
  },
  {
    name: 'CP reply',
    payload: {
      kind: 'CP',
      cfgType: 2,
      attributes: [
        { type: 1, value: octets('0a090001') },
        { type: 3, value: NONE },
        { type: 25, value: utf8('lan') },
      ],
    },
    body: octets(`
      02 000000       # CFG_REPLY, reserved
      0001 0004       # 4: INTERNAL_IP4_ADDRESS, 4 octets
      0a090001        # 10.9.0.1
      0003 0000       # 12: INTERNAL_IP4_DNS, empty
      0019 0003       # 16: INTERNAL_DNS_DOMAIN, 3 octets
      6c616e          # lan
    `),
    counts: [
      [6, 2],
      [14, 2],
      [18, 2],
    ],
  },
  {
    name: 'EAP',
    payload: { kind: 'EAP', message: octets('01 07 0009 01 68657921') },
    body: octets(`
      01 07 0009      # request, identifier 7, 9 octets
      01              # Identity
      68657921        # what to ask the person
    `),
    counts: [[2, 2]],
  },
  {
    name: 'a payload of type 200',
    payload: { kind: 'unknown', type: 200, critical: false, data: octets('0badcafe') },
    body: octets('0badcafe'),
    counts: [],
  },
];
