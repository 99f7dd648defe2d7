import type { ConnectionStatus } from '../../core/contract/daemon-api.ts';
import type { AppState, GuiFailure } from '../../core/contract/gui-api.ts';

/** What the user must know although the window is not open. */
export type Notice =
  | { readonly kind: 'connected'; readonly profile: string }
  /** A connection that was up is lost, and is being made again. */
  | { readonly kind: 'lost'; readonly profile: string }
  | { readonly kind: 'failed'; readonly profile: string; readonly failure: GuiFailure }
  /** The service ended, and the connection with it. */
  | { readonly kind: 'service-gone'; readonly profile: string }
  /** Somebody has to type something. */
  | { readonly kind: 'asked'; readonly profile: string; readonly what: string }
  /** Nothing passes, and nobody asked for that just now. */
  | { readonly kind: 'blocked' };

/** Finds what is worth telling in the states of the app, one after the other. */
export class NoticeWatch {
  /** The last state in which it was known how the service is. */
  #last: AppState | undefined;
  #wasSevered = false;

  next(state: AppState): Notice[] {
    if (state.service.link === 'connecting') {
      this.#wasSevered = true;
      return [];
    }
    const [before, wasSevered] = [this.#last, this.#wasSevered];
    this.#last = state;
    this.#wasSevered = false;
    return before ? noticesBetween(before, state, wasSevered) : [];
  }
}

/**
 * What is worth interrupting somebody for: that they have to act, or that what they rely on has changed by itself. That
 * a connection ended because they said so is not. `wasSevered`: in between the service could not be heard.
 */
export function noticesBetween(before: AppState, after: AppState, wasSevered = false): Notice[] {
  const [was, is] = [before.status?.connection ?? null, after.status?.connection ?? null];
  const isGone = after.status === null || (wasSevered && was?.startedAt !== is?.startedAt);
  if (was && isYoursAndUp(was) && isGone) return [{ kind: 'service-gone', profile: was.profile.name }];
  return [...asked(was, is), ...changed(was, is), ...ended(before, after)];
}

type Connection = ConnectionStatus | null;

function asked(was: Connection, is: Connection): Notice[] {
  if (is?.isYours !== true || is.need === undefined || is.need.id === was?.need?.id) return [];
  return [{ kind: 'asked', profile: is.profile.name, what: is.need.what }];
}

function changed(was: Connection, is: Connection): Notice[] {
  if (is?.isYours !== true || was === null || carries(was) === carries(is)) return [];
  const { name: profile } = is.profile;
  if (is.state === 'connected') return [{ kind: 'connected', profile }];
  return carries(was) && is.state !== 'disconnecting' ? [{ kind: 'lost', profile }] : [];
}

function ended(before: AppState, after: AppState): Notice[] {
  const was = before.status?.connection;
  const why = after.status?.lastFailure;
  if (!was || !after.status || after.status.connection || !why) return [];
  if (JSON.stringify(why) === JSON.stringify(before.status?.lastFailure)) return [];
  const { code, context } = why;
  const failed = { kind: 'failed', profile: was.profile.name, failure: { code, context } } as const;
  return after.status.protection.blocked ? [failed, { kind: 'blocked' }] : [failed];
}

function isYoursAndUp(connection: ConnectionStatus): boolean {
  return connection.isYours && carries(connection);
}

function carries({ state }: ConnectionStatus): boolean {
  return state === 'connected' || state === 'roaming';
}
