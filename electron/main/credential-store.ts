import { SecretBytes } from '../../core/lib/secret.ts';
import type { KEYCHAIN_STATES } from '../../core/contract/gui-api.ts';
import type { KeychainFacts } from './session-bus.ts';

/** Which secret: that of one user's profile. */
export interface CredentialRef {
  readonly profile: string;
  readonly what: string;
}

export interface KeychainState {
  readonly state: (typeof KEYCHAIN_STATES)[number];
  /** The name by which people know it. */
  readonly backend: string;
}

/** Where secrets are kept between connections. Every call may fail, and then says in `state` why. */
export interface CredentialStore {
  readonly state: KeychainState;
  /** Looks how it is, without its owner being asked for anything. */
  look(): Promise<void>;
  get(ref: CredentialRef): Promise<SecretBytes | undefined>;
  /** False: it is not kept. */
  set(ref: CredentialRef, secret: SecretBytes): Promise<boolean>;
  /** False: it may still be there. */
  delete(ref: CredentialRef): Promise<boolean>;
}

/** What keytar gives; see its documentation. */
export interface Keytar {
  getPassword(service: string, account: string): Promise<string | null>;
  setPassword(service: string, account: string, password: string): Promise<void>;
  deletePassword(service: string, account: string): Promise<boolean>;
}

/** The name under which the keychain shows our secrets. */
const SERVICE = 'Causeway';
/** A keychain that asks its owner to be unlocked waits for them; one that waits for longer is locked to us. */
const PATIENCE_MS = 30_000;

const BACKENDS: Readonly<Record<string, string>> = {
  darwin: 'macOS Keychain',
  win32: 'Windows Credential Manager',
};

export interface KeychainOptions {
  /** Loads keytar; throws where its library is missing. */
  readonly load: () => Keytar;
  readonly platform: string;
  readonly after: (ms: number, callback: () => void) => () => void;
  /** Looks from outside how it is, and tells that to `hear`; absent where nobody can. */
  readonly look?: () => Promise<void>;
  readonly onChange: () => void;
}

/** The keychain of the desktop, through keytar: nothing is ever written anywhere else. */
export class Keychain implements CredentialStore {
  readonly #options: KeychainOptions;
  #keytar: Keytar | undefined;
  #state: KeychainState;

  constructor(options: KeychainOptions) {
    this.#options = options;
    this.#state = { state: 'unknown', backend: BACKENDS[options.platform] ?? 'Secret Service' };
  }

  get state(): KeychainState {
    return this.#state;
  }

  async look(): Promise<void> {
    await this.#options.look?.();
  }

  /** How it is, from somebody who looked. What nobody can know before it is used stays as it was. */
  hear({ state, backend }: KeychainFacts): void {
    const before = this.#state;
    const known = state === 'unknown' && before.state !== 'absent' ? before.state : state;
    this.#become(known, backend);
  }

  async get(ref: CredentialRef): Promise<SecretBytes | undefined> {
    const text = await this.#use((keytar) => keytar.getPassword(SERVICE, accountOf(ref)));
    return typeof text === 'string' ? SecretBytes.ofText(text) : undefined;
  }

  async set(ref: CredentialRef, secret: SecretBytes): Promise<boolean> {
    const text = new TextDecoder().decode(secret.reveal());
    let isLate = false;
    const done = await this.#use(async (keytar) => {
      await keytar.setPassword(SERVICE, accountOf(ref), text);
      // The person was told by then that it is not kept.
      if (isLate) await keytar.deletePassword(SERVICE, accountOf(ref));
      return true;
    });
    isLate = done !== true;
    return done === true;
  }

  async delete(ref: CredentialRef): Promise<boolean> {
    const done = await this.#use(async (keytar) => {
      await keytar.deletePassword(SERVICE, accountOf(ref));
      return true;
    });
    return done === true;
  }

  async #use<T>(act: (keytar: Keytar) => Promise<T>): Promise<T | undefined> {
    try {
      this.#keytar ??= this.#options.load();
    } catch {
      this.#become('absent');
      return undefined;
    }
    const { promise, resolve } = Promise.withResolvers<'late'>();
    const cancel = this.#options.after(PATIENCE_MS, () => resolve('late'));
    try {
      const done = await Promise.race([act(this.#keytar), promise]);
      this.#become(done === 'late' ? 'locked' : 'ready');
      return done === 'late' ? undefined : done;
    } catch (error) {
      this.#become(stateOf(error instanceof Error ? error.message : String(error)));
      return undefined;
    } finally {
      cancel();
    }
  }

  #become(state: KeychainState['state'], backend = this.#state.backend): void {
    if (state === this.#state.state && backend === this.#state.backend) return;
    this.#state = { state, backend };
    this.#options.onChange();
  }
}

function accountOf({ profile, what }: CredentialRef): string {
  return `${profile} ${what}`;
}

/** A service that is there and does not give is locked; the rest is no service. */
function stateOf(message: string): KeychainState['state'] {
  return /lock|dismiss|prompt|denied|cancel/i.test(message) ? 'locked' : 'absent';
}
