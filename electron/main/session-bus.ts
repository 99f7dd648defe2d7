import { readFileSync } from 'node:fs';
import type { KEYCHAIN_STATES } from '../../core/contract/gui-api.ts';
import { BUS } from '../../core/platform/linux/dbus/client.ts';
import { openBus, type DbusConnection } from '../../core/platform/linux/dbus/connection.ts';
import type { DbusMessage } from '../../core/platform/linux/dbus/message.ts';
import type { DbusValue } from '../../core/platform/linux/dbus/values.ts';

/*
 * What a Linux desktop can do for us, asked of its session bus: whether something shows tray icons, and how it stands
 * with the keychain. Electron tells neither: a tray icon that nobody shows looks to it like any other. Nothing that is
 * asked here makes the desktop ask its user for anything.
 */

const TRAY = 'org.kde.StatusNotifierWatcher';
const SECRETS = 'org.freedesktop.secrets';
const COLLECTION = '/org/freedesktop/secrets/aliases/default';
const NAME_CHANGES = `type='signal',sender='${BUS.destination}',interface='${BUS.interface}',member='NameOwnerChanged'`;
const RETRY_MS = 5000;

/** Who stands behind the name of the keychain, by the first letters of their program. */
const KEEPERS: readonly (readonly [string, string])[] = [
  ['gnome-keyring', 'GNOME Keyring'],
  ['kwallet', 'KWallet'],
  ['ksecretd', 'KWallet'],
  ['keepassxc', 'KeePassXC'],
];

/** `unknown`: it shows when it is used. The backend only where it is known. */
export interface KeychainFacts {
  readonly state: (typeof KEYCHAIN_STATES)[number];
  readonly backend?: string;
}

export interface DesktopFacts {
  readonly showsTray: boolean;
  readonly keychain: KeychainFacts;
}

export interface SessionBusOptions {
  /** DBUS_SESSION_BUS_ADDRESS. */
  readonly address: string | undefined;
  /** XDG_RUNTIME_DIR: where the bus is when nothing says so. */
  readonly runtimeDirectory: string | undefined;
  readonly after: (ms: number, callback: () => void) => () => void;
  /** The facts now, and whenever they may be others. */
  readonly onFacts: (facts: DesktopFacts) => void;
}

export interface SessionBus {
  /** Looks again: nothing tells that a keychain was locked. */
  readonly look: () => Promise<void>;
  readonly close: () => void;
}

const NOTHING: DesktopFacts = { showsTray: false, keychain: { state: 'absent' } };

/** Watches the bus for as long as the app lives. Without one there is neither a tray nor a keychain. */
export function watchSessionBus(options: SessionBusOptions): SessionBus {
  const { after, onFacts } = options;
  const busPath = busPathOf(options.address, options.runtimeDirectory);
  let bus: DbusConnection | undefined;
  let cancel = (): void => undefined;
  const look = async (): Promise<void> => {
    const asked = bus;
    const facts = asked ? await factsOf(asked) : NOTHING;
    if (asked === bus) onFacts(facts);
  };
  const connect = (path: string): void => {
    bus = openBus({
      busPath: path,
      match: NAME_CHANGES,
      timers: { now: () => performance.now(), after },
      onSignal: ({ body: [name] }: DbusMessage) => {
        if (name === TRAY || name === SECRETS) void look();
      },
      onReady: () => void look(),
      onEnd: () => {
        bus = undefined;
        void look();
        cancel = after(RETRY_MS, () => connect(path));
      },
    });
  };
  if (busPath === undefined) void look();
  else connect(busPath);
  return {
    look,
    close: () => {
      cancel();
      bus?.close();
    },
  };
}

/** The socket in the address of a bus ("Server Addresses" in the D-Bus specification); undefined when it has none. */
export function busPathOf(
  address: string | undefined,
  runtimeDirectory: string | undefined,
): string | undefined {
  for (const one of (address ?? '').split(';')) {
    const [, transport, rest = ''] = /^([a-z]+):(.*)$/.exec(one) ?? [];
    if (transport !== 'unix') continue;
    const [, kind, value = ''] = /(?:^|,)(path|abstract)=([^,]+)/.exec(rest) ?? [];
    if (kind !== undefined) return `${kind === 'path' ? '' : '\0'}${unescaped(value)}`;
  }
  return runtimeDirectory === undefined ? undefined : `${runtimeDirectory}/bus`;
}

/** Octets that are not plain are written as %XX. */
function unescaped(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

async function factsOf(bus: DbusConnection): Promise<DesktopFacts> {
  const [showsTray, keychain] = await Promise.all([hasOwner(bus, TRAY), keychainOf(bus)]);
  return { showsTray, keychain };
}

async function keychainOf(bus: DbusConnection): Promise<KeychainFacts> {
  if (!(await hasOwner(bus, SECRETS))) {
    const [names] = await ask(bus, 'ListActivatableNames');
    // One that is started when it is wanted shows then how it is.
    return { state: Array.isArray(names) && names.includes(SECRETS) ? 'unknown' : 'absent' };
  }
  const [pid] = await ask(bus, 'GetConnectionUnixProcessID', SECRETS);
  const backend = typeof pid === 'number' ? keeperOf(pid) : undefined;
  const read = await bus.call({
    destination: SECRETS,
    path: COLLECTION,
    interface: 'org.freedesktop.DBus.Properties',
    member: 'Get',
    signature: 'ss',
    arguments: ['org.freedesktop.Secret.Collection', 'Locked'],
  });
  const locked = read.ok ? read.value[0] : undefined;
  const state = typeof locked === 'boolean' ? (locked ? 'locked' : 'ready') : 'unknown';
  return { state, ...(backend === undefined ? {} : { backend }) };
}

async function hasOwner(bus: DbusConnection, name: string): Promise<boolean> {
  const [owned] = await ask(bus, 'NameHasOwner', name);
  return owned === true;
}

async function ask(bus: DbusConnection, member: string, name?: string): Promise<readonly DbusValue[]> {
  const argument = name === undefined ? {} : { signature: 's', arguments: [name] };
  const answer = await bus.call({ ...BUS, member, ...argument });
  return answer.ok ? answer.value : [];
}

function keeperOf(pid: number): string | undefined {
  try {
    const name = readFileSync(`/proc/${pid}/comm`, 'utf8');
    return KEEPERS.find(([start]) => name.startsWith(start))?.[1];
  } catch {
    return undefined;
  }
}
