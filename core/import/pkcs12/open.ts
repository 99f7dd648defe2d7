import { ProtocolError } from '../../lib/reader.ts';
import type { SecretBytes } from '../../lib/secret.ts';
import { ImportTrouble, PassphraseNeeded } from '../result.ts';
import { Effort } from './derive.ts';
import { NO_PASSWORDS, storePassword, wipePassword } from './password.ts';
import { type KeyStore, openStore, readStore } from './store.ts';

export interface Opened {
  readonly store: KeyStore;
  /** What the key is locked with from now on: what the person gave. */
  readonly passphrase: SecretBytes;
  /** The person chose it; another one, or none, had opened the store. */
  readonly isChosen: boolean;
}

/**
 * Opens a key store: by a passphrase that the file itself says (`enclosed`), by none, or by the one that was given. A
 * store that opens without the person's own passphrase asks for one all the same, under which its key is then locked.
 * Throws PassphraseNeeded, ImportTrouble.
 */
export function openIdentity(
  contents: Uint8Array,
  passphrase: SecretBytes | undefined,
  enclosed: SecretBytes | undefined,
): Opened {
  const effort = new Effort();
  try {
    readStore(contents);
    const free = openFreely(contents, enclosed, effort);
    if (free) {
      if (!passphrase) throw new PassphraseNeeded('choose', false);
      return { store: free, passphrase, isChosen: true };
    }
    if (!passphrase) throw new PassphraseNeeded('unlock', false);
    const password = storePassword(passphrase);
    const store = openStore(contents, password, effort);
    wipePassword(password);
    if (!store) throw new PassphraseNeeded('unlock', true);
    return { store, passphrase, isChosen: false };
  } catch (error) {
    if (error instanceof ProtocolError) throw new ImportTrouble('damaged-p12', error.reason);
    throw error;
  }
}

function openFreely(
  contents: Uint8Array,
  enclosed: SecretBytes | undefined,
  effort: Effort,
): KeyStore | undefined {
  const known = enclosed ? [storePassword(enclosed)] : [];
  try {
    for (const password of [...known, ...NO_PASSWORDS]) {
      const store = openStore(contents, password, effort);
      if (store) return store;
    }
    return undefined;
  } finally {
    known.forEach(wipePassword);
  }
}
