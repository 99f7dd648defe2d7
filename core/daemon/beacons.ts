import type { BeaconReport } from '../contract/automatic.ts';
import type { Profile } from '../contract/profile.ts';
import type { Log } from '../lib/ports.ts';
import { formatAddress, type IpAddress, parseAddress, sameAddress } from '../net/address.ts';
import type { NetworkState } from '../net/network-state.ts';
import { type Source, sourcesFor } from '../net/reachability.ts';
import type { TlsKeyAnswer, TlsKeyRequest } from '../platform/linux/tls-key.ts';
import { BYPASS_MARK } from '../vpn/outlet.ts';
import type { BeaconAnswer } from '../vpn/trust/judge.ts';
import { mainLinks } from '../vpn/trust/place.ts';
import type { BeaconNames } from './beacon-names.ts';

export type Beacon = Profile['automatic']['beacons'][number];

export interface BeaconsOptions {
  readonly names: Pick<BeaconNames, 'addressesOf'>;
  readonly askKey: (request: TlsKeyRequest) => Promise<TlsKeyAnswer>;
  readonly log: Log;
}

/** For a handshake: three SYNs are lost before it is over. */
const HANDSHAKE_MS = 4_500;

/** Asks beacons for their proof, past the tunnel whether there is one or not. */
export class Beacons {
  readonly #options: BeaconsOptions;

  constructor(options: BeaconsOptions) {
    this.#options = options;
  }

  /** One answer a beacon and link. Takes nine seconds at most. */
  async ask(beacons: readonly Beacon[], state: NetworkState): Promise<readonly BeaconAnswer[]> {
    const answers = await Promise.all(beacons.map((beacon) => this.#askOne(beacon, state)));
    return answers.flat();
  }

  /** What a server that may become a beacon answers, by the way that it would be asked. */
  async report(host: string, port: number, state: NetworkState): Promise<BeaconReport> {
    const addresses = await this.#options.names.addressesOf(host);
    if (addresses.length === 0) return { outcome: 'no-name' };
    const asked = await Promise.all(
      waysTo(addresses, state, []).map(async (way) => ({ way, answer: await this.#askKey(way, host, port) })),
    );
    const best = asked.find(({ answer }) => answer.kind === 'key') ?? asked[0];
    if (!best) return { outcome: 'no-way' };
    const { way, answer } = best;
    const where = { address: formatAddress(way.address), interface: way.source.linkName };
    return answer.kind === 'key'
      ? { outcome: 'proved', pin: answer.pin, ...where }
      : { outcome: answer.kind, ...where };
  }

  async #askOne(beacon: Beacon, state: NetworkState): Promise<readonly BeaconAnswer[]> {
    const { host, port, pins } = beacon;
    const name = beaconName(host, port);
    const addresses = await this.#options.names.addressesOf(host);
    if (addresses.length === 0) return [{ beacon: name, outcome: 'no-name' }];
    const ways = waysTo(addresses, state, mainLinks(state));
    if (ways.length === 0) return [{ beacon: name, outcome: 'no-way' }];
    return Promise.all(
      ways.map(async (way): Promise<BeaconAnswer> => {
        const answer = await this.#askKey(way, host, port);
        const link = way.source.linkName;
        if (answer.kind !== 'key') return { beacon: name, outcome: answer.kind, link };
        return { beacon: name, outcome: pins.includes(answer.pin) ? 'proved' : 'other-key', link };
      }),
    );
  }

  async #askKey({ address, source }: Way, host: string, port: number): Promise<TlsKeyAnswer> {
    const answer = await this.#options.askKey({
      address,
      port,
      mark: BYPASS_MARK,
      device: source.linkName,
      timeoutMs: HANDSHAKE_MS,
      ...(parseAddress(host) ? {} : { serverName: host }),
    });
    this.#options.log('debug', 'beacon-asked', {
      host,
      port,
      link: source.linkName,
      outcome: answer.kind,
      ...(answer.kind === 'key' ? {} : { detail: answer.detail }),
    });
    return answer;
  }
}

interface Way {
  readonly address: IpAddress;
  readonly source: Source;
}

/**
 * The ways past the tunnel to each address: the best one, and one by each of the main links. The state knows no tunnel of
 * ours, and a socket that is held to one of its links cannot take one.
 */
function waysTo(
  addresses: readonly IpAddress[],
  state: NetworkState,
  main: readonly string[],
): readonly Way[] {
  return addresses
    .filter((address, index) => addresses.findIndex((other) => sameAddress(other, address)) === index)
    .flatMap((address) =>
      sourcesFor(state, address)
        .filter(({ linkName }, index) => index === 0 || main.includes(linkName))
        .map((source) => ({ address, source })),
    );
}

/** `host:port`, with brackets around an address that has colons. */
export function beaconName(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
