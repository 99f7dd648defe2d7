/**
 * What the rest of the core knows of an operating system: interfaces alone. linux/ (and later darwin/ and win32/)
 * implement them; core/vpn drives them; composition roots choose.
 */
import type { Failure } from '../lib/failure.ts';
import type { Result } from '../lib/result.ts';
import type { IpAddress } from '../net/address.ts';
import type { Batch } from '../net/batch.ts';
import type { NameAnswer } from '../net/dns/answers.ts';
import type { NetworkState } from '../net/network-state.ts';
import type { Prefix } from '../net/prefix.ts';
import type { PortRange } from '../net/policy/model.ts';
import type { AddressRange } from '../net/range.ts';

/** Octets of an endpoint in a batch call: family (4 or 6), zero, port in network order, 16 address octets. */
export const ENDPOINT_LENGTH = 20;

/** What came back about a datagram that was sent. Anyone on the path can say it: a hint, never a proof. */
export interface SocketErrorReport {
  /** 'ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'EMSGSIZE', … */
  readonly code: string;
  readonly to: Uint8Array;
}

/** A UDP socket that moves batches. Errors of the network are reports, never exceptions. */
export interface UdpPort {
  readonly localPort: number;
  /** Fills `batch` and one endpoint a packet in `from`; returns the packets read, 0 when there are none. */
  receive(batch: Batch, from: Uint8Array): number;
  /** Sends packets `first`.. of `batch` to one endpoint; returns how many the kernel took. */
  send(batch: Batch, to: Uint8Array, first?: number): number;
  onReadable(callback: (() => void) | undefined): void;
  takeErrors(): readonly SocketErrorReport[];
  /** The source address (4 or 16 octets) that the kernel would choose towards an endpoint. Throws without a route. */
  localAddressFor(to: Uint8Array): Uint8Array;
  close(): void;
}

/** A TUN device: IP packets without any header before them. */
export interface TunPort {
  readonly name: string;
  read(batch: Batch): number;
  /** Returns how many packets the kernel took. */
  write(batch: Batch, first?: number): number;
  onReadable(callback: (() => void) | undefined): void;
  close(): void;
}

/** Everything that a tunnel wants of the host's network, as a whole: what is not in it is not there. */
export interface NetworkPlan {
  /** The name of the tunnel device, and its MTU in octets. */
  readonly tun: { readonly name: string; readonly mtu: number };
  /** Our addresses inside the tunnel. */
  readonly addresses: readonly Prefix[];
  /** What goes into the tunnel. */
  readonly routes: readonly Prefix[];
  /** Of `routes`: what goes where the machine's own routes lead all the same. */
  readonly past?: readonly Prefix[];
  /** Packets with this mark never enter the tunnel: our own, to the gateway. */
  readonly bypassMark: number;
  /**
   * Of `routes`: where the machine's own routes to its local networks go before. Without it that is so for a default
   * route into the tunnel, and for all local networks.
   */
  readonly localFirst?: readonly Prefix[];
  /** Packets with this mark enter the tunnel whatever their address is; without it none does for its mark. */
  readonly tunnelMark?: number;
  /**
   * `addresses` may be others later: a TCP connection over IPv4 that is not open yet then begins anew from one that fits.
   */
  readonly followAddresses?: boolean;
  /** Where packets with `bypassMark` go, when it is known: a machine that filters by the way back may need more for it. */
  readonly gateway?: IpAddress;
}

/** Makes the host's network as a plan says, and undoes it. Every step is journalled before it is taken. */
export interface RouteManager {
  apply(plan: NetworkPlan): Promise<Result<void, Failure>>;
  /** Undoes everything that apply did; safe to call again. */
  clear(): Promise<Result<void, Failure>>;
}

/**
 * Watches the networks that the machine is on. Links, addresses and routes change in bursts: what belongs together is
 * told once, and nothing is told when no answer to a question about the network would be different. Which local
 * addresses reach a gateway says sourcesFor in net/reachability.ts.
 */
