import type { Millis } from '../../../core/lib/ports.ts';
import { deriveRekeyedKeys, protectionOf, type KeySeed } from './keys.ts';
import { freshFields, type Inherited, type Sa } from './sa.ts';
import type { IkeSuite } from './suite.ts';
import type { Responder } from './types.ts';

/** How long an IKE SA that was replaced, or lost a collision, is kept for the client to delete. */
export const REDUNDANT_MS: Millis = 90_000;

/** An IKE SA in place of another one, RFC 7296 section 2.18: its message ids begin at zero, in both directions. */
export function makeIkeSa(
  responder: Responder,
  old: Sa,
  suite: IkeSuite,
  seed: KeySeed,
  initiates: boolean,
): Sa {
  const keys = deriveRekeyedKeys({ suite: old.suite, d: old.keys.d }, suite, seed);
  const initiators = { encr: keys.ei, integ: keys.ai };
  const responders = { encr: keys.er, integ: keys.ar };
  const [ours, theirs] = initiates ? [initiators, responders] : [responders, initiators];
  return {
    ...inherited(old),
    id: responder.newSaId(),
    initiatorSpi: seed.spiI,
    responderSpi: seed.spiR,
    initiates,
    suite,
    keys,
    protection: protectionOf(suite, ours, theirs, responder.random),
    nonceI: seed.nonceI,
    nonceR: seed.nonceR,
    message1: new Uint8Array(),
    message2: new Uint8Array(),
    nextId: 0,
    ...freshFields(),
    heardMs: responder.now,
    forgetMs: undefined,
  };
}

function inherited(old: Sa): Inherited {
  const { client, announcedHashes, fragments, natClient, natGateway } = old;
  const { remote, localPort, localAddress, state } = old;
  return {
    ...{ client, announcedHashes, fragments, natClient, natGateway },
    ...{ remote, localPort, localAddress, state },
  };
}

/** The new IKE SA controls the Child SAs from now on, and what the gateway still wanted to ask for goes out there. */
export function inheritChildren(responder: Responder, old: Sa, heir: Sa): void {
  // Who deletes it may be gone before it does.
  old.forgetMs = responder.now + REDUNDANT_MS;
  heir.children.push(...old.children.splice(0));
  for (const request of old.queue.splice(0)) responder.enqueue(heir, request);
}
