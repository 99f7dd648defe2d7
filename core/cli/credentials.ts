/** Gathers the secrets that a profile needs, and no others. */
import type { ReadStream, WriteStream } from 'node:tty';
import { keyIsEncrypted } from '../contract/pem-text.ts';
import type { Profile } from '../contract/profile.ts';
import { failure, type Failure } from '../lib/failure.ts';
import { err, ok, type Result } from '../lib/result.ts';
import type { SecretBytes } from '../lib/secret.ts';
import type { ConnectOptions } from './arguments.ts';
import type { Credentials } from './connection-port.ts';
import { promptSecret, readSecretFromFd } from './secret-input.ts';
import { harmless } from './terminal.ts';

/** The terminal to ask on; undefined when standard input or standard error is not one. */
export interface PromptTerminal {
  readonly input: ReadStream;
  readonly output: WriteStream;
}

type Want = {
  readonly field: 'password' | 'passphrase';
  readonly what: 'password' | 'pre-shared key' | 'passphrase';
  readonly user?: string;
};

/** What the profile's way of proving the user asks for, if anything. */
export function wantedSecret({ user }: Profile): Want | undefined {
  switch (user.method) {
    case 'eap-mschapv2':
      return { field: 'password', what: 'password', user: user.username };
    case 'psk':
      return { field: 'password', what: 'pre-shared key', user: user.identity };
    case 'certificate':
      return keyIsEncrypted(user.privateKey) ? { field: 'passphrase', what: 'passphrase' } : undefined;
  }
}

/**
 * The secret from its descriptor, else from a person at the terminal. 'interrupted' is Ctrl-C at the prompt;
 * otherwise the error is config.credential-missing.
 */
export async function gatherCredentials(
  profile: Profile,
  options: Pick<ConnectOptions, 'passwordFd' | 'passphraseFd'>,
  terminal: PromptTerminal | undefined,
): Promise<Result<Credentials, Failure | 'interrupted'>> {
  const want = wantedSecret(profile);
  if (want === undefined) return ok({});
  const { field, what, user } = want;
  const missing = (detail: string) => err(failure('config.credential-missing', { what, user, detail }));
  const given = (secret: SecretBytes) => ok({ [field]: secret });

  const fd = field === 'password' ? options.passwordFd : options.passphraseFd;
  if (fd !== undefined) {
    const read = await readSecretFromFd(fd);
    return read.ok
      ? given(read.value)
      : missing(`it could not be had from file descriptor ${fd}: ${read.error}`);
  }
  if (terminal === undefined) return missing('there is no terminal to ask on');
  const prompted = await promptSecret(question(want, profile), terminal.input, terminal.output);
  if (prompted.kind === 'secret') return given(prompted.secret);
  return prompted.kind === 'interrupted' ? err('interrupted') : missing('nothing was typed');
}

function question({ what, user }: Want, profile: Profile): string {
  const name =
    what === 'passphrase'
      ? 'Passphrase of the private key'
      : what === 'password'
        ? 'Password'
        : 'Pre-shared key';
  return harmless(`${name}${user === undefined ? '' : ` of ${user}`} for ${profile.name}`) + ': ';
}
