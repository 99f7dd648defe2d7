import type { Connect, RunningConnection } from './connect.ts';
import type { ParamsOutput } from '../contract/api.ts';
import type {
  DaemonApi,
  DiagnosticsBundle,
  DoctorFinding,
  LintProblem,
  PolicyExplanation,
  Status,
  ToldFailure,
} from '../contract/daemon-api.ts';
import { failure, type Failure } from '../lib/failure.ts';
import type { Log } from '../lib/ports.ts';
import { err, ok, type Result } from '../lib/result.ts';
import type { SecretBytes } from '../lib/secret.ts';
import type { Caller, Handlers, StreamSink } from '../rpc/handlers.ts';
import type { Automatic } from './automatic.ts';
import type { AskBeacon } from './machine-automatic.ts';
import { type Asked, explanationOf, type RouteOf } from './explanation.ts';
import type { Protector } from './protector.ts';
import { parseAddress } from '../net/address.ts';
import { lintPolicy, type PolicyProblem } from '../net/policy/lint.ts';
import { remoteSelectors } from '../vpn/ike-config.ts';
import { burdenOf, policyProblems } from '../vpn/policy-support.ts';
import { splitPolicyOf } from '../vpn/policy-rules.ts';
import { type Policy, policyWith } from '../contract/policy.ts';
import { type ConnectionRecord, newRecord, seenBy, withEvent } from './connection-status.ts';
import { diagnose } from './diagnostics/diagnose.ts';
import { Needs } from './needs.ts';
import type { ReadableLog } from './log-file.ts';
import type { ProfileStore } from './profile-store.ts';
import type { Programs } from './programs.ts';

export interface ServiceOptions {
  readonly version: string;
  readonly profiles: ProfileStore;
  readonly connect: Connect;
  readonly epoch: () => number;
  readonly after: (ms: number, callback: () => void) => () => void;
  /** Calls back when what is being done is done; at once without it. */
  readonly soon?: (callback: () => void) => void;
  readonly logFile: ReadableLog;
  /** What is on this machine because of us, and what is left of what is gone. */
  readonly doctor: Doctor;
  readonly protector: Protector;
  readonly programs: Programs;
  readonly routeOf: RouteOf;
  readonly lookUp: Asked['lookUp'];
  readonly automatic: Automatic;
  readonly askBeacon: AskBeacon;
  readonly log: Log;
}

export interface Doctor {
  examine(isRunning: boolean): Promise<DoctorFinding[]>;
  /** Only while no connection runs. */
  repair(): Promise<DoctorFinding[]>;
}

interface Running {
  readonly connection: RunningConnection;
  readonly needs: Needs;
  record: ConnectionRecord;
}

interface Watcher {
  readonly caller: Caller;
  readonly sink: StreamSink<Status>;
}

/** What the service does, apart from who asks for it and how: one connection at a time, and everybody's profiles. */
export class Service {
  readonly #options: ServiceOptions;
  readonly #watchers = new Set<Watcher>();
  readonly #lastFailures = new Map<number, ToldFailure>();
  #running: Running | undefined;
  #nextNeed = 1;
  #isEnding = false;
  #isTelling = false;

  constructor(options: ServiceOptions) {
    this.#options = options;
    options.protector.onChange = () => this.#tell();
  }

