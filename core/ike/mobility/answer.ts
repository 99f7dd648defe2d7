import { Notify } from '../../wire/constants.ts';
import type { IpAddress } from '../../net/address.ts';
import type { Payload } from '../../wire/payload.ts';
import { notify } from '../../wire/payloads/notify.ts';
import type { InboundDatagram } from '../events.ts';
import { type IkeSpis, natDetectionNotifies } from '../nat-detection.ts';
import { allOf, notifyOf } from '../payloads.ts';
import { gatewayAddresses } from './gateway-addresses.ts';
import { showsForbiddenNat } from './no-nats.ts';

export interface MobilityAnswer {
  readonly payloads: readonly Payload[];
  /** Where the gateway says that it is; undefined when it says nothing that we may believe. */
  readonly addresses: IpAddress[] | undefined;
}

/**
 * What an INFORMATIONAL request of the gateway wants of us for MOBIKE (RFC 4555): COOKIE2 comes back as it is (section
 * 3.7), NAT detection is answered with ours (section 3.8), a list of addresses is taken (section 3.6) unless a NAT is
 * forbidden and found on the way (section 3.9).
 */
export function answerMobility(
  spis: IkeSpis,
  payloads: readonly Payload[],
  datagram: InboundDatagram,
  isMobile: boolean,
): MobilityAnswer {
  const cookies = allOf(payloads, 'N').filter(({ notifyType }) => notifyType === Notify.COOKIE2);
  if (!isMobile) return { payloads: cookies, addresses: undefined };
  const asksForNats =
    notifyOf(payloads, Notify.NAT_DETECTION_SOURCE_IP) ??
    notifyOf(payloads, Notify.NAT_DETECTION_DESTINATION_IP);
  const hasNat = showsForbiddenNat(payloads, datagram);
  return {
    payloads: [
      ...(hasNat ? [notify(Notify.UNEXPECTED_NAT_DETECTED)] : []),
      ...(asksForNats ? natDetectionNotifies(spis, datagram.remote) : []),
      ...cookies,
    ],
    addresses: hasNat ? undefined : gatewayAddresses(payloads, datagram.remote.address),
  };
}
