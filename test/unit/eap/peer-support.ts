/** A peer at several points of a conversation, for its tests. */
import assert from 'node:assert/strict';
import { utf8Text } from '../../../core/lib/bytes.ts';
import { decodeEap, EapType } from '../../../core/wire/eap.ts';
import { type EapOutcome, EapPeer } from '../../../core/eap/peer.ts';
import { challengeData, expected, fixedRandom, password, request, successData } from './authenticator.ts';

export const MSCHAPV2 = EapType.MSCHAPV2;

export function newPeer(identity = 'User'): EapPeer {
  return new EapPeer({ identity, random: fixedRandom });
}

export function replyOf(outcome: EapOutcome): Uint8Array {
  assert.ok(outcome.kind === 'reply', outcome.kind);
  return outcome.message;
}

/** Code, identifier, type and data of a reply. */
export function responseOf(outcome: EapOutcome): {
  identifier: number;
  type: number | undefined;
  data: Uint8Array;
} {
  const packet = decodeEap(replyOf(outcome));
  assert.ok(packet.ok);
  assert.equal(packet.value.code, 2);
  return { identifier: packet.value.identifier, type: packet.value.type, data: packet.value.data };
}

export function failureOf(outcome: EapOutcome): { code: string; context: Readonly<Record<string, unknown>> } {
  assert.ok(outcome.kind === 'failure', outcome.kind);
  return outcome.failure;
}

export function proof(): string {
  return utf8Text(expected().authenticatorResponse);
}

/** A peer that answered Identity (1), Challenge (2). */
export function challenged(): EapPeer {
  const peer = newPeer();
  replyOf(peer.handle(request(1, EapType.IDENTITY), {}));
  replyOf(peer.handle(request(2, MSCHAPV2, challengeData()), password()));
  return peer;
}

/** A peer whose method is finished; its last response has identifier 3. */
export function finished(): EapPeer {
  const peer = challenged();
  replyOf(peer.handle(request(3, MSCHAPV2, successData(proof())), password()));
  return peer;
}
