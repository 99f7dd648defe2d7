import type { AppState } from '../../core/contract/gui-api.ts';

/** What the user must know although the window is not open. */
export type Notice =
  | { readonly kind: 'connected'; readonly profile: string }
  /** A connection that was up is lost, and is being made again. */
  | { readonly kind: 'lost'; readonly profile: string }
  | { readonly kind: 'failed'; readonly profile: string; readonly code: string }
  /** Somebody has to type something. */
  | { readonly kind: 'asked'; readonly profile: string; readonly what: string }
  /** Nothing passes, and nobody asked for that just now. */
  | { readonly kind: 'blocked' };

/**
 * What is worth interrupting somebody for: that they have to act, or that what they rely on has changed by itself. That
 * a connection ended because they said so is not.
 */
export function noticesBetween(before: AppState, after: AppState): Notice[] {
  const [was, is] = [before.status?.connection ?? null, after.status?.connection ?? null];
  const notices: Notice[] = [];
  if (is?.isYours === true && is.need !== undefined && is.need.id !== was?.need?.id)
    notices.push({ kind: 'asked', profile: is.profile.name, what: is.need.what });
  if (is?.isYours === true && was !== null && carried(was.state) !== carried(is.state)) {
    const { name: profile } = is.profile;
    if (is.state === 'connected') notices.push({ kind: 'connected', profile });
    else if (carried(was.state) && is.state !== 'disconnecting') notices.push({ kind: 'lost', profile });
  }
  if (was && !is && after.status) {
    const why = after.status.lastFailure;
    const isNew = why !== undefined && JSON.stringify(why) !== JSON.stringify(before.status?.lastFailure);
    if (isNew) notices.push({ kind: 'failed', profile: was.profile.name, code: why.code });
    if (isNew && after.status.protection.blocked) notices.push({ kind: 'blocked' });
  }
  return notices;
}

function carried(state: string): boolean {
  return state === 'connected' || state === 'roaming';
}
