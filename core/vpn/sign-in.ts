import { keyIsEncrypted } from '../contract/pem-text.ts';
import type { Profile } from '../contract/profile.ts';
import type { Failure } from '../lib/failure.ts';
import type { EpochMillis } from '../lib/ports.ts';
import type { SecretBytes } from '../lib/secret.ts';
import type { CredentialQuestion, CredentialSource } from './credential-source.ts';
import { type PreparedConfig, prepareIkeConfig, wipeSecrets } from './ike-config.ts';

export interface SignInOptions {
  readonly profile: Profile;
  readonly credentials: CredentialSource;
  readonly systemAnchors: () => readonly Uint8Array[];
  readonly keyLog: boolean;
  readonly epoch: () => EpochMillis;
}

/**
 * What sessions need to authenticate the user and the gateway. Secrets are asked for when they are needed and are here
 * no longer than somebody signs in; a private key stays for the life of the connection, because nothing but the passphrase
 * could bring it back.
 */
export class SignIn {
  readonly #options: SignInOptions;
  #prepared: PreparedConfig | undefined;
  #preparing: Promise<Failure | undefined> | undefined;
  #given: SecretBytes[] = [];
  #isOver = false;

  constructor(options: SignInOptions) {
    this.#options = options;
  }

  /** What sessions are configured with; undefined before `prepare`, and after `release` took a secret out of it. */
  get prepared(): PreparedConfig | undefined {
    return this.#prepared;
  }

  /** Makes `prepared`, or says what is wrong with the profile or missing. Asks for nothing that is there already. */
  prepare(): Promise<Failure | undefined> {
    if (this.#prepared) return Promise.resolve(undefined);
    this.#preparing ??= this.#prepare().finally(() => (this.#preparing = undefined));
    return this.#preparing;
  }

  async #prepare(): Promise<Failure | undefined> {
    const { profile, systemAnchors, keyLog, epoch } = this.#options;
    const what = secretOf(profile);
    const secret = what && (await this.#ask({ what, rejected: false }));
    try {
      const secrets = secret ? { [what === 'passphrase' ? 'passphrase' : 'password']: secret } : {};
      const prepared = prepareIkeConfig(profile, { secrets, systemAnchors, keyLog, now: epoch() });
      if (!prepared.ok) return prepared.error;
      if (this.#isOver) wipeSecrets(prepared.value);
      else this.#prepared = prepared.value;
      return undefined;
    } finally {
      secret?.wipe();
    }
  }

  /** What a session waits for, a password or a one-time code. It is wiped when nobody signs in any more. */
  async answer(question: CredentialQuestion): Promise<SecretBytes | undefined> {
    const password = await this.#ask(question);
    if (password) this.#given.push(password);
    if (this.#isOver) this.release();
    return this.#isOver ? undefined : password;
  }

  #ask(question: CredentialQuestion): Promise<SecretBytes | undefined> {
    return this.#isOver ? Promise.resolve(undefined) : this.#options.credentials.get(question);
  }

  /** Nobody signs in at the moment: what was given for that is not kept for the next time. */
  release(): void {
    for (const secret of this.#given.splice(0)) secret.wipe();
    if (!this.#prepared || secretOf(this.#options.profile) !== 'pre-shared key') return;
    wipeSecrets(this.#prepared);
    this.#prepared = undefined;
  }

  /** Nobody can be authenticated any more after this. */
  forget(): void {
    this.#isOver = true;
    this.release();
    this.#prepared = undefined;
  }
}

/** The secret that has to be there before a session begins. */
function secretOf({ user }: Profile): 'pre-shared key' | 'passphrase' | undefined {
  if (user.method === 'psk') return 'pre-shared key';
  return user.method === 'certificate' && keyIsEncrypted(user.privateKey) ? 'passphrase' : undefined;
}
