/** Sentences for failures on this side: the profile, the credentials, the machine, Causeway itself. */
import type { FailureCode } from '../../lib/failure.ts';
import { explain, given, type Explanation, type Facts } from './facts.ts';

type LocalCode = Extract<
  FailureCode,
  `config.${string}` | `platform.${string}` | `contract.${string}` | `internal.${string}`
>;

const NEED_ROOT = 'Run the command as root, for example with sudo in front of it.';

/** What became of the changes before the one that was refused. */
function putBack(c: Facts<'leftover'>): string {
  return c.leftover === undefined
    ? 'What had been changed before was put back.'
    : `Putting back what had been changed before was refused as well: ${c.leftover}. The next start of Causeway tries again.`;
}

export const LOCAL_FAILURES: Readonly<Record<LocalCode, Explanation>> = {
  'config.profile-unknown': explain('user', ['profile'], (c) => ({
    title: 'There is no such profile',
    why: `The service knows no profile ${c.profile ?? 'of that name'} of yours or of this machine.`,
    next: 'See which there are: causeway profile list.',
  })),

  'config.profile-ambiguous': explain('user', ['profiles'], (c) => ({
    title: 'Which profile is meant?',
    why: `More than one profile fits what was said${given(c.profiles, (names) => `: ${names}`)}.`,
    next: 'Say which one by its id, the word in brackets.',
  })),

  'config.profile-unreadable': explain('user', ['file', 'detail'], (c) => ({
    title: 'The profile cannot be read',
    why: `${c.file ?? 'The profile file'} could not be read${given(c.detail, (text) => `: ${text}`)}.`,
    next: 'Check the path, and that you may read the file.',
  })),

  'config.profile-not-json': explain('user', ['file', 'line', 'column', 'detail'], (c) => ({
    title: 'The profile is not valid JSON',
    why: `${c.file ?? 'The profile'} cannot be understood${given(c.line, (line) => ` at line ${line}`)}${given(c.column, (column) => `, column ${column}`)}${given(c.detail, (text) => `: ${text}`)}.`,
    next: 'Look at that place and just before it: a missing or surplus comma, or a quotation mark that is not closed, is the usual cause.',
  })),

  'config.profile-invalid': explain('user', ['file', 'problems'], (c) => ({
    title: 'The profile has mistakes in it',
    why:
      given(c.problems, (text) => `${c.file ?? 'The profile'} says:\n${text}`) ||
      `${c.file ?? 'The profile'} holds something that Causeway does not know or that has the wrong form.`,
    next: 'Correct the profile and check it with: causeway check PROFILE.json',
  })),

  'config.policy-unreadable': explain('user', ['file', 'detail'], (c) => ({
    title: 'The policy cannot be read',
    why: `${c.file ?? 'The file'} cannot be understood as JSON${given(c.detail, (text) => `: ${text}`)}.`,
    next: 'Check the path, and look for a missing or surplus comma, or a quotation mark that is not closed.',
  })),

  'config.policy-invalid': explain('user', ['file', 'problems'], (c) => ({
    title: 'The policy has mistakes in it',
    why:
      given(c.problems, (text) => `${c.file ?? 'The policy'} says:\n${text}`) ||
      `${c.file ?? 'The policy'} holds something that Causeway does not know or that has the wrong form.`,
    next: 'Correct the policy and write it again with: causeway policy set.',
  })),

  'config.policy-changed': explain('user', [], () => ({
    title: 'The policy was changed by somebody else meanwhile',
    why: 'It is no longer the one that was opened in the editor, and writing the edited one would undo that change.',
    next: 'Look at what holds now with causeway policy show, and edit that.',
  })),

  'config.editor-failed': explain('user', ['editor', 'detail'], (c) => ({
    title: 'The editor did not do its work',
    why: `${c.editor ?? 'The editor'} could not be run to its end${given(c.detail, (text) => `: ${text}`)}. The policy is as it was.`,
    next: 'Set the environment variable EDITOR to an editor of this machine, such as nano or vi, and try again.',
  })),

  'config.file-not-written': explain('user', ['file', 'detail'], (c) => ({
    title: 'The file could not be written',
    why: `${c.file ?? 'The file'} could not be made${given(c.detail, (text) => `: ${text}`)}. Nothing was replaced.`,
    next: 'Name a new file in a directory of yours with --output.',
  })),

  'config.fixed-policy-invalid': explain('it', ['problems'], (c) => ({
    title: 'The part of the split tunnel that IT fixed has mistakes in it',
    why:
      given(c.problems, (text) => `Its file says:\n${text}`) ||
      'Its file holds something that Causeway does not know or that has the wrong form.',
    next: 'Ask your IT department to correct the policy that lies beside the profile in /etc/causeway/profiles.d. Nothing is connected without what it says.',
  })),

  'config.too-many-profiles': explain('user', ['limit'], (c) => ({
    title: 'There is no room for another profile',
    why: `The service keeps so much for each user${given(c.limit, (text) => `: ${text}`)}.`,
    next: 'Remove profiles that you do not need with: causeway profile remove NAME.',
  })),

  'config.policy-unusable': explain('user', ['problems'], (c) => ({
    title: 'The split-tunnel policy cannot be carried out',
    why:
      given(c.problems, (text) => `Of the policy:\n${text}`) ||
      'It asks for something that Causeway cannot enforce on this machine.',
    next: 'Change the policy, and write it again with: causeway policy set.',
  })),

  'config.not-automatic': explain('it', ['profile'], (c) => ({
    title: 'This profile does not connect by itself',
    why: `${c.profile ?? 'The profile'} does not say on which networks that is to be done.`,
    next: 'Ask IT for a profile with automatic.connect, or add it to yours; core/contract/profile.md explains how.',
  })),

  'config.credential-missing': explain('user', ['what', 'user', 'detail'], (c) => ({
    title: `The ${c.what ?? 'password'} is missing`,
    why: `The connection needs the ${c.what ?? 'password'}${given(c.user, (user) => ` of ${user}`)}, and ${c.detail ?? 'none was given'}.`,
    next: 'Run the command in a terminal, where it can ask, or hand the secret over on a file descriptor: --password-fd N for a password or a pre-shared key, --passphrase-fd N for the passphrase of a private key.',
  })),

  'config.certificate-invalid': explain('user', ['field', 'detail'], (c) => ({
    title: 'A certificate in the profile cannot be used',
    why: `The certificate in ${c.field ?? 'the profile'} cannot be used${given(c.detail, (text) => `: ${text}`)}.`,
    next: 'Put the certificate in again in PEM form (text that begins with -----BEGIN CERTIFICATE-----), or ask IT for a new one.',
  })),

  'config.key-invalid': explain('user', ['field', 'detail'], (c) => ({
    title: 'The private key in the profile cannot be used',
    why: `The key in ${c.field ?? 'user.privateKey'} cannot be used${given(c.detail, (text) => `: ${text}`)}.`,
    next: 'Put the private key in again in PEM form (text that begins with -----BEGIN PRIVATE KEY-----), or ask IT for a new one.',
  })),

  'config.passphrase-wrong': explain('user', [], () => ({
    title: 'The passphrase of the private key is wrong',
    why: 'The private key in the profile is encrypted, and this passphrase does not open it.',
    next: 'Try again. The passphrase is the one that was set when the key file was made, not the password of your account.',
  })),

  'config.key-mismatch': explain('user', ['subject'], (c) => ({
    title: 'The private key does not belong to the certificate',
    why: `The certificate${given(c.subject, (subject) => ` of ${subject}`)} holds another public key than the one that fits user.privateKey.`,
    next: 'Put a certificate and a private key into the profile that were made together. When user.certificate holds several, your own must be the first.',
  })),

  'config.usage': explain('user', ['detail'], (c) => ({
    title: 'The command was not understood',
    why: c.detail ?? 'The command has an option or an argument that Causeway does not know.',
    next: 'See all commands and options with: causeway --help',
  })),

  'config.keylog-refused': explain('user', ['file', 'detail'], (c) => ({
    title: 'The keys of the connection cannot be written to that file',
    why: `Causeway refuses to write keys to ${c.file ?? 'the file after --keylog'}${given(c.detail, (text) => `: ${text}`)}. Whoever can read that file can read the traffic of the connection.`,
    next: 'Run the command as root and name a file that does not exist yet, in a folder that only root can write to.',
  })),

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

  'contract.invalid': explain('makers', ['detail'], (c) => ({
    title: 'Two parts of Causeway do not understand each other',
    why: `A message between them does not have the agreed form${given(c.detail, (text) => `: ${text}`)}. Usually one part was updated and the other was not restarted.`,
    next: 'Restart Causeway. If that does not help, install it again.',
  })),

  'contract.version': explain('user', ['server'], (c) => ({
    title: 'Two parts of Causeway are of different versions',
    why: `This program and the service${given(c.server, (server) => ` (${server})`)} have no version of their language in common: one was updated and the other was not.`,
    next: 'Restart the Causeway service and this program. If that does not help, install the same version of both.',
  })),

  'contract.unknown-call': explain('user', ['call'], (c) => ({
    title: 'The Causeway service cannot do that',
    why: `It does not know what was asked of it${given(c.call, (call) => ` (${call})`)}: it is of another version than this program.`,
    next: 'Restart the Causeway service. If that does not help, install the same version of both.',
  })),

  'contract.denied': explain('user', ['call'], (c) => ({
    title: 'You may not do that',
    why: `What was asked for${given(c.call, (call) => ` (${call})`)} is for administrators, or for the user who started the connection.`,
    next: 'Ask the user who started the connection, or an administrator.',
  })),

  'contract.no-access': explain('it', [], () => ({
    title: 'You may not use the Causeway service',
    why: 'The service talks to the members of its group alone, and you are none of them.',
    next: 'Ask an administrator to add you to the group causeway, then sign in to this computer again.',
  })),

  'contract.busy': explain('user', [], () => ({
    title: 'The Causeway service was asked too much at once',
    why: 'It takes a limited number of requests from each program, so that none can keep it from its work.',
    next: 'Wait a moment and try again.',
  })),

  'contract.too-late': explain('user', [], () => ({
    title: 'Nobody waits for that any more',
    why: 'What was answered had been answered before, was waited for too long, or belonged to a connection that is gone.',
    next: 'Look at the state of the connection. Start it again if it has ended.',
  })),

  'contract.timeout': explain('user', ['call'], (c) => ({
    title: 'The Causeway service did not answer',
    why: `It took too long to answer${given(c.call, (call) => ` (${call})`)}.`,
    next: 'Try again. If it stays, restart the Causeway service.',
  })),

  'contract.disconnected': explain('user', [], () => ({
    title: 'The Causeway service is not there',
    why: 'The connection to it ended: the service was stopped, or is just being restarted.',
    next: 'Try again in a moment. If it stays, start the Causeway service.',
  })),

  'contract.untrusted-service': explain('it', ['path'], (c) => ({
    title: 'What answers is not the Causeway service',
    why: `The place where the service listens${given(c.path, (path) => ` (${path})`)} belongs to somebody else, or somebody else can write there. Nothing was sent to it.`,
    next: 'Tell IT: another program may be trying to get passwords. Installing Causeway again puts the place right.',
  })),

  'internal.self-test': explain('makers', ['detail'], (c) => ({
    title: 'The check of the cryptography failed',
    why: `Before connecting, Causeway computes known examples, and one came out wrong${given(c.detail, (text) => `: ${text}`)}. Nothing was sent: a connection could not be trusted.`,
    next: 'Install Causeway again. If it stays, report it with the version that causeway --version prints.',
  })),

  'internal.bug': explain('makers', ['detail'], (c) => ({
    title: 'Causeway made a mistake',
    why: `Something happened that the program was not written for${given(c.detail, (text) => `: ${text}`)}. The connection was ended and the network put back.`,
    next: 'Try again. Please report it with what is said above and the output of causeway --version.',
  })),
};
