import { test } from 'node:test';
import assert from 'node:assert/strict';
import { EMPTY } from '../../../core/lib/bytes.ts';
import { Notify, Protocol } from '../../../core/wire/constants.ts';
import {
  BARE_NOTIFIES,
  EMPTY_NOTIFIES,
  VALUED_NOTIFIES,
  decodeNotifyData,
  plainNotify,
  readNotify,
  valuedNotify,
} from '../../../core/wire/notify-data.ts';
import type { NotifyValues, ValuedNotify } from '../../../core/wire/notify-data.ts';
import { notify } from '../../../core/wire/payloads/notify.ts';
import { proves } from '../../conformance/tag.ts';
import { octets } from './octets.ts';

interface Golden<N extends ValuedNotify> {
  readonly value: NotifyValues[N];
  readonly data: string;
  /** Data that must not be read as this notify. */
  readonly refused: readonly string[];
  readonly spi?: string;
}

const child = { protocol: Protocol.ESP, spi: octets('c1c2c3c4') };
const ip4 = octets('c0000201');
const ip6 = octets('20010db8 00000000 00000000 00000001');
const IP6 = '20010db8000000000000000000000001';
const hash = octets('11'.repeat(20));

const GOLDEN: { readonly [N in ValuedNotify]: Golden<N> } = {
  UNSUPPORTED_CRITICAL_PAYLOAD: { value: { payloadType: 200 }, data: 'c8', refused: ['', 'c800'] },
  INVALID_MESSAGE_ID: {
    value: { messageId: 0x01020304 },
    data: '01020304',
    refused: ['010203', '0102030405'],
  },
  INVALID_SPI: {
    value: { spi: octets('c1c2c3c4') },
    data: 'c1c2c3c4',
    refused: ['', 'c1c2c3', 'c1c2c3c4c5'],
  },
  INVALID_KE_PAYLOAD: { value: { group: 19 }, data: '0013', refused: ['', '13', '000013'] },
  INVALID_SELECTORS: {
    value: { ...child, packet: octets('4500') },
    data: '4500',
    refused: [],
    spi: 'c1c2c3c4',
  },
  CHILD_SA_NOT_FOUND: { value: child, data: '', refused: ['00'], spi: 'c1c2c3c4' },
  SET_WINDOW_SIZE: { value: { size: 4 }, data: '00000004', refused: ['', '000004', '0000000004'] },
  IPCOMP_SUPPORTED: {
    value: { cpi: 0x1234, transform: 2, attributes: EMPTY },
    data: '1234 02',
    refused: ['', '1234'],
  },
  NAT_DETECTION_SOURCE_IP: {
    value: { hash },
    data: '11'.repeat(20),
    refused: ['', '11'.repeat(19), '11'.repeat(21)],
  },
  NAT_DETECTION_DESTINATION_IP: {
    value: { hash },
    data: '11'.repeat(20),
    refused: ['', '11'.repeat(19), '11'.repeat(21)],
  },
  COOKIE: { value: { cookie: octets('c0') }, data: 'c0', refused: ['', 'c0'.repeat(65)] },
  REKEY_SA: { value: child, data: '', refused: ['00'], spi: 'c1c2c3c4' },
  ADDITIONAL_IP4_ADDRESS: { value: { address: ip4 }, data: 'c0000201', refused: ['', 'c00002', IP6] },
  ADDITIONAL_IP6_ADDRESS: { value: { address: ip6 }, data: IP6, refused: ['', 'c0000201', `${IP6}00`] },
  COOKIE2: {
    value: { cookie: octets('d0'.repeat(8)) },
    data: 'd0'.repeat(8),
    refused: ['d0'.repeat(7), 'd0'.repeat(65)],
  },
  NO_NATS_ALLOWED: {
    value: { source: ip4, destination: octets('c6336401'), sourcePort: 500, destinationPort: 4500 },
    data: 'c0000201 c6336401 01f4 1194',
    refused: ['', 'c0000201 c6336401 01f4', `${IP6} c6336401 01f4 1194`],
  },
  AUTH_LIFETIME: {
    value: { lifetimeSeconds: 3600 },
    data: '00000e10',
    refused: ['', '000e10', '0000000e10'],
  },
  REDIRECT: {
    value: { gateway: { type: 3, identity: octets('67772e78') }, nonce: octets('aa'.repeat(16)) },
    data: `03 04 67772e78 ${'aa'.repeat(16)}`,
    refused: [
      '',
      '03',
      '03 00',
      '01 03 c00002',
      '02 04 c0000201',
      '04 01 61',
      `01 04 c0000201 ${'aa'.repeat(15)}`,
    ],
  },
  REDIRECTED_FROM: {
    value: { gateway: { type: 1, identity: ip4 } },
    data: '01 04 c0000201',
    refused: ['', '01 05 c000020101', '01 04 c0000201 00', '00 04 c0000201'],
  },
  TICKET_LT_OPAQUE: {
    value: { lifetimeSeconds: 7200, ticket: octets('71c7') },
    data: '00001c20 71c7',
    refused: ['', '00001c', '00001c20'],
  },
  TICKET_OPAQUE: { value: { ticket: octets('71c7') }, data: '71c7', refused: [''] },
  QUICK_CRASH_DETECTION: {
    value: { token: octets('7e'.repeat(16)) },
    data: '7e'.repeat(16),
    refused: ['', '7e'.repeat(15), '7e'.repeat(129)],
  },
  SIGNATURE_HASH_ALGORITHMS: {
    value: { algorithms: [2, 3, 4] },
    data: '0002 0003 0004',
    refused: ['00', '0002 00'],
  },
  PPK_IDENTITY: { value: { type: 2, identity: octets('6d65') }, data: '02 6d65', refused: [''] },
  NO_PPK_AUTH: { value: { auth: octets('a0a1') }, data: 'a0a1', refused: [''] },
};

