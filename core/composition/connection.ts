/** Where the parts of a connection are put together for the machine that it runs on. */
import { randomFillSync } from 'node:crypto';
import type { Failure } from '../lib/failure.ts';
import type { Log } from '../lib/ports.ts';
import { linuxDns } from '../platform/linux/dns/linux-dns.ts';
import type { LinuxDnsManager } from '../platform/linux/dns/manager.ts';
import { openNetworkMonitor } from '../platform/linux/network-monitor.ts';
import { peers } from '../platform/linux/peers.ts';
import { linuxPlatform } from '../platform/linux/platform.ts';
import { openSleepMonitor } from '../platform/linux/sleep-monitor.ts';
import type { NetworkMonitor, OnAnswers, SleepMonitor } from '../platform/ports.ts';
import { Connection } from '../vpn/connection.ts';
import { BYPASS_MARK } from '../vpn/outlet.ts';
import { connectionClock } from './clock.ts';
import type { CreateConnection } from './connection-port.ts';
import { systemAnchors } from './system-anchors.ts';
import { distrust } from './trust.ts';

/** What is known of the machine's networks and its sleep. Without it the connection stays where it is. */
function monitors(log: Log): { readonly network?: NetworkMonitor; readonly sleep: SleepMonitor } {
  const network = openNetworkMonitor({ log });
  const sleep = openSleepMonitor({ log });
  if (network.ok) return { network: network.value, sleep };
  log('warn', 'no-network-monitor', {
    code: network.error.code,
    detail: String(network.error.context['detail']),
  });
  return { sleep };
}

/** What a process that is gone changed about names is undone, before anybody looks up a gateway. */
async function putNamesBack(dns: (onAnswers: OnAnswers) => LinuxDnsManager): Promise<Failure | undefined> {
  const repaired = await dns(() => undefined).repairStale();
  return repaired.ok ? undefined : repaired.error;
}

export const createConnection: CreateConnection<Connection> = (setup) => {
  const { profile, credentials, log, onEvent, keyLog, policy, protection, firewall } = setup;
  const platform = linuxPlatform();
  const dns = (onAnswers: OnAnswers): LinuxDnsManager =>
    linuxDns({
      bypassMark: BYPASS_MARK,
      onAnswers,
      log,
      ...(setup.stateDirectory === undefined ? {} : { stateDirectory: setup.stateDirectory }),
    });
  const watched = monitors(log);
  const connection = new Connection({
    profile,
    credentials,
    ports: {
      ...platform,
      ...watched,
      ...(firewall ? { firewall } : {}),
      preflight: async () => distrust() ?? (await platform.preflight()) ?? putNamesBack(dns),
      dns,
      peers,
      clock: connectionClock(watched.sleep),
      random: (length) => randomFillSync(new Uint8Array(length)),
      log,
    },
    systemAnchors: () => systemAnchors(log),
    onEvent,
    ...(keyLog === undefined ? {} : { keyLog }),
    ...(policy ? { policy } : {}),
    ...(protection ? { protection } : {}),
  });
  void connection.done.then(() => {
    watched.network?.close();
    watched.sleep.close();
  });
  return connection;
};
