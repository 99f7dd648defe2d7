import type {
  ActivityEntry,
  AppSettings,
  AppState,
  Conversion,
  Proposal,
} from '../../core/contract/gui-api.ts';
import { LANGUAGES } from '../../core/contract/gui-api.ts';
import type { Need } from '../../core/contract/daemon-api.ts';
import { failure, type Failure } from '../../core/lib/failure.ts';
import { err, ok, type Result } from '../../core/lib/result.ts';
import { SecretBytes } from '../../core/lib/secret.ts';
import { activityBetween, withActivity } from './activity.ts';
import type { AppFiles, Kept } from './app-files.ts';
import type { GuiHandlers } from './bridge.ts';
import type { CredentialRef, CredentialStore } from './credential-store.ts';
import type { DaemonLink, DaemonView } from './daemon-link.ts';
import type { Importer } from './importer.ts';

/** What the controller needs of the desktop. */
export interface Desktop {
  /** What the person chose to open: its name and its octets; undefined when nothing. */
  chooseFile(): Promise<{ readonly name: string; readonly contents: Uint8Array } | undefined>;
  /** False when the person chose no place. Rejects when it cannot be written. */
  saveText(kind: 'profile' | 'report', name: string, text: string): Promise<boolean>;
  setLaunchAtLogin(isWanted: boolean): void;
  readonly locale: string;
  readonly platform: string;
  readonly hasTray: () => boolean;
}

export interface ControllerOptions {
  readonly version: string;
  readonly link: DaemonLink;
  readonly credentials: CredentialStore;
  readonly files: AppFiles;
  readonly desktop: Desktop;
  readonly importer: Importer;
  readonly epoch: () => number;
  readonly onState: (state: AppState, before: AppState) => void;
}

/** An answer that goes to the keychain when it turns out to be right. */
interface Pending {
  readonly ref: CredentialRef;
  readonly secret: SecretBytes;
}

/** Everything that the app does for a person, apart from how it looks: the state, and the verbs of the bridge. */
export class AppController {
  readonly #options: ControllerOptions;
  #kept: Kept;
  #view: DaemonView;
  #activity: readonly ActivityEntry[] = [];
  #proposal: Proposal | null = null;
  #state: AppState;
  #pending: Pending | undefined;
  /** The need that the keychain was asked for. */
  #answered = 0;
  #report: string | undefined;

  constructor(options: ControllerOptions) {
    this.#options = options;
    this.#kept = options.files.read();
    this.#view = options.link.view;
    this.#state = this.#make();
  }

  get state(): AppState {
    return this.#state;
  }

  /** The service has something to say. */
  follow(view: DaemonView): void {
    const before = this.#view;
    this.#view = view;
    const { epoch } = this.#options;
    this.#activity = withActivity(this.#activity, activityBetween(before, view, epoch()));
    this.tell();
    const need = view.status?.connection?.need;
    if (need) void this.#fromKeychain(need);
    this.#settleSecret(view);
  }

  /** Tells the state anew where it is another. */
  tell(): void {
    const before = this.#state;
    this.#state = this.#make();
    this.#options.onState(this.#state, before);
  }

  /** A file or a link that the desktop handed to the app: nothing is done with it before the person says so. */
  propose(name: string, contents: Uint8Array): void {
    const made = this.#options.importer.convert({ source: name, contents });
    if (made.kind !== 'proposal') return;
    this.#proposal = made.proposal;
    this.tell();
  }

