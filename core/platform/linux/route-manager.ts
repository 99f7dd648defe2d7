import { failure, type Failure } from '../../lib/failure.ts';
import { err, type Result } from '../../lib/result.ts';
import type { NetworkPlan, RouteManager } from '../ports.ts';
import { carryOut, undo } from './carry-out.ts';
import { isDevice, readJournal, writeJournal } from './journal.ts';
import { Ledger } from './ledger.ts';
import type { LinuxOs } from './os.ts';
import { stepsOf } from './plan-steps.ts';
import { sameStep, stepKey, type Step } from './steps.ts';
import { Turns } from './turns.ts';

/**
 * Addresses, routes and rules of one tunnel on Linux. Each call runs after the one before it. At any moment the
 * journal holds at least what is different on the machine, so that a crash between any two commands can be
 * undone by the next process.
 */
export class LinuxRouteManager implements RouteManager {
  readonly #os: LinuxOs;
  readonly #ledger: Ledger<Step>;
  readonly #turns = new Turns();

  constructor(os: LinuxOs) {
    this.#os = os;
    this.#ledger = new Ledger<Step>({
      journal: os.journal,
      self: os.self,
      isAlive: (owner) => os.isAlive(owner),
      write: writeJournal,
      read: readJournal,
      key: stepKey,
      // A kernel parameter that we hold already keeps the value that it had before us.
      keep: (held, wanted) => (held.kind === 'parameter' || sameStep(held, wanted) ? held : undefined),
      carryOut: (additions, removals) => carryOut(os, additions, removals),
      undo: (steps) => undo(os, steps),
      journalFailure: (place, detail) =>
        failure('platform.route-failed', { command: `journal ${place}`, detail }),
      alreadyRunning: ({ owner, steps }) => {
        const link = steps.find((step) => step.kind === 'link');
        return failure('platform.already-running', { pid: owner.pid, name: link?.device });
      },
    });
  }

  /**
   * Makes the machine as the plan says, whatever plan was there before. When that fails, everything is put
   * back, also what earlier plans did. Fails with platform.route-failed, address-failed, tun-failed,
   * tool-missing, or already-running.
   */
  async apply(plan: NetworkPlan): Promise<Result<void, Failure>> {
    const { name } = plan.tun;
    if (!isDevice(name)) {
      return err(failure('platform.tun-failed', { name, detail: 'not a name for a device' }));
    }
    return this.#turns.take(async () => {
      const settled = await this.#ledger.settle();
      return settled.ok ? this.#ledger.apply(stepsOf(plan, this.#os)) : settled;
    });
  }

  clear(): Promise<Result<void, Failure>> {
    return this.#turns.take(() => this.#ledger.clear());
  }

  /**
   * Undoes what a process that is gone left behind; true when there was something. Fails with
   * platform.already-running when the process still lives, this one included.
   */
  repairStale(): Promise<Result<boolean, Failure>> {
    return this.#turns.take(() => this.#ledger.repair());
  }
}
