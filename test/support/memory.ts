import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { DaemonProcess, DaemonStart } from './daemon.ts';
import { waitFor } from './netns.ts';

/** How to start a service whose memory is to be known. */
export function measured(daemon: DaemonProcess): DaemonStart {
  const preload = join(import.meta.dirname, 'memory-preload.ts');
  return {
    nodeArguments: ['--expose-gc', '--import', preload],
    env: { MEMORY_REPORT: reportOf(daemon) },
  };
}

/** Octets on its heap that are still needed. */
export async function neededOctets(daemon: DaemonProcess): Promise<number> {
  rmSync(reportOf(daemon), { force: true });
  process.kill(daemon.pid, 'SIGUSR2');
  await waitFor(() => existsSync(reportOf(daemon)), 10_000, 'the report');
  return Number(readFileSync(reportOf(daemon), 'utf8'));
}

/** Octets of the machine's memory that it has now. */
export function residentOctets(daemon: DaemonProcess): number {
  const status = readFileSync(`/proc/${daemon.pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
}

function reportOf({ directory }: DaemonProcess): string {
  return join(directory, 'memory');
}
