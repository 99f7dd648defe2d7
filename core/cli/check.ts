/** `causeway check`: what a profile says, or what is wrong with it. Nothing is sent and nothing is changed. */
import { failedEvent } from '../contract/failure-text.ts';
import type { Profile } from '../contract/profile.ts';
import { failure, type Failure } from '../lib/failure.ts';
import { SecretBytes } from '../lib/secret.ts';
import { EXIT_ENDED_BY_USER, exitCodeOf } from './exit-codes.ts';
import { readProfile } from './profile-file.ts';
import { Screen, type Output } from './screen.ts';
import { colored, harmless, marksOf, type Look } from './terminal.ts';
import { textRenderer } from './text-renderer.ts';

interface CheckHost {
  readonly out: Output;
  readonly error: Output;
  readonly look: Look;
}

/** Returns the exit code. */
export async function check(path: string, { out, error, look }: CheckHost): Promise<number> {
  const screen = new Screen(out, error, look);
  const profile = readProfile(path);
  const problem = profile.ok ? await deeperProblem(profile.value) : profile.error;
  if (problem !== undefined) {
    const told = failure(problem.code, { file: path, ...problem.context });
    textRenderer(screen, { name: path, verbose: false, now: () => 0 }).event(failedEvent(told, 0));
    return exitCodeOf(told, false);
  }
  screen.line(`${colored(look, 'green', marksOf(look).done)} ${harmless(path)} is a good profile`);
  const rows = profile.ok ? summary(profile.value) : [];
  for (const [label, value] of rows) screen.line(`  ${label.padEnd(10)} ${harmless(value)}`);
  return EXIT_ENDED_BY_USER;
}

/** What a connection would find wrong before it sends anything: proposals, certificates, keys. */
async function deeperProblem(profile: Profile): Promise<Failure | undefined> {
  const { prepareIkeConfig } = await import('../vpn/ike-config.ts');
  const prepared = prepareIkeConfig(profile, {
    // Any secret will do: none is tried on anybody.
    secrets: { password: SecretBytes.ofText('-') },
    systemAnchors: () => [],
    keyLog: false,
    now: Date.now(),
  });
  // Only the passphrase of a private key can be missing, and it is asked for when connecting.
  return prepared.ok || prepared.error.code === 'config.credential-missing' ? undefined : prepared.error;
}

function summary({
  name,
  gateway,
  user,
  tunnel,
}: Profile): readonly (readonly [label: string, value: string])[] {
  const trust =
    user.method === 'psk'
      ? 'proved by the pre-shared key'
      : gateway.authorities === 'system'
        ? 'vouched for by an authority of this machine'
        : 'vouched for by an authority in the profile';
  return [
    ['Name', name],
    ['Gateway', `${gateway.address}, as ${gateway.identity}, ${trust}`],
    ['Sign-in', signIn(user)],
    ['Networks', tunnel.remote.join(', ')],
  ];
}

function signIn(user: Profile['user']): string {
  switch (user.method) {
    case 'eap-mschapv2':
      return `${user.username}, by password`;
    case 'eap-gtc':
      return `${user.username}, by a one-time code`;
    case 'certificate':
      return `${user.identity ?? 'the subject of the certificate'}, by certificate`;
    case 'psk':
      return `${user.identity}, by a pre-shared key`;
  }
}
