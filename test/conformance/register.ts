import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One requirement of an RFC, as a row of registers/rfcNNNN.tsv: id, level, section, applies, text. */
export interface Requirement {
  readonly id: string;
  /** MUST, MUST NOT, SHOULD, SHOULD NOT, MAY. */
  readonly level: string;
  readonly section: string;
  /** Whom it binds: 'both', 'initiator', 'responder'; 'client' and 'other' in RFCs that know no initiator. */
  readonly applies: string;
  readonly text: string;
}

/** A written reason why a requirement has no test, as a row of reasons/rfcNNNN.tsv: id, kind, reason. */
export interface Reason {
  readonly id: string;
  readonly kind: ReasonKind;
  readonly text: string;
}

/**
 * Why a requirement can be without a test.
 * definition: it defines a term or a format that other, tested requirements rest on, and asks nothing by itself.
 * other-party: it binds the gateway, an administrator or the author of another document.
 * not-used: about an option that we never take, so that there is nothing of ours to judge.
 * by-design: we knowingly do otherwise, and the reason says why and what follows.
 * later: about something that is not built yet; the reason names it.
 */
export type ReasonKind = 'definition' | 'other-party' | 'not-used' | 'by-design' | 'later';

const KINDS: ReadonlySet<string> = new Set(['definition', 'other-party', 'not-used', 'by-design', 'later']);

/** RFCs whose every MUST that binds an initiator needs a test or a reason. */
export const ENROLLED: readonly string[] = [
  'rfc7296',
  'rfc3948',
  'rfc5282',
  'rfc7427',
  'rfc3748',
  'rfc2759',
  'rfc4555',
  'rfc4478',
  'rfc5685',
  'rfc5723',
  'rfc6023',
  'rfc6290',
  'rfc7383',
];

function rows(path: string, columns: number): string[][] {
  const lines = readFileSync(join(import.meta.dirname, path), 'utf8')
    .split('\n')
    .filter(Boolean);
  return lines.slice(1).map((line, index) => {
    const cells = line.split('\t');
    if (cells.length !== columns || cells.some((cell) => cell.trim() === '')) {
      throw new Error(`${path}:${index + 2}: ${columns} cells wanted`);
    }
    return cells;
  });
}

export function register(rfc: string): Requirement[] {
  return rows(`registers/${rfc}.tsv`, 5).map(
    ([id = '', level = '', section = '', applies = '', text = '']) => ({
      id,
      level,
      section,
      applies,
      text,
    }),
  );
}

export function reasons(rfc: string): Reason[] {
  return rows(`reasons/${rfc}.tsv`, 3).map(([id = '', kind = '', text = '']) => {
    if (!KINDS.has(kind)) throw new Error(`reasons/${rfc}.tsv: ${id}: no kind of reason: ${kind}`);
    return { id, kind: kind as ReasonKind, text };
  });
}

/** Whether a requirement is a MUST (or MUST NOT) that binds the side we are. */
export function bindsUs({ level, applies }: Requirement): boolean {
  return level.startsWith('MUST') && ['both', 'initiator', 'client', 'peer'].includes(applies);
}
