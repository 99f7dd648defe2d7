import type { ChildProcess } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitFor, type Namespace } from './netns.ts';
import { compileLibrary } from './shared-library.ts';
import { Vici } from './strongswan-vici.ts';

/*
 * A charon of its own in a network namespace. The kernel here need not have ESP: strongSwan's kernel-libipsec
 * does it in user space over a TUN, always in UDP. Its own ESP-in-UDP must not be routed into that TUN, which is
 * what the mark on its sockets is for.
 */

/** The nesting of strongswan.conf. */
export interface Settings {
  readonly [name: string]: string | number | boolean | Settings;
}

export interface DaemonOptions {
  /** Added to the section of the daemon in strongswan.conf, over what is set here. */
  readonly settings?: Settings;
  /** Log level 0 to 4; at 4 the log has every key. 1 by default. */
  readonly logLevel?: number;
  /**
   * Octets that each of its UDP sockets holds. The machine's default is little more than a hundred packets, and charon has
   * no setting for it: on a busy machine it may not be let read for longer than that.
   */
  readonly receiveBuffer?: number;
}

const WIDE_SOCKETS = join(import.meta.dirname, 'wide-sockets.c');
const CHARON = '/usr/sbin/charon-systemd';
const PLUGIN_DIRECTORY = '/usr/lib/ipsec/plugins';
const MARK = '0x42';

/** Plugins in the order in which they are loaded: the userspace ESP must come before the kernel's. */
const PLUGINS = [
  ...['random', 'nonce', 'openssl', 'aes', 'gcm', 'chapoly', 'hmac', 'kdf', 'mgf1', 'curve25519', 'gmp'],
  ...['pem', 'pkcs1', 'pkcs8', 'x509', 'pubkey', 'constraints'],
  ...['kernel-libipsec', 'kernel-netlink', 'socket-default', 'vici'],
  ...[
    'eap-identity',
    'eap-mschapv2',
    'eap-md5',
    'eap-tls',
    'eap-gtc',
    'eap-ttls',
    'eap-radius',
    'attr',
    'xauth-generic',
  ],
];

/** What is missing for strongSwan on this machine, as a sentence; undefined when nothing is. */
export function strongswanMissing(): string | undefined {
  const missing = [CHARON, ...PLUGINS.map((name) => `${PLUGIN_DIRECTORY}/libstrongswan-${name}.so`)].filter(
    (path) => !existsSync(path),
  );
  return missing.length === 0 ? undefined : `not installed: ${missing.join(', ')}; run sh build/setup`;
}

/** The text of a strongswan.conf: sections in braces, one setting a line. */
export function formatSettings(settings: Settings, indent = ''): string {
  return Object.entries(settings)
    .map(([name, value]) =>
      typeof value === 'object'
        ? `${indent}${name} {\n${formatSettings(value, `${indent}  `)}${indent}}\n`
        : `${indent}${name} = ${value === true ? 'yes' : value === false ? 'no' : value}\n`,
    )
    .join('');
}

/** A running charon. `vici` is connected; stop() ends it and removes its directory. */
export class Charon {
  readonly namespace: Namespace;
  readonly directory: string;
  readonly vici: Vici;
  readonly #child: ChildProcess;

  private constructor(namespace: Namespace, directory: string, vici: Vici, child: ChildProcess) {
    this.namespace = namespace;
    this.directory = directory;
    this.vici = vici;
    this.#child = child;
  }

  /** Starts a charon and waits until it answers. Throws with its log when it does not within ten seconds. */
  static async start(namespace: Namespace, options: DaemonOptions = {}): Promise<Charon> {
    const missing = strongswanMissing();
    if (missing !== undefined) throw new Error(missing);
    const directory = mkdtempSync(join(tmpdir(), 'cw-charon-'));
    const settings = { 'charon-systemd': daemonSettings(directory, options) };
    writeFileSync(join(directory, 'strongswan.conf'), formatSettings(settings));
    // AppArmor's profile goes by the path of the program and would keep it from its files here.
    const program = join(directory, 'charon-systemd');
    copyFileSync(CHARON, program);
    const child = namespace.spawn([program], {
      env: {
        PATH: process.env['PATH'],
        STRONGSWAN_CONF: join(directory, 'strongswan.conf'),
        ...wideSockets(directory, options),
      },
      stdio: 'ignore',
    });
    const socket = join(directory, 'charon.vici');
    try {
      const vici = await connectWhenReady(socket, child);
      return new Charon(namespace, directory, vici, child);
    } catch (error) {
      child.kill('SIGKILL');
      const log = logTail(directory);
      rmSync(directory, { recursive: true, force: true });
      throw new Error(`charon did not start in ${namespace.name}\n${log}`, { cause: error });
    }
  }

