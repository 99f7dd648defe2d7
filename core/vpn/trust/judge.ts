import { OUTCOMES, type Outcome, type Reason, type Verdict } from '../../contract/automatic.ts';
import type { Millis } from '../../lib/ports.ts';

/** A change of networks comes in pieces, and addresses behind links: this long it is quiet when it is over. */
const SETTLE_MS = 700;
/** … but a network that never comes to rest is judged all the same. */
const LONGEST_UNREST_MS = 4_000;
/** How often beacons are asked when nothing happens. */
const SELDOM_MS = 5 * 60_000;
/** Pauses after rounds without proof on one network: the beacon may be there a little later than the network. */
const AGAIN_MS: readonly Millis[] = [15_000, 30_000, 60_000, 120_000];
/** A network that was proved is asked again so soon when a round fails … */
const DOUBT_MS = 5_000;
/** … and is trusted no more when so many have, in a row. */
const MISSES = 3;

/** What came of asking one beacon. */
export interface BeaconAnswer {
  /** `host:port` */
  readonly beacon: string;
  readonly outcome: Outcome;
  /** The link by which it was asked. */
  readonly link?: string;
}

export interface Grounds {
  readonly code: Reason;
  readonly beacon?: string;
  readonly interface?: string;
  readonly other?: string;
}

/** Whether the network that this machine is on is a trusted one, since when, and why. */
export interface Trust {
  readonly verdict: Verdict;
  readonly since: Millis;
  readonly grounds: Grounds;
  /** As placeOf says; undefined without a network. */
  readonly place: string | undefined;
  /** Nothing is known yet of the place, or what was known may not hold any more. */
  readonly isNew: boolean;
  /** When the change began that no round has followed. */
  readonly changedAt: Millis | undefined;
  /** When the next round begins. */
  readonly askAt: Millis | undefined;
  /** The round that is under way, by its number. */
  readonly asking: number | undefined;
  readonly rounds: number;
  /** Rounds without proof, one after the other, on this network. */
  readonly misses: number;
}

export type TrustEvent =
  | { readonly kind: 'network'; readonly place: string | undefined }
  | { readonly kind: 'woke' }
  /** Some time may have passed. */
  | { readonly kind: 'time' }
  /** `mainLinks`: as the function of that name says. */
  | {
      readonly kind: 'answers';
      readonly round: number;
      readonly answers: readonly BeaconAnswer[];
      readonly mainLinks: readonly string[];
    };

/** Nothing is known, and the beacons are asked as soon as there is a network. */
export function newTrust(now: Millis): Trust {
  return {
    verdict: 'unknown',
    since: now,
    grounds: { code: 'no-network' },
    place: undefined,
    isNew: true,
    changedAt: undefined,
    askAt: undefined,
    asking: undefined,
    rounds: 0,
    misses: 0,
  };
}

/**
 * What is to be thought of the network after an event. Proof is believed at once, and so is another key; that proof does
 * not come is believed at once where there never was any, and after some rounds where there was. When the state that
 * it returns has another `asking` than before, the beacons are to be asked.
 */
export function judge(trust: Trust, event: TrustEvent, now: Millis): Trust {
  switch (event.kind) {
    case 'network':
      return moved(trust, event.place, now);
    case 'woke':
      return trust.place === undefined ? trust : unsettled({ ...trust, isNew: true, misses: 0 }, now);
    case 'time':
      if (trust.askAt === undefined || now < trust.askAt) return trust;
      return {
        ...trust,
        rounds: trust.rounds + 1,
        asking: trust.rounds + 1,
        askAt: undefined,
        changedAt: undefined,
      };
    case 'answers':
      // Of a round that a change has overtaken nobody knows what network it was about.
      if (event.round !== trust.asking) return trust;
      return judged({ ...trust, asking: undefined }, groundsOf(event.answers, event.mainLinks), now);
  }
}

function moved(trust: Trust, place: string | undefined, now: Millis): Trust {
  if (place === undefined) {
    const idle = { ...trust, place, isNew: true, changedAt: undefined, askAt: undefined, asking: undefined };
    return withVerdict({ ...idle, misses: 0 }, 'unknown', { code: 'no-network' }, now);
  }
  const isElsewhere = place !== trust.place;
  return unsettled(
    { ...trust, place, isNew: trust.isNew || isElsewhere, misses: isElsewhere ? 0 : trust.misses },
    now,
  );
}

/** Something changed: the round that is under way says nothing any more, and one begins when it is quiet. */
function unsettled(trust: Trust, now: Millis): Trust {
  const changedAt = trust.changedAt ?? now;
  const askAt = Math.min(now + SETTLE_MS, changedAt + LONGEST_UNREST_MS);
  const waiting = { ...trust, changedAt, askAt, asking: undefined };
  return trust.isNew ? withVerdict(waiting, 'unknown', { code: 'asking' }, now) : waiting;
}

function judged(trust: Trust, grounds: Grounds, now: Millis): Trust {
  if (grounds.code === 'proved') {
    const proved = { ...trust, isNew: false, misses: 0, askAt: now + SELDOM_MS };
    return withVerdict(proved, 'trusted', grounds, now);
  }
  const misses = trust.misses + 1;
  const isSilence = grounds.code !== 'other-key' && grounds.code !== 'divided';
  if (trust.verdict === 'trusted' && isSilence && misses < MISSES) {
    return { ...trust, misses, askAt: now + DOUBT_MS };
  }
  const counted = trust.verdict === 'trusted' ? 1 : misses;
  const askAt = now + (AGAIN_MS[counted - 1] ?? SELDOM_MS);
  const lost = { ...trust, isNew: false, misses: counted, askAt };
  return withVerdict(lost, 'untrusted', grounds, now);
}

function withVerdict(trust: Trust, verdict: Verdict, grounds: Grounds, now: Millis): Trust {
  return { ...trust, verdict, grounds, since: verdict === trust.verdict ? trust.since : now };
}

/** The answer that says most. One beacon that proves itself is enough, whatever the others do. */
function groundsOf(answers: readonly BeaconAnswer[], mainLinks: readonly string[]): Grounds {
  const rank = ({ outcome }: BeaconAnswer): number => OUTCOMES.indexOf(outcome);
  const [best] = [...answers].sort((a, b) => rank(a) - rank(b));
  if (!best) return { code: 'no-beacons' };
  const { beacon, link } = best;
  const where = { beacon, ...(link === undefined ? {} : { interface: link }) };
  if (best.outcome !== 'proved') return { code: best.outcome, ...where };
  // Trust lets everything go by this network: what leaves by another one is not in the office.
  const provedLinks = answers.filter(({ outcome }) => outcome === 'proved').map((one) => one.link);
  const other = mainLinks.find((name) => !provedLinks.includes(name));
  return other === undefined ? { code: 'proved', ...where } : { code: 'divided', ...where, other };
}
