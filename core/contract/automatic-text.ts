/** What is thought of a network and done about it, in sentences. Names in them are as they came. */
import type { AutomaticStatus, BeaconReport, Outcome, Plan, Reason } from './automatic.ts';

const OUTCOME_TEXT: Readonly<Record<Exclude<Outcome, 'proved'>, (beacon: string) => string>> = {
  'other-key': (beacon) => `what answers at ${beacon} has another key than the profile names`,
  'no-tls': (beacon) => `what answers at ${beacon} does not prove a key`,
  refused: (beacon) => `nobody takes connections at ${beacon}`,
  silent: (beacon) => `${beacon} does not answer`,
  forbidden: (beacon) => `a firewall of this machine does not let ${beacon} be asked`,
  'no-way': (beacon) => `no network of this machine leads to ${beacon}`,
  'no-name': (beacon) => `the name in ${beacon} is not known here`,
};

type Told = NonNullable<AutomaticStatus['reason']>;

const REASON_TEXT: Readonly<Record<Exclude<Reason, keyof typeof OUTCOME_TEXT>, (told: Told) => string>> = {
  proved: ({ beacon, interface: by }) =>
    `${beacon ?? 'the beacon'} has proved its key${by === undefined ? '' : ` over ${by}`}`,
  divided: ({ beacon, interface: by, other }) =>
    `${beacon ?? 'the beacon'} has proved its key over ${by ?? 'one interface'}, but other traffic leaves by ${other ?? 'another one'}`,
  asking: () => 'its beacons are being asked',
  'no-network': () => 'there is none',
  'no-beacons': () => 'the profile names no beacon that could prove it',
};

const VERDICT_TEXT: Readonly<Record<AutomaticStatus['verdict'], string>> = {
  trusted: 'This network is trusted',
  untrusted: 'This network is not trusted',
  unknown: 'Nothing is known of this network',
};

/** What is thought of the network, and why where that may be told. */
export function verdictText({ verdict, reason }: Pick<AutomaticStatus, 'verdict' | 'reason'>): string {
  if (!reason) return `${VERDICT_TEXT[verdict]}.`;
  return `${VERDICT_TEXT[verdict]}: ${reasonText(reason)}.`;
}

function reasonText(told: Told): string {
  const { code, beacon = 'the beacon' } = told;
  return code in OUTCOME_TEXT
    ? OUTCOME_TEXT[code as keyof typeof OUTCOME_TEXT](beacon)
    : REASON_TEXT[code as keyof typeof REASON_TEXT](told);
}

const PLAN_TEXT: Readonly<Record<Plan, (name: string, inText: string | undefined) => string>> = {
  connect: (name) => `${name} is connected by itself.`,
  disconnect: (name) => `${name} is being disconnected.`,
  'disconnect-later': (name, inText) => `${name} will be disconnected${inText ?? ''} if that stays so.`,
  'stay-off': (name) => `${name} is not needed here.`,
  'stay-on': (name) => `${name} stays connected, as its profile says.`,
  closed: (name) => `${name} is connected all the same: the kill switch lets nothing pass without it.`,
  wait: (name) => `Nothing is done about ${name} until more is known.`,
  'down-by-hand': (name) => `${name} was ended by hand: that holds on this network, or until causeway up.`,
  'up-by-hand': (name) => `${name} was connected by hand: it stays so on this network.`,
  occupied: (name) => `Another connection is up: nothing is done about ${name}.`,
  failed: (name, inText) =>
    inText === undefined
      ? `${name} could not be connected: it is tried again on another network, or with causeway up.`
      : `${name} could not be connected: it is tried again${inText}.`,
  nobody: (name) => `Nobody was there to sign in to ${name}. Sign in with: causeway up`,
  unusable: (name) =>
    `${name} does not connect by itself any more: its profile is gone or says otherwise. Switch it off with: causeway automatic off`,
};

/** What is done about it, or when. */
export function planText({ profile, next }: Pick<AutomaticStatus, 'profile' | 'next'>, now: number): string {
  return PLAN_TEXT[next.what](profile.name, next.at === undefined ? undefined : inSeconds(next.at - now));
}

function inSeconds(ms: number): string {
  const seconds = Math.max(1, Math.ceil(ms / 1000));
  return ` in ${seconds} second${seconds === 1 ? '' : 's'}`;
}

/** What somebody is told who tries a beacon out. */
export function beaconText(beacon: string, { outcome, address, interface: by }: BeaconReport): string {
  const where = [
    ...(address === undefined ? [] : [`at ${address}`]),
    ...(by === undefined ? [] : [`over ${by}`]),
  ];
  const way = where.length === 0 ? '' : `, asked ${where.join(' ')} and past any tunnel`;
  const what = outcome === 'proved' ? `${beacon} has proved its key` : OUTCOME_TEXT[outcome](beacon);
  return `${what.charAt(0).toUpperCase()}${what.slice(1)}${way}.`;
}
