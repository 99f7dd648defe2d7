import { createConnection } from 'node:net';
import { err, ok, type Result } from '../../../lib/result.ts';
import type { Timers } from '../timers.ts';
import { DbusClient, type DbusRequest } from './client.ts';
import { MessageType, type DbusMessage } from './message.ts';
import type { DbusValue } from './values.ts';

/** Where the system bus listens, on every distribution. */
export const SYSTEM_BUS = '/run/dbus/system_bus_socket';

/** How long an answer may take: who is asked may have to be started first. */
const CALL_TIMEOUT_MS = 10_000;

/** Why a call was refused. */
export interface DbusRefusal {
  /** By the name of the error, as 'org.freedesktop.DBus.Error.ServiceUnknown'; 'lost' without an answer. */
  readonly name: string;
  /** For people. */
  readonly detail: string;
}

export interface DbusConnectionOptions {
  readonly busPath: string;
  /** Which signals are wanted ("Match Rules" in the specification). */
  readonly match: string;
  readonly timers: Timers;
  readonly onSignal: (signal: DbusMessage) => void;
  /** From here on no signal is missed. */
  readonly onReady?: () => void;
  /** Called once, unless close() ended it before. */
  readonly onEnd: (detail: string) => void;
}

export interface DbusConnection {
  /** What the method returns. Never rejects. */
  readonly call: (request: DbusRequest) => Promise<Result<readonly DbusValue[], DbusRefusal>>;
  readonly close: () => void;
}

/** A connection to a message bus. It keeps the process alive only while an answer is waited for. */
export function openBus(options: DbusConnectionOptions): DbusConnection {
  const { busPath, match, timers, onSignal, onReady, onEnd } = options;
  const socket = createConnection({ path: busPath });
  const pending = new Set<(refusal: DbusRefusal) => void>();
  let detail = 'the bus ended the connection';
  let open = true;
  const client = new DbusClient({
    userId: process.geteuid?.() ?? 0,
    match,
    send: (octets) => socket.write(octets),
    onSignal,
    ...(onReady ? { onReady } : {}),
  });
  const release = (): void => {
    open = false;
    for (const giveUp of [...pending]) giveUp({ name: 'lost', detail });
  };
  const ended = (): void => {
    release();
    onEnd(detail);
  };
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
  return {
    call: (request) =>
      new Promise((resolve) => {
        const settle = (result: Result<readonly DbusValue[], DbusRefusal>): void => {
          pending.delete(giveUp);
          if (pending.size === 0) socket.unref();
          cancel();
          resolve(result);
        };
        const giveUp = (refusal: DbusRefusal): void => settle(err(refusal));
        const cancel = timers.after(CALL_TIMEOUT_MS, () => giveUp({ name: 'lost', detail: 'no answer' }));
        pending.add(giveUp);
        socket.ref();
        if (open) client.call(request, (answer) => settle(outcome(answer)));
        else giveUp({ name: 'lost', detail });
      }),
    close: () => {
      socket.off('close', ended);
      socket.destroy();
      release();
    },
  };
}

function outcome({ type, errorName, body }: DbusMessage): Result<readonly DbusValue[], DbusRefusal> {
  if (type !== MessageType.ERROR) return ok(body);
  const [text] = body;
  return err({ name: errorName ?? 'no name', detail: typeof text === 'string' ? text : '' });
}
