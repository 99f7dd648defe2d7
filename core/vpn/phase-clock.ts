import type { Profile } from '../contract/profile.ts';
import type { ConnectionEvent, ConnectionPhase } from '../contract/snapshot.ts';
import type { VpnState } from './machine/state.ts';

/** Tells watchers which step of connecting begins, and keeps how long each took. */
export class PhaseClock {
  readonly timing: Partial<Record<ConnectionPhase, number>> = {};
  /** The address and port in use, once there is one. */
  gateway: string | undefined;
  readonly #profile: Profile;
  readonly #onEvent: (event: ConnectionEvent) => void;
  #current: { readonly phase: ConnectionPhase; readonly sinceMs: number } | undefined;
  #wasConnected = false;

  constructor(profile: Profile, onEvent: (event: ConnectionEvent) => void) {
    this.#profile = profile;
    this.#onEvent = onEvent;
  }

  get wasConnected(): boolean {
    return this.#wasConnected;
  }

  /** Call on every transition; `atMs` counts from the start of the connection. */
  note(state: VpnState, atMs: number): void {
    this.#wasConnected ||= state.name === 'connected';
    const phase = phaseOf(state);
    if (phase === this.#current?.phase) return;
    if (this.#current) {
      const { phase: ended, sinceMs } = this.#current;
      this.timing[ended] = (this.timing[ended] ?? 0) + atMs - sinceMs;
    }
    this.#current = phase && { phase, sinceMs: atMs };
    if (phase) this.#onEvent({ event: 'phase', atMs, phase, ...this.#details(phase) });
  }

  #details(phase: ConnectionPhase): { gateway?: string; method?: string } {
    if (phase === 'resolving') return { gateway: this.#profile.gateway.address };
    return {
      ...(this.gateway === undefined ? {} : { gateway: this.gateway }),
      ...(phase === 'auth' ? { method: this.#profile.user.method } : {}),
    };
  }
}

function phaseOf(state: VpnState): ConnectionPhase | undefined {
  switch (state.name) {
    case 'preparing':
      return 'resolving';
    case 'connecting':
      return state.phase;
    case 'configuring':
      return 'configuring';
    default:
      return undefined;
  }
}
