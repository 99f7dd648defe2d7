/** Whom the profile says the gateway must be, as its certificate has to name it. */
export type GatewayIdentity =
  | { readonly type: 'fqdn' | 'email'; readonly value: string }
  /** 4 or 16 octets. */
  | { readonly type: 'address'; readonly value: Uint8Array }
  /** RFC 4514 text. */
  | { readonly type: 'dn'; readonly value: string };
