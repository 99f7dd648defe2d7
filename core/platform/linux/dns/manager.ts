import { failure, type Failure } from '../../../lib/failure.ts';
import type { Log, Millis } from '../../../lib/ports.ts';
import { err, ok, type Result } from '../../../lib/result.ts';
import { formatAddress, type IpAddress } from '../../../net/address.ts';
import type { ForwarderPlan } from '../../dns-forwarder/forwarder.ts';
import type { DnsManager, DnsPlan } from '../../ports.ts';
import { Ledger } from '../ledger.ts';
import type { JournalStore } from '../os.ts';
import { systemTimers, type Timers } from '../timers.ts';
import { Turns } from '../turns.ts';
import { arrange, planProblem, type DnsView } from './arrange.ts';
import { carryOut, isOurs, undo } from './carry-out.ts';
import type { DnsChange, DnsOs } from './os.ts';
import { dnsStepKey, readDnsJournal, sameDnsStep, writeDnsJournal, type DnsStep } from './steps.ts';

const DNS_PORT = 53;

/** When somebody else who writes what we write is given way to, and for how long. */
const CONTEST = { times: 5, withinMs: 10_000, pauseMs: 30_000 } as const;

/** Our forwarder, as the manager sees it. */
export interface RunningForwarder {
  /** Where it listens at its address; programs ask at 53. */
  readonly port: number;
  update(plan: ForwarderPlan): void;
  close(): Promise<void>;
}

export interface LinuxDnsOptions {
  readonly os: DnsOs;
  /** Where the forwarder listens when it is needed. */
  readonly address: IpAddress;
  /** Starts it. Fails with platform.dns-failed. */
  readonly forward: (
    address: IpAddress,
    device: string,
    plan: ForwarderPlan,
  ) => Promise<Result<RunningForwarder, Failure>>;
  readonly log: Log;
  readonly timers?: Timers;
}

/**
 * How names are looked up on a Linux machine. What there is (systemd-resolved, resolvconf(8), a plain file) is found out
 * each time. While a plan stands, it is made to stand again whenever something else changes what it changed: a DHCP
 * client that writes the file, a systemd-resolved that is started anew.
 */
export class LinuxDnsManager implements DnsManager {
  readonly #options: LinuxDnsOptions;
  readonly #timers: Timers;
  readonly #ledger: Ledger<DnsStep>;
  readonly #turns = new Turns();
  #plan: DnsPlan | undefined;
  #forwarder: RunningForwarder | undefined;
  #forwarderDevice = '';
  #endWatch: (() => void) | undefined;
  #cancelLater = (): void => undefined;
  /** When a plan was made to stand again. */
  #repeats: Millis[] = [];

  constructor(options: LinuxDnsOptions) {
    this.#options = options;
    this.#timers = options.timers ?? systemTimers;
    this.#ledger = this.#ledgerOf(options.os.journal);
  }

  /**
   * Makes the machine look names up as the plan says, whatever plan was there before. When that fails, everything is put
   * back. Fails with platform.dns-failed, tool-missing or already-running.
   */
  apply(plan: DnsPlan): Promise<Result<void, Failure>> {
    return this.#turns.take(() => this.#apply(plan, false));
  }

  clear(): Promise<Result<void, Failure>> {
    return this.#turns.take(() => this.#clear());
  }

  /**
   * Undoes what a process that is gone left behind, also before the machine was last started; true when there was
   * something. Fails with platform.already-running when the process still lives, this one included.
   */
  repairStale(): Promise<Result<boolean, Failure>> {
    return this.#turns.take(() => this.#repair());
  }

  /** Where is written what is changed. */
  get journal(): JournalStore {
    return this.#options.os.journal;
  }

