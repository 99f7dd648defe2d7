import { join } from 'node:path';
import { UNPACKED } from './private-machine.ts';

/** What is unpacked so that the shells of the tests can run. */
export const SHELL_PACKAGES = ['zsh', 'zsh-common', 'fish', 'fish-common', 'libpcre2-32-0'] as const;

/** Makes what is unpacked appear where it would be installed, for one process and what it starts. */
const SCRIPT = `
set -e
mount --make-rprivate /
for part in bin lib share; do
  lower=/usr/$part
  for place in "$UNPACKED"/zsh "$UNPACKED"/zsh-common "$UNPACKED"/fish "$UNPACKED"/fish-common "$UNPACKED"/libpcre2-32-0; do
    for from in "$place/usr/$part" "$place/$part"; do
      if [ -d "$from" ]; then lower=$from:$lower; fi
    done
  done
  mount -t overlay overlay -o "lowerdir=$lower" "/usr/$part"
done
exec "$@"
`;

/** argv that runs `argv` where zsh and fish are installed. */
export function withShells(argv: readonly string[]): string[] {
  return [
    '/usr/bin/env',
    `UNPACKED=${join(UNPACKED)}`,
    '/usr/bin/unshare',
    '-m',
    '/bin/sh',
    '-c',
    SCRIPT,
    'sh',
    ...argv,
  ];
}
