import type { ProfileInput } from '../../core/contract/profile.ts';
import type { ConnectedEvent, FailedEvent } from '../../core/contract/snapshot.ts';
import { issue, makeCa, type Issued, type KeyKind } from '../support/pki-factory.ts';
import type { Namespace } from '../support/netns.ts';
import type { DaemonOptions } from '../support/strongswan-daemon.ts';
import { StrongSwanGateway, type ClientAuth, type GatewayAuth } from '../support/strongswan.ts';
import { Causeway, type CausewayOptions } from './causeway.ts';
import { DIRECT, GATEWAY_NAME, interopLab, type InteropLab } from './lab.ts';

/*
 * An office as the tests dial into it: the network of lab.ts with a strongSwan at its edge, one certificate
 * authority, one user.
 */

export const USER = { name: 'alice', password: 'correct horse battery staple' } as const;
export const PSK = 'nine-bean-rows-will-I-have-there';

const authority = once(() => makeCa({ name: 'Office CA', key: 'p256' }));
const servers = new Map<KeyKind, Issued>();
const users = new Map<KeyKind, Issued>();

/** The authority that signs everything in the office. */
export function officeCa(): Issued {
  return authority();
}

/** The gateway's certificate with a key of that kind. */
export function serverCertificate(kind: KeyKind): Issued {
  return cached(servers, kind, () =>
    issue(authority(), {
      subject: `CN=${GATEWAY_NAME}`,
      key: kind,
      san: [{ dns: GATEWAY_NAME }],
      eku: ['serverAuth'],
    }),
  );
}

/** The user's certificate with a key of that kind; its identity is alice@office.test. */
export function userCertificate(kind: KeyKind): Issued {
  return cached(users, kind, () =>
    issue(authority(), {
      subject: 'CN=alice, O=Office',
      key: kind,
      san: [{ email: 'alice@office.test' }],
      eku: ['clientAuth'],
    }),
  );
}

/** A gateway that proves itself by that certificate and the ones between it and the authority. */
export function byCertificate(leaf: Issued, intermediates: readonly Issued[] = []): GatewayAuth {
  return {
    auth: 'pubkey',
    id: GATEWAY_NAME,
    certificates: [leaf, ...intermediates].map(({ der }) => der),
    privateKey: new Uint8Array(leaf.key.export({ format: 'der', type: 'pkcs8' })),
  };
}

export const BY_PASSWORD: ClientAuth = { auth: 'eap-mschapv2', users: [USER] };
export const BY_USER_CERTIFICATE: () => ClientAuth = () => ({
  auth: 'pubkey',
  authorities: [officeCa().der],
});

/** What a profile says about the gateway when nothing else is said. */
export function gatewayAt(address: string): ProfileInput['gateway'] {
  return { address, identity: GATEWAY_NAME, authorities: officeCa().pem };
}

/** The profile of the user with a password. */
export function passwordProfile(changes: Partial<ProfileInput> = {}): ProfileInput {
  return {
    version: 1,
    name: 'Office',
    gateway: gatewayAt(DIRECT),
    user: { method: 'eap-mschapv2', username: USER.name },
    ...changes,
  };
}

/** The profile of the user with the pre-shared key. */
export function pskProfile(changes: Partial<ProfileInput> = {}): ProfileInput {
  return passwordProfile({
    gateway: { address: DIRECT, identity: GATEWAY_NAME },
    user: { method: 'psk', identity: 'alice@office.test' },
    ...changes,
  });
}

/** The profile of the user with a certificate. */
export function certificateProfile(user: Issued, changes: Partial<ProfileInput> = {}): ProfileInput {
  return passwordProfile({
    user: {
      method: 'certificate',
      certificate: user.pem,
      privateKey: user.keyPem,
      identity: 'alice@office.test',
    },
    ...changes,
  });
}

/** An open tunnel of our client. */
export interface Tunnel {
  readonly client: Causeway;
  readonly connected: ConnectedEvent;
}

export interface Office {
  readonly net: InteropLab;
  readonly gateway: StrongSwanGateway;
  /** Connects, lets `use` work with the tunnel, and disconnects; whatever fails is told with both logs. */
  during<T>(
    profile: ProfileInput,
    use: (tunnel: Tunnel) => Promise<T>,
    options?: CausewayOptions,
  ): Promise<T>;
  /** Starts our client, waits for the failure that is expected and for its end. */
  refused(profile: ProfileInput, options?: CausewayOptions): Promise<FailedEvent['failure']>;
  close(): Promise<void>;
}

/** Builds the office. `label` as NetLab.create wants it. Close it in any case. */
export async function openOffice(label: string, daemon: DaemonOptions = {}): Promise<Office> {
  const net = interopLab(label);
  const gateway = await StrongSwanGateway.start(net.gateway, daemon);
  const told = (error: unknown, client: Causeway): Error =>
    new Error(`${String(error)}\n${client.said()}\ngateway:\n${gateway.charon.log()}`, { cause: error });
  const start = (profile: ProfileInput, options?: CausewayOptions): Causeway =>
    startCauseway(net.client, profile, options);
  return {
    net,
    gateway,
    during: async (profile, use, options) => {
      const client = start(profile, options);
      try {
        return await use({ client, connected: await client.connected() });
      } catch (error) {
        throw told(error, client);
      } finally {
        await client.stop();
      }
    },
    refused: async (profile, options) => {
      const client = start(profile, options);
      try {
        return (await client.failed()).failure;
      } catch (error) {
        throw told(error, client);
      } finally {
        await client.stop();
      }
    },
    close: async () => {
      await gateway.charon.stop();
      net.lab.destroy();
    },
  };
}

/** Starts our client with the secret that the user of this profile would give. */
export function startCauseway(
  namespace: Namespace,
  profile: ProfileInput,
  options: CausewayOptions = {},
): Causeway {
  return Causeway.start(namespace, profile, { ...secretFor(profile), ...options });
}

function secretFor({ user }: ProfileInput): CausewayOptions {
  if (user.method === 'certificate') return {};
  return { secret: user.method === 'psk' ? PSK : USER.password };
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

function cached<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const there = map.get(key);
  if (there !== undefined) return there;
  const value = make();
  map.set(key, value);
  return value;
}
