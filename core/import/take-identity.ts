import { createPublicKey } from 'node:crypto';
import type { SecretBytes } from '../lib/secret.ts';
import { importPrivateKey } from '../crypto/private-key.ts';
import { publicKeyOfSpki } from '../crypto/public-key.ts';
import { type Certificate, parseCertificate } from '../pki/certificate.ts';
import { sameDn } from '../pki/dn.ts';
import type { Draft } from './draft.ts';
import { openIdentity, type Opened } from './pkcs12/open.ts';
import { lockedKey } from './pkcs12/pbe.ts';
import type { StoredItem } from './pkcs12/store.ts';
import { ImportTrouble, type ImportedFile } from './result.ts';
import { pemOf } from './values.ts';

export interface IdentityOptions {
  /** The key of the source that the store is in; lines of the report begin with it. Absent: the source is the store. */
  readonly key?: string;
  /** Authorities in the store may vouch for the gateway too, as nothing else says who may. */
  readonly takesRoots: boolean;
  /** A passphrase that the file itself says. */
  readonly enclosed?: SecretBytes;
}

/** What a person is called in the store: the name of the key, or who the certificate is for. */
export interface TakenIdentity {
  readonly name: string;
}

const MAX_CHAIN = 8;

interface Own {
  readonly key: StoredItem;
  readonly certificate: Certificate;
}

/**
 * Takes the user's certificate, those between it and its authority, and its key, which is never written down unlocked.
 * Throws PassphraseNeeded, ImportTrouble.
 */
export function takeIdentity(draft: Draft, file: ImportedFile, options: IdentityOptions): TakenIdentity {
  const opened = openIdentity(file.contents, file.passphrase, options.enclosed);
  const { store } = opened;
  const prefix = options.key === undefined ? '' : `${options.key}: `;
  try {
    const certificates = readCertificates(draft, prefix, store.certificates);
    const own = ownOf(store.keys, certificates);
    const chain = chainOf(own.certificate, certificates);
    draft.put('user.method', 'certificate');
    draft.put('user.certificate', chain.map(({ der }) => pemOf('CERTIFICATE', der)).join(''));
    const locked = lockedKey(own.key.octets, opened.passphrase, file.random);
    draft.put('user.privateKey', pemOf('ENCRYPTED PRIVATE KEY', locked));
    if (options.key !== undefined) draft.ledger.taken(options.key, { to: 'user.certificate' });
    tellStore(draft, prefix, opened);
    tellCertificates(draft, prefix, { certificates, chain, takesRoots: options.takesRoots });
    return { name: own.key.name ?? commonName(own.certificate) };
  } finally {
    for (const { octets } of store.keys) octets.fill(0);
  }
}

function readCertificates(
  draft: Draft,
  prefix: string,
  items: readonly StoredItem[],
): readonly Certificate[] {
  const good: Certificate[] = [];
  for (const [index, { octets }] of items.entries()) {
    const parsed = parseCertificate(octets);
    if (parsed.ok) good.push(parsed.value);
    else draft.ledger.ignored(`${prefix}certificate ${index + 1}`, 'damaged-certificate', parsed.error);
  }
  return good;
}

/** The first key that has a certificate. */
function ownOf(keys: readonly StoredItem[], certificates: readonly Certificate[]): Own {
  let problem: string | undefined;
  for (const key of keys) {
    const imported = importPrivateKey(key.octets);
    if (!imported.ok) {
      problem ??= imported.error;
      continue;
    }
    const publicKey = createPublicKey(imported.value);
    const certificate = certificates.find(({ spki }) => {
      const certified = publicKeyOfSpki(spki);
      return certified.ok && publicKey.equals(certified.value);
    });
    if (certificate) return { key, certificate };
  }
  throw problem === undefined ? new ImportTrouble('no-key') : new ImportTrouble('bad-key', problem);
}

function isSelfIssued({ subject, issuer }: Certificate): boolean {
  return sameDn(subject, issuer);
}

/** The certificate and those that issued each other behind it, without the authority at the end. */
function chainOf(own: Certificate, all: readonly Certificate[]): readonly Certificate[] {
  const chain = [own];
  for (let last = own; chain.length < MAX_CHAIN && !isSelfIssued(last);) {
    const { issuer } = last;
    const next = all.find((one) => sameDn(one.subject, issuer) && !isSelfIssued(one) && !chain.includes(one));
    if (!next) break;
    chain.push(next);
    last = next;
  }
  return chain;
}

function tellStore(draft: Draft, prefix: string, { store, isChosen }: Opened): void {
  draft.ledger.taken(`${prefix}integrity`, { note: store.isChecked ? 'integrity-good' : 'integrity-none' });
  draft.ledger.changed(`${prefix}private key`, isChosen ? 'key-relocked' : 'key-locked', {
    to: 'user.privateKey',
  });
  for (let at = 1; at < store.keys.length; at++)
    draft.ledger.ignored(`${prefix}private key ${at + 1}`, 'other-key');
  if (store.revocationLists > 0) draft.ledger.ignored(`${prefix}revocation lists`, 'revocation-lists');
  for (const [index, what] of store.others.entries())
    draft.ledger.ignored(`${prefix}${what} (${index + 1})`, 'unknown-key');
}

interface Sorted {
  readonly certificates: readonly Certificate[];
  readonly chain: readonly Certificate[];
  readonly takesRoots: boolean;
}

function tellCertificates(draft: Draft, prefix: string, { certificates, chain, takesRoots }: Sorted): void {
  const roots: Certificate[] = [];
  for (const [index, one] of certificates.entries()) {
    const key = `${prefix}certificate ${index + 1}`;
    const detail = one.subject.text;
    const at = chain.indexOf(one);
    if (at === 0) draft.ledger.taken(key, { to: 'user.certificate', note: 'own-certificate', detail });
    else if (at > 0) draft.ledger.taken(key, { to: 'user.certificate', note: 'between', detail });
    else if (takesRoots && isSelfIssued(one) && one.basicConstraints?.ca !== false) {
      roots.push(one);
      draft.ledger.taken(key, { to: 'gateway.authorities', note: 'authority-of-user', detail });
    } else draft.ledger.ignored(key, 'other-certificate', detail);
  }
  if (roots.length > 0)
    draft.put('gateway.authorities', roots.map(({ der }) => pemOf('CERTIFICATE', der)).join(''));
}

function commonName({ subject }: Certificate): string {
  return /(?:^|,\s*)CN=((?:\\.|[^,\\])+)/.exec(subject.text)?.[1] ?? subject.text;
}
