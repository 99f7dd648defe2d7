import { SecretBytes } from '../../lib/secret.ts';
import { takeOffer } from '../take-words.ts';
import { takeIdentity } from '../take-identity.ts';
import type { ImportedFile } from '../result.ts';
import { identityOf } from '../values.ts';
import { type Payloads, takeAuthorities } from './certificates.ts';
import type { Fields } from './fields.ts';

/** The IKEv2 dictionary of a VPN payload. */
export function takeIkev2(file: ImportedFile, ikev2: Fields, payloads: Payloads): void {
  ikev2.takeText('RemoteAddress', 'gateway.address');
  ikev2.takeText('RemoteIdentifier', 'gateway.identity', identityOf);
  const method = methodOf(ikev2);
  takeAuthorities(ikev2.draft, payloads, method === 'psk');
  takeUser(file, ikev2, payloads, method);
  takeAlgorithms(ikev2);
  takeTimes(ikev2);
  takeLittle(ikev2);
}

type Method = 'eap-mschapv2' | 'certificate' | 'psk';

/** EAP with a user name is a password; without one it is a certificate inside EAP-TLS. */
function methodOf(ikev2: Fields): Method {
  const base = ikev2.text('AuthenticationMethod');
  const isEap = ikev2.flag('ExtendedAuthEnabled') === true;
  if (isEap)
    return ikev2.has('PayloadCertificateUUID') && !ikev2.has('AuthName') ? 'certificate' : 'eap-mschapv2';
  return base === 'Certificate' ? 'certificate' : 'psk';
}

function takeUser(file: ImportedFile, ikev2: Fields, payloads: Payloads, method: Method): void {
  const { draft } = ikev2;
  const isEap = ikev2.flag('ExtendedAuthEnabled') === true;
  draft.put('user.method', method);
  const base = ikev2.text('AuthenticationMethod') ?? '';
  if (!isEap || base === 'None' || base === '') ikev2.taken('AuthenticationMethod', 'user.method');
  else {
    // With Certificate, Apple's clients mean the gateway's, and log the user in by EAP alone.
    ikev2.taken('AuthenticationMethod', 'user.method');
    if (base === 'SharedSecret')
      draft.ledger.changed(ikev2.key('AuthenticationMethod'), 'two-methods', { to: 'user.method' });
  }
  if (isEap && method === 'certificate')
    draft.ledger.changed(ikev2.key('ExtendedAuthEnabled'), 'eap-tls', { to: 'user.method' });
  else if (ikev2.has('ExtendedAuthEnabled')) ikev2.taken('ExtendedAuthEnabled', 'user.method');
  if (method === 'eap-mschapv2') ikev2.takeText('AuthName', 'user.username');
  else ikev2.ignored(['AuthName'], 'two-methods');
  ikev2.takeText(
    'LocalIdentifier',
    method === 'eap-mschapv2' ? 'user.ikeIdentity' : 'user.identity',
    identityOf,
  );
  ikev2.ignored(['AuthPassword', 'SharedSecret', 'PPK'], 'secret-not-kept');
  if (method === 'certificate') takeCertificate(file, ikev2, payloads);
  else
    ikev2.ignored(['PayloadCertificateUUID'], 'two-methods', method === 'psk' ? 'the key' : 'the password');
  ikev2.ignored(['CertificateType'], 'chosen-itself');
}

function takeCertificate(file: ImportedFile, ikev2: Fields, payloads: Payloads): void {
  const { draft } = ikev2;
  const uuid = ikev2.text('PayloadCertificateUUID')?.toUpperCase();
  const identity = uuid === undefined ? undefined : payloads.identities.get(uuid);
  if (!identity) {
    const by = uuid === undefined ? undefined : payloads.fetched.get(uuid);
    if (by === undefined) ikev2.ignored(['PayloadCertificateUUID'], 'certificate-missing');
    else ikev2.ignored(['PayloadCertificateUUID'], 'certificate-elsewhere', by);
    return;
  }
  ikev2.taken('PayloadCertificateUUID', 'user.certificate');
  const enclosed = identity.password === undefined ? undefined : SecretBytes.ofText(identity.password);
  try {
    takeIdentity(
      draft,
      { ...file, contents: identity.contents },
      {
        key: identity.key,
        takesRoots: !draft.has('gateway', 'authorities'),
        ...(enclosed ? { enclosed } : {}),
      },
    );
  } finally {
    enclosed?.wipe();
  }
}

const CIPHERS: Readonly<Record<string, string>> = {
  'AES-128': 'aes128',
  'AES-256': 'aes256',
  'AES-128-GCM': 'aes128gcm16',
  'AES-256-GCM': 'aes256gcm16',
  ChaCha20Poly1305: 'chacha20poly1305',
  '3DES': '3des',
  DES: 'des',
};
const INTEGRITIES: Readonly<Record<string, string>> = {
  'SHA1-96': 'sha1',
  'SHA1-160': 'sha1_160',
  'SHA2-256': 'sha256',
  'SHA2-384': 'sha384',
  'SHA2-512': 'sha512',
};
const GROUPS: Readonly<Record<number, string>> = {
  1: 'modp768',
  2: 'modp1024',
  5: 'modp1536',
  14: 'modp2048',
  15: 'modp3072',
  16: 'modp4096',
  17: 'modp6144',
  18: 'modp8192',
  19: 'ecp256',
  20: 'ecp384',
  21: 'ecp521',
  31: 'x25519',
  32: 'x448',
};
const ALGORITHM_KEYS = ['EncryptionAlgorithm', 'IntegrityAlgorithm', 'DiffieHellmanGroup'] as const;

