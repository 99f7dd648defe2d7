import type { Failure } from '../../lib/failure.ts';
import type { Millis } from '../../lib/ports.ts';
import type { IpAddress } from '../../net/address.ts';
import { goOn, type Progress, withFailure } from './attempt.ts';
import type { Attempt, Place } from './parts.ts';
import type { Life } from './state.ts';
import { sameTarget, targetsAt } from './targets.ts';

/** The answer to a look-up: addresses, or why there are none. */
export function lookedUp(
  life: Life,
  attempt: Attempt,
  id: number,
  answer: readonly IpAddress[] | Failure,
  now: Millis,
): Progress {
  const lookup = attempt.lookups.find((one) => one.id === id);
  const refreshed = life.refreshing.find((one) => one.id === id);
  const place = lookup?.place ?? refreshed;
  if (!place) return { life, attempt, effects: [] };
  const rest = { ...attempt, lookups: attempt.lookups.filter((one) => one !== lookup) };
  const known = withAnswer(life, id, place, answer);
  const told = lookup && !isAddresses(answer) ? withFailure(rest, answer) : rest;
  const addresses = isAddresses(answer) ? answer : foundLast(life, lookup?.place);
  // Whoever redirects us may do so to where we were: that is counted, and not tried in vain.
  const met = lookup?.place.redirectedFrom ? rest.queue : [...rest.tried, ...rest.queue];
  const fresh = targetsAt(place, addresses).filter((target) => !met.some((one) => sameTarget(one, target)));
  return goOn({ life: known, attempt: { ...told, queue: [...rest.queue, ...fresh] }, effects: [] }, now);
}

/** The name service may be out of reach while the tunnel that leads to it carries nothing. */
function foundLast({ known }: Life, place: Place | undefined): readonly IpAddress[] {
  return place && !place.redirectedFrom ? (known[place.gateway] ?? []) : [];
}

/** The answer to a look-up that no attempt waits for. */
export function lookedUpLate(life: Life, id: number, answer: readonly IpAddress[] | Failure): Life {
  const refreshed = life.refreshing.find((one) => one.id === id);
  return refreshed ? withAnswer(life, id, refreshed, answer) : life;
}

function withAnswer(
  life: Life,
  id: number,
  { gateway, redirectedFrom }: Omit<Place, 'host'>,
  answer: readonly IpAddress[] | Failure,
): Life {
  const refreshing = life.refreshing.filter((one) => one.id !== id);
  const isOwn = isAddresses(answer) && !redirectedFrom;
  return { ...life, refreshing, known: isOwn ? { ...life.known, [gateway]: answer } : life.known };
}

function isAddresses(answer: readonly IpAddress[] | Failure): answer is readonly IpAddress[] {
  return Array.isArray(answer);
}
