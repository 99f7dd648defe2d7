/**
 * Configuration profiles of Apple's: property lists in files .mobileconfig, as they are or signed. The keys are those of
 * the payloads com.apple.vpn.managed and com.apple.security.* of Apple's device management schema.
 */
import { isCms, unwrapSigned } from '../cms.ts';
import { Draft } from '../draft.ts';
import { isTable, own } from '../ledger.ts';
import { ImportTrouble, type ImportedFile, type ImportProposal } from '../result.ts';
import { readPayloads } from './certificates.ts';
import { Fields } from './fields.ts';
import { takeDns } from './dns.ts';
import { takeDemand } from './on-demand.ts';
import { readPlist } from './plist.ts';
import { takeIkev2 } from './ikev2.ts';

/** Keys that every payload has, and that say nothing about a connection. */
const BOOKKEEPING = [
  'PayloadDescription',
  'PayloadDisplayName',
  'PayloadEnabled',
  'PayloadExpirationDate',
  'PayloadIdentifier',
  'PayloadOrganization',
  'PayloadRemovalDisallowed',
  'PayloadScope',
  'PayloadType',
  'PayloadUUID',
  'PayloadVersion',
  'ConsentText',
  'DurationUntilRemoval',
  'HasRemovalPasscode',
  'RemovalDate',
  'TargetDeviceType',
  'IsEncrypted',
];
const VPN_TYPES = ['com.apple.vpn.managed', 'com.apple.vpn.managed.applayer'];

/** Whether octets begin as such a file does. */
export function isMobileconfig(contents: Uint8Array): boolean {
  if (isCms(contents)) return true;
  const head = Buffer.from(contents.subarray(0, 512)).toString('latin1').replaceAll('\0', '');
  return head.startsWith('bplist') || /^[^A-Za-z0-9{[]*<(\?xml|!DOCTYPE plist|plist|!--)/.test(head);
}

export function importMobileconfig(file: ImportedFile): ImportProposal {
  const draft = new Draft();
  const contents = unwrapped(draft, file.contents);
  if (Buffer.from(contents.subarray(0, 6)).toString('latin1') === 'bplist')
    throw new ImportTrouble('binary-plist');
  const plist = readPlist(contents);
  if (own(plist, 'EncryptedPayloadContent') !== undefined) throw new ImportTrouble('encrypted-profile');
  const top = new Fields(draft, '', plist);
  top.ignored(BOOKKEEPING, 'bookkeeping');
  const payloads = top.list('PayloadContent') ?? [plist];
  const at = payloads.findIndex(isIkev2);
  if (at < 0) throw new ImportTrouble('no-connection', payloads.map(whatItIs).join(', ') || 'it is empty');
  const prefix = top.has('PayloadContent') ? `PayloadContent[${at}]` : '';
  const vpn = new Fields(draft, prefix, payloads[at]);
  takeVpn(file, vpn, payloads);
  draft.name(vpn.text('UserDefinedName') ?? top.text('PayloadDisplayName') ?? '', hostOf(vpn));
  if (vpn.has('UserDefinedName')) vpn.taken('UserDefinedName', 'name');
  else if (top.text('PayloadDisplayName') !== undefined) top.taken('PayloadDisplayName', 'name');
  for (const [index, payload] of payloads.entries()) {
    const key = `PayloadContent[${index}]`;
    if (index !== at && isVpn(payload))
      draft.ledger.ignored(key, isIkev2(payload) ? 'another-connection' : 'other-payload', whatItIs(payload));
  }
  return draft.propose(file.source, plist);
}

function unwrapped(draft: Draft, contents: Uint8Array): Uint8Array {
  if (!isCms(contents)) return contents;
  const { contents: inner, signature } = unwrapSigned(contents);
  if (signature.state === 'good')
    draft.ledger.taken('signature', { note: 'signature-good', detail: signature.signer });
  else if (signature.state === 'algorithm')
    draft.ledger.ignored('signature', 'signature-algorithm', signature.detail);
  else draft.ledger.ignored('signature', `signature-${signature.state}`);
  return inner;
}

function isVpn(payload: unknown): boolean {
  const type = own(payload, 'PayloadType');
  return typeof type === 'string' && VPN_TYPES.includes(type);
}

function isIkev2(payload: unknown): boolean {
  return isVpn(payload) && own(payload, 'VPNType') === 'IKEv2' && isTable(own(payload, 'IKEv2'));
}

/** A payload in a few words. */
function whatItIs(payload: unknown): string {
  const words = ['PayloadType', 'VPNType'].map((key) => own(payload, key));
  return words.filter((word): word is string => typeof word === 'string').join(' ') || 'something';
}

function hostOf(vpn: Fields): string {
  return vpn.inside('IKEv2')?.text('RemoteAddress') ?? 'VPN';
}

function takeVpn(file: ImportedFile, vpn: Fields, payloads: readonly unknown[]): void {
  const { draft } = vpn;
  vpn.ignored(BOOKKEEPING, 'bookkeeping');
  if (vpn.value('PayloadType') === 'com.apple.vpn.managed.applayer')
    draft.ledger.changed(vpn.key('PayloadType'), 'per-app');
  vpn.ignored(['VPNUUID', 'CellularSliceUUID'], 'bookkeeping');
  vpn.ignored(
    [
      'SafariDomains',
      'MailDomains',
      'CalendarDomains',
      'ContactsDomains',
      'AssociatedDomains',
      'ExcludedDomains',
      'SMBDomains',
    ],
    'per-app',
  );
  vpn.taken('VPNType');
  vpn.ignored(['VPNSubType', 'VendorConfig'], 'bookkeeping');
  vpn.ignored(['Proxies'], 'proxies');
  vpn.inside('IPv4')?.ignored(['OverridePrimary'], 'all-networks');
  const certificates = readPayloads(draft, payloads);
  const ikev2 = vpn.inside('IKEv2');
  if (ikev2) {
    takeIkev2(file, ikev2, certificates);
    takeDemand(ikev2);
  }
  takeDemand(vpn);
  const dns = vpn.inside('DNS') ?? ikev2?.inside('DNS');
  if (dns) takeDns(dns);
}