export interface NetworkMonitor {
  /** The networks now, or when the last change was told. */
  current(): NetworkState;
  /** Calls back with each new state; the returned function ends it. */
  changes(callback: (state: NetworkState) => void): () => void;
  close(): void;
}

/** What the machine, or this process, went through without being able to do anything. */
export type SleepEvent =
  /** The machine is about to sleep. Nobody waits for us, and not every machine says so. */
  | { readonly kind: 'suspending' }
  /**
   * It slept, or this process was stopped, for so long; 0 when there is word of a waking, and no clock to tell its length.
   * Timers did not run meanwhile, and what they wait for may be long past.
   */
  | { readonly kind: 'woke'; readonly asleepMs: number };

/** Finds out that time passed without us. */
export interface SleepMonitor {
  /** Calls back with each event; the returned function ends it. */
  changes(callback: (event: SleepEvent) => void): () => void;
  /** Tells, before it returns, of a sleep that is over and that nobody has told of yet. */
  look(): void;
  close(): void;
}

/** Traffic that is decided by more than its destination, in the order in which the first match counts. */
export interface SteeringRule {
  readonly range: AddressRange;
  /** IP protocol number. */
  readonly protocol?: number;
  /** Ports of the destination, with a protocol that has ports. */
  readonly ports?: readonly PortRange[];
  /** The application that sends, as policies call it. */
  readonly app?: string;
  readonly effective: 'protect' | 'bypass' | 'block';
}

/** What may pass beside the tunnel, as a whole: what is not in it is not there. */
export interface FirewallPlan {
  /** 'closed': nothing passes but the tunnel and what the plan names. 'open': everything but what it names. */
  readonly stance: 'open' | 'closed';
  /** The tunnel's device and our addresses in it, while there is one. */
  readonly tun?: { readonly name: string; readonly addresses: readonly Prefix[] };
  /** Packets with this mark are our own, to the gateway: they always leave. */
  readonly bypassMark: number;
  /** Packets with this mark are routed into the tunnel, whatever their address. */
  readonly tunnelMark: number;
  /** Destinations that are reached through the tunnel or not at all. */
  readonly protectedRanges: readonly AddressRange[];
  /** Destinations that are reached past the tunnel. */
  readonly passing: readonly AddressRange[];
  /** Destinations that are not reached. */
  readonly refused: readonly AddressRange[];
  /** Whether the local network is reached while the firewall is closed. */
  readonly lan: boolean;
  /** Names are looked up through the tunnel alone. */
  readonly nameServersInTunnel: boolean;
  readonly steering: readonly SteeringRule[];
  /** A user who may reach the web and its names past all of this, to log in at a captive portal. */
  readonly hole?: { readonly uid: number };
}

/** Makes the host's firewall as a plan says, all at once, and takes it away again. */
export interface Firewall {
  apply(plan: FirewallPlan): Promise<Result<void, Failure>>;
  clear(): Promise<Result<void, Failure>>;
}

/** Whom programs ask for names while the tunnel stands, as a whole. Domains are lower-case, without final dots. */
export interface DnsPlan {
  /** The tunnel's device. */
  readonly tun: { readonly name: string };
  /** Asked through the tunnel, best first. Without any the plan changes nothing, but for whoever follows names. */
  readonly servers: readonly IpAddress[];
  /** Domains that `servers` are asked for, with every name below them. */
  readonly matchDomains: readonly string[];
  /** Likewise, and tried behind short names. */
  readonly searchDomains: readonly string[];
  /** `servers` are asked for every name, and nobody else is for any. */
  readonly fullTunnel: boolean;
  /** Somebody has to know the addresses of names before programs do, because of rules about names. */
  readonly follows: boolean;
}

/** Is told of addresses before any program is; they wait for it, and get none when it fails. */
export type OnAnswers = (answers: readonly NameAnswer[]) => void | Promise<void>;

/** Makes the host look names up as a plan says, and undoes it. Every step is journalled before it is taken. */
export interface DnsManager {
  apply(plan: DnsPlan): Promise<Result<void, Failure>>;
  /** Undoes everything that apply did; safe to call again. */
  clear(): Promise<Result<void, Failure>>;
}
