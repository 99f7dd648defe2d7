/** The part of the command line that the service does, as a value. */
import { parseArgs } from 'node:util';
import { nearest } from '../../contract/near.ts';
import { appName } from '../../contract/policy.ts';
import { err, ok, type Result } from '../../lib/result.ts';
import {
  type CommandForm,
  firstWord,
  type OptionForm,
  OPTION_FORMS,
  parserOptions,
  SERVICE_ALWAYS,
  SERVICE_FORMS,
  type ServiceCommandName,
  usageOf,
} from '../command-table.ts';
import { descriptor } from '../descriptor.ts';

export interface ServiceCommand {
  readonly name: ServiceCommandName;
  /** With the verb first, where the command has verbs. */
  readonly operands: readonly string[];
  readonly json: boolean;
  readonly watch: boolean;
  readonly repair: boolean;
  readonly follow: boolean;
  readonly print: boolean;
  readonly lines: number;
  readonly output?: string;
  /** A program, by the name of its service or desktop entry. */
  readonly app?: string;
  /** A file descriptor to read the secret from, in place of a person. */
  readonly passwordFd?: number;
  /** Likewise for what unlocks a file. */
  readonly passphraseFd?: number;
  readonly socketPath: string;
}

/** Their names, for suggestions. */
export const SERVICE_COMMANDS: readonly string[] = [...new Set(SERVICE_FORMS.map(firstWord))];

export const DEFAULT_SOCKET = '/run/causewayd/socket';
const DEFAULT_LINES = 100;

export function isServiceCommand(name: string | undefined): name is ServiceCommandName {
  return name !== undefined && SERVICE_COMMANDS.includes(name);
}

/** Parses what follows the name of one of these commands. The error is a sentence. */
export function parseServiceCommand(
  name: ServiceCommandName,
  argv: readonly string[],
): Result<ServiceCommand, string> {
  const { tokens, values, positionals } = parseArgs({
    args: [...argv],
    strict: false,
    tokens: true,
    allowPositionals: true,
    options: parserOptions(),
  });
  const form = formOf(name, positionals);
  if (!form.ok) return form;
  const given = tokens.filter((token) => token.kind === 'option');
  const wrong = optionProblem(form.value, given) ?? countProblem(form.value, positionals);
  if (wrong !== undefined) return err(wrong);
  const lines = typeof values['lines'] === 'string' ? Number(values['lines']) : DEFAULT_LINES;
  if (!Number.isInteger(lines) || lines < 1 || lines > 10_000)
    return err('--lines needs a number from 1 to 10000');
  const app = typeof values['app'] === 'string' ? values['app'] : undefined;
  if (app !== undefined && !appName.safeParse(app).success)
    return err('--app needs the name of a service or an application, such as --app firefox');
  const passwordFd = descriptor('--password-fd', values['password-fd']);
  if (!passwordFd.ok) return passwordFd;
  const passphraseFd = descriptor('--passphrase-fd', values['passphrase-fd']);
  if (!passphraseFd.ok) return passphraseFd;
  const socketPath = typeof values['socket'] === 'string' ? values['socket'] : DEFAULT_SOCKET;
  if (!socketPath.startsWith('/')) return err('--socket needs an absolute path');
  const output = values['output'];
  return ok({
    name,
    operands: positionals,
    json: values['json'] === true,
    watch: values['watch'] === true,
    repair: values['repair'] === true,
    follow: values['follow'] === true,
    print: values['print'] === true,
    lines,
    ...(typeof output === 'string' ? { output } : {}),
    ...(app === undefined ? {} : { app }),
    ...(passwordFd.value === undefined ? {} : { passwordFd: passwordFd.value }),
    ...(passphraseFd.value === undefined ? {} : { passphraseFd: passphraseFd.value }),
    socketPath,
  });
}

/** The form that the words have: that of the verb, or of the command alone. */
function formOf(name: ServiceCommandName, operands: readonly string[]): Result<CommandForm, string> {
  const forms: readonly CommandForm[] = SERVICE_FORMS.filter((form) => firstWord(form) === name);
  const [verb = ''] = operands;
  const alone = forms.find(({ words }) => words === name);
  const meant = forms.find(({ words }) => words === `${name} ${verb}`);
  if (meant) return ok(meant);
  if (alone && (forms.length === 1 || verb === '')) return ok(alone);
  const verbs = forms.map(({ words }) => words.slice(name.length + 1)).filter((word) => word !== '');
  const near = nearest(verb, verbs);
  return err(
    near === undefined
      ? `'causeway ${name}' is followed by one of ${verbs.join(', ')}`
      : `'causeway ${name}' cannot '${verb}'; did you mean 'causeway ${name} ${near}'?`,
  );
}

interface OptionToken {
  readonly name: string;
  readonly rawName: string;
  readonly value?: string | undefined;
}

function optionProblem({ words, options }: CommandForm, given: readonly OptionToken[]): string | undefined {
  const known: readonly string[] = [...options, ...SERVICE_ALWAYS];
  for (const { name, rawName, value } of given) {
    if (!known.includes(name)) {
      const meant = nearest(name, known);
      return `${rawName} is not an option of 'causeway ${words}'${meant === undefined ? '' : `; did you mean --${meant}?`}`;
    }
    const wanted = optionForm(name)?.value;
    if (wanted && (value === undefined || value === ''))
      return `${rawName} needs a value: ${rawName} ${wanted.name}`;
    if (!wanted && value !== undefined) return `${rawName} takes no value`;
  }
  return undefined;
}

function optionForm(name: string): OptionForm | undefined {
  return new Map<string, OptionForm>(Object.entries(OPTION_FORMS)).get(name);
}

function countProblem(form: CommandForm, positionals: readonly string[]): string | undefined {
  const count = positionals.length - (form.words.includes(' ') ? 1 : 0);
  const least = form.operands.filter(({ isOptional }) => isOptional !== true).length;
  const written = `causeway ${usageOf(form)}`;
  const missing = form.operands[count];
  if (count < least) return `'causeway ${form.words}' needs ${missing?.name ?? 'more'}: ${written}`;
  const extra = positionals.at(-1) ?? '';
  return count > form.operands.length && form.operands.at(-1)?.isRest !== true
    ? `'${extra}' is one argument too many for 'causeway ${form.words}': ${written}`
    : undefined;
}
