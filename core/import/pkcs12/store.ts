import { createHmac } from 'node:crypto';
import { constantTimeEqual } from '../../lib/bytes.ts';
import { ProtocolError } from '../../lib/reader.ts';
import { type AlgorithmIdentifier, algorithmIdentifier } from '../../pki/certificate.ts';
import { DerReader, objectIdentifier, smallInteger, soleElement, stringOf, Tag } from '../../pki/der.ts';
import { berToDer, implicitOctets } from '../ber.ts';
import { ImportTrouble } from '../result.ts';
import { derivedKey, type Effort, HASHES, HMACS, pkcs12Key, roundsOf } from './derive.ts';
import type { StorePassword } from './password.ts';
import { decrypted } from './pbe.ts';

/*
 * PKCS #12 (RFC 7292 section 4):
 *
 *   PFX ::= SEQUENCE { version INTEGER (3), authSafe ContentInfo, macData MacData OPTIONAL }
 *   ContentInfo ::= SEQUENCE { contentType OBJECT IDENTIFIER, content [0] EXPLICIT ANY }
 *   AuthenticatedSafe ::= SEQUENCE OF ContentInfo          in the octet string of authSafe
 *   SafeContents ::= SEQUENCE OF SafeBag                   in each of these, plain or encrypted
 *   SafeBag ::= SEQUENCE { bagId, bagValue [0] EXPLICIT ANY, bagAttributes SET OF PKCS12Attribute OPTIONAL }
 *   MacData ::= SEQUENCE { mac DigestInfo, macSalt OCTET STRING, iterations INTEGER DEFAULT 1 }
 */
const DATA = '1.2.840.113549.1.7.1';
const ENCRYPTED_DATA = '1.2.840.113549.1.7.6';
const BAG = '1.2.840.113549.1.12.10.1.';
const X509_CERTIFICATE = '1.2.840.113549.1.9.22.1';
const FRIENDLY_NAME = '1.2.840.113549.1.9.20';
const PBMAC1 = '1.2.840.113549.1.5.14';
const MAX_BAGS = 256;
const MAX_NESTING = 4;

export interface StoredItem {
  /** A certificate in DER, or a private key in PKCS #8. */
  readonly octets: Uint8Array;
  readonly name?: string;
}

export interface KeyStore {
  readonly keys: StoredItem[];
  readonly certificates: StoredItem[];
  /** How many revocation lists, and what other things there are. */
  readonly revocationLists: number;
  readonly others: string[];
  /** Whether a check by the passphrase showed that nobody changed it. */
  readonly isChecked: boolean;
}

export interface SealedStore {
  readonly safe: Uint8Array;
  readonly mac: DerReader | undefined;
}

/** The outer layer of a key store, before any passphrase. Throws ProtocolError when it is none. */
export function readStore(contents: Uint8Array): SealedStore {
  const pfx = new DerReader(soleElement(berToDer(contents, 'PFX'), Tag.SEQUENCE, 'PFX').content);
  if (smallInteger(pfx.element(Tag.INTEGER, 'version').content, 'version') !== 3)
    throw new ProtocolError('PFX: not version 3');
  const info = pfx.inside('authSafe');
  const type = objectIdentifier(info.element(Tag.OBJECT_IDENTIFIER, 'authSafe').content, 'authSafe');
  if (type !== DATA)
    throw new ImportTrouble('unsupported-p12', 'it is signed instead of locked by a passphrase');
  const safe = info.inside('authSafe', 0xa0).element(Tag.OCTET_STRING, 'authSafe').content;
  return { safe, mac: pfx.atEnd ? undefined : pfx.inside('macData') };
}

/** What is in a store; undefined when the passphrase is not the right one. */
export function openStore(sealed: Uint8Array, password: StorePassword, effort: Effort): KeyStore | undefined {
  const { safe, mac } = readStore(sealed);
  if (mac && !isGood(mac, safe, password, effort)) return undefined;
  const open = new Opening(password, effort, mac !== undefined);
  return open.read(safe) ? open.store : undefined;
}

