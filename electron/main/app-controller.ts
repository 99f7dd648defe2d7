import type {
  ActivityEntry,
  AppSettings,
  AppState,
  Conversion,
  Proposal,
} from '../../core/contract/gui-api.ts';
import { LANGUAGES } from '../../core/contract/gui-api.ts';
import { describeCertificates } from '../../core/import/describe.ts';
import { failure, type Failure } from '../../core/lib/failure.ts';
import { err, ok, type Result } from '../../core/lib/result.ts';
import { SecretBytes } from '../../core/lib/secret.ts';
import { activityBetween, withActivity } from './activity.ts';
import type { AppFiles, Kept } from './app-files.ts';
import type { GuiHandlers } from './bridge.ts';
import type { CredentialStore } from './credential-store.ts';
import type { DaemonLink, DaemonView } from './daemon-link.ts';
import type { Importer } from './importer.ts';
import { Secrets } from './secrets.ts';

/** The source of what came in a link. */
const LINK = 'link.json';

/** What the controller needs of the desktop. */
export interface Desktop {
  /** What the person chose to open: its name and its octets; undefined when nothing. */
  chooseFile(): Promise<{ readonly name: string; readonly contents: Uint8Array } | undefined>;
  /** False when the person chose no place. Rejects when it cannot be written. */
  saveText(kind: 'profile' | 'report', name: string, text: string): Promise<boolean>;
  /** Throws when the desktop does not let us. */
  setLaunchAtLogin(isWanted: boolean): void;
  /** Says that a link of ours holds nothing that could be imported. */
  sayBadLink(): void;
  /** Ends the app and starts it again, in order. */
  restart(): void;
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

/** Everything that the app does for a person, apart from how it looks: the state, and the verbs of the bridge. */
export class AppController {
  readonly #options: ControllerOptions;
  #kept: Kept;
  #view: DaemonView;
  #activity: readonly ActivityEntry[] = [];
  #proposal: Proposal | null = null;
  #state: AppState;
  readonly #secrets: Secrets;
  #report: string | undefined;

