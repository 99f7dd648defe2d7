/** Sentences for what the gateway refused. The names in capitals are the notifications of RFC 7296 section 3.10.1. */
import type { FailureCode } from '../../../lib/failure.ts';
import { explain, given, type Explanation } from '../facts.ts';

type PeerCode = Extract<FailureCode, `peer.${string}`>;

export const PEER_FAILURES = {
  'peer.no-proposal-chosen': explain('it', ['gateway', 'offered', 'configured'], (c) => ({
    title: 'The gateway accepts none of the encryption that was offered',
    why: `For the control channel this side offered ${c.offered ?? 'its list of algorithms'}${given(c.configured, (words) => ` (from ike.proposals in the profile: ${words})`)}, and the gateway${given(c.gateway, (name) => ` ${name}`)} is set to accept none of it (NO_PROPOSAL_CHOSEN). It does not say what it would accept.`,
    next: `Ask IT for the IKE proposal of the gateway, and compare it with the offer above. ${c.configured === undefined ? 'Put it into ike.proposals of the profile' : 'Correct ike.proposals in the profile, or take it out to offer everything'}. If the gateway has only old algorithms (DES, 3DES, MD5, a modp group below 2048), it has to be set to better ones.`,
  })),

  'peer.no-proposal-chosen-child': explain('it', ['gateway', 'offered', 'configured'], (c) => ({
    title: 'The gateway accepts none of the encryption that was offered for the traffic',
    why: `The sign-in worked. For the traffic this side offered ${c.offered ?? 'its list of algorithms'}${given(c.configured, (words) => ` (from esp.proposals in the profile: ${words})`)}, and the gateway${given(c.gateway, (name) => ` ${name}`)} is set to accept none of it (NO_PROPOSAL_CHOSEN).`,
    next: `Ask IT for the ESP proposal of the gateway, also called "phase 2" or "child", and compare it with the offer above. ${c.configured === undefined ? 'Put it into esp.proposals of the profile.' : 'Correct esp.proposals in the profile, or take it out to offer everything.'}`,
  })),

  'peer.ts-unacceptable': explain('it', ['requested'], (c) => ({
    title: 'The gateway does not lead to the networks that were asked for',
    why: `The sign-in worked, but the gateway refused to carry traffic to ${c.requested ?? 'the networks in tunnel.remote'} (TS_UNACCEPTABLE).`,
    next: 'Ask IT which networks are behind the gateway, and put them into tunnel.remote of the profile. Without tunnel.remote everything is asked for, and most gateways narrow that to what they have.',
  })),

  'peer.no-address': explain('it', ['notify'], (c) => ({
    title: 'The gateway has no address for this machine',
    why: `The sign-in worked, but the gateway gave out no address inside the network${given(c.notify, (name) => ` (${name})`)}. Its pool is used up, or it has none for your account or for the kind of address that was asked for (tunnel.addresses).`,
    next: 'Try again in a few minutes. If it stays, IT has to enlarge or repair the address pool of the gateway.',
  })),

  'peer.invalid-ke': explain('it', ['wanted', 'offered'], (c) => ({
    title: 'The gateway wants a key exchange that is not allowed',
    why: `The gateway asked for ${c.wanted ?? 'a key exchange method'} (INVALID_KE_PAYLOAD), which is ${given(c.offered, (offered) => `not among those that this side offers: ${offered}`) || 'unknown here, or was tried already'}.`,
    next: 'IT has to allow one of the methods that are offered here, or tell you what to put into ike.proposals of the profile.',
  })),

  'peer.unsupported-critical': explain('makers', ['payload'], (c) => ({
    title: 'The gateway and Causeway do not speak the same dialect',
    why: `The gateway did not understand a part of a message that may not be skipped${given(c.payload, (name) => ` (${name})`)} (UNSUPPORTED_CRITICAL_PAYLOAD).`,
    next: 'Please report it with the maker and the version of the gateway, which IT can tell you.',
  })),

  'peer.invalid-syntax': explain('makers', ['notify', 'detail'], (c) => ({
    title: 'The gateway could not read a message',
    why: `The gateway says that a message from this side has the wrong form (${c.notify ?? 'INVALID_SYNTAX'})${given(c.detail, (text) => `: ${text}`)}. With a pre-shared key, some gateways say this when the key is wrong.`,
    next: 'If you connect with a pre-shared key, type it again. Otherwise please report it with the maker and the version of the gateway, which IT can tell you.',
  })),

  'peer.invalid-major-version': explain('it', ['version'], (c) => ({
    title: 'The gateway does not speak IKEv2',
    why: `The gateway refused the version of the protocol (INVALID_MAJOR_VERSION)${given(c.version, (version) => `; it speaks version ${version}`)}. Causeway speaks IKEv2 only, because IKEv1 is no longer safe to use.`,
    next: 'IT has to switch IKEv2 on at the gateway, or give you the address of a gateway that has it.',
  })),

  'peer.notify': explain('it', ['notify', 'gateway', 'detail'], (c) => ({
    title: `The gateway refused the connection${given(c.notify, (name) => ` (${name})`)}`,
    why: `The gateway${given(c.gateway, (name) => ` ${name}`)} answered with ${given(c.notify, (name) => `the error ${name}`) || 'an error'}${given(c.detail, (text) => `: ${text}`)} and gave no other reason.`,
    next: 'Try again in a few minutes. If it stays, tell IT this error and the time: the log of the gateway says more.',
  })),

  'peer.deleted': explain('it', ['gateway', 'detail'], (c, { child, refused }) => ({
    title: 'The gateway ended the connection',
    why: `The gateway${given(c.gateway, (name) => ` ${name}`)} ${child === true ? 'closed the tunnel and left only the control channel open' : refused === true ? 'closed the connection because it does not accept the sign-in any more (AUTHENTICATION_FAILED)' : 'closed the connection'}${given(c.detail, (text) => ` (${text})`)}. Gateways do that for an update, after a fixed time, or when the same account connects elsewhere.`,
    next: 'Connect again. If it happens often, ask IT whether there is a time limit or a limit on devices for each account.',
  })),

  'peer.restarted': explain('it', ['gateway'], (c) => ({
    title: 'The gateway was restarted',
    why: `The gateway${given(c.gateway, (name) => ` ${name}`)} proved that it lost its memory of this connection, which happens when it is restarted.`,
    next: 'Connect again. If it happens often, tell IT when it did.',
  })),

  'peer.lost-state': explain('it', ['gateway', 'detail'], (c) => ({
    title: 'The gateway does not know this connection any more',
    why: `The gateway${given(c.gateway, (name) => ` ${name}`)} answers, but it has forgotten the connection${given(c.detail, (text) => ` (${text})`)}. Gateways forget one whose other end is silent for long, or when they are restarted.`,
    next: 'Connect again. If it happens often, ask IT after how long a silence the gateway forgets a connection.',
  })),

  'peer.rekey-failed': explain('it', ['gateway', 'notify', 'detail'], (c) => ({
    title: 'The gateway did not renew the keys',
    why: `Keys are used for a limited time only. The gateway${given(c.gateway, (name) => ` ${name}`)} did not agree to new ones before the old ones came to their end${given(c.notify, (name) => ` (${name})`)}${given(c.detail, (text) => `: ${text}`)}.`,
    next: 'Connect again. If it happens after the same time each time, tell IT: the gateway does not accept for new keys what it accepted at first, which is a setting for rekeying or perfect forward secrecy.',
  })),

  'peer.redirected': explain('it', ['gateway', 'target'], (c) => ({
    title: 'The gateway sends this connection to another gateway',
    why: `The gateway${given(c.gateway, (name) => ` ${name}`)} asked for the connection to be made with ${c.target ?? 'another one'} instead, which gateways do to share their load or before an update.`,
    next: 'Wait: the connection is made there by itself. If it does not come, ask IT whether that gateway is running.',
  })),

  'peer.failed-cp-required': explain('it', ['detail'], (c) => ({
    title: 'The gateway wanted a request for an address and did not get it',
    why: `The gateway carries traffic only for machines that ask it for an address (FAILED_CP_REQUIRED), and did not accept the request of this one${given(c.detail, (text) => `: ${text}`)}.`,
    next: 'Leave tunnel.addresses out of the profile, so that both IPv4 and IPv6 are asked for. If that does not help, IT has to look at the address settings of the gateway.',
  })),

  'peer.single-pair-required': explain('it', ['requested'], (c) => ({
    title: 'The gateway accepts only one network at a time',
    why: `The gateway carries traffic for a single pair of addresses in each tunnel (SINGLE_PAIR_REQUIRED), and ${c.requested ?? 'more than that'} was asked for.`,
    next: 'Put a single network into tunnel.remote of the profile. IT can tell you which, or set the gateway to accept several.',
  })),

  'peer.no-nat-traversal': explain('it', ['gateway'], (c) => ({
    title: 'The gateway cannot carry its traffic in UDP',
    why: `The gateway${given(c.gateway, (name) => ` ${name}`)} does not offer NAT traversal, which is the way of carrying the traffic of a VPN in UDP packets. Causeway carries all traffic like that, so that it gets through home routers and most other networks, and this gateway could not receive any of it.`,
    next: 'IT has to switch NAT traversal on at the gateway (it may be called NAT-T), and to let UDP port 4500 through to it.',
  })),
} satisfies Readonly<Record<PeerCode, Explanation>>;