function isGood(mac: DerReader, safe: Uint8Array, password: StorePassword, effort: Effort): boolean {
  const digestInfo = mac.inside('mac');
  const algorithm = algorithmIdentifier(digestInfo, 'mac');
  const digest = digestInfo.element(Tag.OCTET_STRING, 'mac').content;
  const salt = mac.element(Tag.OCTET_STRING, 'macSalt').content;
  const rounds = mac.atEnd ? 1 : roundsOf(mac);
  if (algorithm.oid === PBMAC1) return isGoodPbmac1(algorithm, digest, safe, password, effort);
  const hash = HASHES.get(algorithm.oid);
  if (!hash) throw new ImportTrouble('unsupported-p12', `check ${algorithm.oid}`);
  effort.spend(rounds);
  const key = pkcs12Key(3, hash, { bmp: password.bmp, salt, rounds }, hash.octets);
  return constantTimeEqual(createHmac(hash.name, key).update(safe).digest(), digest);
}

/** RFC 9579: PBMAC1-params ::= SEQUENCE { keyDerivationFunc, messageAuthScheme }; the other fields do not count. */
function isGoodPbmac1(
  { parameters }: AlgorithmIdentifier,
  digest: Uint8Array,
  safe: Uint8Array,
  password: StorePassword,
  effort: Effort,
): boolean {
  if (!parameters) throw new ProtocolError('mac: no parameters');
  const inner = new DerReader(soleElement(parameters, Tag.SEQUENCE, 'mac').content);
  const derivation = algorithmIdentifier(inner, 'key derivation');
  const scheme = algorithmIdentifier(inner, 'mac').oid;
  const hash = HMACS.get(scheme);
  if (hash === undefined) throw new ImportTrouble('unsupported-p12', `check ${scheme}`);
  const key = derivedKey(derivation, password, digest.length, effort);
  return constantTimeEqual(createHmac(hash, key).update(safe).digest(), digest);
}

class Opening {
  readonly #password: StorePassword;
  readonly #effort: Effort;
  readonly #isChecked: boolean;
  readonly #keys: StoredItem[] = [];
  readonly #certificates: StoredItem[] = [];
  readonly #others: string[] = [];
  #revocationLists = 0;
  #bags = 0;

  constructor(password: StorePassword, effort: Effort, isChecked: boolean) {
    this.#password = password;
    this.#effort = effort;
    this.#isChecked = isChecked;
  }

  get store(): KeyStore {
    return {
      keys: this.#keys,
      certificates: this.#certificates,
      revocationLists: this.#revocationLists,
      others: this.#others,
      isChecked: this.#isChecked,
    };
  }

