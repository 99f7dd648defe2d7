import { failure, type Failure } from '../lib/failure.ts';

/** Something threw that should not have: the message is for the makers, and no secret was in reach of it. */
export function bug(error: unknown): Failure {
  return failure('internal.bug', { detail: error instanceof Error ? error.message : String(error) });
}

/** What came out of handling a socket: the socket's own error when it is one of the system, else a bug. */
export function socketFault(error: unknown): Failure {
  const code = systemCode(error);
  if (code === undefined) return bug(error);
  return failure('platform.socket-failed', {
    code,
    detail: error instanceof Error ? error.message : undefined,
  });
}

/** The name of the errno of an error of the system, like 'EIO'; undefined for any other. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'syscall' in error && 'code' in error ? String(error.code) : undefined;
}
