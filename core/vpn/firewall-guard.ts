import type { Failure } from '../lib/failure.ts';
import type { Firewall } from '../platform/ports.ts';
import { bug } from './faults.ts';
import { firewallPlanOf, type ProtectionSettings, type Stage } from './firewall-plan.ts';

/**
 * Keeps the host's firewall as the stage of a connection and the settings want it. Where they want none, and never
 * wanted one, the firewall is not touched.
 */
export class FirewallGuard {
  readonly #firewall: Firewall | undefined;
  #settings: ProtectionSettings;
  #stage: Stage | undefined;
  /** It may stand because of us. */
  #stands = false;
  #done: Promise<Failure | undefined> = Promise.resolve(undefined);

  constructor(firewall: Firewall | undefined, settings: ProtectionSettings) {
    this.#firewall = firewall;
    this.#settings = settings;
  }

  get settings(): ProtectionSettings {
    return this.#settings;
  }

  /** Whether there is a firewall that can be asked for anything. */
  get isThere(): boolean {
    return this.#firewall !== undefined;
  }

  /** The settings alone; what follows from them comes with the next stage. */
  set(settings: ProtectionSettings): void {
    this.#settings = settings;
    this.#stage = undefined;
  }

  /** Resolves when the firewall is as it must be in this stage; the failure is why it is as before. */
  note(stage: Stage): Promise<Failure | undefined> {
    if (this.#firewall && !(this.#stage && sameStage(this.#stage, stage))) {
      this.#stage = stage;
      this.#done = this.#make(this.#firewall, stage);
    }
    return this.#done;
  }

  /** Resolves when the firewall is as the last stage wants it. */
  get done(): Promise<Failure | undefined> {
    return this.#done;
  }

  async #make(firewall: Firewall, stage: Stage): Promise<Failure | undefined> {
    try {
      const plan = firewallPlanOf(stage, this.#settings);
      if (!plan && !this.#stands) return undefined;
      this.#stands = true;
      const made = await (plan ? firewall.apply(plan) : firewall.clear());
      return made.ok ? undefined : made.error;
    } catch (error) {
      return bug(error);
    }
  }
}

/** Parts are made once and passed on: what is not the same object may be another. */
function sameStage(a: Stage, b: Stage): boolean {
  return (
    a.isWanted === b.isWanted &&
    a.tunnel === b.tunnel &&
    a.carries === b.carries &&
    a.looksUp === b.looksUp &&
    a.before === b.before
  );
}
