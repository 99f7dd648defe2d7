#!/usr/bin/env node
/** causewayd: the one part of Causeway that runs as root. Puts its parts together and lives until it is told to end. */
import { randomFillSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Log } from '../lib/ports.ts';
import { daemonApi } from '../contract/daemon-api.ts';
import { createConnection } from '../composition/connection.ts';
import { realOs } from '../platform/linux/real-os.ts';
import { LinuxRouteManager } from '../platform/linux/route-manager.ts';
import { Server } from '../rpc/server.ts';
import { LinuxFirewall } from '../platform/linux/firewall.ts';
import { linuxDns } from '../platform/linux/dns/linux-dns.ts';
import type { LinuxDnsManager } from '../platform/linux/dns/manager.ts';
import { BYPASS_MARK } from '../vpn/outlet.ts';
import { serviceManager } from '../platform/linux/service-manager.ts';
import { closeForBoot } from './boot.ts';
import { putBack } from './put-back.ts';
import { machineAutomatic } from './machine-automatic.ts';
import { machineDoctor } from './doctor.ts';
import { machineLookUp, machineRoute } from './machine-route.ts';
import { machinePrograms } from './programs.ts';
import { Protector } from './protector.ts';
import { SettingsStore } from './settings-store.ts';
import { machineAccounts } from './groups.ts';
import { LogFile } from './log-file.ts';
import { DAEMON_HELP, type DaemonOptions, parseDaemonOptions } from './options.ts';
import { ProfileStore } from './profile-store.ts';
import { Service } from './service.ts';
import { provideThreads } from './threads.ts';
import { isServed, listenAt } from './socket-place.ts';

const ROOT = 0;
const LOG_OCTETS = 5 * 1024 * 1024;
const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

const epoch = (): number => Date.now();

function openLog({ logFile, verbose }: DaemonOptions): LogFile {
  return new LogFile({
    path: logFile,
    maxOctets: LOG_OCTETS,
    epoch,
    level: verbose ? 'debug' : 'info',
  });
}

/** Does what is done at once, without serving. The exit code. */
async function once(task: 'close-for-boot' | 'put-back', options: DaemonOptions): Promise<number> {
  const file = openLog(options);
  // Whoever started it sees what the log has: at the start of a machine there may be no log yet.
  const log: Log = (level, event, fields) => {
    file.log(level, event, fields);
    process.stderr.write(`causewayd: ${level} ${event}${fields ? ` ${JSON.stringify(fields)}` : ''}\n`);
  };
  const os = realOs();
  const firewall = new LinuxFirewall(os);
  const served = { isServed: () => isServed(options.runDirectory), firewall, log };
  const isDone =
    task === 'close-for-boot'
      ? await closeForBoot({ ...served, store: new SettingsStore(options.stateDirectory, ROOT) })
      : await putBack({ ...served, repairers: [namesOf(options, log), new LinuxRouteManager(os)] });
  file.close();
  return isDone ? 0 : EXIT_FAILED;
}

/** Who puts back how names are looked up; no tunnel stands, and nobody follows answers. */
function namesOf({ stateDirectory }: DaemonOptions, log: Log): LinuxDnsManager {
  return linuxDns({ bypassMark: BYPASS_MARK, onAnswers: () => Promise.resolve(), log, stateDirectory });
}

