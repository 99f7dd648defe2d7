import { toHex } from '../lib/bytes.ts';
import type { EstablishedChild } from '../ike/events.ts';
import type { IkeKeyLogEntry } from '../ike/keylog.ts';

/*
 * Lines for Wireshark's tables ikev2_decryption_table and esp_sa, each behind the table's name. They hold keys in
 * clear: only the root-owned key log may get them. The names are those of Wireshark 4.0; a suite that it does not
 * know gets no line, for one unknown name makes it refuse the whole table.
 */

const AES_CBC = 12;
const AES_GCM_16 = 20;

const IKE_INTEG: Readonly<Record<number, string>> = {
  2: 'HMAC_SHA1_96 [RFC2404]',
  12: 'HMAC_SHA2_256_128 [RFC4868]',
  13: 'HMAC_SHA2_384_192 [RFC4868]',
  14: 'HMAC_SHA2_512_256 [RFC4868]',
};

const ESP_INTEG: Readonly<Record<number, string>> = {
  2: 'HMAC-SHA-1-96 [RFC2404]',
  12: 'HMAC-SHA-256-128 [RFC4868]',
  13: 'HMAC-SHA-384-192 [RFC4868]',
  14: 'HMAC-SHA-512-256 [RFC4868]',
};

/** The line for an IKE SA, or none when Wireshark cannot open its suite. */
export function ikeKeyLogLines(entry: IkeKeyLogEntry): string[] {
  const names = ikeNames(entry);
  if (!names) return [];
  const { initiatorSpi, responderSpi, skEi, skEr, skAi, skAr } = entry;
  return [
    `ikev2_decryption_table ${initiatorSpi},${responderSpi},${skEi},${skEr},"${names.encr}",${skAi},${skAr},"${names.integ}"`,
  ];
}

function ikeNames(entry: IkeKeyLogEntry): { encr: string; integ: string } | undefined {
  if (entry.encr === AES_GCM_16) {
    return { encr: `AES-GCM-${entry.keyBits ?? 0} with 16 octet ICV [RFC5282]`, integ: 'NONE [RFC4306]' };
  }
  const integ = entry.integ === undefined ? undefined : IKE_INTEG[entry.integ];
  return entry.encr === AES_CBC && integ !== undefined
    ? { encr: `AES-CBC-${entry.keyBits ?? 0} [RFC3602]`, integ }
    : undefined;
}

/** The lines for both directions of a Child SA; `outerFamily` is that of the datagrams. */
export function espKeyLogLines(child: EstablishedChild, outerFamily: 4 | 6): string[] {
  const names = espNames(child);
  if (!names) return [];
  const line = (spi: number, encr: Uint8Array, integ: Uint8Array): string => {
    const authKey = integ.length > 0 ? `0x${toHex(integ)}` : '';
    const spiText = spi.toString(16).padStart(8, '0');
    return `esp_sa "IPv${outerFamily}","*","*","0x${spiText}","${names.encr}","0x${toHex(encr)}","${names.integ}","${authKey}"`;
  };
  return [
    line(child.spiIn, child.encrIn.reveal(), child.integIn.reveal()),
    line(child.spiOut, child.encrOut.reveal(), child.integOut.reveal()),
  ];
}

function espNames({ suite }: EstablishedChild): { encr: string; integ: string } | undefined {
  if (suite.encr === AES_GCM_16) return { encr: 'AES-GCM with 16 octet ICV [RFC4106]', integ: 'NULL' };
  const integ = suite.integ === undefined ? undefined : ESP_INTEG[suite.integ];
  return suite.encr === AES_CBC && integ !== undefined ? { encr: 'AES-CBC [RFC3602]', integ } : undefined;
}
