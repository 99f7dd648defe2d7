import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Namespace } from './netns.ts';
import { Charon, daemonSettings, formatSettings, type DaemonOptions } from './strongswan-daemon.ts';
import type { ViciSection } from './strongswan-vici.ts';

/*
 * strongSwan as the client: a second charon, to compare throughput with and to try the gateway without our own
 * client, and charon-cmd, to compare the time to connect with.
 */

/** How the client proves itself. Certificates are DER. */
export type StrongSwanUser =
  | { readonly auth: 'eap'; readonly name: string; readonly password: string }
  | { readonly auth: 'psk'; readonly id: string; readonly secret: string }
  | {
      readonly auth: 'pubkey';
      readonly id: string;
      readonly certificate: Uint8Array;
      readonly privateKey: Uint8Array;
    };

export interface StrongSwanClientOptions {
  readonly gatewayAddress: string;
  readonly gatewayId: string;
  /** Trusted authorities; none for a pre-shared key. */
  readonly authorities?: readonly Uint8Array[];
  readonly user: StrongSwanUser;
  readonly ike?: readonly string[];
  readonly esp?: readonly string[];
  readonly remoteTs?: readonly string[];
  /** Addresses to ask for: '0.0.0.0', '::' or both. */
  readonly virtualIps?: readonly string[];
  readonly mobike?: boolean;
  /** More keys for the connection in swanctl's words. */
  readonly connection?: ViciSection;
}

const CONNECTION = 'to-gateway';

/** A second charon, in the client's namespace. */
export class StrongSwanClient {
  readonly charon: Charon;

  private constructor(charon: Charon) {
    this.charon = charon;
  }

  static async start(namespace: Namespace, options: DaemonOptions = {}): Promise<StrongSwanClient> {
    return new StrongSwanClient(await Charon.start(namespace, options));
  }

  /** Brings the tunnel up. Rejects with the client's log when that fails. */
  async connect(options: StrongSwanClientOptions): Promise<void> {
    await this.load(options);
    await this.initiate();
  }

  /** Tells it of the connection and its secrets, and nothing more. */
  async load(options: StrongSwanClientOptions): Promise<void> {
    const { vici } = this.charon;
    await vici.command('clear-creds');
    for (const data of options.authorities ?? [])
      await vici.command('load-cert', { type: 'x509', flag: 'CA', data });
    const { user } = options;
    if (user.auth === 'eap')
      await vici.command('load-shared', { id: 'u', type: 'EAP', data: user.password, owners: [user.name] });
    if (user.auth === 'psk')
      await vici.command('load-shared', { id: 'u', type: 'IKE', data: user.secret, owners: [] });
    if (user.auth === 'pubkey') await vici.command('load-key', { type: 'any', data: user.privateKey });
    await vici.command('load-conn', { [CONNECTION]: clientSection(options) });
  }

  /** Brings up what was loaded. Rejects with the client's log when that fails. */
  async initiate(): Promise<void> {
    try {
      await this.charon.vici.command('initiate', { child: 'net', ike: CONNECTION, timeout: '20000' });
    } catch (error) {
      throw new Error(`strongSwan as client did not connect\n${this.charon.log()}`, { cause: error });
    }
  }

  async disconnect(): Promise<void> {
    await this.charon.vici.command('terminate', { ike: CONNECTION, timeout: '5000' });
  }

  async stop(): Promise<void> {
    await this.charon.stop();
  }
}

function clientSection(options: StrongSwanClientOptions): ViciSection {
  const { user } = options;
  const remoteAuth = user.auth === 'psk' ? 'psk' : 'pubkey';
  return {
    version: '2',
    remote_addrs: [options.gatewayAddress],
    proposals: options.ike ?? ['default'],
    vips: options.virtualIps ?? ['0.0.0.0', '::'],
    encap: 'yes',
    mobike: options.mobike === true ? 'yes' : 'no',
    ...options.connection,
    local: localSection(user),
    remote: { auth: remoteAuth, id: options.gatewayId },
    children: {
      net: {
        esp_proposals: options.esp ?? ['default'],
        remote_ts: options.remoteTs ?? ['0.0.0.0/0', '::/0'],
      },
    },
  };
}

function localSection(user: StrongSwanUser): ViciSection {
  if (user.auth === 'eap') return { auth: 'eap', id: user.name, eap_id: user.name };
  if (user.auth === 'psk') return { auth: 'psk', id: user.id };
  return { auth: 'pubkey', id: user.id, certs: [user.certificate] };
}

const CHARON_CMD = '/usr/sbin/charon-cmd';

/** Why charon-cmd cannot be compared with here, or undefined when it can. */
export function charonCmdMissing(): string | undefined {
  return existsSync(CHARON_CMD) ? undefined : `not installed: ${CHARON_CMD}; run sh build/setup`;
}

/** A charon-cmd that was started; it connects by itself. */
export interface CharonCmd {
  readonly child: ChildProcess;
  /** What it has written to its log so far. */
  log(): string;
  /** Ends it (which deletes its IKE SA) and removes its directory. */
  stop(): Promise<void>;
}

/** The files that charon-cmd reads: made once, so that a timed start does not pay for them. */
export interface CharonCmdFiles {
  readonly directory: string;
  readonly argv: readonly string[];
  readonly password: string;
}

/**
 * Prepares charon-cmd to connect by EAP with a password, with the plugins that it has by itself. Remove the
 * directory when done.
 */
export function prepareCharonCmd(
  options: StrongSwanClientOptions & { readonly user: { readonly auth: 'eap' } },
): CharonCmdFiles {
  const directory = mkdtempSync(join(tmpdir(), 'cw-charon-cmd-'));
  const settings = Object.entries(daemonSettings(directory, {})).filter(([name]) => name !== 'load');
  const text = formatSettings({ 'charon-cmd': Object.fromEntries(settings) });
  writeFileSync(join(directory, 'strongswan.conf'), text);
  const authorities = (options.authorities ?? []).map((der, index) => {
    const file = join(directory, `ca${index}.der`);
    writeFileSync(file, der);
    return ['--cert', file];
  });
  const { name, password } = options.user;
  const argv = [
    ...['--host', options.gatewayAddress, '--remote-identity', options.gatewayId],
    ...['--identity', name, '--eap-identity', name, '--profile', 'ikev2-eap'],
    ...authorities.flat(),
    ...(options.remoteTs ?? []).flatMap((ts) => ['--remote-ts', ts]),
    ...(options.ike ?? []).slice(0, 1).flatMap((words) => ['--ike-proposal', words]),
    ...(options.esp ?? []).slice(0, 1).flatMap((words) => ['--esp-proposal', words]),
  ];
  return { directory, argv, password };
}

/** Starts charon-cmd in a session of its own: without a terminal it reads the password from its input. */
export function startCharonCmd(namespace: Namespace, files: CharonCmdFiles): CharonCmd {
  const missing = charonCmdMissing();
  if (missing !== undefined) throw new Error(missing);
  const child = namespace.spawn([CHARON_CMD, ...files.argv], {
    env: { PATH: process.env['PATH'], STRONGSWAN_CONF: join(files.directory, 'strongswan.conf') },
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(`${files.password}\n`);
  const logFile = join(files.directory, 'charon.log');
  return {
    child,
    log: () => (existsSync(logFile) ? readFileSync(logFile, 'utf8') : ''),
    stop: async () => {
      const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGINT');
        const timer = setTimeout(() => child.kill('SIGKILL'), 5000);
        await ended;
        clearTimeout(timer);
      }
      rmSync(logFile, { force: true });
    },
  };
}
