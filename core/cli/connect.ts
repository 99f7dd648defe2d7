/** `causeway connect`: one connection in the foreground, from the profile to the exit code. */
import { failedEvent } from '../contract/failure-text.ts';
import type { Profile } from '../contract/profile.ts';
import { failure, type Failure } from '../lib/failure.ts';
import { ok } from '../lib/result.ts';
import type { ConnectOptions } from './arguments.ts';
import type { CreateConnection } from '../composition/connection-port.ts';
import { gatherCredentials, wantedSecret, type PromptTerminal } from './credentials.ts';
import { EXIT_ENDED_BY_USER, exitCodeOf } from './exit-codes.ts';
import type { KeptCredentials } from './kept-credentials.ts';
import { openKeyLog, type KeyLog } from './key-log.ts';
import { readProfile } from './profile-file.ts';
import { jsonRenderer, type Renderer } from './renderer.ts';
import { Screen, type Output } from './screen.ts';
import type { Look } from './terminal.ts';
import { textRenderer } from './text-renderer.ts';

/** What a shell reports for a program that Ctrl-C ended. */
const EXIT_INTERRUPTED = 130;

/** The process around the command, so that tests can put another in its place. */
export interface Host {
  readonly out: Output;
  readonly error: Output;
  readonly look: Look;
  readonly terminal: PromptTerminal | undefined;
  readonly system: string;
  /** The effective user id; undefined where there is no such thing. */
  readonly userId: number | undefined;
  /** Monotonic milliseconds since the start. */
  readonly now: () => number;
  readonly loadConnections: () => Promise<CreateConnection>;
  /** Calls back when a signal, or an output that nobody reads any more, asks for the end. Returns its undoing. */
  readonly onEndAsked: (callback: (how: 'orderly' | 'at-once') => void) => () => void;
  /** Calls back on an error that nothing caught. Returns its undoing. */
  readonly onFault: (callback: (error: unknown) => void) => () => void;
  /** Calls back every second. Returns its undoing. */
  readonly everySecond: (callback: () => void) => () => void;
  readonly after: (delayMs: number, callback: () => void) => unknown;
  /** Ends the process in the way in which Ctrl-C ends a program that does not handle it. */
  readonly interrupt: () => void;
}

/** Runs the whole command and returns the exit code. Never rejects: what nobody foresaw is a failure, too. */
export async function connect(options: ConnectOptions, host: Host): Promise<number> {
  const early = rendererFor(options, host, options.profilePath);
  const profile = readProfile(options.profilePath);
  if (!profile.ok) return fail(early, profile.error);
  const renderer = rendererFor(options, host, profile.value.name);
  const unfit = machineProblem(host);
  if (unfit !== undefined) return fail(renderer, unfit);

  const keyLog =
    options.keylogPath === undefined ? ok(undefined) : openKeyLog(options.keylogPath, host.userId);
  if (!keyLog.ok) return fail(renderer, keyLog.error);
  try {
    // The heavy modules load while the person types.
    const loading = host.loadConnections();
    loading.catch(() => undefined);
    let onInterrupt = (): void => undefined;
    const credentials = await gatherCredentials(profile.value, options, host.terminal, {
      onAsking: renderer.asking,
      onInterrupt: () => onInterrupt(),
    });
    if (!credentials.ok) {
      if (credentials.error !== 'interrupted') return fail(renderer, credentials.error);
      host.interrupt();
      return EXIT_INTERRUPTED;
    }
    try {
      warnAhead(options, profile.value, renderer);
      const create = await loading;
      return await run(
        {
          create,
          // Who says `connect` wants it now, for as long as this runs.
          profile: { ...profile.value, onDemand: { ...profile.value.onDemand, enabled: false } },
          credentials: credentials.value,
          keyLog: keyLog.value,
          onRunning: (stop) => (onInterrupt = stop),
        },
        renderer,
        host,
      );
    } finally {
      credentials.value.wipe();
    }
  } catch (error) {
    return fail(renderer, bug(error, renderer));
  } finally {
    keyLog.value?.close();
  }
}

