import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { concat, fromHex, toHex } from '../../../core/lib/bytes.ts';
import { ProtocolError } from '../../../core/lib/reader.ts';
import { formatAddress, type IpAddress } from '../../../core/net/address.ts';
import { formatPrefix } from '../../../core/net/prefix.ts';
import { dumpRequest, errorNumber, splitMessages } from '../../../core/platform/linux/netlink/message.ts';
import { readAddress, readLink, readRoute } from '../../../core/platform/linux/netlink/values.ts';

/*
 * Bodies as a Linux 6.18 kernel sent them on a little-endian machine, in a namespace with a veth pair. Attributes
 * that nobody reads here were cut off the end of those of links.
 */

const text = (address: IpAddress | undefined): string | undefined => address && formatAddress(address);

function message(type: number, body: string, flags = 2, sequence = 7): Uint8Array {
  const octets = fromHex(body);
  const header = new DataView(new ArrayBuffer(16));
  header.setUint32(0, 16 + octets.length, true);
  header.setUint16(4, type, true);
  header.setUint16(6, flags, true);
  header.setUint32(8, sequence, true);
  return concat(new Uint8Array(header.buffer), octets, new Uint8Array(-octets.length & 3));
}

describe('messages', () => {
  test('a datagram is split where its messages end, padding left out', () => {
    const datagram = concat(message(16, '0102030405'), message(3, '00000000', 0x12), message(20, ''));
    const [first, second, third] = splitMessages(datagram, 'little');
    assert.deepEqual([first?.type, first?.interrupted, first?.sequence], [16, false, 7]);
    assert.equal(toHex(first?.body ?? new Uint8Array()), '0102030405');
    assert.deepEqual([second?.type, second?.interrupted, second?.body.length], [3, true, 4]);
    assert.deepEqual([third?.type, third?.body.length], [20, 0]);
    assert.equal(splitMessages(message(16, '01').subarray(0, 17), 'little')[0]?.body.length, 1, 'no padding');
    assert.deepEqual(splitMessages(new Uint8Array(0), 'little'), []);
  });

  test('a length below that of the header, or past the end, is refused', () => {
    for (const length of [0, 1, 15, 21, 0xffffffff]) {
      const datagram = message(16, '01020304');
      new DataView(datagram.buffer).setUint32(0, length, true);
      assert.throws(() => splitMessages(datagram, 'little'), ProtocolError, String(length));
    }
    assert.throws(() => splitMessages(message(16, '').subarray(0, 15), 'little'), ProtocolError);
  });

  test('an error is the errno that the kernel gave, and an end without a number is none', () => {
    assert.equal(errorNumber(fromHex('feffffff'), 'little'), 2);
    assert.equal(errorNumber(fromHex('fffffffe'), 'big'), 2);
    assert.equal(errorNumber(fromHex('00000000'), 'little'), 0);
    assert.equal(errorNumber(new Uint8Array(0), 'little'), 0);
  });

  test('a request for a dump is a header and what the caller asks', () => {
    const expected = '18000000 1a00 0103 09000000 00000000 0200000000000000';
    assert.deepEqual(dumpRequest(26, 9, fromHex('0200000000000000'), 'little'), fromHex(expected));
    assert.deepEqual(
      dumpRequest(26, 9, new Uint8Array(0), 'big'),
      fromHex('00000010 001a 0301 00000009 00000000'),
    );
  });
});