  /** False when something in it does not open. */
  read(safe: Uint8Array): boolean {
    const list = sequenceOf(safe, 'authenticated safe');
    while (!list.atEnd) {
      const info = list.inside('content');
      const type = objectIdentifier(info.element(Tag.OBJECT_IDENTIFIER, 'content').content, 'content');
      const content = info.inside('content', 0xa0);
      if (type === DATA) {
        if (!this.#bagsOf(content.element(Tag.OCTET_STRING, 'content').content, 0)) return false;
      } else if (type === ENCRYPTED_DATA) {
        const plain = this.#decryptedData(content);
        if (!plain || !this.#readBags(plain)) return false;
        plain.fill(0);
      } else
        throw new ImportTrouble(
          'unsupported-p12',
          'it is locked for somebody’s key instead of by a passphrase',
        );
    }
    return true;
  }

  /** Without a check, octets that do not parse are what a wrong passphrase left. */
  #readBags(plain: Uint8Array): boolean {
    if (this.#isChecked) return this.#bagsOf(plain, 0);
    try {
      return this.#bagsOf(plain, 0);
    } catch (error) {
      if (error instanceof ProtocolError) return false;
      throw error;
    }
  }

  /** EncryptedData ::= SEQUENCE { version, SEQUENCE { contentType, algorithm, [0] IMPLICIT OCTET STRING } } */
  #decryptedData(content: DerReader): Uint8Array | undefined {
    const data = content.inside('encrypted data');
    data.element(Tag.INTEGER, 'version');
    const info = data.inside('encrypted content');
    info.element(Tag.OBJECT_IDENTIFIER, 'encrypted content');
    const algorithm = algorithmIdentifier(info, 'encryption');
    const { tag, content: sealed } = info.any('encrypted content');
    const octets = implicitOctets(tag, sealed, 'encrypted content');
    return decrypted(algorithm, octets, this.#password, this.#effort);
  }

  #bagsOf(contents: Uint8Array, nesting: number): boolean {
    if (nesting > MAX_NESTING) throw new ProtocolError('bags too deep inside each other');
    const list = sequenceOf(contents, 'safe contents');
    while (!list.atEnd) {
      if (++this.#bags > MAX_BAGS) throw new ProtocolError(`more than ${MAX_BAGS} bags`);
      if (!this.#bag(list.inside('bag'), nesting)) return false;
    }
    return true;
  }

  #bag(bag: DerReader, nesting: number): boolean {
    const type = objectIdentifier(bag.element(Tag.OBJECT_IDENTIFIER, 'bag').content, 'bag');
    const value = bag.inside('bag', 0xa0).any('bag');
    const name = friendlyName(bag);
    const named = name === undefined ? {} : { name };
    switch (type) {
      case `${BAG}1`:
        // A copy, so that it can be wiped for itself.
        this.#keys.push({ octets: value.raw.slice(), ...named });
        return true;
      case `${BAG}2`: {
        const inner = new DerReader(value.content);
        const algorithm = algorithmIdentifier(inner, 'key');
        const sealed = inner.element(Tag.OCTET_STRING, 'key').content;
        const octets = decrypted(algorithm, sealed, this.#password, this.#effort);
        if (!octets) return false;
        this.#keys.push({ octets, ...named });
        return true;
      }
      case `${BAG}3`: {
        const inner = new DerReader(value.content);
        const form = objectIdentifier(
          inner.element(Tag.OBJECT_IDENTIFIER, 'certificate').content,
          'certificate',
        );
        const octets = inner
          .inside('certificate', 0xa0)
          .element(Tag.OCTET_STRING, 'certificate')
          .content.slice();
        if (form === X509_CERTIFICATE) this.#certificates.push({ octets, ...named });
        else this.#others.push(`certificate of form ${form}`);
        return true;
      }
      case `${BAG}4`:
        this.#revocationLists++;
        return true;
      case `${BAG}6`:
        return this.#bagsOf(value.raw, nesting + 1);
      default:
        this.#others.push(type === `${BAG}5` ? 'secret' : `bag of form ${type}`);
        return true;
    }
  }
}

function sequenceOf(octets: Uint8Array, what: string): DerReader {
  return new DerReader(soleElement(berToDer(octets, what), Tag.SEQUENCE, what).content);
}

/** PKCS12Attribute ::= SEQUENCE { attrId OBJECT IDENTIFIER, attrValues SET OF ANY } */
function friendlyName(bag: DerReader): string | undefined {
  const attributes = bag.optional(Tag.SET, 'attributes');
  if (!attributes) return undefined;
  const list = new DerReader(attributes.content);
  while (!list.atEnd) {
    const attribute = list.inside('attribute');
    const type = objectIdentifier(attribute.element(Tag.OBJECT_IDENTIFIER, 'attribute').content, 'attribute');
    const values = attribute.inside('attribute', Tag.SET);
    if (type === FRIENDLY_NAME && !values.atEnd) return stringOf(values.any('name'), 'name');
  }
  return undefined;
}
