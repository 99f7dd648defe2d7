/** `causeway check`: what a profile says, or what is wrong with it. Nothing is sent and nothing is changed. */
import { failedEvent } from '../contract/failure-text.ts';
import type { Profile } from '../contract/profile.ts';
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
export function check(path: string, { out, error, look }: CheckHost): number {
  const screen = new Screen(out, error, look);
  const profile = readProfile(path);
  if (!profile.ok) {
    textRenderer(screen, { name: path, verbose: false, now: () => 0 }).event(failedEvent(profile.error, 0));
    return exitCodeOf(profile.error, false);
  }
  screen.line(`${colored(look, 'green', marksOf(look).done)} ${harmless(path)} is a good profile`);
  for (const [label, value] of summary(profile.value))
    screen.line(`  ${label.padEnd(10)} ${harmless(value)}`);
  return EXIT_ENDED_BY_USER;
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
    case 'certificate':
      return `${user.identity ?? 'the subject of the certificate'}, by certificate`;
    case 'psk':
      return `${user.identity}, by a pre-shared key`;
  }
}
