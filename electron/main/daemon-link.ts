import {
  daemonApi,
  type DaemonApi,
  type ProfileSummary,
  type Status,
} from '../../core/contract/daemon-api.ts';
import type { ServiceLink } from '../../core/contract/gui-api.ts';
import type { CallName, ParamsInput, ResultOf } from '../../core/contract/api.ts';
import type { MachineSettings } from '../../core/contract/settings.ts';
import { failure, type Failure, type FailureCode } from '../../core/lib/failure.ts';
import { err, type Result } from '../../core/lib/result.ts';
import type { SecretBytes } from '../../core/lib/secret.ts';
import type { Client } from '../../core/rpc/client.ts';
import { connect } from '../../core/rpc/connect.ts';
import { isNewer, versionOf } from './versions.ts';

/** What the link knows of the service, whole in every report. */
export interface DaemonView {
  readonly link: ServiceLink;
  /** Of the service. */
  readonly version?: string;
  /** Of two that do not understand each other the app is the newer one; absent where nobody can tell. */
  readonly appIsNewer?: boolean;
  readonly status: Status | null;
  readonly profiles: readonly ProfileSummary[];
  readonly machine: MachineSettings | null;
}

export interface DaemonLinkOptions {
  readonly path: string;
  /** Whose the socket has to be. */
  readonly ownerUid: number;
  /** Of the app. */
  readonly version: string;
  readonly after: (ms: number, callback: () => void) => () => void;
  readonly onView: (view: DaemonView) => void;
}

const NOTHING: DaemonView = { link: 'connecting', status: null, profiles: [], machine: null };
/** A service that ended is back within moments; what else is wrong is put right by people. */
const RETRY_MS = 1000;
const SLOW_RETRY_MS = 10_000;
/** What two say to each other who speak by different versions of the contract, be it in the greeting or later. */
const MISUNDERSTANDINGS: readonly FailureCode[] = [
  'contract.version',
  'contract.invalid',
  'contract.unknown-call',
];

/** Holds a connection to the service for as long as the app lives, and looks again and again while there is none. */
export class DaemonLink {
  readonly #options: DaemonLinkOptions;
  #view: DaemonView = NOTHING;
  #client: Client<DaemonApi> | undefined;
  /** How the service greeted last. */
  #server = '';
  #cancelRetry: () => void = () => undefined;
  #isTrying = false;
  #ended = false;

  constructor(options: DaemonLinkOptions) {
    this.#options = options;
  }

  get view(): DaemonView {
    return this.#view;
  }

  start(): void {
    void this.#try();
  }

  /** Looks at once. */
  retry(): void {
    this.#cancelRetry();
    if (!this.#client) void this.#try();
  }

  end(): void {
    this.#ended = true;
    this.#cancelRetry();
    this.#client?.close();
  }

  call<N extends CallName<DaemonApi>>(
    name: N,
    params: ParamsInput<DaemonApi['calls'][N]>,
    secret?: SecretBytes,
  ): Promise<Result<ResultOf<DaemonApi['calls'][N]>, Failure>> {
    return this.#client
      ? this.#client.call(name, params, secret)
      : Promise.resolve(err(failure('contract.disconnected')));
  }

  /** Reads the lists anew, after something may have changed them. */
  async refresh(): Promise<void> {
    const client = this.#client;
    if (!client) return;
    const [profiles, machine] = await Promise.all([
      client.call('profile.list', {}),
      client.call('settings.read', {}),
    ]);
    if (client !== this.#client) return;
    const unread = [profiles, machine].find((read) => !read.ok && isMisunderstanding(read.error));
    if (unread && !unread.ok) {
      client.close(unread.error);
      return;
    }
    this.#tell({
      ...(profiles.ok ? { profiles: profiles.value } : {}),
      ...(machine.ok ? { machine: machine.value } : {}),
    });
  }

  async #try(): Promise<void> {
    if (this.#isTrying || this.#ended) return;
    this.#isTrying = true;
    const { path, ownerUid, version } = this.#options;
    const found = await connect({
      api: daemonApi,
      path,
      ownerUid,
      client: `causeway-app ${version}`,
      onClosed: (why) => this.#lost(why),
    });
    this.#isTrying = false;
    if (!found.ok) {
      this.#without(found.error);
      return;
    }
    const client = found.value;
    const greeted = await client.ready;
    this.#client = client;
    this.#server = greeted.ok ? greeted.value : '';
    this.#watch(client);
    // It may have been told to end while it looked.
    if (this.#hasEnded()) client.close();
  }

  #hasEnded(): boolean {
    return this.#ended;
  }

  #watch(client: Client<DaemonApi>): void {
    client.open(
      'status',
      {},
      {
        item: (status) => {
          const isFirst = this.#view.status === null;
          this.#tell({ link: 'ready', version: status.version, status });
          if (isFirst) void this.refresh();
        },
        end: (why) => {
          if (why) client.close(why);
        },
      },
    );
  }

  #lost(why: Failure): void {
    // Closed before anybody had it: what tried tells.
    if (!this.#client) return;
    this.#client = undefined;
    if (isMisunderstanding(why)) return this.#without(why);
    this.#become(NOTHING);
    this.#later(RETRY_MS);
  }

  /** There is no talking to the service, for now. */
  #without(why: Failure): void {
    const link = linkOf(why);
    const { server } = why.context;
    const theirs = versionOf(typeof server === 'string' ? server : this.#server);
    const appIsNewer = theirs === undefined ? undefined : isNewer(this.#options.version, theirs);
    this.#become({
      ...NOTHING,
      link,
      ...(link === 'other-version' && theirs !== undefined ? { version: theirs } : {}),
      ...(link === 'other-version' && appIsNewer !== undefined ? { appIsNewer } : {}),
    });
    this.#later(link === 'absent' ? RETRY_MS : SLOW_RETRY_MS);
  }

  #later(ms: number): void {
    if (this.#ended) return;
    this.#cancelRetry();
    this.#cancelRetry = this.#options.after(ms, () => void this.#try());
  }

  #tell(change: Partial<DaemonView>): void {
    this.#become({ ...this.#view, ...change });
  }

  #become(view: DaemonView): void {
    const before = this.#view;
    this.#view = view;
    // To look in vain once more is no news.
    const isNews = view.status !== null || view.link !== before.link || view.version !== before.version;
    if (!this.#ended && isNews) this.#options.onView(view);
  }
}

function isMisunderstanding({ code }: Failure): boolean {
  return MISUNDERSTANDINGS.includes(code);
}

function linkOf(why: Failure): ServiceLink {
  if (isMisunderstanding(why)) return 'other-version';
  switch (why.code) {
    case 'contract.no-access':
      return 'no-access';
    case 'contract.untrusted-service':
      return 'untrusted';
    default:
      return 'absent';
  }
}
