import type { BeaconReport } from '../contract/automatic.ts';
import type { Log } from '../lib/ports.ts';
import { NO_NETWORK, type NetworkState } from '../net/network-state.ts';
import { openNetworkMonitor } from '../platform/linux/network-monitor.ts';
import { openSleepMonitor } from '../platform/linux/sleep-monitor.ts';
import { askTlsKey } from '../platform/linux/tls-key.ts';
import { systemLookup } from '../platform/resolver.ts';
import { Automatic, type AutomaticOptions } from './automatic.ts';
import { AutomaticStore } from './automatic-store.ts';
import { BeaconNames } from './beacon-names.ts';
import { Beacons } from './beacons.ts';

export interface MachineAutomaticOptions extends Pick<
  AutomaticOptions,
  'profiles' | 'isClosed' | 'epoch' | 'after' | 'log'
> {
  readonly stateDirectory: string;
  readonly owner: number;
}

export type AskBeacon = (host: string, port: number) => Promise<BeaconReport>;

/** Connecting by itself, on this machine; and who wants to know what a beacon answers can ask one. */
export function machineAutomatic(options: MachineAutomaticOptions): {
  readonly automatic: Automatic;
  readonly askBeacon: AskBeacon;
} {
  const { stateDirectory, owner, log } = options;
  const beacons = new Beacons({ names: new BeaconNames(systemLookup), askKey: askTlsKey, log });
  const automatic = new Automatic({
    ...options,
    store: new AutomaticStore(stateDirectory, owner, log),
    monitors: () => {
      const network = openNetworkMonitor({ log });
      if (!network.ok) log('error', 'no-network-monitor', { code: network.error.code });
      const sleep = openSleepMonitor({ log });
      return network.ok ? { network: network.value, sleep } : { sleep };
    },
    ask: (asked, state) => beacons.ask(asked, state),
    now: () => performance.now(),
  });
  return { automatic, askBeacon: (host, port) => beacons.report(host, port, currentNetwork(log)) };
}

function currentNetwork(log: Log): NetworkState {
  const monitor = openNetworkMonitor({ log });
  if (!monitor.ok) return NO_NETWORK;
  const state = monitor.value.current();
  monitor.value.close();
  return state;
}
