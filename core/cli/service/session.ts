import type { ConnectionStatus, DaemonApi, ProfileSummary, Status } from '../../contract/daemon-api.ts';
import { sentence } from '../../contract/failure-text.ts';
import { failure, type Failure } from '../../lib/failure.ts';
import { err, ok, type Result } from '../../lib/result.ts';
import type { Client } from '../../rpc/client.ts';
import type { PromptTerminal } from '../credentials.ts';
import { exitCodeOf } from '../exit-codes.ts';
import type { Screen } from '../screen.ts';
import { colored, marksOf, wrapped } from '../terminal.ts';
import type { ServiceCommand } from './command.ts';

const TEXT_COLUMNS = 100;

/** What a command of the service works with. */
export interface ServiceSession {
  readonly client: Client<DaemonApi>;
  readonly command: ServiceCommand;
  readonly screen: Screen;
  readonly terminal: PromptTerminal | undefined;
  /** Calls back when a signal asks for the end. Returns its undoing. */
  readonly onEndAsked: (callback: () => void) => () => void;
  readonly epoch: () => number;
}

/** Tells a failure in its words, and gives the exit code for it. */
export function tellFailure(screen: Screen, why: Failure): number {
  tellWords(screen, sentence(why));
  return exitCodeOf(why, false);
}

/** Tells what failed, why, and what to do. */
export function tellWords(
  screen: Screen,
  { title, why, next }: { readonly title: string; readonly why: string; readonly next: string },
): void {
  const { look } = screen;
  const columns = Math.min(look.columns, TEXT_COLUMNS);
  screen.clearLive();
  screen.errorLine(`${colored(look, 'red', marksOf(look).failed)} ${colored(look, 'bold', title)}`);
  for (const line of [...wrapped(why, '  ', columns), ...wrapped(next, '  ', columns)])
    screen.errorLine(line);
}

/** One object a line, for programs. */
export function tellJson(screen: Screen, value: unknown): void {
  screen.line(JSON.stringify(value).replaceAll(/[\u007f-\u009f\u2028\u2029]/g, '?'));
}

/** The profile that a person means: by its id, or by its name when one alone has that; the only one when none is said. */
export async function findProfile(
  client: Client<DaemonApi>,
  meant: string | undefined,
): Promise<Result<ProfileSummary, Failure>> {
  const list = await client.call('profile.list', {});
  if (!list.ok) return list;
  const fits = list.value.filter(
    ({ id, name }) =>
      meant === undefined ||
      id === meant ||
      id === `system.${meant}` ||
      name.toLowerCase() === meant.toLowerCase(),
  );
  const [only, second] = fits;
  if (only && !second) return ok(only);
  const exact = fits.find(({ id }) => id === meant);
  if (exact) return ok(exact);
  return err(
    only
      ? failure('config.profile-ambiguous', { profiles: fits.map(({ id, name }) => `${name} (${id})`) })
      : failure('config.profile-unknown', { profile: meant }),
  );
}

/** The states of the service, as they come, until somebody has seen enough. */
export function watchStatus(
  client: Client<DaemonApi>,
  onStatus: (status: Status) => void,
): { readonly close: () => void; readonly ended: Promise<Failure | undefined> } {
  const { promise, resolve } = Promise.withResolvers<Failure | undefined>();
  const close = client.open('status', {}, { item: onStatus, end: resolve });
  return { close, ended: promise };
}

export function isUp(connection: ConnectionStatus | null): connection is ConnectionStatus {
  return connection?.state === 'connected';
}