  constructor(options: ControllerOptions) {
    this.#options = options;
    this.#kept = options.files.read();
    this.#view = options.link.view;
    this.#secrets = new Secrets({
      credentials: options.credentials,
      give: (need, secret) => options.link.call('need.answer', { need }, secret),
      remembered: () => this.#kept.remembered,
      remember: (remembered) => void this.#write({ ...this.#kept, remembered: [...remembered] }),
      onChange: () => this.tell(),
    });
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
    this.#secrets.follow(before, view);
    this.tell();
  }

  /** Tells the state anew where it is another. */
  tell(): void {
    const before = this.#state;
    this.#state = this.#make();
    this.#options.onState(this.#state, before);
  }

  /**
   * A link that the desktop handed to the app; undefined when it holds nothing of ours. Nothing is done with it before the
   * person says so, and none takes the place of another that they may be about to say yes to.
   */
  propose(contents: Uint8Array | undefined): void {
    if (this.#proposal) return;
    const made = contents && this.#options.importer.convert({ source: LINK, contents });
    if (made?.kind !== 'proposal') return this.#options.desktop.sayBadLink();
    this.#proposal = made.proposal;
    this.tell();
  }

  /** Where the window was when it was seen last. */
  get window(): Kept['window'] {
    return this.#kept.window;
  }

  keepWindow(window: NonNullable<Kept['window']>): void {
    this.#write({ ...this.#kept, window });
  }

  /** Nothing follows. */
  end(): void {
    this.#secrets.wipe();
  }

  get handlers(): GuiHandlers {
    const { link } = this.#options;
    return {
      connect: ({ profile }) => link.call('connection.up', { profile }),
      disconnect: () => link.call('connection.down', {}),
      answerNeed: (params) =>
        this.#secrets.answer(this.#view.status?.connection ?? null, this.#allowed(params)),
      refuseNeed: (params) => link.call('need.refuse', params),
      forgetSecret: ({ profile }) => this.#forget(profile),
      readProfile: (params) => link.call('profile.read', params),
      writeProfile: (params) => this.#thenRefresh(link.call('profile.write', params)),
      removeProfile: async ({ profile }) => {
        const removed = await this.#thenRefresh(link.call('profile.remove', { profile }));
        return removed.ok ? this.#forget(profile) : removed;
      },
      chooseImport: () => this.#chooseImport(),
      convertImport: ({ source, contents, passphrase }) =>
        Promise.resolve(ok(this.#convert(source, contents, passphrase))),
      dropProposal: () => {
        this.#proposal = null;
        this.tell();
        return done();
      },
      describeCertificates: ({ pem }) => Promise.resolve(ok(describeCertificates(pem))),
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
      restartApp: () => {
        this.#options.desktop.restart();
        return done();
      },
    };
  }

  #make(): AppState {
    const { version, credentials, desktop } = this.#options;
    const { settings } = this.#kept;
    const { link, version: serviceVersion, appIsNewer, profiles, machine } = this.#view;
    return {
      version,
      platform: desktop.platform,
      language: settings.language ?? LANGUAGES.find((one) => desktop.locale.startsWith(one)) ?? 'en',
      settings,
      service: {
        link,
        ...(serviceVersion === undefined ? {} : { version: serviceVersion }),
        ...(appIsNewer === undefined ? {} : { appIsNewer }),
      },
      keychain: { ...credentials.state, notKept: this.#secrets.notKept },
      trayMissing: !desktop.hasTray(),
      profiles: profiles.map((profile) => ({
        ...profile,
        secretSaved: this.#secrets.isSaved(profile.id),
      })),
      status: this.#shown(),
      machine,
      activity: [...this.#activity],
      proposal: this.#proposal,
    };
  }

  /** What the keychain is about to answer is not asked of anybody. */
  #shown(): AppState['status'] {
    const { status } = this.#view;
    if (!status?.connection?.need) return status;
    const { need, ...others } = status.connection;
    if (!this.#secrets.hides(need)) return status;
    return { ...status, connection: { ...others, state: 'connecting' } };
  }

  /** Nothing is remembered where the person wants nothing remembered, whatever the page says. */
  #allowed<T extends { readonly remember: boolean }>(params: T): T {
    return { ...params, remember: params.remember && this.#kept.settings.saveSecrets };
  }

  async #forget(profile?: string): Promise<Result<null, Failure>> {
    const { credentials } = this.#options;
    if (await this.#secrets.forget(profile)) return ok(null);
    return err(failure('platform.not-saved', { detail: credentials.state.backend }));
  }

  /** What could not be written holds until the app ends, which is told. */
  #write(kept: Kept): Result<null, Failure> {
    this.#kept = kept;
    try {
      this.#options.files.write(kept);
      return ok(null);
    } catch (error) {
      return notSaved(error);
    }
  }

  async #writeSettings(settings: AppSettings): Promise<Result<null, Failure>> {
    if (this.#kept.settings.launchAtLogin !== settings.launchAtLogin) {
      try {
        this.#options.desktop.setLaunchAtLogin(settings.launchAtLogin);
      } catch (error) {
        return notSaved(error);
      }
    }
    const written = this.#write({ ...this.#kept, settings });
    this.tell();
    if (settings.saveSecrets || !written.ok) return written;
    return this.#forget();
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
      return notSaved(error);
    }
  }

  async #thenRefresh<T>(call: Promise<Result<T, Failure>>): Promise<Result<T, Failure>> {
    const done = await call;
    if (done.ok) await this.#options.link.refresh();
    return done;
  }
}

function notSaved(error: unknown): Result<never, Failure> {
  const detail = error instanceof Error ? error.message : String(error);
  return err(failure('platform.not-saved', { detail }));
}

function done(): Promise<Result<null, Failure>> {
  return Promise.resolve(ok(null));
}
