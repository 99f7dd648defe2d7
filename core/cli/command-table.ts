/**
 * Every command with its operands and options, as one table: the parsers, the help and what shells complete are made
 * from it, so that none of them can know less than another.
 */

/** What a word may be, as far as somebody who types it can be helped: a profile of the service, a file, one of a few. */
export type WordKind = 'profile' | 'file' | 'free' | readonly string[];

export interface Operand {
  /** As the help writes it. */
  readonly name: string;
  readonly kind: WordKind;
  readonly isOptional?: true;
  /** Any number of words more. */
  readonly isRest?: true;
}

export interface OptionForm {
  readonly short?: string;
  /** Without it the option is there or not. */
  readonly value?: { readonly name: string; readonly kind: WordKind };
  readonly about: string;
}

export interface CommandForm {
  /** The command, and behind a space what it is to do where it can do several things. */
  readonly words: string;
  readonly operands: readonly Operand[];
  readonly options: readonly OptionName[];
  readonly about: string;
  /** How it is written, where not simply by its parts. */
  readonly usage?: string;
}

export const OPTION_FORMS = {
  json: { about: 'write for programs' },
  socket: { value: { name: 'PATH', kind: 'file' }, about: 'where the service listens' },
  watch: { short: 'w', about: 'go on telling' },
  repair: { about: 'put right what is wrong' },
  app: { value: { name: 'NAME', kind: 'free' }, about: 'the application that sends' },
  lines: { short: 'n', value: { name: 'N', kind: 'free' }, about: 'how many lines' },
  follow: { short: 'f', about: 'go on with lines as they are written' },
  output: { short: 'o', value: { name: 'FILE', kind: 'file' }, about: 'where to save it' },
  print: { about: 'show all of it' },
  'password-fd': { value: { name: 'N', kind: 'free' }, about: 'read the password from this descriptor' },
  'passphrase-fd': { value: { name: 'N', kind: 'free' }, about: 'read the passphrase from this descriptor' },
  keylog: { value: { name: 'FILE', kind: 'file' }, about: 'write the keys to a file' },
  verbose: { short: 'v', about: 'tell what happens, step by step' },
  help: { short: 'h', about: 'show the help' },
  version: { short: 'V', about: 'show the version' },
} as const satisfies Readonly<Record<string, OptionForm>>;

export type OptionName = keyof typeof OPTION_FORMS;

/** Understood before, behind and without any command. */
export const ALWAYS: readonly OptionName[] = ['help', 'version'];
/** Understood by every command of the service. */
export const SERVICE_ALWAYS: readonly OptionName[] = ['json', 'socket'];

const PROFILE = { name: 'PROFILE', kind: 'profile' } as const;
const PROFILE_FILE = { name: 'PROFILE.json', kind: 'file' } as const;
const FILE = { name: 'FILE', kind: 'file' } as const;
export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** What the program does by itself. */
export const OWN_FORMS = [
  {
    words: 'connect',
    operands: [PROFILE_FILE],
    options: ['password-fd', 'passphrase-fd', 'json', 'keylog', 'verbose'],
    about: 'connect, and stay connected until Ctrl-C',
  },
  { words: 'check', operands: [PROFILE_FILE], options: [], about: 'tell what is wrong with a profile' },
  {
    words: 'completion',
    operands: [{ name: 'SHELL', kind: SHELLS }],
    options: [],
    about: 'what bash, zsh or fish completes commands with',
  },
  { words: 'help', operands: [], options: [], about: 'show the help' },
] as const satisfies readonly CommandForm[];

