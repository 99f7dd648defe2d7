/** Which fields a profile is written by: one table, of which the editor and the sorting of problems are made. */

export type TextPlace =
  | 'name'
  | 'gateway.address'
  | 'gateway.identity'
  | 'user.username'
  | 'user.eapIdentity'
  | 'user.ikeIdentity'
  | 'user.identity';
export type NumberPlace =
  | 'gateway.ikePort'
  | 'gateway.natPort'
  | 'tunnel.mtu'
  | 'reconnect.giveUpAfterSeconds'
  | 'liveness.intervalSeconds'
  | 'retransmit.timeoutSeconds'
  | 'fragmentation.octets'
  | 'onDemand.idleSeconds'
  | 'rekey.ikeMinutes'
  | 'rekey.childMinutes'
  | 'rekey.megabytes';
export type ListPlace =
  'tunnel.remote' | 'dns.servers' | 'dns.domains' | 'dns.searchDomains' | 'ike.proposals' | 'esp.proposals';
export type SwitchPlace = 'reconnect.enabled' | 'mobike' | 'onDemand.enabled' | 'rekey.pfs';
export type ChoicePlace = 'dns.use' | 'automatic.connect' | 'automatic.onTrusted';

export type FieldSpec =
  | { readonly kind: 'text'; readonly place: TextPlace; readonly isRequired?: true }
  | { readonly kind: 'number'; readonly place: NumberPlace }
  | { readonly kind: 'list'; readonly place: ListPlace }
  | { readonly kind: 'switch'; readonly place: SwitchPlace }
  | { readonly kind: 'choice'; readonly place: ChoicePlace }
  | { readonly kind: 'addresses'; readonly place: 'tunnel.addresses' }
  | { readonly kind: 'alternatives'; readonly place: 'gateway.alternatives' }
  | { readonly kind: 'beacons'; readonly place: 'automatic.beacons' };

export const SECTION_NAMES = ['gateway', 'tunnel', 'dns', 'lost', 'automatic', 'algorithms'] as const;
export type SectionName = (typeof SECTION_NAMES)[number];

/** What most people never touch, in groups that are folded. */
export const SECTIONS: Readonly<Record<SectionName, readonly FieldSpec[]>> = {
  gateway: [
    { kind: 'text', place: 'gateway.identity' },
    { kind: 'number', place: 'gateway.ikePort' },
    { kind: 'number', place: 'gateway.natPort' },
    { kind: 'alternatives', place: 'gateway.alternatives' },
  ],
  tunnel: [
    { kind: 'list', place: 'tunnel.remote' },
    { kind: 'addresses', place: 'tunnel.addresses' },
    { kind: 'number', place: 'tunnel.mtu' },
  ],
  dns: [
    { kind: 'choice', place: 'dns.use' },
    { kind: 'list', place: 'dns.servers' },
    { kind: 'list', place: 'dns.domains' },
    { kind: 'list', place: 'dns.searchDomains' },
  ],
  lost: [
    { kind: 'switch', place: 'reconnect.enabled' },
    { kind: 'switch', place: 'mobike' },
    { kind: 'number', place: 'reconnect.giveUpAfterSeconds' },
    { kind: 'number', place: 'liveness.intervalSeconds' },
    { kind: 'number', place: 'retransmit.timeoutSeconds' },
    { kind: 'number', place: 'fragmentation.octets' },
  ],
  automatic: [
    { kind: 'choice', place: 'automatic.connect' },
    { kind: 'choice', place: 'automatic.onTrusted' },
    { kind: 'beacons', place: 'automatic.beacons' },
    { kind: 'switch', place: 'onDemand.enabled' },
    { kind: 'number', place: 'onDemand.idleSeconds' },
  ],
  algorithms: [
    { kind: 'list', place: 'ike.proposals' },
    { kind: 'list', place: 'esp.proposals' },
    { kind: 'switch', place: 'rekey.pfs' },
    { kind: 'number', place: 'rekey.ikeMinutes' },
    { kind: 'number', place: 'rekey.childMinutes' },
    { kind: 'number', place: 'rekey.megabytes' },
  ],
};

const NAMED_USER = [
  { kind: 'text', place: 'user.username', isRequired: true },
  { kind: 'text', place: 'user.eapIdentity' },
  { kind: 'text', place: 'user.ikeIdentity' },
] as const satisfies readonly FieldSpec[];

/** The fields of each way to log in. */
export const USER_FIELDS = {
  'eap-mschapv2': NAMED_USER,
  'eap-gtc': NAMED_USER,
  certificate: [{ kind: 'text', place: 'user.identity' }],
  psk: [{ kind: 'text', place: 'user.identity', isRequired: true }],
} as const satisfies Readonly<Record<string, readonly FieldSpec[]>>;

/** Places of a list of objects that have a field each. */
const ROW_FIELDS = {
  'gateway.alternatives': ['address', 'identity', 'ikePort', 'natPort'],
  'automatic.beacons': ['host', 'port', 'pins'],
} as const;

/** The places that a field shows problems of. */
export function placesOf({ kind, place }: FieldSpec, rows: number): readonly string[] {
  if (kind !== 'alternatives' && kind !== 'beacons') return [place];
  const names = ROW_FIELDS[place];
  return Array.from({ length: rows }, (_, row) => names.map((name) => `${place}[${row}].${name}`)).flat();
}
