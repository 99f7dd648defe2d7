import { failure, type Failure } from '../../lib/failure.ts';
import type { Millis } from '../../lib/ports.ts';
import type { Life } from './state.ts';

/** More redirections than this within that time go in a circle (RFC 5685 section 7). */
const MAX_REDIRECTIONS = 5;
const REDIRECTIONS_WITHIN_MS = 300_000;

/** Counts a redirection; undefined when there were too many of them. */
export function countRedirection(life: Life, now: Millis): Life | undefined {
  const recent = life.redirectedAt.filter((at) => at > now - REDIRECTIONS_WITHIN_MS);
  return recent.length >= MAX_REDIRECTIONS ? undefined : { ...life, redirectedAt: [...recent, now] };
}

export function tooManyRedirections(gateway: string): Failure {
  return failure('protocol.too-many-redirections', { gateway, count: MAX_REDIRECTIONS });
}
