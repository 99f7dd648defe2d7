import { equalBytes, fromHex, toHex, utf8, utf8Text } from '../lib/bytes.ts';
import { isPlainText } from '../lib/plain-text.ts';
import { formatAddress, addressOf, parseAddress } from '../net/address.ts';
import { dnOctets, formatDn } from '../pki/dn.ts';
import { IdType, nameOf } from '../wire/constants.ts';

/** An IKE identity: the ID Type and Identification Data of RFC 7296 section 3.5. */
export interface Identity {
  readonly idType: number;
  readonly data: Uint8Array;
}

/**
 * The identity that a person means by `text`: an address, a distinguished name (it has a '='), an e-mail
 * address, else a fully qualified domain name. `keyid:HEX`, `fqdn:`, `email:` and `dn:` say the type outright.
 * Undefined when a name says its type and is not of it.
 */
export function parseIdentity(text: string): Identity | undefined {
  const explicit = /^(keyid|fqdn|email|dn):(.*)$/s.exec(text);
  if (explicit) {
    const value = explicit[2] ?? '';
    switch (explicit[1]) {
      case 'keyid':
        return keyId(value);
      case 'fqdn':
        return { idType: IdType.FQDN, data: utf8(value) };
      case 'email':
        return { idType: IdType.RFC822_ADDR, data: utf8(value) };
      default:
        return distinguishedName(value);
    }
  }
  const address = parseAddress(text);
  if (address) {
    return { idType: address.family === 4 ? IdType.IPV4_ADDR : IdType.IPV6_ADDR, data: address.octets };
  }
  if (text.includes('=')) return distinguishedName(text);
  if (text.includes('@')) return { idType: IdType.RFC822_ADDR, data: utf8(text) };
  return { idType: IdType.FQDN, data: utf8(text) };
}

function keyId(hex: string): Identity | undefined {
  try {
    return { idType: IdType.KEY_ID, data: fromHex(hex) };
  } catch {
    return undefined;
  }
}

function distinguishedName(text: string): Identity | undefined {
  const data = dnOctets(text);
  return data && { idType: IdType.DER_ASN1_DN, data };
}

/** An identity as a person reads it. Never fails: odd octets are shown as hexadecimal. */
export function formatIdentity(identity: Identity): string {
  const { idType, data } = identity;
  switch (idType) {
    case IdType.FQDN:
    case IdType.RFC822_ADDR:
      return printable(utf8Text(data));
    case IdType.IPV4_ADDR:
      return data.length === 4 ? formatAddress(addressOf(data)) : toHex(data);
    case IdType.IPV6_ADDR:
      return data.length === 16 ? formatAddress(addressOf(data)) : toHex(data);
    case IdType.DER_ASN1_DN:
      return formatDn(data);
    case IdType.KEY_ID:
      return `keyid:${toHex(data)}`;
    default:
      return `${nameOf(IdType, idType)}:${toHex(data)}`;
  }
}

/** Text from outside without control characters, so that it cannot act on a terminal. */
function printable(text: string): string {
  return (isPlainText(text) ? text : text.replace(/\p{C}/gu, '\ufffd')).slice(0, 256);
}

/** Whether two identities are the same. Domain names and the like compare without regard to case. */
export function sameIdentity(a: Identity, b: Identity): boolean {
  if (a.idType !== b.idType) return false;
  if (a.idType === IdType.FQDN || a.idType === IdType.RFC822_ADDR) {
    return utf8Text(a.data).toLowerCase() === utf8Text(b.data).toLowerCase();
  }
  return equalBytes(a.data, b.data);
}
