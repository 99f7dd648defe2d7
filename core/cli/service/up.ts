import type { ConnectionStatus, Need, Status } from '../../contract/daemon-api.ts';
import { failure, type Failure } from '../../lib/failure.ts';
import { err, ok, type Result } from '../../lib/result.ts';
import type { SecretBytes } from '../../lib/secret.ts';
import { EXIT_ENDED_BY_USER, EXIT_INTERRUPTED, exitCodeOf } from '../exit-codes.ts';
import { promptSecret, readSecretFromFd } from '../secret-input.ts';
import { colored, harmless, marksOf } from '../terminal.ts';
import {
  findProfile,
  type ServiceSession,
  tellFailure,
  tellJson,
  tellWords,
  watchStatus,
} from './session.ts';
import { factRows, stateText } from './status-text.ts';

/** How `up` ended. */
type Ending =
  | { readonly kind: 'up'; readonly connection: ConnectionStatus }
  /** It connects when something needs it; or it just tried, and could not. */
  | { readonly kind: 'ready'; readonly connection: ConnectionStatus; readonly hasTried: boolean }
  | { readonly kind: 'failed'; readonly status: Status }
  | { readonly kind: 'lost'; readonly why: Failure }
  | { readonly kind: 'interrupted' };

/** `causeway up`: starts the connection, answers what it asks for, and comes back when it stands or is ready. */
export async function up(session: ServiceSession): Promise<number> {
  const { client, command, screen } = session;
  const [profile, secret] = await Promise.all([
    findProfile(client, command.operands[0]),
    secretAhead(command),
  ]);
  if (!profile.ok || !secret.ok) {
    if (secret.ok) secret.value?.wipe();
    const [why] = [profile, secret].flatMap((one) => (one.ok ? [] : [one.error]));
    return why ? tellFailure(screen, why) : EXIT_ENDED_BY_USER;
  }
  const started = await client.call('connection.up', { profile: profile.value.id }, secret.value);
  secret.value?.wipe();
  if (!started.ok) return tellFailure(screen, started.error);
  const ending = await untilUp(session);
  switch (ending.kind) {
    case 'up':
      return tellUp(session, ending.connection);
    case 'ready':
      return tellReady(session, ending);
    case 'failed': {
      const { lastFailure } = ending.status;
      if (!lastFailure) return EXIT_ENDED_BY_USER;
      tellWords(screen, lastFailure);
      return exitCodeOf(failure(lastFailure.code), false);
    }
    case 'lost':
      return tellFailure(screen, ending.why);
    case 'interrupted':
      await client.call('connection.down', {});
      return EXIT_INTERRUPTED;
  }
}

/** What the descriptor says, if one is given. It says it once: nobody is asked when that is not accepted. */
async function secretAhead({
  passwordFd,
}: ServiceSession['command']): Promise<Result<SecretBytes | undefined, Failure>> {
  if (passwordFd === undefined) return ok(undefined);
  const read = await readSecretFromFd(passwordFd);
  if (read.ok) return read;
  const detail = `it could not be had from file descriptor ${passwordFd}: ${read.error}`;
  return err(failure('config.credential-missing', { what: 'password', detail }));
}

function tellUp({ screen, command }: ServiceSession, connection: ConnectionStatus): number {
  screen.clearLive();
  if (command.json) {
    tellJson(screen, connection);
    return EXIT_ENDED_BY_USER;
  }
  const { look } = screen;
  const done = colored(look, 'green', marksOf(look).done);
  screen.line(`${done} ${colored(look, 'bold', `Connected to ${harmless(connection.profile.name)}`)}`);
  for (const row of factRows(connection)) screen.line(`  ${row}`);
  screen.line('  End it with: causeway down');
  return EXIT_ENDED_BY_USER;
}

function tellReady(
  { screen, command, epoch }: ServiceSession,
  { connection, hasTried }: Extract<Ending, { kind: 'ready' }>,
): number {
  screen.clearLive();
  const { cause } = connection;
  const code = hasTried && cause ? exitCodeOf(failure(cause.code), false) : EXIT_ENDED_BY_USER;
  if (command.json) {
    tellJson(screen, connection);
    return code;
  }
  const { look } = screen;
  screen.line(`${colored(look, 'green', marksOf(look).done)} ${stateText(connection, epoch())}`);
  if (cause) screen.line(`  ${harmless(cause.why)}`);
  screen.line('  End it with: causeway down');
  return code;
}

async function untilUp(session: ServiceSession): Promise<Ending> {
  const { client, screen, onEndAsked, epoch } = session;
  const { promise, resolve } = Promise.withResolvers<Ending>();
  const asked = new Set<number>();
  let hasTried = false;
  const watched = watchStatus(client, (status) => {
    const { connection } = status;
    // It was there when the service said that it has begun.
    if (!connection) return resolve({ kind: 'failed', status });
    if (connection.state === 'connected' && connection.facts) return resolve({ kind: 'up', connection });
    if (connection.state === 'on-demand') return resolve({ kind: 'ready', connection, hasTried });
    hasTried ||= connection.state !== 'preparing';
    const { need } = connection;
    if (!need) return screen.live(stateText(connection, epoch()));
    if (asked.has(need.id)) return;
    asked.add(need.id);
    void answer(session, need).then((how) => {
      if (how === 'interrupted') resolve({ kind: 'interrupted' });
    });
  });
  void watched.ended.then((why) => why && resolve({ kind: 'lost', why }));
  const undo = onEndAsked(() => resolve({ kind: 'interrupted' }));
  const ending = await promise;
  undo();
  watched.close();
  return ending;
}

/** Asks the person, and tells the service what they said. */
async function answer(
  { client, command, terminal, screen }: ServiceSession,
  need: Need,
): Promise<'answered' | 'interrupted'> {
  screen.clearLive();
  if (!terminal || command.passwordFd !== undefined) {
    await client.call('need.refuse', { need: need.id });
    return 'answered';
  }
  if (need.message !== undefined) screen.errorLine(`The gateway says: ${harmless(need.message)}`);
  if (need.rejected) screen.errorLine(`The ${need.what} was not accepted.`);
  const whose = need.username === undefined ? need.profile : `${need.username} at ${need.profile}`;
  const prompted = await promptSecret(
    `${capital(need.what)} for ${harmless(whose)}: `,
    terminal.input,
    terminal.output,
  );
  // Who presses Ctrl-C ends the connection, and with it the need.
  if (prompted.kind === 'interrupted') return 'interrupted';
  if (prompted.kind !== 'secret') {
    await client.call('need.refuse', { need: need.id });
    return 'answered';
  }
  await client.call('need.answer', { need: need.id }, prompted.secret);
  prompted.secret.wipe();
  return 'answered';
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