  /** Takes what was chosen before up again. */
  start(): void {
    this.#options.automatic.start({
      up: (uid, profile) => this.#up(profile, uid, undefined),
      down: () => this.#down(),
      running: () => {
        const record = this.#running?.record;
        return record && { uid: record.ownerUid, profile: record.profile.id };
      },
      onChange: () => this.#tell(),
    });
  }

  /** Ends the connection, if there is one, and takes no other. */
  async end(): Promise<void> {
    this.#isEnding = true;
    this.#options.automatic.end();
    await this.#down();
    for (const { sink } of this.#watchers) sink.end(failure('contract.disconnected'));
  }

  /** Nobody waits for anything that a connection does. */
  get isIdle(): boolean {
    return this.#running === undefined;
  }

  get handlers(): Handlers<DaemonApi> {
    const { profiles, logFile, doctor, protector, automatic, askBeacon } = this.#options;
    const reread = <T>(value: T): T => {
      automatic.reread();
      return value;
    };
    return {
      calls: {
        'connection.up': ({ profile }, caller, secret) => this.#upByHand(profile, caller, secret),
        'connection.down': (_params, caller) => {
          automatic.byHand('down', caller);
          return this.#down();
        },
        'need.answer': ({ need }, { uid }, secret) => this.#answer(need, uid, secret),
        'need.refuse': ({ need }) => this.#settled(this.#running?.needs.refuse(need)),
        'profile.list': (_params, { uid }) => ok(profiles.list(uid)),
        'profile.read': ({ profile }, { uid }) => this.#readProfile(profile, uid),
        'profile.write': ({ profile, contents }, { uid }) => reread(profiles.write(uid, profile, contents)),
        'profile.remove': ({ profile }, { uid }) => reread(profiles.remove(uid, profile)),
        'policy.read': ({ profile }, { uid }) => profiles.policy(uid, profile),
        'policy.fixed': ({ profile }, { uid }) => profiles.fixedPolicy(uid, profile),
        'policy.write': ({ profile, policy }, { uid }) => this.#writePolicy(uid, profile, policy),
        'policy.lint': ({ profile, policy }, { uid }) => this.#lint(uid, profile, policy),
        'policy.explain': (params, { uid }) => this.#explain(params, uid),
        'app.enter': ({ app }, caller) => this.#options.programs.enter(caller, app),
        'app.list': (_params, { uid }) => ok(this.#options.programs.list(uid)),
        'settings.read': () => ok(protector.settings),
        'settings.write': (settings) => protector.write(settings).then(reread),
        'automatic.choose': ({ profile }, { uid }) => automatic.choose(uid, profile),
        'beacon.ask': async ({ host, port }) => ok(await askBeacon(host, port)),
        'portal.open': ({ seconds }, { uid }) => protector.openHole(uid, seconds),
        'log.read': ({ lines, after }) => ok({ lines: logFile.tail(lines, after), end: logFile.end }),
        doctor: async () => ok(await doctor.examine(this.#running !== undefined)),
        diagnostics: async (_params, caller) => ok(await this.#diagnose(caller)),
        'doctor.repair': async () =>
          this.#running ? err(failure('platform.already-running')) : ok(await doctor.repair()),
      },
      streams: {
        status: (_params, caller, sink) => {
          const watcher = { caller, sink };
          this.#watchers.add(watcher);
          this.#show(watcher);
          automatic.clientCame(caller.uid);
          return () => this.#watchers.delete(watcher);
        },
        log: (_params, _caller, sink) => {
          const tell = (): void => sink.item({ end: logFile.end });
          tell();
          return logFile.watch(tell);
        },
      },
      ownerOf: (name) => {
        if (name.startsWith('automatic.')) return automatic.owner;
        return ['connection.', 'need.', 'portal.'].some((begin) => name.startsWith(begin))
          ? this.#running?.record.ownerUid
          : undefined;
      },
    };
  }

  /** Who asks for what is there already has it: it may have been made by itself, and wait for their answer. */
  #upByHand(id: string, caller: Caller, secret: SecretBytes | undefined): Result<null, Failure> {
    const { uid } = caller;
    const running = this.#running;
    const isThere = running?.record.ownerUid === uid && running.record.profile.id === id;
    const need = isThere ? running.needs.current : undefined;
    if (need && secret) running?.needs.answer(need.id, secret);
    const begun = isThere ? ok(null) : this.#up(id, uid, secret);
    if (begun.ok) this.#options.automatic.byHand('up', caller);
    return begun;
  }

  #up(id: string, uid: number, secret: SecretBytes | undefined): Result<null, Failure> {
    const { profiles, connect, epoch, after, log, protector } = this.#options;
    if (this.#isEnding) return err(failure('contract.disconnected'));
    if (this.#running)
      return err(failure('platform.already-running', { name: this.#running.record.profile.name }));
    const stored = profiles.read(uid, id);
    if (!stored.ok) return stored;
    const { profile } = stored.value;
    const policy = this.#usablePolicy(uid, id);
    if (!policy.ok) return policy;
    const { user, name } = profile;
    const person = 'username' in user ? { name, username: user.username } : { name };
    const ahead = secret ? { ahead: secret.copy() } : {};
    const needs = new Needs(
      { profile: person, epoch, after, onChange: () => this.#tell(), ...ahead },
      this.#nextNeed,
    );
    const connection = connect({
      profile,
      credentials: needs,
      log,
      policy: splitPolicyOf(policy.value),
      protection: protector.current,
      firewall: protector.firewall,
      onEvent: (event) => {
        if (this.#running?.connection !== connection) return;
        if (event.event === 'connected') needs.forgetAhead();
        const record = withEvent(this.#running.record, event);
        if (record === this.#running.record) return;
        this.#running.record = record;
        this.#tellSoon();
      },
    });
    this.#lastFailures.delete(uid);
    this.#running = { connection, needs, record: newRecord({ id, name }, uid, epoch()) };
    protector.follow(connection);
    log('info', 'connection-started', { uid, profile: id });
    void connection.done.then(() => this.#ended(connection));
    connection.start();
    this.#tell();
    return ok(null);
  }

  async #down(): Promise<Result<null, Failure>> {
    const running = this.#running;
    if (!running) return ok(null);
    running.needs.end();
    await running.connection.stop('orderly');
    this.#ended(running.connection);
    return ok(null);
  }

  #ended(connection: RunningConnection): void {
    const running = this.#running;
    if (running?.connection !== connection) return;
    running.needs.end();
    this.#nextNeed = running.needs.nextId;
    const { ownerUid, failure: why, profile, status } = running.record;
    if (why) this.#lastFailures.set(ownerUid, why);
    this.#running = undefined;
    this.#options.protector.release();
    this.#options.log('info', 'connection-ended', { uid: ownerUid, code: why?.code });
    this.#tell();
    const was = { uid: ownerUid, profile: profile.id };
    this.#options.automatic.ended(was, status.facts !== undefined, why?.code);
  }

  /** The user's policy; one that was written when more could be written is refused. */
  #usablePolicy(uid: number, id: string): Result<Policy, Failure> {
    const policy = this.#policyOf(uid, id);
    return policy.ok ? usable(policy.value, this.#options.programs) : policy;
  }

  /** The user's policy behind what IT fixed; with another in its place that may not be written yet. */
  #policyOf(uid: number, id: string, instead?: Policy): Result<Policy, Failure> {
    const { profiles } = this.#options;
    const own = instead ? ok(instead) : profiles.policy(uid, id);
    if (!own.ok) return own;
    const fixed = profiles.fixedPolicy(uid, id);
    return fixed.ok ? ok(policyWith(fixed.value, own.value)) : fixed;
  }

  /** For a connection that is up it holds at once; what it refuses is not written. */
  async #writePolicy(uid: number, id: string, written: Policy): Promise<Result<null, Failure>> {
    const { profiles } = this.#options;
    const profile = profiles.read(uid, id);
    if (!profile.ok) return profile;
    const whole = this.#policyOf(uid, id, written);
    const policy = whole.ok ? usable(whole.value, this.#options.programs) : whole;
    if (!policy.ok) return policy;
    const problem = await this.#connectionOf(uid, id)?.protect({ policy: splitPolicyOf(policy.value) });
    return problem ? err(problem) : profiles.writePolicy(uid, id, written);
  }

  #connectionOf(uid: number, id: string): RunningConnection | undefined {
    const record = this.#running?.record;
    return record?.ownerUid === uid && record.profile.id === id ? this.#running?.connection : undefined;
  }

  #lint(uid: number, id: string, written: Policy): Result<LintProblem[], Failure> {
    const stored = this.#options.profiles.read(uid, id);
    if (!stored.ok) return stored;
    const policy = bearable(this.#policyOf(uid, id, written), 'lint');
    if (!policy.ok) return policy;
    const { granted = remoteSelectors(stored.value.profile), subnets = [] } =
      this.#connectionOf(uid, id)?.tunnel ?? {};
    return ok(lintPolicy(splitPolicyOf(policy.value), { granted, subnets, names: [] }).map(toldProblem));
  }

  async #explain(
    { profile: id, policy: written, destination, protocol, port, app }: ExplainParams,
    uid: number,
  ): Promise<Result<PolicyExplanation, Failure>> {
    const { profiles, protector, routeOf, lookUp } = this.#options;
    const stored = profiles.read(uid, id);
    if (!stored.ok) return stored;
    const policy = bearable(this.#policyOf(uid, id, written), 'plan');
    if (!policy.ok) return policy;
    return explanationOf({
      profile: stored.value.profile,
      policy: policy.value,
      lan: protector.settings.lan,
      destination: parseAddress(destination) ?? destination,
      protocol,
      port,
      app,
      connection: this.#connectionOf(uid, id),
      routeOf,
      lookUp,
    });
  }

  /** Of the one who started it, and of no administrator: whoever logs in, it is with that user's name. */
  #answer(need: number, uid: number, secret: SecretBytes | undefined): Result<null, Failure> {
    const owner = this.#running?.record.ownerUid;
    if (owner !== undefined && owner !== uid) return err(failure('contract.denied', { call: 'need.answer' }));
    if (!secret) return err(failure('contract.invalid', { detail: 'need.answer without a secret' }));
    return this.#settled(this.#running?.needs.answer(need, secret));
  }

  /** An answer that comes too late is not a mistake of whoever gives it: what they see is the status. */
  #settled(isWaited: boolean | undefined): Result<null, Failure> {
    return isWaited ? ok(null) : err(failure('contract.too-late'));
  }

  /** A profile of the machine may hold a key that is no user's to see. */
  #readProfile(id: string, uid: number): Result<Record<string, unknown>, Failure> {
    const found = this.#options.profiles.read(uid, id);
    if (!found.ok) return found;
    const { contents } = found.value;
    return ok(id.startsWith('system.') ? withoutKey(contents) : { ...contents });
  }

  #tell(): void {
    this.#isTelling = false;
    for (const watcher of this.#watchers) this.#show(watcher);
  }

  /** Whoever connects does not wait for those who watch how it goes. */
  #tellSoon(): void {
    const { soon } = this.#options;
    if (!soon) return this.#tell();
    if (this.#isTelling) return;
    this.#isTelling = true;
    soon(() => {
      if (this.#isTelling) this.#tell();
    });
  }

  async #diagnose(caller: Caller): Promise<DiagnosticsBundle> {
    const { version, profiles, logFile, doctor, protector, epoch } = this.#options;
    return diagnose({
      caller,
      version,
      made: epoch(),
      status: this.#statusFor(caller),
      settings: protector.settings,
      findings: await doctor.examine(this.#running !== undefined),
      profiles,
      readLog: (lines) => logFile.tail(lines),
    });
  }

  #show({ caller, sink }: Watcher): void {
    sink.item(this.#statusFor(caller));
  }

  #statusFor(caller: Caller): Status {
    const running = this.#running;
    const lastFailure = this.#lastFailures.get(caller.uid);
    const automatic = this.#options.automatic.seenBy(caller);
    const { standing, settings, holeUntil } = this.#options.protector;
    const carries = ['connected', 'roaming'].includes(running?.record.status.state ?? '');
    return {
      version: this.#options.version,
      connection: running ? seenBy(running.record, running.needs.current, caller) : null,
      protection: {
        killSwitch: settings.killSwitch,
        blocked: standing === 'closed' && !carries,
        ...(holeUntil === undefined ? {} : { holeUntil }),
      },
      ...(automatic ? { automatic } : {}),
      ...(lastFailure ? { lastFailure } : {}),
    };
  }
}

type ExplainParams = ParamsOutput<DaemonApi['calls']['policy.explain']>;

/** Whoever only asks about a policy keeps nobody else waiting either. */
function bearable(policy: Result<Policy, Failure>, purpose: 'plan' | 'lint'): Result<Policy, Failure> {
  const problems = policy.ok ? burdenOf(policy.value, purpose) : [];
  return problems.length === 0 ? policy : err(failure('config.policy-unusable', { problems }));
}

function usable(policy: Policy, { areKnown }: Programs): Result<Policy, Failure> {
  const problems = policyProblems(policy, { programs: areKnown });
  return problems.length === 0 ? ok(policy) : err(failure('config.policy-unusable', { problems }));
}

function withoutKey(contents: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { user } = contents;
  if (typeof user !== 'object' || user === null || !('privateKey' in user)) return { ...contents };
  return { ...contents, user: { ...user, privateKey: '' } };
}

function toldProblem(problem: PolicyProblem): LintProblem {
  return 'by' in problem ? { ...problem, by: [...problem.by] } : problem;
}
