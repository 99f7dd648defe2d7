import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { SHELLS } from '../core/cli/command-table.ts';
import { completionScript } from '../core/cli/completion/scripts.ts';
import { buildProgram, snapshotsOf } from './program.ts';

/*
 * Installs Causeway on a Linux with systemd, or into a directory that becomes part of one (a package):
 *
 *   sudo npm run install-linux
 *   npm run install-linux -- --destdir DIR [--prefix /usr]
 *   sudo npm run install-linux -- --uninstall
 *
 * On the machine itself the groups are made, the service is started, and the machine is closed at its next start if its
 * settings say so. Removing it puts the network back first, and leaves profiles, settings and the log.
 */

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const UNITS = ['causeway-boot.service', 'causewayd.service'] as const;
const OWN_PREFIX = '/usr/local';
const ADDON = 'core/node-tun/build/node-tun.node';

export interface Place {
  /** Put before every path; '' for the machine itself. */
  readonly destination: string;
  /** An absolute path without a slash behind it. */
  readonly prefix: string;
}

/** A file of an installation: its path on the machine, and its mode. */
interface Installed {
  readonly path: string;
  readonly mode: number;
  /** Puts it there. */
  readonly make: (to: string) => void;
}

/** Where systemd and the shells look, for a prefix: they do not look below any. */
function layout(
  prefix: string,
): Readonly<Record<'home' | 'bin' | 'sbin' | 'units' | 'groups' | 'share', string>> {
  const isOfTheSystem = prefix === '/usr';
  return {
    home: `${prefix}/lib/causeway`,
    bin: `${prefix}/bin`,
    sbin: `${prefix}/sbin`,
    units: isOfTheSystem ? '/usr/lib/systemd/system' : '/etc/systemd/system',
    groups: isOfTheSystem ? '/usr/lib/sysusers.d' : '/etc/sysusers.d',
    share: `${prefix}/share`,
  };
}

const COMPLETIONS: Readonly<Record<(typeof SHELLS)[number], string>> = {
  bash: 'bash-completion/completions/causeway',
  zsh: 'zsh/site-functions/_causeway',
  fish: 'fish/vendor_completions.d/causeway.fish',
};

/** Everything that is installed, in the order in which it gets there. `built`: where the programs were made. */
function filesOf({ prefix }: Place, built: string): Installed[] {
  const { home, bin, sbin, units, groups, share } = layout(prefix);
  const copy = (path: string, from: string, mode = 0o644): Installed => ({
    path,
    mode,
    make: (to) => copyFileSync(from, to),
  });
  const text = (path: string, contents: () => string, mode = 0o644): Installed => ({
    path,
    mode,
    make: (to) => writeFileSync(to, contents()),
  });
  return [
    copy(`${home}/node`, process.execPath, 0o755),
    copy(`${home}/package.json`, join(ROOT, 'package.json')),
    copy(`${home}/LICENSE`, join(ROOT, 'LICENSE')),
    copy(`${home}/${ADDON}`, join(ROOT, ADDON), 0o755),
    ...[...snapshotsOf('causeway'), ...snapshotsOf('causewayd')].map((name) =>
      copy(`${home}/${name}`, join(built, name)),
    ),
    copy(`${bin}/causeway`, join(built, 'causeway'), 0o755),
    copy(`${sbin}/causewayd`, join(built, 'causewayd'), 0o755),
    ...UNITS.map((name) => text(`${units}/${name}`, () => unitText(name, prefix))),
    copy(`${groups}/causeway.conf`, join(ROOT, 'build/linux/causeway.sysusers')),
    ...SHELLS.map((shell) => text(`${share}/${COMPLETIONS[shell]}`, () => completionScript(shell))),
  ];
}

/** A unit with the paths of an installation in it. */
export function unitText(name: (typeof UNITS)[number], prefix: string): string {
  const { home, sbin } = layout(prefix);
  return readFileSync(join(ROOT, 'build/linux', name), 'utf8')
    .replaceAll('@SBINDIR@', sbin)
    .replaceAll('@LIBDIR@', home);
}

