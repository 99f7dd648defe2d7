import type { Namespace } from './netns.ts';
import { Charon, type DaemonOptions } from './strongswan-daemon.ts';
import { sectionOf, textOf, type ViciSection } from './strongswan-vici.ts';

/*
 * strongSwan as the gateway of a remote-access VPN: typed options in, swanctl's settings over vici. One daemon
 * serves a whole file of tests: configure() replaces the connection without starting anything again.
 */

/** How the gateway proves itself. Certificates are DER, the gateway's own first. */
export type GatewayAuth =
  | {
      readonly auth: 'pubkey';
      readonly id: string;
      readonly certificates: readonly Uint8Array[];
      readonly privateKey: Uint8Array;
    }
  | { readonly auth: 'psk'; readonly id: string };

/** How the gateway wants the client to prove itself. */
export type ClientAuth =
  | {
      readonly auth: `eap-${string}`;
      /** Ask for the user's name by EAP-Identity; otherwise the IKE identity is the name. True by default. */
      readonly askIdentity?: boolean;
      readonly users: readonly { readonly name: string; readonly password: string }[];
    }
  | { readonly auth: 'pubkey'; readonly id?: string; readonly authorities: readonly Uint8Array[] }
  | { readonly auth: 'psk'; readonly id?: string; readonly secret: string };

export interface GatewayOptions {
  readonly gateway: GatewayAuth;
  readonly client: ClientAuth;
  /** Proposals in swanctl's words, most wanted first; strongSwan's own defaults when absent. */
  readonly ike?: readonly string[];
  readonly esp?: readonly string[];
  /** Address pools in swanctl's words, such as '10.60.0.0/24'. One of each family by default. */
  readonly pools?: readonly string[];
  readonly dns?: readonly string[];
  /** What the client may reach. Everything of both families by default. */
  readonly localTs?: readonly string[];
  readonly remoteTs?: readonly string[];
  /** Pretend to see a NAT, so that ESP goes over UDP. The userspace ESP does it anyway. */
  readonly encap?: boolean;
  readonly fragmentation?: 'yes' | 'no' | 'accept' | 'force';
  readonly mobike?: boolean;
  readonly sendCert?: 'always' | 'ifasked' | 'never';
  readonly sendCertRequest?: boolean;
  readonly dpdDelaySeconds?: number;
  readonly ikeRekeySeconds?: number;
  readonly childRekeySeconds?: number;
  /** More keys for the connection and its child in swanctl's words. */
  readonly connection?: ViciSection;
  readonly child?: ViciSection;
}

/** What list-sas tells of one IKE SA and its Child SAs. */
export interface GatewaySa {
  readonly uniqueId: string;
  readonly state: string;
  readonly remoteId: string;
  /** The EAP identity when there was one, and the IKE identity otherwise. */
  readonly user: string;
  readonly localHost: string;
  readonly remoteHost: string;
  readonly remotePort: number;
  readonly virtualIps: readonly string[];
  /** `AES_GCM_16-256/PRF_HMAC_SHA2_384/ECP_384`, an integrity algorithm in second place when there is one. */
  readonly suite: string;
  readonly children: readonly GatewayChild[];
}

export interface GatewayChild {
  readonly state: string;
  readonly protocol: string;
  readonly udpEncapsulated: boolean;
  readonly spiIn: string;
  readonly spiOut: string;
  readonly suite: string;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly localTs: readonly string[];
  readonly remoteTs: readonly string[];
}

const CONNECTION = 'remote-access';
const CHILD = 'net';
export const DEFAULT_POOLS: readonly string[] = ['10.60.0.0/24', 'fd60::/120'];

/** A gateway in a namespace. */
export class StrongSwanGateway {
  readonly charon: Charon;
  #pools: readonly string[] = [];

  private constructor(charon: Charon) {
    this.charon = charon;
  }

  static async start(namespace: Namespace, options: DaemonOptions = {}): Promise<StrongSwanGateway> {
    return new StrongSwanGateway(await Charon.start(namespace, options));
  }

