import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  common,
  covers,
  fromTrafficSelectors,
  narrowed,
  remainder,
  toTrafficSelectors,
} from '../../../core/ike/traffic.ts';
import { formatSelector, type Selector, selectorOfPrefix } from '../../../core/net/selector.ts';
import { TsType } from '../../../core/wire/constants.ts';
import type { TrafficSelector } from '../../../core/wire/payloads/ts.ts';
import { proves } from '../../conformance/tag.ts';
import { address, prefix } from '../../support/gateway/index.ts';

const all = selectorOfPrefix(prefix('0.0.0.0/0'));
const all6 = selectorOfPrefix(prefix('::/0'));
const office = selectorOfPrefix(prefix('10.1.0.0/16'));

function granted(start: string, end: string, change: Partial<TrafficSelector> = {}): TrafficSelector {
  const startAddress = address(start);
  return {
    tsType: startAddress.family === 4 ? TsType.IPV4 : TsType.IPV6,
    ipProtocol: 0,
    startPort: 0,
    endPort: 65_535,
    startAddress: startAddress.octets,
    endAddress: address(end).octets,
    ...change,
  };
}

const texts = (selectors: readonly Selector[] | undefined): string[] | undefined =>
  selectors?.map(formatSelector);

describe('what we propose', () => {
  test(
    'names any protocol and port as 0 and 0 to 65535',
    proves(['RFC7296-3.13.1-1', 'does'], ['RFC7296-3.13.1-2', 'does'], ['RFC7296-3.13.1-x1', 'does']),
    () => {
      for (const selector of toTrafficSelectors([all, all6, office])) {
        const { ipProtocol, startPort, endPort } = selector;
        assert.deepEqual(
          { ipProtocol, startPort, endPort },
          { ipProtocol: 0, startPort: 0, endPort: 65_535 },
        );
      }
    },
  );

  test('is a range of the type of its family', () => {
    const [four, six] = toTrafficSelectors([office, all6]);
    assert.deepEqual(four, granted('10.1.0.0', '10.1.255.255'));
    assert.deepEqual(six, granted('::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'));
  });
});

describe('what the gateway grants', () => {
  for (const [what, proposed, grant, expected] of [
    ['all of it', [all], [granted('0.0.0.0', '255.255.255.255')], ['0.0.0.0/0']],
    ['one address of it', [all], [granted('10.9.0.2', '10.9.0.2')], ['10.9.0.2/32']],
    [
      'two parts of it',
      [all],
      [granted('10.1.0.0', '10.1.255.255'), granted('10.3.0.0', '10.3.0.255')],
      ['10.1.0.0/16', '10.3.0.0/24'],
    ],
    [
      'one protocol and port of it',
      [office],
      [granted('10.1.0.0', '10.1.255.255', { ipProtocol: 6, startPort: 443, endPort: 443 })],
      ['10.1.0.0/16[tcp/443]'],
    ],
    ['one of two families', [all, all6], [granted('fd09::2', 'fd09::2')], ['fd09::2/128']],
  ] as const) {
    test(`may be ${what}`, proves('RFC7296-2.9-1', 'does'), () => {
      assert.deepEqual(texts(narrowed(proposed, grant)), expected);
    });
  }

  for (const [what, proposed, grant] of [
    ['nothing', [all], []],
    ['more than was asked for', [office], [granted('10.0.0.0', '10.255.255.255')]],
    ['something beside it', [office], [granted('10.2.0.0', '10.2.255.255')]],
    ['something that only overlaps it', [office], [granted('10.1.128.0', '10.2.0.0')]],
    [
      'a right part and a wrong one',
      [office],
      [granted('10.1.0.0', '10.1.0.9'), granted('10.2.0.0', '10.2.0.9')],
    ],
    ['a range that ends before it starts', [all], [granted('10.1.0.9', '10.1.0.0')]],
    ['another family', [all], [granted('fd09::2', 'fd09::2')]],
    [
      'other protocols than the one proposed',
      [{ ...all, protocol: 6 }],
      [granted('10.1.0.0', '10.1.0.9', { ipProtocol: 0 })],
    ],
    [
      'ports beyond those proposed',
      [{ ...all, protocol: 6, startPort: 80, endPort: 90 }],
      [granted('10.1.0.0', '10.1.0.9', { ipProtocol: 6, startPort: 80, endPort: 91 })],
    ],
    ['a type of selector that is none', [all], [granted('10.1.0.0', '10.1.0.9', { tsType: 9 })]],
  ] as const) {
    test(`may not be ${what}`, proves('RFC7296-2.9-1', 'refuses'), () => {
      assert.equal(narrowed(proposed, grant), undefined);
    });
  }

  test('two proposals side by side do not make one wider one', proves('RFC7296-2.9-1', 'refuses'), () => {
    const proposed = [selectorOfPrefix(prefix('10.0.0.0/16')), office];
    assert.equal(narrowed(proposed, [granted('10.0.0.0', '10.1.255.255')]), undefined);
  });
});

