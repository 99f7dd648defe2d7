import { accessSync, constants, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { failure } from '../../lib/failure.ts';
import { harmless } from '../terminal.ts';
import { type ServiceSession, tellFailure } from './session.ts';

/** What shells answer with when there is no such program, and when it cannot be started. */
const EXIT_NOT_FOUND = 127;
const EXIT_NOT_STARTED = 126;
/** Signals that the runtime ignores, and that a program expects to be ended by. */
const IGNORED = ['SIGPIPE', 'SIGXFSZ'] as const;

/**
 * `causeway run`: has the service make this process a program of the application, and becomes the program: its first
 * packet is already ruled as the policy says. Comes back only when that was not possible.
 */
export async function runAs({ client, command, screen }: ServiceSession): Promise<number> {
  const { app, operands } = command;
  const [program = ''] = operands;
  if (app === undefined) {
    const detail = "'causeway run' needs to know as what: causeway run --app NAME -- PROGRAM";
    return tellFailure(screen, failure('config.usage', { detail }));
  }
  const path = pathOf(program, process.env['PATH'] ?? '');
  if (path === undefined) {
    screen.errorLine(`causeway: there is no program '${harmless(program)}' that you may start`);
    return EXIT_NOT_FOUND;
  }
  const entered = await client.call('app.enter', { app });
  if (!entered.ok) return tellFailure(screen, entered.error);
  if (!entered.value.ruled) screen.errorLine(`causeway: no rule that holds now speaks of ${harmless(app)}`);
  return become(path, operands, screen);
}

function become(path: string, argv: readonly string[], screen: ServiceSession['screen']): number {
  // What is handled here is as usual in the program; what is ignored would stay ignored.
  for (const signal of IGNORED) process.on(signal, () => undefined);
  process.removeAllListeners('warning');
  try {
    process.execve?.(path, [...argv], process.env);
    throw new Error('the runtime cannot');
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    screen.errorLine(`causeway: ${harmless(path)} cannot be started: ${why}`);
    return EXIT_NOT_STARTED;
  }
}

/** Where a program is, as a shell finds it; undefined when there is none that this user may start. */
export function pathOf(program: string, searched: string): string | undefined {
  const places = program.includes('/')
    ? [resolve(program)]
    : searched.split(':').map((directory) => resolve(directory, program));
  return program === '' ? undefined : places.find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