function rendererFor(options: ConnectOptions, host: Host, name: string): Renderer {
  const { verbose } = options;
  return options.json
    ? jsonRenderer(host.out, host.error, { verbose, now: host.now })
    : textRenderer(new Screen(host.out, host.error, host.look), { name, verbose, now: host.now });
}

/** Tells a failure that no connection tells. `atMs` counts from the connection's start, if it had one. */
function fail(renderer: Renderer, reason: Failure, atMs = 0): number {
  renderer.event(failedEvent(reason, atMs));
  return exitCodeOf(reason, false);
}

function machineProblem({ system, userId }: Host): Failure | undefined {
  if (system !== 'linux') return failure('platform.unsupported-system', { system });
  return userId === 0 ? undefined : failure('platform.not-root');
}

function warnAhead(options: ConnectOptions, profile: Profile, renderer: Renderer): void {
  const warn = (code: string, message: string): void =>
    renderer.event({ event: 'warning', atMs: 0, code, message });
  const want = wantedSecret(profile);
  if (options.passwordFd !== undefined && want?.field !== 'password')
    warn('unused-password', '--password-fd is not used: this profile signs in without a password.');
  if (options.passphraseFd !== undefined && want?.field !== 'passphrase')
    warn('unused-passphrase', '--passphrase-fd is not used: this profile has no encrypted private key.');
  if (options.keylogPath !== undefined)
    warn(
      'key-log',
      `The keys of this connection are being written to ${options.keylogPath}. Whoever has that file can read its traffic; delete it when you are done.`,
    );
}

interface Run {
  readonly create: CreateConnection;
  readonly profile: Profile;
  readonly credentials: KeptCredentials;
  readonly keyLog: KeyLog | undefined;
  /** Takes what ends the connection as Ctrl-C does. */
  readonly onRunning: (stop: () => void) => void;
}

/** After a fault the clean-up gets this long. */
const FAULT_GRACE_MS = 3000;

/** Drives one connection to its end. */
async function run(
  { create, profile, credentials, keyLog, onRunning }: Run,
  renderer: Renderer,
  host: Host,
): Promise<number> {
  const connection = create({
    profile,
    credentials,
    log: renderer.log,
    onEvent: renderer.event,
    ...(keyLog === undefined ? {} : { keyLog: keyLog.write }),
  });
  const startedAtMs = host.now();
  const faults: Failure[] = [];
  const hung = Promise.withResolvers<undefined>();
  const onFault = (error: unknown): void => {
    faults.push(bug(error, renderer));
    void connection.stop('at-once');
    host.after(FAULT_GRACE_MS, () => hung.resolve(undefined));
  };
  const end = (how: 'orderly' | 'at-once'): void => {
    if (how === 'orderly') renderer.disconnecting();
    void connection.stop(how);
  };
  onRunning(() => end('orderly'));
  const undo = [host.onFault(onFault), host.everySecond(renderer.tick), host.onEndAsked(end)];
  try {
    connection.start();
    const outcome = await Promise.race([connection.done, hung.promise]);
    const [fault] = faults;
    if (fault !== undefined) return fail(renderer, fault, host.now() - startedAtMs);
    return outcome?.kind === 'failed'
      ? exitCodeOf(outcome.failure, outcome.wasConnected)
      : EXIT_ENDED_BY_USER;
  } finally {
    for (const each of undo) each();
  }
}

/** An error that nobody foresaw, as a failure; where it happened is told to the log alone. */
function bug(error: unknown, renderer: Renderer): Failure {
  if (!(error instanceof Error)) return failure('internal.bug');
  renderer.log('error', 'fault', { stack: error.stack });
  return failure('internal.bug', { detail: error.message });
}
