import { cipherSuite, type CipherSuite, type KeyLengths, suiteKeyLengths } from '../crypto/cipher-suite.ts';
import { keyExchange, type KeyExchangeMethod } from '../crypto/key-exchange.ts';
import { prf, type Prf } from '../crypto/prf.ts';
import { Esn, TransformType } from '../wire/constants.ts';
import type { Proposal, Transform } from '../wire/payloads/sa.ts';
import { wordsOf } from './proposal-words.ts';

/** The algorithms that IKE_SA_INIT negotiated (RFC 7296 section 2.7), as code that computes them. */
export interface IkeSuite {
  readonly cipher: CipherSuite;
  readonly prf: Prf;
  readonly group: KeyExchangeMethod;
  readonly name: string;
}

/** The algorithms of a Child SA by IANA number. `integ` is absent for a combined-mode cipher. */
export interface ChildSuite {
  readonly encr: number;
  readonly keyBits?: number;
  readonly integ?: number;
  readonly esn: boolean;
  readonly name: string;
}

function transformOf(proposal: Proposal, type: number): Transform | undefined {
  return proposal.transforms.find((transform) => transform.type === type);
}

function cipherOf(encr: Transform, integ: Transform | undefined): CipherSuite | undefined {
  return cipherSuite(encr.id, encr.keyLength, integ?.id);
}

/** The suite of a proposal with one transform of each type; undefined when we cannot compute one of them. */
export function ikeSuite(chosen: Proposal): IkeSuite | undefined {
  const encr = transformOf(chosen, TransformType.ENCR);
  const prfTransform = transformOf(chosen, TransformType.PRF);
  const group = transformOf(chosen, TransformType.KE);
  if (!encr || !prfTransform || !group) return undefined;
  const cipher = cipherOf(encr, transformOf(chosen, TransformType.INTEG));
  const algorithm = prf(prfTransform.id);
  const method = keyExchange(group.id);
  if (!cipher || !algorithm || !method) return undefined;
  return { cipher, prf: algorithm, group: method, name: wordsOf(chosen) };
}

/** As `ikeSuite`, for the proposal of a Child SA. */
export function childSuite(chosen: Proposal): ChildSuite | undefined {
  const encr = transformOf(chosen, TransformType.ENCR);
  if (!encr) return undefined;
  const integ = transformOf(chosen, TransformType.INTEG);
  const cipher = cipherOf(encr, integ);
  if (!cipher) return undefined;
  return {
    encr: encr.id,
    ...(encr.keyLength === undefined ? {} : { keyBits: encr.keyLength }),
    ...(cipher.kind === 'cbc' && integ ? { integ: integ.id } : {}),
    esn: transformOf(chosen, TransformType.ESN)?.id === Esn.YES,
    name: wordsOf(chosen),
  };
}

/** The group of a key exchange of its own (IANA number), or undefined when the proposal has none. */
export function groupOf(chosen: Proposal): number | undefined {
  return transformOf(chosen, TransformType.KE)?.id;
}

/** Octets of key that the Child SA takes from KEYMAT in each direction (RFC 7296 section 2.17). */
export function childKeyLengths({ encr, keyBits, integ }: ChildSuite): KeyLengths {
  const cipher = cipherSuite(encr, keyBits, integ);
  if (!cipher) throw new Error('the suite was checked when it was chosen');
  return suiteKeyLengths(cipher);
}
