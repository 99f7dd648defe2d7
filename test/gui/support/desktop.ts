import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DAEMON_GROUP } from '../../support/daemon.ts';
import { waitFor } from '../../support/netns.ts';

/*
 * The desktop of an employee who is not root: a display, a session bus, a keyring and a panel, all of them real. The
 * programs that they run are copies that they can read, wherever the checkout is.
 */

const ROOT = join(import.meta.dirname, '../../..');
const PANEL = join(import.meta.dirname, 'panel.py');
export const EMPLOYEE_UID = 64_130;
const KEYRING_PASSWORD = 'the password of the keyring';

/** Why there can be no desktop here, or false. */
export function desktopMissing(): string | false {
  if (process.getuid?.() !== 0) return 'needs root, to become an employee';
  const needed = [
    '/usr/bin/Xvfb',
    '/usr/bin/gnome-keyring-daemon',
    '/usr/bin/dbus-daemon',
    '/usr/bin/setpriv',
  ];
  const missing = needed.filter((path) => !existsSync(path));
  if (missing.length > 0) return `not installed: ${missing.join(', ')}; run sh build/setup`;
  return existsSync(join(ROOT, 'build/out/app/main.cjs'))
    ? false
    : 'the app is not built; run sh build/setup';
}

export interface DesktopOptions {
  /** `locked`: made with a password that nobody types. `none`: there is no keyring. */
  readonly keyring?: 'open' | 'locked' | 'none';
  /** Whether there is a panel that shows tray icons. */
  readonly panel?: boolean;
}

interface TrayRow {
  readonly id: number;
  readonly label: string;
  readonly enabled: boolean;
}

export interface TrayView {
  readonly items: number;
  readonly icon?: string;
  readonly menu?: readonly TrayRow[];
}

/** Close it in any case. */
export class Desktop {
  readonly directory: string;
  readonly env: NodeJS.ProcessEnv;
  readonly #children: ChildProcess[] = [];
  #panel: Panel | undefined;
  #keeper: ChildProcess | undefined;

  private constructor(directory: string, env: NodeJS.ProcessEnv) {
    this.directory = directory;
    this.env = env;
  }

  static async open({ keyring = 'open', panel = true }: DesktopOptions = {}): Promise<Desktop> {
    const directory = mkdtempSync(join(tmpdir(), 'cw-desktop-'));
    chmodSync(directory, 0o755);
    const at = (name: string, mode: number): string => {
      const path = join(directory, name);
      mkdirSync(path, { recursive: true });
      chmodSync(path, mode);
      chownSync(path, EMPLOYEE_UID, DAEMON_GROUP);
      return path;
    };
    const desktop = new Desktop(directory, {
      PATH: '/usr/bin:/bin',
      LANG: 'C.UTF-8',
      HOME: at('home', 0o700),
      XDG_RUNTIME_DIR: at('runtime', 0o700),
      XDG_CURRENT_DESKTOP: 'KDE',
      DBUS_SESSION_BUS_ADDRESS: `unix:path=${join(directory, 'runtime/bus')}`,
    });
    const entry = `employee:x:${EMPLOYEE_UID}:${DAEMON_GROUP}::${desktop.env['HOME'] ?? ''}:/bin/sh\n`;
    writeFileSync(join(directory, 'passwd'), `root:x:0:0:root:/root:/bin/sh\n${entry}`, { mode: 0o644 });
    try {
      await desktop.#start(keyring, panel);
      return desktop;
    } catch (error) {
      await desktop.close();
      throw error;
    }
  }

  /** A command as the employee would run it. */
  argv(argv: readonly string[]): readonly string[] {
    const passwd = join(this.directory, 'passwd');
    const ids = [`--reuid=${EMPLOYEE_UID}`, `--regid=${DAEMON_GROUP}`, '--clear-groups', '--no-new-privs'];
    // Programs want to know the name of who runs them, which only these programs are told.
    const named = ['/bin/sh', '-c', 'mount --bind "$0" /etc/passwd && exec "$@"', passwd];
    return ['/usr/bin/unshare', '--mount', ...named, '/usr/bin/setpriv', ...ids, ...argv];
  }

  /** Runs one to its end. */
  run(argv: readonly string[], input?: string): { readonly status: number | null; readonly text: string } {
    const [program = '', ...rest] = this.argv(argv);
    const options = { env: this.env, encoding: 'utf8', ...(input === undefined ? {} : { input }) } as const;
    const done = spawnSync(program, rest, options);
    return { status: done.status, text: `${done.stdout}${done.stderr}` };
  }

