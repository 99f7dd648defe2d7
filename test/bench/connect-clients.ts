import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { SecretBytes } from '../../core/lib/secret.ts';
import { DaemonProcess, type DaemonStart } from '../support/daemon.ts';
import { prepareCharonCmd, startCharonCmd, StrongSwanClient } from '../support/strongswan-client.ts';
import { type Office, startCauseway, USER } from '../interop/office.ts';
import { benchPeer, benchProfile, ourDaemon, ourProgram } from './clients.ts';

/*
 * The clients whose way to the first reply is measured. Each is asked to connect by what its user would start, and put
 * back afterwards to where it was.
 */

/** A way to connect that was begun. */
export interface Begun {
  /** Its story, for whoever wonders why it failed. */
  said(): string;
  /** Ends the connection, and waits until nothing of it is left. */
  stop(): Promise<unknown>;
}

export interface Contender {
  readonly name: string;
  /** Done before the clock runs. */
  prepare?(): Promise<unknown>;
  begin(): Begun;
  close(): Promise<unknown>;
}

/** Networks behind the gateway, asked for by all. */
const EVERYTHING = ['0.0.0.0/0', '::/0'];
const PROFILE = 'office';

/** `causeway connect`: the whole client is a process that starts now. */
export async function foreground(office: Office): Promise<Contender> {
  const program = await ourProgram();
  return {
    name: 'causeway connect',
    begin: () => startCauseway(office.net.client, benchProfile(), { program }),
    close: () => Promise.resolve(),
  };
}

/** charon-cmd, likewise. It loads what its distribution compiled in: what a user of it waits for. */
export function charonCmd(office: Office): Contender {
  const files = prepareCharonCmd(benchPeer({ remoteTs: EVERYTHING }));
  return {
    name: 'charon-cmd (all its plugins)',
    begin: () => {
      const client = startCharonCmd(office.net.client, files);
      return { said: () => client.log(), stop: () => client.stop() };
    },
    close: () => {
      rmSync(files.directory, { recursive: true, force: true });
      return Promise.resolve();
    },
  };
}

/** The service as an installation has it: with a /run in memory, and a log of what people look for. */
async function installed(): Promise<DaemonStart> {
  const [file = ''] = await ourDaemon();
  return {
    program: ['/bin/sh', '-c', 'mount -t tmpfs tmpfs /run && exec "$0" "$@"', file],
    isTerse: true,
  };
}

async function serviceWithProfile(office: Office): Promise<DaemonProcess> {
  const daemon = await DaemonProcess.start(office.net.client, await installed());
  const file = join(daemon.directory, 'etc', 'profiles.d', `${PROFILE}.json`);
  writeFileSync(file, JSON.stringify(benchProfile()), { mode: 0o644 });
  return daemon;
}

async function disconnect(daemon: DaemonProcess): Promise<void> {
  const client = await daemon.client();
  const ended = await client.call('connection.down', {});
  client.close();
  if (!ended.ok) throw new Error(`not disconnected: ${ended.error.code}\n${daemon.said()}`);
}

/** For so long a service that has just started is left alone: what it has to do for itself is done by then. */
const SETTLED_MS = 1500;

/**
 * `causeway up`: the service runs already, and what starts now is its client. `fresh`: the service has never connected;
 * otherwise it is the same one each time.
 */
export async function up(office: Office, kind: 'running' | 'fresh'): Promise<Contender> {
  const [program = ''] = await ourProgram();
  const daemon = await serviceWithProfile(office);
  return {
    name: kind === 'fresh' ? 'causeway up, first connection of a service' : 'causeway up',
    prepare: async () => {
      if (kind === 'running') return;
      await daemon.end();
      await daemon.start(await installed());
      await new Promise((resolve) => setTimeout(resolve, SETTLED_MS));
    },
    begin: () => {
      const argv = [program, 'up', PROFILE, '--password-fd', '3', '--socket', daemon.socketPath];
      const child = office.net.client.spawn(argv, { stdio: ['ignore', 'pipe', 'pipe', 'pipe'] });
      const secret = child.stdio[3] as Writable;
      secret.on('error', () => undefined);
      secret.end(`${USER.password}\n`);
      let said = '';
      for (const output of [child.stdout, child.stderr])
        output?.on('data', (chunk: Buffer) => (said += chunk.toString()));
      const ended = new Promise((resolve) => child.once('close', resolve));
      return {
        said: () => `${said}\n${daemon.said()}`,
        stop: async () => {
          await ended;
          await disconnect(daemon);
        },
      };
    },
    close: () => daemon.destroy(),
  };
}

/** Our service, called by a program that is connected to it: no process starts. */
export async function ourService(office: Office): Promise<Contender> {
  const daemon = await serviceWithProfile(office);
  const client = await daemon.client();
  return {
    name: 'causewayd',
    begin: () => {
      const secret = SecretBytes.ofText(USER.password);
      const begun = client.call('connection.up', { profile: `system.${PROFILE}` }, secret);
      return {
        said: () => daemon.said(),
        stop: () => begun.then(() => disconnect(daemon)),
      };
    },
    close: () => {
      client.close();
      return daemon.destroy();
    },
  };
}

/** strongSwan's service, called over VICI likewise. */
export async function theirService(office: Office): Promise<Contender> {
  // The ports of IKE belong to whoever asks first; ours takes others when they are taken, and so does this.
  const client = await StrongSwanClient.start(office.net.client, { settings: { port: 0, port_nat_t: 0 } });
  const options = benchPeer({ remoteTs: EVERYTHING });
  return {
    name: 'charon-systemd (vici initiate)',
    prepare: () => client.load(options),
    begin: () => {
      const begun = client.initiate();
      begun.catch(() => undefined);
      return {
        said: () => client.charon.log(),
        stop: () => begun.then(() => client.disconnect()),
      };
    },
    close: () => client.stop(),
  };
}
