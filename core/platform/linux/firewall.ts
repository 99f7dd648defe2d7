import { failure, type Failure } from '../../lib/failure.ts';
import { err, ok, type Result } from '../../lib/result.ts';
import type { Firewall, FirewallPlan } from '../ports.ts';
import { firewallScript, NO_FIREWALL } from './firewall-script.ts';
import type { LinuxOs } from './os.ts';

/**
 * The firewall of Linux: one nftables table of ours, replaced in one transaction, so that there is no moment with half
 * of it. Nothing of it needs a journal: the table's name says whose it is, and taking it away undoes everything. It
 * outlives this process on purpose: what was closed stays closed while the service is being restarted.
 */
export class LinuxFirewall implements Firewall {
  readonly #os: Pick<LinuxOs, 'run'>;
  /** The script that stands; undefined when nobody here knows. */
  #standing: string | undefined;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(os: Pick<LinuxOs, 'run'>) {
    this.#os = os;
  }

  /** Fails with platform.firewall-failed or tool-missing; what stood before then still stands. */
  apply(plan: FirewallPlan): Promise<Result<void, Failure>> {
    return this.#load(firewallScript(plan));
  }

  clear(): Promise<Result<void, Failure>> {
    return this.#load(NO_FIREWALL);
  }

  /** Somebody else may have changed what stands: the next call makes it anew. */
  forget(): void {
    this.#standing = undefined;
  }

  #load(script: string): Promise<Result<void, Failure>> {
    const turn = this.#queue.then(() => this.#run(script));
    this.#queue = turn.catch(() => undefined);
    return turn;
  }

  async #run(script: string): Promise<Result<void, Failure>> {
    if (script === this.#standing) return ok(undefined);
    const done = await this.#os.run('nft', ['-f', '-'], script);
    if (!done.ok) return done;
    if (done.value.status !== 0) {
      const detail = done.value.stderr.split('\n')[0]?.trim() ?? '';
      return err(failure('platform.firewall-failed', { detail }));
    }
    this.#standing = script;
    return ok(undefined);
  }
}
