/** Commands that the service carries out. */
import { daemonApi } from '../../contract/daemon-api.ts';
import { connect } from '../../rpc/connect.ts';
import type { Host } from '../connect.ts';
import { EXIT_ENDED_BY_USER } from '../exit-codes.ts';
import { Screen } from '../screen.ts';
import { colored, marksOf } from '../terminal.ts';
import { automatic, automaticRows, beacon } from './automatic.ts';
import type { ServiceCommand } from './command.ts';
import { settings } from './settings.ts';
import { type ServiceSession, tellFailure, tellJson, watchStatus } from './session.ts';
import { blockedText, factRows, findingText, stateText } from './status-text.ts';
import { up } from './up.ts';

const ROOT = 0;
const EXIT_FOUND = 9;

/** Runs one command against the service, and returns the exit code. */
export async function runServiceCommand(
  command: ServiceCommand,
  host: Host,
  version: string,
): Promise<number> {
  const screen = new Screen(host.out, host.error, host.look);
  const linked = await connect({
    api: daemonApi,
    path: command.socketPath,
    ownerUid: ROOT,
    client: `causeway ${version}`,
    isHasty: true,
  });
  if (!linked.ok) return tellFailure(screen, linked.error);
  const session: ServiceSession = {
    client: linked.value,
    command,
    screen,
    terminal: host.terminal,
    onEndAsked: (callback) => host.onEndAsked(callback),
    epoch: () => Date.now(),
  };
  try {
    return await carryOut(session);
  } finally {
    linked.value.close();
  }
}

/** What reads files is loaded when it is needed: connecting waits for none of it. */
async function carryOut(session: ServiceSession): Promise<number> {
  switch (session.command.name) {
    case 'up':
      return up(session);
    case 'down':
      return down(session);
    case 'status':
      return status(session);
    case 'profile':
      return (await import('./profiles.ts')).profile(session);
    case 'policy':
      return (await import('./policies.ts')).policy(session);
    case 'run':
      return (await import('./run-as.ts')).runAs(session);
    case 'settings':
      return settings(session);
    case 'automatic':
      return automatic(session);
    case 'beacon':
      return beacon(session);
    case 'logs':
      return (await import('./logs.ts')).logs(session);
    case 'diagnostics':
      return (await import('./diagnostics.ts')).diagnostics(session);
    case 'doctor':
      return doctor(session);
  }
}

async function down({ client, screen }: ServiceSession): Promise<number> {
  const ended = await client.call('connection.down', {});
  if (!ended.ok) return tellFailure(screen, ended.error);
  screen.line('Disconnected.');
  return EXIT_ENDED_BY_USER;
}

async function status({ client, screen, command, epoch, onEndAsked }: ServiceSession): Promise<number> {
  const enough = Promise.withResolvers<undefined>();
  const watched = watchStatus(client, (now) => {
    const { connection } = now;
    if (command.json) tellJson(screen, now);
    else if (!connection) screen.line(`Not connected.${blockedText(now.protection)}`);
    else {
      screen.line(
        `${stateText(connection, epoch())}${connection.isYours ? '' : ' (of another user)'}${blockedText(now.protection)}`,
      );
      for (const row of factRows(connection)) screen.line(`  ${row}`);
    }
    if (!command.json) {
      for (const row of automaticRows(now.automatic, epoch())) screen.line(row);
    }
    if (!command.watch) enough.resolve(undefined);
  });
  const undo = onEndAsked(() => enough.resolve(undefined));
  const lost = await Promise.race([enough.promise, watched.ended]);
  undo();
  watched.close();
  return lost ? tellFailure(screen, lost) : EXIT_ENDED_BY_USER;
}

async function doctor({ client, screen, command }: ServiceSession): Promise<number> {
  const found = await client.call(command.repair ? 'doctor.repair' : 'doctor', {});
  if (!found.ok) return tellFailure(screen, found.error);
  const { look } = screen;
  for (const finding of found.value) {
    if (command.json) tellJson(screen, finding);
    else {
      const marks = marksOf(look);
      const mark =
        finding.state === 'bad' ? colored(look, 'red', marks.failed) : colored(look, 'green', marks.done);
      screen.line(`${mark} ${findingText(finding)}`);
    }
  }
  return found.value.some(({ state }) => state === 'bad') ? EXIT_FOUND : EXIT_ENDED_BY_USER;
}
