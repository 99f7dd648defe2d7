import { formatAddress } from '../../net/address.ts';
import { LOCAL_NETWORKS } from '../../net/local-networks.ts';
import { containsAddress, formatPrefix } from '../../net/prefix.ts';
import type { Prefix } from '../../net/prefix.ts';
import type { NetworkPlan } from '../ports.ts';
import type { LinuxOs } from './os.ts';
import { stepKey, type Step } from './steps.ts';

const PARAMETERS = '/proc/sys/net/ipv4/conf';
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
    steps.push({ kind: 'marks', mark: plan.bypassMark });
    const before = os.readParameter(SOURCE_MARK) ?? '0';
    steps.push({ kind: 'parameter', path: SOURCE_MARK, before, after: '1' });
  }
  steps.push({ kind: 'link', device, mtu: plan.tun.mtu });
  for (const { address } of plan.addresses) {
    steps.push({ kind: 'address', device, address: formatAddress(address) });
  }
  for (const prefix of plan.routes) {
    steps.push({ kind: 'route', device, prefix: formatPrefix(prefix), source: sourceFor(plan, prefix) });
  }
  for (const family of [4, 6] as const) {
    const routes = plan.routes.filter((prefix) => prefix.address.family === family);
    if (routes.length === 0) continue;
    // A default route into the tunnel must not hide the routes of the local network.
    if (routes.some((prefix) => prefix.length === 0)) {
      for (const to of LOCAL_NETWORKS[family]) steps.push({ kind: 'main-first', family, to });
    }
    steps.push({ kind: 'tunnel-rule', family, mark: plan.bypassMark });
  }
  return unique(steps);
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
  const { gateway } = plan;
  const covered = plan.routes.some(
    (prefix) => prefix.address.family === 4 && (gateway === undefined || containsAddress(prefix, gateway)),
  );
  return covered && filtersStrictly(plan.tun.name, os);
}

/** The kernel takes the larger of an interface's value and that of all: 1 is strict, 2 loose. */
function filtersStrictly(
  tunnel: string,
  os: Pick<LinuxOs, 'readParameter' | 'parameterInterfaces'>,
): boolean {
  const valueOf = (name: string): number => Number(os.readParameter(`${PARAMETERS}/${name}/rp_filter`) ?? 0);
  const all = valueOf('all');
  return os
    .parameterInterfaces()
    .filter((name) => name !== 'all' && name !== 'lo' && name !== tunnel)
    .some((name) => Math.max(all, valueOf(name)) === 1);
}
