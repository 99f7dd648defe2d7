/** Gathers the secrets that a profile needs, and no others. */
import type { ReadStream, WriteStream } from 'node:tty';
import { keyIsEncrypted } from '../contract/pem-text.ts';
import type { Profile } from '../contract/profile.ts';
import { failure, type Failure } from '../lib/failure.ts';
import { err, ok, type Result } from '../lib/result.ts';
import type { SecretBytes } from '../lib/secret.ts';
import type { CredentialQuestion } from '../vpn/credential-source.ts';
import type { ConnectOptions } from './arguments.ts';
import { KeptCredentials } from './kept-credentials.ts';
import { type Prompted, promptSecret, readSecretFromFd } from './secret-input.ts';
import { harmless } from './terminal.ts';

/** The terminal to ask on; undefined when standard input or standard error is not one. */
export interface PromptTerminal {
  readonly input: ReadStream;
  readonly output: WriteStream;
}

type Want = {
  readonly field: 'password' | 'passphrase';
  readonly what: CredentialQuestion['what'];
  readonly user?: string;
};

/** What the profile's way of proving the user asks for, if anything. */
export function wantedSecret({ user }: Profile): Want | undefined {
  switch (user.method) {
    case 'eap-mschapv2':
      return { field: 'password', what: 'password', user: user.username };
    case 'eap-gtc':
      return { field: 'password', what: 'one-time code', user: user.username };
    case 'psk':
      return { field: 'password', what: 'pre-shared key', user: user.identity };
    case 'certificate':
      return keyIsEncrypted(user.privateKey) ? { field: 'passphrase', what: 'passphrase' } : undefined;
  }
}

/** What asking again has to do with whoever shows the connection. */
export interface AskingHooks {
  /** The line of the terminal is needed for a question; undefined when it is answered. */
  readonly onAsking: (isAsking: boolean) => void;
  /** Ctrl-C instead of an answer. */
  readonly onInterrupt: () => void;
}

/**
 * The secret from its descriptor, else from a person at the terminal. 'interrupted' is Ctrl-C at the prompt;
 * otherwise the error is config.credential-missing.
 */
export async function gatherCredentials(
  profile: Profile,
  options: Pick<ConnectOptions, 'passwordFd' | 'passphraseFd'>,
  terminal: PromptTerminal | undefined,
  hooks: AskingHooks,
): Promise<Result<KeptCredentials, Failure | 'interrupted'>> {
  const want = wantedSecret(profile);
  const isLasting = want?.what !== 'one-time code';
  const keep = profile.reconnect.enabled && isLasting;
  if (want === undefined) return ok(new KeptCredentials(undefined, { keep, ask: nobody }));
  const { field, what, user } = want;
  const missing = (detail: string) => err(failure('config.credential-missing', { what, user, detail }));

  const fd = field === 'password' ? options.passwordFd : options.passphraseFd;
  if (fd !== undefined) {
    const read = await readSecretFromFd(fd);
    // What a descriptor said once it will not say again, and no person is known to be there.
    return read.ok
      ? ok(new KeptCredentials(read.value, { keep, ask: nobody }))
      : missing(`it could not be had from file descriptor ${fd}: ${read.error}`);
  }
  if (terminal === undefined) return missing('there is no terminal to ask on');
  const prompt = (): Promise<Prompted> =>
    promptSecret(question(want, profile), terminal.input, terminal.output);
  const ask = async ({ message, rejected }: CredentialQuestion): Promise<SecretBytes | undefined> => {
    hooks.onAsking(true);
    if (message !== undefined) terminal.output.write(`The gateway says: ${harmless(message)}\n`);
    if (rejected && !isLasting) terminal.output.write('The one-time code was not accepted.\n');
    const again = await prompt().finally(() => hooks.onAsking(false));
    if (again.kind === 'interrupted') hooks.onInterrupt();
    return again.kind === 'secret' ? again.secret : undefined;
  };
  // A code is good for a moment: it is asked for when the gateway does.
  if (!isLasting) return ok(new KeptCredentials(undefined, { keep, ask }));
  const prompted = await prompt();
  if (prompted.kind !== 'secret')
    return prompted.kind === 'interrupted' ? err('interrupted') : missing('nothing was typed');
  return ok(new KeptCredentials(prompted.secret, { keep, ask }));
}

function nobody(): Promise<undefined> {
  return Promise.resolve(undefined);
}

function question({ what, user }: Want, profile: Profile): string {
  const name =
    what === 'passphrase'
      ? 'Passphrase of the private key'
      : what === 'password'
        ? 'Password'
        : what === 'one-time code'
          ? 'One-time code'
          : 'Pre-shared key';
  return harmless(`${name}${user === undefined ? '' : ` of ${user}`} for ${profile.name}`) + ': ';
}
