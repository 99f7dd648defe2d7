/**
 * The profile: everything that a connection needs except its secrets (the password, the pre-shared key, a
 * key's passphrase), which are asked for. core/contract/profile.md explains each key to people.
 */
import * as z from 'zod';
import { err, ok, type Result } from '../lib/result.ts';
import { pinProblem } from './automatic.ts';
import { certificatesProblem, privateKeyProblem } from './pem-text.ts';
import { problemsOf } from './profile-problems.ts';
import {
  addressOctets,
  gatewayIdentityProblem,
  hasControlCharacters,
  identityForm,
  identityProblem,
  isHostName,
  prefixProblem,
} from './text-forms.ts';

const MAX_PEM_LENGTH = 1024 * 1024;

/** One line of text for people or for a protocol field: no control characters, no line breaks, not blank. */
function line(maxLength: number) {
  return z
    .string()
    .max(maxLength, { abort: true })
    .refine((text) => text.trim() !== '', { error: 'must not be empty', abort: true })
    .refine((text) => !hasControlCharacters(text), { error: 'must not contain control characters' });
}

/** A string whose problem, if it has one, is what `check` says. */
function checked(maxLength: number, check: (text: string) => string | undefined) {
  return line(maxLength).superRefine((text, context) => {
    const problem = check(text);
    if (problem !== undefined) context.addIssue(problem);
  });
}

/** PEM as one text, or as an array of lines or of whole PEM texts; one text afterwards. */
function pem(check: (text: string) => string | undefined) {
  return z
    .union([z.string(), z.array(z.string()).min(1)], {
      error: 'must be PEM text, or an array of its lines',
    })
    .transform((text) => (typeof text === 'string' ? text : text.join('\n')))
    .superRefine((text, context) => {
      const problem = text.length > MAX_PEM_LENGTH ? 'is longer than 1 MiB' : check(text);
      if (problem !== undefined) context.addIssue(problem);
    });
}

const port = z.number().int().min(1).max(65535);

const proposals = z
  .array(
    checked(120, (word) =>
      /^[a-z0-9]+(-[a-z0-9]+)*$/.test(word)
        ? undefined
        : 'must be lower-case algorithm words joined by hyphens, such as aes256gcm16-prfsha384-ecp384',
    ),
  )
  .min(1)
  .max(32);

const host = checked(253, (text) =>
  addressOctets(text) !== undefined || isHostName(text)
    ? undefined
    : 'must be a host name or an IP address, without a scheme, port or path',
);

const alternativeObject = z.strictObject({
  address: host,
  identity: checked(1024, gatewayIdentityProblem).optional(),
  ikePort: port.optional(),
  natPort: port.optional(),
});

const gatewayObject = z.strictObject({
  address: host,
  identity: checked(1024, gatewayIdentityProblem).optional(),
  ikePort: port.default(500),
  natPort: port.default(4500),
  alternatives: z.array(alternativeObject).max(16).default([]),
  authorities: z
    .union([z.literal('system'), pem(certificatesProblem)], {
      error: (issue) => unionMessage(issue.input, certificatesProblem),
    })
    .default('system'),
});

/** A union reports no branch's own words, so the words for what was given are found again here. */
function unionMessage(input: unknown, check: (text: string) => string | undefined): string {
  const text =
    Array.isArray(input) && input.every((part) => typeof part === 'string') ? input.join('\n') : input;
  const fallback = 'must be "system", PEM text, or an array of PEM texts';
  return typeof text === 'string' && text.includes('-----BEGIN') ? (check(text) ?? fallback) : fallback;
}

const eapMschapv2Object = z.strictObject({
  method: z.literal('eap-mschapv2'),
  username: line(256),
  eapIdentity: line(256).optional(),
  ikeIdentity: checked(1024, identityProblem).optional(),
});

const eapGtcObject = z.strictObject({ ...eapMschapv2Object.shape, method: z.literal('eap-gtc') });

const certificateObject = z.strictObject({
  method: z.literal('certificate'),
  certificate: pem(certificatesProblem),
  privateKey: pem(privateKeyProblem),
  identity: checked(1024, identityProblem).optional(),
});

const pskObject = z.strictObject({
  method: z.literal('psk'),
  identity: checked(1024, identityProblem),
});

const ikeObject = z.strictObject({ proposals: proposals.optional() });
const espObject = z.strictObject({ proposals: proposals.optional() });

