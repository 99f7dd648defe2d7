import {
  daemonApi,
  type DaemonApi,
  type ProfileSummary,
  type Status,
} from '../../core/contract/daemon-api.ts';
import type { ServiceLink } from '../../core/contract/gui-api.ts';
import type { CallName, ParamsInput, ResultOf } from '../../core/contract/api.ts';
import type { MachineSettings } from '../../core/contract/settings.ts';
import { failure, type Failure } from '../../core/lib/failure.ts';
import { err, type Result } from '../../core/lib/result.ts';
import type { SecretBytes } from '../../core/lib/secret.ts';
import type { Client } from '../../core/rpc/client.ts';
import { connect } from '../../core/rpc/connect.ts';

/** What the link knows of the service, whole in every report. */
export interface DaemonView {
  readonly link: ServiceLink;
  readonly version?: string;
  readonly status: Status | null;
  readonly profiles: readonly ProfileSummary[];
  readonly machine: MachineSettings | null;
}

export interface DaemonLinkOptions {
  readonly path: string;
  /** Whose the socket has to be. */
  readonly ownerUid: number;
  /** Our program and its version. */
  readonly client: string;
  readonly after: (ms: number, callback: () => void) => () => void;
  readonly onView: (view: DaemonView) => void;
}

const NOTHING: DaemonView = { link: 'connecting', status: null, profiles: [], machine: null };
const RETRY_MS = 1000;

/** Holds a connection to the service for as long as the app lives, and looks again and again while there is none. */
export class DaemonLink {
  readonly #options: DaemonLinkOptions;
  #view: DaemonView = NOTHING;
  #client: Client<DaemonApi> | undefined;
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

  /** Reads the lists anew, after something of ours may have changed them. */
  async refresh(): Promise<void> {
    const client = this.#client;
    if (!client) return;
    const [profiles, machine] = await Promise.all([
      client.call('profile.list', {}),
      client.call('settings.read', {}),
    ]);
    if (client !== this.#client) return;
    this.#tell({
      ...(profiles.ok ? { profiles: profiles.value } : {}),
      ...(machine.ok ? { machine: machine.value } : {}),
    });
  }

  async #try(): Promise<void> {
    if (this.#isTrying || this.#ended) return;
    this.#isTrying = true;
    const { path, ownerUid, client: name } = this.#options;
    const found = await connect({
      api: daemonApi,
      path,
      ownerUid,
      client: name,
      onClosed: () => this.#lost(),
    });
    this.#isTrying = false;
    if (!found.ok) {
      this.#tell({ ...NOTHING, link: linkOf(found.error) });
      this.#later();
      return;
    }
    const client = found.value;
    this.#client = client;
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

  #lost(): void {
    // Closed before anybody had it: what tried tells.
    if (!this.#client) return;
    this.#client = undefined;
    this.#tell({ ...NOTHING });
    this.#later();
  }

  #later(): void {
    if (this.#ended) return;
    this.#cancelRetry();
    this.#cancelRetry = this.#options.after(RETRY_MS, () => void this.#try());
  }

  #tell(change: Partial<DaemonView>): void {
    this.#view = { ...this.#view, ...change };
    if (!this.#ended) this.#options.onView(this.#view);
  }
}

function linkOf({ code }: Failure): ServiceLink {
  switch (code) {
    case 'contract.no-access':
      return 'no-access';
    case 'contract.untrusted-service':
      return 'untrusted';
    case 'contract.version':
      return 'other-version';
    default:
      return 'absent';
  }
}
