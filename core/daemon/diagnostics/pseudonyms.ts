import { formatAddress, type IpAddress } from '../../net/address.ts';
import { LAN } from '../../net/local-networks.ts';
import { containsAddress, parsePrefix, type Prefix } from '../../net/prefix.ts';

/** What a name names. Who reads a bundle learns that two things are the same one, and of which kind, and no more. */
export type NameKind = 'user' | 'host' | 'name' | 'subject' | 'network';

/** A name that is known to stand in what is to be redacted. */
export interface KnownName {
  readonly kind: NameKind;
  readonly text: string;
}

type Kind = NameKind | 'address' | 'link-address';

const prefixes = (texts: readonly string[]): readonly Prefix[] =>
  texts.flatMap((text) => parsePrefix(text) ?? []);

/** The first that holds an address says what it is for. */
const PURPOSES: readonly (readonly [purpose: string, prefixes: readonly Prefix[]])[] = [
  ['nothing', prefixes(['0.0.0.0/32', '::/128', '255.255.255.255/32'])],
  ['loopback', prefixes(['127.0.0.0/8', '::1/128'])],
  ['multicast', prefixes(['224.0.0.0/4', 'ff00::/8'])],
  ['link-local', prefixes(['169.254.0.0/16', 'fe80::/10'])],
  ['private', prefixes(['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'])],
  ['shared', prefixes(['100.64.0.0/10'])],
];
/** The same on every machine. */
const SPEAKS_OF_NOBODY = new Set(['nothing', 'loopback', 'multicast']);
const EVERYBODYS_NETWORKS: ReadonlySet<string> = new Set([...LAN[4], ...LAN[6]]);
/** A network of so few fixed bits is half of all addresses, or all. */
const HALF = 1;

/** Names for names: the same for the same thing throughout, numbered in the order in which things come. */
export class Pseudonyms {
  readonly #given = new Map<string, string>();
  readonly #counts = new Map<Kind, number>();

  /** How many things of each kind have one. */
  get counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts);
  }

  /** Upper and lower case are the same name, and a name has one pseudonym, of the kind that it was first given. */
  name(kind: NameKind, text: string): string {
    return this.#for(`name ${text.toLowerCase()}`, kind, '');
  }

  linkAddress(text: string): string {
    return this.#for(`link ${text.toLowerCase()}`, 'link-address', '');
  }

  /**
   * `length`: of the prefix that it begins. The family stays, and whether it is private; addresses that are the same
   * everywhere stay as they are.
   */
  address(address: IpAddress, length: number | undefined): string {
    const text = formatAddress(address);
    const suffix = length === undefined ? '' : `/${length}`;
    const purpose = PURPOSES.find(([, nets]) => nets.some((net) => isIn(net, address)))?.[0] ?? 'public';
    const isEverybodys =
      SPEAKS_OF_NOBODY.has(purpose) || EVERYBODYS_NETWORKS.has(text + suffix) || (length ?? 128) <= HALF;
    if (isEverybodys) return text + suffix;
    return this.#for(`address ${text}`, 'address', `-${purpose}-v${address.family}`) + suffix;
  }

  #for(key: string, kind: Kind, suffix: string): string {
    const given = this.#given.get(key);
    if (given !== undefined) return given;
    const count = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, count);
    const pseudonym = `${kind}-${count}${suffix}`;
    this.#given.set(key, pseudonym);
    return pseudonym;
  }
}

function isIn(prefix: Prefix, address: IpAddress): boolean {
  return prefix.address.family === address.family && containsAddress(prefix, address);
}
