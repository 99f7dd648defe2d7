import type { ImportNoteCode, ImportTroubleCode } from '../contract/import-words.ts';
import type { RandomBytes } from '../lib/ports.ts';
import type { SecretBytes } from '../lib/secret.ts';

/** A file of somebody's: what it is called, and what is in it. */
export interface ImportedFile {
  readonly source: string;
  readonly contents: Uint8Array;
  /** What opens it, where it is locked; or what locks a key of it that would lie open. */
  readonly passphrase?: SecretBytes;
  /** For the salt of a key that is locked. */
  readonly random: RandomBytes;
}

/** What became of one key of the file; `note` says why, for what was not simply taken. */
export interface ReportLine {
  readonly key: string;
  readonly outcome: 'taken' | 'changed' | 'ignored';
  /** The key of the profile that it became. */
  readonly to?: string;
  readonly note?: ImportNoteCode;
  /** What the words of the note have a place for. */
  readonly detail?: string;
}

/** A profile made of a file, as JSON that profile.ts has yet to accept: `problems` are what it does not. */
export interface ImportProposal {
  readonly source: string;
  readonly profile: Record<string, unknown>;
  readonly report: ReportLine[];
  readonly problems: string[];
}

/**
 * `passphrase`: one is needed: to `unlock` the file, or to `choose` for a key that nothing locks, or that the file
 * itself unlocks. `wrong` when the one that was given does not open it.
 */
export type ImportResult =
  | { readonly kind: 'proposal'; readonly proposal: ImportProposal }
  | {
      readonly kind: 'passphrase';
      readonly source: string;
      readonly purpose: 'unlock' | 'choose';
      readonly wrong: boolean;
    }
  | {
      readonly kind: 'unreadable';
      readonly source: string;
      readonly why: ImportTroubleCode;
      readonly detail?: string;
    };

/** Why a file, or the store of keys in it, cannot be used. Importers throw it; import-file.ts makes a result of it. */
export class ImportTrouble extends Error {
  readonly why: ImportTroubleCode;
  readonly detail: string | undefined;
  constructor(why: ImportTroubleCode, detail?: string) {
    super(why);
    this.name = 'ImportTrouble';
    this.why = why;
    this.detail = detail;
  }
}

/** A passphrase is needed. Thrown and caught as ImportTrouble is. */
export class PassphraseNeeded extends Error {
  readonly purpose: 'unlock' | 'choose';
  readonly wrong: boolean;
  constructor(purpose: 'unlock' | 'choose', wrong: boolean) {
    super('passphrase');
    this.name = 'PassphraseNeeded';
    this.purpose = purpose;
    this.wrong = wrong;
  }
}
