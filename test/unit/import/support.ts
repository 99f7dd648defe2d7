import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { importFile } from '../../../core/import/import-file.ts';
import type { ImportProposal, ImportResult } from '../../../core/import/result.ts';
import { SecretBytes } from '../../../core/lib/secret.ts';

const SAMPLES = join(import.meta.dirname, 'samples');

/** The passphrase of the samples that have one of letters outside of ASCII. */
export const PASSPHRASE = 'Grüße 1';

export function sample(name: string): Uint8Array {
  return new Uint8Array(readFileSync(join(SAMPLES, name)));
}

/** Salts that are the same in every run. */
export function zeros(length: number): Uint8Array {
  return new Uint8Array(length);
}

export function imported(source: string, contents: Uint8Array | string, passphrase?: string): ImportResult {
  return importFile({
    source,
    contents: typeof contents === 'string' ? new TextEncoder().encode(contents) : contents,
    random: zeros,
    ...(passphrase === undefined ? {} : { passphrase: SecretBytes.ofText(passphrase) }),
  });
}

export function proposed(source: string, contents: Uint8Array | string, passphrase?: string): ImportProposal {
  const result = imported(source, contents, passphrase);
  if (result.kind !== 'proposal') throw new Error(`no proposal: ${JSON.stringify(result)}`);
  return result.proposal;
}

/** A report as one text a line: `taken remote.addr > gateway.address`. */
export function lines({ report }: ImportProposal): string[] {
  return report.map(({ outcome, key, to, note, detail }) =>
    [outcome, key, to && `> ${to}`, note && `(${note}${detail === undefined ? '' : `: ${detail}`})`]
      .filter(Boolean)
      .join(' '),
  );
}

/** What the profile says, with each PEM text replaced by the labels of its blocks. */
export function withoutPem(value: unknown): unknown {
  const text = JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'string' && inner.startsWith('-----BEGIN')
      ? [...inner.matchAll(/-----BEGIN ([A-Z ]+)-----/g)].map(([, label]) => label).join(' + ')
      : inner,
  );
  return JSON.parse(text) as unknown;
}
