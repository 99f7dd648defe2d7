import type { ConnectionStatus, Need } from '../../core/contract/daemon-api.ts';
import type { Failure, FailureCode } from '../../core/lib/failure.ts';
import type { Result } from '../../core/lib/result.ts';
import { SecretBytes } from '../../core/lib/secret.ts';
import type { CredentialRef, CredentialStore } from './credential-store.ts';
import type { DaemonView } from './daemon-link.ts';

/** What the gateway may be told again: what is good for one time only is never kept. */
const IS_LASTING: Readonly<Record<Need['what'], boolean>> = {
  password: true,
  'pre-shared key': true,
  passphrase: true,
  'one-time code': false,
};

/** A secret after which the gateway said this is wrong. */
const REFUSALS: readonly FailureCode[] = [
  'auth.wrong-password',
  'auth.rejected',
  'auth.eap-failed',
  'auth.psk-mismatch',
  'auth.password-expired',
];

export interface SecretsOptions {
  readonly credentials: CredentialStore;
  readonly give: (need: number, secret: SecretBytes) => Promise<Result<null, Failure>>;
  /** Accounts of the keychain that have a secret of ours. */
  readonly remembered: () => readonly string[];
  readonly remember: (accounts: readonly string[]) => void;
  /** Something that is shown has changed. */
  readonly onChange: () => void;
}

/** An answer that goes to the keychain when it turns out to be right. */
interface Pending {
  readonly ref: CredentialRef;
  readonly startedAt: number;
  readonly secret: SecretBytes;
}

/** Answers what connections ask for: from the keychain where it can, else from the person, and then keeps it there. */
export class Secrets {
  readonly #options: SecretsOptions;
  #pending: readonly Pending[] = [];
  /** The connection and its need that were looked at last. */
  #seen: { readonly startedAt: number; readonly need: number } | undefined;
  /** The need that the keychain is asked for just now. */
  #asked: number | undefined;
  /** Where the answer to the connection that is begun came from the keychain. */
  #used: { readonly startedAt: number; readonly accounts: readonly string[] } | undefined;
  #notKept = false;

  constructor(options: SecretsOptions) {
    this.#options = options;
  }

  /** What the person wanted to have remembered last was not. */
  get notKept(): boolean {
    return this.#notKept;
  }

  isSaved(profile: string): boolean {
    return this.#of(profile).length > 0;
  }

  /** The person need not hear of it: the keychain is asked. */
  hides(need: Need): boolean {
    return need.id === this.#asked;
  }

