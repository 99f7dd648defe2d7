#!/usr/bin/env node
/** causewayd: the one part of Causeway that runs as root. Puts its parts together and lives until it is told to end. */
import { randomFillSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { daemonApi } from '../contract/daemon-api.ts';
import { createConnection } from '../composition/connection.ts';
import { realOs } from '../platform/linux/real-os.ts';
import { LinuxRouteManager } from '../platform/linux/route-manager.ts';
import { Server } from '../rpc/server.ts';
import { LinuxFirewall } from '../platform/linux/firewall.ts';
import { machineDoctor } from './doctor.ts';
import { machineRoute } from './machine-route.ts';
import { Protector } from './protector.ts';
import { SettingsStore } from './settings-store.ts';
import { machineAccounts } from './groups.ts';
import { LogFile } from './log-file.ts';
import { DAEMON_HELP, type DaemonOptions, parseDaemonOptions } from './options.ts';
import { ProfileStore } from './profile-store.ts';
import { Service } from './service.ts';
import { listenAt } from './socket-place.ts';

const LOG_OCTETS = 5 * 1024 * 1024;
const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

/** Serves until a signal says that it is enough. The exit code. */
async function serve(options: DaemonOptions): Promise<number> {
  const owner = process.geteuid?.();
  if (owner !== 0) return complain('must run as root: it makes tunnel interfaces and changes routes');
  const epoch = (): number => Date.now();
  const file = new LogFile({
    path: options.logFile,
    maxOctets: LOG_OCTETS,
    epoch,
    level: options.verbose ? 'debug' : 'info',
  });
  const { log } = file;
  const os = realOs();
  const repaired = await new LinuxRouteManager(os).repairStale();
  if (!repaired.ok) log('error', 'not-repaired', { code: repaired.error.code });
  else if (repaired.value) log('warn', 'repaired', {});
  const after = (ms: number, callback: () => void): (() => void) => {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  };
  const protector = new Protector({
    store: new SettingsStore(options.stateDirectory, owner),
    firewall: new LinuxFirewall(os),
    after,
    epoch,
    log,
  });
  // Behind the routes: what was closed when a process before was killed is closed until then.
  await protector.start();
  const accounts = machineAccounts();
  const group = accounts.groupId(options.group);
  if (group === undefined) log('warn', 'no-such-group', { group: options.group });
  const service = new Service({
    version: version(),
    profiles: new ProfileStore({
      systemDirectory: join(options.configDirectory, 'profiles.d'),
      stateDirectory: options.stateDirectory,
      owner,
      random: (length) => randomFillSync(new Uint8Array(length)),
      log,
    }),
    connect: createConnection,
    epoch,
    after,
    readLog: (lines) => file.tail(lines),
    doctor: machineDoctor(os, protector),
    protector,
    routeOf: machineRoute,
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
  const signal = await ending((error) => log('error', 'fault', { stack: error.stack }));
  log('info', 'ending', { signal });
  await service.end();
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

async function main(): Promise<number> {
  const options = parseDaemonOptions(process.argv.slice(2));
  if (!options.ok) {
    process.stderr.write(`causewayd: ${options.error}\n${DAEMON_HELP}`);
    return EXIT_USAGE;
  }
  if (options.value === 'help') {
    process.stdout.write(DAEMON_HELP);
    return 0;
  }
  try {
    return await serve(options.value);
  } catch (error) {
    return complain(error instanceof Error ? error.message : String(error));
  }
}

process.exitCode = await main();
