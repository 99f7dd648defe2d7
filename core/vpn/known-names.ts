import type { Millis } from '../lib/ports.ts';
import { formatAddress, type IpAddress } from '../net/address.ts';
import type { NameAnswer } from '../net/dns/answers.ts';
import { type KnownName, namesName, type SplitPolicy } from '../net/policy/model.ts';

/** What of a name is believed longer than its answer says: programs hold on to addresses, and to connections. */
const GRACE_MS: Millis = 5 * 60_000;
/** No answer is believed longer, whatever it says of itself. */
const MAX_TTL_MS: Millis = 24 * 60 * 60_000;
/** Pairs of a name and an address that rules speak of: each of them is a route, and an element of the firewall. */
const MAX_FOLLOWED = 500;
/** Pairs that no rule speaks of; they are remembered in case that the next policy does. */
const MAX_OTHERS = 2_000;

interface Entry extends KnownName {
  readonly until: Millis;
}

/**
 * Which addresses names had lately, by word of the name servers. A name that stands for another one has its addresses
 * too. Pure: time is an argument.
 */
export class KnownNames {
  /** By name and address, oldest first. */
  readonly #followed = new Map<string, Entry>();
  readonly #others = new Map<string, Entry>();
  #speaks: (name: string) => boolean = () => false;

  /** Another policy holds. */
  follow({ rules }: SplitPolicy): void {
    const destinations = rules.flatMap((rule) => rule.destinations).filter(({ kind }) => kind !== 'range');
    this.#speaks = (name) => destinations.some((destination) => namesName(destination, name));
    const all = [...this.#followed, ...this.#others];
    this.#followed.clear();
    this.#others.clear();
    for (const [key, entry] of all) this.#put(key, entry);
  }

  /** What rules speak of. */
  get followed(): readonly KnownName[] {
    return [...this.#followed.values()];
  }

  /** The addresses that a name has. */
  addressesOf(name: string): readonly IpAddress[] {
    const all = [...this.#followed.values(), ...this.#others.values()];
    return all.filter((entry) => entry.name === name).map(({ address }) => address);
  }

  /**
   * Takes answers. The keys of what rules speak of and was not known; undefined when there are more such names than can
   * be followed, and then nothing is taken.
   */
  learn(answers: readonly NameAnswer[], now: Millis): readonly string[] | undefined {
    const entries = answers.flatMap(({ name, aliases, address, ttlSeconds }) =>
      [name, ...aliases].map((each): [string, Entry] => {
        const until = now + Math.min(ttlSeconds * 1000, MAX_TTL_MS) + GRACE_MS;
        return [`${each} ${formatAddress(address)}`, { name: each, address, until }];
      }),
    );
    const fresh = entries
      .filter(([key, { name }]) => this.#speaks(name) && !this.#followed.has(key))
      .map(([key]) => key);
    if (this.#followed.size + fresh.length > MAX_FOLLOWED) return undefined;
    for (const [key, entry] of entries) this.#put(key, entry);
    return fresh;
  }

  /** What could not be carried out is not known. */
  unlearn(keys: readonly string[]): void {
    for (const key of keys) this.#followed.delete(key);
  }

  /** When something is to be forgotten that rules speak of. */
  get nextExpiry(): Millis {
    return Math.min(Infinity, ...[...this.#followed.values()].map(({ until }) => until));
  }

  /** Forgets what is too old; what somebody is connected to (addresses as text) stays a while. True when rules see it. */
  expire(now: Millis, inUse: ReadonlySet<string>): boolean {
    const old = [...this.#followed].filter(([, { until }]) => until <= now);
    let changed = false;
    for (const [key, entry] of old) {
      if (inUse.has(formatAddress(entry.address))) {
        this.#followed.set(key, { ...entry, until: now + GRACE_MS });
      } else {
        this.#followed.delete(key);
        changed = true;
      }
    }
    for (const [key, { until }] of this.#others) if (until <= now) this.#others.delete(key);
    return changed;
  }

  #put(key: string, entry: Entry): void {
    const place = this.#speaks(entry.name) ? this.#followed : this.#others;
    const until = Math.max(entry.until, place.get(key)?.until ?? 0);
    // Behind the others: it is the newest.
    place.delete(key);
    place.set(key, { ...entry, until });
    const [oldest] = this.#others.keys();
    if (this.#others.size > MAX_OTHERS && oldest !== undefined) this.#others.delete(oldest);
  }
}
