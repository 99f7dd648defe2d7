import { utf8 } from '../../../core/lib/bytes.ts';
import { parseAddress } from '../../../core/net/address.ts';
import { GatewayIdentType, Notify } from '../../../core/wire/constants.ts';
import type { Message } from '../../../core/wire/message.ts';
import { type GatewayIdent, valuedNotify } from '../../../core/wire/notify-data.ts';
import type { NotifyPayload } from '../../../core/wire/payloads/notify.ts';
import { notifies } from './pick.ts';
import type { Responder } from './types.ts';

/** Where clients are sent to, and in which answer: to IKE_SA_INIT, to the first IKE_AUTH, to the last one. */
export interface Redirection {
  readonly to: GatewayIdent;
  readonly at: 'init' | 'first' | 'last';
}

/** What a REDIRECT in the answer to a first request has in place of the nonce of that request. */
export type RedirectFault = 'wrong-nonce' | 'no-nonce';

/** Whether the client said that it follows redirections: a gateway redirects nobody else (RFC 5685 section 3). */
export function followsRedirects(message: Message): boolean {
  return [Notify.REDIRECT_SUPPORTED, Notify.REDIRECTED_FROM].some(
    (type) => notifies(message, type).length > 0,
  );
}

/** REDIRECT for the answer to a first request, if the gateway redirects there. */
export function redirectFirst(
  { config, faults }: Responder,
  message: Message,
  nonceI: Uint8Array,
): NotifyPayload | undefined {
  const { redirect } = config.extensions ?? {};
  if (redirect?.at !== 'init' || !followsRedirects(message)) return undefined;
  const nonce = faults.redirect === 'wrong-nonce' ? nonceI.map((octet) => octet ^ 1) : nonceI;
  return faults.redirect === 'no-nonce' ? redirectNotify(redirect.to) : redirectNotify(redirect.to, nonce);
}

/** REDIRECT for an answer inside the SA, if the gateway redirects there. */
export function redirectIn(
  { config }: Responder,
  client: { readonly follows: boolean },
  ...steps: readonly Redirection['at'][]
): NotifyPayload | undefined {
  const { redirect } = config.extensions ?? {};
  if (redirect === undefined || !steps.includes(redirect.at) || !client.follows) return undefined;
  return redirectNotify(redirect.to);
}

/** A REDIRECT as the gateway makes it: with the client's nonce in answers to first requests alone. */
export function redirectNotify(gateway: GatewayIdent, nonce?: Uint8Array): NotifyPayload {
  return valuedNotify('REDIRECT', nonce === undefined ? { gateway } : { gateway, nonce });
}

/** The gateway of a text: an address or a name. */
export function gatewayIdent(text: string): GatewayIdent {
  const literal = parseAddress(text);
  if (literal === undefined) return { type: GatewayIdentType.FQDN, identity: utf8(text) };
  const type = literal.family === 4 ? GatewayIdentType.IPV4 : GatewayIdentType.IPV6;
  return { type, identity: literal.octets };
}