  /** What strongswan.conf says from now on beside what is set here; plugins read theirs again. */
  async reload(options: DaemonOptions): Promise<void> {
    const settings = { 'charon-systemd': daemonSettings(this.directory, options) };
    writeFileSync(join(this.directory, 'strongswan.conf'), formatSettings(settings));
    await this.vici.command('reload-settings');
  }

  /** The last lines of its log, for the message of a test that failed. */
  log(lines = 60): string {
    return logTail(this.directory, lines);
  }

  get logFile(): string {
    return logFileIn(this.directory);
  }

  /** What it writes to its log from now on, read at each call of the function that this returns. */
  logFromNow(): () => string {
    const file = this.logFile;
    const start = readFileSync(file).length;
    return () => readFileSync(file).subarray(start).toString();
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  async stop(): Promise<void> {
    this.vici.close();
    const ended = new Promise<void>((resolve) => this.#child.once('close', () => resolve()));
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill('SIGTERM');
      const timer = setTimeout(() => this.#child.kill('SIGKILL'), 5000);
      await ended;
      clearTimeout(timer);
    }
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** User and system time of a process in seconds (proc(5), fields 14 and 15 of stat, in ticks of 10 ms). */
export function processCpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function wideSockets(directory: string, { receiveBuffer }: DaemonOptions): NodeJS.ProcessEnv {
  if (receiveBuffer === undefined) return {};
  return {
    LD_PRELOAD: compileLibrary(WIDE_SOCKETS, directory),
    CW_RECEIVE_BUFFER: String(receiveBuffer),
  };
}

async function connectWhenReady(socket: string, child: ChildProcess): Promise<Vici> {
  let vici: Vici | undefined;
  await waitFor(
    async () => {
      if (child.exitCode !== null) throw new Error(`charon ended with status ${child.exitCode}`);
      if (existsSync(socket)) vici = await Vici.connect(socket).catch(() => undefined);
      return vici !== undefined;
    },
    10_000,
    `charon to listen on ${socket}`,
  );
  if (vici === undefined) throw new Error('unreachable: waitFor returned');
  await vici.command('version');
  return vici;
}

function logFileIn(directory: string): string {
  return join(directory, 'charon.log');
}

function logTail(directory: string, lines = 60): string {
  const file = logFileIn(directory);
  return existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n').slice(-lines).join('\n') : '';
}

/** The settings of any program of charon's kind that keeps its log and its socket in `directory`. */
export function daemonSettings(directory: string, { settings = {}, logLevel = 1 }: DaemonOptions): Settings {
  const base = {
    load: PLUGINS.join(' '),
    filelog: {
      all: { path: logFileIn(directory), default: logLevel, flush_line: true, ike_name: true },
    },
    // Tests that connect again and again must not meet the defences against floods.
    block_threshold: 1000,
    cookie_threshold: 0,
    cookie_threshold_ip: 0,
    plugins: {
      'kernel-netlink': { fwmark: `!${MARK}` },
      'socket-default': { fwmark: MARK },
      'kernel-libipsec': { allow_peer_ts: true },
      vici: { socket: `unix://${join(directory, 'charon.vici')}` },
      openssl: { load_legacy: true },
    },
  };
  return merge(base, settings);
}

/** `over` on top of `base`, section by section. */
function merge(base: Settings, over: Settings): Settings {
  const out: Record<string, Settings[string]> = { ...base };
  for (const [name, value] of Object.entries(over)) {
    const below = out[name];
    out[name] = typeof value === 'object' && typeof below === 'object' ? merge(below, value) : value;
  }
  return out;
}
