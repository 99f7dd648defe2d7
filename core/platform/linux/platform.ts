import type { Failure } from '../../lib/failure.ts';
import type { Result } from '../../lib/result.ts';
import type { IpAddress } from '../../net/address.ts';
import type { RouteManager, TunPort, UdpPort } from '../ports.ts';
import { resolveHost } from '../resolver.ts';
import { openTun, openUdp, type UdpRequest } from './devices.ts';
import { checkRoot, checkTun } from './preconditions.ts';
import { realOs } from './real-os.ts';
import { LinuxRouteManager } from './route-manager.ts';

/** Everything of a Linux host that a connection needs. */
export interface LinuxPlatform {
  /**
   * Why this machine cannot hold a tunnel now: platform.not-root, no-tun, already-running. Undoes what a
   * crashed process left behind, and fails when that is not possible. undefined: go ahead.
   */
  readonly preflight: () => Promise<Failure | undefined>;
  readonly resolve: (host: string) => Promise<Result<readonly IpAddress[], Failure>>;
  readonly openUdp: (request: UdpRequest) => Result<UdpPort, Failure>;
  readonly openTun: (options: { readonly mtu: number }) => Result<TunPort, Failure>;
  readonly routes: RouteManager;
}

export function linuxPlatform(): LinuxPlatform {
  const routes = new LinuxRouteManager(realOs());
  return {
    preflight: async () => {
      const missing = checkRoot() ?? checkTun();
      if (missing !== undefined) return missing;
      const repaired = await routes.repairStale();
      return repaired.ok ? undefined : repaired.error;
    },
    resolve: (host) => resolveHost(host),
    openUdp,
    openTun,
    routes,
  };
}
