import type { ConnectionStatus, DoctorFinding, Status } from '../../contract/daemon-api.ts';
import { bytesText, clockText, spanText } from '../quantities.ts';
import { nameServersText, nextAttemptText } from '../state-text.ts';
import { harmless } from '../terminal.ts';

/** What the connection does, as one line. */
export function stateText(connection: ConnectionStatus, now: number): string {
  const { state, doubt, cause, retryAt, since, need } = connection;
  const name = harmless(connection.profile.name);
  switch (state) {
    case 'preparing':
      return `Getting ready to connect to ${name}`;
    case 'on-demand': {
      const why = cause ? ` The last attempt failed: ${harmless(cause.title)}.` : '';
      const wait = retryAt === undefined ? 0 : retryAt - now;
      const pause = wait > 0 ? ` The next can begin in ${spanText(wait)}.` : '';
      return `Ready for ${name}: it connects when something needs it.${why}${pause}`;
    }
    case 'connecting':
      return connection.phase === 'auth' ? `Signing in to ${name}` : `Looking for the gateway of ${name}`;
    case 'asking':
      return `Waiting for an answer to sign in to ${name}${need ? '; give it with: causeway up' : ''}`;
    case 'configuring':
      return `Setting up the tunnel to ${name}`;
    case 'connected':
      return `Connected to ${name} for ${clockText(now - since)}`;
    case 'roaming':
      return doubt === 'checking'
        ? `The gateway of ${name} is silent; it is being asked whether it is still there`
        : `Moving the connection to ${name} to another network`;
    case 'reconnecting': {
      const why = cause ? ` (${harmless(cause.title)})` : '';
      const wait = retryAt === undefined ? undefined : Math.max(0, retryAt - now);
      return `Reconnecting to ${name}${why}.${nextAttemptText(wait)}`;
    }
    case 'waiting-for-network':
      return `Waiting for a network to reach ${name}`;
    case 'disconnecting':
      return `Ending the connection to ${name}`;
  }
}

/** What is to be said about traffic that does not pass. */
export function blockedText({ blocked }: Status['protection']): string {
  return blocked ? ' The kill switch lets nothing else pass.' : '';
}

/** What there is to know of a connection that stands, a line each. */
export function factRows({ facts, traffic, warnings }: ConnectionStatus): string[] {
  const row = (label: string, value: string): string => `${label.padEnd(10)} ${harmless(value)}`;
  if (!facts) return warnings.map(({ message }) => row('warning', message));
  const { gateway, addresses, selectors, subnets = [], suite, nat } = facts;
  const names = nameServersText(facts);
  return [
    row('gateway', `${gateway.identity} at ${gateway.address}${nat ? ', behind an address translator' : ''}`),
    row('address', addresses.join(', ')),
    row('network', shortList(selectors.remote)),
    ...(subnets.length > 0 ? [row('subnets', shortList(subnets))] : []),
    ...(names === '' ? [] : [row('DNS', names)]),
    row('encrypted', `${suite.ike}, ${suite.esp}`),
    ...(traffic
      ? [row('traffic', `${bytesText(traffic.bytesOut)} sent, ${bytesText(traffic.bytesIn)} received`)]
      : []),
    ...warnings.map(({ message }) => row('warning', message)),
  ];
}

const SHOWN = 6;

function shortList(items: readonly string[]): string {
  const more = items.length - SHOWN;
  return more > 0 ? `${items.slice(0, SHOWN).join(', ')} and ${more} more` : items.join(', ');
}

const STATE_WORDS: Readonly<Record<DoctorFinding['state'], string>> = {
  good: 'in order',
  changed: 'changed by us',
  bad: 'wrong',
};

export function findingText({ what, state, detail }: DoctorFinding): string {
  return `${harmless(what)}: ${STATE_WORDS[state]}: ${harmless(detail)}`;
}
