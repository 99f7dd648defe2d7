import type { Profile } from '../contract/profile.ts';
import { failure, type Failure } from '../lib/failure.ts';
import { err, ok, type Result } from '../lib/result.ts';
import { innerMtu } from '../ipsec/mtu.ts';
import type { EspSuite } from '../ipsec/suite.ts';
import { addressOf, type IpAddress } from '../net/address.ts';
import { formatPrefix, parsePrefix, type Prefix, rangeToPrefixes } from '../net/prefix.ts';
import { intersect, type Selector, selectorOfPrefix } from '../net/selector.ts';
import type { PolicyPlan } from './policy-plan.ts';

/** What we suppose of a path before it is measured: Ethernet. */
const PATH_MTU = 1500;
/** Inner packets stay under this, so that paths a bit narrower than Ethernet (PPPoE, mobile) carry them too. */
const CAUTIOUS_MTU = 1400;
/** More than any network plan has; a gateway that narrows to odd ranges could ask for many thousands. */
const MAX_ROUTES = 1024;
/** IPv6 asks for this of every link (RFC 8200 section 5). */
const MIN_MTU6 = 1280;

/**
 * Our addresses in a tunnel while nobody knows which ones the gateway will give: dummies that are nobody's anywhere and
 * that nobody may send to (192.0.0.8 of RFC 7600, the prefix of RFC 9780).
 */
const PLACEHOLDERS = { ipv4: '192.0.0.8/32', ipv6: '100:0:0:1::1/128' } as const;

export function placeholdersFor({ tunnel }: Profile): readonly Prefix[] {
  return tunnel.addresses.flatMap((family) => parsePrefix(PLACEHOLDERS[family]) ?? []);
}

/** What leads into the tunnel, and by what policy if there is one. */
export interface Shape {
  readonly routes: readonly Prefix[];
  readonly policy?: PolicyPlan;
}

/** Who says what belongs into a tunnel, and closes the ways beside it. */
export interface TunnelShaper {
  /**
   * `granted`: what the gateway takes, or took before. `nameServers`: what is asked of them belongs into the tunnel.
   * `subnets`: the networks that the gateway calls its own.
   */
  readonly shape: (
    granted: readonly Selector[],
    nameServers: readonly IpAddress[],
    subnets: readonly Prefix[],
  ) => Result<Shape, Failure>;
  /**
   * Called before the machine's routes follow a shape. `ownsNames`: names are looked up through the tunnel alone. The
   * failure is why they must not; nothing: they may at once.
   */
  readonly guard: (
    tun: { readonly name: string; readonly addresses: readonly Prefix[]; readonly ownsNames: boolean },
    shape: Shape,
  ) => Promise<Failure | undefined> | undefined;
  /** Whether there are rules about names, whose addresses have to be known before programs have them. */
  readonly followsNames: boolean;
}

/** Everything that the gateway takes, and nothing is closed. */
export const TAKES_ALL: TunnelShaper = {
  shape: (granted) => {
    const routes = routesTo(granted);
    if (!routes.ok) return routes;
    return ok({ routes: [...new Map(routes.value.map((one) => [formatPrefix(one), one])).values()] });
  },
  guard: () => undefined,
  followsNames: false,
};

/** What leads into the tunnel: everything that the gateway takes. */
export function routesTo(remote: readonly Selector[]): Result<readonly Prefix[], Failure> {
  const routes: Prefix[] = [];
  for (const { start, end } of remote) {
    routes.push(...rangeToPrefixes(addressOf(start), addressOf(end)));
    if (routes.length > MAX_ROUTES) {
      const detail = `TSr is made up of more than ${MAX_ROUTES} networks`;
      return err(failure('protocol.unexpected', { detail }));
    }
  }
  return ok(routes);
}

/**
 * The part of the granted TSi that is ours. A gateway that grants more could otherwise send to every other address
 * of this machine, and through it into the networks that it forwards to.
 */
export function ownTraffic(granted: readonly Selector[], addresses: readonly Prefix[]): Selector[] {
  return addresses.flatMap((address) => {
    const own = selectorOfPrefix(address);
    return granted.flatMap((selector) => intersect(selector, own) ?? []);
  });
}

/**
 * The device's MTU: as the profile says, or what fits whichever family the outer packets have after roaming. No suite
 * is agreed on yet when there is none.
 */
export function tunnelMtu(profile: Profile, suite: EspSuite | undefined): number {
  if (profile.tunnel.mtu !== undefined) return profile.tunnel.mtu;
  if (!suite) return CAUTIOUS_MTU;
  const fits = innerMtu(PATH_MTU, 6, suite, true) ?? MIN_MTU6;
  return Math.max(MIN_MTU6, Math.min(fits, CAUTIOUS_MTU));
}
