/**
 * Takes out of texts and values what says who somebody is and where: names of people, machines and networks, addresses,
 * subjects of certificates, keys. Pure. What is known by name is found wherever it stands; addresses, domain names,
 * mail addresses, certificates and keys are found by their form. In doubt something is taken out.
 */
import { FAILURES } from '../../lib/failure.ts';
import { parseAddress } from '../../net/address.ts';
import { type KnownName, type NameKind, Pseudonyms } from './pseudonyms.ts';

export const REMOVED = '[removed]';

/** Fields whose whole value is a name, in profiles, statuses and log lines. */
const NAME_FIELDS = new Map<string, NameKind>([
  ['username', 'user'],
  ['user', 'user'],
  ['eapIdentity', 'user'],
  ['ikeIdentity', 'user'],
  ['identity', 'host'],
  ['address', 'host'],
  ['gateway', 'host'],
  ['host', 'host'],
  ['hostname', 'host'],
  ['domain', 'host'],
  ['domains', 'host'],
  ['searchDomains', 'host'],
  ['server', 'host'],
  ['servers', 'host'],
  ['to', 'host'],
  ['name', 'name'],
  ['subject', 'subject'],
  ['issuer', 'subject'],
  ['ssid', 'network'],
]);
/** Fields that say nothing but a secret, a certificate, or what somebody wrote for people. */
const SECRET_FIELD =
  /^(privateKey|certificate|authorities|pins?|password|passphrase|secret|psk|token|note)$/i;
/** What such a field may say without being one. */
const NO_SECRET = new Set(['', 'system', REMOVED]);

