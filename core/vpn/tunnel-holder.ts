import type { Profile } from '../contract/profile.ts';
import type { Failure } from '../lib/failure.ts';
import { wipeChild } from '../ike/events.ts';
import type { SaLimits } from '../ipsec/lifetime.ts';
import type { Established } from './carrier.ts';
import type { Demand } from './demand.ts';
import type { ConnectionPorts } from './ports.ts';
import type { SessionDriver } from './session-driver.ts';
import type { Selector } from '../net/selector.ts';
import { Tunnel, type TunnelOptions } from './tunnel.ts';
import type { TunnelNames } from './tunnel-names.ts';
import type { TunnelShaper } from './tunnel-plan.ts';

export interface TunnelHolderOptions {
  readonly profile: Profile;
  readonly ports: ConnectionPorts;
  readonly onBroken: (failure: Failure) => void;
  readonly keyLog?: (line: string) => void;
  readonly shaper: TunnelShaper;
  readonly names: TunnelNames;
  readonly demand?: Demand;
}

/** The only tunnel of a connection: made for its first session, given on to each later one, never two. */
export class TunnelHolder {
  readonly #options: TunnelHolderOptions;
  /** Everything that is done to the tunnel, one after the other; undefined while nothing is. */
  #turn: Promise<unknown> | undefined;
  #tunnel: Tunnel | undefined;
  /** The session that it is for. */
  #owner: number | undefined;

  constructor(options: TunnelHolderOptions) {
    this.#options = options;
  }

  /** Undefined until its first session is carried. Stays readable when it is closed. */
  get tunnel(): Tunnel | undefined {
    return this.#tunnel;
  }

  /** The failure is why it cannot carry this session. The keys in `established` are the tunnel's. */
  carry(
    id: number,
    session: SessionDriver,
    established: Established,
    isWanted: () => boolean,
  ): Promise<Failure | undefined> {
    return this.#inTurn(async () => {
      if (this.#tunnel && isWanted()) {
        this.#owner = id;
        return this.#tunnel.adopt(session, established);
      }
      if (this.#tunnel) {
        wipeChild(established.child);
        return undefined;
      }
      this.#owner = id;
      const opened = await Tunnel.open({ ...this.#tunnelOptions(), established, session, isWanted });
      if (!opened.ok) return opened.error;
      this.#tunnel = opened.value;
      return undefined;
    });
  }

  /** The tunnel without a session, as if a gateway took `remote`. The failure is why there is none. */
  arm(remote: readonly Selector[], isWanted: () => boolean): Promise<Failure | undefined> {
    return this.#inTurn(async () => {
      if (!isWanted()) return undefined;
      const armed = await Tunnel.arm(this.#tunnelOptions(), remote);
      if (!armed.ok) return armed.error;
      this.#tunnel = armed.value;
      return undefined;
    });
  }

  #tunnelOptions(): TunnelOptions {
    const { profile, ports, onBroken, shaper, names, keyLog, demand } = this.#options;
    const limits = limitsOf(profile);
    return {
      profile,
      ports,
      onBroken,
      shaper,
      names,
      ...(limits ? { limits } : {}),
      ...(keyLog ? { keyLog } : {}),
      ...(demand ? { demand } : {}),
    };
  }

  /** Nobody carries any more until there is another session. */
  rest(): void {
    this.#owner = undefined;
    this.#tunnel?.suspend();
  }

  /** A session is gone: if it was the one that carried, nothing does until there is another. */
  forsake(id: number): void {
    if (this.#owner !== id) return;
    this.#owner = undefined;
    this.#tunnel?.suspend();
  }

  /** What belongs into the tunnel is asked for anew. */
  reshape(): Promise<Failure | undefined> {
    return this.#inTurn(() => this.#tunnel?.reshape() ?? Promise.resolve(undefined));
  }

  /** Undoes everything; the failure is what could not be undone. */
  close(): Promise<Failure | undefined> {
    return this.#inTurn(() => this.#tunnel?.close() ?? Promise.resolve(undefined));
  }

  /** At once if it can be: packets through new SAs may be right behind the message that made them. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn ? this.#turn.then(work) : work();
    const over: Promise<unknown> = turn
      .catch(() => undefined)
      .finally(() => {
        if (this.#turn === over) this.#turn = undefined;
      });
    this.#turn = over;
    return turn;
  }
}

/** A little more may pass while the new keys are agreed on; far more only without a gateway that agrees. */
const HARD_SHARE = 1.2;

function limitsOf({ rekey }: Profile): SaLimits | undefined {
  if (rekey.megabytes === undefined) return undefined;
  const softOctets = rekey.megabytes * 1_000_000;
  return { softOctets, hardOctets: softOctets * HARD_SHARE };
}