describe('links', () => {
  const ETH0 =
    '00000100 03000000 43100100 00000000 09000300 65746830 00000000 08000d00 e8030000 05001000 06000000 ' +
    '05001100 00000000 05004300 00000000 08000400 78050000';
  const LO = '00000403 01000000 49000100 00000000 07000300 6c6f0000 08000d00 e8030000 08000400 00000100';

  test('a veth device with a carrier is usable', () => {
    assert.deepEqual(readLink(fromHex(ETH0), 'little'), {
      index: 3,
      name: 'eth0',
      mtu: 1400,
      usable: true,
      loopback: false,
    });
  });

  test('the loopback is told apart', () => {
    assert.deepEqual(readLink(fromHex(LO), 'little'), {
      index: 1,
      name: 'lo',
      mtu: 65_536,
      usable: true,
      loopback: true,
    });
  });

  test('a link that is down, has no carrier or was not let in is not usable', () => {
    // UP, RUNNING and LOWER_UP in turn are not set.
    for (const flags of ['42100100', '03100100', '43100000']) {
      assert.equal(readLink(fromHex(ETH0.replace('43100100', flags)), 'little')?.usable, false, flags);
    }
  });

  test('what a bridge says of its ports is not a link', () => {
    assert.equal(readLink(fromHex(ETH0.replace('0000', '0700')), 'little'), undefined);
  });

  test('a link without a name is refused', () => {
    assert.throws(() => readLink(fromHex(ETH0).subarray(0, 16), 'little'), ProtocolError);
  });
});

describe('addresses', () => {
  const read = (hex: string): unknown => {
    const value = readAddress(fromHex(hex), 'little');
    return (
      value && [
        value.link,
        text(value.address),
        value.prefixLength,
        value.stage,
        ...(value.temporary ? ['t'] : []),
      ]
    );
  };
  const V4 =
    '02188000 03000000 08000100 c000020a 08000200 c000020a 09000300 65746830 00000000 08000800 80000000 ' +
    '14000600 ffffffff ffffffff 7a7c1300 7a7c1300';
  const V6 =
    '0a402200 03000000 14000100 20010db8000000000000000000000010 14000600 00000000 e8030000 7d7c1300 7d7c1300 08000800 22000000';

  test('an IPv4 address is preferred', () => {
    assert.deepEqual(read(V4), [3, '192.0.2.10', 24, 'preferred']);
  });

  test('a second IPv4 address of a network is not temporary, although the bit is the same', () => {
    assert.deepEqual(read(V4.replace('02188000', '02188100').replace('08000800 80', '08000800 81')), [
      3,
      '192.0.2.10',
      24,
      'preferred',
    ]);
  });

  test('of a point-to-point link our end counts', () => {
    const peer =
      '02202000 03000000 08000100 c6336402 08000200 c6336401 09000300 65746830 00000000 08000800 20000000 ' +
      '14000600 00000000 e8030000 7c7c1300 7c7c1300';
    assert.deepEqual(read(peer), [3, '198.51.100.1', 32, 'deprecated']);
  });

  test('the stage of an IPv6 address is in its flags', () => {
    for (const [flags, ...expected] of [
      ['80', 'preferred'],
      ['22', 'deprecated'],
      ['40', 'tentative'],
      ['c0', 'tentative'],
      ['48', 'duplicate'],
      ['44', 'deprecated'],
      ['01', 'preferred', 't'],
      ['21', 'deprecated', 't'],
    ] as const) {
      const hex = V6.replace('08000800 22', `08000800 ${flags}`);
      assert.deepEqual(read(hex), [3, '2001:db8::10', 64, ...expected], flags);
    }
  });

  test('without the long flags the short ones count', () => {
    assert.deepEqual(read(V6.slice(0, -'08000800 22000000'.length)), [3, '2001:db8::10', 64, 'deprecated']);
  });

  test('another family is left out; lengths that are none of the family are refused', () => {
    assert.equal(read('11000000 03000000 05000100 01000000'), undefined);
    for (const hex of [V4.replace('0218', '0221'), V6.replace('0a40', '0281'), '02180000 03000000']) {
      assert.throws(() => read(hex), ProtocolError, hex);
    }
    assert.throws(() => read('02180000 03000000 07000200 c0000200'), ProtocolError);
  });
});

