/** What an output stream can show: a terminal or not, colours, characters beyond ASCII, and how many columns. */
import { shorten } from '../contract/text-forms.ts';

export interface Look {
  /** A terminal on which a line can be written over. */
  readonly live: boolean;
  readonly color: boolean;
  readonly unicode: boolean;
  readonly columns: number;
}

interface Stream {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads NO_COLOR, TERM and the locale. What is not a terminal gets plain ASCII. */
export function lookOf(stream: Stream, env: Environment): Look {
  const live = stream.isTTY === true && env['TERM'] !== 'dumb';
  const locale = env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || '';
  return {
    live,
    color: live && (env['NO_COLOR'] ?? '') === '',
    unicode: live && /utf-?8/i.test(locale),
    columns: live ? Math.max(20, stream.columns ?? 80) : Number.POSITIVE_INFINITY,
  };
}

const COLORS = { red: 31, green: 32, yellow: 33, dim: 2, bold: 1 } as const;

export function colored(look: Look, color: keyof typeof COLORS, text: string): string {
  return look.color ? `\u001b[${COLORS[color]}m${text}\u001b[0m` : text;
}

export interface Marks {
  readonly done: string;
  readonly failed: string;
  readonly warning: string;
  readonly busy: string;
  readonly separator: string;
  readonly up: string;
  readonly down: string;
  readonly dots: string;
}

const UNICODE_MARKS: Marks = {
  done: '✓',
  failed: '✗',
  warning: '!',
  busy: '·',
  separator: ' · ',
  up: '↑',
  down: '↓',
  dots: '…',
};
const ASCII_MARKS: Marks = {
  done: '+',
  failed: 'x',
  warning: '!',
  busy: '-',
  separator: ', ',
  up: 'sent',
  down: 'received',
  dots: '...',
};

export function marksOf(look: Look): Marks {
  return look.unicode ? UNICODE_MARKS : ASCII_MARKS;
}

/** Text from outside, made harmless for a terminal. */
export function harmless(text: string): string {
  return shorten(text, 500);
}

/** Words of a text in lines of at most `columns`, each line begun with `indent`. Line breaks stay. */
export function wrapped(text: string, indent: string, columns: number): readonly string[] {
  const width = Math.max(20, columns - indent.length);
  return text.split('\n').flatMap((paragraph) => {
    const lines: string[] = [];
    let line = '';
    for (const word of paragraph.split(' ')) {
      if (line !== '' && line.length + 1 + word.length > width) {
        lines.push(indent + line);
        line = word;
      } else line = line === '' ? word : `${line} ${word}`;
    }
    return [...lines, indent + line];
  });
}
