import { err, ok, type Result } from '../lib/result.ts';

/** More than any chain or bundle of a system has. */
const MAX_CERTIFICATES = 1024;

/**
 * The DER octets of every certificate in a PEM text (RFC 7468), in order. Text around the blocks and blocks with
 * other labels do not count. An error says in a few words what is wrong; a text without a certificate is one.
 */
export function parsePemCertificates(text: string): Result<Uint8Array[], string> {
  const certificates: Uint8Array[] = [];
  const block = /-----BEGIN ([A-Z0-9 ]*)-----(.*?)-----END \1-----/gs;
  for (const [, label, body = ''] of text.matchAll(block)) {
    if (label !== 'CERTIFICATE' && label !== 'X509 CERTIFICATE') continue;
    const der = base64(body);
    if (!der) return err(`certificate ${certificates.length + 1} is not base64`);
    certificates.push(der);
    if (certificates.length > MAX_CERTIFICATES) return err(`more than ${MAX_CERTIFICATES} certificates`);
  }
  const begun = text.match(/-----BEGIN (X509 )?CERTIFICATE-----/g)?.length ?? 0;
  if (begun > certificates.length) return err('a certificate has no end line');
  return certificates.length === 0 ? err('there is no certificate in it') : ok(certificates);
}

/** Octets of base64 with white space in it; the app's runtime has no Uint8Array.fromBase64 yet. */
function base64(body: string): Uint8Array | undefined {
  const digits = body.replace(/\s+/g, '');
  const isWhole = digits.endsWith('=') ? digits.length % 4 === 0 : digits.length % 4 !== 1;
  if (!isWhole || !/^[A-Za-z0-9+/]*={0,2}$/.test(digits)) return undefined;
  return Uint8Array.from(Buffer.from(digits, 'base64'));
}
