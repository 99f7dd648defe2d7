import { EMPTY } from '../../../core/lib/bytes.ts';
import type { Message } from '../../../core/wire/message.ts';
import type { Payload } from '../../../core/wire/payload.ts';
import { octets } from './octets.ts';

/** Whole messages written down by hand; those in SK as the transparent protection of test/support has them. */
export interface GoldenMessage {
  readonly name: string;
  readonly message: Message;
  readonly datagram: Uint8Array;
  /** Offset and size of the length fields of the header and of the generic headers. */
  readonly lengths: readonly (readonly [offset: number, size: 2 | 4])[];
}

const SPI_I = octets('1011121314151617');
const SPI_R = octets('2021222324252627');
const NONCE: Payload = { kind: 'NONCE', data: octets('000102030405060708090a0b0c0d0e0f') };
const EVERYWHERE = {
  tsType: 7,
  ipProtocol: 0,
  startPort: 0,
  endPort: 65535,
  startAddress: octets('00000000'),
  endAddress: octets('ffffffff'),
};
const TSI: Payload = { kind: 'TSi', selectors: [EVERYWHERE] };
const TSR: Payload = { kind: 'TSr', selectors: [EVERYWHERE] };

function proposal(
  protocol: number,
  spi: Uint8Array,
  ...ids: readonly (readonly [number, number])[]
): Payload {
  const transforms = ids.map(([type, id]) => ({ type, id }));
  return { kind: 'SA', proposals: [{ number: 1, protocol, spi, transforms }] };
}

const ESP_SA = proposal(3, octets('c1c2c3c4'), [1, 28], [5, 0]);

function note(notifyType: number, data: Uint8Array = EMPTY, protocol = 0, spi: Uint8Array = EMPTY): Payload {
  return { kind: 'N', protocol, spi, notifyType, data };
}

function message(
  exchange: number,
  messageId: number,
  response: boolean,
  payloads: readonly Payload[],
): Message {
  const fromInitiator = !response;
  return { initiatorSpi: SPI_I, responderSpi: SPI_R, exchange, fromInitiator, response, messageId, payloads };
}

function unanswered(exchange: number, response: boolean, payloads: readonly Payload[]): Message {
  return { ...message(exchange, 0, response, payloads), responderSpi: new Uint8Array(8) };
}

export const CLEAR_MESSAGES: readonly GoldenMessage[] = [
  {
    name: 'an IKE_SA_INIT request',
    message: unanswered(34, false, [
      proposal(1, EMPTY, [1, 28], [2, 5], [4, 31]),
      { kind: 'KE', group: 31, data: octets('e1e2e3e4') },
      NONCE,
      note(16430),
    ]),
    datagram: octets(`
      1011121314151617                 # initiator's SPI
      0000000000000000                 # responder's SPI, not known yet
      21 20 22 08                      # SA, version 2.0, IKE_SA_INIT, flag I
      00000000 00000068                # message ID 0, 104 octets
      22 00 0024                       # 28: next KE, SA of 36 octets
      00 00 0020 01 01 00 03           # one proposal of 32: number 1, IKE, no SPI, 3 transforms
      03 00 0008 01 00 001c            # ENCR CHACHA20_POLY1305
      03 00 0008 02 00 0005            # PRF HMAC_SHA2_256
      00 00 0008 04 00 001f            # KE CURVE25519
      28 00 000c 001f 0000 e1e2e3e4    # 64: next NONCE, KE of 12 octets, CURVE25519
      29 00 0014                       # 76: next N, NONCE of 20 octets
      000102030405060708090a0b0c0d0e0f
      00 00 0008 00 00 402e            # 96: the last, N of 8 octets, IKEV2_FRAGMENTATION_SUPPORTED
    `),
    lengths: [
      [24, 4],
      [30, 2],
      [66, 2],
      [78, 2],
      [98, 2],
    ],
  },
  {
    name: 'an IKE_SA_INIT response',
    message: message(34, 0, true, [
      proposal(1, EMPTY, [1, 28], [2, 5], [4, 31]),
      { kind: 'KE', group: 31, data: octets('f1f2f3f4') },
      NONCE,
      { kind: 'CERTREQ', encoding: 4, data: EMPTY },
    ]),
    datagram: octets(`
      1011121314151617 2021222324252627
      21 20 22 20                      # SA, version 2.0, IKE_SA_INIT, flag R
      00000000 00000065                # message ID 0, 101 octets
      22 00 0024 00 00 0020 01 01 00 03
      03 00 0008 01 00 001c 03 00 0008 02 00 0005 00 00 0008 04 00 001f
      28 00 000c 001f 0000 f1f2f3f4    # KE
      26 00 0014                       # next CERTREQ
      000102030405060708090a0b0c0d0e0f
      00 00 0005 04                    # 96: CERTREQ without a name of an anchor
    `),
    lengths: [
      [24, 4],
      [98, 2],
    ],
  },
  {
    name: 'an IKE_SA_INIT response that asks for a cookie',
    message: unanswered(34, true, [note(16390, octets('c0c1'))]),
    datagram: octets(`
      1011121314151617 0000000000000000
      29 20 22 20                      # N, version 2.0, IKE_SA_INIT, flag R
      00000000 00000026                # message ID 0, 38 octets
      00 00 000a 00 00 4006 c0c1       # N of 10 octets, COOKIE
    `),
    lengths: [
      [24, 4],
      [30, 2],
    ],
  },
  {
    name: 'an IKE_SA_INIT response that asks for another group',
    message: unanswered(34, true, [note(17, octets('0013'))]),
    datagram: octets(`
      1011121314151617 0000000000000000
      29 20 22 20 00000000 00000026
      00 00 000a 00 00 0011 0013       # N of 10 octets, INVALID_KE_PAYLOAD, ECP_256
    `),
    lengths: [
      [24, 4],
      [30, 2],
    ],
  },
  {
    name: 'an IKE_SESSION_RESUME request',
    message: unanswered(38, false, [NONCE, note(16413, octets('71c7'))]),
    datagram: octets(`
      1011121314151617 0000000000000000
      28 20 26 08 00000000 0000003a    # NONCE, version 2.0, IKE_SESSION_RESUME, flag I, 58 octets
      29 00 0014 000102030405060708090a0b0c0d0e0f
      00 00 000a 00 00 401d 71c7       # 48: N of 10 octets, TICKET_OPAQUE
    `),
    lengths: [
      [24, 4],
      [30, 2],
      [50, 2],
    ],
  },
];