const DN_KEY = '(?:CN|OU|O|C|ST|L|DC|UID|SN|GN|emailAddress|serialNumber|street|postalCode)';
const DN_VALUE = '(?:"[^"]*"|[^,;+\\n"]*)';
const SUBJECT = new RegExp(`\\b${DN_KEY}=${DN_VALUE}(?:[,;+/]\\s*(?:${DN_KEY}|E)=${DN_VALUE})*`, 'g');
const PEM = /-----BEGIN [^-]*-----[\s\S]*?(?:-----END [^-]*-----|$)/g;
const MAIL = /[^\s@"'<>(){}[\],;:=]+@[\p{L}\p{N}._-]+/gu;
const HOME = /(?<=\/home\/)[^/\s"':]+/g;
const LINK_ADDRESS = /(?<![0-9A-Fa-f:])(?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}(?![0-9A-Fa-f:])/g;
/** Names of interfaces that are made from their address. */
const LINK_NAME = /(?<=\b(?:en|wl|ww)x)[0-9a-f]{12}\b/g;
const IPV6 =
  /(?<![0-9A-Za-z])[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:]*(?:\d{1,3}(?:\.\d{1,3}){3})?(?:\/\d{1,3}(?!\d))?/g;
const IPV4 = /(?<!\d|\d\.)\d{1,3}(?:\.\d{1,3}){3}(?!\d)(?:\/\d{1,2}(?!\d))?/g;
const DOMAIN =
  /(?<![\p{L}\p{N}_-])(?:[\p{L}\p{N}_](?:[\p{L}\p{N}_-]*[\p{L}\p{N}_])?\.)+[\p{L}][\p{L}\p{N}-]*[\p{L}\p{N}]/gu;
const KEY = /[A-Za-z0-9+/_-]{32,}={0,2}/g;
/** Words with dots that are ours: failures, and files by endings under which there are no domains. */
const OUR_WORDS: ReadonlySet<string> = new Set(Object.keys(FAILURES));
const FILE = /\.(?:ts|json|conf|cjs|mjs|service|snapshot|log)$/;
/** A path of words is no key, nor are algorithms in a row; what tells machines apart is one. */
const WORDS = /^(?:\/?(?:[a-z0-9_.-]{1,24}\/)+[a-z0-9_.-]*|[a-z0-9]{1,24}(?:-[a-z0-9]{1,24})+)$/;
const UUID = /\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b/gi;
/** A name of fewer characters counts only where it stands alone: it is in too many words. */
const SHORT = 4;

interface Piece {
  readonly text: string;
  /** Nothing more is to be done to it. */
  readonly isDone: boolean;
}

export class Redactor {
  readonly pseudonyms = new Pseudonyms();
  readonly #known = new Map<string, KnownName>();
  #pattern: RegExp | undefined;

  /** From now on these are found wherever they stand. */
  know(names: readonly KnownName[]): void {
    for (const { kind, text } of names) {
      const plain = text.trim();
      if (plain === '' || this.#known.has(plain.toLowerCase()) || isAddress(plain)) continue;
      this.#known.set(plain.toLowerCase(), { kind, text: plain });
      this.pseudonyms.name(kind, plain);
      this.#pattern = undefined;
    }
  }

  /** Every name that the fields of a value say; to be known before anything is redacted. */
  learn(value: unknown, field = ''): void {
    const kind = NAME_FIELDS.get(field);
    if (typeof value === 'string') {
      if (kind) this.know([{ kind, text: value }]);
    } else if (Array.isArray(value)) {
      for (const part of value) this.learn(part, field);
    } else if (typeof value === 'object' && value !== null) {
      for (const [name, part] of Object.entries(value)) this.learn(part, name);
    }
  }

  /** The same value with every text in it redacted. Names of fields stay. */
  value(value: unknown, field = ''): unknown {
    if (typeof value === 'string') return this.#field(value, field);
    if (Array.isArray(value)) return value.map((part) => this.value(part, field));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, this.value(part, name)]));
  }

  #field(text: string, field: string): string {
    if (SECRET_FIELD.test(field)) return NO_SECRET.has(text) ? text : REMOVED;
    const kind = NAME_FIELDS.get(field);
    return kind && text.trim() !== '' && !isAddress(text.trim())
      ? this.pseudonyms.name(kind, text.trim())
      : this.text(text);
  }

  text(text: string): string {
    const { pseudonyms } = this;
    const named =
      (kind: NameKind) =>
      (found: string): string =>
        pseudonyms.name(kind, found);
    const steps: readonly (readonly [RegExp | undefined, (found: string) => string | undefined])[] = [
      [PEM, () => REMOVED],
      [this.#knownPattern(), (found) => pseudonyms.name('name', found)],
      [SUBJECT, named('subject')],
      [MAIL, named('user')],
      [HOME, named('user')],
      [LINK_ADDRESS, (found) => pseudonyms.linkAddress(found)],
      [LINK_NAME, (found) => pseudonyms.linkAddress(found.match(/../g)?.join(':') ?? found)],
      [IPV6, (found) => this.#address(found)],
      [IPV4, (found) => this.#address(found)],
      [
        DOMAIN,
        (found) => (OUR_WORDS.has(found) || FILE.test(found) ? undefined : pseudonyms.name('host', found)),
      ],
      [UUID, () => REMOVED],
      [KEY, (found) => (WORDS.test(found) ? undefined : REMOVED)],
    ];
    let pieces: Piece[] = [{ text, isDone: false }];
    for (const [pattern, replace] of steps)
      if (pattern) pieces = pieces.flatMap((one) => replaced(one, pattern, replace));
    return pieces.map((piece) => piece.text).join('');
  }

  /** What looks like an address, as far as it is one: what is behind it may be a full stop or a colon of the sentence. */
  #address(found: string): string | undefined {
    for (let end = found.length; end > 1; end--) {
      const [text = '', length] = found.slice(0, end).split('/');
      const address = parseAddress(text);
      if (!address) continue;
      const bits = length === undefined || length === '' ? undefined : Number(length);
      return this.pseudonyms.address(address, bits) + (length === '' ? '/' : '') + found.slice(end);
    }
    return undefined;
  }

  #knownPattern(): RegExp | undefined {
    if (this.#known.size === 0) return undefined;
    this.#pattern ??= new RegExp(
      [...this.#known.values()]
        .map(({ text }) => text)
        .sort((a, b) => b.length - a.length)
        .map((text) => {
          const escaped = text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
          return text.length < SHORT ? `(?<![\\p{L}\\p{N}])${escaped}(?![\\p{L}\\p{N}])` : escaped;
        })
        .join('|'),
      'giu',
    );
    return this.#pattern;
  }
}

function replaced(piece: Piece, pattern: RegExp, replace: (found: string) => string | undefined): Piece[] {
  if (piece.isDone) return [piece];
  const pieces: Piece[] = [];
  let at = 0;
  for (const match of piece.text.matchAll(pattern)) {
    const by = match[0] === '' ? undefined : replace(match[0]);
    if (by === undefined) continue;
    pieces.push({ text: piece.text.slice(at, match.index), isDone: false }, { text: by, isDone: true });
    at = match.index + match[0].length;
  }
  pieces.push({ text: piece.text.slice(at), isDone: false });
  return pieces.filter(({ text }) => text !== '');
}

/** An address, one with a port, a prefix, or a range of addresses. */
function isAddress(text: string): boolean {
  return text.split('-').every((part) => {
    const [address = ''] = part.split('/');
    const [, inner = ''] = /^\[?(.*?)\]?(?::\d{1,5})?$/.exec(address) ?? [];
    return parseAddress(address) !== undefined || parseAddress(inner) !== undefined;
  });
}
