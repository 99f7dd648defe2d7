import { createPrivateKey } from 'node:crypto';
import { z } from 'zod';
import { fromHex, utf8 } from '../../../core/lib/bytes.ts';
import { parseAddress } from '../../../core/net/address.ts';
import { IdType } from '../../../core/wire/constants.ts';
import type { Payload } from '../../../core/wire/payload.ts';
import { notify } from '../../../core/wire/payloads/notify.ts';
import type { Extensions } from './extensions.ts';
import type { Faults, Step } from './faults.ts';
import { address, prefix } from './index.ts';
import { gatewayIdent } from './redirect.ts';
import type { Identity } from './sa.ts';
import type { GatewayConfig, GatewayCredentials } from './types.ts';

/*
 * The gateway's configuration as JSON, for the program: texts where the process has values, PEM for
 * certificates and keys, hexadecimal for octets.
 */

const numbers = z.array(z.number().int()).optional();
const suites = z.strictObject({
  encr: z.array(z.tuple([z.number()]).or(z.tuple([z.number(), z.number()]))).optional(),
  integ: numbers,
  prf: numbers,
  groups: numbers,
  esn: numbers,
});
const user = z.strictObject({
  password: z.string(),
  status: z.enum(['disabled', 'expired', 'restricted-hours', 'no-dialin']).optional(),
  codes: z.array(z.string()).optional(),
  prompts: z.array(z.string()).optional(),
});
const identity = z.union([z.string(), z.strictObject({ idType: z.number(), data: z.string() })]);

const schema = z.strictObject({
  addresses: z.array(z.string()).min(1),
  /** A name, an address, user@host, or a type with octets. */
  identity,
  /** PEM, the gateway's own certificate first; without it the gateway proves itself by `psk`. */
  certificates: z.string().optional(),
  privateKey: z.string().optional(),
  signature: z.enum(['auto', 'old', 'rsa-pss', 'rsa-pkcs1']).optional(),
  accept: z.array(z.enum(['eap', 'certificate', 'psk'])).default(['eap', 'certificate', 'psk']),
  users: z.record(z.string(), user).default({}),
  psk: z.string().optional(),
  authorities: z.string().default(''),
  ike: suites.default({}),
  esp: suites.default({}),
  pools: z.array(z.string()).default([]),
  dns: z.array(z.string()).default([]),
  domains: z.array(z.string()).default([]),
  subnets: z.array(z.string()).default([]),
  networks: z.array(z.string()).default(['0.0.0.0/0', '::/0']),
  requireCp: z.boolean().default(false),
  encap: z.boolean().default(true),
  cookies: z.boolean().default(false),
  passwordRetries: z.number().int().default(0),
  livenessMs: z.number().optional(),
  fragmentOctets: z.number().int().optional(),
  retransmitMs: z.number().default(1000),
  retransmits: z.number().int().default(4),
  /** Secrets that a restarted gateway has again make its tickets and tokens good. */
  extensions: z
    .strictObject({
      redirect: z.strictObject({ to: z.string(), at: z.enum(['init', 'first', 'last']) }).optional(),
      tickets: z.strictObject({ secret: z.string(), lifetimeSeconds: z.number().int() }).optional(),
      crashSecret: z.string().optional(),
      authLifetimeSeconds: z.number().int().optional(),
      childless: z.enum(['allowed', 'demanded']).optional(),
    })
    .optional(),
  faults: z.record(z.string(), z.unknown()).default({}),
  /** Name and MTU of the tunnel device. */
  tun: z.string().default('cwgw%d'),
  mtu: z.number().int().default(1400),
});

/** What the program is told. */
export type GatewayConfigJson = z.input<typeof schema>;

export interface ProgramConfig {
  readonly gateway: GatewayConfig;
  readonly faults: Faults;
  readonly tun: string;
  readonly mtu: number;
}

/** Throws with a readable text when the value is no configuration. `epoch`: the wall clock when `now` is zero. */
export function parseGatewayConfig(value: unknown, epoch: number): ProgramConfig {
  const json = schema.parse(value);
  const { livenessMs, fragmentOctets, psk } = json;
  const gateway: GatewayConfig = {
    addresses: json.addresses.map(address),
    identity: identityOf(json.identity),
    credentials: credentialsOf(json),
    accept: json.accept,
    users: Object.fromEntries(
      Object.entries(json.users).map(([name, { password, status, codes, prompts }]) => [
        name,
        {
          password,
          ...(status === undefined ? {} : { status }),
          ...(codes ? { codes } : {}),
          ...(prompts ? { prompts } : {}),
        },
      ]),
    ),
    ...(psk === undefined ? {} : { psk: utf8(psk) }),
    anchors: derOf(json.authorities),
    ike: defined(json.ike),
    esp: defined(json.esp),
    pools: json.pools.map(prefix),
    dns: json.dns.map(address),
    domains: json.domains,
    subnets: json.subnets.map(prefix),
    networks: json.networks.map(prefix),
    requireCp: json.requireCp,
    encap: json.encap,
    cookies: json.cookies,
    passwordRetries: json.passwordRetries,
    ...(livenessMs === undefined ? {} : { livenessMs }),
    ...(fragmentOctets === undefined ? {} : { fragmentOctets }),
    retransmitMs: json.retransmitMs,
    retransmits: json.retransmits,
    epoch,
    ...(json.extensions === undefined ? {} : { extensions: extensionsOf(json.extensions) }),
  };
  return { gateway, faults: faultsOf(json.faults), tun: json.tun, mtu: json.mtu };
}