export const PROTECTED_MESSAGES: readonly GoldenMessage[] = [
  {
    name: 'the first IKE_AUTH request',
    message: message(35, 1, false, [
      { kind: 'IDi', idType: 11, data: octets('6d65') },
      { kind: 'AUTH', method: 2, data: octets('a0a1') },
      { kind: 'CP', cfgType: 1, attributes: [{ type: 1, value: EMPTY }] },
      ESP_SA,
      TSI,
      TSR,
    ]),
    datagram: octets(`
      1011121314151617 2021222324252627
      2e 20 23 08 00000001 000000a5    # SK, version 2.0, IKE_AUTH, flag I, message ID 1, 165 octets
      23 00 0089                       # 28: first inner IDi, SK of 137 octets
      a1a1a1a1a1a1a1a1                 # IV
      27 00 000a 0b000000 6d65         # 40: next AUTH, IDi of 10 octets, ID_KEY_ID
      2f 00 000a 02000000 a0a1         # 50: next CP, AUTH of 10 octets, shared key
      21 00 000c 01000000 0001 0000    # 60: next SA, CP of 12 octets, request for INTERNAL_IP4_ADDRESS
      2c 00 0020                       # 72: next TSi, SA of 32 octets
      00 00 001c 01 03 04 02 c1c2c3c4  # proposal of 28: number 1, ESP, SPI of 4 octets, 2 transforms
      03 00 0008 01 00 001c            # ENCR CHACHA20_POLY1305
      00 00 0008 05 00 0000            # no ESN
      2d 00 0018 01000000              # 104: next TSr, TSi of 24 octets, one selector
      07 00 0010 0000 ffff 00000000 ffffffff
      00 00 0018 01000000              # 128: the last, TSr of 24 octets, one selector
      07 00 0010 0000 ffff 00000000 ffffffff
      00 c3c3c3c3c3c3c3c3c3c3c3c3      # 152: pad length, ICV
    `),
    lengths: [
      [24, 4],
      [30, 2],
      [42, 2],
      [52, 2],
      [62, 2],
      [74, 2],
      [106, 2],
      [130, 2],
    ],
  },
  {
    name: 'an IKE_AUTH response that starts EAP',
    message: message(35, 1, true, [
      { kind: 'IDr', idType: 2, data: octets('76706e') },
      { kind: 'CERT', encoding: 4, data: octets('3000') },
      { kind: 'AUTH', method: 14, data: octets('b0b1') },
      { kind: 'EAP', message: octets('01 01 0005 01') },
    ]),
    datagram: octets(`
      1011121314151617 2021222324252627
      2e 20 23 20 00000001 0000005a    # SK, version 2.0, IKE_AUTH, flag R, message ID 1, 90 octets
      24 00 003e                       # 28: first inner IDr, SK of 62 octets
      a1a1a1a1a1a1a1a1                 # IV
      25 00 000b 02000000 76706e       # 40: next CERT, IDr of 11 octets, ID_FQDN
      27 00 0007 04 3000               # 51: next AUTH, CERT of 7 octets, X.509
      30 00 000a 0e000000 b0b1         # 58: next EAP, AUTH of 10 octets, digital signature
      00 00 0009 01 01 0005 01         # 68: the last, EAP of 9 octets, request 1 for the identity
      00 c3c3c3c3c3c3c3c3c3c3c3c3
    `),
    lengths: [
      [24, 4],
      [30, 2],
      [70, 2],
      [74, 2],
    ],
  },
  {
    name: 'the last IKE_AUTH request after EAP',
    message: message(35, 4, false, [{ kind: 'AUTH', method: 2, data: octets('a2a3') }]),
    datagram: octets(`
      1011121314151617 2021222324252627
      2e 20 23 08 00000004 0000003f    # message ID 4, 63 octets
      27 00 0023 a1a1a1a1a1a1a1a1      # first inner AUTH, SK of 35 octets
      00 00 000a 02000000 a2a3         # AUTH of 10 octets, shared key
      00 c3c3c3c3c3c3c3c3c3c3c3c3
    `),
    lengths: [
      [24, 4],
      [30, 2],
      [42, 2],
    ],
  },
  {
    name: 'the last IKE_AUTH response after EAP',
    message: message(35, 4, true, [
      { kind: 'AUTH', method: 2, data: octets('b2b3') },
      { kind: 'CP', cfgType: 2, attributes: [{ type: 1, value: octets('0a090001') }] },
      ESP_SA,
      TSI,
      TSR,
    ]),
    datagram: octets(`
      1011121314151617 2021222324252627
      2e 20 23 20 00000004 0000009f    # flag R, message ID 4, 159 octets
      27 00 0083 a1a1a1a1a1a1a1a1      # first inner AUTH, SK of 131 octets
      2f 00 000a 02000000 b2b3         # 40: next CP, AUTH of 10 octets
      21 00 0010 02000000              # 50: next SA, CP of 16 octets, reply
      0001 0004 0a090001               # INTERNAL_IP4_ADDRESS 10.9.0.1
      2c 00 0020 00 00 001c 01 03 04 02 c1c2c3c4
      03 00 0008 01 00 001c 00 00 0008 05 00 0000
      2d 00 0018 01000000 07 00 0010 0000 ffff 00000000 ffffffff
      00 00 0018 01000000 07 00 0010 0000 ffff 00000000 ffffffff
      00 c3c3c3c3c3c3c3c3c3c3c3c3
    `),
    lengths: [
      [24, 4],
      [30, 2],
      [52, 2],
    ],
  },
  {
    name: 'a CREATE_CHILD_SA request that rekeys a Child SA',
    message: message(36, 5, false, [note(16393, EMPTY, 3, octets('c1c2c3c4')), ESP_SA, NONCE, TSI, TSR]),
    datagram: octets(`
      1011121314151617 2021222324252627
      2e 20 24 08 00000005 000000a5    # SK, CREATE_CHILD_SA, flag I, message ID 5, 165 octets
      29 00 0089 a1a1a1a1a1a1a1a1      # first inner N, SK of 137 octets
      21 00 000c 03 04 4009 c1c2c3c4   # 40: next SA, N of 12 octets, ESP, REKEY_SA
      28 00 0020                       # 52: next NONCE, SA of 32 octets
      00 00 001c 01 03 04 02 c1c2c3c4 03 00 0008 01 00 001c 00 00 0008 05 00 0000
      2c 00 0014 000102030405060708090a0b0c0d0e0f
      2d 00 0018 01000000 07 00 0010 0000 ffff 00000000 ffffffff
      00 00 0018 01000000 07 00 0010 0000 ffff 00000000 ffffffff
      00 c3c3c3c3c3c3c3c3c3c3c3c3
    `),
    lengths: [
      [24, 4],
      [30, 2],
      [42, 2],
      [54, 2],
    ],
  },
  {
    name: 'a CREATE_CHILD_SA response that rekeys the IKE SA',
    message: message(36, 6, true, [
      proposal(1, octets('3132333435363738'), [1, 28], [2, 5], [4, 31]),
      NONCE,
      { kind: 'KE', group: 31, data: octets('e1e2e3e4') },
    ]),
    datagram: octets(`
      1011121314151617 2021222324252627
      2e 20 24 20 00000006 00000081    # flag R, message ID 6, 129 octets
      21 00 0065 a1a1a1a1a1a1a1a1      # first inner SA, SK of 101 octets
      28 00 002c                       # 40: next NONCE, SA of 44 octets
      00 00 0028 01 01 08 03           # proposal of 40: number 1, IKE, SPI of 8 octets, 3 transforms
      3132333435363738                 # the new SPI
      03 00 0008 01 00 001c 03 00 0008 02 00 0005 00 00 0008 04 00 001f
      22 00 0014 000102030405060708090a0b0c0d0e0f
      00 00 000c 001f 0000 e1e2e3e4
      00 c3c3c3c3c3c3c3c3c3c3c3c3
    `),
    lengths: [
      [24, 4],
      [30, 2],
      [42, 2],
    ],
  },
  {
    name: 'a CREATE_CHILD_SA response that declines',
    message: message(36, 7, true, [note(35)]),
    datagram: octets(`
      1011121314151617 2021222324252627
      2e 20 24 20 00000007 0000003d    # 61 octets
      29 00 0021 a1a1a1a1a1a1a1a1      # first inner N, SK of 33 octets
      00 00 0008 00 00 0023            # NO_ADDITIONAL_SAS
      00 c3c3c3c3c3c3c3c3c3c3c3c3
    `),
    lengths: [
      [24, 4],
      [30, 2],
      [42, 2],
    ],
  },
  {
    name: 'an empty INFORMATIONAL request',
    message: message(37, 8, false, []),
    datagram: octets(`
      1011121314151617 2021222324252627
      2e 20 25 08 00000008 00000035    # SK, INFORMATIONAL, flag I, message ID 8, 53 octets
      00 00 0019 a1a1a1a1a1a1a1a1      # nothing inside, SK of 25 octets
      00 c3c3c3c3c3c3c3c3c3c3c3c3
    `),
    lengths: [
      [24, 4],
      [30, 2],
    ],
  },
  {
    name: "the gateway's INFORMATIONAL request that deletes two Child SAs",
    message: {
      ...message(37, 2, false, [{ kind: 'D', protocol: 3, spis: [octets('a1a2a3a4'), octets('b1b2b3b4')] }]),
      fromInitiator: false,
    },
    datagram: octets(`
      1011121314151617 2021222324252627
      2e 20 25 00 00000002 00000045    # no flag, message ID 2 of the gateway's own, 69 octets
      2a 00 0029 a1a1a1a1a1a1a1a1      # first inner D, SK of 41 octets
      00 00 0010 03 04 0002 a1a2a3a4 b1b2b3b4
      00 c3c3c3c3c3c3c3c3c3c3c3c3
    `),
    lengths: [
      [24, 4],
      [30, 2],
      [42, 2],
      [46, 2],
    ],
  },
  {
    name: 'an INFORMATIONAL request that moves the SAs to another address',
    message: message(37, 9, false, [
      note(16400),
      note(16388, octets('11'.repeat(20))),
      note(16401, octets('d0d1d2d3d4d5d6d7')),
    ]),
    datagram: octets(`
      1011121314151617 2021222324252627
      2e 20 25 08 00000009 00000069    # 105 octets
      29 00 004d a1a1a1a1a1a1a1a1      # first inner N, SK of 77 octets
      29 00 0008 00 00 4010            # UPDATE_SA_ADDRESSES
      29 00 001c 00 00 4004            # NAT_DETECTION_SOURCE_IP, N of 28 octets
      1111111111111111111111111111111111111111
      00 00 0010 00 00 4011            # COOKIE2, N of 16 octets
      d0d1d2d3d4d5d6d7
      00 c3c3c3c3c3c3c3c3c3c3c3c3
    `),
    lengths: [
      [24, 4],
      [30, 2],
      [50, 2],
    ],
  },
  {
    name: 'an IKE_INTERMEDIATE request with an additional key exchange',
    message: message(43, 1, false, [{ kind: 'KE', group: 36, data: octets('e1e2e3e4') }]),
    datagram: octets(`
      1011121314151617 2021222324252627
      2e 20 2b 08 00000001 00000041    # SK, IKE_INTERMEDIATE, 65 octets
      22 00 0025 a1a1a1a1a1a1a1a1      # first inner KE, SK of 37 octets
      00 00 000c 0024 0000 e1e2e3e4    # ML_KEM_768
      00 c3c3c3c3c3c3c3c3c3c3c3c3
    `),
    lengths: [
      [24, 4],
      [30, 2],
    ],
  },
];
