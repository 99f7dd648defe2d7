import { readU32 } from '../../../core/lib/bytes.ts';
import type { RandomBytes } from '../../../core/lib/ports.ts';
import type { TrafficSelector } from '../../../core/wire/payloads/ts.ts';
import { deriveChildKeys } from './keys.ts';
import { engineSelector } from './narrowing.ts';
import type { Child, Sa } from './sa.ts';
import type { ChildSuite } from './suite.ts';
import type { GatewayEvent, Responder } from './types.ts';

/** SPIs up to 255 are reserved (RFC 4303 section 2.1). */
export const FIRST_SPI = 256;

/** What an exchange settled about a pair of Child SAs. */
export interface ChildTerms {
  readonly suite: ChildSuite;
  readonly group: number | undefined;
  readonly spiIn: number;
  readonly spiOut: number;
  /** The gateway's side and the client's. */
  readonly local: readonly TrafficSelector[];
  readonly remote: readonly TrafficSelector[];
  readonly nonceI: Uint8Array;
  readonly nonceR: Uint8Array;
  /** What its own key exchange led to. */
  readonly shared?: Uint8Array;
  /** Whether the gateway began this exchange. */
  readonly byGateway: boolean;
  readonly replaces?: Child;
}

/** A pair of Child SAs, with keys as RFC 7296 section 2.17 says. It belongs to nothing yet. */
export function makeChild(responder: Responder, sa: Sa, terms: ChildTerms): Child {
  const { suite, spiIn, spiOut, nonceI, nonceR, shared, local, remote, byGateway } = terms;
  const keys = deriveChildKeys(sa.suite, suite, sa.keys.d, nonceI, nonceR, shared);
  const [keyIn, keyOut] = byGateway ? [keys.encrR, keys.encrI] : [keys.encrI, keys.encrR];
  const [integIn, integOut] = byGateway ? [keys.integR, keys.integI] : [keys.integI, keys.integR];
  return {
    spec: {
      childId: responder.newChildId(),
      spiIn,
      spiOut,
      suite,
      keyIn,
      keyOut,
      ...(suite.integ === undefined ? {} : { integIn, integOut }),
      local: local.map(engineSelector),
      remote: remote.map(engineSelector),
      udpEncap: true,
    },
    local,
    remote,
    group: terms.group,
    rekeying: { own: undefined, theirs: undefined },
    deleting: false,
    crossed: false,
  };
}

/** What tells of a new pair. Who began the exchange may send through it at once. */
export function childAdded(sa: Sa, { spec }: Child, { byGateway, replaces }: ChildTerms): GatewayEvent {
  const { remote, localPort } = sa;
  const instead = replaces === undefined ? {} : { replaces: replaces.spec.childId };
  const sendNow = byGateway || replaces === undefined;
  return { kind: 'child-added', saId: sa.id, child: spec, ...instead, sendNow, remote, localPort };
}

/** An SPI that may stand in ESP. */
export function newChildSpi(random: RandomBytes): number {
  for (;;) {
    const spi = readU32(random(4));
    if (spi >= FIRST_SPI) return spi;
  }
}

/** The pair that the client receives on with this SPI, and the IKE SA of the client that controls it. */
export function findChild(
  responder: Responder,
  sa: Sa,
  spiOut: number,
): { sa: Sa; child: Child } | undefined {
  for (const owner of [sa, ...responder.sasOf(sa.client)]) {
    const child = owner.children.find(({ spec }) => spec.spiOut === spiOut);
    if (child !== undefined) return { sa: owner, child };
  }
  return undefined;
}

/** Takes a pair away, from whatever IKE SA controls it. */
export function removeChild(responder: Responder, sa: Sa, child: Child, by: 'client' | 'gateway'): void {
  const { spiOut, childId } = child.spec;
  const owner = findChild(responder, sa, spiOut)?.sa;
  if (owner === undefined) return;
  owner.children.splice(owner.children.indexOf(child), 1);
  sa.client.gone.set(spiOut, by);
  for (const { rekeying } of owner.children) {
    if (rekeying.theirs?.made === child) rekeying.theirs = undefined;
  }
  responder.emit({ kind: 'child-removed', saId: owner.id, childId });
}
