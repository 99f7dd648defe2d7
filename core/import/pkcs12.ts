import { readStore } from './pkcs12/store.ts';
import { Draft } from './draft.ts';
import { takeIdentity } from './take-identity.ts';
import { ImportTrouble, type ImportedFile, type ImportProposal } from './result.ts';
import { ProtocolError } from '../lib/reader.ts';

/** Whether octets begin as a PKCS #12 store does: a sequence with the number 3 in front. */
export function isPkcs12(contents: Uint8Array): boolean {
  try {
    readStore(contents);
    return true;
  } catch (error) {
    if (error instanceof ImportTrouble) return true;
    if (error instanceof ProtocolError) return false;
    throw error;
  }
}

/** A key store: who one is, and no gateway. What is missing is told as problems, and is for the person to write. */
export function importPkcs12(file: ImportedFile): ImportProposal {
  const draft = new Draft();
  const { name } = takeIdentity(draft, file, { takesRoots: true });
  draft.name(name, file.source.replace(/\.[^.]*$/, ''));
  return draft.propose(file.source, undefined);
}
