import { lstatSync, type Stats } from 'node:fs';
import { createConnection } from 'node:net';
import { dirname } from 'node:path';
import type { Api } from '../contract/api.ts';
import { failure, type Failure } from '../lib/failure.ts';
import { err, ok, type Result } from '../lib/result.ts';
import { Client } from './client.ts';

export interface ConnectOptions<A extends Api> {
  readonly api: A;
  readonly path: string;
  /** Whose the socket and its directory must be. */
  readonly ownerUid: number;
  /** Our program and its version. */
  readonly client: string;
  readonly onClosed?: (why: Failure) => void;
  /** Does not wait for the greeting: if that fails, the first call does, and for the same reason. */
  readonly isHasty?: boolean;
}

const GROUP_AND_OTHERS_WRITE = 0o022;

/**
 * A client of whoever serves at the path, once the greeting is done, or begun. Before anything is said the path is looked at: a
 * socket that somebody else could have put there is refused, since passwords will be asked for through it.
 */
export async function connect<A extends Api>(
  options: ConnectOptions<A>,
): Promise<Result<Client<A>, Failure>> {
  const { api, path, ownerUid } = options;
  const untrusted = placeProblem(path, ownerUid);
  if (untrusted) return err(untrusted);
  const socket = createConnection(path);
  const opened = await new Promise<string>((resolve) => {
    socket.once('connect', () => resolve('connected'));
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'unknown'));
  });
  if (opened === 'EACCES') return err(failure('contract.no-access'));
  if (opened !== 'connected') return err(failure('contract.disconnected'));
  const client = new Client({
    api,
    client: options.client,
    wire: { write: (octets) => socket.write(octets), close: () => socket.end() },
    after: (ms, callback) => {
      const timer = setTimeout(callback, ms);
      return () => clearTimeout(timer);
    },
    onClosed: (why) => options.onClosed?.(why),
  });
  socket.on('data', (piece: Buffer) => client.receive(piece));
  socket.on('error', () => client.close());
  socket.on('close', () => client.close());
  if (options.isHasty === true) return ok(client);
  const greeted = await client.ready;
  return greeted.ok ? ok(client) : greeted;
}

/** Why what is at the path cannot be the service, if it cannot. */
function placeProblem(path: string, ownerUid: number): Failure | undefined {
  const place = look(dirname(path));
  const found = look(path);
  if (place === 'hidden' || found === 'hidden') return failure('contract.no-access');
  if (!place || !found) return failure('contract.disconnected');
  const isSafe =
    place.isDirectory() &&
    place.uid === ownerUid &&
    (place.mode & GROUP_AND_OTHERS_WRITE) === 0 &&
    found.isSocket() &&
    found.uid === ownerUid;
  return isSafe ? undefined : failure('contract.untrusted-service', { path });
}

/** What is there itself: a link to something good is not good. `hidden`: we may not look. */
function look(path: string): Stats | 'hidden' | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch {
    return 'hidden';
  }
}
