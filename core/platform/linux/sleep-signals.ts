import type { Log } from '../../lib/ports.ts';
import { openBus, SYSTEM_BUS } from './dbus/connection.ts';
import type { DbusMessage } from './dbus/message.ts';
import { systemTimers, type Timers } from './timers.ts';

const MANAGER = 'org.freedesktop.login1.Manager';
const MEMBER = 'PrepareForSleep';
const MATCH =
  `type='signal',sender='org.freedesktop.login1',path='/org/freedesktop/login1',` +
  `interface='${MANAGER}',member='${MEMBER}'`;

/** When a bus that ended the connection, or is not there, is asked again. */
const RETRY_MS = 60_000;

export interface SleepSignalOptions {
  readonly log: Log;
  /** True: the machine is about to sleep; false: it woke. */
  readonly onSleep: (asleep: boolean) => void;
  /** For tests. */
  readonly busPath?: string;
  readonly timers?: Timers;
}

/**
 * Listens to systemd-logind's signal PrepareForSleep on the system bus, and again whenever that comes back. A machine
 * without one, or without logind, is silent: that is no failure. The returned function ends it.
 *
 * D-Bus is spoken by ourselves rather than by a library: calls, signals and values are a few hundred lines over the
 * checked reader, while each library of npm brings a parser of XML and introspection into a process that runs as root.
 */
export function watchSleepSignals(options: SleepSignalOptions): () => void {
  const { log, onSleep, busPath = SYSTEM_BUS, timers = systemTimers } = options;
  let end = (): void => undefined;
  const connect = (): void => {
    const bus = openBus({
      busPath,
      match: MATCH,
      timers,
      onSignal: (signal) => {
        const asleep = asleepOf(signal);
        if (asleep !== undefined) onSleep(asleep);
      },
      onEnd: (detail) => {
        log('debug', 'bus-lost', { detail });
        end = timers.after(RETRY_MS, connect);
      },
    });
    end = bus.close;
  };
  connect();
  return () => end();
}

/** undefined for any other signal. */
function asleepOf(signal: DbusMessage): boolean | undefined {
  if (signal.interface !== MANAGER || signal.member !== MEMBER) return undefined;
  const [asleep] = signal.body;
  return typeof asleep === 'boolean' ? asleep : undefined;
}
