import { closeSync, constants, openSync } from 'node:fs';
import { failure, type Failure } from '../../lib/failure.ts';

const TUN_DEVICE = '/dev/net/tun';

/** Why this process may not change the network: platform.not-root. undefined when it may. */
export function checkRoot(userId = process.geteuid?.()): Failure | undefined {
  return userId === 0 ? undefined : failure('platform.not-root', {});
}

/**
 * Why there can be no TUN device here: platform.no-tun, with `reason` 'missing' (no such device file), 'driver'
 * (the file is there, the kernel has no driver for it) or 'permission'. undefined when there can.
 */
export function checkTun(path = TUN_DEVICE): Failure | undefined {
  try {
    closeSync(openSync(path, constants.O_RDWR | constants.O_NONBLOCK));
    return undefined;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    return failure('platform.no-tun', { path, code, ...explainTun(code) });
  }
}

function explainTun(code: string): { readonly reason: string; readonly detail: string } {
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return { reason: 'missing', detail: 'there is no such device file' };
    case 'ENODEV':
    case 'ENXIO':
      return { reason: 'driver', detail: 'the kernel has no driver for it' };
    case 'EACCES':
    case 'EPERM':
      return { reason: 'permission', detail: 'permission denied' };
    default:
      return { reason: 'other', detail: code };
  }
}
