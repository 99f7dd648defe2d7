import type { Begin, Choose } from './interleavings.ts';
import type { PairOptions } from './pair.ts';
import { OTHER_OFFICE } from './two-ends.ts';

/* What either end may begin by itself, for tests of what happens when both do. */

export const CLIENT_REKEYS_CHILD: Begin = {
  name: 'client rekeys the child',
  begin: (ends) => ends.command({ kind: 'rekey-child', spiIn: ends.firstSpi }),
};

export const GATEWAY_REKEYS_CHILD: Begin = {
  name: 'gateway rekeys the child',
  begin: (ends) => ends.gatewayDoes((gateway, saId, now, oldest) => gateway.rekeyChild(saId, now, oldest)),
};

export const CLIENT_REKEYS_IKE: Begin = {
  name: 'client rekeys IKE',
  begin: (ends) => ends.command({ kind: 'rekey-ike' }),
};

export const GATEWAY_REKEYS_IKE: Begin = {
  name: 'gateway rekeys IKE',
  begin: (ends) => ends.gatewayDoes((gateway, saId, now) => gateway.rekeyIke(saId, now)),
};

export const CLIENT_CREATES_CHILD: Begin = {
  name: 'client creates a child',
  begin: (ends) => ends.command({ kind: 'create-child', remote: OTHER_OFFICE }),
};

export const GATEWAY_CREATES_CHILD: Begin = {
  name: 'gateway creates a child',
  begin: (ends) => ends.gatewayDoes((gateway, saId, now) => gateway.createChild(saId, now)),
};

export const GATEWAY_DELETES_CHILD: Begin = {
  name: 'gateway deletes the child',
  begin: (ends) =>
    ends.gatewayDoes((gateway, saId, now, { childId }) => gateway.deleteChild(saId, now, childId)),
};

export const GATEWAY_DELETES_IKE: Begin = {
  name: 'gateway deletes IKE',
  begin: (ends) => ends.gatewayDoes((gateway, saId, now) => gateway.deleteIke(saId, now)),
};

export const CLIENT_DISCONNECTS: Begin = {
  name: 'client disconnects',
  begin: (ends) => ends.command({ kind: 'disconnect' }),
};

/** Without a key exchange for Child SAs: what collides is the same, and a thousand runs are a matter of seconds. */
export const QUICK: PairOptions = {
  client: { rekey: { childMs: 3.6e6, ikeMs: 1.44e7, jitter: 0.1, pfs: false } },
};

/** Gateways whose nonces make, for the exchanges here, now one end and now the other lose. */
export const SEEDS: readonly string[] = ['gateway', 'gateway b', 'gateway c'];

/** Carries out `work`, and tells of the steps before what fails in it. */
export function behind<T>(steps: readonly string[], work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new Error(steps.join(', '), { cause: error });
  }
}

/** Numbers that look random and are the same for the same seed. */
export function randomChoice(seed: number): Choose {
  let state = seed + 1;
  return (of) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return Math.floor(((state >>> 8) / 0x800000) * of);
  };
}
