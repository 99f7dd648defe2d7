import { parseAddress, type IpAddress } from '../../core/net/address.ts';
import {
  NO_NETWORK,
  sameNetwork,
  type AddressStage,
  type LinkAddress,
  type LinkRoute,
  type NetworkLink,
  type NetworkState,
} from '../../core/net/network-state.ts';
import { maskedPrefix, parsePrefix, type Prefix } from '../../core/net/prefix.ts';
import type { NetworkMonitor, SleepEvent, SleepMonitor } from '../../core/platform/ports.ts';

/** A route in words. `to`: a prefix, or 'default' (IPv4) and 'default6'. */
export interface RouteWords {
  readonly to: string;
  readonly via?: string;
  readonly metric?: number;
  readonly from?: string;
}

/** An address with prefix length ('192.0.2.10/24'), in words; preferred and lasting unless it says otherwise. */
export type AddressWords =
  string | { readonly address: string; readonly stage?: AddressStage; readonly temporary?: boolean };

export interface LinkWords {
  /** The order in which links are given, from 2, without it. */
  readonly index?: number;
  readonly mtu?: number;
  readonly addresses?: readonly AddressWords[];
  readonly routes?: readonly RouteWords[];
  /** The routers of default routes, one a family; a short form of `routes`. */
  readonly gateways?: readonly string[];
  /** Metric of those default routes; 100 without it. */
  readonly metric?: number;
}

/**
 * A network in words:
 * `networkOf({ wlan0: { addresses: ['192.0.2.10/24'], gateways: ['192.0.2.1'], metric: 600 } })`.
 * Each address also brings the route to the network that it is in.
 */
export function networkOf(links: Readonly<Record<string, LinkWords>>): NetworkState {
  const made = Object.entries(links).map(([name, words], at) => linkOf(name, words, at + 2));
  return { links: made.sort((a, b) => a.index - b.index), refusals: [] };
}

function linkOf(name: string, words: LinkWords, index: number): NetworkLink {
  const addresses = (words.addresses ?? []).map(addressOf);
  const metric = words.metric ?? 100;
  const connected = addresses.map(({ address, prefixLength }) => ({
    destination: maskedPrefix(address, prefixLength),
    metric,
    preferredSource: address,
  }));
  const defaults = (words.gateways ?? []).map((via) => ({
    destination: prefixOf(via.includes(':') ? '::/0' : '0.0.0.0/0'),
    gateway: ipOf(via),
    metric,
  }));
  return {
    index: words.index ?? index,
    name,
    mtu: words.mtu ?? 1500,
    addresses,
    routes: [...connected, ...defaults, ...(words.routes ?? []).map(routeOf)],
  };
}

function addressOf(words: AddressWords): LinkAddress {
  const one = typeof words === 'string' ? { address: words } : words;
  const [address = '', length] = one.address.split('/');
  const ip = ipOf(address);
  return {
    address: ip,
    prefixLength: length === undefined ? ip.octets.length * 8 : Number(length),
    stage: one.stage ?? 'preferred',
    temporary: one.temporary ?? false,
  };
}

function routeOf(words: RouteWords): LinkRoute {
  const everywhere: Readonly<Record<string, string>> = { default: '0.0.0.0/0', default6: '::/0' };
  return {
    destination: prefixOf(everywhere[words.to] ?? words.to),
    metric: words.metric ?? 0,
    ...(words.via === undefined ? {} : { gateway: ipOf(words.via) }),
    ...(words.from === undefined ? {} : { preferredSource: ipOf(words.from) }),
  };
}

function ipOf(words: string): IpAddress {
  const address = parseAddress(words);
  if (address === undefined) throw new Error(`not an address: ${words}`);
  return address;
}

function prefixOf(words: string): Prefix {
  const prefix = parsePrefix(words);
  if (prefix === undefined) throw new Error(`not a prefix: ${words}`);
  return prefix;
}

/** Who listens, and telling them: what both monitors are made of. */
class Listeners<T> {
  readonly #callbacks = new Set<(value: T) => void>();

  get count(): number {
    return this.#callbacks.size;
  }

  add(callback: (value: T) => void): () => void {
    // A function of its own, so that the same callback can listen twice.
    const own = (value: T): void => callback(value);
    this.#callbacks.add(own);
    return () => this.#callbacks.delete(own);
  }

  tell(value: T): void {
    for (const callback of [...this.#callbacks]) callback(value);
  }
}

/** Networks that are as a test says. */
export class FakeNetworkMonitor implements NetworkMonitor {
  closings = 0;
  readonly #listeners = new Listeners<NetworkState>();
  #state: NetworkState;

  constructor(state: NetworkState = NO_NETWORK) {
    this.#state = state;
  }

  get listeners(): number {
    return this.#listeners.count;
  }

  current(): NetworkState {
    return this.#state;
  }

  changes(callback: (state: NetworkState) => void): () => void {
    return this.#listeners.add(callback);
  }

  close(): void {
    this.closings += 1;
  }

  /** The networks are now these. As from the real one, nobody hears of a change that is none. */
  become(state: NetworkState): void {
    if (sameNetwork(this.#state, state)) return;
    this.#state = state;
    if (this.closings === 0) this.#listeners.tell(state);
  }

  /** One link changes, comes, or goes (undefined); the others stay. */
  change(name: string, words: LinkWords | undefined): void {
    const others = this.#state.links.filter((link) => link.name !== name);
    const before = this.#state.links.find((link) => link.name === name);
    const next = Math.max(1, ...this.#state.links.map(({ index }) => index)) + 1;
    const link = words && linkOf(name, words, before?.index ?? next);
    const links = [...others, ...(link === undefined ? [] : [link])].sort((a, b) => a.index - b.index);
    this.become({ ...this.#state, links });
  }
}

/** A machine that sleeps when a test says so. Moving the clock meanwhile is the test's affair. */
export class FakeSleepMonitor implements SleepMonitor {
  closings = 0;
  readonly #listeners = new Listeners<SleepEvent>();

  get listeners(): number {
    return this.#listeners.count;
  }

  changes(callback: (event: SleepEvent) => void): () => void {
    return this.#listeners.add(callback);
  }

  close(): void {
    this.closings += 1;
  }

  /** Every sleep is told of when it ends. */
  look(): void {}

  suspending(): void {
    if (this.closings === 0) this.#listeners.tell({ kind: 'suspending' });
  }

  woke(asleepMs: number): void {
    if (this.closings === 0) this.#listeners.tell({ kind: 'woke', asleepMs });
  }
}
