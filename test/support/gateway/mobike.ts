import { concat, equalBytes } from '../../../core/lib/bytes.ts';
import { type Endpoint, type IpAddress, sameAddress, sameEndpoint } from '../../../core/net/address.ts';
import { ExchangeType, Notify } from '../../../core/wire/constants.ts';
import type { Message } from '../../../core/wire/message.ts';
import type { Payload } from '../../../core/wire/payload.ts';
import { notify } from '../../../core/wire/payloads/notify.ts';
import { natHash } from './first-parts.ts';
import { notifies, notifyData } from './pick.ts';
import type { OwnRequest, Sa } from './sa.ts';
import type { GatewayDatagram, Responder } from './types.ts';

/** How the gateway speaks MOBIKE (RFC 4555). It does not without this. */
export interface Mobike {
  /** Other addresses of its own that it tells of; an empty list is told too. */
  readonly additional?: readonly IpAddress[];
  /** Where it lets clients move to: UNACCEPTABLE_ADDRESSES otherwise. */
  readonly accepts?: (remote: Endpoint, local: IpAddress) => boolean;
  /** Makes sure that a client is where it says before ESP goes there (section 3.7). */
  readonly checksRoutability?: boolean;
}

export interface MobikeFaults {
  /** What comes back for a COOKIE2. */
  readonly cookie2?: 'other' | 'missing' | 'shorter';
  /** Answers NAT detection with none. */
  readonly noNatDetection?: boolean;
  /** Finds a NAT whatever NO_NATS_ALLOWED says, in so many answers. */
  readonly natsFound?: number;
  /** Answers UPDATE_SA_ADDRESSES with this error alone. */
  readonly updateNotify?: number;
}

/** Where the ESP of a client that speaks MOBIKE goes. */
export interface Whereabouts {
  readonly remote: Endpoint;
  readonly localPort: number;
  readonly localAddress: IpAddress | undefined;
}

/** What the answer with the Child SA says to a client that speaks it (section 3.2). */
export function offerMobike({ config }: Responder, sa: Sa): Payload[] {
  if (config.mobike === undefined) return [];
  const { remote, localPort, localAddress } = sa;
  sa.client.mobile = true;
  sa.client.espTo = { remote, localPort, localAddress };
  const { additional } = config.mobike;
  // Contents are to be ignored (section 4.2.1).
  return [
    notify(Notify.MOBIKE_SUPPORTED, Uint8Array.of(1)),
    ...(additional ? listAddresses(additional) : []),
  ];
}

function listAddresses(addresses: readonly IpAddress[]): Payload[] {
  if (addresses.length === 0) return [notify(Notify.NO_ADDITIONAL_ADDRESSES)];
  return addresses.map(({ family, octets }) =>
    notify(family === 4 ? Notify.ADDITIONAL_IP4_ADDRESS : Notify.ADDITIONAL_IP6_ADDRESS, octets),
  );
}

/** Tells the client where the gateway can be reached besides (section 3.6). */
export function addressesRequest(addresses: readonly IpAddress[]): OwnRequest {
  return { exchange: ExchangeType.INFORMATIONAL, payloads: listAddresses(addresses) };
}

/** Asks the client for the same octets back (section 3.7); `then` when they came. */
export function routabilityRequest(responder: Responder, then: () => void = () => undefined): OwnRequest {
  const cookie = responder.random(24).slice();
  return {
    exchange: ExchangeType.INFORMATIONAL,
    payloads: [notify(Notify.COOKIE2, cookie)],
    answered: (_sa, answer) => {
      const echo = answer && notifyData(answer, Notify.COOKIE2);
      if (echo && equalBytes(echo, cookie)) then();
      else responder.emit({ kind: 'violation', what: 'COOKIE2 did not come back as it was' });
    },
  };
}

/** What an INFORMATIONAL request of the client wants for MOBIKE: the payloads of the answer. */
export function answerMobike(
  responder: Responder,
  sa: Sa,
  message: Message,
  datagram: GatewayDatagram,
): Payload[] {
  const { faults } = responder;
  const isUpdate = notifies(message, Notify.UPDATE_SA_ADDRESSES).length > 0;
  if (!sa.client.mobile) {
    if (isUpdate) responder.emit({ kind: 'violation', what: 'UPDATE_SA_ADDRESSES without MOBIKE' });
    return echoCookie(responder, message);
  }
  const refusal = isUpdate ? whyNot(responder, message, datagram) : undefined;
  if (refusal !== undefined) responder.emit({ kind: 'refused', notify: refusal, reason: 'new addresses' });
  else if (isUpdate) update(responder, sa, datagram);
  const asksForNats = notifies(message, Notify.NAT_DETECTION_SOURCE_IP).length > 0;
  return [
    ...(refusal === undefined ? [] : [notify(refusal)]),
    ...(asksForNats && faults.mobike?.noNatDetection !== true ? ownHashes(responder, message, datagram) : []),
    ...echoCookie(responder, message),
  ];
}