describe('selectors compared', () => {
  const of = (...prefixes: string[]): Selector[] => prefixes.map((text) => selectorOfPrefix(prefix(text)));
  const only = (selector: Selector, change: Partial<Selector>): Selector => ({ ...selector, ...change });

  test('what is left of a whole is the addresses before and behind each part', () => {
    assert.deepEqual(texts(remainder(of('10.0.0.0/8'), of('10.0.0.0/9'))), ['10.128.0.0/9']);
    assert.deepEqual(texts(remainder(of('10.0.0.0/30'), of('10.0.0.1/32', '10.0.0.2/32'))), [
      '10.0.0.0/32',
      '10.0.0.3/32',
    ]);
    assert.deepEqual(texts(remainder(of('0.0.0.0/0', '::/0'), of('0.0.0.0/0'))), ['::/0']);
    assert.deepEqual(texts(remainder(of('10.1.0.0/16'), of('10.2.0.0/16'))), ['10.1.0.0/16']);
    assert.deepEqual(texts(remainder(of('10.1.0.0/16'), of('10.0.0.0/8'))), []);
    assert.deepEqual(texts(remainder(of('10.0.255.0/23'), of('10.0.254.255/32'))), [
      '10.0.254.0-10.0.254.254',
      '10.0.255.0/24',
    ]);
  });

  test('of an address of which only some protocols or ports are taken, all of it is left', () => {
    const [whole] = of('10.1.0.0/16');
    const tcp = only(whole!, { protocol: 6 });
    const https = only(tcp, { startPort: 443, endPort: 443 });
    assert.deepEqual(remainder([whole!], [tcp]), [whole]);
    assert.deepEqual(remainder([tcp], [https]), [tcp]);
    assert.deepEqual(remainder([https], [tcp]), []);
    assert.deepEqual(remainder([https], [whole!]), []);
  });

  test('several parts may cover a whole together, but no less than all of it', () => {
    assert.ok(covers(of('10.0.0.0/9', '10.128.0.0/9'), of('10.0.0.0/8')));
    assert.ok(covers(of('10.0.0.0/8'), of('10.1.0.0/16', '10.2.0.0/16')));
    assert.ok(!covers(of('10.0.0.0/9'), of('10.0.0.0/8')));
    assert.ok(!covers(of('10.0.0.0/8'), of('10.0.0.0/8', 'fd00::/8')));
    assert.ok(!covers([], of('10.0.0.0/8')));
  });

  test('what two have in common is there once', () => {
    assert.deepEqual(texts(common(of('10.0.0.0/8'), of('10.1.0.0/16', '192.0.2.0/24'))), ['10.1.0.0/16']);
    assert.deepEqual(texts(common(of('10.0.0.0/8', '10.1.0.0/16'), of('10.1.0.0/16'))), ['10.1.0.0/16']);
    assert.deepEqual(texts(common(of('10.0.0.0/8'), of('fd00::/8'))), []);
  });

  test(
    'types that we do not know and ranges that end before they begin are passed over',
    proves('RFC7296-2.9-x3', 'does'),
    () => {
      const known = granted('10.1.0.0', '10.1.0.255');
      const selectors = fromTrafficSelectors([
        granted('10.1.0.0', '10.1.0.255', { tsType: 10 }),
        granted('10.2.0.9', '10.2.0.1'),
        known,
      ]);
      assert.deepEqual(toTrafficSelectors(selectors), [known]);
    },
  );
});
