import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BeaconNames } from '../../../core/daemon/beacon-names.ts';
import { Beacons } from '../../../core/daemon/beacons.ts';
import { silent } from '../../../core/lib/ports.ts';
import { formatAddress, parseAddress, type IpAddress } from '../../../core/net/address.ts';
import { NO_NETWORK, type NetworkState } from '../../../core/net/network-state.ts';
import type { TlsKeyAnswer, TlsKeyRequest } from '../../../core/platform/linux/tls-key.ts';
import { networkAt, PIN } from './automatic-rig.ts';

const [ONE, TWO] = [networkAt(1), networkAt(2)];
const BOTH: NetworkState = { links: [...ONE.links, ...TWO.links], refusals: [] };
const BEACON = { host: '10.0.0.9', port: 443, pins: [PIN] };
const KEY: TlsKeyAnswer = { kind: 'key', pin: PIN };

function addresses(...texts: readonly string[]): IpAddress[] {
  return texts.flatMap((text) => parseAddress(text) ?? []);
}

function beacons(
  answer: (request: TlsKeyRequest) => TlsKeyAnswer,
  found: readonly IpAddress[] = [],
): { readonly beacons: Beacons; readonly asked: TlsKeyRequest[] } {
  const asked: TlsKeyRequest[] = [];
  const askKey = (request: TlsKeyRequest): Promise<TlsKeyAnswer> => {
    asked.push(request);
    return Promise.resolve(answer(request));
  };
  const names = { addressesOf: () => Promise.resolve(found) };
  const literal = { addressesOf: (host: string) => Promise.resolve(addresses(host)) };
  return { beacons: new Beacons({ names: found.length > 0 ? names : literal, askKey, log: silent }), asked };
}

describe('beacons', () => {
  test('are asked past the tunnel: by our mark, and by a link that is no tunnel of ours', async () => {
    const { beacons: rig, asked } = beacons(() => KEY);
    assert.deepEqual(await rig.ask([BEACON], ONE), [
      { beacon: '10.0.0.9:443', outcome: 'proved', link: 'eth1' },
    ]);
    assert.deepEqual(
      asked.map(({ address, port, mark, device, serverName }) => [
        formatAddress(address),
        port,
        mark,
        device,
        serverName,
      ]),
      [['10.0.0.9', 443, 0xca75, 'eth1', undefined]],
    );
  });

  test('are asked by every link that other traffic may leave by, and by no other but the best', async () => {
    const { beacons: rig } = beacons(({ device }) =>
      device === 'eth1' ? KEY : { kind: 'silent', detail: '' },
    );
    // Both have a default route of one metric: the first is the main link, and the best.
    assert.deepEqual(
      (await rig.ask([BEACON], BOTH)).map(({ link }) => link),
      ['eth1'],
    );
    const narrow = { destination: { address: addresses('10.0.0.0')[0], length: 8 }, metric: 0 };
    assert.ok(narrow.destination.address);
    const [first, second] = BOTH.links;
    assert.ok(first && second);
    const destination = { address: narrow.destination.address, length: 8 };
    const office = { ...second, routes: [...second.routes, { destination, metric: 0 }] };
    const state = { ...BOTH, links: [first, office] };
    assert.deepEqual(
      (await rig.ask([BEACON], state)).map(({ link, outcome }) => [link, outcome]),
      [
        ['eth2', 'silent'],
        ['eth1', 'proved'],
      ],
    );
  });

  test('with another key are told from those with none, and both from those that no way leads to', async () => {
    const outcome = async (answer: TlsKeyAnswer, state = ONE): Promise<unknown> =>
      (await beacons(() => answer).beacons.ask([BEACON], state)).map((one) => one.outcome);
    assert.deepEqual(await outcome({ kind: 'key', pin: PIN.replace('4', '5') }), ['other-key']);
    assert.deepEqual(await outcome({ kind: 'refused', detail: '' }), ['refused']);
    assert.deepEqual(await outcome(KEY, NO_NETWORK), ['no-way']);
    const { beacons: nameless } = beacons(() => KEY);
    assert.deepEqual(await nameless.ask([{ ...BEACON, host: 'beacon.example' }], ONE), [
      { beacon: 'beacon.example:443', outcome: 'no-name' },
    ]);
  });

  test('that have a name are asked by it, at each of their addresses', async () => {
    const { beacons: rig, asked } = beacons(() => KEY, addresses('10.0.0.9', '10.0.0.10', '10.0.0.9'));
    await rig.ask([{ ...BEACON, host: 'beacon.example' }], ONE);
    assert.deepEqual(
      asked.map(({ address, serverName }) => [formatAddress(address), serverName]),
      [
        ['10.0.0.9', 'beacon.example'],
        ['10.0.0.10', 'beacon.example'],
      ],
    );
  });

  test('are reported to who tries one out', async () => {
    assert.deepEqual(await beacons(() => KEY).beacons.report('10.0.0.9', 443, ONE), {
      outcome: 'proved',
      pin: PIN,
      address: '10.0.0.9',
      interface: 'eth1',
    });
    const closed = beacons(() => ({ kind: 'refused', detail: '' })).beacons;
    assert.deepEqual((await closed.report('10.0.0.9', 443, ONE)).outcome, 'refused');
    assert.deepEqual(await closed.report('10.0.0.9', 443, NO_NETWORK), { outcome: 'no-way' });
    assert.deepEqual(await closed.report('beacon.example', 443, ONE), { outcome: 'no-name' });
  });
});

describe('names of beacons', () => {
  test('lead where they led before while nobody can say', async () => {
    let says: string | undefined = '10.0.0.9';
    const names = new BeaconNames(() =>
      says === undefined ? Promise.reject(new Error('no answer')) : Promise.resolve([{ address: says }]),
    );
    const look = async (): Promise<string[]> => (await names.addressesOf('b.example')).map(formatAddress);
    assert.deepEqual(await look(), ['10.0.0.9']);
    says = undefined;
    assert.deepEqual(await look(), ['10.0.0.9']);
    says = '10.0.0.10';
    assert.deepEqual(await look(), ['10.0.0.10']);
    assert.deepEqual(await new BeaconNames(() => Promise.reject(new Error(''))).addressesOf('b.example'), []);
  });

  test('are looked up two at a time, and each once', async () => {
    let [running, most, count] = [0, 0, 0];
    const ends: (() => void)[] = [];
    const names = new BeaconNames(async () => {
      count += 1;
      most = Math.max(most, ++running);
      await new Promise<void>((resolve) => ends.push(resolve));
      running -= 1;
      return [{ address: '10.0.0.9' }];
    });
    const all = ['a', 'b', 'c', 'd', 'a'].map((host) => names.addressesOf(`${host}.example`));
    for (let i = 0; i < 20; i++) {
      await Promise.resolve();
      if (i % 4 === 3) ends.shift()?.();
    }
    while (ends.length > 0) {
      ends.shift()?.();
      for (let i = 0; i < 10; i++) await Promise.resolve();
    }
    assert.deepEqual(
      (await Promise.all(all)).map((found) => found.length),
      [1, 1, 1, 1, 1],
    );
    assert.deepEqual([most, count], [2, 4]);
  });
});
