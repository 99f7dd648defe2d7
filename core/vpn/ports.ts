import type { Failure } from '../lib/failure.ts';
import type { EpochMillis, Log, Millis, RandomBytes } from '../lib/ports.ts';
import type { Result } from '../lib/result.ts';
import type { IpAddress } from '../net/address.ts';
import type {
  DnsManager,
  Firewall,
  NetworkMonitor,
  OnAnswers,
  RouteManager,
  SleepMonitor,
  TunPort,
  UdpPort,
} from '../platform/ports.ts';

/** What a connection needs of the machine. The composition root puts the platform's parts in. */
export interface ConnectionPorts {
  /** Whether this machine can hold a tunnel at all; undoes what a crashed process left behind. */
  readonly preflight: () => Promise<Failure | undefined>;
  readonly resolve: (host: string) => Promise<Result<readonly IpAddress[], Failure>>;
  readonly openUdp: (request: UdpRequest) => Result<UdpPort, Failure>;
  readonly openTun: (options: { readonly mtu: number }) => Result<TunPort, Failure>;
  readonly routes: RouteManager;
  /** Without one nothing is kept from passing beside the tunnel. */
  readonly firewall?: Firewall;
  /** Without one names are looked up as without a tunnel. Whoever is told of answers may hold them back. */
  readonly dns?: (onAnswers: OnAnswers) => DnsManager;
  /** Remote addresses, as text, of the connections that programs have now. */
  readonly peers?: () => ReadonlySet<string>;
  /** Without one the system alone decides from where the gateway is talked to, and nothing roams. */
  readonly network?: NetworkMonitor;
  /** Without one a sleep is noticed by the silence that follows it. */
  readonly sleep?: SleepMonitor;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log: Log;
}

/** A marked socket of that family; on the preferred local port when it is free, else on any. */
export interface UdpRequest {
  readonly family: 4 | 6;
  readonly preferredPort: number;
  readonly mark: number;
  /** Packets come and go by this local address alone; by any without it. */
  readonly localAddress?: IpAddress;
  /** Packets come and go by this link alone, whatever the routes of others say. */
  readonly device?: string;
}

export interface Clock {
  /** Monotonic. */
  readonly now: () => Millis;
  readonly epoch: () => EpochMillis;
  /** Calls back once at `at`, and returns what calls it off. */
  readonly at: (at: Millis, callback: () => void) => () => void;
}
