import { readFileSync } from 'node:fs';
import type { Log } from '../lib/ports.ts';
import { parsePemCertificates } from '../pki/pem.ts';

/** Where distributions keep the certificates of all authorities that the machine trusts, in one PEM file. */
const BUNDLES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
];

/**
 * The DER certificates of the machine's own store; none when it has no store, and then no gateway can be proved
 * by it. The environment has no say in which file is read.
 */
export function systemAnchors(log: Log, bundles: readonly string[] = BUNDLES): readonly Uint8Array[] {
  for (const path of bundles) {
    const text = readIfThere(path);
    if (text === undefined) continue;
    const certificates = parsePemCertificates(text);
    if (certificates.ok) return certificates.value;
    log('warn', 'system-store-unusable', { path, problem: certificates.error });
  }
  log('warn', 'system-store-missing');
  return [];
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