const tunnelObject = z.strictObject({
  remote: z.array(checked(64, prefixProblem)).min(1).max(256).default(['0.0.0.0/0', '::/0']),
  addresses: z
    .array(z.enum(['ipv4', 'ipv6']))
    .min(1)
    .refine((families) => new Set(families).size === families.length, { error: 'names a family twice' })
    .default(['ipv4', 'ipv6']),
  mtu: z.number().int().min(576).max(9000).optional(),
});

const domains = z
  .array(
    checked(253, (text) =>
      isHostName(text) ? undefined : 'must be a domain like corp.example.com, without a dot in front',
    ),
  )
  .min(1)
  .max(100);
const dnsObject = z.strictObject({
  use: z.enum(['gateway', 'none']).default('gateway'),
  servers: z
    .array(checked(64, (text) => (addressOctets(text) ? undefined : 'must be an IP address')))
    .min(1)
    .max(8)
    .optional(),
  domains: domains.optional(),
  searchDomains: domains.optional(),
});

const livenessObject = z.strictObject({ intervalSeconds: z.number().int().min(5).max(3600).default(30) });
const reconnectObject = z.strictObject({
  enabled: z.boolean().default(true),
  giveUpAfterSeconds: z.number().int().min(10).max(604_800).optional(),
});
const onDemandObject = z.strictObject({
  enabled: z.boolean().default(false),
  idleSeconds: z.number().int().min(5).max(86_400).default(300),
});
const rekeyObject = z.strictObject({
  childMinutes: z.number().int().min(5).max(1440).default(60),
  ikeMinutes: z.number().int().min(10).max(10_080).default(240),
  megabytes: z.number().int().min(10).max(1_000_000).optional(),
  pfs: z.boolean().default(true),
});
const fragmentationObject = z.strictObject({ octets: z.number().int().min(576).max(65_535).default(1280) });
const retransmitObject = z.strictObject({ timeoutSeconds: z.number().int().min(5).max(600).default(60) });
const beaconObject = z.strictObject({
  host,
  port: port.default(443),
  pins: z.array(checked(64, pinProblem)).min(1).max(8),
});
const automaticObject = z.strictObject({
  connect: z.enum(['never', 'untrusted', 'always']).default('never'),
  beacons: z.array(beaconObject).max(8).default([]),
  onTrusted: z.enum(['disconnect', 'stay']).default('disconnect'),
});

const profileObject = z.strictObject({
  version: z.literal(1),
  name: line(100),
  gateway: gatewayObject,
  user: z.discriminatedUnion('method', [eapMschapv2Object, eapGtcObject, certificateObject, pskObject]),
  ike: ikeObject.prefault({}),
  esp: espObject.prefault({}),
  tunnel: tunnelObject.prefault({}),
  dns: dnsObject.prefault({}),
  liveness: livenessObject.prefault({}),
  retransmit: retransmitObject.prefault({}),
  reconnect: reconnectObject.prefault({}),
  onDemand: onDemandObject.prefault({}),
  rekey: rekeyObject.prefault({}),
  mobike: z.boolean().default(true),
  fragmentation: fragmentationObject.prefault({}),
  automatic: automaticObject.prefault({}),
});

/**
 * The schema of a profile, version 1. What parsing returns has every default filled in; `gateway.identity` is
 * the gateway's address when the profile does not say otherwise, and `user.eapIdentity` is the user name.
 */
export const profileSchema = profileObject
  .superRefine((profile, context) => {
    for (const { path, message } of crossProblems(profile)) {
      context.addIssue({ code: 'custom', path: [...path], message });
    }
  })
  .transform((profile) => ({
    ...profile,
    gateway: {
      ...profile.gateway,
      identity: profile.gateway.identity ?? profile.gateway.address,
      alternatives: profile.gateway.alternatives.map((one) => ({
        address: one.address,
        identity: one.identity ?? one.address,
        ikePort: one.ikePort ?? profile.gateway.ikePort,
        natPort: one.natPort ?? profile.gateway.natPort,
      })),
    },
    user:
      profile.user.method === 'eap-mschapv2' || profile.user.method === 'eap-gtc'
        ? { ...profile.user, eapIdentity: profile.user.eapIdentity ?? profile.user.username }
        : profile.user,
  }));

/** A profile that was checked and completed. PEM fields are one text each; `authorities` may be 'system'. */
export type Profile = z.output<typeof profileSchema>;
/** A profile as it is written: defaults may be left out and PEM may be an array of lines. */
export type ProfileInput = z.input<typeof profileSchema>;
export type UserMethod = Profile['user']['method'];

