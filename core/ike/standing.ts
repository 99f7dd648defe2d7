import type { Payload } from '../wire/payload.ts';
import { authLifetimeEvents } from './auth-lifetime.ts';
import type { ChildRequest } from './child-sa.ts';
import type { IkeEvent } from './events.ts';
import type { ProvedGateway } from './gateway-proof.ts';
import { formatIdentity } from './identity.ts';
import { speaksMobility } from './mobility/offer.ts';
import { protectedRedirect } from './redirect.ts';
import { DELETE_IKE_SA } from './tasks/informational.ts';
import type { TaskContext, TaskStatus } from './tasks/task.ts';

/**
 * What the last response of IKE_AUTH comes to, once its AUTH holds and the IKE SA stands: a Child SA, or another gateway
 * to go to (RFC 5685 section 6), or nothing that we could use.
 */
export function standing(
  child: ChildRequest,
  payloads: readonly Payload[],
  context: TaskContext,
  gateway: ProvedGateway,
): TaskStatus {
  const to = protectedRedirect(payloads);
  if (to) return { kind: 'redirect', to, parting: [DELETE_IKE_SA] };
  const accepted = child.accept(payloads, context);
  // The IKE SA stands (RFC 7296 section 1.2), but without a Child SA it is of no use to us: delete it.
  if (!accepted.ok) return { kind: 'fail', failure: accepted.error, parting: [DELETE_IKE_SA] };
  context.sa.crash.learn(payloads);
  const event: IkeEvent = {
    kind: 'established',
    child: accepted.value.child,
    config: accepted.value.config,
    gatewayIdentity: formatIdentity(gateway.identity),
    gatewaySignature: gateway.method,
    mobike: speaksMobility(context.config, payloads),
  };
  return { kind: 'done', events: [event, ...authLifetimeEvents(payloads)] };
}
