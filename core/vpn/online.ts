import type { IpAddress } from '../net/address.ts';
import type { NetworkState } from '../net/network-state.ts';
import { sourcesFor } from '../net/reachability.ts';

/** Whether a gateway may be reached at all, as far as the network monitor can tell. */
export class Online {
  /** It has seen a way to a gateway: only then does its seeing none mean something. */
  #isJudge = false;

  judge(state: NetworkState, gateways: readonly IpAddress[]): boolean {
    const isReachable =
      gateways.length === 0
        ? state.links.length > 0
        : gateways.some((gateway) => sourcesFor(state, gateway).length > 0);
    this.#isJudge ||= isReachable;
    return isReachable || !this.#isJudge;
  }
}
