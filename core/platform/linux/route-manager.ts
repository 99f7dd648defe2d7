import { failure, type Failure } from '../../lib/failure.ts';
import { err, ok, type Result } from '../../lib/result.ts';
import type { NetworkPlan, RouteManager } from '../ports.ts';
import { carryOut, undo } from './carry-out.ts';
import { isDevice, readJournal, writeJournal, type Journal } from './journal.ts';
import type { LinuxOs } from './os.ts';
import { stepsOf } from './plan-steps.ts';
import { sameStep, stepKey, type Step } from './steps.ts';

/** How often a journal of somebody who is gone may be in the way. */
const ATTEMPTS = 3;

/**
 * Addresses, routes and rules of one tunnel on Linux. Each call runs after the one before it. At any moment the
 * journal holds at least what is different on the machine, so that a crash between any two commands can be
 * undone by the next process.
 */
export class LinuxRouteManager implements RouteManager {
  readonly #os: LinuxOs;
  /** What is, or may be, on the machine because of us; the journal says the same. */
  #steps: readonly Step[] = [];
  /** True when `steps` may be there only in part: an undoing was refused. */
  #torn = false;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(os: LinuxOs) {
    this.#os = os;
  }

  /**
   * Makes the machine as the plan says, whatever plan was there before. When that fails, everything is put
   * back, also what earlier plans did. Fails with platform.route-failed, address-failed, tun-failed,
   * tool-missing, or already-running.
   */
  apply(plan: NetworkPlan): Promise<Result<void, Failure>> {
    return this.#inTurn(() => this.#apply(plan));
  }

  clear(): Promise<Result<void, Failure>> {
    return this.#inTurn(() => this.#clear());
  }

  /**
   * Undoes what a process that is gone left behind; true when there was something. Fails with
   * platform.already-running when the process still lives, this one included.
   */
  repairStale(): Promise<Result<boolean, Failure>> {
    return this.#inTurn(() => this.#repair());
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(work);
    // A bug in one call must not keep the next, which may be the one that cleans up, from running.
    this.#queue = turn.catch(() => undefined);
    return turn;
  }

  async #apply(plan: NetworkPlan): Promise<Result<void, Failure>> {
    if (!isDevice(plan.tun.name)) {
      return err(failure('platform.tun-failed', { name: plan.tun.name, detail: 'not a name for a device' }));
    }
    if (this.#torn) {
      const cleared = await this.#clear();
      if (!cleared.ok) return cleared;
    }
    const target = stepsOf(plan, this.#os);
    const { next, additions, removals } = difference(this.#steps, target);
    if (additions.length === 0 && removals.length === 0) return ok(undefined);
    // From here on either state, or anything between, may be what a crash leaves.
    const written = await this.#write([...removals, ...next]);
    if (!written.ok) return written;
    const failed = await carryOut(this.#os, additions, removals);
    if (failed !== undefined) {
      this.#torn = true;
      const cleared = await this.#clear();
      return err(cleared.ok ? failed : withLeftovers(failed, cleared.error));
    }
    return removals.length === 0 ? ok(undefined) : this.#write(next);
  }

  async #clear(): Promise<Result<void, Failure>> {
    if (this.#steps.length === 0) return ok(undefined);
    this.#torn = true;
    const failed = await undo(this.#os, this.#steps);
    if (failed !== undefined) return err(failed);
    const removed = this.#journalled(() => this.#os.journal.remove());
    if (!removed.ok) return removed;
    this.#steps = [];
    this.#torn = false;
    return ok(undefined);
  }

  async #repair(): Promise<Result<boolean, Failure>> {
    if (this.#torn) {
      const cleared = await this.#clear();
      return cleared.ok ? ok(true) : cleared;
    }
    const found = this.#find();
    if (!found.ok) return found;
    const journal = found.value;
    if (journal === undefined) return ok(false);
    if (this.#os.isAlive(journal.owner)) return err(alreadyRunning(journal));
    const failed = await undo(this.#os, journal.steps);
    if (failed !== undefined) return err(failed);
    const removed = this.#journalled(() => this.#os.journal.remove());
    return removed.ok ? ok(true) : removed;
  }

  #find(): Result<Journal | undefined, Failure> {
    const text = this.#journalled(() => this.#os.journal.read());
    if (!text.ok) return text;
    if (text.value === undefined) return ok(undefined);
    const journal = readJournal(text.value);
    return journal.ok ? journal : err(this.#journalFailure(journal.error));
  }

  /** Puts the steps into the journal, and on the first time takes the journal for this process. */
  async #write(steps: readonly Step[]): Promise<Result<void, Failure>> {
    const text = writeJournal({ owner: this.#os.self, steps });
    if (this.#steps.length > 0) {
      const replaced = this.#journalled(() => this.#os.journal.replace(text));
      if (replaced.ok) this.#steps = steps;
      return replaced;
    }
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const created = this.#journalled(() => this.#os.journal.create(text));
      if (!created.ok) return created;
      if (created.value) {
        this.#steps = steps;
        return ok(undefined);
      }
      const repaired = await this.#repair();
      if (!repaired.ok) return repaired;
    }
    return err(this.#journalFailure('others keep taking it'));
  }

  #journalled<T>(access: () => T): Result<T, Failure> {
    try {
      return ok(access());
    } catch (error) {
      return err(this.#journalFailure(error instanceof Error ? error.message : String(error)));
    }
  }

  #journalFailure(detail: string): Failure {
    return failure('platform.route-failed', { command: `journal ${this.#os.journal.place}`, detail });
  }
}

function alreadyRunning(journal: Journal): Failure {
  const link = journal.steps.find((step) => step.kind === 'link');
  return failure('platform.already-running', { pid: journal.owner.pid, name: link?.device });
}

function withLeftovers(failed: Failure, leftover: Failure): Failure {
  return { ...failed, context: { ...failed.context, leftover: leftover.context['detail'] } };
}

/**
 * What leads from one list of steps to another. A step that changed is an addition alone: doing it replaces
 * what was there. A kernel parameter that we hold already keeps the value that it had before us. `next` are the
 * steps to undo afterwards, in the order of `target`.
 */
function difference(
  current: readonly Step[],
  target: readonly Step[],
): { readonly next: Step[]; readonly additions: Step[]; readonly removals: Step[] } {
  const now = new Map(current.map((step) => [stepKey(step), step]));
  const wanted = new Set(target.map(stepKey));
  const next: Step[] = [];
  const additions: Step[] = [];
  for (const step of target) {
    const held = now.get(stepKey(step));
    const stays = held !== undefined && (held.kind === 'parameter' || sameStep(held, step));
    next.push(stays ? held : step);
    if (!stays) additions.push(step);
  }
  return { next, additions, removals: current.filter((step) => !wanted.has(stepKey(step))) };
}
