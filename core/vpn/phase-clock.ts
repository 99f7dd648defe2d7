import type { Profile } from '../contract/profile.ts';
import { type ConnectionEvent, type ConnectionPhase, PHASES } from '../contract/snapshot.ts';
import { formatEndpoint } from '../net/address.ts';
import { gatewaysOf } from './ike-config.ts';
import type { VpnState } from './machine/state.ts';

/** Tells watchers which step of connecting begins, and keeps how long each took. */
export class PhaseClock {
  readonly timing: Partial<Record<ConnectionPhase, number>> = {};
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
    // What comes is another connection.
    if (state.name === 'on-demand') for (const each of PHASES) Reflect.deleteProperty(this.timing, each);
    const phase = phaseOf(state);
    if (phase === this.#current?.phase) return;
    if (this.#current) {
      const { phase: ended, sinceMs } = this.#current;
      this.timing[ended] = (this.timing[ended] ?? 0) + atMs - sinceMs;
    }
    this.#current = phase && { phase, sinceMs: atMs };
    if (phase) this.#onEvent({ event: 'phase', atMs, phase, ...this.#details(state) });
  }

  #details(state: VpnState): { gateway?: string; method?: string } {
    const { gateway, user } = this.#profile;
    if (state.name === 'preparing') return { gateway: gateway.address };
    if (state.name !== 'connecting') return {};
    const { winner, racers } = state.attempt;
    const target = winner?.target ?? racers[0]?.target;
    const at = target && gatewaysOf(this.#profile)[target.gateway];
    if (!at) return {};
    const { address } = target;
    return winner
      ? { gateway: formatEndpoint({ address, port: at.natPort }), method: user.method }
      : { gateway: formatEndpoint({ address, port: at.ikePort }) };
  }
}

function phaseOf(state: VpnState): ConnectionPhase | undefined {
  switch (state.name) {
    case 'preparing':
      return 'resolving';
    case 'connecting':
      return state.attempt.winner ? 'auth' : 'init';
    case 'configuring':
      return 'configuring';
    default:
      return undefined;
  }
}