  /** The service has something to say. Whoever tells the state does so after this. */
  follow(before: DaemonView, after: DaemonView): void {
    const [was, is] = [before.status?.connection, after.status?.connection];
    const mine = is?.isYours === true ? is : undefined;
    this.#settle(mine);
    if (was && was.startedAt !== mine?.startedAt) this.#judge(was, after);
    if (!mine?.need) return;
    const { startedAt, need } = mine;
    if (this.#seen?.startedAt === startedAt && this.#seen.need === need.id) return;
    this.#seen = { startedAt, need: need.id };
    const ref = { profile: mine.profile.id, what: need.what };
    const isKnown = IS_LASTING[need.what] && this.#options.remembered().includes(accountOf(ref));
    if (need.rejected && isKnown) void this.#refused([accountOf(ref)]);
    // Numbers of needs begin anew with each start of the service.
    this.#asked = isKnown && !need.rejected ? need.id : undefined;
    if (this.#asked === undefined) return void this.#options.credentials.look();
    void this.#fromKeychain(ref, startedAt, need.id);
  }

  /** What the person typed. */
  async answer(
    connection: ConnectionStatus | null,
    params: { readonly need: number; readonly secret: string; readonly remember: boolean },
  ): Promise<Result<null, Failure>> {
    const secret = SecretBytes.ofText(params.secret);
    const need = connection?.need;
    let pending: Pending | undefined;
    if (params.remember && connection && need?.id === params.need && IS_LASTING[need.what]) {
      const ref = { profile: connection.profile.id, what: need.what };
      this.#drop((other) => accountOf(other.ref) === accountOf(ref));
      pending = { ref, startedAt: connection.startedAt, secret: secret.copy() };
      this.#pending = [...this.#pending, pending];
    }
    this.#notKept = false;
    const given = await this.#options.give(params.need, secret);
    secret.wipe();
    if (!given.ok) this.#drop((one) => one === pending);
    return given;
  }

  /** Takes what is remembered, for a profile or at all, out of the keychain. False: some of it is still there. */
  async forget(profile?: string): Promise<boolean> {
    this.#drop(({ ref }) => profile === undefined || ref.profile === profile);
    const accounts = profile === undefined ? this.#options.remembered() : this.#of(profile);
    const gone: string[] = [];
    for (const account of accounts)
      if (await this.#options.credentials.delete(refOf(account))) gone.push(account);
    this.#forgotten(gone);
    return gone.length === accounts.length;
  }

  /** Nothing that was typed stays in memory. */
  wipe(): void {
    this.#drop(() => true);
  }

  #of(profile: string): readonly string[] {
    return this.#options.remembered().filter((account) => account.startsWith(`${profile} `));
  }

  async #fromKeychain(ref: CredentialRef, startedAt: number, need: number): Promise<void> {
    const { credentials, give, onChange } = this.#options;
    const secret = await credentials.get(ref);
    const account = accountOf(ref);
    if (secret) {
      const accounts = this.#used?.startedAt === startedAt ? this.#used.accounts : [];
      this.#used = { startedAt, accounts: [...accounts, account] };
      const given = await give(need, secret);
      secret.wipe();
      // The status without the need is on its way.
      if (given.ok) return;
    } else if (credentials.state.state === 'ready') {
      // Somebody took it out of the keychain.
      this.#forgotten([account]);
    }
    if (this.#asked === need) this.#asked = undefined;
    onChange();
  }

  /** What a gateway has taken is kept. */
  #settle(connection: ConnectionStatus | undefined): void {
    this.#drop(({ startedAt }) => startedAt !== connection?.startedAt);
    const { need, state } = connection ?? {};
    if (need?.rejected === true) this.#drop(({ ref }) => ref.what === need.what);
    if (state !== 'connected') return;
    const right = this.#pending;
    this.#pending = [];
    for (const pending of right) void this.#keep(pending);
  }

  /** A connection ended: what came from the keychain is not tried again when it was why. */
  #judge(was: ConnectionStatus, { status }: DaemonView): void {
    const why = status?.lastFailure?.code;
    const used = this.#used;
    if (used?.startedAt !== was.startedAt) return;
    this.#used = undefined;
    if (was.facts === undefined && why !== undefined && REFUSALS.includes(why))
      void this.#refused(used.accounts);
  }

  async #keep({ ref, secret }: Pending): Promise<void> {
    const { credentials, remembered, remember, onChange } = this.#options;
    const isKept = await credentials.set(ref, secret);
    secret.wipe();
    this.#notKept = !isKept;
    if (isKept) remember([...new Set([...remembered(), accountOf(ref)])]);
    onChange();
  }

  /** What a gateway refused is not used again, whether the keychain lets it go or not. */
  async #refused(accounts: readonly string[]): Promise<void> {
    this.#forgotten(accounts);
    for (const account of accounts) await this.#options.credentials.delete(refOf(account));
  }

  #forgotten(accounts: readonly string[]): void {
    const { remembered, remember, onChange } = this.#options;
    if (accounts.length === 0) return;
    remember(remembered().filter((account) => !accounts.includes(account)));
    onChange();
  }

  #drop(which: (pending: Pending) => boolean): void {
    for (const pending of this.#pending) if (which(pending)) pending.secret.wipe();
    this.#pending = this.#pending.filter((pending) => !which(pending));
  }
}

function accountOf({ profile, what }: CredentialRef): string {
  return `${profile} ${what}`;
}

/** A profile's name has no space in it. */
function refOf(account: string): CredentialRef {
  const at = account.indexOf(' ');
  return { profile: account.slice(0, at), what: account.slice(at + 1) };
}
