import { failure } from '../../lib/failure.ts';
import type { ProfileSummary } from '../../contract/daemon-api.ts';
import { EXIT_ENDED_BY_USER } from '../exit-codes.ts';
import { harmless } from '../terminal.ts';
import { importProfile } from './import-profile.ts';
import { findProfile, type ServiceSession, tellFailure, tellJson } from './session.ts';

/** `causeway profile …`. */
export async function profile(session: ServiceSession): Promise<number> {
  const [verb, first = '', second] = session.command.operands;
  switch (verb) {
    case 'list':
      return list(session);
    case 'import':
      return importProfile(session, first, second);
    case 'show':
      return show(session, first);
    case 'export':
      return exportProfile(session, first);
    case 'remove':
      return remove(session, first);
    default:
      return tellFailure(session.screen, failure('config.usage'));
  }
}

async function list({ client, screen, command }: ServiceSession): Promise<number> {
  const profiles = await client.call('profile.list', {});
  if (!profiles.ok) return tellFailure(screen, profiles.error);
  for (const one of profiles.value) {
    if (command.json) tellJson(screen, one);
    else screen.line(summaryText(one));
  }
  if (profiles.value.length === 0 && !command.json) {
    screen.line('There are no profiles yet. Add one with: causeway profile import FILE');
  }
  return EXIT_ENDED_BY_USER;
}

function summaryText({ id, name, origin, gateway, username }: ProfileSummary): string {
  const whose = origin === 'system' ? 'from IT' : 'yours';
  const user = username === undefined ? '' : ` as ${username}`;
  return harmless(`${name}: ${gateway}${user} (${whose}, ${id})`);
}

async function show({ client, screen }: ServiceSession, meant: string): Promise<number> {
  const found = await findProfile(client, meant);
  if (!found.ok) return tellFailure(screen, found.error);
  const { id, name, origin, gateway, method, username } = found.value;
  const rows: readonly (readonly [string, string])[] = [
    ['name', name],
    ['id', id],
    ['from', origin === 'system' ? 'IT, for everybody on this machine' : 'you'],
    ['gateway', gateway],
    ['sign-in', username === undefined ? method : `${method}, as ${username}`],
  ];
  for (const [label, value] of rows) screen.line(`${label.padEnd(8)} ${harmless(value)}`);
  return EXIT_ENDED_BY_USER;
}

async function exportProfile({ client, screen }: ServiceSession, meant: string): Promise<number> {
  const found = await findProfile(client, meant);
  if (!found.ok) return tellFailure(screen, found.error);
  const contents = await client.call('profile.read', { profile: found.value.id });
  if (!contents.ok) return tellFailure(screen, contents.error);
  for (const line of JSON.stringify(contents.value, undefined, 2).split('\n')) screen.line(line);
  return EXIT_ENDED_BY_USER;
}

async function remove({ client, screen }: ServiceSession, meant: string): Promise<number> {
  const found = await findProfile(client, meant);
  if (!found.ok) return tellFailure(screen, found.error);
  const removed = await client.call('profile.remove', { profile: found.value.id });
  if (!removed.ok) return tellFailure(screen, removed.error);
  screen.line(`${harmless(found.value.name)} is removed.`);
  return EXIT_ENDED_BY_USER;
}