/** What the service does for it. */
export const SERVICE_FORMS = [
  {
    words: 'up',
    operands: [{ ...PROFILE, isOptional: true }],
    options: ['password-fd'],
    about: 'connect, and leave it connected',
  },
  { words: 'down', operands: [], options: [], about: 'end the connection' },
  { words: 'status', operands: [], options: ['watch'], about: 'tell how the connection is, and follow it' },
  { words: 'profile list', operands: [], options: [], about: 'the profiles of this machine and yours' },
  {
    words: 'profile import',
    operands: [FILE, { ...PROFILE, isOptional: true }],
    options: ['passphrase-fd', 'output'],
    about: 'add one: .json, .sswan, .mobileconfig, .p12',
  },
  { words: 'profile show', operands: [PROFILE], options: [], about: 'what a profile is for' },
  { words: 'profile export', operands: [PROFILE], options: [], about: 'the whole of it, as JSON' },
  { words: 'profile remove', operands: [PROFILE], options: [], about: 'remove a profile of yours' },
  {
    words: 'policy show',
    operands: [PROFILE],
    options: [],
    about: 'what goes through the tunnel, past it, nowhere',
  },
  { words: 'policy edit', operands: [PROFILE], options: [], about: 'change it in your editor' },
  { words: 'policy set', operands: [PROFILE, FILE], options: [], about: 'put another policy in its place' },
  { words: 'policy lint', operands: [PROFILE], options: [], about: 'tell what is odd in it' },
  {
    words: 'policy explain',
    operands: [PROFILE, { name: 'DEST', kind: 'free' }],
    options: ['app'],
    about: 'what happens to 192.0.2.7:tcp/443, or a name',
  },
  { words: 'policy apps', operands: [], options: [], about: 'the programs that rules can speak of now' },
  {
    words: 'run',
    operands: [
      { name: 'PROGRAM', kind: 'file' },
      { name: 'ARG', kind: 'file', isOptional: true, isRest: true },
    ],
    options: ['app'],
    usage: 'run --app NAME -- PROGRAM [ARG]',
    about: 'start a program as one of an application',
  },
  { words: 'settings', operands: [], options: [], about: 'the settings of this machine' },
  {
    words: 'settings kill-switch',
    operands: [{ name: 'MODE', kind: ['off', 'session', 'always'] }],
    options: [],
    about: 'nothing else passes: off, session, always',
  },
  {
    words: 'settings lan',
    operands: [{ name: 'MODE', kind: ['on', 'off'] }],
    options: [],
    about: 'reach the local network: on or off',
  },
  {
    words: 'settings portal',
    operands: [{ name: 'SECONDS', kind: 'free' }],
    options: [],
    about: 'let you log in at a captive portal',
  },
  { words: 'automatic', operands: [], options: [], about: 'tell whether this network is trusted, and why' },
  {
    words: 'automatic on',
    operands: [{ ...PROFILE, isOptional: true }],
    options: [],
    about: 'connect on other networks by itself',
  },
  { words: 'automatic off', operands: [], options: [], about: 'connect by hand alone' },
  {
    words: 'beacon',
    operands: [{ name: 'HOST:PORT', kind: 'free' }],
    options: [],
    about: 'the pin of a server that proves a network',
  },
  {
    words: 'logs',
    operands: [],
    options: ['lines', 'follow'],
    about: 'the newest lines of the log of the service',
  },
  { words: 'doctor', operands: [], options: ['repair'], about: 'tell what is wrong here, and put it right' },
  {
    words: 'diagnostics',
    operands: [],
    options: ['output', 'print'],
    about: 'what support needs to know, without names',
  },
] as const satisfies readonly CommandForm[];

type FirstWord<Words extends string> = Words extends `${infer First} ${string}` ? First : Words;

export type OwnCommandName = (typeof OWN_FORMS)[number]['words'];
export type ServiceCommandName = FirstWord<(typeof SERVICE_FORMS)[number]['words']>;

export function firstWord({ words }: CommandForm): string {
  return words.split(' ')[0] ?? '';
}

/** A command as it is written: its words, operands and options. */
export function usageOf({ words, operands, options, usage }: CommandForm): string {
  if (usage !== undefined) return usage;
  const written = operands.map(({ name, isOptional }: Operand) => (isOptional ? `[${name}]` : name));
  const chosen = options.map((name) => {
    const { value }: OptionForm = OPTION_FORMS[name];
    return `[--${name}${value ? ` ${value.name}` : ''}]`;
  });
  return [words, ...written, ...chosen].join(' ');
}

/** All options as parseArgs of node:util wants them. */
export function parserOptions(): Record<string, { type: 'boolean' | 'string'; short?: string }> {
  const entries = Object.entries<OptionForm>(OPTION_FORMS).map(([name, { short, value }]) => {
    const type = value ? ('string' as const) : ('boolean' as const);
    return [name, short === undefined ? { type } : { type, short }] as const;
  });
  return Object.fromEntries(entries);
}
