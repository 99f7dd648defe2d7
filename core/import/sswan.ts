/**
 * Profiles of strongSwan's app for Android: JSON in a file .sswan. Its keys are those of
 * docs.strongswan.org/docs/latest/os/androidVpnClientProfiles.html.
 */
import { parseCertificate } from '../pki/certificate.ts';
import { Draft } from './draft.ts';
import { below, isTable, own } from './ledger.ts';
import { networksOf } from './networks.ts';
import { takeOffer, takeServers } from './take-words.ts';
import { takeIdentity } from './take-identity.ts';
import { ImportTrouble, type ImportedFile, type ImportProposal } from './result.ts';
import { base64Octets, identityOf, isIdentity, pemOf, textsOf } from './values.ts';

/** Whether JSON is meant to be a profile of strongSwan's. */
export function isSswan(value: unknown): boolean {
  return isTable(value) && (isTable(own(value, 'remote')) || /^ikev2/.test(textAt(value, 'type')));
}

export function importSswan(file: ImportedFile, contents: Readonly<Record<string, unknown>>): ImportProposal {
  const draft = new Draft();
  if (Object.hasOwn(contents, 'uuid')) draft.ledger.ignored('uuid', 'bookkeeping');
  const name = textAt(contents, 'name');
  draft.name(name, textAt(own(contents, 'remote'), 'addr'));
  if (Object.hasOwn(contents, 'name')) draft.ledger.taken('name', { to: 'name' });
  takeRemote(draft, own(contents, 'remote'));
  takeUser(draft, file, contents);
  takeOffers(draft, contents);
  takeTraffic(draft, contents);
  takeLittle(draft, contents);
  return draft.propose(file.source, contents);
}

function textAt(table: unknown, key: string): string {
  const value = own(table, key);
  return typeof value === 'string' ? value.trim() : '';
}

/** Calls `take` with a key's text, when the key is there; what is no text is told. */
function withText(
  draft: Draft,
  table: unknown,
  path: string,
  take: (text: string, key: string) => void,
): void {
  const [name = ''] = path.split('.').slice(-1);
  const value = own(table, name);
  if (value === undefined) return;
  if (typeof value !== 'string') draft.ledger.ignored(path, 'not-text');
  else if (value.trim() === '') draft.ledger.ignored(path, 'empty');
  else take(value.trim(), path);
}

/** Likewise with a whole number from `least` to `most`. */
function withNumber(
  draft: Draft,
  table: unknown,
  path: string,
  [least, most]: readonly [number, number],
  take: (value: number, key: string) => void,
): void {
  const [name = ''] = path.split('.').slice(-1);
  const value = own(table, name);
  if (value === undefined) return;
  const number = typeof value === 'string' && /^[0-9]{1,9}$/.test(value) ? Number(value) : value;
  if (typeof number === 'number' && Number.isInteger(number) && number >= least && number <= most)
    take(number, path);
  else draft.ledger.ignored(path, 'not-number');
}

function takeRemote(draft: Draft, remote: unknown): void {
  withText(draft, remote, 'remote.addr', (addr, key) => draft.take(key, 'gateway.address', addr));
  withText(draft, remote, 'remote.id', (id, key) => draft.take(key, 'gateway.identity', identityOf(id)));
  withNumber(draft, remote, 'remote.port', [1, 65_535], (port, key) => {
    if (port === 500) draft.ledger.taken(key, { note: 'is-default' });
    else draft.change(key, 'gateway.natPort', port, 'port-nat', String(port));
  });
  withText(draft, remote, 'remote.cert', (cert, key) => {
    const der = base64Octets(cert);
    const parsed = der ? parseCertificate(der) : undefined;
    if (!der || !parsed?.ok)
      return draft.ledger.ignored(
        key,
        'damaged-certificate',
        parsed?.ok === false ? parsed.error : 'it is not base64',
      );
    const isAuthority = parsed.value.basicConstraints?.ca === true;
    draft.take(key, 'gateway.authorities', pemOf('CERTIFICATE', der), {
      note: isAuthority ? 'authority' : 'not-an-authority',
      detail: parsed.value.subject.text,
    });
  });
  if (own(remote, 'certreq') !== undefined) draft.ledger.ignored('remote.certreq', 'chosen-itself');
  if (own(remote, 'revocation') !== undefined) draft.ledger.ignored('remote.revocation', 'revocation');
}

