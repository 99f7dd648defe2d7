import { sentence, toldContext } from '../contract/failure-text.ts';
import type { ConnectionEvent, StateEvent } from '../contract/snapshot.ts';
import type { Millis } from '../lib/ports.ts';
import type { VpnState } from './machine/state.ts';

/** Tells watchers the state whenever there is something new to say about it. */
export class StateReport {
  readonly #onEvent: (event: ConnectionEvent) => void;
  readonly #startedAt: Millis;
  #last = '';

  /** `startedAt`: what the times of events count from. */
  constructor(startedAt: Millis, onEvent: (event: ConnectionEvent) => void) {
    this.#startedAt = startedAt;
    this.#onEvent = onEvent;
  }

  /** Call on every transition. */
  note(state: VpnState, now: Millis): void {
    const said = this.#describe(state);
    if (!said) return;
    const key = JSON.stringify(said);
    if (key === this.#last) return;
    this.#last = key;
    this.#onEvent({ event: 'state', atMs: now - this.#startedAt, ...said });
  }

  #describe(state: VpnState): Omit<StateEvent, 'event' | 'atMs'> | undefined {
    switch (state.name) {
      case 'disconnected':
      case 'ended':
        return undefined;
      case 'on-demand': {
        const { trouble } = state.life;
        if (!trouble) return { state: 'on-demand' };
        const { cause, tries, notBefore } = trouble;
        const retryAtMs = notBefore - this.#startedAt;
        return { state: 'on-demand', attempt: tries, retryAtMs, cause: causeOf(cause) };
      }
      case 'roaming':
        return { state: 'roaming', doubt: state.current.silent ? 'checking' : 'moving' };
      case 'reconnecting': {
        const { tries, retryAt, cause } = state.outage;
        return {
          state: 'reconnecting',
          attempt: tries,
          ...(retryAt === undefined || state.attempt ? {} : { retryAtMs: retryAt - this.#startedAt }),
          cause: causeOf(cause),
        };
      }
      case 'waiting-for-network':
        return { state: 'waiting-for-network', cause: causeOf(state.outage.cause) };
      case 'disconnecting':
        return {
          state: 'disconnecting',
          ...(state.after.kind === 'failed' ? { cause: causeOf(state.after.failure) } : {}),
        };
      default:
        return { state: state.name };
    }
  }
}

function causeOf(failure: Parameters<typeof sentence>[0]): NonNullable<StateEvent['cause']> {
  const { title, why } = sentence(failure);
  return { code: failure.code, title, why, context: toldContext(failure) };
}
