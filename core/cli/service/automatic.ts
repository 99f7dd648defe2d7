import type { AutomaticStatus } from '../../contract/automatic.ts';
import { beaconText, planText, verdictText } from '../../contract/automatic-text.ts';
import type { Status } from '../../contract/daemon-api.ts';
import { addressOctets, isHostName } from '../../contract/text-forms.ts';
import { failure } from '../../lib/failure.ts';
import { EXIT_ENDED_BY_USER } from '../exit-codes.ts';
import { harmless } from '../terminal.ts';
import { findProfile, type ServiceSession, tellFailure, tellJson, watchStatus } from './session.ts';

const DEFAULT_PORT = 443;
const EXIT_NOT_PROVED = 7;

/** `causeway automatic …`. */
export async function automatic(session: ServiceSession): Promise<number> {
  const { client, screen, command } = session;
  const [verb, meant] = command.operands;
  if (verb === undefined) return tellAutomatic(session);
  const found = verb === 'on' ? await findProfile(client, meant) : undefined;
  if (found && !found.ok) return tellFailure(screen, found.error);
  const done = await client.call('automatic.choose', { profile: found ? found.value.id : null });
  if (!done.ok) return tellFailure(screen, done.error);
  screen.line(
    found
      ? `${harmless(found.value.name)} connects by itself from now on. See what it does with: causeway automatic`
      : 'Nothing connects by itself any more.',
  );
  return EXIT_ENDED_BY_USER;
}

async function tellAutomatic({ client, screen, command, epoch }: ServiceSession): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<Status>();
  const watched = watchStatus(client, resolve);
  const status = await Promise.race([promise, watched.ended]);
  watched.close();
  if (!status) return EXIT_ENDED_BY_USER;
  if (!('protection' in status)) return tellFailure(screen, status);
  if (command.json) tellJson(screen, status.automatic ?? null);
  else if (!status.automatic) {
    screen.line('Nothing connects by itself. Switch it on with: causeway automatic on PROFILE');
  } else for (const line of automaticRows(status.automatic, epoch())) screen.line(line);
  return EXIT_ENDED_BY_USER;
}

/** What is thought of the network and done about it, a line each; nothing where nobody chose that. */
export function automaticRows(told: AutomaticStatus | undefined, now: number): string[] {
  return told ? [harmless(verdictText(told)), harmless(planText(told, now))] : [];
}

/** 10.0.0.9, 10.0.0.9:8443, beacon.example:443, fd50::10, [fd50::10]:443. */
export function parseBeacon(text: string): { readonly host: string; readonly port: number } | undefined {
  const parts = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(text);
  const host = parts?.[1] ?? parts?.[2] ?? text;
  const port = parts?.[3] === undefined ? DEFAULT_PORT : Number(parts[3]);
  const isHost = addressOctets(host) !== undefined || isHostName(host);
  return isHost && port >= 1 && port <= 65_535 ? { host, port } : undefined;
}

/** `causeway beacon HOST:PORT`: tells IT what to write into a profile. */
export async function beacon({ client, screen, command }: ServiceSession): Promise<number> {
  const [text = ''] = command.operands;
  const meant = parseBeacon(text);
  if (!meant) {
    const detail = `'${harmless(text)}' is no place like 10.0.0.9:443, beacon.example or [fd50::10]:443`;
    return tellFailure(screen, failure('config.usage', { detail }));
  }
  const asked = await client.call('beacon.ask', meant);
  if (!asked.ok) return tellFailure(screen, asked.error);
  const { outcome, pin } = asked.value;
  if (command.json) tellJson(screen, asked.value);
  else {
    screen.line(harmless(beaconText(text, asked.value)));
    if (pin !== undefined) {
      screen.line(`  pin          ${harmless(pin)}`);
      screen.line(`  in a profile ${JSON.stringify({ ...meant, pins: [harmless(pin)] })}`);
    }
  }
  return outcome === 'proved' ? EXIT_ENDED_BY_USER : EXIT_NOT_PROVED;
}
