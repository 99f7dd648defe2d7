import { aead, type Aead } from '../crypto/aead.ts';
import { blockCipher, type BlockCipher } from '../crypto/block-cipher.ts';
import { integrity, type Integrity } from '../crypto/integrity.ts';
import { keyExchange, type KeyExchangeMethod } from '../crypto/key-exchange.ts';
import { prf, type Prf } from '../crypto/prf.ts';
import { Esn, TransformType } from '../wire/constants.ts';
import type { Proposal, Transform } from '../wire/payloads/sa.ts';
import { wordsOf } from './proposal-words.ts';

/** How IKE messages are protected: one combined-mode cipher, or a cipher and an integrity algorithm. */
export type IkeCipher =
  | { readonly kind: 'aead'; readonly aead: Aead }
  | { readonly kind: 'cbc'; readonly cipher: BlockCipher; readonly integrity: Integrity };

/** The algorithms that IKE_SA_INIT negotiated (RFC 7296 section 2.7), as code that computes them. */
export interface IkeSuite {
  readonly cipher: IkeCipher;
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

/** Octets of key that a Child SA takes from KEYMAT in each direction (RFC 7296 section 2.17). */
export interface ChildKeyLengths {
  readonly encr: number;
  readonly integ: number;
}

function transformOf(proposal: Proposal, type: number): Transform | undefined {
  return proposal.transforms.find((transform) => transform.type === type);
}

function cipherOf(encr: Transform, integ: Transform | undefined): IkeCipher | undefined {
  const combined = aead(encr.id, encr.keyLength);
  if (combined) return { kind: 'aead', aead: combined };
  const cipher = blockCipher(encr.id, encr.keyLength);
  const mac = integ && integrity(integ.id);
  return cipher && mac ? { kind: 'cbc', cipher, integrity: mac } : undefined;
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

export function childKeyLengths(suite: ChildSuite): ChildKeyLengths {
  const cipher = cipherOf(
    {
      type: TransformType.ENCR,
      id: suite.encr,
      ...(suite.keyBits === undefined ? {} : { keyLength: suite.keyBits }),
    },
    suite.integ === undefined ? undefined : { type: TransformType.INTEG, id: suite.integ },
  );
  if (!cipher) throw new Error('the suite was checked when it was chosen');
  return cipher.kind === 'aead'
    ? { encr: cipher.aead.keyLength + cipher.aead.saltLength, integ: 0 }
    : { encr: cipher.cipher.keyLength, integ: cipher.integrity.keyLength };
}
