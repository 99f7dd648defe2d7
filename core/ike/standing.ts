import type { Failure } from '../lib/failure.ts';
import { Notify } from '../wire/constants.ts';
import type { Payload } from '../wire/payload.ts';
import { authLifetimeEvents } from './auth-lifetime.ts';
import type { ChildRequest } from './child-sa.ts';
import type { IkeConfig } from './config.ts';
import type { AssignedConfig, EstablishedChild, IkeEvent } from './events.ts';
import type { ProvedGateway } from './gateway-proof.ts';
import { formatIdentity } from './identity.ts';
import { speaksMobility } from './mobility/offer.ts';
import { notifyOf } from './payloads.ts';
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
  const { config, sa } = context;
  const to = protectedRedirect(payloads);
  if (to) return { kind: 'redirect', to, parting: [DELETE_IKE_SA] };
  if (child.isAlone) return standingAlone(child, payloads, context);
  const accepted = child.accept(payloads, context);
  if (!accepted.ok) return without(accepted.error, payloads, sa.init.childless);
  sa.crash.learn(payloads);
  const { child: pair, config: assigned } = accepted.value;
  const event = establishedEvent(config, payloads, gateway, pair, assigned);
  return { kind: 'done', events: [event, ...authLifetimeEvents(payloads)] };
}

/** There is no Child SA. The IKE SA, if it stands (RFC 7296 section 1.2), is of no use to us then: delete it. */
function without(why: Failure, payloads: readonly Payload[], mayBeChildless: boolean): TaskStatus {
  if (!notifyOf(payloads, Notify.INVALID_SYNTAX)) {
    return { kind: 'fail', failure: why, parting: [DELETE_IKE_SA] };
  }
  // After this error it does not stand (section 2.21.2). Some gateways say it of every one that is begun with a Child SA.
  return mayBeChildless
    ? { kind: 'begin-anew', why: 'without a Child SA', childless: true }
    : { kind: 'fail', failure: why };
}

/** The IKE SA stands alone, as was asked for (RFC 6023 section 5): what is told of it waits for the Child SA. */
function standingAlone(child: ChildRequest, payloads: readonly Payload[], context: TaskContext): TaskStatus {
  const assigned = child.acceptAlone(payloads, context);
  if (!assigned.ok) return without(assigned.error, payloads, false);
  context.sa.crash.learn(payloads);
  return { kind: 'done', events: authLifetimeEvents(payloads) };
}

/** What is told of a session that can be used. `payloads`: the last response of IKE_AUTH. */
export function establishedEvent(
  config: IkeConfig,
  payloads: readonly Payload[],
  gateway: ProvedGateway,
  child: EstablishedChild,
  assigned: AssignedConfig,
): IkeEvent {
  return {
    kind: 'established',
    child,
    config: assigned,
    gatewayIdentity: formatIdentity(gateway.identity),
    gatewaySignature: gateway.method,
    mobike: speaksMobility(config, payloads),
  };
}
