import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Children, redundantOf } from '../../../core/ike/children.ts';
import { eachPair, fromOurAddresses } from '../../../core/ike/further-children.ts';
import { nextGroup } from '../../../core/ike/group-choice.ts';
import { u16 } from '../../../core/lib/bytes.ts';
import { formatSelector, selectorOfPrefix } from '../../../core/net/selector.ts';
import { Notify } from '../../../core/wire/constants.ts';
import { notify } from '../../../core/wire/payloads/notify.ts';
import { proves } from '../../conformance/tag.ts';
import { prefix } from '../../support/gateway/index.ts';

const nonces = (i: string, r: string) => ({ nonceI: Buffer.from(i), nonceR: Buffer.from(r) });

describe('which of two SAs in the place of one is redundant', () => {
  test(
    'the one with the lowest of the four nonces, octet by octet',
    proves(['RFC7296-2.8.1-x1', 'does'], ['RFC7296-2.8-1', 'does']),
    () => {
      assert.equal(redundantOf(nonces('b', 'd'), nonces('c', 'e')), 'ours');
      assert.equal(redundantOf(nonces('d', 'b'), nonces('e', 'c')), 'ours');
      assert.equal(redundantOf(nonces('b', 'd'), nonces('z', 'a')), 'theirs');
      assert.equal(redundantOf(nonces('\x01\x01', 'z'), nonces('\x01\x00', 'z')), 'theirs');
    },
  );

  test('a shorter one that ends first is the lower, whatever number it would be', () => {
    assert.equal(redundantOf(nonces('aa', 'z'), nonces('aaa', 'z')), 'ours');
    assert.equal(redundantOf(nonces('ab', 'z'), nonces('aaa', 'z')), 'theirs');
  });
});

describe('pairs of Child SAs', () => {
  const pair = (spiIn: number, replaces?: number) => {
    const child = { spiIn, spiOut: spiIn + 1000, local: [], remote: [] };
    const rest = {
      lifetime: { rekeyAt: 0, endAt: 0 },
      role: 'responder',
      state: 'live',
      sends: true,
    } as const;
    return [child as never, { ...rest, ...(replaces === undefined ? {} : { replaces }) }] as const;
  };

  test('an heir is a living pair that was made in the place of another, by whom is asked for', () => {
    const children = new Children();
    children.add(...pair(1));
    const heir = children.add(...pair(2, 1));
    assert.equal(children.heirOf(1), heir);
    assert.equal(children.heirOf(1, 'initiator'), undefined);
    assert.equal(children.byOutbound(1002), heir);
    heir.state = 'redundant';
    assert.equal(children.heirOf(1), undefined);
    assert.deepEqual(
      children.live.map(({ spiIn }) => spiIn),
      [1],
    );
    children.remove(1);
    assert.equal(children.get(1), undefined);
    assert.equal(children.size, 1);
  });
});

describe('traffic for further pairs', () => {
  const of = (...texts: string[]) => texts.map((text) => selectorOfPrefix(prefix(text)));
  const texts = (traffic: ReturnType<typeof fromOurAddresses>) =>
    traffic && [traffic.local.map(formatSelector), traffic.remote.map(formatSelector)];

  test('goes from our addresses to what has the same family', () => {
    const addresses = [prefix('10.9.0.2/32'), prefix('fd09::2/128')];
    assert.deepEqual(texts(fromOurAddresses(addresses, of('10.1.0.0/16'))), [
      ['10.9.0.2/32'],
      ['10.1.0.0/16'],
    ]);
    assert.deepEqual(texts(fromOurAddresses(addresses.slice(0, 1), of('10.1.0.0/16', 'fd01::/48'))), [
      ['10.9.0.2/32'],
      ['10.1.0.0/16'],
    ]);
    assert.equal(fromOurAddresses(addresses.slice(0, 1), of('fd01::/48')), undefined);
  });

  test('is taken apart into single pairs of one family, unless it is one', () => {
    const apart = eachPair({
      local: of('10.9.0.2/32', 'fd09::2/128'),
      remote: of('10.1.0.0/16', 'fd01::/48'),
    });
    assert.deepEqual(apart.map(texts), [
      [['10.9.0.2/32'], ['10.1.0.0/16']],
      [['fd09::2/128'], ['fd01::/48']],
    ]);
    assert.deepEqual(eachPair({ local: of('10.9.0.2/32'), remote: of('10.1.0.0/16') }), []);
  });
});

describe('another group', () => {
  const wants = (group: number) => notify(Notify.INVALID_KE_PAYLOAD, u16(group));

  test('is used when it was offered, is another one, and not for ever', () => {
    const first = nextGroup({ current: 31, changes: 0 }, wants(19), [31, 19]);
    assert.deepEqual(first, { current: 19, changes: 1 });
    const second = nextGroup(first, wants(31), [31, 19]);
    assert.deepEqual(second, { current: 31, changes: 2 });
    assert.equal(nextGroup(second, wants(19), [31, 19]), undefined);
    assert.equal(nextGroup(first, wants(19), [31, 19]), undefined, 'the same again');
    assert.equal(nextGroup(first, wants(14), [31, 19]), undefined, 'one that was not offered');
    assert.equal(nextGroup(first, notify(Notify.INVALID_KE_PAYLOAD, new Uint8Array(3)), [0]), undefined);
  });
});
