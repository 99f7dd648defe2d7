import type { PrivateMachine } from './private-machine.ts';

/** A unit of systemd: its settings by name, a later one in place of an earlier one. */
export function settingsOf(text: string): ReadonlyMap<string, string> {
  const lines = text.split('\n').filter((line) => /^[A-Za-z]+=/.test(line));
  return new Map(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
}

/** The words of a command that becomes another one with no more rights than a unit gives. */
export function confinement(unit: ReadonlyMap<string, string>, groupId?: number): string[] {
  const kept = (unit.get('CapabilityBoundingSet') ?? '').split(' ').filter((word) => word !== '');
  const bounding = ['-all', ...kept.map((name) => `+${name.replace('CAP_', '').toLowerCase()}`)].join();
  return [
    '/usr/bin/setpriv',
    `--bounding-set=${bounding}`,
    '--inh-caps=-all',
    ...(unit.get('NoNewPrivileges') === 'yes' ? ['--no-new-privs'] : []),
    ...(groupId === undefined ? ['--clear-groups'] : [`--groups=${groupId}`]),
    '/bin/sh',
    '-c',
    `umask ${unit.get('UMask') ?? '0022'}; exec "$@"`,
    'sh',
  ];
}

const PLACES = {
  Runtime: '/run',
  State: '/var/lib',
  Configuration: '/etc',
  Logs: '/var/log',
} as const;

/** The directories that systemd makes for a unit before it starts it. */
export function makeDirectories(machine: PrivateMachine, unit: ReadonlyMap<string, string>): void {
  for (const [kind, place] of Object.entries(PLACES)) {
    const mode = unit.get(`${kind}DirectoryMode`) ?? '0755';
    for (const name of (unit.get(`${kind}Directory`) ?? '').split(' ').filter((word) => word !== '')) {
      machine.run(['/usr/bin/install', '-d', '-m', mode, `${place}/${name}`]);
    }
  }
}