function check(name: ValuedNotify): void {
  const { value, data, refused, spi } = GOLDEN[name];
  const spiOctets = octets(spi ?? '');

  test(`${name} is written as the octets written by hand`, () => {
    assert.deepEqual(valuedNotify(name, value), notify(Notify[name], octets(data), Protocol.ESP, spiOctets));
  });

  test(`${name} is read from the octets written by hand`, () => {
    const payload = notify(Notify[name], octets(data), Protocol.ESP, spiOctets);
    assert.deepEqual(readNotify(name, payload), { ok: true, value });
    assert.deepEqual(decodeNotifyData(payload), { ok: true, value: { name, ...value } });
  });

  test(`${name} with data of another form is an error of its own and nothing worse`, () => {
    for (const wrong of refused) {
      const payload = notify(Notify[name], octets(wrong), Protocol.ESP, spiOctets);
      assert.equal(readNotify(name, payload).ok, false, wrong);
      assert.equal(decodeNotifyData(payload).ok, false, wrong);
    }
    if (spi !== undefined) assert.equal(readNotify(name, notify(Notify[name], octets(data))).ok, false);
  });
}

for (const name of VALUED_NOTIFIES) check(name);

test('REDIRECT outside of the first exchange has no nonce', () => {
  const gateway = { type: 2, identity: ip6 };
  const payload = valuedNotify('REDIRECT', { gateway });
  assert.deepEqual(payload.data, octets(`02 10 ${IP6}`));
  assert.deepEqual(readNotify('REDIRECT', payload), { ok: true, value: { gateway } });
});

test('NO_NATS_ALLOWED has 36 octets for IPv6', () => {
  const value = { source: ip6, destination: ip6, sourcePort: 500, destinationPort: 500 };
  const payload = valuedNotify('NO_NATS_ALLOWED', value);
  assert.equal(payload.data.length, 36);
  assert.deepEqual(readNotify('NO_NATS_ALLOWED', payload), { ok: true, value });
});

test('a list of no hash algorithms is a list', () => {
  assert.deepEqual(readNotify('SIGNATURE_HASH_ALGORITHMS', notify(Notify.SIGNATURE_HASH_ALGORITHMS)), {
    ok: true,
    value: { algorithms: [] },
  });
});

test(
  'hash algorithms are sent as numbers of 16 bits without padding, protocol and SPI size zero',
  proves(['RFC7427-4-x1', 'does'], ['RFC7427-4-x2', 'does']),
  () => {
    const payload = valuedNotify('SIGNATURE_HASH_ALGORITHMS', { algorithms: [2, 5] });
    assert.deepEqual(payload, notify(16431, octets('0002 0005')));
  },
);

test(
  'a cookie has 1 to 64 octets and a COOKIE2 8 to 64, whether sent or received',
  proves(
    ['RFC7296-2.6-3', 'does'],
    ['RFC7296-2.6-3', 'refuses'],
    ['RFC4555-4.2.5-1', 'does'],
    ['RFC4555-4.2.5-1', 'refuses'],
  ),
  () => {
    for (const [name, min] of [
      ['COOKIE', 1],
      ['COOKIE2', 8],
    ] as const) {
      for (const length of [min, 64]) {
        const cookie = new Uint8Array(length).fill(1);
        assert.deepEqual(readNotify(name, valuedNotify(name, { cookie })), { ok: true, value: { cookie } });
      }
      for (const length of [min - 1, 65]) {
        const cookie = new Uint8Array(length);
        assert.throws(() => valuedNotify(name, { cookie }), RangeError);
        assert.equal(readNotify(name, notify(Notify[name], cookie)).ok, false);
      }
    }
  },
);