/** The error that an update is refused with. */
function whyNot(responder: Responder, message: Message, datagram: GatewayDatagram): number | undefined {
  const { config, faults } = responder;
  if (faults.mobike?.updateNotify !== undefined) return faults.mobike.updateNotify;
  const { natsFound = 0 } = faults.mobike ?? {};
  const isForbidden = notifies(message, Notify.NO_NATS_ALLOWED).length > 0;
  if (
    isForbidden &&
    (isTranslated(responder, message, datagram) || responder.count('natsFound') <= natsFound)
  )
    return Notify.UNEXPECTED_NAT_DETECTED;
  const accepts = config.mobike?.accepts?.(datagram.remote, localOf(responder, datagram)) ?? true;
  return accepts ? undefined : Notify.UNACCEPTABLE_ADDRESSES;
}

/**
 * Whether NO_NATS_ALLOWED (section 4.2.6: source address, destination address, source port, destination port) says
 * something else than what arrived.
 */
export function isTranslated(responder: Responder, message: Message, datagram: GatewayDatagram): boolean {
  const said = notifyData(message, Notify.NO_NATS_ALLOWED);
  if (said === undefined || responder.config.mobike === undefined) return false;
  const { remote, localPort } = datagram;
  const ports = Uint8Array.of(remote.port >> 8, remote.port & 0xff, localPort >> 8, localPort & 0xff);
  const arrived = concat(remote.address.octets, localOf(responder, datagram).octets, ports);
  return !equalBytes(said, arrived);
}

/**
 * The IKE SA is where the request came from, and the ESP of its Child SAs follows, after a check if one is wanted. Other
 * IKE SAs of the client stay where they are: one that was rekeyed has no Child SAs any more.
 */
function update(responder: Responder, sa: Sa, { remote, localPort, localAddress }: GatewayDatagram): void {
  sa.remote = remote;
  sa.localPort = localPort;
  sa.localAddress = localAddress;
  if (sa.children.length === 0) return;
  const there: Whereabouts = { remote, localPort, localAddress };
  const move = (): void => {
    sa.client.espTo = there;
    responder.emit({
      kind: 'moved',
      saId: sa.id,
      remote,
      localPort,
      ...(localAddress ? { localAddress } : {}),
    });
  };
  const isNew = !sa.client.espTo || !sameWhereabouts(sa.client.espTo, there);
  if (responder.config.mobike?.checksRoutability === true && isNew)
    responder.enqueue(sa, routabilityRequest(responder, move));
  else move();
}

function sameWhereabouts(a: Whereabouts, b: Whereabouts): boolean {
  const sameLocal =
    a.localAddress && b.localAddress
      ? sameAddress(a.localAddress, b.localAddress)
      : a.localAddress === b.localAddress;
  return sameLocal && a.localPort === b.localPort && sameEndpoint(a.remote, b.remote);
}

function ownHashes(responder: Responder, message: Message, datagram: GatewayDatagram): Payload[] {
  const { remote, localPort } = datagram;
  const spis = concat(message.initiatorSpi, message.responderSpi);
  // A port that nothing uses makes a hash that no receiver can match.
  const before = responder.faults.pretendNat;
  const port = responder.config.encap || before === 'gateway' || before === 'both' ? 0 : localPort;
  const seen = before === 'client' || before === 'both' ? 0 : remote.port;
  return [
    notify(Notify.NAT_DETECTION_SOURCE_IP, natHash(spis, localOf(responder, datagram), port)),
    notify(Notify.NAT_DETECTION_DESTINATION_IP, natHash(spis, remote.address, seen)),
  ];
}

/** The address of the gateway that a datagram came to. */
function localOf({ config }: Responder, { localAddress, remote }: GatewayDatagram): IpAddress {
  return (
    localAddress ?? config.addresses.find(({ family }) => family === remote.address.family) ?? remote.address
  );
}

function echoCookie(responder: Responder, message: Message): Payload[] {
  const cookie = notifyData(message, Notify.COOKIE2);
  if (cookie === undefined) return [];
  if (cookie.length < 8 || cookie.length > 64)
    responder.emit({ kind: 'violation', what: `COOKIE2 of ${cookie.length} octets` });
  switch (responder.faults.mobike?.cookie2) {
    case 'missing':
      return [];
    case 'shorter':
      return [notify(Notify.COOKIE2, cookie.subarray(0, -1))];
    case 'other':
      return [
        notify(
          Notify.COOKIE2,
          cookie.map((octet) => octet ^ 1),
        ),
      ];
    case undefined:
      return [notify(Notify.COOKIE2, cookie)];
  }
}