  get handlers(): GuiHandlers {
    const { link } = this.#options;
    return {
      connect: ({ profile }) => link.call('connection.up', { profile }),
      disconnect: () => link.call('connection.down', {}),
      answerNeed: (params) => this.#answer(params),
      refuseNeed: (params) => link.call('need.refuse', params),
      forgetSecret: ({ profile }) => this.#forget(profile),
      readProfile: (params) => link.call('profile.read', params),
      writeProfile: (params) => this.#thenRefresh(link.call('profile.write', params)),
      removeProfile: async ({ profile }) => {
        const removed = await this.#thenRefresh(link.call('profile.remove', { profile }));
        if (removed.ok) await this.#forget(profile);
        return removed;
      },
      chooseImport: () => this.#chooseImport(),
      convertImport: ({ source, contents, passphrase }) =>
        Promise.resolve(ok(this.#convert(source, contents, passphrase))),
      dropProposal: () => {
        this.#proposal = null;
        this.tell();
        return done();
      },
      exportProfile: ({ profile }) => this.#export(profile),
      readPolicy: (params) => link.call('policy.read', params),
      readFixedPolicy: (params) => link.call('policy.fixed', params),
      writePolicy: (params) => link.call('policy.write', params),
      lintPolicy: (params) => link.call('policy.lint', params),
      explain: (params) => link.call('policy.explain', params),
      writeAppSettings: (settings) => this.#writeSettings(settings),
      writeMachineSettings: (settings) => this.#thenRefresh(link.call('settings.write', settings)),
      openPortal: (params) => link.call('portal.open', params),
      readLog: (params) => link.call('log.read', params),
      doctor: () => link.call('doctor', {}),
      repair: () => link.call('doctor.repair', {}),
      makeReport: () => this.#makeReport(),
      saveReport: () => this.#saveReport(),
      retryService: () => {
        link.retry();
        return done();
      },
    };
  }

  #make(): AppState {
    const { version, credentials, desktop } = this.#options;
    const { settings, remembered } = this.#kept;
    const { link, version: serviceVersion, status, profiles, machine } = this.#view;
    return {
      version,
      platform: desktop.platform,
      language: settings.language ?? LANGUAGES.find((one) => desktop.locale.startsWith(one)) ?? 'en',
      settings,
      service: { link, ...(serviceVersion === undefined ? {} : { version: serviceVersion }) },
      keychain: credentials.state,
      trayMissing: !desktop.hasTray(),
      profiles: profiles.map((profile) => ({
        ...profile,
        secretSaved: remembered.some((account) => account.startsWith(`${profile.id} `)),
      })),
      status,
      machine,
      activity: [...this.#activity],
      proposal: this.#proposal,
    };
  }

  /** Answers what is asked for from the keychain, once; what was refused before is not the answer. */
  async #fromKeychain(need: Need): Promise<void> {
    const id = this.#view.status?.connection?.profile.id;
    if (id === undefined || need.rejected || need.id === this.#answered) return;
    this.#answered = need.id;
    const ref = { profile: id, what: need.what };
    if (!this.#kept.remembered.includes(accountOf(ref))) return;
    const secret = await this.#options.credentials.get(ref);
    if (!secret) {
      this.tell();
      return;
    }
    await this.#options.link.call('need.answer', { need: need.id }, secret);
    secret.wipe();
  }

  async #answer(params: { need: number; secret: string; remember: boolean }): Promise<Result<null, Failure>> {
    const connection = this.#view.status?.connection;
    const secret = SecretBytes.ofText(params.secret);
    this.#dropPending();
    if (params.remember && connection?.need?.id === params.need && this.#kept.settings.saveSecrets)
      this.#pending = {
        ref: { profile: connection.profile.id, what: connection.need.what },
        secret: secret.copy(),
      };
    const given = await this.#options.link.call('need.answer', { need: params.need }, secret);
    secret.wipe();
    if (!given.ok) this.#dropPending();
    return given;
  }

  /** A secret that the gateway has taken is kept; one that it refused is forgotten. */
  #settleSecret({ status }: DaemonView): void {
    const connection = status?.connection;
    const pending = this.#pending;
    if (pending && connection?.state === 'connected') {
      this.#pending = undefined;
      void this.#keep(pending);
    } else if (!connection) this.#dropPending();
    const need = connection?.need;
    if (!connection || need?.rejected !== true) return;
    const account = accountOf({ profile: connection.profile.id, what: need.what });
    this.#dropPending();
    if (this.#kept.remembered.includes(account)) void this.#forget(connection.profile.id);
  }

  async #keep({ ref, secret }: Pending): Promise<void> {
    const isKept = await this.#options.credentials.set(ref, secret);
    secret.wipe();
    if (isKept) this.#remember([...new Set([...this.#kept.remembered, accountOf(ref)])]);
    this.tell();
  }

  #dropPending(): void {
    this.#pending?.secret.wipe();
    this.#pending = undefined;
  }

