import { type Result, err, ok } from '../lib/result.ts';
import { Encr, Esn, Group, Integ, nameOf, Prf, TransformType } from '../wire/constants.ts';
import type { Proposal, Transform } from '../wire/payloads/sa.ts';
import type { EncrChoice, Offer } from './proposals.ts';

/**
 * The words in which administrators write suites, as strongSwan's: `aes256gcm16-prfsha384-ecp384`,
 * `aes256-sha256-modp2048`. Several words of one kind are alternatives.
 */
const ENCR_WORDS: Readonly<Record<string, EncrChoice>> = {
  aes128gcm16: { id: Encr.AES_GCM_16, keyBits: 128 },
  aes192gcm16: { id: Encr.AES_GCM_16, keyBits: 192 },
  aes256gcm16: { id: Encr.AES_GCM_16, keyBits: 256 },
  aes128gcm: { id: Encr.AES_GCM_16, keyBits: 128 },
  aes256gcm: { id: Encr.AES_GCM_16, keyBits: 256 },
  chacha20poly1305: { id: Encr.CHACHA20_POLY1305 },
  aes128: { id: Encr.AES_CBC, keyBits: 128 },
  aes192: { id: Encr.AES_CBC, keyBits: 192 },
  aes256: { id: Encr.AES_CBC, keyBits: 256 },
};

const INTEG_WORDS: Readonly<Record<string, number>> = {
  sha1: Integ.HMAC_SHA1_96,
  sha256: Integ.HMAC_SHA2_256_128,
  sha384: Integ.HMAC_SHA2_384_192,
  sha512: Integ.HMAC_SHA2_512_256,
};

const PRF_WORDS: Readonly<Record<string, number>> = {
  prfsha1: Prf.HMAC_SHA1,
  prfsha256: Prf.HMAC_SHA2_256,
  prfsha384: Prf.HMAC_SHA2_384,
  prfsha512: Prf.HMAC_SHA2_512,
};

/** The PRF that goes with an integrity algorithm when a word list names none, as administrators expect. */
const PRF_OF_INTEG: Readonly<Record<number, number>> = {
  [Integ.HMAC_SHA1_96]: Prf.HMAC_SHA1,
  [Integ.HMAC_SHA2_256_128]: Prf.HMAC_SHA2_256,
  [Integ.HMAC_SHA2_384_192]: Prf.HMAC_SHA2_384,
  [Integ.HMAC_SHA2_512_256]: Prf.HMAC_SHA2_512,
};

const GROUP_WORDS: Readonly<Record<string, number>> = {
  modp2048: Group.MODP_2048,
  modp3072: Group.MODP_3072,
  modp4096: Group.MODP_4096,
  modp6144: Group.MODP_6144,
  modp8192: Group.MODP_8192,
  ecp256: Group.ECP_256,
  ecp384: Group.ECP_384,
  ecp521: Group.ECP_521,
  x25519: Group.CURVE25519,
  curve25519: Group.CURVE25519,
  x448: Group.CURVE448,
  curve448: Group.CURVE448,
};

const ESN_WORDS: Readonly<Record<string, number>> = { noesn: Esn.NO, esn: Esn.YES };

function isCombined(choice: EncrChoice): boolean {
  return choice.id !== Encr.AES_CBC;
}

/** The words that a person may use, for the sentence that says which one was not understood. */
export function knownWords(kind: 'ike' | 'esp'): string[] {
  const tables =
    kind === 'ike'
      ? [ENCR_WORDS, INTEG_WORDS, PRF_WORDS, GROUP_WORDS]
      : [ENCR_WORDS, INTEG_WORDS, GROUP_WORDS, ESN_WORDS];
  return tables.flatMap((table) => Object.keys(table));
}

interface Words {
  encr: EncrChoice[];
  integ: number[];
  prf: number[];
  groups: number[];
  esn: number[];
}

/** The entry of a table itself, never what every object inherits: a word comes from outside. */
function entry<T>(table: Readonly<Record<string, T>>, word: string): T | undefined {
  return Object.hasOwn(table, word) ? table[word] : undefined;
}

