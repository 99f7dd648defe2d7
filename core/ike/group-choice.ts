import type { NotifyPayload } from '../wire/payloads/notify.ts';

/** The group of a key exchange value, and how often the other end had another one instead. */
export interface GroupChoice {
  readonly current: number;
  readonly changes: number;
}

/** Changes that we follow before we take them for a loop. */
const MAX_CHANGES = 2;

/**
 * The group that INVALID_KE_PAYLOAD asks for (RFC 7296 section 1.3), when we offered it and did not just use it.
 * Otherwise undefined: there is no agreement.
 */
export function nextGroup(
  choice: GroupChoice,
  { data }: NotifyPayload,
  offered: readonly number[],
): GroupChoice | undefined {
  const wanted = ((data[0] ?? 0) << 8) | (data[1] ?? 0);
  if (data.length !== 2 || wanted === choice.current || !offered.includes(wanted)) return undefined;
  const changes = choice.changes + 1;
  return changes > MAX_CHANGES ? undefined : { current: wanted, changes };
}
