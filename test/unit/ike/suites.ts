import { u32 } from '../../../core/lib/bytes.ts';
import { parseEspWords, parseIkeWords } from '../../../core/ike/proposal-words.ts';
import { proposalsOf, type Offer } from '../../../core/ike/proposals.ts';
import { type ChildSuite, childSuite, type IkeSuite, ikeSuite } from '../../../core/ike/suite.ts';
import { Protocol } from '../../../core/wire/constants.ts';
import type { Proposal } from '../../../core/wire/payloads/sa.ts';

/** Words with one algorithm of each kind and every IKE cipher and integrity algorithm that there is. */
export const IKE_WORDS = [
  'aes128gcm16-prfsha256-ecp256',
  'aes192gcm16-prfsha384-ecp384',
  'aes256gcm16-prfsha512-ecp521',
  'chacha20poly1305-prfsha256-x25519',
  'aes128-sha1-x448',
  'aes192-sha256-modp2048',
  'aes256-sha384-x25519',
  'aes256-sha512-x25519',
] as const;

export const ESP_WORDS = [
  'aes128gcm16-noesn',
  'aes192gcm16-noesn',
  'aes256gcm16-noesn',
  'chacha20poly1305-esn',
  'aes128-sha1-noesn',
  'aes192-sha256-noesn',
  'aes256-sha384-noesn',
  'aes256-sha512-esn',
] as const;

function only(proposals: readonly Proposal[]): Proposal {
  const [first] = proposals;
  if (!first) throw new Error('no proposal');
  return first;
}

function offer(parsed: ReturnType<typeof parseIkeWords>): Offer {
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

/** The proposal that these words make. */
export function ikeProposal(words: string): Proposal {
  return only(proposalsOf([offer(parseIkeWords(words))], Protocol.IKE));
}

export function espProposal(words: string): Proposal {
  return only(proposalsOf([offer(parseEspWords(words))], Protocol.ESP, u32(0x1234_5678)));
}

/** The suite of words that name one algorithm of each kind. */
export function suiteOf(words: string): IkeSuite {
  const suite = ikeSuite(ikeProposal(words));
  if (!suite) throw new Error(`no suite: ${words}`);
  return suite;
}

export function childSuiteOf(words: string): ChildSuite {
  const suite = childSuite(espProposal(words));
  if (!suite) throw new Error(`no suite: ${words}`);
  return suite;
}
