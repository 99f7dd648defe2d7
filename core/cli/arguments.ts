/** The command line as a value. Anything that is not understood is a sentence with the nearest known word. */
import { parseArgs } from 'node:util';
import { nearest } from '../contract/near.ts';
import { err, ok, type Result } from '../lib/result.ts';
import { descriptor } from './descriptor.ts';
import {
  ALWAYS,
  type CommandForm,
  firstWord,
  OPTION_FORMS,
  type OptionForm,
  OWN_FORMS,
  parserOptions,
  SERVICE_FORMS,
  type Shell,
  SHELLS,
} from './command-table.ts';
import { isServiceCommand, parseServiceCommand, type ServiceCommand } from './service/command.ts';

export interface ConnectOptions {
  readonly profilePath: string;
  /** A file descriptor to read the password, or the pre-shared key, from. */
  readonly passwordFd?: number;
  /** A file descriptor to read the passphrase of the private key from. */
  readonly passphraseFd?: number;
  readonly json: boolean;
  readonly keylogPath?: string;
  readonly verbose: boolean;
}

export type Command =
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  | { readonly kind: 'check'; readonly profilePath: string }
  | { readonly kind: 'connect'; readonly options: ConnectOptions }
  | { readonly kind: 'completion'; readonly shell: Shell }
  | { readonly kind: 'service'; readonly command: ServiceCommand };

/** Commands of the program itself that have operands. */
const COMMANDS = ['connect', 'check', 'completion'] as const;
type OwnCommand = (typeof COMMANDS)[number];
const SUGGESTED: readonly string[] = [...COMMANDS, ...new Set(SERVICE_FORMS.map(firstWord))];

/** Parses what follows the program's name. The error is a sentence without the program's name. */
export function parseCommand(argv: readonly string[]): Result<Command, string> {
  const [first, ...others] = argv;
  // What is behind -- is somebody else's.
  const own = others.slice(0, others.includes('--') ? others.indexOf('--') : others.length);
  if (isServiceCommand(first) && !own.some((word) => word === '--help' || word === '-h')) {
    const command = parseServiceCommand(first, others);
    return command.ok ? ok({ kind: 'service', command: command.value }) : command;
  }
  const { tokens } = parseArgs({
    args: [...argv],
    strict: false,
    tokens: true,
    allowPositionals: true,
    options: parserOptions(),
  });
  const options = tokens.filter((token) => token.kind === 'option');
  if (options.some((option) => option.name === 'help')) return ok({ kind: 'help' });
  if (options.some((option) => option.name === 'version')) return ok({ kind: 'version' });

  const [name, ...operands] = tokens
    .filter((token) => token.kind === 'positional')
    .map((token) => token.value);
  if (name === undefined) {
    const [first] = options;
    return first === undefined
      ? ok({ kind: 'help' })
      : err(unknownOption(first.rawName, [], 'without a command'));
  }
  if (name === 'help') return ok({ kind: 'help' });
  const command = COMMANDS.find((known) => known === name);
  if (command === undefined) return err(unknownCommand(name));

  const values = optionValues(command, options);
  if (!values.ok) return values;
  const [operand, extra] = operands;
  if (command === 'completion') return completionCommand(operand, extra);
  if (operand === undefined || operand === '')
    return err(`'causeway ${command}' needs a profile: causeway ${command} PROFILE.json`);
  if (extra !== undefined)
    return err(`'causeway ${command}' takes one profile, and '${extra}' is one argument too many`);
  return command === 'check'
    ? ok({ kind: 'check', profilePath: operand })
    : connectCommand(operand, values.value);
}

function completionCommand(shell: string | undefined, extra: string | undefined): Result<Command, string> {
  const known = SHELLS.find((name) => name === shell);
  if (known && extra === undefined) return ok({ kind: 'completion', shell: known });
  return err(`'causeway completion' needs the name of your shell, one of ${SHELLS.join(', ')}`);
}

interface OptionToken {
  readonly name: string;
  readonly rawName: string;
  readonly value: string | undefined;
}

/** The values by option name; an option without a value has ''. */
function optionValues(
  command: OwnCommand,
  tokens: readonly OptionToken[],
): Result<ReadonlyMap<string, string>, string> {
  const form: CommandForm | undefined = OWN_FORMS.find(({ words }) => words === command);
  const known = form?.options ?? [];
  const values = new Map<string, string>();
  for (const { name, rawName, value } of tokens) {
    const meant = known.find((one) => one === name);
    if (meant === undefined) return err(unknownOption(rawName, known, `of 'causeway ${command}'`));
    const { value: wanted }: OptionForm = OPTION_FORMS[meant];
    if (wanted === undefined && value !== undefined) return err(`${rawName} takes no value`);
    if (wanted !== undefined && (value === undefined || value === ''))
      return err(`${rawName} needs a value: ${rawName} ${wanted.name}`);
    if (values.has(name)) return err(`${rawName} is given twice`);
    values.set(name, value ?? '');
  }
  return ok(values);
}

function connectCommand(profilePath: string, values: ReadonlyMap<string, string>): Result<Command, string> {
  const passwordFd = descriptor('--password-fd', values.get('password-fd'));
  if (!passwordFd.ok) return passwordFd;
  const passphraseFd = descriptor('--passphrase-fd', values.get('passphrase-fd'));
  if (!passphraseFd.ok) return passphraseFd;
  if (passwordFd.value !== undefined && passwordFd.value === passphraseFd.value)
    return err('--password-fd and --passphrase-fd must be different descriptors');
  const keylogPath = values.get('keylog');
  return ok({
    kind: 'connect',
    options: {
      profilePath,
      json: values.has('json'),
      verbose: values.has('verbose'),
      ...(passwordFd.value === undefined ? {} : { passwordFd: passwordFd.value }),
      ...(passphraseFd.value === undefined ? {} : { passphraseFd: passphraseFd.value }),
      ...(keylogPath === undefined ? {} : { keylogPath }),
    },
  });
}

function unknownOption(rawName: string, known: readonly string[], where: string): string {
  const meant = nearest(rawName.replace(/^-+/, ''), [...known, ...ALWAYS]);
  return `${rawName} is not an option ${where}${meant === undefined ? '' : `; did you mean --${meant}?`}`;
}

function unknownCommand(name: string): string {
  const meant = nearest(name, SUGGESTED);
  if (meant !== undefined) return `'${name}' is not a command; did you mean 'causeway ${meant}'?`;
  if (name.endsWith('.json')) return `'${name}' is not a command; to connect: causeway connect ${name}`;
  return `'${name}' is not a command; the commands are ${SUGGESTED.join(', ')}`;
}
