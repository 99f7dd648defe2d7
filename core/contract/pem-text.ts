/** PEM (RFC 7468) as text: which blocks a text holds. Decoding them is core/pki's and core/crypto's work. */

const BEGIN = /^-----BEGIN ([A-Z0-9 ]+)-----$/;
const HEADER = /^[A-Za-z0-9-]+: .*$/;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

export interface PemBlock {
  readonly label: string;
  /** True for PKCS#8 `ENCRYPTED PRIVATE KEY` and for the older `Proc-Type: 4,ENCRYPTED` header. */
  readonly encrypted: boolean;
}

/**
 * The blocks in a text, in order. Text between blocks is ignored, as tools put explanations there. Undefined
 * when a block does not end, is empty, or holds something that is not base64.
 */
export function pemBlocks(text: string): readonly PemBlock[] | undefined {
  const blocks: PemBlock[] = [];
  const lines = text.split(/\r\n|\n|\r/).map((line) => line.trim());
  for (let at = 0; at < lines.length; at++) {
    const label = BEGIN.exec(lines[at] ?? '')?.[1];
    if (label === undefined) continue;
    const end = lines.indexOf(`-----END ${label}-----`, at);
    if (end < 0) return undefined;
    const body = lines.slice(at + 1, end);
    const headers = body.filter((line) => HEADER.test(line));
    const octets = body.filter((line) => line !== '' && !HEADER.test(line));
    if (octets.length === 0 || !octets.every((line) => BASE64.test(line))) return undefined;
    const encrypted = label === 'ENCRYPTED PRIVATE KEY' || headers.some((line) => line.includes('ENCRYPTED'));
    blocks.push({ label, encrypted });
    at = end;
  }
  return blocks;
}

/** Undefined when the text holds certificates and nothing else, otherwise what is wrong, never quoting it. */
export function certificatesProblem(text: string): string | undefined {
  const blocks = pemBlocks(text);
  if (blocks === undefined) return 'is damaged PEM: a block does not end, or is not base64';
  if (blocks.length === 0)
    return 'must be a certificate in PEM form, beginning with -----BEGIN CERTIFICATE-----';
  if (blocks.some((block) => block.label.endsWith('PRIVATE KEY')))
    return 'holds a private key; certificates alone belong here';
  const other = blocks.find((block) => block.label !== 'CERTIFICATE');
  return other === undefined ? undefined : `holds a ${other.label} block; certificates alone belong here`;
}

const KEY_LABELS = ['PRIVATE KEY', 'ENCRYPTED PRIVATE KEY', 'RSA PRIVATE KEY', 'EC PRIVATE KEY'];

/** Undefined when the text holds exactly one private key, otherwise what is wrong, never quoting it. */
export function privateKeyProblem(text: string): string | undefined {
  const blocks = pemBlocks(text);
  if (blocks === undefined) return 'is damaged PEM: a block does not end, or is not base64';
  // `openssl ecparam -genkey` puts the curve's name in front of the key.
  const keys = blocks.filter((block) => block.label !== 'EC PARAMETERS');
  const [key, ...more] = keys;
  if (key === undefined)
    return 'must be a private key in PEM form, beginning with -----BEGIN PRIVATE KEY-----';
  if (key.label === 'OPENSSH PRIVATE KEY')
    return 'is an OpenSSH key; convert it with: ssh-keygen -p -m PKCS8 -f FILE';
  if (key.label.includes('CERTIFICATE')) return 'holds a certificate; the private key alone belongs here';
  if (!KEY_LABELS.includes(key.label)) return `holds a ${key.label} block; a private key belongs here`;
  return more.length === 0 ? undefined : 'must hold one private key and nothing else';
}

/** Whether the private key in a text asks for a passphrase before it can be used. */
export function keyIsEncrypted(privateKeyPem: string): boolean {
  return pemBlocks(privateKeyPem)?.some((block) => block.encrypted) ?? false;
}
