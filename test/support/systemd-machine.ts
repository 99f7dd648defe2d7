import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Namespace } from './netns.ts';
import { UNPACKED } from './private-machine.ts';

/** Where the hierarchy of control groups of version 2 is, alone or beside version 1. */
const CGROUP2 = ['/sys/fs/cgroup', '/sys/fs/cgroup/unified'].find((place) =>
  existsSync(join(place, 'cgroup.procs')),
);
const DEADLINE_MS = 60_000;

/** Why systemd cannot be tried here; for node:test's `skip`. */
export function noSystemd(): string | false {
  return CGROUP2 === undefined && 'no cgroup2 hierarchy: systemd cannot run here';
}

/**
 * The first process of a machine that has all that systemd changes for itself: processes, mounts, control groups, files.
 * Arguments: a scratch directory, the unpacked systemd, the installation, its prefix, a file for what the trial says.
 */
const INIT = `
set -e
scratch=$1 systemd=$2 installation=$3 prefix=$4 said=$5
mount --make-rprivate /
mount -t proc proc /proc
mount -t tmpfs tmpfs "$scratch"
mkdir "$scratch/etc" "$scratch/work" "$scratch/installation"
mount --bind "$installation" "$scratch/installation"
mount -t overlay overlay -o "lowerdir=/etc,upperdir=$scratch/etc,workdir=$scratch/work" /etc
mount -t overlay overlay -o "lowerdir=$systemd/lib:/usr/lib" /usr/lib
mount -t overlay overlay -o "lowerdir=$systemd/bin:$systemd/usr/bin:/usr/bin" /usr/bin
for place in /run /var/lib /var/log; do mount -t tmpfs -o mode=755 tmpfs "$place"; done
mkdir -p "$prefix" /run/systemd
mount --bind "$scratch/installation$prefix" "$prefix"
rm -rf /etc/systemd/system
cp -a "$scratch/installation/etc/." /etc/
systemd-sysusers /etc/sysusers.d/causeway.conf
if mountpoint -q /sys/fs/cgroup; then umount -R /sys/fs/cgroup; fi
mount -t cgroup2 cgroup2 /sys/fs/cgroup
# What the rest of a system would do before these is not there.
for unit in /etc/systemd/system/*.service; do sed -i 's/^\\[Unit\\]$/[Unit]\\nDefaultDependencies=no/' "$unit"; done
cat > /etc/systemd/system/trial.service <<END
[Unit]
DefaultDependencies=no
After=causewayd.service causeway-boot.service
[Service]
Type=oneshot
ExecStart=/bin/sh /etc/trial
StandardOutput=append:$said
StandardError=append:$said
ExecStopPost=/usr/bin/systemctl exit 0
END
cat > /etc/systemd/system/trial.target <<END
[Unit]
DefaultDependencies=no
Wants=causeway-boot.service causewayd.service trial.service
END
cat > /etc/trial
container=trial exec /usr/lib/systemd/systemd --system --unit=trial.target --log-target=null --show-status=no
`;

export interface Trial {
  /** The network namespace that it is in. */
  readonly namespace: Namespace;
  /** An installation, and the prefix below which its programs are. */
  readonly installation: string;
  readonly prefix: string;
  /** Lines of shell that are run when the units were started; what they say is the result. */
  readonly script: string;
}

/** Starts systemd with the units of an installation, runs a script on that machine, and ends it. */
export async function onSystemd({ namespace, installation, prefix, script }: Trial): Promise<string> {
  const scratch = mkdtempSync(join(tmpdir(), 'cw-systemd-'));
  const saidFile = `${scratch}.said`;
  const group = mkdtempSync(join(CGROUP2 ?? '', 'cw-systemd-'));
  const args = [scratch, join(UNPACKED, 'systemd'), installation, prefix, saidFile];
  const inside = [
    '/usr/bin/unshare',
    '--mount',
    '--pid',
    '--ipc',
    '--uts',
    '--cgroup',
    '--fork',
    '--kill-child',
  ];
  const argv = namespace.argv([...inside, '/bin/sh', '-c', INIT, 'sh', ...args]);
  const enter = ['-c', 'echo $$ > "$0/cgroup.procs"; exec "$@"', group, ...argv];
  const child = spawn('/bin/sh', enter, { stdio: ['pipe', 'pipe', 'pipe'] });
  let text = '';
  for (const output of [child.stdout, child.stderr])
    output.on('data', (chunk: Buffer) => (text += chunk.toString()));
  child.stdin.end(script);
  const timer = setTimeout(() => child.kill('SIGKILL'), DEADLINE_MS);
  await new Promise((resolve) => child.once('close', resolve));
  clearTimeout(timer);
  removeGroup(group);
  if (existsSync(saidFile)) text += readFileSync(saidFile, 'utf8');
  rmSync(saidFile, { force: true });
  rmSync(scratch, { recursive: true, force: true });
  return text;
}

function removeGroup(group: string): void {
  for (const entry of readdirSync(group, { withFileTypes: true })) {
    if (entry.isDirectory()) removeGroup(join(group, entry.name));
  }
  rmdirSync(group);
}
