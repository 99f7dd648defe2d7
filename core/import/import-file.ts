import { importMobileconfig, isMobileconfig } from './apple/mobileconfig.ts';
import { importJson, isOwnProfile } from './json.ts';
import { readJson } from './json-text.ts';
import { isTable } from './ledger.ts';
import { importPkcs12, isPkcs12 } from './pkcs12.ts';
import {
  ImportTrouble,
  PassphraseNeeded,
  type ImportedFile,
  type ImportProposal,
  type ImportResult,
} from './result.ts';
import { importSswan, isSswan } from './sswan.ts';

/** No profile with its certificates is longer. */
export const MAX_IMPORT_OCTETS = 1024 * 1024;

/** Makes a proposal of a file, whose kind is told by what is in it. Nothing in the file makes this throw. */
export function importFile(file: ImportedFile): ImportResult {
  const { source } = file;
  try {
    return { kind: 'proposal', proposal: proposalOf(file) };
  } catch (error) {
    if (error instanceof PassphraseNeeded)
      return { kind: 'passphrase', source, purpose: error.purpose, wrong: error.wrong };
    if (!(error instanceof ImportTrouble)) throw error;
    const { why, detail } = error;
    return { kind: 'unreadable', source, why, ...(detail === undefined ? {} : { detail }) };
  }
}

function proposalOf(file: ImportedFile): ImportProposal {
  const { source, contents } = file;
  if (contents.length > MAX_IMPORT_OCTETS) throw new ImportTrouble('too-long');
  if (isMobileconfig(contents)) return importMobileconfig(file);
  if (isPkcs12(contents)) return importPkcs12(file);
  if (!looksLikeJson(contents)) throw new ImportTrouble('unknown-kind');
  const value = readJson(contents);
  if (!isTable(value)) throw new ImportTrouble('not-profile');
  if (isOwnProfile(value)) return importJson(source, value);
  if (isSswan(value)) return importSswan(file, value);
  throw new ImportTrouble('not-profile');
}

/** Whether a file is one of another program's; a profile of ours, and what nobody knows, is not. */
export function isForeign(contents: Uint8Array): boolean {
  if (contents.length > MAX_IMPORT_OCTETS) return false;
  if (isMobileconfig(contents) || isPkcs12(contents)) return true;
  if (!looksLikeJson(contents)) return false;
  try {
    const value = readJson(contents);
    return !isOwnProfile(value) && isSswan(value);
  } catch (error) {
    if (error instanceof ImportTrouble) return false;
    throw error;
  }
}

/** Whether the first octet that is no white space and no mark of an encoding opens an object. */
function looksLikeJson(contents: Uint8Array): boolean {
  const head = Buffer.from(contents.subarray(0, 256)).toString('latin1');
  return /^(?:\xef\xbb\xbf)?\s*[{[]/.test(head);
}