  async #forget(profile: string): Promise<Result<null, Failure>> {
    const mine = this.#kept.remembered.filter((account) => account.startsWith(`${profile} `));
    for (const account of mine)
      await this.#options.credentials.delete({ profile, what: account.slice(profile.length + 1) });
    if (mine.length > 0) this.#remember(this.#kept.remembered.filter((account) => !mine.includes(account)));
    this.tell();
    return ok(null);
  }

  #remember(remembered: readonly string[]): void {
    this.#write({ ...this.#kept, remembered: [...remembered] });
  }

  /** What could not be written holds until the app ends, which is told. */
  #write(kept: Kept): Result<null, Failure> {
    this.#kept = kept;
    try {
      this.#options.files.write(kept);
      return ok(null);
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      return err(failure('platform.not-saved', { detail }));
    }
  }

  async #writeSettings(settings: AppSettings): Promise<Result<null, Failure>> {
    const was = this.#kept.settings;
    if (was.launchAtLogin !== settings.launchAtLogin)
      this.#options.desktop.setLaunchAtLogin(settings.launchAtLogin);
    const written = this.#write({ ...this.#kept, settings });
    this.tell();
    if (!settings.saveSecrets) for (const profile of this.#view.profiles) await this.#forget(profile.id);
    return written;
  }

  async #chooseImport(): Promise<Result<Conversion | null, Failure>> {
    const chosen = await this.#options.desktop.chooseFile();
    if (!chosen) return ok(null);
    return ok(this.#options.importer.convert({ source: chosen.name, contents: chosen.contents }));
  }

  #convert(source: string, contents: string | undefined, passphrase: string | undefined): Conversion {
    return this.#options.importer.convert({
      source,
      ...(contents === undefined ? {} : { contents: new Uint8Array(Buffer.from(contents, 'base64')) }),
      ...(passphrase === undefined ? {} : { passphrase: SecretBytes.ofText(passphrase) }),
    });
  }

  async #export(profile: string): Promise<Result<boolean, Failure>> {
    const read = await this.#options.link.call('profile.read', { profile });
    if (!read.ok) return read;
    const name = this.#view.profiles.find(({ id }) => id === profile)?.name ?? 'profile';
    return this.#save('profile', `${name}.json`, `${JSON.stringify(read.value, undefined, 2)}\n`);
  }

  async #makeReport(): Promise<Result<{ text: string }, Failure>> {
    const made = await this.#options.link.call('diagnostics', {});
    if (!made.ok) return made;
    const text = `${JSON.stringify(made.value, undefined, 2)}\n`;
    this.#report = text;
    return ok({ text });
  }

  #saveReport(): Promise<Result<boolean, Failure>> {
    const text = this.#report;
    return text === undefined
      ? Promise.resolve(ok(false))
      : this.#save('report', 'causeway-report.json', text);
  }

  async #save(kind: 'profile' | 'report', name: string, text: string): Promise<Result<boolean, Failure>> {
    try {
      return ok(await this.#options.desktop.saveText(kind, name.replace(/[/\\\0]/g, '-'), text));
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      return err(failure('platform.not-saved', { detail }));
    }
  }

  async #thenRefresh<T>(call: Promise<Result<T, Failure>>): Promise<Result<T, Failure>> {
    const done = await call;
    if (done.ok) await this.#options.link.refresh();
    return done;
  }
}

function accountOf({ profile, what }: CredentialRef): string {
  return `${profile} ${what}`;
}

function done(): Promise<Result<null, Failure>> {
  return Promise.resolve(ok(null));
}
