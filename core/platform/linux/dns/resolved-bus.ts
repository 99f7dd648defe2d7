import { readlinkSync } from 'node:fs';
import type { Log } from '../../../lib/ports.ts';
import type { Result } from '../../../lib/result.ts';
import { BUS } from '../dbus/client.ts';
import { openBus, SYSTEM_BUS, type DbusConnection, type DbusRefusal } from '../dbus/connection.ts';
import type { DbusMessage } from '../dbus/message.ts';
import type { DbusValue } from '../dbus/values.ts';
import { systemTimers, type Timers } from '../timers.ts';
import type { DnsView } from './arrange.ts';
import type { DnsChange, ResolvedPort } from './os.ts';

const NAME = 'org.freedesktop.resolve1';
const MANAGER = {
  destination: NAME,
  path: '/org/freedesktop/resolve1',
  interface: `${NAME}.Manager`,
} as const;
const OWNER_CHANGED = 'NameOwnerChanged';
const MATCH = `type='signal',sender='${BUS.destination}',path='${BUS.path}',interface='${BUS.interface}',member='${OWNER_CHANGED}',arg0='${NAME}'`;

/** When a bus that is lost is asked again. */
const RETRY_MS = 10_000;

/** The network namespace of a process; undefined when it is none that we see. */
function networkOf(pid: string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return undefined;
  }
}

export interface ResolvedBusOptions {
  readonly log: Log;
  /** For tests. */
  readonly busPath?: string;
  readonly timers?: Timers;
}

/** systemd-resolved on the system bus. The connection is made when it is first needed, and again while it is watched. */
export class ResolvedBus implements ResolvedPort {
  readonly #log: Log;
  readonly #busPath: string;
  readonly #timers: Timers;
  readonly #watchers = new Set<(what: DnsChange) => void>();
  #bus: DbusConnection | undefined;
  #cancelRetry = (): void => undefined;
  /** The bus was lost: whatever happened meanwhile is not known. */
  #missed = false;

  constructor({ log, busPath = SYSTEM_BUS, timers = systemTimers }: ResolvedBusOptions) {
    this.#log = log;
    this.#busPath = busPath;
    this.#timers = timers;
  }

  async present(): Promise<DnsView['resolved']> {
    const request = { ...BUS, member: 'NameHasOwner', signature: 's', arguments: [NAME] };
    const answer = await this.#connected().call(request);
    if (!answer.ok) return 'no-bus';
    if (answer.value[0] !== true) return 'away';
    return (await this.#knowsOurLinks()) ? 'there' : 'no-bus';
  }

  /** A bus reaches into other network namespaces, where a link with our number is another one. */
  async #knowsOurLinks(): Promise<boolean> {
    const request = { ...BUS, member: 'GetConnectionUnixProcessID', signature: 's', arguments: [NAME] };
    const answer = await this.#connected().call(request);
    return answer.ok && networkOf(String(answer.value[0])) === networkOf('self');
  }

  async stub(): Promise<boolean> {
    const { destination, path, interface: face } = MANAGER;
    const request = {
      destination,
      path,
      interface: 'org.freedesktop.DBus.Properties',
      member: 'Get',
      signature: 'ss',
      arguments: [face, 'DNSStubListener'],
    };
    const answer = await this.#connected().call(request);
    // Over UDP at least, which programs begin with.
    return answer.ok && (answer.value[0] === 'yes' || answer.value[0] === 'udp');
  }

  call(
    member: string,
    signature: string,
    args: readonly DbusValue[],
  ): Promise<Result<readonly DbusValue[], DbusRefusal>> {
    return this.#connected().call({ ...MANAGER, member, signature, arguments: args });
  }

  /** Calls back when it came or went, or may have. The returned function ends it. */
  watch(callback: (what: DnsChange) => void): () => void {
    const own = (what: DnsChange): void => callback(what);
    this.#watchers.add(own);
    this.#connected();
    return () => {
      this.#watchers.delete(own);
      if (this.#watchers.size === 0) this.#close();
    };
  }

  #close(): void {
    this.#cancelRetry();
    this.#bus?.close();
    this.#bus = undefined;
  }

  #connected(): DbusConnection {
    this.#cancelRetry();
    this.#bus ??= openBus({
      busPath: this.#busPath,
      match: MATCH,
      timers: this.#timers,
      onSignal: (signal) => this.#heard(signal),
      onReady: () => {
        if (!this.#missed) return;
        this.#missed = false;
        this.#tell('began');
      },
      onEnd: (detail) => {
        this.#log('debug', 'bus-lost', { detail });
        this.#bus = undefined;
        this.#missed = true;
        if (this.#watchers.size > 0)
          this.#cancelRetry = this.#timers.after(RETRY_MS, () => this.#connected());
      },
    });
    return this.#bus;
  }

  #heard({ interface: face, member, body: [name, , owner] }: DbusMessage): void {
    if (face !== BUS.interface || member !== OWNER_CHANGED || name !== NAME) return;
    this.#tell(owner === '' ? 'changed' : 'began');
  }

  #tell(what: DnsChange): void {
    for (const callback of [...this.#watchers]) callback(what);
  }
}
