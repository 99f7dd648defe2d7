import type { Log } from '../lib/ports.ts';
import type { Firewall } from '../platform/ports.ts';
import { firewallPlanOf, NO_CONNECTION } from '../vpn/firewall-plan.ts';
import type { SettingsStore } from './settings-store.ts';

export interface BootOptions {
  readonly store: SettingsStore;
  readonly firewall: Firewall;
  /** Whether the service runs: then the firewall is its own to keep. */
  readonly isServed: () => Promise<boolean>;
  readonly log: Log;
}

/**
 * What happens between the start of the machine and its first network, by a process that ends at once: a machine that
 * is to be closed always is closed before anything can leave. Settings that cannot be read may have been those of such
 * a machine. Otherwise nothing is touched. False when the machine is open and must not be.
 */
export async function closeForBoot({ store, firewall, isServed, log }: BootOptions): Promise<boolean> {
  if (await isServed()) {
    log('info', 'boot-left-to-service', {});
    return true;
  }
  const read = store.read();
  if (!read.ok) log('error', 'settings-unreadable', { detail: String(read.error.context['detail']) });
  const settings = read.ok ? read.value : ({ killSwitch: 'always', lan: true } as const);
  const plan = settings.killSwitch === 'always' ? firewallPlanOf(NO_CONNECTION, settings) : undefined;
  if (!plan) return true;
  const done = await firewall.apply(plan);
  if (done.ok) log('info', 'closed-for-boot', { lan: settings.lan });
  else log('error', 'no-firewall', { code: done.error.code, detail: detailOf(done.error.context) });
  return done.ok;
}

function detailOf({ detail, tool }: Readonly<Record<string, unknown>>): string | undefined {
  const known = detail ?? tool;
  return typeof known === 'string' ? known : undefined;
}
