import type { IpAddress } from '../../net/address.ts';
import type { LookupWay } from '../../net/dns/way.ts';

export type Transport = 'udp' | 'tcp';

/** One question to one name server, on port 53. */
export interface Ask {
  readonly server: IpAddress;
  /** Through the tunnel's device and no other, past the tunnel whatever the routes say, or as they say. */
  readonly way: LookupWay;
  readonly transport: Transport;
  readonly query: Uint8Array;
  /** Whether octets from the server are the answer. What is none may be forged: more is waited for. */
  readonly accept: (octets: Uint8Array) => boolean;
  /** Called once with the answer, or with undefined when none can come any more; not after it was called off. */
  readonly done: (answer: Uint8Array | undefined) => void;
}

/** How questions leave the machine. */
export interface DnsUpstream {
  /** Asks from a port that nobody can foresee. Returns what calls it off. Never throws. */
  ask(request: Ask): () => void;
}
