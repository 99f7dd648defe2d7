import type { SecretBytes } from '../lib/secret.ts';

/** A file of somebody's: what it is called, and what is in it. */
export interface ImportedFile {
  readonly source: string;
  readonly contents: Uint8Array;
  /** What opens it, where it is locked. */
  readonly passphrase?: SecretBytes;
}

/** What became of one key of the file; `note` says why, for what was not simply taken. */
export interface ReportLine {
  readonly key: string;
  readonly outcome: 'taken' | 'changed' | 'ignored';
  readonly note?: string;
}

/** A profile made of a file, as JSON that profile.ts has yet to accept: `problems` are what it does not. */
export interface ImportProposal {
  readonly source: string;
  readonly profile: Record<string, unknown>;
  readonly report: ReportLine[];
  readonly problems: string[];
}

/** `passphrase`: the file is locked; `wrong` when the one that was given does not open it. */
export type ImportResult =
  | { readonly kind: 'proposal'; readonly proposal: ImportProposal }
  | { readonly kind: 'passphrase'; readonly source: string; readonly wrong: boolean }
  | { readonly kind: 'unreadable'; readonly source: string; readonly why: string };
