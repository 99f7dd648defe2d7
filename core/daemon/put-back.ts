import type { Failure } from '../lib/failure.ts';
import type { Log } from '../lib/ports.ts';
import type { Result } from '../lib/result.ts';
import type { Firewall } from '../platform/ports.ts';

/** What undoes changes of processes that are gone. */
export interface Repairer {
  repairStale(): Promise<Result<boolean, Failure>>;
}

export interface PutBackOptions {
  /** In the order in which things are undone. */
  readonly repairers: readonly Repairer[];
  readonly firewall: Firewall;
  readonly isServed: () => Promise<boolean>;
  readonly log: Log;
}

/**
 * Takes everything of ours off the machine, also a closed firewall: for whoever removes Causeway, or wants the network
 * back when the service cannot start. While the service runs nothing is touched. False when something stayed.
 */
export async function putBack({ repairers, firewall, isServed, log }: PutBackOptions): Promise<boolean> {
  if (await isServed()) {
    log('error', 'still-served', {});
    return false;
  }
  const done = [];
  for (const repairer of repairers) done.push(await repairer.repairStale());
  // Last: what was closed stays closed until the routes into the tunnel are gone.
  done.push(await firewall.clear());
  const failures = done.flatMap((one) => (one.ok ? [] : [one.error]));
  for (const { code } of failures) log('error', 'not-put-back', { code });
  if (failures.length === 0) log('info', 'put-back', {});
  return failures.length === 0;
}
