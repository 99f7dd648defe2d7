/** Sentences for failures between us and the gateway: names, paths, silence, and messages that make no sense. */
import type { FailureCode } from '../../../lib/failure.ts';
import { counted, explain, given, type Explanation, type Facts } from '../facts.ts';

type NetworkCode = Extract<FailureCode, `network.${string}` | `timeout.${string}` | `protocol.${string}`>;

/** `The gateway vpn.example.com`, or `The gateway` when its name is not known. */
function theGateway(c: Facts<'gateway'>, article = 'The'): string {
  return `${article} gateway${given(c.gateway, (name) => ` ${name}`)}`;
}

/** ` 5 times over 60 seconds`, from as much as is known. */
function repeatedly(c: Facts<'seconds' | 'tries'>): string {
  return `${given(c.tries, (tries) => ` ${counted(tries, 'time', 'times')}`)}${given(c.seconds, (seconds) => ` over ${counted(seconds, 'second', 'seconds')}`)}`;
}

const REPORT =
  'Try once more. If it happens again, tell IT: the gateway needs an update or another setting, or its maker needs a report.';

export const NETWORK_FAILURES = {
  'network.name-unknown': explain('user', ['host'], (c) => ({
    title: `The name ${c.host ?? 'of the gateway'} is not known`,
    why: `The name service (DNS) of this network says that there is no address for ${c.host ?? 'the name of the gateway'}.`,
    next: 'Check gateway.address in the profile for a typing mistake. If it is right, the name may be known only in other networks: ask IT for the name that works from outside the office.',
  })),

  'network.name-lookup-failed': explain('network', ['host', 'detail'], (c) => ({
    title: `The address of ${c.host ?? 'the gateway'} could not be looked up`,
    why: `The name service (DNS) of this network did not answer${given(c.detail, (text) => ` (${text})`)}. Usually the machine is not online, or the network wants you to sign in on a web page first.`,
    next: 'Open any web page to see whether this machine is online, then try again.',
  })),

  'network.no-route': explain('network', ['gateway', 'detail'], (c) => ({
    title: 'The gateway cannot be reached from this network',
    why: `This machine has no way to ${theGateway(c, 'the')}${given(c.detail, (text) => ` (${text})`)}. It is not online, or the gateway has only an IPv4 or only an IPv6 address and this network lacks that kind.`,
    next: 'Connect to a network and try again. If you are online, tell IT which network you are in.',
  })),

  'network.port-closed': explain('it', ['gateway', 'port'], (c) => ({
    title: 'No VPN service answers at the gateway',
    why: `${theGateway(c)} is there, but it says that nothing listens on UDP port ${c.port ?? '500'}.`,
    next: 'Check gateway.address and the ports in the profile. If they are right, IT has to start the VPN service on the gateway.',
  })),

  'network.path-lost': explain('network', ['gateway'], (c, { refused }) => ({
    title: 'The network that led to the gateway is gone',
    why: `This machine left the network through which it reached ${theGateway(c, 'the')}, and this gateway ${refused === true ? 'refused to move the connection to where the machine is now (UNACCEPTABLE_ADDRESSES)' : 'cannot move a connection to another network (it lacks MOBIKE)'}, so a new one has to be made.`,
    next: 'Wait: it is made as soon as there is a network. If it does not come, check that this machine is online.',
  })),

  'network.nat-found': explain('network', ['gateway'], (c) => ({
    title: 'Something on the way to the gateway changes addresses',
    why: `Between this machine and ${theGateway(c, 'the')} there is address translation (NAT), as in nearly every home and guest network, and the profile forbids it.`,
    next: 'Connect from a network without address translation. If you do not know why the profile forbids it, ask IT.',
  })),

  'timeout.init': explain('network', ['gateway', 'port', 'seconds', 'tries'], (c) => ({
    title: 'The gateway does not answer',
    why: `${theGateway(c)} was asked${repeatedly(c)} on UDP port ${c.port ?? '500'}, and nothing came back. Either the network that you are in blocks VPN traffic (guest and hotel networks often do), or the address is wrong, or the gateway is off.`,
    next: 'Try another network, such as the hotspot of a phone. If it works there, the first network blocks it. If it works nowhere, check gateway.address in the profile, then ask IT whether the gateway is running.',
  })),

  'timeout.auth': explain('network', ['gateway', 'port', 'seconds', 'tries'], (c) => ({
    title: 'The gateway answered at first and then fell silent',
    why: `The first message to ${theGateway(c, 'the')} was answered. The second, which proves who both sides are, was sent${repeatedly(c)} to UDP port ${c.port ?? '4500'} without an answer. The second message is larger and may use another port, so a network that drops large packets or blocks UDP port 4500 does exactly this.`,
    next: 'Try another network, such as the hotspot of a phone. If it stays the same everywhere, IT should look for this sign-in in the log of the gateway: some gateways also fall silent when they know no such user or profile.',
  })),

  'timeout.eap': explain('it', ['gateway', 'seconds', 'tries'], (c) => ({
    title: 'The gateway fell silent while the password was checked',
    why: `${theGateway(c)} began to check the user name and password, was asked${repeatedly(c)}, and did not go on. Most often the server behind it that knows the passwords (RADIUS or a directory) does not answer.`,
    next: 'Try again in a few minutes. If it stays, IT has to look at the gateway and at its password server.',
  })),

  'timeout.liveness': explain('network', ['gateway', 'seconds', 'tries'], (c) => ({
    title: `The gateway did not answer${given(c.seconds, (seconds) => ` for ${counted(seconds, 'second', 'seconds')}`) || ' any more'}`,
    why: `${theGateway(c)} was asked${repeatedly(c)} whether it is still there, and did not answer. The network of this machine went away, or the gateway was restarted.`,
    next: 'Check that this machine is online, then connect again.',
  })),

  'timeout.slept': explain('user', ['seconds'], (c) => ({
    title: 'The connection ran out while this machine slept',
    why: `This machine slept${given(c.seconds, (seconds) => ` for ${counted(seconds, 'second', 'seconds')}`)}, which is longer than the gateway keeps a connection whose other end is silent.`,
    next: 'Wait: a new connection is made by itself. If it does not come, check that this machine is online, then connect again.',
  })),

  'protocol.malformed': explain('it', ['gateway', 'detail'], (c) => ({
    title: 'The gateway sent a message that makes no sense',
    why: `A message from ${theGateway(c, 'the')} breaks the rules of the protocol (IKEv2)${given(c.detail, (text) => `: ${text}`)}.`,
    next: REPORT,
  })),

  'protocol.unexpected': explain('it', ['gateway', 'detail'], (c) => ({
    title: 'The gateway answered with something else than was asked',
    why: `An answer from ${theGateway(c, 'the')} lacks something that it must have, or has something that it must not have${given(c.detail, (text) => `: ${text}`)}.`,
    next: REPORT,
  })),

  'protocol.key-exchange': explain('it', ['gateway', 'group', 'detail'], (c) => ({
    title: 'The keys could not be agreed on',
    why: `The value that ${theGateway(c, 'the')} sent for the key exchange${given(c.group, (group) => ` (${group})`)} is not one that an honest gateway sends${given(c.detail, (text) => `: ${text}`)}.`,
    next: 'Do not go around this. Tell IT: the gateway has a fault, or somebody stands between you and it.',
  })),

  'protocol.unoffered-choice': explain('it', ['gateway', 'chosen', 'offered', 'detail'], (c) => ({
    title: 'The gateway chose something that was not offered',
    why: `${theGateway(c)} chose ${c.chosen ?? 'algorithms'}${given(c.offered, (offered) => `, but the offer was ${offered}`) || ' that this side did not offer'}${given(c.detail, (text) => ` (${text})`)}. A choice from outside the offer could weaken the connection and is refused.`,
    next: REPORT,
  })),

  'protocol.too-many-redirections': explain('it', ['gateway', 'count'], (c) => ({
    title: 'The gateways send this connection round and round',
    why: `Each gateway named another one to connect to${given(c.count, (count) => `, ${counted(count, 'time', 'times')}`)}${given(c.gateway, (name) => `, at last ${name}`)}, and none accepted the connection.`,
    next: 'Try again in a few minutes. If it stays, IT has to correct how the gateways share their load.',
  })),
} satisfies Readonly<Record<NetworkCode, Explanation>>;
