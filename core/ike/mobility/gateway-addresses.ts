import { type IpAddress, addressOf, sameAddress } from '../../net/address.ts';
import { Notify } from '../../wire/constants.ts';
import type { Payload } from '../../wire/payload.ts';
import { isHostAddress } from '../host.ts';
import { allOf } from '../payloads.ts';

/** More addresses than any gateway has; what follows is not looked at. */
const MAX_ADDRESSES = 16;

/**
 * Where the gateway is, by a message of its own that tells its addresses (RFC 4555 sections 3.4 and 3.6): the one that
 * the message came from, and those that it lists. The list is whole each time. Undefined when it says nothing about
 * that. Addresses that no host can have are left out.
 */
export function gatewayAddresses(payloads: readonly Payload[], from: IpAddress): IpAddress[] | undefined {
  const notifies = allOf(payloads, 'N');
  if (!notifies.some(({ notifyType }) => ADDRESS_NOTIFIES.has(notifyType))) return undefined;
  const addresses = [from];
  for (const { notifyType, data } of notifies) {
    const length = LENGTHS.get(notifyType);
    if (length === undefined || data.length !== length || addresses.length === MAX_ADDRESSES) continue;
    const address = addressOf(data.slice());
    const isNew = !addresses.some((known) => sameAddress(known, address));
    if (isNew && isHostAddress(address)) addresses.push(address);
  }
  return addresses;
}

const LENGTHS: ReadonlyMap<number, number> = new Map([
  [Notify.ADDITIONAL_IP4_ADDRESS, 4],
  [Notify.ADDITIONAL_IP6_ADDRESS, 16],
]);

const ADDRESS_NOTIFIES: ReadonlySet<number> = new Set([...LENGTHS.keys(), Notify.NO_ADDITIONAL_ADDRESSES]);
