import type { Profile } from '../contract/profile.ts';
import type { Failure } from '../lib/failure.ts';
import { ok, type Result } from '../lib/result.ts';
import { gatewaysOf } from './ike-config.ts';
import type { Life } from './machine/state.ts';
import type { ConnectionPorts } from './ports.ts';

/** The addresses of all gateways of a profile that are found; the failure is why the first is not. */
export async function findGateways(
  profile: Profile,
  resolve: ConnectionPorts['resolve'],
): Promise<Result<Life['known'], Failure>> {
  const asked = gatewaysOf(profile).map(({ address }) => resolve(address));
  const [first, ...others] = await Promise.all(asked);
  if (!first?.ok) return first ?? ok({});
  const known = [first, ...others].flatMap((found, i) => (found.ok ? [[i, found.value] as const] : []));
  return ok(Object.fromEntries(known));
}
