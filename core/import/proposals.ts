/** Algorithms as other clients write them, in the words of a profile (core/ike/proposal-words.ts). */

/** Words that other clients use for what a profile calls otherwise. */
const ALIASES: Readonly<Record<string, string>> = {
  aes: 'aes128',
  aes128gcm128: 'aes128gcm16',
  aes192gcm128: 'aes192gcm16',
  aes256gcm128: 'aes256gcm16',
  sha: 'sha1',
  sha2_256: 'sha256',
  sha2_384: 'sha384',
  sha2_512: 'sha512',
};

const COMBINED = ['aes128gcm16', 'aes192gcm16', 'aes256gcm16', 'aes128gcm', 'aes256gcm', 'chacha20poly1305'];
const BLOCK = ['aes128', 'aes192', 'aes256'];
const INTEGRITY = ['sha1', 'sha256', 'sha384', 'sha512'];
const PRF = ['prfsha1', 'prfsha256', 'prfsha384', 'prfsha512'];
const GROUPS = [
  'modp2048',
  'modp3072',
  'modp4096',
  'modp6144',
  'modp8192',
  'ecp256',
  'ecp384',
  'ecp521',
  'x25519',
  'curve25519',
  'x448',
  'curve448',
];
const SEQUENCE = ['noesn', 'esn'];

/** Every word that can stand in a proposal of a profile. */
export const PROPOSAL_WORDS = {
  ike: [...COMBINED, ...BLOCK, ...INTEGRITY, ...PRF, ...GROUPS],
  esp: [...COMBINED, ...BLOCK, ...INTEGRITY, ...GROUPS, ...SEQUENCE],
} as const;

export interface Adapted {
  /** The proposals as a profile has them; empty when nothing usable is left. */
  readonly proposals: readonly string[];
  readonly dropped: readonly string[];
  readonly added: readonly string[];
}

/**
 * Proposals as strongSwan writes them, several with commas between: with the words that Causeway offers alone, and with
 * what strongSwan takes for granted. Ciphers of both sorts in one proposal become two.
 */
export function adaptProposals(text: string, kind: 'ike' | 'esp'): Adapted {
  const proposals: string[] = [];
  const dropped: string[] = [];
  const added: string[] = [];
  for (const one of text.toLowerCase().split(',').slice(0, 16)) {
    const words: string[] = [];
    for (const given of one.split(/[-\s]+/).slice(0, 64)) {
      const word = Object.hasOwn(ALIASES, given) ? (ALIASES[given] ?? given) : given;
      const known: readonly string[] = PROPOSAL_WORDS[kind];
      if (known.includes(word)) words.push(word);
      else if (word !== '' && word !== '!') dropped.push(word.replace(/[^ -~]/g, '?').slice(0, 32));
    }
    for (const ciphers of [COMBINED, BLOCK]) {
      const made = complete(words, ciphers, kind, added);
      if (made !== undefined && made.length <= MAX_WORD_LENGTH) proposals.push(made);
    }
  }
  return { proposals: [...new Set(proposals)], dropped: [...new Set(dropped)], added: [...new Set(added)] };
}

/** As long as a profile lets a proposal be. */
const MAX_WORD_LENGTH = 120;

/** One proposal with ciphers of one sort; undefined when it lacks what cannot be taken for granted. */
function complete(
  words: readonly string[],
  ciphers: readonly string[],
  kind: 'ike' | 'esp',
  added: string[],
): string | undefined {
  const has = (list: readonly string[]): boolean => words.some((word) => list.includes(word));
  const isCombined = ciphers === COMBINED;
  if (!has(ciphers)) return undefined;
  if (!isCombined && !has(INTEGRITY)) return undefined;
  if (kind === 'ike' && !has(GROUPS)) return undefined;
  const others = words.filter((word) => ![...COMBINED, ...BLOCK].includes(word));
  const chosen = [...words.filter((word) => ciphers.includes(word)), ...others];
  if (kind === 'ike' && isCombined && !has(PRF) && !has(INTEGRITY)) {
    const prf = ['prfsha256', 'prfsha384', 'prfsha512'];
    added.push(...prf);
    chosen.splice(words.filter((word) => ciphers.includes(word)).length, 0, ...prf);
  }
  return [...new Set(chosen)].join('-');
}