function sortWords(text: string): Result<Words, string> {
  const words: Words = { encr: [], integ: [], prf: [], groups: [], esn: [] };
  for (const word of text.toLowerCase().split('-')) {
    const encr = entry(ENCR_WORDS, word);
    const integ = entry(INTEG_WORDS, word);
    const prf = entry(PRF_WORDS, word);
    const group = entry(GROUP_WORDS, word);
    const esn = entry(ESN_WORDS, word);
    if (encr) words.encr.push(encr);
    else if (integ !== undefined) words.integ.push(integ);
    else if (prf !== undefined) words.prf.push(prf);
    else if (group !== undefined) words.groups.push(group);
    else if (esn !== undefined) words.esn.push(esn);
    else return err(`"${word}" is not an algorithm that Causeway knows`);
  }
  return ok(words);
}

function checkCipher(text: string, words: Words): string | undefined {
  if (words.encr.length === 0) return `"${text}" names no cipher`;
  const combined = words.encr.filter(isCombined).length;
  if (combined !== 0 && combined !== words.encr.length) {
    return `"${text}" mixes ciphers that need an integrity algorithm with ones that have their own`;
  }
  if (combined === 0 && words.integ.length === 0) return `"${text}" names no integrity algorithm`;
  return undefined;
}

/** An offer for the IKE SA. Without a PRF word, the one of the integrity algorithm is meant. */
export function parseIkeWords(text: string): Result<Offer, string> {
  const sorted = sortWords(text);
  if (!sorted.ok) return sorted;
  const words = sorted.value;
  const problem = checkCipher(text, words);
  if (problem !== undefined) return err(problem);
  const combined = words.encr.every(isCombined);
  const prf = words.prf.length > 0 ? words.prf : words.integ.map((id) => PRF_OF_INTEG[id] ?? 0);
  if (prf.length === 0) return err(`"${text}" names no PRF: add one, as in "${text}-prfsha256"`);
  if (words.groups.length === 0) return err(`"${text}" names no group: add one, as in "${text}-ecp256"`);
  if (words.esn.length > 0) return err(`"${text}": sequence numbers are a matter of the ESP proposal`);
  return ok({ encr: words.encr, integ: combined ? [] : words.integ, prf, groups: words.groups, esn: [] });
}

/**
 * An offer for Child SAs. Without a word on sequence numbers, both kinds are offered. Groups are for the pairs that are
 * made later, with a key exchange of their own (perfect forward secrecy).
 */
export function parseEspWords(text: string): Result<Offer, string> {
  const sorted = sortWords(text);
  if (!sorted.ok) return sorted;
  const words = sorted.value;
  const problem = checkCipher(text, words);
  if (problem !== undefined) return err(problem);
  if (words.prf.length > 0) return err(`"${text}": a PRF is a matter of the IKE proposal`);
  const combined = words.encr.every(isCombined);
  return ok({
    encr: words.encr,
    integ: combined ? [] : words.integ,
    prf: [],
    groups: words.groups,
    esn: words.esn.length > 0 ? words.esn : [Esn.NO, Esn.YES],
  });
}

function wordIn(table: Readonly<Record<string, number>>, id: number): string | undefined {
  return Object.entries(table).find(([, number]) => number === id)?.[0];
}

function wordOf(transform: Transform): string | undefined {
  switch (transform.type) {
    case TransformType.ENCR: {
      const same = ({ id, keyBits }: EncrChoice): boolean =>
        id === transform.id && keyBits === transform.keyLength;
      const word = Object.entries(ENCR_WORDS).find(([, choice]) => same(choice))?.[0];
      return word ?? [nameOf(Encr, transform.id), transform.keyLength ?? ''].join('');
    }
    case TransformType.PRF:
      return wordIn(PRF_WORDS, transform.id) ?? `prf${nameOf(Prf, transform.id)}`;
    case TransformType.INTEG:
      return wordIn(INTEG_WORDS, transform.id) ?? nameOf(Integ, transform.id);
    case TransformType.KE:
      return transform.id === Group.NONE
        ? undefined
        : (wordIn(GROUP_WORDS, transform.id) ?? nameOf(Group, transform.id));
    case TransformType.ESN:
      // Everybody's default says nothing.
      return transform.id === Esn.NO ? undefined : wordIn(ESN_WORDS, transform.id);
    default:
      return `type${transform.type}-${transform.id}`;
  }
}

/** A proposal in the words that a person would put into a gateway's configuration to meet it. */
export function wordsOf(proposal: Proposal): string {
  return proposal.transforms
    .map(wordOf)
    .filter((word) => word !== undefined)
    .join('-');
}
