import type { Endpoint, IpAddress } from '../../../core/net/address.ts';
import type { Message } from '../../../core/wire/message.ts';
import type { Faults, Step } from './faults.ts';
import { encodeOutgoing, type Outgoing, type Wrapping } from './outgoing.ts';
import type { Sa } from './sa.ts';
import type { GatewayConfig, GatewayDatagram, GatewayEvent } from './types.ts';

/** Where a message goes. */
export interface Destination {
  readonly remote: Endpoint;
  readonly localPort: number;
  readonly localAddress?: IpAddress | undefined;
}

export interface SenderOptions {
  readonly config: GatewayConfig;
  /** The faults of the moment. */
  readonly faults: () => Faults;
  readonly emit: (event: GatewayEvent) => void;
}

/** Encodes what the gateway sends and collects it, less what the faults lose and more where they repeat. */
export class Sender {
  /** Sends nothing any more. */
  silent = false;
  readonly #options: SenderOptions;
  #datagrams: GatewayDatagram[] = [];
  #count = 0;

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  /** What was collected since the last call. */
  take(): GatewayDatagram[] {
    const taken = this.#datagrams;
    this.#datagrams = [];
    return taken;
  }

  /** A message in clear. The result is undefined when a fault swallowed it. */
  clear(message: Message, step: Step, to: Destination): Outgoing | undefined {
    return this.#send(message, step, to, undefined);
  }

  /** A message inside SK or, when it is too long, fragments, to the client. The result is what to repeat. */
  protected(sa: Sa, message: Message, step: Step, to: Destination = sa): readonly Uint8Array[] {
    const limit = sa.fragments ? this.#options.config.fragmentOctets : undefined;
    const maxOctets = limit ?? Number.MAX_SAFE_INTEGER;
    return this.#send(message, step, to, { protection: sa.protection, maxOctets })?.again ?? [];
  }

  /** Datagrams that were made before. */
  repeat(wire: readonly Uint8Array[], { remote, localPort, localAddress }: Destination): void {
    const { drop, duplicates = 0 } = this.#options.faults();
    for (const octets of wire) {
      for (let copy = 0; copy <= duplicates; copy++) {
        const lost = this.silent || drop?.includes(this.#count) === true;
        this.#count++;
        if (!lost) this.#datagrams.push({ octets: octets.slice(), remote, localPort, localAddress });
      }
    }
  }

  #send(message: Message, step: Step, to: Destination, wrapping: Wrapping | undefined): Outgoing | undefined {
    const out = encodeOutgoing(message, step, this.#options.faults(), wrapping);
    if (out === undefined) return undefined;
    const { remote, localPort } = to;
    this.#options.emit({ kind: 'sent', message: out.message, remote, localPort });
    this.repeat(out.wire, to);
    return out;
  }
}
