/** Sentences for what this machine does not have or did not let us do. */
import type { FailureCode } from '../../../lib/failure.ts';
import { explain, given, type Explanation, type Facts } from '../facts.ts';

type PlatformCode = Extract<FailureCode, `platform.${string}`>;

const NEED_ROOT = 'Run the command as root, for example with sudo in front of it.';

/** What became of the changes before the one that was refused. */
function putBack(c: Facts<'leftover'>): string {
  return c.leftover === undefined
    ? 'What had been changed before was put back.'
    : `Putting back what had been changed before was refused as well: ${c.leftover}. The next start of Causeway tries again.`;
}

export const PLATFORM_FAILURES = {
  'platform.not-root': explain('user', ['detail'], (c) => ({
    title: 'Connecting needs administrator rights',
    why: `A connection makes a network interface and changes routes, which Linux allows only to root${given(c.detail, (text) => ` (${text})`)}.`,
    next: NEED_ROOT,
  })),

  'platform.no-tun': explain('user', ['detail'], (c) => ({
    title: 'This machine has no TUN support',
    why: `/dev/net/tun, through which a program can carry network packets, cannot be opened${given(c.detail, (text) => `: ${text}`)}.`,
    next: 'Load the driver with: modprobe tun. In a container, whoever runs it must pass the device in (--device /dev/net/tun) and add the NET_ADMIN capability.',
  })),

  'platform.tun-failed': explain('it', ['name', 'detail'], (c) => ({
    title: 'The tunnel interface could not be made',
    why: `The system refused to make or set up the network interface${given(c.name, (name) => ` ${name}`)}${given(c.detail, (text) => `: ${text}`)}.`,
    next: 'Look for another VPN program that holds an interface of the same name, and end it. If there is none, tell IT what is said above.',
  })),

  'platform.tool-missing': explain('user', ['tool'], (c) => ({
    title: `The program ${c.tool ?? 'ip'} is missing`,
    why: `Causeway sets up the network with ${c.tool ?? 'ip'}, which is not where it belongs on this system.`,
    next: 'Install the package that has it; for ip that is iproute2.',
  })),

  'platform.socket-failed': explain('user', ['port', 'detail'], (c) => ({
    title: 'No network socket could be opened',
    why: `The system refused a UDP socket${given(c.port, (port) => ` on port ${port}`)}${given(c.detail, (text) => `: ${text}`)}.`,
    next: 'If another VPN program runs on this machine (strongSwan and libreswan use the same ports), stop it and try again.',
  })),

  'platform.monitor-failed': explain('it', ['detail'], (c) => ({
    title: 'The networks of this machine cannot be watched',
    why: `The system did not say which networks there are${given(c.detail, (text) => `: ${text}`)}. Without that, a connection could not follow from one network to another.`,
    next: 'A program that confines Causeway, such as a container or a security module, may forbid netlink sockets: allow them and try again.',
  })),

  'platform.route-failed': explain('it', ['command', 'detail', 'leftover'], (c) => ({
    title: 'The routes into the tunnel could not be set',
    why: `The system refused a change to its routing table${given(c.command, (command) => ` (${command})`)}${given(c.detail, (text) => `: ${text}`)}. ${putBack(c)}`,
    next: 'Another VPN or network program may hold the same route: end it and try again. If that does not help, tell IT what is said above.',
  })),

  'platform.address-failed': explain('it', ['address', 'command', 'detail', 'leftover'], (c) => ({
    title: 'The tunnel could not be given its address',
    why: `The system refused to set the address${given(c.address, (address) => ` ${address}`)} that the gateway gave out${given(c.command, (command) => ` (${command})`)}${given(c.detail, (text) => `: ${text}`)}. ${putBack(c)}`,
    next: 'If IPv6 is switched off on this machine, set tunnel.addresses to ["ipv4"] in the profile. Otherwise tell IT what is said above.',
  })),

  'platform.restore-failed': explain('it', ['command', 'detail'], (c) => ({
    title: 'The network could not be put back',
    why: `A change that the connection had made to the network of this machine could not be undone${given(c.command, (command) => ` (${command})`)}${given(c.detail, (text) => `: ${text}`)}. It is noted, and the next start of Causeway tries again.`,
    next: 'Connect and disconnect once more. If that does not help, restart this machine, which forgets all such changes, and tell IT what is said above.',
  })),

  'platform.not-saved': explain('user', ['detail'], (c) => ({
    title: 'It could not be saved',
    why: `The service could not write its own file${given(c.detail, (text) => `: ${text}`)}. What was there before is unchanged.`,
    next: 'Make room on the disk of the system and try again. If there is room, tell IT what is said above.',
  })),

  'platform.firewall-failed': explain('it', ['detail'], (c) => ({
    title: 'The firewall could not be set',
    why: `The system refused the rules that keep traffic from passing beside the tunnel${given(c.detail, (text) => `: ${text}`)}. The rules of before still stand.`,
    next: 'Tell IT what is said above. The kernel may lack nftables, or another program may hold them.',
  })),

  'platform.no-programs': explain('it', [], () => ({
    title: 'Programs cannot be told apart on this machine',
    why: 'Rules about programs go by control groups of version 2 (cgroup2), and there are none at /sys/fs/cgroup.',
    next: 'Start the machine with cgroup2, which every current system with systemd does unless it is told otherwise (kernel option systemd.unified_cgroup_hierarchy), or take the rules about programs out of the policy.',
  })),

  'platform.program-not-moved': explain('it', ['app', 'detail'], (c) => ({
    title: 'The program was not started',
    why: `It could not be made one of the programs of ${c.app ?? 'that application'}${given(c.detail, (text) => `: ${text}`)}. Without that its traffic could go another way than the policy says.`,
    next: 'Start it in another session, or as a service of that name. If that does not help, tell IT what is said above.',
  })),

  'platform.dns-failed': explain('it', ['command', 'detail', 'leftover'], (c) => ({
    title: 'Names cannot be looked up through the tunnel',
    why: `The system refused to use the name servers of the connection${given(c.command, (command) => ` (${command})`)}${given(c.detail, (text) => `: ${text}`)}. ${putBack(c)}`,
    next: 'Tell IT what is said above. A name server of its own on this machine, an /etc/resolv.conf that nobody may change, or a full disk is the usual cause. A profile with "dns": { "use": "none" } connects without changing anything about names.',
  })),

  'platform.already-running': explain('user', ['pid', 'name'], (c) => ({
    title: 'A connection is already running',
    why: `Another Causeway${given(c.pid, (pid) => ` (process ${pid})`)} holds the tunnel${given(c.name, (name) => ` ${name}`)} on this machine.`,
    next: 'End the other connection first: press Ctrl-C where it runs, or send its process the signal TERM.',
  })),

  'platform.unsupported-system': explain('makers', ['system'], (c) => ({
    title: 'This system is not supported',
    why: `Causeway does not know how to set up a tunnel on ${c.system ?? 'this operating system'}.`,
    next: 'Use a machine with Linux.',
  })),
} satisfies Readonly<Record<PlatformCode, Explanation>>;
