/** What may stand where somebody types, by the table of commands. */
import {
  ALWAYS,
  type CommandForm,
  firstWord,
  OPTION_FORMS,
  type OptionForm,
  type OptionName,
  OWN_FORMS,
  SERVICE_ALWAYS,
  SERVICE_FORMS,
  type WordKind,
} from '../command-table.ts';

export interface Candidate {
  readonly word: string;
  readonly about: string;
}

export type Candidates =
  | { readonly kind: 'words'; readonly words: readonly Candidate[] }
  /** Whoever asks knows best which there are. */
  | { readonly kind: 'profiles' | 'files' };

const FORMS: readonly CommandForm[] = [...OWN_FORMS, ...SERVICE_FORMS];
const SERVICE_NAMES: ReadonlySet<string> = new Set(SERVICE_FORMS.map(firstWord));
const OPTIONS = new Map<string, OptionForm>(Object.entries(OPTION_FORMS));
const NOTHING: Candidates = { kind: 'words', words: [] };

/** What is before the word that is being typed. */
interface Before {
  readonly operands: readonly string[];
  readonly options: readonly string[];
  /** The option whose value it is. */
  readonly awaits: OptionForm | undefined;
  /** The value that was given to an option. */
  readonly values: ReadonlyMap<string, string>;
}

/**
 * What may stand at `index` of the words behind the program's name; words behind it count for nothing. Candidates are all
 * that may stand there: which of them begin as the word does is for the caller.
 */
export function candidatesAt(words: readonly string[], index: number): Candidates {
  const current = words[index] ?? '';
  const { operands, options, awaits } = before(words.slice(0, index));
  if (awaits) return awaits.value ? ofKind(awaits.value.kind) : NOTHING;
  const forms = FORMS.filter((form) => fits(form, operands));
  if (current.startsWith('-')) return optionWords(forms, operands, options);
  const [name, ...rest] = operands;
  if (name === undefined) return commandWords();
  const verbs = forms.filter(({ words: written }) => written.includes(' '));
  if (rest.length === 0 && verbs.length > 0) return verbWords(verbs);
  const form = forms.find((one) => one.words === `${name} ${rest[0]}`) ?? forms[0];
  const place = form?.words.includes(' ') ? rest.length - 1 : rest.length;
  const operand = form?.operands[place];
  return operand ? ofKind(operand.kind) : NOTHING;
}

/** The socket that the words name, if they do. */
export function socketIn(words: readonly string[], index: number): string | undefined {
  return before(words.slice(0, index)).values.get('socket');
}

function before(words: readonly string[]): Before {
  const operands: string[] = [];
  const options: string[] = [];
  const values = new Map<string, string>();
  let open: string | undefined;
  for (const word of words) {
    // bash takes --option=value for three words.
    if (word === '=' && (open !== undefined || options.length > 0)) continue;
    if (open !== undefined) {
      values.set(open, word);
      open = undefined;
    } else if (word.startsWith('-') && word !== '-') {
      const [written = '', value] = word.split('=', 2);
      const name = optionName(written);
      options.push(name);
      if (value !== undefined) values.set(name, value);
      else if (OPTIONS.get(name)?.value) open = name;
    } else operands.push(word);
  }
  return { operands, options, values, awaits: open === undefined ? undefined : OPTIONS.get(open) };
}

/** `-w` and `--watch` are the same. */
function optionName(written: string): string {
  if (written.startsWith('--')) return written.slice(2);
  const short = written.slice(1);
  return [...OPTIONS].find(([, form]) => form.short === short)?.[0] ?? short;
}

/** Whether the operands can be of that form: its first word, and its verb as soon as there is one. */
function fits({ words }: CommandForm, [name, verb]: readonly string[]): boolean {
  const [command, own] = words.split(' ');
  if (name === undefined) return true;
  if (command !== name) return false;
  return verb === undefined || own === undefined || own === verb;
}

function commandWords(): Candidates {
  const words = [...new Set(FORMS.map(firstWord))].map((word) => {
    const [only, second] = FORMS.filter((form) => firstWord(form) === word);
    const verbs = FORMS.filter((form) => firstWord(form) === word).flatMap(
      ({ words: written }) => written.split(' ')[1] ?? [],
    );
    return { word, about: second ? verbs.join(', ') : (only?.about ?? '') };
  });
  return { kind: 'words', words };
}

function verbWords(forms: readonly CommandForm[]): Candidates {
  return {
    kind: 'words',
    words: forms.map(({ words, about }) => ({ word: words.split(' ')[1] ?? '', about })),
  };
}

function optionWords(
  forms: readonly CommandForm[],
  [name]: readonly string[],
  used: readonly string[],
): Candidates {
  const own: readonly OptionName[] = name === undefined ? [] : forms.flatMap(({ options }) => options);
  const shared: readonly OptionName[] =
    name !== undefined && SERVICE_NAMES.has(name) ? SERVICE_ALWAYS : ALWAYS;
  const names = [...new Set([...own, ...shared])].filter((one) => !used.includes(one));
  return {
    kind: 'words',
    words: names.map((one) => ({ word: `--${one}`, about: OPTION_FORMS[one].about })),
  };
}

function ofKind(kind: WordKind): Candidates {
  switch (kind) {
    case 'profile':
      return { kind: 'profiles' };
    case 'file':
      return { kind: 'files' };
    case 'free':
      return NOTHING;
    default:
      return { kind: 'words', words: kind.map((word) => ({ word, about: '' })) };
  }
}
