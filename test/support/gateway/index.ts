import { createHash } from 'node:crypto';
import { concat, u32, utf8 } from '../../../core/lib/bytes.ts';
import type { RandomBytes } from '../../../core/lib/ports.ts';
import { parseAddress, type IpAddress } from '../../../core/net/address.ts';
import { parsePrefix, type Prefix } from '../../../core/net/prefix.ts';
import { IdType } from '../../../core/wire/constants.ts';
import { issue, makeCa, type Issued, type KeyKind } from '../pki-factory.ts';
import type { Faults } from './faults.ts';
import { GatewayIke } from './gateway-ike.ts';
import type { GatewayConfig } from './types.ts';

export type { Faults, Step } from './faults.ts';
export { GatewayIke, type ChildChoice } from './gateway-ike.ts';
export type { Child, Sa } from './sa.ts';
export type { GatewayConfig, GatewayDatagram, GatewayEvent, GatewayOutput } from './types.ts';

export const GATEWAY_NAME = 'vpn.example.com';
export const GATEWAY_ADDRESS = address('203.0.113.1');
export const USER = 'alice';
export const PASSWORD = 'correct horse battery staple';
export const PSK = 'a shared secret of thirty-three octets';

/** What a test may want otherwise: any part of the configuration, the faults, and the gateway's key. */
export interface MakeGatewayOptions extends Partial<GatewayConfig> {
  readonly faults?: Faults;
  /** Repeats everything that is random. */
  readonly seed?: string;
  readonly key?: KeyKind;
}

export interface MadeGateway {
  readonly gateway: GatewayIke;
  /** The authority of the gateway's certificate and, unless told otherwise, of clients' certificates. */
  readonly ca: Issued;
  readonly certificate: Issued;
}

/**
 * A gateway for exchange tests with everything a client needs to get in: vpn.example.com at 203.0.113.1, a
 * certificate from its own authority, the user alice, a pre-shared key, addresses 10.9.0.0/24 and fd09::/64.
 */
export function makeGateway({
  faults = {},
  seed = 'gateway',
  key = 'p256',
  ...overrides
}: MakeGatewayOptions = {}): MadeGateway {
  const ca = makeCa({ name: 'Gateway test authority', key: 'p256' });
  const certificate = issue(ca, { subject: `CN=${GATEWAY_NAME}`, san: [{ dns: GATEWAY_NAME }], key });
  const defaults: GatewayConfig = {
    addresses: [GATEWAY_ADDRESS],
    identity: { idType: IdType.FQDN, data: utf8(GATEWAY_NAME) },
    credentials: { kind: 'certificate', chain: [certificate.der], privateKey: certificate.key },
    accept: ['eap', 'certificate', 'psk'],
    users: { [USER]: { password: PASSWORD } },
    psk: utf8(PSK),
    anchors: [ca.der],
    ike: {},
    esp: {},
    pools: [prefix('10.9.0.0/24'), prefix('fd09::/64')],
    dns: [address('10.1.0.53'), address('fd01::53')],
    domains: ['corp.example.com'],
    subnets: [prefix('10.1.0.0/16'), prefix('fd01::/48')],
    networks: [prefix('0.0.0.0/0'), prefix('::/0')],
    requireCp: false,
    encap: true,
    cookies: false,
    passwordRetries: 0,
    retransmitMs: 1000,
    retransmits: 4,
    epoch: Date.parse('2026-08-01T00:00:00Z'),
  };
  const gateway = new GatewayIke({ ...defaults, ...overrides }, seededRandom(seed), faults);
  return { gateway, ca, certificate };
}

/** Octets that look random and are the same for the same seed. */
export function seededRandom(seed: string): RandomBytes {
  let counter = 0;
  return (length) => {
    const blocks: Uint8Array[] = [];
    for (let have = 0; have < length; have += 32) {
      const input = concat(utf8(seed), u32(counter++));
      blocks.push(new Uint8Array(createHash('sha256').update(input).digest()));
    }
    return concat(...blocks).subarray(0, length);
  };
}

/** The address of a text that is known to be one. */
export function address(text: string): IpAddress {
  const parsed = parseAddress(text);
  if (parsed === undefined) throw new Error(`not an address: ${text}`);
  return parsed;
}

/** The prefix of a text that is known to be one. */
export function prefix(text: string): Prefix {
  const parsed = parsePrefix(text);
  if (parsed === undefined) throw new Error(`not a prefix: ${text}`);
  return parsed;
}
