import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { firstOf } from '../../core/ike/payloads.ts';
import { formatSelector, type Selector, selectorOfPrefix } from '../../core/net/selector.ts';
import { formatAddress, addressOf } from '../../core/net/address.ts';
import { ExchangeType, Notify } from '../../core/wire/constants.ts';
import type { Message } from '../../core/wire/message.ts';
import { notify } from '../../core/wire/payloads/notify.ts';
import { proves } from '../conformance/tag.ts';
import { type Faults, prefix } from '../support/gateway/index.ts';
import { TwoEnds } from '../support/two-ends.ts';

/* Pairs of Child SAs beside the first one, for what a gateway left out of it (RFC 7296 section 2.9). */

const MORE = notify(Notify.ADDITIONAL_TS_POSSIBLE);
const [FIRST, SECOND, THIRD] = ['10.1.0.0/16', '10.2.0.0/16', '10.3.0.0/16'].map((text) => prefix(text));
const WANTED: Selector[] = [FIRST!, SECOND!, THIRD!].map((network) => selectorOfPrefix(network));

/** TSr of each request for a pair, as ranges. */
function askedFor({ requests }: TwoEnds): string[][] {
  return requests
    .filter(({ exchange }) => exchange === ExchangeType.CREATE_CHILD_SA)
    .map(({ payloads }) => (firstOf(payloads, 'TSr')?.selectors ?? []).map(range));
}

function range({ startAddress, endAddress }: { startAddress: Uint8Array; endAddress: Uint8Array }): string {
  return [startAddress, endAddress].map((octets) => formatAddress(addressOf(octets))).join('-');
}

/** A gateway that leads to one network in each pair, and to the next one in the next, and says so while there is one. */
function oneAtATime(
  networks: NonNullable<typeof FIRST>[],
  all: readonly NonNullable<typeof FIRST>[],
): Faults {
  let made = 0;
  return {
    tamper: (message: Message, step) => {
      if ((step !== 'auth' && step !== 'reply') || !firstOf(message.payloads, 'TSr')) return message;
      made += 1;
      const next = all[made];
      networks.splice(0, networks.length, ...(next ? [next] : []));
      return next ? { ...message, payloads: [...message.payloads, MORE] } : message;
    },
  };
}

describe('what the gateway left out and says can be had', () => {
  test(
    'is asked for in pairs of its own, until there is nothing left',
    proves(['RFC7296-2.9-x6', 'does'], ['RFC7296-2.9.1-x1', 'does']),
    () => {
      const networks = [FIRST!];
      const ends = new TwoEnds({
        client: { remoteSelectors: WANTED, addressFamilies: [4] },
        gateway: { networks, faults: oneAtATime(networks, [FIRST!, SECOND!, THIRD!]) },
      });
      ends.live(1000);
      const granted = ends.childEvents.flatMap((event) =>
        event.kind === 'child-added' ? [[event.replaces, event.child.remote.map(formatSelector)]] : [],
      );
      assert.deepEqual(granted, [
        [undefined, ['10.2.0.0/16']],
        [undefined, ['10.3.0.0/16']],
      ]);
      assert.equal(ends.clientPairs.length, 3);
      assert.deepEqual(ends.clientPairs, ends.gatewayPairs);
      assert.ok(ends.passes);
    },
  );

  test('is not asked for without that word', () => {
    const ends = new TwoEnds({
      client: { remoteSelectors: WANTED, addressFamilies: [4] },
      gateway: { networks: [FIRST!] },
    });
    assert.deepEqual(askedFor(ends.live(1000)), []);
    ends.agree();
  });

  test('is given back, and not asked for again, when it is what there is already', () => {
    const ends = new TwoEnds({
      client: { remoteSelectors: WANTED, addressFamilies: [4] },
      gateway: { networks: [FIRST!] },
    });
    ends.made.gateway.faults = { add: [{ at: 'reply', payloads: [MORE] }] };
    ends.command({ kind: 'create-child', remote: WANTED }).live(1000);
    assert.equal(askedFor(ends).length, 1);
    assert.equal(ends.clientPairs.length, 1);
    ends.made.gateway.faults = {};
    ends.agree();
  });

  test('is not asked for for ever', () => {
    const all = Array.from({ length: 40 }, (_, i) => prefix(`10.${i + 1}.0.0/16`));
    const networks = [all[0]!];
    const ends = new TwoEnds({
      client: { remoteSelectors: [selectorOfPrefix(prefix('10.0.0.0/8'))], addressFamilies: [4] },
      gateway: { networks, faults: oneAtATime(networks, all) },
    });
    ends.live(10_000);
    assert.equal(ends.clientPairs.length, 9);
  });
});

describe('a gateway that wants a pair of addresses in each', () => {
  test('is asked for each part alone', proves('RFC7296-2.9-x4', 'does'), () => {
    const ends = new TwoEnds();
    ends.made.gateway.faults = {
      create: { refuse: { notify: Notify.SINGLE_PAIR_REQUIRED, purpose: 'create-child', times: 1 } },
    };
    ends.command({ kind: 'create-child', remote: WANTED.slice(1) }).live(1000);
    assert.deepEqual(askedFor(ends), [
      ['10.2.0.0-10.2.255.255', '10.3.0.0-10.3.255.255'],
      ['10.2.0.0-10.2.255.255'],
      ['10.3.0.0-10.3.255.255'],
    ]);
    ends.agree(3);
  });

  test('and of a single one as well gets no more requests', () => {
    const ends = new TwoEnds();
    ends.made.gateway.faults = {
      create: { refuse: { notify: Notify.SINGLE_PAIR_REQUIRED, purpose: 'create-child' } },
    };
    ends.command({ kind: 'create-child', remote: WANTED.slice(1) }).live(60_000);
    assert.equal(askedFor(ends).length, 3);
    ends.made.gateway.faults = {};
    ends.agree();
  });
});

describe('traffic that no pair can carry', () => {
  test('of a family in which we have no address is not asked for', () => {
    const ends = new TwoEnds({ client: { addressFamilies: [4] } });
    const remote = [selectorOfPrefix(prefix('fd02::/48'))];
    ends.command({ kind: 'create-child', remote }).live(1000);
    assert.deepEqual(askedFor(ends), []);
    ends.agree();
  });
});