  #ledgerOf(journal: JournalStore): Ledger<DnsStep> {
    const { os } = this.#options;
    return new Ledger<DnsStep>({
      journal,
      self: os.self,
      boot: os.boot,
      isAlive: (owner) => os.isAlive(owner),
      write: writeDnsJournal,
      read: readDnsJournal,
      key: dnsStepKey,
      keep: (held, wanted) => (sameDnsStep(held, wanted) ? held : undefined),
      carryOut: (additions, removals) => carryOut(os, additions, removals),
      undo: (steps) => undo(os, steps),
      journalFailure: (place, detail) =>
        failure('platform.dns-failed', { command: `journal ${place}`, detail }),
      alreadyRunning: ({ owner }) => failure('platform.already-running', { pid: owner.pid }),
    });
  }

  async #apply(plan: DnsPlan, again: boolean): Promise<Result<void, Failure>> {
    const problem = planProblem(plan);
    if (problem !== undefined)
      return err(failure('platform.dns-failed', { command: 'plan', detail: problem }));
    if (plan.servers.length === 0 && !plan.follows) return this.#clear();
    const settled = await this.#ledger.settle();
    if (!settled.ok) return settled;
    // What changes behind this is heard: anew each time, because links may lead elsewhere than before.
    const endWatch = this.#options.os.watch((what) => this.#changed(what));
    const done = await this.#arrange(plan, again);
    if (!done.ok) {
      endWatch();
      return this.#abandon(done.error);
    }
    this.#endWatch?.();
    this.#endWatch = endWatch;
    this.#plan = plan;
    return ok(undefined);
  }

  async #arrange(plan: DnsPlan, again: boolean): Promise<Result<void, Failure>> {
    let view: DnsView;
    try {
      view = await this.#view(plan.tun.name);
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      return err(failure('platform.dns-failed', { command: 'read /etc/resolv.conf', detail }));
    }
    const { governor, steps, forwarder } = arrange(plan, view, this.#options.address);
    if (governor === 'awaited') this.#options.log('warn', 'dns-resolved-away', {});
    else if (steps.length === 0) {
      return err(
        failure('platform.dns-failed', { command: plan.tun.name, detail: 'there is no such device' }),
      );
    }
    if (forwarder !== undefined) {
      // Before anybody is sent to it.
      const started = await this.#forward(plan, forwarder.formerServers);
      if (!started.ok) return started;
    }
    const applied = await this.#ledger.apply([...this.#detour(forwarder !== undefined), ...steps], again);
    if (applied.ok && forwarder === undefined) await this.#stopForwarder();
    return applied;
  }

  async #clear(): Promise<Result<void, Failure>> {
    this.#plan = undefined;
    this.#endWatch?.();
    this.#endWatch = undefined;
    this.#cancelLater();
    const cleared = await this.#ledger.clear();
    // A program that is sent to nobody fails more clearly than one that is sent to the wrong one.
    await this.#stopForwarder();
    return cleared;
  }

  /** Puts back what is there; the failure is why. */
  async #abandon(why: Failure): Promise<Result<void, Failure>> {
    const cleared = await this.#clear();
    if (cleared.ok || why.context['leftover'] !== undefined) return err(why);
    return err({ ...why, context: { ...why.context, leftover: cleared.error.context['detail'] } });
  }

  async #repair(): Promise<Result<boolean, Failure>> {
    const { os } = this.#options;
    let found = false;
    for (const journal of os.formerJournals()) {
      // Of another namespace, and somebody there minds it.
      if (!this.#isOfFormerBoot(journal)) continue;
      const repaired = await this.#ledgerOf(journal).repair();
      if (!repaired.ok) return repaired;
      found ||= repaired.value;
    }
    const repaired = await this.#ledger.repair();
    return repaired.ok ? ok(repaired.value || found) : repaired;
  }

  #isOfFormerBoot(journal: JournalStore): boolean {
    try {
      const read = readDnsJournal(journal.read() ?? '');
      return read.ok && read.value.boot !== this.#options.os.boot;
    } catch {
      return false;
    }
  }

  /** How names are looked up, as it would be without us. */
  async #view(device: string): Promise<DnsView> {
    const { os } = this.#options;
    const resolved = await os.resolved.present();
    return {
      resolvConf: this.#resolvConf(),
      resolved,
      stub: resolved === 'there' && (await os.resolved.stub()),
      resolvconf: os.resolvconf(),
      records: os.records(`tun.${device}`),
      uplinks: os.uplinks(),
      index: os.interfaceIndex(device),
    };
  }

  #resolvConf(): DnsView['resolvConf'] {
    const { resolvConf } = this.#options.os;
    const now = resolvConf.look();
    for (const step of this.#ledger.steps) {
      if (step.kind !== 'file' || step.path !== now.path || !isOurs(now.before, step)) continue;
      const { before, path } = step;
      if (before.kind === 'link') return { path, before, ...resolvConf.through(path, before.target) };
      return { path, before, leads: now.leads, text: before.kind === 'file' ? before.text : '' };
    }
    return now;
  }

  async #forward(plan: DnsPlan, formerServers: readonly IpAddress[]): Promise<Result<void, Failure>> {
    const { address, forward } = this.#options;
    const { tun, servers, searchDomains, fullTunnel } = plan;
    const asked = { servers, formerServers, matchDomains: plan.matchDomains, searchDomains, fullTunnel };
    if (this.#forwarder !== undefined && this.#forwarderDevice === tun.name) {
      this.#forwarder.update(asked);
      return ok(undefined);
    }
    await this.#stopForwarder();
    const started = await forward(address, tun.name, asked);
    if (!started.ok) return started;
    this.#forwarder = started.value;
    this.#forwarderDevice = tun.name;
    return ok(undefined);
  }

  /** Programs can be told of an address alone: what they ask at its usual port is led to ours. */
  #detour(isForwarded: boolean): DnsStep[] {
    const { port } = this.#forwarder ?? {};
    if (!isForwarded || port === undefined || port === DNS_PORT) return [];
    return [{ kind: 'detour', address: formatAddress(this.#options.address), port }];
  }

  async #stopForwarder(): Promise<void> {
    const forwarder = this.#forwarder;
    this.#forwarder = undefined;
    await forwarder?.close();
  }

  /** Somebody changed something; perhaps it was us, and then there is nothing to do. */
  #changed(what: DnsChange): void {
    void this.#turns.take(() => this.#repeat(what === 'began'));
  }

  #repeatLater(): void {
    this.#cancelLater();
    this.#cancelLater = this.#timers.after(
      CONTEST.pauseMs,
      () => void this.#turns.take(() => this.#repeat(true)),
    );
  }

  async #repeat(again: boolean): Promise<void> {
    const plan = this.#plan;
    if (plan === undefined) return;
    const before = this.#ledger.steps;
    const { log } = this.#options;
    if (this.#isContested()) {
      log('warn', 'dns-contested', { pauseMs: CONTEST.pauseMs });
      this.#repeatLater();
      return;
    }
    const applied = await this.#apply(plan, again);
    if (!applied.ok) {
      log('error', 'dns-lost', { code: applied.error.code, detail: String(applied.error.context['detail']) });
      this.#plan = plan;
      this.#repeatLater();
    } else if (again || this.#ledger.steps !== before) {
      this.#repeats.push(this.#timers.now());
      log('info', 'dns-applied-again', {});
    }
  }

  #isContested(): boolean {
    const since = this.#timers.now() - CONTEST.withinMs;
    this.#repeats = this.#repeats.filter((at) => at >= since);
    return this.#repeats.length >= CONTEST.times;
  }
}