/** A profile whose fields are good, before what is left out of it is filled in from other fields. */
type Written = z.output<typeof profileObject>;

interface Problem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** Every gateway with its place in the profile. */
function namedGateways(gateway: Written['gateway']) {
  return [
    { ...gateway, place: ['gateway'] },
    ...gateway.alternatives.map((one, index) => ({ ...one, place: ['gateway', 'alternatives', index] })),
  ];
}

/** Rules that need more than one field. They are judged once each field is good by itself. */
function crossProblems(profile: Written): Problem[] {
  const problems: Problem[] = [];
  const { gateway, user, tunnel, dns, reconnect, automatic } = profile;
  for (const { place, ikePort = gateway.ikePort, natPort = gateway.natPort, identity } of namedGateways(
    gateway,
  )) {
    if (ikePort === natPort)
      problems.push({ path: [...place, 'natPort'], message: 'must differ from ikePort' });
    if (identity !== undefined && identityForm(identity) === 'key-id' && user.method !== 'psk')
      problems.push({
        path: [...place, 'identity'],
        message: 'cannot be a key id: no certificate can prove one; use a host name, an address or a DN',
      });
  }
  if (user.method === 'psk' && gateway.authorities !== 'system')
    problems.push({
      path: ['gateway', 'authorities'],
      message: 'has no use with user.method psk, where the gateway proves itself by the pre-shared key',
    });
  if (!reconnect.enabled && reconnect.giveUpAfterSeconds !== undefined)
    problems.push({
      path: ['reconnect', 'giveUpAfterSeconds'],
      message: 'has no use with reconnect.enabled false, where nothing is tried',
    });
  for (const key of ['servers', 'domains', 'searchDomains'] as const)
    if (dns.use === 'none' && dns[key] !== undefined)
      problems.push({
        path: ['dns', key],
        message: 'has no use with dns.use none, where nothing is changed about names',
      });
  if (tunnel.mtu !== undefined && tunnel.mtu < 1280 && tunnel.addresses.includes('ipv6'))
    problems.push({
      path: ['tunnel', 'mtu'],
      message: 'must be at least 1280 for IPv6; for a smaller one, set tunnel.addresses to ["ipv4"]',
    });
  const beaconsProblem = beaconsAgainst(automatic);
  if (beaconsProblem !== undefined)
    problems.push({ path: ['automatic', 'beacons'], message: beaconsProblem });
  return problems;
}

function beaconsAgainst({ connect, beacons }: Written['automatic']): string | undefined {
  if (connect === 'untrusted' && beacons.length === 0)
    return 'must have at least one entry, because no network is trusted without one; to connect on every network, set automatic.connect to "always"';
  return connect === 'always' && beacons.length > 0
    ? 'has no use with automatic.connect always, where every network is connected from'
    : undefined;
}

/** The keys that may stand at each place of a profile, by the path to the object ('' is the profile itself). */
export const PROFILE_KEYS: Readonly<Record<string, readonly string[]>> = {
  '': Object.keys(profileObject.shape),
  gateway: Object.keys(gatewayObject.shape),
  user: [
    ...new Set([eapMschapv2Object, certificateObject, pskObject].flatMap((user) => Object.keys(user.shape))),
  ],
  ike: Object.keys(ikeObject.shape),
  esp: Object.keys(espObject.shape),
  tunnel: Object.keys(tunnelObject.shape),
  dns: Object.keys(dnsObject.shape),
  'gateway.alternatives': Object.keys(alternativeObject.shape),
  liveness: Object.keys(livenessObject.shape),
  retransmit: Object.keys(retransmitObject.shape),
  reconnect: Object.keys(reconnectObject.shape),
  onDemand: Object.keys(onDemandObject.shape),
  rekey: Object.keys(rekeyObject.shape),
  fragmentation: Object.keys(fragmentationObject.shape),
  automatic: Object.keys(automaticObject.shape),
  'automatic.beacons': Object.keys(beaconObject.shape),
};

/** Checks a parsed JSON value. On failure every problem is a sentence `path: what is wrong`, none with a secret. */
export function parseProfile(value: unknown): Result<Profile, readonly string[]> {
  const parsed = profileSchema.safeParse(value);
  return parsed.success ? ok(parsed.data) : err(problemsOf(parsed.error.issues, value, PROFILE_KEYS));
}
