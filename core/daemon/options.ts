import { parseArgs } from 'node:util';
import { err, ok, type Result } from '../lib/result.ts';

/** `close-for-boot` and `put-back` are done at once; to serve takes until a signal comes. */
export type DaemonTask = 'serve' | 'close-for-boot' | 'put-back';

/** Where the service finds and keeps what is its own. Given by whoever starts it, who is root. */
export interface DaemonOptions {
  readonly task: DaemonTask;
  /** Holds the socket. */
  readonly runDirectory: string;
  readonly stateDirectory: string;
  readonly configDirectory: string;
  readonly logFile: string;
  /** Who may talk to it besides root: the name of a group, or its number. */
  readonly group: string;
  readonly verbose: boolean;
}

const DEFAULTS = {
  'run-dir': '/run/causewayd',
  'state-dir': '/var/lib/causeway',
  'config-dir': '/etc/causeway',
  'log-file': '/var/log/causeway.log',
  group: 'causeway',
} as const;

export const DAEMON_HELP = `causewayd: the Causeway service

Usage: causewayd [options]

  --group GROUP       who may use it besides root (${DEFAULTS.group})
  --run-dir DIR       where its socket is (${DEFAULTS['run-dir']})
  --state-dir DIR     where it keeps profiles of users (${DEFAULTS['state-dir']})
  --config-dir DIR    where IT puts profiles and policies, in profiles.d (${DEFAULTS['config-dir']})
  --log-file FILE     its log (${DEFAULTS['log-file']})
  --verbose           log more
  --close-for-boot    close the machine if its settings say so, and end: before its network is up
  --put-back          undo everything that Causeway changed on this machine, and end
  --help              show this
`;

/** The command line of the service. The error is a sentence. */
export function parseDaemonOptions(argv: readonly string[]): Result<DaemonOptions | 'help', string> {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  try {
    const { values } = parseArgs({
      args: [...argv],
      strict: true,
      options: {
        'run-dir': text,
        'state-dir': text,
        'config-dir': text,
        'log-file': text,
        group: text,
        verbose: flag,
        'close-for-boot': flag,
        'put-back': flag,
        help: flag,
      },
    });
    if (values.help) return ok('help');
    const chosen = { ...DEFAULTS, ...values };
    for (const name of ['run-dir', 'state-dir', 'config-dir', 'log-file'] as const) {
      if (!chosen[name].startsWith('/')) return err(`--${name} must be an absolute path`);
    }
    const [closes, putsBack] = [values['close-for-boot'] === true, values['put-back'] === true];
    if (closes && putsBack) return err('--close-for-boot and --put-back are two different things');
    return ok({
      task: closes ? 'close-for-boot' : putsBack ? 'put-back' : 'serve',
      runDirectory: chosen['run-dir'],
      stateDirectory: chosen['state-dir'],
      configDirectory: chosen['config-dir'],
      logFile: chosen['log-file'],
      group: chosen.group,
      verbose: values.verbose ?? false,
    });
  } catch (error) {
    return err(error instanceof Error ? error.message : String(error));
  }
}
