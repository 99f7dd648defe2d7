import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * What happens first inside the user namespace. /run is where ip keeps its namespaces, and it is the outer
 * root's: here an empty one takes its place. The client starts no tool that root does not own, and the outer
 * root is nobody in here: it sees copies that the inner root owns.
 */
const ENTER = `set -e
mount -t tmpfs -o mode=0755 tmpfs /run
mkdir /run/tools
for tool in ip nft; do
  path=$(PATH=/usr/sbin:/sbin:/usr/bin:/bin command -v "$tool")
  path=$(readlink -f "$path")
  cp "$path" "/run/tools/$tool"
  chmod 0755 "/run/tools/$tool"
  mount --bind "/run/tools/$tool" "$path"
done
exec "$@"`;

/** Set in the environment of the demo that runs inside a user namespace. */
const INSIDE = 'CAUSEWAY_DEMO_USER_NAMESPACE';

const UNSHARE = '/usr/bin/unshare';
const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));

/**
 * How the demo can run here: as it is; again inside a user namespace in which we are root; or not, and why.
 * Nothing outside the namespaces that it makes is touched in either way.
 */
export type Way =
  | { readonly kind: 'root'; readonly userNamespace: boolean }
  | { readonly kind: 'again'; readonly argv: readonly [string, ...string[]]; readonly env: NodeJS.ProcessEnv }
  | { readonly kind: 'impossible'; readonly why: string };

export function findWay(args: readonly string[]): Way {
  if (process.platform !== 'linux') return impossible('The demo builds its network from Linux namespaces.');
  const missing = ['ip', 'nft', 'tcpdump'].filter((name) => !installed(name));
  if (missing.length > 0) {
    const packages = { ip: 'iproute2', nft: 'nftables', tcpdump: 'tcpdump' } as Readonly<
      Record<string, string>
    >;
    const names = missing.map((name) => packages[name] ?? name).join(' ');
    return impossible(`Not installed: ${missing.join(', ')}. Try: sudo apt-get install ${names}`);
  }
  if (!tunUsable()) return impossible(tunProblem());
  if (process.getuid?.() === 0) return { kind: 'root', userNamespace: process.env[INSIDE] === '1' };
  return userNamespace(args);
}

function impossible(why: string): Way {
  return { kind: 'impossible', why };
}

function installed(name: string): boolean {
  return ['/usr/sbin', '/usr/bin', '/sbin', '/bin'].some((directory) => existsSync(`${directory}/${name}`));
}

function tunUsable(): boolean {
  try {
    accessSync('/dev/net/tun', constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function tunProblem(): string {
  if (!existsSync('/dev/net/tun'))
    return 'There is no /dev/net/tun: the kernel has no TUN driver, or this container was not given the device.';
  return 'Only root may open /dev/net/tun on this machine. Run the demo as root: sudo npm run demo';
}

/**
 * Root inside a user namespace needs a range of group numbers as well, because tcpdump drops its groups: that is
 * what newuidmap and /etc/subuid are for.
 */
function userNamespace(args: readonly string[]): Way {
  const argv = [UNSHARE, '--user', '--map-root-user', '--map-auto', '--mount', '--net'] as const;
  const probe = existsSync(UNSHARE) ? spawnSync(argv[0], [...argv.slice(1), '/bin/true']) : undefined;
  if (probe?.status !== 0) {
    const said = probe?.stderr.toString().trim() ?? 'unshare is not installed';
    return impossible(
      `Not root, and no user namespace with a range of ids either (${said}). ` +
        'Install uidmap, or run the demo as root: sudo npm run demo',
    );
  }
  const inside = ['/bin/sh', '-c', ENTER, 'sh', process.execPath, MAIN, ...args];
  return { kind: 'again', argv: [...argv, ...inside], env: { ...process.env, [INSIDE]: '1' } };
}

/** What a person types to enter a namespace of the demo from another terminal. */
export function enterCommand(namespace: string, userNamespace: boolean): string {
  const exec = `ip netns exec ${namespace}`;
  if (userNamespace) return `nsenter --target ${process.pid} --user --mount --preserve-credentials ${exec}`;
  return process.env['SUDO_USER'] === undefined ? exec : `sudo ${exec}`;
}
