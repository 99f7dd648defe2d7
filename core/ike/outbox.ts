import { concat } from '../lib/bytes.ts';
import type { Endpoint } from '../net/address.ts';
import type { InboundDatagram, OutboundDatagram, Transport } from './events.ts';

/** Four octets of zero where ESP has its SPI: what follows is IKE (RFC 7296 section 2.23, RFC 3948 section 2.2). */
const NON_ESP_MARKER = new Uint8Array(4);

const UDP_HEADER = 8;

/** Where our messages go, and the ones that wait to be sent. */
export class Outbox {
  readonly #gateway: Endpoint;
  readonly #natPort: number;
  readonly #path: number;
  #remote: Endpoint;
  #transport: Transport = 'ike';
  #datagrams: OutboundDatagram[] = [];

  constructor(gateway: Endpoint, natPort: number, path: number) {
    this.#gateway = gateway;
    this.#remote = gateway;
    this.#natPort = natPort;
    this.#path = path;
  }

  get remote(): Endpoint {
    return this.#remote;
  }

  /** Everything from now on goes to the gateway's port for NAT traversal. */
  moveToNatPort(): void {
    this.#transport = 'nat';
    this.#remote = { address: this.#remote.address, port: this.#natPort };
  }

  /** Everything from now on goes to where the first message went: another IKE SA begins. */
  startOver(): void {
    this.#transport = 'ike';
    this.#remote = this.#gateway;
  }

  /** Octets of the longest IKE message whose IP packet has at most `packetOctets` on the way that is taken now. */
  maxLength(packetOctets: number): number {
    const ip = this.#remote.address.family === 4 ? 20 : 40;
    return packetOctets - ip - UDP_HEADER - (this.#transport === 'nat' ? NON_ESP_MARKER.length : 0);
  }

  push(octets: Uint8Array): void {
    this.#datagrams.push(datagram(octets, this.#transport, this.#remote, this.#path));
  }

  /** A response goes to where its request came from, over the same transport (RFC 7296 section 2.11). */
  reply(octets: Uint8Array, request: InboundDatagram): void {
    this.#datagrams.push(datagram(octets, request.transport, request.remote, request.path));
  }

  take(): OutboundDatagram[] {
    const datagrams = this.#datagrams;
    this.#datagrams = [];
    return datagrams;
  }
}

function datagram(
  octets: Uint8Array,
  transport: Transport,
  remote: Endpoint,
  path: number,
): OutboundDatagram {
  return { payload: transport === 'nat' ? concat(NON_ESP_MARKER, octets) : octets, transport, remote, path };
}