/** Serves until a signal says that it is enough. The exit code. */
async function serve(options: DaemonOptions, whenServing: WhenServing): Promise<number> {
  const owner = ROOT;
  const manager = serviceManager(process.env['NOTIFY_SOCKET']);
  const file = openLog(options);
  const { log } = file;
  const os = realOs();
  const names = namesOf(options, log);
  // Names first: who is asked for them may be reached by routes that go.
  for (const each of [names, new LinuxRouteManager(os)]) {
    const repaired = await each.repairStale();
    if (!repaired.ok) log('error', 'not-repaired', { ...repaired.error.context, code: repaired.error.code });
    else if (repaired.value) log('warn', 'repaired', {});
  }
  const after = (ms: number, callback: () => void): (() => void) => {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  };
  const programs = machinePrograms(os, log);
  const protector = new Protector({
    store: new SettingsStore(options.stateDirectory, owner),
    firewall: programs.firewall,
    after,
    epoch,
    log,
  });
  // Behind the routes: what was closed when a process before was killed is closed until then.
  await protector.start();
  const accounts = machineAccounts();
  const group = accounts.groupId(options.group);
  if (group === undefined) log('warn', 'no-such-group', { group: options.group });
  const { stateDirectory } = options;
  const profiles = new ProfileStore({
    systemDirectory: join(options.configDirectory, 'profiles.d'),
    stateDirectory,
    owner,
    random: (length) => randomFillSync(new Uint8Array(length)),
    log,
  });
  const isClosed = (): boolean => protector.settings.killSwitch === 'always';
  const service = new Service({
    version: version(),
    profiles,
    ...machineAutomatic({ stateDirectory, owner, profiles, isClosed, epoch, after, log }),
    connect: (setup) => createConnection({ ...setup, stateDirectory }),
    epoch,
    after,
    soon: setImmediate,
    logFile: file,
    doctor: machineDoctor(os, protector, names),
    protector,
    programs,
    routeOf: machineRoute,
    lookUp: machineLookUp,
    log,
  });
  const server = new Server({
    api: daemonApi,
    handlers: service.handlers,
    source: await listenAt({ directory: options.runDirectory, owner, group }),
    isAdministrator: (uid) => accounts.isAdministrator(uid),
    server: `causewayd ${version()}`,
    now: () => performance.now(),
    log,
  });
  log('info', 'started', { version: version(), pid: process.pid });
  service.start();
  manager.ready();
  whenServing(service);
  const signal = await ending((error) => log('error', 'fault', { stack: error.stack }));
  manager.stopping();
  log('info', 'ending', { signal });
  await service.end();
  programs.close();
  server.close();
  log('info', 'ended', {});
  file.close();
  return 0;
}

/** The first signal that asks for the end. What nobody foresaw is written down, and is no reason to leave the machine. */
function ending(onFault: (error: Error) => void): Promise<string> {
  process.on('uncaughtException', onFault);
  process.on('SIGHUP', () => undefined);
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve(signal));
  });
}

function complain(words: string): number {
  process.stderr.write(`causewayd: ${words}\n`);
  return EXIT_FAILED;
}

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  const { version: value } = JSON.parse(text) as { readonly version: string };
  return value;
}

/** Told when clients can connect; `isIdle`: there is no connection, and none is being made. */
export type WhenServing = (service: { readonly isIdle: boolean }) => void;

/** Runs one command line of causewayd; the exit code, once there is nothing more to do. */
export async function runDaemon(
  argv: readonly string[],
  whenServing: WhenServing = () => undefined,
): Promise<number> {
  provideThreads();
  const options = parseDaemonOptions(argv);
  if (!options.ok) {
    process.stderr.write(`causewayd: ${options.error}\n${DAEMON_HELP}`);
    return EXIT_USAGE;
  }
  if (options.value === 'help') {
    process.stdout.write(DAEMON_HELP);
    return 0;
  }
  if (process.geteuid?.() !== ROOT)
    return complain('must run as root: it makes tunnel interfaces and changes routes');
  const { task } = options.value;
  // What it makes is for nobody else, whatever whoever started it thinks of that.
  process.umask(0o077);
  try {
    return await (task === 'serve' ? serve(options.value, whenServing) : once(task, options.value));
  } catch (error) {
    return complain(error instanceof Error ? error.message : String(error));
  }
}

if (import.meta.main) {
  void runDaemon(process.argv.slice(2)).then((code) => {
    process.exitCode = code;
  });
}