describe('routes', () => {
  const read = (hex: string): unknown => {
    const value = readRoute(fromHex(hex), 'little');
    if (value === undefined) return undefined;
    const { table, destination, metric, preferredSource, refuses, hops } = value;
    const via = hops.map(({ link, gateway }) => [link, ...(gateway === undefined ? [] : [text(gateway)])]);
    const from = preferredSource === undefined ? [] : [text(preferredSource)];
    return [formatPrefix(destination), table, metric, refuses ? 'refuses' : via, ...from];
  };
  const DEFAULT =
    '02000000 fe030001 00000000 08000f00 fe000000 08000600 64000000 08000500 c0000201 08000400 03000000';

  test('a default route has a router, a metric and no destination', () => {
    assert.deepEqual(read(DEFAULT), ['0.0.0.0/0', 254, 100, [[3, '192.0.2.1']]]);
    const v6 =
      '0a000000 fe030001 00000000 08000f00 fe000000 08000600 00040000 14000500 fe800000000000000000000000000001 ' +
      '08000400 03000000 24000c00 0000000000000000000000000000000000000000000000000000000000000000 05001400 00000000';
    assert.deepEqual(read(v6), ['::/0', 254, 1024, [[3, 'fe80::1']]]);
  });

  test('the route to the network of an address has that as its source', () => {
    const connected =
      '02180000 fe02fd01 00000000 08000f00 fe000000 08000100 c0000200 08000700 c000020a 08000400 03000000';
    assert.deepEqual(read(connected), ['192.0.2.0/24', 254, 0, [[3]], '192.0.2.10']);
  });

  test('a route with several next hops has them all', () => {
    const several =
      '02180000 fe030001 00000000 08000f00 fe000000 08000100 cb007100 08000600 32000000 ' +
      '24000900 10000000 03000000 08000500 c0000202 10000001 03000000 08000500 c0000203';
    const hops = [
      [3, '192.0.2.2'],
      [3, '192.0.2.3'],
    ];
    assert.deepEqual(read(several), ['203.0.113.0/24', 254, 50, hops]);
    assert.throws(() => read(several.replace('10000001 03', '11000001 03')), ProtocolError);
    assert.throws(() => read(several.replace('10000001 03', '07000001 03')), ProtocolError);
  });

  test('an IPv4 route may have an IPv6 router and a source of its own', () => {
    const mixed =
      '02100000 fe030001 00000000 08000f00 fe000000 08000100 0a010000 08000700 c000020b ' +
      '16001200 0a00fe80000000000000000000000000 00010000 08000400 03000000';
    assert.deepEqual(read(mixed), ['10.1.0.0/16', 254, 0, [[3, 'fe80::1']], '192.0.2.11']);
  });

  test('a route that refuses has no next hops', () => {
    const unreachable = '02080000 fe030007 00000000 08000f00 fe000000 08000100 0a000000 08000600 07000000';
    assert.deepEqual(read(unreachable), ['10.0.0.0/8', 254, 7, 'refuses']);
    for (const type of ['06', '08', '09']) {
      assert.deepEqual(read(unreachable.replace('fe030007', `fe0300${type}`)), [
        '10.0.0.0/8',
        254,
        7,
        'refuses',
      ]);
    }
  });

  test('the long number of a table counts', () => {
    const other =
      '02100000 fc030001 00000000 08000f00 e8030000 08000100 0a020000 08000500 c0000201 08000400 03000000';
    assert.deepEqual(read(other), ['10.2.0.0/16', 1000, 0, [[3, '192.0.2.1']]]);
    assert.deepEqual(read(DEFAULT.replace('08000f00 fe000000', '')), [
      '0.0.0.0/0',
      254,
      100,
      [[3, '192.0.2.1']],
    ]);
  });

  test('what no plain packet of ours could take is left out', () => {
    const left = [
      DEFAULT.replace('02000000', '07000000'),
      DEFAULT.replace('02000000', '02000018'),
      DEFAULT.replace('02000000', '02001800'),
      DEFAULT.replace('fe030001', 'ff020002'),
      DEFAULT.replace('fe030001', 'fe030005'),
      DEFAULT.replace('fe030001 00000000', 'fe030001 00020000'),
    ];
    for (const hex of left) assert.equal(read(hex), undefined, hex);
  });

  test('lengths that are none of the family are refused', () => {
    for (const hex of [
      DEFAULT.replace('02000000', '02210000'),
      DEFAULT.replace('02000000', '0a000000'),
      DEFAULT.replace('08000600 64000000', '07000600 64000000'),
    ]) {
      assert.throws(() => read(hex), ProtocolError, hex);
    }
  });
});
