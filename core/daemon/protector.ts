import type { MachineSettings } from '../contract/settings.ts';
import type { Failure } from '../lib/failure.ts';
import type { Log } from '../lib/ports.ts';
import { err, ok, type Result } from '../lib/result.ts';
import type { Firewall, FirewallPlan } from '../platform/ports.ts';
import { Turns } from '../platform/linux/turns.ts';
import { firewallPlanOf, NO_CONNECTION, type ProtectionSettings } from '../vpn/firewall-plan.ts';
import type { RunningConnection } from './connect.ts';
import type { SettingsStore } from './settings-store.ts';

export interface ProtectorOptions {
  readonly store: SettingsStore;
  readonly firewall: Firewall & { readonly forget: () => void };
  readonly after: (ms: number, callback: () => void) => () => void;
  readonly epoch: () => number;
  readonly log: Log;
}

interface Hole {
  readonly uid: number;
  readonly until: number;
  readonly cancel: () => void;
}

/**
 * The settings of the machine and the firewall that follows from them: with a connection it is the connection's to
 * keep, without one it is kept here.
 */
export class Protector {
  readonly firewall: Firewall;
  readonly #options: ProtectorOptions;
  #settings: MachineSettings = { killSwitch: 'off', lan: true };
  #hole: Hole | undefined;
  #running: RunningConnection | undefined;
  /** Settings that are written one after the other: what is put back is what was before, and not before that. */
  readonly #turns = new Turns();
  /** What stands, as far as this process knows. */
  #standing: FirewallPlan | undefined;
  /** Something in what `status` says is different. */
  onChange: () => void = () => undefined;

  constructor(options: ProtectorOptions) {
    const { firewall } = options;
    this.#options = options;
    const noted =
      (plan: FirewallPlan | undefined) =>
      (done: Result<void, Failure>): Result<void, Failure> => {
        if (done.ok) this.#standing = plan;
        this.onChange();
        return done;
      };
    this.firewall = {
      apply: (plan) => firewall.apply(plan).then(noted(plan)),
      clear: () => firewall.clear().then(noted(undefined)),
    };
  }

  get settings(): MachineSettings {
    return this.#settings;
  }

  /** As a connection takes them. */
  get current(): ProtectionSettings {
    const { killSwitch, lan } = this.#settings;
    return { killSwitch, lan, ...(this.#hole ? { hole: { uid: this.#hole.uid } } : {}) };
  }

  /** Whether rules of ours stand, and whether nothing else passes. */
  get standing(): 'none' | 'open' | 'closed' {
    return this.#standing?.stance ?? 'none';
  }

  get holeUntil(): number | undefined {
    return this.#hole?.until;
  }

  /**
   * Puts what the settings want in place of whatever a process before left, in one step. Settings that cannot be read
   * may have been those of a machine that is to be closed: then it is.
   */
  async start(): Promise<void> {
    const read = this.#options.store.read();
    if (read.ok) this.#settings = read.value;
    else {
      this.#settings = { killSwitch: 'always', lan: true };
      this.#options.log('error', 'settings-unreadable', { detail: String(read.error.context['detail']) });
    }
    const problem = await this.restore();
    if (problem) this.#options.log('error', 'no-firewall', { code: problem.code });
  }

  /** Makes the firewall as it has to be without a connection; `anew`: also when nobody here knows that it is not. */
  async restore(anew = false): Promise<Failure | undefined> {
    if (anew) this.#options.firewall.forget();
    const plan = firewallPlanOf(NO_CONNECTION, this.current);
    const done = await (plan ? this.firewall.apply(plan) : this.firewall.clear());
    return done.ok ? undefined : done.error;
  }

  /** From now on the firewall is the connection's; until `release`. */
  follow(running: RunningConnection): void {
    this.#running = running;
  }

  /** The connection is gone, and has left the firewall as the settings were when it ended. */
  release(): void {
    this.#running = undefined;
    if (this.#settings.killSwitch !== 'always') this.#close();
    this.#spread();
  }

  write(settings: MachineSettings): Promise<Result<null, Failure>> {
    return this.#turns.take(() => this.#write(settings));
  }

  async #write(settings: MachineSettings): Promise<Result<null, Failure>> {
    const before = this.#settings;
    this.#settings = settings;
    const problem = await this.#apply();
    const written = problem ? err(problem) : this.#options.store.write(settings);
    if (written.ok) return written;
    this.#settings = before;
    await this.#apply();
    return written;
  }

  /** Lets this user reach a portal for so long. When that is over, on the wall clock. */
  async openHole(uid: number, seconds: number): Promise<Result<{ readonly until: number }, Failure>> {
    const { after, epoch } = this.#options;
    this.#hole?.cancel();
    const until = epoch() + seconds * 1000;
    const cancel = after(seconds * 1000, () => {
      this.#close();
      this.#spread();
    });
    const hole = { uid, until, cancel };
    this.#hole = hole;
    const problem = await this.#apply();
    if (!problem) return ok({ until });
    // Nobody expects it to open later.
    if (this.#hole === hole) this.#close();
    return err(problem);
  }

  #close(): void {
    this.#hole?.cancel();
    this.#hole = undefined;
  }

  #spread(): void {
    void this.#apply().then((problem) => {
      if (problem) this.#options.log('error', 'no-firewall', { code: problem.code });
    });
  }

  async #apply(): Promise<Failure | undefined> {
    const problem = await (this.#running
      ? this.#running.protect({ settings: this.current })
      : this.restore());
    this.onChange();
    return problem;
  }
}
