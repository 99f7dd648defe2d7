import { chmodSync, chownSync, lstatSync, mkdirSync, rmSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { UnixListener } from '../node-tun/index.ts';
import { UntrustedPlace } from './private-files.ts';

/** The name of the service's socket in its directory. */
export const SOCKET_NAME = 'socket';

export interface SocketPlace {
  readonly directory: string;
  /** Root's number, but in tests. */
  readonly owner: number;
  /** Whose members may connect; nobody's but the owner when undefined. */
  readonly group: number | undefined;
}

/**
 * Listens in a directory that the owner alone can write in and the group alone can enter. Both have their modes before
 * the socket is there, and the socket has its own from the moment that it is. Throws UntrustedPlace, and an error when
 * another service answers there.
 */
export async function listenAt({ directory, owner, group }: SocketPlace): Promise<UnixListener> {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const found = lstatSync(directory);
  if (!found.isDirectory() || found.uid !== owner) {
    throw new UntrustedPlace(`${directory} is not a directory of the service's own`);
  }
  chmodSync(directory, 0o700);
  const path = join(directory, SOCKET_NAME);
  if (await answers(path)) throw new Error(`another service answers at ${path}`);
  rmSync(path, { force: true });
  // The umask would take the group's rights from what is made with them.
  const umask = process.umask(0o007);
  const listener = UnixListener.open({ path, mode: 0o660 });
  process.umask(umask);
  if (group === undefined) return listener;
  chownSync(path, owner, group);
  chownSync(directory, owner, group);
  chmodSync(directory, 0o750);
  return listener;
}

/** Whether a service runs whose socket is in that directory. */
export function isServed(directory: string): Promise<boolean> {
  return answers(join(directory, SOCKET_NAME));
}

/** Whether somebody accepts connections there: a service that was killed leaves its socket behind. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
