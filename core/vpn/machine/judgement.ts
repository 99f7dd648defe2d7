import type { Failure, FailureCode } from '../../lib/failure.ts';

/** Nobody was heard: nothing is known about the gateway but that. */
export function isSilence({ code }: Failure): boolean {
  return code.startsWith('network.') || code.startsWith('timeout.');
}

/** It passes by itself, or does not hold for another gateway. Everything else needs somebody to do something. */
export function mayPass({ retry }: Failure): boolean {
  return retry === 'backoff' || retry === 'on-network';
}

/**
 * The same of a gateway that let us in before. What it refuses now it may take again when it has found itself: one that
 * was just started may answer before it has read its configuration.
 */
export function mayPassAgain(why: Failure): boolean {
  return mayPass(why) || why.code.startsWith('peer.');
}

/** Of two failures the one that helps more to know. What a gateway said tells more than that nobody said anything. */
export function moreTelling(first: Failure | undefined, second: Failure): Failure {
  if (!first) return second;
  return rank(second) > rank(first) ? second : first;
}

function rank(why: Failure): number {
  if (!mayPass(why)) return 4;
  if (!isSilence(why)) return 3;
  if (why.code === 'timeout.init') return 1;
  return why.code.startsWith('timeout.') ? 2 : 0;
}

/** The gateway or the network is there and has no session for us: waiting would gain nothing. */
const AT_ONCE: ReadonlySet<FailureCode> = new Set([
  'peer.restarted',
  'peer.lost-state',
  'peer.deleted',
  'peer.redirected',
  'network.path-lost',
  'timeout.slept',
  'auth.lifetime-over',
]);

export function isWorthTryingAtOnce({ code }: Failure): boolean {
  return AT_ONCE.has(code);
}
