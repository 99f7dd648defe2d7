import type { IpAddress } from '../net/address.ts';
import { type Lookup, resolveHost } from '../platform/resolver.ts';

/** For a name. */
const LOOKUP_MS = 4_000;
/** Of a name that may have many. */
const MAX_ADDRESSES = 4;
/** A lookup that hangs holds a thread, of which this process has few, and the gateway's name needs one too. */
const MAX_RUNNING = 2;

/** Looks names of beacons up by the machine's own means. */
export class BeaconNames {
  readonly #lookup: Lookup;
  /** Where a name led when it was looked up last: a network that has just changed may not be able to say. */
  readonly #found = new Map<string, readonly IpAddress[]>();
  /** What runs or waits for its turn, by name: a lookup cannot be called off. */
  readonly #pending = new Map<string, ReturnType<Lookup>>();
  #running = 0;
  readonly #turns: (() => void)[] = [];

  constructor(lookup: Lookup) {
    this.#lookup = lookup;
  }

  /** Those that are known from before when nobody can say now; none when nobody ever could. Never rejects. */
  async addressesOf(host: string): Promise<readonly IpAddress[]> {
    const found = await resolveHost(host, { timeoutMs: LOOKUP_MS, lookup: (name) => this.#inTurn(name) });
    if (found.ok) this.#found.set(host, found.value.slice(0, MAX_ADDRESSES));
    return this.#found.get(host) ?? [];
  }

  #inTurn(host: string): ReturnType<Lookup> {
    const pending = this.#pending.get(host) ?? this.#run(host).finally(() => this.#pending.delete(host));
    this.#pending.set(host, pending);
    return pending;
  }

  async #run(host: string): ReturnType<Lookup> {
    if (this.#running < MAX_RUNNING) this.#running += 1;
    else await new Promise<void>((resolve) => this.#turns.push(resolve));
    try {
      return await this.#lookup(host);
    } finally {
      const next = this.#turns.shift();
      if (next) next();
      else this.#running -= 1;
    }
  }
}
