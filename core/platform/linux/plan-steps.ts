import { formatAddress } from '../../net/address.ts';
import { LOCAL_NETWORKS } from '../../net/local-networks.ts';
import { containsAddress, formatPrefix } from '../../net/prefix.ts';
import type { Prefix } from '../../net/prefix.ts';
import type { NetworkPlan } from '../ports.ts';
import type { LinuxOs } from './os.ts';
import { stepKey, type Step } from './steps.ts';

const PARAMETERS = '/proc/sys/net/ipv4/conf';
/** Whether a connection in SYN-SENT whose address is gone takes another one (made for dialling on demand). */
const FOLLOW_ADDRESSES = '/proc/sys/net/ipv4/ip_dynaddr';
const SOURCE_MARK = `${PARAMETERS}/all/src_valid_mark`;

/**
 * The steps that make a plan real, in the order in which they are taken: whatever a later one relies on comes
 * before it, and traffic moves only with the last ones, the rules. Reads the machine, changes nothing.
 */
export function stepsOf(
  plan: NetworkPlan,
  os: Pick<LinuxOs, 'readParameter' | 'parameterInterfaces'>,
): Step[] {
  const device = plan.tun.name;
  const steps: Step[] = [];
  if (needsReplyMarks(plan, os)) {
    const { bypassMark: mark, tunnelMark } = plan;
    steps.push({ kind: 'marks', mark, ...(tunnelMark === undefined ? {} : { tunnelMark }) });
    const before = os.readParameter(SOURCE_MARK) ?? '0';
    steps.push({ kind: 'parameter', path: SOURCE_MARK, before, after: '1' });
  }
  if (plan.followAddresses) {
    const before = os.readParameter(FOLLOW_ADDRESSES) ?? '0';
    steps.push({ kind: 'parameter', path: FOLLOW_ADDRESSES, before, after: '1' });
  }
  steps.push({ kind: 'link', device, mtu: plan.tun.mtu });
  for (const { address } of plan.addresses) {
    steps.push({ kind: 'address', device, address: formatAddress(address) });
  }
  for (const prefix of plan.past ?? []) steps.push({ kind: 'exception', prefix: formatPrefix(prefix) });
  for (const prefix of plan.routes) {
    steps.push({ kind: 'route', device, prefix: formatPrefix(prefix), source: sourceFor(plan, prefix) });
  }
  for (const family of [4, 6] as const) {
    for (const to of localFirst(plan, family)) steps.push({ kind: 'main-first', family, to });
    if (plan.routes.some(({ address }) => address.family === family))
      steps.push({ kind: 'tunnel-rule', family, mark: plan.bypassMark });
    steps.push(...markedSteps(plan, family));
  }
  return unique(steps);
}

/**
 * A default route into the tunnel must not hide the routes of the local network. Where nothing of a family leads into it
 * there is nothing to go before; a machine may not have that family at all.
 */
function localFirst(plan: NetworkPlan, family: 4 | 6): readonly string[] {
  const { routes, localFirst: told, addresses, tunnelMark } = plan;
  if (told) {
    const isOf = ({ address }: Prefix): boolean => address.family === family;
    const isLed = routes.some(isOf) || (tunnelMark !== undefined && addresses.some(isOf));
    return isLed ? told.filter(isOf).map(formatPrefix) : [];
  }
  const isFull = routes.some(({ address, length }) => address.family === family && length === 0);
  return isFull ? LOCAL_NETWORKS[family] : [];
}

/** What is led into the tunnel by its mark needs an address there, and so a family that the tunnel has. */
function markedSteps({ tun, addresses, tunnelMark }: NetworkPlan, family: 4 | 6): Step[] {
  const own = addresses.find(({ address }) => address.family === family);
  if (tunnelMark === undefined || !own) return [];
  const source = formatAddress(own.address);
  return [
    { kind: 'marked-route', device: tun.name, family, source },
    { kind: 'marked-rule', family, mark: tunnelMark },
  ];
}

/** Our first address of the route's family. */
function sourceFor(plan: NetworkPlan, prefix: Prefix): string | undefined {
  const found = plan.addresses.find(({ address }) => address.family === prefix.address.family);
  return found && formatAddress(found.address);
}

/** Two selectors with the same remote side give the same route twice. */
function unique(steps: readonly Step[]): Step[] {
  return [...new Map(steps.map((step) => [stepKey(step), step])).values()];
}

/**
 * True when the gateway's own packets would be taken for spoofed: an interface filters strictly, and the way
 * back to the gateway is through the tunnel for whoever has no mark.
 */
function needsReplyMarks(
  plan: NetworkPlan,
  os: Pick<LinuxOs, 'readParameter' | 'parameterInterfaces'>,
): boolean {
  const { gateway, tunnelMark } = plan;
  // What was led another way than its address says has to come back by that way.
  if (tunnelMark !== undefined && filtersStrictly(undefined, os)) return true;
  const covered = plan.routes.some(
    (prefix) => prefix.address.family === 4 && (gateway === undefined || containsAddress(prefix, gateway)),
  );
  return covered && filtersStrictly(plan.tun.name, os);
}

/** The kernel takes the larger of an interface's value and that of all: 1 is strict, 2 loose. */
function filtersStrictly(
  tunnel: string | undefined,
  os: Pick<LinuxOs, 'readParameter' | 'parameterInterfaces'>,
): boolean {
  const valueOf = (name: string): number => Number(os.readParameter(`${PARAMETERS}/${name}/rp_filter`) ?? 0);
  const all = valueOf('all');
  return os
    .parameterInterfaces()
    .filter((name) => name !== 'all' && name !== 'lo' && name !== tunnel)
    .some((name) => Math.max(all, valueOf(name)) === 1);
}
