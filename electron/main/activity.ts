import type { ActivityEntry } from '../../core/contract/gui-api.ts';
import type { DaemonView } from './daemon-link.ts';

const MAX_ENTRIES = 500;

/** What happened between two reports of the service, newest last. */
export function activityBetween(before: DaemonView, after: DaemonView, at: number): ActivityEntry[] {
  const entries: ActivityEntry[] = [];
  if (before.link !== after.link && after.link !== 'connecting')
    entries.push({ at, kind: 'service', what: after.link });
  const [was, is] = [before.status?.connection, after.status?.connection];
  const profile = is?.profile.name ?? was?.profile.name;
  const of = profile === undefined ? {} : { profile };
  if (is && (is.state !== was?.state || is.startedAt !== was.startedAt)) {
    const path = is.facts ? `${is.facts.gateway.host} (${is.facts.gateway.address})` : undefined;
    const { cause } = is;
    const begun = { at, what: is.state, ...of };
    if (is.state === 'connected')
      entries.push({ ...begun, kind: 'connected', ...(path === undefined ? {} : { detail: path }) });
    else
      entries.push({
        ...begun,
        kind: 'state',
        ...(cause ? { cause: { code: cause.code, context: cause.context } } : {}),
      });
  }
  for (const warning of is?.warnings ?? []) {
    if (was?.warnings.some(({ code, message }) => code === warning.code && message === warning.message))
      continue;
    entries.push({ at, kind: 'warning', what: warning.code, warning, ...of });
  }
  // A service that is gone has taken its connection with it.
  if (was && !is) entries.unshift(endOf(before, after, at, of));
  return entries;
}

function endOf(
  before: DaemonView,
  after: DaemonView,
  at: number,
  of: { readonly profile?: string },
): ActivityEntry {
  const why = after.status?.lastFailure;
  const isNew = why !== undefined && JSON.stringify(why) !== JSON.stringify(before.status?.lastFailure);
  return isNew
    ? { at, kind: 'failure', what: why.code, failure: why, ...of }
    : { at, kind: 'ended', what: 'ended', ...of };
}

/** Both, the newest of them. */
export function withActivity(
  entries: readonly ActivityEntry[],
  more: readonly ActivityEntry[],
): readonly ActivityEntry[] {
  return more.length === 0 ? entries : [...entries, ...more].slice(-MAX_ENTRIES);
}
