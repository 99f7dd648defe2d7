import { createConnection } from 'node:net';
import type { Log } from '../../lib/ports.ts';
import { DbusClient } from './dbus/client.ts';
import type { DbusMessage } from './dbus/message.ts';
import { systemTimers, type Timers } from './timers.ts';

/** Where the system bus listens, on every distribution. */
const SYSTEM_BUS = '/run/dbus/system_bus_socket';

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
 * D-Bus is spoken here rather than by a library: two calls and one signal are a few dozen lines over the checked
 * reader, while each library of npm brings a parser of XML, introspection and a type system into a process that
 * runs as root.
 */
export function watchSleepSignals(options: SleepSignalOptions): () => void {
  const { log, busPath = SYSTEM_BUS, timers = systemTimers } = options;
  let end = (): void => undefined;
  const connect = (): void => {
    const disconnect = subscribe(busPath, options, (detail) => {
      log('debug', 'bus-lost', { detail });
      end = timers.after(RETRY_MS, connect);
    });
    end = disconnect;
  };
  connect();
  return () => end();
}

/** One connection. `onEnd` is called once, unless the returned function ended it before. */
function subscribe(
  busPath: string,
  { onSleep }: SleepSignalOptions,
  onEnd: (detail: string) => void,
): () => void {
  const socket = createConnection({ path: busPath });
  let detail = 'the bus ended the connection';
  const client = new DbusClient({
    userId: process.geteuid?.() ?? 0,
    match: MATCH,
    send: (octets) => socket.write(octets),
    onSignal: (signal) => {
      const asleep = asleepOf(signal);
      if (asleep !== undefined) onSleep(asleep);
    },
  });
  const ended = (): void => onEnd(detail);
  socket.unref();
  socket.on('connect', () => client.begin());
  socket.on('data', (octets: Buffer) => {
    try {
      client.receive(octets);
    } catch (error) {
      detail = error instanceof Error ? error.message : String(error);
      socket.destroy();
    }
  });
  socket.on('error', (error) => (detail = error.message));
  socket.once('close', ended);
  return () => {
    socket.off('close', ended);
    socket.destroy();
  };
}

/** undefined for any other signal. */
function asleepOf(signal: DbusMessage): boolean | undefined {
  if (signal.interface !== MANAGER || signal.member !== MEMBER) return undefined;
  return typeof signal.body === 'boolean' ? signal.body : undefined;
}
