import { randomBytes } from 'node:crypto';
import type { Conversion } from '../../core/contract/gui-api.ts';
import { importFile } from '../../core/import/import-file.ts';
import type { SecretBytes } from '../../core/lib/secret.ts';

export interface ImportRequest {
  /** The name of the file. */
  readonly source: string;
  /** Absent: those that were given last under this name. */
  readonly contents?: Uint8Array;
  readonly passphrase?: SecretBytes;
}

/** Makes proposals of files. It holds a file that asks for a passphrase until the passphrase comes, or another file. */
export class Importer {
  #last: { readonly source: string; readonly contents: Uint8Array } | undefined;

  convert({ source, contents, passphrase }: ImportRequest): Conversion {
    const last = this.#last;
    this.#last = undefined;
    const kept = contents ?? (last?.source === source ? last.contents : undefined);
    if (last && last.contents !== kept) last.contents.fill(0);
    if (!kept) return { kind: 'unreadable', source, why: 'gone' };
    const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));
    const made = importFile({ source, contents: kept, random, ...(passphrase ? { passphrase } : {}) });
    passphrase?.wipe();
    if (made.kind === 'passphrase') this.#last = { source, contents: kept };
    return made;
  }
}
