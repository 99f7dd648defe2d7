/** The part of the command line that the service does, as a value. */
import { parseArgs } from 'node:util';
import { nearest } from '../../contract/near.ts';
import { err, ok, type Result } from '../../lib/result.ts';
import { descriptor } from '../descriptor.ts';

/** The commands of the service: how each is written, and what it does. */
export const SERVICE_USAGE: readonly (readonly [usage: string, about: string])[] = [
  ['up [PROFILE] [--password-fd N]', 'connect, and leave it connected'],
  ['down', 'end the connection'],
  ['status [--watch]', 'tell how the connection is, and follow it'],
  ['profile list', 'the profiles of this machine and yours'],
  ['profile import FILE [PROFILE]', 'add a profile, or replace one'],
  ['profile show PROFILE', 'what a profile is for'],
  ['profile export PROFILE', 'the whole of it, as JSON'],
  ['profile remove PROFILE', 'remove a profile of yours'],
  ['policy show PROFILE', 'what goes through the tunnel, past it, nowhere'],
  ['policy set PROFILE FILE', 'put another policy in its place'],
  ['policy lint PROFILE', 'tell what is odd in it'],
  ['policy explain PROFILE DEST', 'what happens to 192.0.2.7, or 192.0.2.7:tcp/443'],
  ['settings', 'the settings of this machine'],
  ['settings kill-switch MODE', 'nothing else passes: off, session, always'],
  ['settings lan MODE', 'reach the local network: on or off'],
  ['settings portal SECONDS', 'let you log in at a captive portal'],
  ['logs [--lines N]', 'the newest lines of the log of the service'],
  ['doctor [--repair]', 'tell what is wrong here, and put it right'],
];

export type ServiceCommandName = keyof typeof OPERANDS;

/** Their names, for suggestions. */
export const SERVICE_COMMANDS: readonly string[] = [
  ...new Set(SERVICE_USAGE.map(([usage]) => usage.split(' ')[0] ?? '')),
];

export interface ServiceCommand {
  readonly name: ServiceCommandName;
  readonly operands: readonly string[];
  readonly json: boolean;
  readonly watch: boolean;
  readonly repair: boolean;
  readonly lines: number;
  /** A file descriptor to read the secret from, in place of a person. */
  readonly passwordFd?: number;
  readonly socketPath: string;
}

/** Options by command; those that take a value name it. All take `--json` and `--socket`. */
const OPTIONS: Readonly<Record<ServiceCommandName, readonly string[]>> = {
  up: ['password-fd'],
  down: [],
  status: ['watch'],
  profile: [],
  policy: [],
  settings: [],
  logs: ['lines'],
  doctor: ['repair'],
};

const OPERANDS = {
  up: [0, 1],
  down: [0, 0],
  status: [0, 0],
  profile: [1, 3],
  policy: [1, 3],
  settings: [0, 2],
  logs: [0, 0],
  doctor: [0, 0],
} as const;

/** The verbs of a command that has some, with the number of operands that each takes. */
const VERBS: Readonly<Record<string, Readonly<Record<string, readonly [least: number, most: number]>>>> = {
  profile: { list: [0, 0], show: [1, 1], import: [1, 2], export: [1, 1], remove: [1, 1] },
  policy: { show: [1, 1], set: [2, 2], lint: [1, 1], explain: [2, 2] },
  settings: { '': [0, 0], 'kill-switch': [1, 1], lan: [1, 1], portal: [1, 1] },
};

export const DEFAULT_SOCKET = '/run/causewayd/socket';
const DEFAULT_LINES = 100;

export function isServiceCommand(name: string | undefined): name is ServiceCommandName {
  return name !== undefined && Object.hasOwn(OPERANDS, name);
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
    options: {
      json: { type: 'boolean' },
      watch: { type: 'boolean', short: 'w' },
      repair: { type: 'boolean' },
      lines: { type: 'string', short: 'n' },
      'password-fd': { type: 'string' },
      socket: { type: 'string' },
    },
  });
  const known = [...OPTIONS[name], 'json', 'socket'];
  for (const token of tokens) {
    if (token.kind !== 'option' || known.includes(token.name)) continue;
    const meant = nearest(token.name, known);
    return err(
      `${token.rawName} is not an option of 'causeway ${name}'${meant === undefined ? '' : `; did you mean --${meant}?`}`,
    );
  }
  const wrong = operandProblem(name, positionals);
  if (wrong !== undefined) return err(wrong);
  const lines = typeof values.lines === 'string' ? Number(values.lines) : DEFAULT_LINES;
  if (!Number.isInteger(lines) || lines < 1 || lines > 10_000)
    return err('--lines needs a number from 1 to 10000');
  const passwordFd = descriptor('--password-fd', values['password-fd']);
  if (!passwordFd.ok) return passwordFd;
  const socketPath = typeof values.socket === 'string' ? values.socket : DEFAULT_SOCKET;
  if (!socketPath.startsWith('/')) return err('--socket needs an absolute path');
  return ok({
    name,
    operands: positionals,
    json: values.json === true,
    watch: values.watch === true,
    repair: values.repair === true,
    lines,
    ...(passwordFd.value === undefined ? {} : { passwordFd: passwordFd.value }),
    socketPath,
  });
}

function operandProblem(name: ServiceCommandName, operands: readonly string[]): string | undefined {
  const verbs = VERBS[name];
  if (!verbs) return countProblem(`'causeway ${name}'`, operands.length, OPERANDS[name]);
  const [verb = '', ...rest] = operands;
  const limits = Object.hasOwn(verbs, verb) ? verbs[verb] : undefined;
  if (!limits) {
    const meant = nearest(verb, Object.keys(verbs));
    const known = Object.keys(verbs)
      .filter((one) => one !== '')
      .join(', ');
    return meant === undefined
      ? `'causeway ${name}' is followed by one of ${known}`
      : `'causeway ${name}' cannot '${verb}'; did you mean 'causeway ${name} ${meant}'?`;
  }
  return countProblem(`'causeway ${name} ${verb}'`, rest.length, limits);
}

function countProblem(
  what: string,
  count: number,
  [least, most]: readonly [least: number, most: number],
): string | undefined {
  if (count < least) return `${what} needs to know more: see causeway --help`;
  return count > most ? `${what} was told more than it takes: see causeway --help` : undefined;
}