/** Puts every file in its place, each whole or not at all. Rejects with an Error that says what went wrong. */
export async function install(place: Place): Promise<readonly string[]> {
  // Directories have the modes that they are made with, whoever asks for the installation.
  process.umask(0o022);
  const built = mkdtempSync(join(tmpdir(), 'causeway-install-'));
  try {
    const { home } = layout(place.prefix);
    for (const name of ['causeway', 'causewayd'] as const) {
      await buildProgram({ name, outDirectory: built, home });
    }
    const files = filesOf(place, built);
    for (const { path, mode, make } of files) {
      const to = `${place.destination}${path}`;
      mkdirSync(dirname(to), { recursive: true, mode: 0o755 });
      const fresh = `${to}.new`;
      rmSync(fresh, { force: true });
      make(fresh);
      chmodSync(fresh, mode);
      // A program that runs keeps the file that it was started from.
      renameSync(fresh, to);
    }
    mkdirSync(`${place.destination}/etc/causeway/profiles.d`, { recursive: true, mode: 0o755 });
    return files.map(({ path }) => path);
  } finally {
    rmSync(built, { recursive: true, force: true });
  }
}

/** Takes away what `install` put there, and directories that are empty then. */
export function uninstall(place: Place): void {
  for (const { path } of filesOf(place, '')) rmSync(`${place.destination}${path}`, { force: true });
  const { home, share } = layout(place.prefix);
  const directories = [
    join(home, dirname(ADDON)),
    join(home, 'core/node-tun'),
    join(home, 'core'),
    home,
    ...Object.values(COMPLETIONS).map((path) => join(share, dirname(path))),
    '/etc/causeway/profiles.d',
    '/etc/causeway',
  ];
  for (const directory of directories) removeIfEmpty(`${place.destination}${directory}`);
}

function removeIfEmpty(directory: string): void {
  try {
    rmdirSync(directory);
  } catch {
    // Something of somebody else's is in it, or it is not there.
  }
}

/** Runs a program of the system that may be missing in a container; says what it said when it fails. */
function run(...argv: readonly string[]): boolean {
  const [file = '', ...args] = argv;
  const { status, error } = spawnSync(file, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  if (status === 0) return true;
  console.error(`install: ${argv.join(' ')}: ${error?.message ?? `status ${status}`}`);
  return false;
}

const RUNS_SYSTEMD = '/run/systemd/system';

async function installHere(place: Place): Promise<boolean> {
  await install(place);
  if (!existsSync(RUNS_SYSTEMD)) {
    console.log(
      'systemd does not run here: nothing is started. Make the groups causeway and causeway-admin.',
    );
    return true;
  }
  const isReady =
    run('systemd-sysusers') &&
    run('systemctl', 'daemon-reload') &&
    run('systemctl', 'enable', ...UNITS) &&
    run('systemctl', 'restart', 'causewayd.service');
  if (isReady) {
    console.log('The service runs. Who is to use it needs the group causeway: usermod -aG causeway NAME');
  }
  return isReady;
}

/** The network is put back while there still is a program that knows how. */
function uninstallHere(place: Place): boolean {
  if (existsSync(RUNS_SYSTEMD)) run('systemctl', 'disable', '--now', ...UNITS);
  const daemon = `${layout(place.prefix).sbin}/causewayd`;
  if (existsSync(daemon) && !run(daemon, '--put-back', '--log-file', '/dev/null')) {
    console.error('install: the network could not be put back, so nothing is removed; see above.');
    return false;
  }
  uninstall(place);
  if (existsSync(RUNS_SYSTEMD)) run('systemctl', 'daemon-reload');
  console.log(
    'Causeway is removed. Profiles, settings and the log are left in /var/lib/causeway, /etc/causeway and /var/log/causeway.',
  );
  return true;
}

interface Wish {
  readonly place: Place;
  readonly removes: boolean;
}

function parse(argv: readonly string[]): Wish {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      destdir: { type: 'string' },
      prefix: { type: 'string' },
      uninstall: { type: 'boolean' },
    },
  });
  const {
    destdir: destination = '',
    prefix = destination === '' ? OWN_PREFIX : '/usr',
    uninstall: removes = false,
  } = values;
  for (const path of [prefix, ...(destination === '' ? [] : [destination])]) {
    if (!/^(\/[A-Za-z0-9._-]+)+$/.test(path)) throw new Error(`'${path}' is no absolute path of plain names`);
  }
  return { place: { destination, prefix }, removes };
}

async function main(): Promise<boolean> {
  const { place, removes } = parse(process.argv.slice(2));
  if (place.destination !== '') {
    if (removes) uninstall(place);
    else for (const path of await install(place)) console.log(path);
    return true;
  }
  if (process.geteuid?.() !== 0)
    throw new Error('only root can install on this machine; --destdir DIR installs elsewhere');
  return removes ? uninstallHere(place) : installHere(place);
}

if (import.meta.main) {
  try {
    if (!(await main())) process.exitCode = 1;
  } catch (error) {
    console.error(`install: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}