  get panel(): Panel {
    if (!this.#panel) throw new Error('this desktop has no panel');
    return this.#panel;
  }

  /** A program that runs the app as the employee; playwright starts it with its own arguments. */
  wrapper(extra: NodeJS.ProcessEnv = {}): string {
    const app = join(this.directory, 'app');
    if (!existsSync(app)) {
      cpSync(join(ROOT, 'build/out/app'), app, { recursive: true });
      cpSync(join(ROOT, 'build/out/electron'), join(this.directory, 'electron'), { recursive: true });
    }
    const env = Object.entries({ ...this.env, ...extra }).map(([name, value]) => `${name}='${value}'`);
    const command = this.argv([join(this.directory, 'electron/electron')])
      .map(quoted)
      .join(' ');
    const path = join(this.directory, 'causeway-app');
    writeFileSync(path, `#!/bin/sh\nexec env -i ${env.join(' ')} ${command} "$@"\n`, { mode: 0o755 });
    return path;
  }

  get appDirectory(): string {
    return join(this.directory, 'app');
  }

  /** The keyring is gone, as when its program ends. */
  async endKeyring(): Promise<void> {
    if (this.#keeper) await ended(this.#keeper);
    await waitFor(() => !this.#owns('org.freedesktop.secrets'), 10_000, 'the end of the keyring');
  }

  /** Files of the employee that have this text in them. */
  filesWith(text: string): readonly string[] {
    const { HOME = '', XDG_RUNTIME_DIR = '' } = this.env;
    const argv = ['/usr/bin/grep', '-rlaF', '--devices=skip', '-e', text, HOME, XDG_RUNTIME_DIR];
    return spawnSync(argv[0] ?? '', argv.slice(1), { encoding: 'utf8' })
      .stdout.split('\n')
      .filter((line) => line !== '');
  }

  async close(): Promise<void> {
    await this.#panel?.close();
    for (const child of this.#children.toReversed()) await ended(child);
    rmSync(this.directory, { recursive: true, force: true });
  }

  async #start(keyring: 'open' | 'locked' | 'none', panel: boolean): Promise<void> {
    this.env['DISPLAY'] = await this.#display();
    const config = join(this.directory, 'session.conf');
    writeFileSync(config, sessionBus(this.env['DBUS_SESSION_BUS_ADDRESS'] ?? ''), { mode: 0o644 });
    this.#spawn(['/usr/bin/dbus-daemon', `--config-file=${config}`, '--nofork', '--nopidfile']);
    await waitFor(() => existsSync(join(this.directory, 'runtime/bus')), 10_000, 'the session bus');
    if (keyring !== 'none') await this.#keyring(keyring === 'open');
    if (panel)
      this.#panel = await Panel.start(
        this.argv(['/usr/bin/python3', readablePanel(this.directory)]),
        this.env,
      );
  }

  /** Xvfb finds a number that is free, and tells it. */
  async #display(): Promise<string> {
    const child = spawn(
      '/usr/bin/Xvfb',
      ['-displayfd', '1', '-screen', '0', '1280x900x24', '-nolisten', 'tcp', '-ac'],
      {
        stdio: ['ignore', 'pipe', 'ignore'],
      },
    );
    this.#children.push(child);
    for await (const line of createInterface({ input: child.stdout })) return `:${line.trim()}`;
    throw new Error('Xvfb did not start');
  }

  /** A keyring that is made with a password; a locked one is started again without. */
  async #keyring(isOpen: boolean): Promise<void> {
    const argv = ['/usr/bin/gnome-keyring-daemon', '--foreground', '--components=secrets'];
    const first = this.#spawn([...argv, '--unlock'], KEYRING_PASSWORD);
    const isThere = (): boolean => this.#owns('org.freedesktop.secrets');
    await waitFor(isThere, 10_000, 'the keyring');
    this.#keeper = first;
    if (isOpen) return;
    // Something has to be in it, or there is nothing that could be locked.
    this.run(['/usr/bin/secret-tool', 'store', '--label=first', 'who', 'first'], 'secret');
    await ended(first);
    await waitFor(() => !isThere(), 10_000, 'the end of the keyring');
    this.#keeper = this.#spawn(argv);
    await waitFor(isThere, 10_000, 'the locked keyring');
  }

  #owns(name: string): boolean {
    const argv = ['/usr/bin/dbus-send', '--session', '--print-reply', '--dest=org.freedesktop.DBus', '/'];
    return this.run([...argv, 'org.freedesktop.DBus.NameHasOwner', `string:${name}`]).text.includes('true');
  }

  #spawn(argv: readonly string[], input?: string): ChildProcess {
    const [program = '', ...rest] = this.argv(argv);
    const child = spawn(program, rest, { env: this.env, stdio: ['pipe', 'ignore', 'ignore'] });
    child.stdin.on('error', () => undefined);
    child.stdin.end(input ?? '');
    this.#children.push(child);
    return child;
  }
}

/** The panel of panel.py. */
export class Panel {
  readonly #child: ChildProcess;
  readonly #answers: ((line: string) => void)[] = [];

  private constructor(child: ChildProcess) {
    this.#child = child;
    if (!child.stdout) throw new Error('no output');
    createInterface({ input: child.stdout }).on('line', (line) => this.#answers.shift()?.(line));
  }

  static async start(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<Panel> {
    const [program = '', ...rest] = argv;
    const panel = new Panel(spawn(program, rest, { env, stdio: ['pipe', 'pipe', 'inherit'] }));
    await panel.#next();
    return panel;
  }

  tray(): Promise<TrayView> {
    return this.#ask({ do: 'tray' }) as Promise<TrayView>;
  }

  async click(label: string): Promise<void> {
    const done = (await this.#ask({ do: 'click', label })) as { done?: boolean };
    if (done.done !== true) throw new Error(`the tray has no '${label}' to click: ${JSON.stringify(done)}`);
  }

  async notes(): Promise<readonly { readonly title: string; readonly body: string }[]> {
    const { notes } = (await this.#ask({ do: 'notes' })) as { notes: { title: string; body: string }[] };
    return notes;
  }

  async close(): Promise<void> {
    this.#child.stdin?.end();
    await ended(this.#child);
  }

  async #ask(what: object): Promise<unknown> {
    this.#child.stdin?.write(`${JSON.stringify(what)}\n`);
    return JSON.parse(await this.#next()) as unknown;
  }

  #next(): Promise<string> {
    return new Promise((resolve) => this.#answers.push(resolve));
  }
}

/** An argument of a shell. */
function quoted(argument: string): string {
  return `'${argument.replaceAll("'", "'\\''")}'`;
}

/** A copy that the employee can read. */
function readablePanel(directory: string): string {
  const path = join(directory, 'panel.py');
  cpSync(PANEL, path);
  chmodSync(path, 0o644);
  return path;
}

function sessionBus(address: string): string {
  return `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>${address}</listen>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
`;
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 3000);
  await closed;
  clearTimeout(timer);
}
