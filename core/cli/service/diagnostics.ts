import { resolve } from 'node:path';
import type { DiagnosticsBundle } from '../../contract/daemon-api.ts';
import { EXIT_ENDED_BY_USER } from '../exit-codes.ts';
import { harmless } from '../terminal.ts';
import { saveNew } from './new-file.ts';
import { type ServiceSession, tellFailure, tellJson } from './session.ts';

/** `causeway diagnostics`: tells what is in the bundle, and saves it where nothing is yet. */
export async function diagnostics({ client, screen, command }: ServiceSession): Promise<number> {
  const made = await client.call('diagnostics', {});
  if (!made.ok) return tellFailure(screen, made.error);
  const bundle = made.value;
  if (command.json) {
    tellJson(screen, bundle);
    return EXIT_ENDED_BY_USER;
  }
  const text = JSON.stringify(bundle, undefined, 2);
  if (command.print) {
    for (const line of text.split('\n')) screen.line(harmless(line));
    if (command.output === undefined) return EXIT_ENDED_BY_USER;
  } else for (const line of summary(bundle)) screen.line(harmless(line));

  const file = resolve(command.output ?? nameFor(bundle));
  const problem = saveNew(file, `${text}\n`);
  if (problem) return tellFailure(screen, problem);
  screen.line(
    `Saved in ${harmless(file)}, which only you can read. To see all of it: causeway diagnostics --print`,
  );
  return EXIT_ENDED_BY_USER;
}

function nameFor({ made }: DiagnosticsBundle): string {
  return `causeway-diagnostics-${made.slice(0, 19).replaceAll(/[^0-9T]/g, '')}.json`;
}

export function summary({ parts, pseudonyms }: DiagnosticsBundle): string[] {
  const width = Math.max(...parts.map(({ name }) => name.length));
  const replaced = Object.entries(pseudonyms).map(([kind, count]) => `${count} × ${kind}`);
  return [
    'What support will see:',
    ...parts.map(({ name, about }) => `  ${name.padEnd(width)}  ${about}`),
    'There is no password, key or certificate in it. Names and addresses are replaced by numbered ones, the same ones',
    `throughout${replaced.length > 0 ? `: ${replaced.join(', ')}` : ''}.`,
  ];
}
