import { constantTimeEqual, utf8Strict } from '../lib/bytes.ts';
import { addressOf, type IpAddress } from '../net/address.ts';
import { GatewayIdentType, Notify } from '../wire/constants.ts';
import { type GatewayIdent, type NotifyValues, readNotify, valuedNotify } from '../wire/notify-data.ts';
import type { Payload } from '../wire/payload.ts';
import { notify, type NotifyPayload } from '../wire/payloads/notify.ts';
import type { RedirectTarget } from './events.ts';
import { domainName, isHostAddress } from './host.ts';
import { allOf } from './payloads.ts';

/**
 * What a first request says of redirection (RFC 5685 section 3): that we follow one, or who sent us here, which says the
 * same.
 */
export function redirectNotify(redirectedFrom: IpAddress | undefined): NotifyPayload {
  return redirectedFrom
    ? valuedNotify('REDIRECTED_FROM', { gateway: identOf(redirectedFrom) })
    : notify(Notify.REDIRECT_SUPPORTED);
}

function identOf({ family, octets }: IpAddress): GatewayIdent {
  return { type: family === 4 ? GatewayIdentType.IPV4 : GatewayIdentType.IPV6, identity: octets };
}

/** Whether anything in a message wants to redirect us, wherever to. */
export function hasRedirect(payloads: readonly Payload[]): boolean {
  return redirections(payloads).length > 0;
}

/**
 * Where the answer to a first request sends us. Anybody could have made it who does not have the nonce of our request
 * in it; then it means nothing (RFC 5685 section 3).
 */
export function unprotectedRedirect(
  payloads: readonly Payload[],
  nonceI: Uint8Array,
): RedirectTarget | undefined {
  return firstTarget(payloads, ({ nonce }) => nonce !== undefined && constantTimeEqual(nonce, nonceI));
}

/** Where a message of the gateway's sends us that it protected: the SA proves who made it, so there is no nonce. */
export function protectedRedirect(payloads: readonly Payload[]): RedirectTarget | undefined {
  return firstTarget(payloads, () => true);
}

function redirections(payloads: readonly Payload[]): NotifyPayload[] {
  return allOf(payloads, 'N').filter(({ notifyType }) => notifyType === Notify.REDIRECT);
}

function firstTarget(
  payloads: readonly Payload[],
  isGenuine: (value: NotifyValues['REDIRECT']) => boolean,
): RedirectTarget | undefined {
  for (const payload of redirections(payloads)) {
    const redirect = readNotify('REDIRECT', payload);
    const target = redirect.ok && isGenuine(redirect.value) ? targetOf(redirect.value.gateway) : undefined;
    if (target) return target;
  }
  return undefined;
}

/** The gateway that an identity names; undefined for what no gateway can have as its address or name. */
function targetOf({ type, identity }: GatewayIdent): RedirectTarget | undefined {
  if (type === GatewayIdentType.FQDN) {
    const text = utf8Strict(identity);
    const name = text === undefined ? undefined : domainName(text);
    return name === undefined ? undefined : { kind: 'name', name };
  }
  const address = addressOf(identity.slice());
  return isHostAddress(address) ? { kind: 'address', address } : undefined;
}