test(
  'the size of a window is four octets in network order',
  proves(['RFC7296-2.3-7', 'does'], ['RFC7296-2.3-7', 'refuses']),
  () => {
    assert.deepEqual(valuedNotify('SET_WINDOW_SIZE', { size: 256 }).data, octets('00000100'));
    assert.equal(readNotify('SET_WINDOW_SIZE', notify(Notify.SET_WINDOW_SIZE, octets('0100'))).ok, false);
  },
);

test('a value that may not be sent is a bug and throws RangeError', () => {
  const gateway = { type: 1, identity: octets('c00002') };
  assert.throws(() => valuedNotify('REDIRECTED_FROM', { gateway }), RangeError);
  assert.throws(() => valuedNotify('SIGNATURE_HASH_ALGORITHMS', { algorithms: [65536] }), RangeError);
  assert.throws(() => valuedNotify('NAT_DETECTION_SOURCE_IP', { hash: octets('11') }), RangeError);
  assert.throws(
    () => valuedNotify('REKEY_SA', { protocol: Protocol.IKE, spi: octets('01020304') }),
    RangeError,
  );
  const mixed = { source: ip4, destination: ip6, sourcePort: 1, destinationPort: 1 };
  assert.throws(() => valuedNotify('NO_NATS_ALLOWED', mixed), RangeError);
  const odd = { ...mixed, source: octets('c00002'), destination: octets('c00002') };
  assert.throws(() => valuedNotify('NO_NATS_ALLOWED', odd), RangeError);
});

for (const name of EMPTY_NOTIFIES) {
  test(`${name} is sent without data and is wrong with any`, () => {
    assert.deepEqual(plainNotify(name), notify(Notify[name]));
    assert.deepEqual(decodeNotifyData(plainNotify(name)), { ok: true, value: { name } });
    assert.equal(decodeNotifyData(notify(Notify[name], octets('00'))).ok, false);
  });
}

for (const name of BARE_NOTIFIES) {
  test(`${name} is sent without data and counts whatever data comes with it`, () => {
    assert.deepEqual(plainNotify(name), notify(Notify[name]));
    assert.deepEqual(decodeNotifyData(notify(Notify[name], octets('0102'))), { ok: true, value: { name } });
  });
}

test(
  'data of MOBIKE_SUPPORTED and of INTERMEDIATE_EXCHANGE_SUPPORTED is ignored and never sent',
  proves(['RFC4555-4.2.1-1', 'does'], ['RFC9242-3.1-x2', 'does']),
  () => {
    for (const name of ['MOBIKE_SUPPORTED', 'INTERMEDIATE_EXCHANGE_SUPPORTED'] as const) {
      assert.equal(plainNotify(name).data.length, 0);
      assert.equal(decodeNotifyData(notify(Notify[name], octets('ff'))).ok, true);
    }
  },
);

test(
  'fragmentation, redirection and EAP-only authentication are announced with protocol, SPI and data empty',
  proves(['RFC7383-2.3-x1', 'does'], ['RFC5685-9.1-x1', 'does'], ['RFC5998-3-x2', 'does']),
  () => {
    for (const [name, type] of [
      ['IKEV2_FRAGMENTATION_SUPPORTED', 16430],
      ['REDIRECT_SUPPORTED', 16406],
      ['EAP_ONLY_AUTHENTICATION', 16417],
    ] as const) {
      assert.deepEqual(plainNotify(name), {
        kind: 'N',
        protocol: 0,
        spi: EMPTY,
        notifyType: type,
        data: EMPTY,
      });
    }
  },
);

test(
  'a notify of a type without a known form is passed on as it is',
  proves(['RFC7296-3.10.1-x1', 'does'], ['RFC7296-3.10.1-2', 'does']),
  () => {
    for (const notifyType of [33, 8192, Notify.PUZZLE, 40961]) {
      const data = octets('0102');
      assert.deepEqual(decodeNotifyData(notify(notifyType, data)), {
        ok: true,
        value: { name: 'other', notifyType, data },
      });
    }
  },
);

test('reading a notify as another one is an error', () => {
  assert.equal(readNotify('COOKIE', notify(Notify.COOKIE2, new Uint8Array(8))).ok, false);
});

test(
  'only the notifies of RFC 7296 that concern a Child SA carry an SPI',
  proves(['RFC7296-3.10-x1', 'does'], ['RFC7296-3.10-4', 'does'], ['RFC7296-3.10-3', 'does']),
  () => {
    const withSpi = VALUED_NOTIFIES.filter((name) => spiLengthOf(name) > 0);
    assert.deepEqual(withSpi, ['INVALID_SELECTORS', 'CHILD_SA_NOT_FOUND', 'REKEY_SA']);
    assert.ok([...EMPTY_NOTIFIES, ...BARE_NOTIFIES].every((name) => plainNotify(name).spi.length === 0));
  },
);

function spiLengthOf(name: ValuedNotify): number {
  return valuedNotify(name, GOLDEN[name].value).spi.length;
}