function takeUser(draft: Draft, file: ImportedFile, contents: Readonly<Record<string, unknown>>): void {
  const type = textAt(contents, 'type');
  const local = own(contents, 'local');
  const byPassword = type === 'ikev2-eap' || type === 'ikev2-byod-eap' || type === 'ikev2-cert-eap';
  const byCertificate = type === 'ikev2-cert' || type === 'ikev2-eap-tls';
  if (!byPassword && !byCertificate) {
    if (type !== '') draft.ledger.ignored('type', 'method-unknown', type);
  } else draft.put('user.method', byPassword ? 'eap-mschapv2' : 'certificate');
  if (type === 'ikev2-eap' || type === 'ikev2-cert') draft.ledger.taken('type', { to: 'user.method' });
  else if (type === 'ikev2-eap-tls') draft.ledger.changed('type', 'eap-tls', { to: 'user.method' });
  else if (type === 'ikev2-cert-eap') draft.ledger.changed('type', 'two-methods', { to: 'user.method' });
  else if (type === 'ikev2-byod-eap')
    draft.ledger.changed('type', 'trusted-network-connect', { to: 'user.method' });

  withText(draft, local, 'local.eap_id', (id, key) => {
    if (byPassword) draft.take(key, 'user.username', id);
    else draft.ledger.ignored(key, 'method-unknown', type);
  });
  withText(draft, local, 'local.id', (text, key) => {
    const id = identityOf(text);
    if (isIdentity(id)) draft.take(key, byPassword ? 'user.ikeIdentity' : 'user.identity', id);
    else draft.ledger.ignored(key, 'not-text');
  });
  if (own(local, 'rsa-pss') !== undefined) draft.ledger.ignored('local.rsa-pss', 'prf-negotiated');
  withText(draft, local, 'local.p12', (text, key) => {
    if (!byCertificate) return draft.ledger.ignored(key, 'two-methods');
    const p12 = base64Octets(text);
    if (!p12) throw new ImportTrouble('damaged-p12', 'it is not base64');
    takeIdentity(
      draft,
      { ...file, contents: p12 },
      { key, takesRoots: !draft.has('gateway', 'authorities') },
    );
  });
}

function takeOffers(draft: Draft, contents: Readonly<Record<string, unknown>>): void {
  for (const kind of ['ike', 'esp'] as const) {
    withText(draft, contents, `${kind}-proposal`, (text, key) => takeOffer(draft, key, kind, text));
  }
}

function takeTraffic(draft: Draft, contents: Readonly<Record<string, unknown>>): void {
  const split = own(contents, 'split-tunneling');
  const subnets = own(split, 'subnets');
  if (subnets !== undefined) takeSubnets(draft, below('split-tunneling', 'subnets'), subnets);
  const excluded = own(split, 'excluded');
  if (excluded !== undefined)
    draft.ledger.ignored(
      below('split-tunneling', 'excluded'),
      'excluded-networks',
      (textsOf(excluded) ?? []).join(', '),
    );
  for (const key of ['block-ipv4', 'block-ipv6'])
    if (own(split, key) !== undefined) draft.ledger.ignored(below('split-tunneling', key), 'kill-switch');
  const servers = own(contents, 'dns-servers');
  if (servers !== undefined) takeServers(draft, 'dns-servers', servers);
  withNumber(draft, contents, 'mtu', [1280, 9000], (mtu, key) => draft.take(key, 'tunnel.mtu', mtu));
}

function takeSubnets(draft: Draft, key: string, value: unknown): void {
  const list = Array.isArray(value) ? value : typeof value === 'string' ? value.split(/[\s,]+/) : [];
  const texts = list.filter((one): one is string => typeof one === 'string' && one.trim() !== '');
  if (texts.length === 0) return draft.ledger.ignored(key, 'empty');
  const networks: string[] = [];
  const bad: string[] = [];
  for (const text of texts) {
    const found = networksOf(text);
    if (found) networks.push(...found);
    else bad.push(text);
  }
  if (networks.length === 0) return draft.ledger.ignored(key, 'bad-network', bad.join(', '));
  if (bad.length > 0) return draft.change(key, 'tunnel.remote', networks, 'bad-network', bad.join(', '));
  const isAsGiven = networks.length === texts.length && networks.every((one, at) => one === texts[at]);
  if (isAsGiven) draft.take(key, 'tunnel.remote', networks);
  else draft.change(key, 'tunnel.remote', networks, 'range-networks', networks.join(', '));
}

function takeLittle(draft: Draft, contents: Readonly<Record<string, unknown>>): void {
  for (const key of ['nat-keepalive', 'ipv6-transport'])
    if (own(contents, key) !== undefined) draft.ledger.ignored(key, 'chosen-itself');
  for (const key of ['apps', 'excluded-apps'])
    if (own(contents, key) !== undefined) draft.ledger.ignored(key, 'phone-apps');
}
