import type { SecretBytes } from '../lib/secret.ts';

/**
 * What is asked for. `rejected`: the gateway refused what was answered last. A one-time code is good for one answer alone:
 * nobody may keep it, or give it a second time. `message` is what the gateway says about it, as it may be shown.
 */
export interface CredentialQuestion {
  readonly what: 'password' | 'pre-shared key' | 'passphrase' | 'one-time code';
  readonly rejected: boolean;
  readonly message?: string;
}

/**
 * Where a connection gets secrets, each time that it needs one: at the first login, and at later ones that take the
 * place of a lost or ageing session. Every answer is a copy, which the connection wipes as soon as it has been used.
 * Undefined: there is none, and nobody who could be asked.
 */
export interface CredentialSource {
  get(question: CredentialQuestion): Promise<SecretBytes | undefined>;
}
