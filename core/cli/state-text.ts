import type { ConnectedFacts, StateEvent } from '../contract/snapshot.ts';

/**
 * What is wrong with a connection that was there, as one sentence without what changes with time; undefined when
 * nothing is, or when something else tells it: a step, a failure.
 */
export function troubleText({ state, doubt, cause }: StateEvent): string | undefined {
  switch (state) {
    case 'roaming':
      return doubt === 'checking'
        ? 'The gateway is silent; it is being asked whether it is still there.'
        : 'Moving the connection to another network.';
    case 'reconnecting':
      return `Reconnecting: ${lowerFirst(cause?.title ?? 'The connection was lost')}.`;
    case 'waiting-for-network':
      return 'Waiting for a network: this machine is not online.';
    default:
      return undefined;
  }
}

/** When the next attempt begins, for after the sentence; empty while one is under way. */
export function nextAttemptText(waitMs: number | undefined): string {
  if (waitMs === undefined) return '';
  const seconds = Math.max(1, Math.ceil(waitMs / 1000));
  return ` Next attempt in ${seconds} second${seconds === 1 ? '' : 's'}.`;
}

/** Which name servers are asked for what; empty when nothing is changed about names. */
export function nameServersText({
  dns,
  domains,
  allNames,
}: Pick<ConnectedFacts, 'dns' | 'domains' | 'allNames'>): string {
  if (dns.length === 0) return '';
  return `${dns.join(', ')} for ${allNames ? 'every name' : domains.join(', ')}`;
}

/** Titles begin with a capital letter; names that are written so stay so. */
function lowerFirst(title: string): string {
  return /^[A-Z][a-z]/.test(title) ? title.charAt(0).toLowerCase() + title.slice(1) : title;
}