function extensionsOf(json: NonNullable<z.output<typeof schema>['extensions']>): Extensions {
  const { redirect, tickets, crashSecret, ...plain } = json;
  return {
    ...defined(plain),
    ...(redirect === undefined ? {} : { redirect: { ...redirect, to: gatewayIdent(redirect.to) } }),
    ...(tickets === undefined ? {} : { tickets: { ...tickets, secret: utf8(tickets.secret) } }),
    ...(crashSecret === undefined ? {} : { crashSecret: utf8(crashSecret) }),
  };
}

function credentialsOf(json: z.output<typeof schema>): GatewayCredentials {
  if (json.certificates === undefined || json.privateKey === undefined) return { kind: 'psk' };
  return {
    kind: 'certificate',
    chain: derOf(json.certificates),
    privateKey: createPrivateKey(json.privateKey),
    ...(json.signature === undefined ? {} : { style: json.signature }),
  };
}

function identityOf(value: z.output<typeof identity>): Identity {
  if (typeof value !== 'string') return { idType: value.idType, data: fromHex(value.data) };
  const literal = parseAddress(value);
  if (literal !== undefined)
    return { idType: literal.family === 4 ? IdType.IPV4_ADDR : IdType.IPV6_ADDR, data: literal.octets };
  return { idType: value.includes('@') ? IdType.RFC822_ADDR : IdType.FQDN, data: utf8(value) };
}

/** The certificates of a PEM text, in their order. */
export function derOf(pem: string): Uint8Array[] {
  const blocks = pem.matchAll(/-----BEGIN CERTIFICATE-----([^-]*)-----END CERTIFICATE-----/g);
  return [...blocks].map(([, base64 = '']) => new Uint8Array(Buffer.from(base64, 'base64')));
}

/** Without the keys whose value is undefined, which are not the same as absent ones. */
function defined<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}

const addition = z.strictObject({
  at: z.enum(['init', 'auth', 'eap', 'final', 'reply', 'request', 'clear'] satisfies Step[]),
  first: z.boolean().default(false),
  payloads: z.array(
    z.union([
      z.strictObject({ notify: z.number(), data: z.string().default('') }),
      z.strictObject({ vendor: z.string() }),
      z.strictObject({
        type: z.number(),
        critical: z.boolean().default(false),
        data: z.string().default(''),
      }),
    ]),
  ),
});

/** The faults that JSON can hold: all but the hooks. */
const FAULT_NAMES: Readonly<Record<Exclude<keyof Faults, `tamper${string}`>, true>> = {
  ...{ cookies: true, invalidKe: true, initNotify: true, forgedFirst: true, ikeProposal: true },
  ...{ keyExchange: true, nonce: true, omitInit: true, pretendNat: true, authNotify: true },
  ...{ childNotify: true, finalNotify: true, identity: true, auth: true, finalAuth: true },
  ...{ authMethod: true, omitAuth: true, eap: true, childProposal: true, traffic: true, cp: true },
  ...{ add: true, flags: true, messageIdOffset: true, steps: true, majorVersion: true, drop: true },
  ...{
    dropReceived: true,
    duplicates: true,
    silentAfter: true,
    redirect: true,
    resume: true,
    mobike: true,
    create: true,
    fragments: true,
  },
};

/** Their values are taken as they are, but for the two that hold octets. A name that does not exist throws. */
function faultsOf(value: Record<string, unknown>): Faults {
  const unknown = Object.keys(value).filter((name) => !Object.hasOwn(FAULT_NAMES, name));
  if (unknown.length > 0) throw new Error(`no such fault: ${unknown.join(', ')}`);
  const { add, identity: who, ...plain } = value;
  const additions = z.array(addition).default([]).parse(add);
  return {
    ...(plain as Faults),
    ...(who === undefined ? {} : { identity: identityOf(identity.parse(who)) }),
    add: additions.map(({ payloads, ...rest }) => ({ ...rest, payloads: payloads.map(payloadFrom) })),
  };
}

function payloadFrom(value: z.output<typeof addition>['payloads'][number]): Payload {
  if ('notify' in value) return notify(value.notify, fromHex(value.data));
  if ('vendor' in value) return { kind: 'V', data: fromHex(value.vendor) };
  return { kind: 'unknown', type: value.type, critical: value.critical, data: fromHex(value.data) };
}
