import type { AppProfile, Proposal } from '../../../../core/contract/gui-api.ts';
import { methodOf, textOf, valueAt, type Written } from './written.ts';

type Line = Proposal['report'][number];

/** How many keys came out how. */
export function outcomesOf(report: readonly Line[]): Readonly<Record<Line['outcome'], number>> {
  const count = (outcome: Line['outcome']): number =>
    report.filter((line) => line.outcome === outcome).length;
  return { taken: count('taken'), changed: count('changed'), ignored: count('ignored') };
}

/** Lines that people should read: what was changed, or is not honoured though it says something. */
export function notableLines(report: readonly Line[]): readonly Line[] {
  return report.filter(({ outcome, note }) => outcome !== 'taken' && note !== 'bookkeeping');
}

/** What a profile will do, as far as it says. */
export interface Effects {
  readonly gateway: string;
  readonly method: 'user' | 'certificate' | 'psk' | 'nobody';
  readonly username: string;
  /** Empty: everything goes through the tunnel. */
  readonly networks: readonly string[];
  readonly hasOwnAuthorities: boolean;
  readonly isAutomatic: boolean;
}

export function effectsOf(profile: Written): Effects {
  const username = textOf(valueAt(profile, 'user.username'));
  const hasMethod = valueAt(profile, 'user.method') !== undefined;
  const method = methodOf(profile);
  const remote = valueAt(profile, 'tunnel.remote');
  const networks = Array.isArray(remote) ? remote.map(textOf) : [];
  const authorities = valueAt(profile, 'gateway.authorities');
  const automatic = valueAt(profile, 'automatic.connect');
  return {
    gateway: textOf(valueAt(profile, 'gateway.address')),
    method:
      hasMethod && (method === 'certificate' || method === 'psk')
        ? method
        : username === ''
          ? 'nobody'
          : 'user',
    username,
    networks: networks.includes('0.0.0.0/0') || networks.includes('::/0') ? [] : networks,
    hasOwnAuthorities: authorities !== undefined && authorities !== 'system',
    isAutomatic: automatic !== undefined && automatic !== 'never',
  };
}

/** The profile of the person's own that has this name. */
export function ownNamesake(profiles: readonly AppProfile[], profile: Written): AppProfile | undefined {
  const name = textOf(profile['name']).toLowerCase();
  return profiles.find((one) => one.origin === 'user' && one.name.toLowerCase() === name);
}
