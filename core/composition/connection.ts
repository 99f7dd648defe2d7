/** Where the parts of a connection are put together for the machine that it runs on. */
import { randomFillSync } from 'node:crypto';
import { startTest } from '../crypto/self-test.ts';
import { failure, type Failure } from '../lib/failure.ts';
import type { Log } from '../lib/ports.ts';
import { openNetworkMonitor } from '../platform/linux/network-monitor.ts';
import { linuxPlatform } from '../platform/linux/platform.ts';
import { openSleepMonitor } from '../platform/linux/sleep-monitor.ts';
import type { NetworkMonitor, SleepMonitor } from '../platform/ports.ts';
import { Connection } from '../vpn/connection.ts';
import { connectionClock } from './clock.ts';
import type { CreateConnection } from './connection-port.ts';
import { systemAnchors } from './system-anchors.ts';

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

let isTested = false;

/**
 * No algorithm is trusted before it has given its known answers in this very process. The key exchange gives its own
 * when a session makes its key pair.
 */
function distrust(): Failure | undefined {
  if (isTested) return undefined;
  const tested = startTest();
  isTested = tested.ok;
  return tested.ok ? undefined : failure('internal.self-test', { detail: tested.error });
}

export const createConnection: CreateConnection<Connection> = (setup) => {
  const { profile, credentials, log, onEvent, keyLog, policy, protection, firewall } = setup;
  const platform = linuxPlatform();
  const watched = monitors(log);
  const connection = new Connection({
    profile,
    credentials,
    ports: {
      ...platform,
      ...watched,
      ...(firewall ? { firewall } : {}),
      preflight: async () => distrust() ?? platform.preflight(),
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
