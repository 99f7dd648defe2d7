/**
 * What importing a file says to people, by code: why a key of it was not simply taken, and why a file could not be
 * read at all. The words here are the English ones; `{{detail}}` stands for what the code does not say by itself.
 */

/** Why a key was changed or ignored, or what is to be known of one that was taken. */
export const IMPORT_NOTES = {
  // Of every kind of file.
  'unknown-key': 'Causeway does not know this key.',
  'not-text': 'It should be text, and is not.',
  'not-number': 'It should be a number in its range, and is not.',
  'not-list': 'It should be a list, and is not.',
  bookkeeping: 'It says nothing about the connection.',
  'secret-not-kept':
    'A profile holds no secret. You are asked for it when you connect, and can have it remembered.',
  'more-keys': 'And {{detail}} more keys that Causeway does not know.',
  empty: 'It is empty.',
  'is-default': 'Causeway does so anyway.',
  // Gateway and user.
  'port-nat': 'The first messages go to port 500; port {{detail}} is used for everything after them.',
  'not-an-authority':
    'It is a certificate of its own and no authority: {{detail}}. Causeway trusts authorities; ask IT for the one that issued it.',
  'authorities-psk': 'With a pre-shared key the gateway proves itself by that key.',
  'damaged-certificate': 'The certificate cannot be read: {{detail}}.',
  authority: 'It may vouch for the gateway: {{detail}}.',
  'authority-of-user':
    'It stands behind your own certificate. It is taken as one that may vouch for the gateway too; look whether that is right: {{detail}}.',
  between: 'It goes with your certificate: {{detail}}.',
  'own-certificate': 'Your certificate: {{detail}}.',
  'other-certificate': 'It belongs to nothing else in the file: {{detail}}.',
  'key-locked':
    'It stays locked with the passphrase that you gave, which you are asked for when you connect.',
  'key-relocked':
    'It is locked with the passphrase that you chose, which you are asked for when you connect.',
  'other-key': 'The file has more than one key; the first with a certificate is taken.',
  'integrity-good': 'The file is as it was made: its check by the passphrase is right.',
  'integrity-none': 'The file has no check by which a change of it would show.',
  'revocation-lists': 'Revocation lists in a file grow old; they are not taken.',
  'eap-tls':
    'Causeway does not prove who you are inside EAP-TLS; the certificate is used for IKE itself, which the gateway has to accept.',
  'two-methods': 'Causeway logs in by one method alone; the profile names which.',
  'trusted-network-connect': 'Reports about the health of this computer are not made.',
  'method-unknown': 'Causeway does not know this way to log in: {{detail}}.',
  'identity-from-certificate':
    'The certificate of the gateway must have the identity of the gateway in it; no other name counts.',
  'certificate-elsewhere':
    'The certificate would be fetched by {{detail}}, which Causeway cannot do. Ask IT for a .p12 file.',
  'certificate-missing': 'There is no certificate with this name in the file.',
  // Algorithms and times.
  'words-dropped': 'Left out, because Causeway does not offer it: {{detail}}.',
  'nothing-offered': 'Nothing is left of it that Causeway offers ({{detail}}); its own list is used.',
  'prf-added': 'What it leaves open was added: {{detail}}.',
  'prf-negotiated': 'Which form signatures have is agreed with the gateway.',
  'pfs-off': 'It is not used, because the file switches off fresh key exchanges (EnablePFS).',
  interval: 'Given as {{detail}} seconds, the time after which a silent gateway shows as gone.',
  'always-watched': 'Whether the gateway is still there is always watched.',
  clamped: 'Set to {{detail}}, the nearest that Causeway can do.',
  'chosen-itself': 'Causeway chooses this by itself.',
  revocation: 'Causeway does not ask about revoked certificates.',
  // Traffic.
  'host-network': 'Written as a network: {{detail}}.',
  'range-networks': 'Written as networks: {{detail}}.',
  'bad-network': 'This is no network: {{detail}}.',
  'excluded-networks': 'Networks past the tunnel are rules of the split tunnel; add them there: {{detail}}.',
  'kill-switch': 'What goes past the tunnel is held back by the kill switch in Settings.',
  'all-networks':
    'Everything goes through the tunnel unless the gateway or a rule of the split tunnel says otherwise.',
  'local-networks': 'Whether the local network can be reached is a setting of this computer.',
  'phone-apps': 'These are names of apps on a phone. Rules for programs are made in the split tunnel.',
  'per-app':
    'It was for some apps alone; here it is for all of them, and rules are made in the split tunnel.',
  'dns-plain': 'The name servers are asked through the tunnel, without another encryption inside it.',
  'bad-address': 'This is no address: {{detail}}.',
  'bad-domain': 'This is no domain: {{detail}}.',
  'match-domains': 'Taken as domains that are looked up there, and tried behind short names.',
  proxies: 'Causeway sets no proxies.',
  'phone-only': 'It is for phones.',
  'post-quantum': 'Causeway has no post-quantum key exchange or key.',
  // On demand.
  'demand-always': 'Connects by itself on every network, once you switch that on.',
  'demand-networks': 'Causeway knows networks by beacons, not by what they are called; IT can add some.',
  'demand-names': 'Causeway connects at the first packet for the tunnel, whatever its name.',
  'demand-first': 'The rule before it says for some networks something else, so it cannot hold for all.',
  'demand-off': 'Connecting on demand is switched off in the file.',
  'demand-rest': 'Nothing happens by itself unless a profile says so.',
  'user-decides': 'Whoever uses the computer decides that.',
  // The container.
  'signature-good':
    'The contents are as {{detail}} signed them. Who that is was not verified: ask IT if the name is not the one that you expect.',
  'signature-none': 'Nobody signed it.',
  'signature-foreign': 'The signature was not verified: the certificate of the signer is not in the file.',
  'signature-algorithm': 'The signature was not verified: its algorithm is not supported ({{detail}}).',
  'other-payload': 'It is not about this connection: {{detail}}.',
  'another-connection': 'It is another connection. One is imported at a time; ask IT for a file of its own.',
} as const;

