import type { Need } from '../contract/daemon-api.ts';
import type { SecretBytes } from '../lib/secret.ts';
import type { CredentialQuestion, CredentialSource } from '../vpn/credential-source.ts';

export interface NeedsOptions {
  /** Who a secret is for, as the person knows it. */
  readonly profile: { readonly name: string; readonly username?: string };
  readonly epoch: () => number;
  /** Calls back after so many milliseconds, and returns what calls it off. */
  readonly after: (ms: number, callback: () => void) => () => void;
  /** The need that is open has changed. */
  readonly onChange: () => void;
  /** What the person gave ahead: it answers the first question, and no other. It belongs to this from now on. */
  readonly ahead?: SecretBytes;
}

/** For so long a person may look for a password. */
const PATIENCE_MS = 5 * 60_000;

interface Open {
  readonly need: Need;
  readonly settle: (secret: SecretBytes | undefined) => void;
}

/**
 * Secrets of one connection, asked for from the person while they are needed and kept nowhere: what is given goes to
 * the connection, which wipes it.
 */
export class Needs implements CredentialSource {
  readonly #options: NeedsOptions;
  #nextId: number;
  #open: Open | undefined;
  #ahead: SecretBytes | undefined;
  #isOver = false;

  /** `firstId`: the numbers before it were used by earlier connections, whose answers may still be on their way. */
  constructor(options: NeedsOptions, firstId: number) {
    this.#options = options;
    this.#ahead = options.ahead;
    this.#nextId = firstId;
  }

  get nextId(): number {
    return this.#nextId;
  }

  /** What is waited for now. */
  get current(): Need | undefined {
    return this.#open?.need;
  }

  get({ what, rejected, message }: CredentialQuestion): Promise<SecretBytes | undefined> {
    this.#settle(undefined);
    if (this.#isOver) return Promise.resolve(undefined);
    const ahead = this.#ahead;
    this.#ahead = undefined;
    if (ahead) return Promise.resolve(ahead);
    const { promise, resolve } = Promise.withResolvers<SecretBytes | undefined>();
    const { profile, epoch, after, onChange } = this.#options;
    const cancel = after(PATIENCE_MS, () => this.#settle(undefined));
    const need: Need = {
      id: this.#nextId++,
      what,
      rejected,
      ...(message === undefined ? {} : { message }),
      profile: profile.name,
      ...(profile.username === undefined ? {} : { username: profile.username }),
      until: epoch() + PATIENCE_MS,
    };
    const settle = (secret: SecretBytes | undefined): void => {
      cancel();
      resolve(secret);
    };
    this.#open = { need, settle };
    onChange();
    return promise;
  }

  /** Gives a copy of the secret for a need; false when nobody waits for that any more. */
  answer(id: number, secret: SecretBytes): boolean {
    if (this.#open?.need.id !== id) return false;
    this.#settle(secret.copy());
    return true;
  }

  /** The person will not give it; false when nobody waits for it any more. */
  refuse(id: number): boolean {
    if (this.#open?.need.id !== id) return false;
    this.#settle(undefined);
    return true;
  }

  /** Nothing will be asked any more. */
  end(): void {
    this.#isOver = true;
    this.forgetAhead();
    this.#settle(undefined);
  }

  /** There is a connection: whatever is needed later the person has not been asked for yet. */
  forgetAhead(): void {
    this.#ahead?.wipe();
    this.#ahead = undefined;
  }

  #settle(secret: SecretBytes | undefined): void {
    const open = this.#open;
    this.#open = undefined;
    open?.settle(secret);
    if (open) this.#options.onChange();
  }
}