  /** Ends every SA and replaces connection, credentials and pools. */
  async configure(options: GatewayOptions): Promise<void> {
    const { vici } = this.charon;
    await this.terminateAll();
    if ((await this.#connections()).includes(CONNECTION))
      await vici.command('unload-conn', { name: CONNECTION });
    for (const name of this.#pools) await vici.command('unload-pool', { name });
    await vici.command('clear-creds');
    await this.#loadCredentials(options);
    const pools = options.pools ?? DEFAULT_POOLS;
    this.#pools = pools.map((_, index) => `pool${index}`);
    for (const [index, addrs] of pools.entries()) {
      const dns = options.dns?.filter((server) => server.includes(':') === addrs.includes(':'));
      await vici.command('load-pool', { [`pool${index}`]: { addrs, ...(dns?.length ? { dns } : {}) } });
    }
    await vici.command('load-conn', { [CONNECTION]: connectionSection(options, this.#pools) });
  }

  /** Every IKE SA that the gateway has, half-open ones too. */
  async sas(): Promise<GatewaySa[]> {
    const items = await this.charon.vici.stream('list-sas', 'list-sa');
    return items.flatMap((item) => Object.values(item).map((sa) => readSa(sectionOf(sa))));
  }

  /** The one established IKE SA. Throws, with the log, when there is another number of them. */
  async sa(): Promise<GatewaySa> {
    const established = (await this.sas()).filter((sa) => sa.state === 'ESTABLISHED');
    const [sa] = established;
    if (sa === undefined || established.length > 1)
      throw new Error(`the gateway has ${established.length} IKE SAs\n${this.charon.log()}`);
    return sa;
  }

  /** Drops every SA without waiting for the peer's answer to the DELETE. */
  async terminateAll(): Promise<void> {
    for (const { uniqueId } of await this.sas())
      await this.charon.vici.command('terminate', { 'ike-id': uniqueId, force: 'yes', timeout: '-1' });
  }

  /** Ends every IKE SA by a DELETE and waits for its answer. */
  async deleteAll(): Promise<void> {
    for (const { uniqueId } of await this.sas())
      await this.charon.vici.command('terminate', { 'ike-id': uniqueId, timeout: '5000' });
  }

  /** Starts rekeying the IKE SA or its Child SAs from the gateway's side. */
  async rekey(what: 'ike' | 'child'): Promise<void> {
    await this.charon.vici.command('rekey', { [what]: what === 'ike' ? CONNECTION : CHILD });
  }

  async #connections(): Promise<readonly string[]> {
    const { conns } = await this.charon.vici.command('get-conns');
    return Array.isArray(conns) ? (conns as readonly string[]) : [];
  }

  async #loadCredentials({ gateway, client }: GatewayOptions): Promise<void> {
    const { vici } = this.charon;
    if (gateway.auth === 'pubkey') {
      const [, ...intermediates] = gateway.certificates;
      for (const data of intermediates) await vici.command('load-cert', { type: 'x509', flag: 'CA', data });
      await vici.command('load-key', { type: 'any', data: gateway.privateKey });
    }
    if (client.auth === 'pubkey') {
      for (const data of client.authorities)
        await vici.command('load-cert', { type: 'x509', flag: 'CA', data });
    } else if (client.auth === 'psk') {
      await vici.command('load-shared', { id: 'psk', type: 'IKE', data: client.secret, owners: [] });
    } else if ('users' in client) {
      for (const [index, { name, password }] of client.users.entries())
        await vici.command('load-shared', {
          id: `user${index}`,
          type: 'EAP',
          data: password,
          owners: [name],
        });
    }
  }
}

function connectionSection(options: GatewayOptions, pools: readonly string[]): ViciSection {
  const { gateway, client } = options;
  return {
    version: '2',
    proposals: options.ike ?? ['default'],
    pools,
    encap: yesNo(options.encap ?? true),
    fragmentation: options.fragmentation ?? 'yes',
    mobike: yesNo(options.mobike ?? true),
    send_cert: options.sendCert ?? 'ifasked',
    send_certreq: yesNo(options.sendCertRequest ?? true),
    dpd_delay: `${options.dpdDelaySeconds ?? 0}s`,
    rekey_time: `${options.ikeRekeySeconds ?? 0}s`,
    unique: 'no',
    ...options.connection,
    local: {
      auth: gateway.auth,
      id: gateway.id,
      ...(gateway.auth === 'pubkey' ? { certs: gateway.certificates.slice(0, 1) } : {}),
    },
    remote: remoteSection(client),
    children: {
      [CHILD]: {
        esp_proposals: options.esp ?? ['default'],
        local_ts: options.localTs ?? ['0.0.0.0/0', '::/0'],
        ...(options.remoteTs === undefined ? {} : { remote_ts: options.remoteTs }),
        rekey_time: `${options.childRekeySeconds ?? 0}s`,
        ...options.child,
      },
    },
  };
}

function remoteSection(client: ClientAuth): ViciSection {
  if ('users' in client)
    return { auth: client.auth, id: '%any', ...(client.askIdentity === false ? {} : { eap_id: '%any' }) };
  return { auth: client.auth, id: client.id ?? '%any' };
}

function yesNo(value: boolean): string {
  return value ? 'yes' : 'no';
}

function readSa(sa: ViciSection): GatewaySa {
  return {
    uniqueId: textOf(sa['uniqueid']),
    state: textOf(sa['state']),
    remoteId: textOf(sa['remote-id']),
    user: textOf(sa['remote-eap-id'] ?? sa['remote-id']),
    localHost: textOf(sa['local-host']),
    remoteHost: textOf(sa['remote-host']),
    remotePort: Number(textOf(sa['remote-port'])),
    virtualIps: listOf(sa['remote-vips']),
    suite: [suiteOf(sa), textOf(sa['prf-alg']), textOf(sa['dh-group'])].join('/'),
    children: Object.values(sectionOf(sa['child-sas'])).map((child) => readChild(sectionOf(child))),
  };
}

function readChild(child: ViciSection): GatewayChild {
  return {
    state: textOf(child['state']),
    protocol: textOf(child['protocol']),
    udpEncapsulated: textOf(child['encap']) === 'yes',
    spiIn: textOf(child['spi-in']),
    spiOut: textOf(child['spi-out']),
    suite: suiteOf(child),
    bytesIn: Number(textOf(child['bytes-in'])),
    bytesOut: Number(textOf(child['bytes-out'])),
    localTs: listOf(child['local-ts']),
    remoteTs: listOf(child['remote-ts']),
  };
}

/** `AES_GCM_16-256` or `AES_CBC-128/HMAC_SHA2_256_128`. */
function suiteOf(sa: ViciSection): string {
  const bits = textOf(sa['encr-keysize']);
  const cipher = textOf(sa['encr-alg']) + (bits === '' ? '' : `-${bits}`);
  const integrity = textOf(sa['integ-alg']);
  return integrity === '' ? cipher : `${cipher}/${integrity}`;
}

function listOf(value: ViciSection[string]): readonly string[] {
  return Array.isArray(value) ? (value as readonly string[]) : [];
}