export type ImportNoteCode = keyof typeof IMPORT_NOTES;

/** Why nothing at all could be made of a file. */
export const IMPORT_TROUBLES = {
  'unknown-kind': 'It is no profile that Causeway knows: .json, .sswan, .mobileconfig, .p12 or .pfx.',
  'too-long': 'It is longer than 1 MiB, which no profile is.',
  gone: 'It is not there any more. Choose it again.',
  'not-json': 'It looks like JSON and is not: {{detail}}.',
  'not-profile':
    'It is JSON, but no profile: a profile of Causeway has "gateway" and "user", one of strongSwan has "remote" and "type".',
  'not-plist': 'It looks like an Apple profile and cannot be read: {{detail}}.',
  'binary-plist': 'It is an Apple profile in binary form. Ask IT for the XML form (plutil -convert xml1).',
  'encrypted-profile': 'It is an Apple profile that is encrypted for one device. Ask IT for one that is not.',
  'no-connection': 'There is no IKEv2 connection in it ({{detail}}).',
  'bad-signature':
    'Its signature is wrong: somebody changed it after it was signed. Do not use it, and tell IT.',
  'damaged-container': 'Its signed wrapping cannot be read: {{detail}}.',
  'damaged-p12': 'It looks like a PKCS #12 file and cannot be read: {{detail}}.',
  'legacy-p12':
    'It is locked by {{detail}}, which is broken and not supported. Make it anew: openssl pkcs12 -legacy -in OLD.p12 -nodes | openssl pkcs12 -export -out NEW.p12',
  'unsupported-p12': 'It is locked in a way that Causeway does not know: {{detail}}.',
  'costly-p12': 'Opening it would take this computer too long: {{detail}}.',
  'no-key': 'It has no private key with a certificate.',
  'bad-key': 'The private key in it cannot be used: {{detail}}.',
} as const;

export type ImportTroubleCode = keyof typeof IMPORT_TROUBLES;

/** The sentence of a code, with the detail in its place. */
export function importSentence(text: string, detail = ''): string {
  return text.replace('{{detail}}', () => detail);
}
