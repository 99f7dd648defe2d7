import { type Failure, failure } from '../lib/failure.ts';
import { selectorOfPrefix } from '../net/selector.ts';
import type { IkeConfig } from './config.ts';
import type { AssignedConfig, EstablishedChild, IkeEvent } from './events.ts';
import { childRefusal } from './refusals.ts';
import { type ChildOutcome, CreateChildTask } from './tasks/create-child.ts';

/*
 * The first pair of Child SAs of an IKE SA that was begun without one (RFC 6023), because the gateway takes no other.
 */

/** What a login without a Child SA settled. */
export interface Alone {
  readonly assigned: AssignedConfig;
  /** What is told once there is a pair. */
  readonly established: (child: EstablishedChild) => IkeEvent;
}

/** Asks for the pair that IKE_AUTH would have made. It has a key exchange of its own where further pairs have one. */
export function firstPairTask({ assigned }: Alone, config: IkeConfig, group: number): CreateChildTask {
  const { addressFamilies, remoteSelectors } = config;
  const wish = {
    local: assigned.addresses.map((address) => selectorOfPrefix(address)),
    remote: remoteSelectors.filter(({ family }) => addressFamilies.includes(family)),
    rekeys: false,
  };
  return new CreateChildTask(wish, group, () => false);
}

export function whyNoFirstPair(outcome: ChildOutcome | undefined, config: IkeConfig): Failure {
  if (outcome?.kind === 'refused') return childRefusal(outcome.notify, config);
  const detail = outcome?.kind === 'unusable' ? outcome.detail : 'no answer';
  return failure('protocol.unoffered-choice', { detail });
}
