import { failure } from '../../core/lib/failure.ts';
import type { Millis } from '../../core/lib/ports.ts';
import { SecretBytes } from '../../core/lib/secret.ts';
import { IKE_DEFAULTS, type IkeConfig } from '../../core/ike/config.ts';
import type { EstablishedChild, Path } from '../../core/ike/events.ts';
import type { NatFindings } from '../../core/ike/nat-detection.ts';
import { formatAddress, parseAddress, type IpAddress } from '../../core/net/address.ts';
import { parsePrefix, type Prefix } from '../../core/net/prefix.ts';
import { selectorOfPrefix } from '../../core/net/selector.ts';
import type { Carrier, Established, SessionEvent } from '../../core/vpn/carrier.ts';
import { SessionDriver } from '../../core/vpn/session-driver.ts';
import { FakeNetworkMonitor, type LinkWords, networkOf } from './fake-network.ts';
import { FakeLaptop, type FakeUdp } from './fake-ports.ts';
import { NO_NAT, ScriptedSession } from './scripted-session.ts';

export function ip(text: string): IpAddress {
  const address = parseAddress(text);
  if (!address) throw new Error(`not an address: ${text}`);
  return address;
}

export function net(text: string): Prefix {
  const prefix = parsePrefix(text);
  if (!prefix) throw new Error(`not a prefix: ${text}`);
  return prefix;
}

export const GATEWAY = ip('203.0.113.1');
export const GATEWAY_6 = ip('2001:db8:ffff::1');
export const WIFI: LinkWords = {
  index: 3,
  addresses: ['192.0.2.10/24'],
  gateways: ['192.0.2.1'],
  metric: 600,
};
export const CABLE: LinkWords = {
  index: 2,
  addresses: ['198.51.100.20/24'],
  gateways: ['198.51.100.1'],
  metric: 100,
};
export const MOBILE_6: LinkWords = {
  index: 4,
  addresses: ['2001:db8:1::30/64'],
  gateways: ['fe80::1'],
  metric: 700,
};

const EPOCH = Date.parse('2026-08-01T00:00:00Z');

/** A configuration for sessions that never look at most of it. */
function configFor(gateway: IpAddress): IkeConfig {
  const nobody = { idType: 2, data: new Uint8Array() } as unknown as IkeConfig['localId'];
  return {
    ...IKE_DEFAULTS,
    localId: nobody,
    remoteId: nobody,
    gatewayAuth: { kind: 'psk', secret: SecretBytes.ofText('nobody asks') },
    userAuth: { kind: 'psk', secret: SecretBytes.ofText('nobody asks') },
    addressFamilies: [4, 6],
    remoteSelectors: [],
    gateway: { address: gateway, port: 500 },
  };
}

/** A Child SA; the same numbers give the same keys. */
export function childOf(
  spiIn: number,
  spiOut: number,
  remote: readonly string[] = ['10.0.0.0/8'],
): EstablishedChild {
  const key = (seed: number): SecretBytes =>
    new SecretBytes(Uint8Array.from({ length: 20 }, (_, i) => (seed * 31 + i * 7) & 0xff));
  return {
    spiIn,
    spiOut,
    suite: { encr: 20, keyBits: 128, esn: false, name: 'AES_GCM_16_128' },
    encrIn: key(spiIn),
    encrOut: key(spiOut),
    integIn: new SecretBytes(new Uint8Array()),
    integOut: new SecretBytes(new Uint8Array()),
    local: ['10.9.0.2/32', 'fd09::2/128'].map((prefix) => selectorOfPrefix(net(prefix))),
    remote: remote.map((prefix) => selectorOfPrefix(net(prefix))),
    udpEncap: true,
  };
}

export function establishedWith(
  child: EstablishedChild,
  changes: Partial<Established> & { readonly addresses?: readonly string[] } = {},
): Established {
  const { addresses = ['10.9.0.2/32'], ...rest } = changes;
  return {
    kind: 'established',
    child,
    config: { addresses: addresses.map(net), dnsServers: [], searchDomains: [], subnets: [] },
    gatewayIdentity: 'vpn.example.com',
    gatewaySignature: 'none',
    mobike: true,
    ...rest,
  };
}

/** A laptop on networks, whose sessions say what a test wants them to say. */
export class ScriptedWire {
  readonly network: FakeNetworkMonitor;
  readonly laptop: FakeLaptop;

  constructor(links: Readonly<Record<string, LinkWords>> = { wlan0: WIFI }) {
    this.network = new FakeNetworkMonitor(networkOf(links));
    this.laptop = new FakeLaptop({ epoch: EPOCH, addresses: [], network: this.network });
  }

  open(gateway: IpAddress = GATEWAY): ScriptedDriver {
    return new ScriptedDriver(this.laptop, gateway);
  }

  /** Moves the clock, and calls back what falls due on the way. */
  advance(ms: Millis): this {
    const end = this.laptop.clock.now() + ms;
    while (this.laptop.clock.step(end));
    return this;
  }

  /** The sockets that are open now, in words. */
  get sockets(): string[] {
    return this.laptop.sockets.filter(({ closings }) => closings === 0).map(socketWords);
  }
}

export function socketWords({ localAddress, localPort, device }: FakeUdp): string {
  return `${localAddress ? formatAddress(localAddress) : '*'}:${localPort}${device ? `%${device}` : ''}`;
}

/** 'id local > remote', without the port that both always have. */
export function pathWords({ id, local, remote }: Path): string {
  return `${id} ${formatAddress(local.address)} > ${formatAddress(remote.address)}`;
}

/** A driver around a scripted session. */
export class ScriptedDriver {
  readonly session: ScriptedSession;
  readonly driver: SessionDriver;
  readonly events: SessionEvent[] = [];
  readonly broken: string[] = [];

  constructor(laptop: Pick<FakeLaptop, 'ports'>, gateway: IpAddress) {
    let session: ScriptedSession | undefined;
    const opened = SessionDriver.open({
      config: configFor(gateway),
      ports: laptop.ports,
      onEvent: (event) => this.events.push(event),
      onBroken: ({ code }) => this.broken.push(code),
      newSession: (config) => (session = new ScriptedSession(config)),
    });
    if (!opened.ok) throw new Error(opened.error.code);
    if (!session) throw new Error('no session was made');
    this.driver = opened.value;
    this.session = session;
  }

  /** Lets the session say what waits. */
  hear(): this {
    this.driver.command({ kind: 'connect' });
    return this;
  }

  established(child = childOf(1, 2)): this {
    this.session.say(establishedWith(child));
    return this.hear();
  }

  /** The session takes a path that it was told of. */
  take(path: Path, confirmed: boolean, nat: NatFindings = NO_NAT): this {
    this.session.say({ kind: 'path', path, confirmed, nat });
    return this.hear();
  }

  /** The paths that the session was told of last, in words. */
  get paths(): string[] | undefined {
    return this.session.paths?.map(pathWords);
  }

  path(index: number): Path {
    const found = this.session.paths?.[index];
    if (!found) throw new Error(`no path ${index}`);
    return found;
  }
}

/** Nobody carries, and nothing of it is kept. */
export const IDLE: Carrier = { onEsp: () => undefined, onChild: () => undefined, onPath: () => undefined };

export const NO_SOCKET = failure('platform.socket-failed', { code: 'EADDRNOTAVAIL' });