function takeAlgorithms(ikev2: Fields): void {
  for (const [name, kind] of [
    ['IKESecurityAssociationParameters', 'ike'],
    ['ChildSecurityAssociationParameters', 'esp'],
  ] as const) {
    const parameters = ikev2.inside(name);
    if (!parameters) continue;
    takeProposal(parameters, kind, ikev2.flag('EnablePFS') === true);
    takeLifetime(parameters, kind);
    parameters.ignored(['PostQuantumKeyExchangeMethods'], 'post-quantum');
  }
}

/** One algorithm of each kind, with Apple's own choice where none is said. */
function takeProposal(parameters: Fields, kind: 'ike' | 'esp', hasPfs: boolean): void {
  const { draft } = parameters;
  const given = ALGORITHM_KEYS.filter((name) => parameters.has(name));
  if (given.length === 0) return;
  const cipher = named(CIPHERS, parameters.text('EncryptionAlgorithm') ?? 'AES-256');
  const integrity = named(INTEGRITIES, parameters.text('IntegrityAlgorithm') ?? 'SHA2-256');
  const group = named(GROUPS, parameters.number('DiffieHellmanGroup') ?? 14);
  const isCombined = /gcm|poly/.test(cipher);
  const middle = isCombined ? (kind === 'ike' ? [`prf${integrity}`] : []) : [integrity];
  const words = [cipher, ...middle, ...(kind === 'ike' || hasPfs ? [group] : [])];
  const known = words.join('-');
  for (const name of given) {
    const used = name !== 'DiffieHellmanGroup' || kind === 'ike' || hasPfs;
    if (used) takeOffer(draft, parameters.key(name), kind, known);
    else parameters.ignored([name], 'pfs-off');
  }
}

function named<K extends string | number>(table: Readonly<Record<K, string>>, key: K): string {
  return Object.hasOwn(table, key) ? table[key] : 'unknown';
}

const LIFETIMES = {
  ike: { to: 'rekey.ikeMinutes', least: 10, most: 10_080 },
  esp: { to: 'rekey.childMinutes', least: 5, most: 1440 },
} as const;

function takeLifetime(parameters: Fields, kind: 'ike' | 'esp'): void {
  const { draft } = parameters;
  if (!parameters.has('LifeTimeInMinutes')) return;
  const minutes = parameters.number('LifeTimeInMinutes');
  if (minutes === undefined) return parameters.ignored(['LifeTimeInMinutes'], 'not-number');
  const { to, least, most } = LIFETIMES[kind];
  const fits = Math.min(most, Math.max(least, minutes));
  const key = parameters.key('LifeTimeInMinutes');
  if (fits === minutes) draft.take(key, to, fits);
  else draft.change(key, to, fits, 'clamped', `${fits} min`);
}

/** Seconds between two signs of life; a gateway is shown as gone after twice that. */
const WATCH_SECONDS: Readonly<Record<string, number>> = { Low: 1800, Medium: 600, High: 60 };

function takeTimes(ikev2: Fields): void {
  const { draft } = ikev2;
  const rate = ikev2.text('DeadPeerDetectionRate');
  if (rate !== undefined) {
    const every = Object.hasOwn(WATCH_SECONDS, rate) ? WATCH_SECONDS[rate] : undefined;
    const key = ikev2.key('DeadPeerDetectionRate');
    if (every === undefined) draft.ledger.ignored(key, 'always-watched');
    else draft.change(key, 'liveness.intervalSeconds', 2 * every, 'interval', String(2 * every));
  }
  if (ikev2.has('MTU')) {
    const mtu = ikev2.number('MTU');
    if (mtu === undefined || mtu < 1280 || mtu > 9000) ikev2.ignored(['MTU'], 'not-number');
    else draft.take(ikev2.key('MTU'), 'tunnel.mtu', mtu);
  }
  ikev2.ignored(['NATKeepAliveInterval', 'NATKeepAliveOffloadEnable'], 'chosen-itself');
}

function takeLittle(ikev2: Fields): void {
  const { draft } = ikev2;
  const pfs = ikev2.flag('EnablePFS');
  if (pfs !== undefined) draft.take(ikev2.key('EnablePFS'), 'rekey.pfs', pfs);
  const noMobike = ikev2.flag('DisableMOBIKE');
  if (noMobike !== undefined) draft.take(ikev2.key('DisableMOBIKE'), 'mobike', !noMobike);
  ikev2.ignored(
    ['ServerCertificateCommonName', 'ServerCertificateIssuerCommonName'],
    'identity-from-certificate',
  );
  ikev2.ignored(['EnableCertificateRevocationCheck'], 'revocation');
  ikev2.ignored(['DisableRedirect', 'UseConfigurationAttributeInternalIPSubnet'], 'chosen-itself');
  ikev2.ignored(['TLSMinimumVersion', 'TLSMaximumVersion'], 'eap-tls');
  ikev2.ignored(['IncludeAllNetworks', 'EnforceRoutes'], 'all-networks');
  ikev2.ignored(['ExcludeLocalNetworks'], 'local-networks');
  ikev2.ignored(
    ['ExcludeCellularServices', 'ExcludeAPNs', 'ExcludeDeviceCommunication', 'EnableFallback'],
    'phone-only',
  );
  ikev2.ignored(['PPKIdentifier', 'PPKMandatory', 'AllowPostQuantumKeyExchangeFallback'], 'post-quantum');
  ikev2.ignored(['EnforceStrictAlgorithmSelection', 'ProviderType'], 'chosen-itself');
}
