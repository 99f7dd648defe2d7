import { SecretBytes } from '../lib/secret.ts';
import type { CredentialQuestion, CredentialSource } from '../vpn/credential-source.ts';

export interface KeptOptions {
  /** Keep the secret for later logins; otherwise it is given once. */
  readonly keep: boolean;
  /** Asks the person once more; undefined when there is no one, or nothing was typed. */
  readonly ask: (question: CredentialQuestion) => Promise<SecretBytes | undefined>;
}

/**
 * The secret that a person typed, or that came from a descriptor, for as long as the connection may have to log in by
 * itself. It is asked for again only when the gateway refused it, or when it was not kept: a one-time code never is.
 */
export class KeptCredentials implements CredentialSource {
  readonly #options: KeptOptions;
  #secret: SecretBytes | undefined;
  #isOver = false;

  /** `secret` belongs to this from now on. */
  constructor(secret: SecretBytes | undefined, options: KeptOptions) {
    this.#secret = secret;
    this.#options = options;
  }

  async get(question: CredentialQuestion): Promise<SecretBytes | undefined> {
    if (question.rejected) this.#drop();
    if (!this.#secret) {
      const asked = await this.#options.ask(question);
      if (this.#isOver) asked?.wipe();
      else this.#secret = asked;
    }
    if (!this.#secret) return undefined;
    const copy = SecretBytes.copyOf(this.#secret.reveal());
    if (!this.#options.keep || question.what === 'one-time code') this.#drop();
    return copy;
  }

  #drop(): void {
    this.#secret?.wipe();
    this.#secret = undefined;
  }

  /** Nothing is given any more. */
  wipe(): void {
    this.#isOver = true;
    this.#drop();
  }
}
