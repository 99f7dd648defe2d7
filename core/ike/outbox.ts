import { concat } from '../lib/bytes.ts';
import { addressLength, addressOf, type Endpoint } from '../net/address.ts';
import type { InboundDatagram, OutboundDatagram, Path, Transport } from './events.ts';

/** Four octets of zero where ESP has its SPI: what follows is IKE (RFC 7296 section 2.23, RFC 3948 section 2.2). */
const NON_ESP_MARKER = new Uint8Array(4);

const UDP_HEADER = 8;
/** The longer one of the two. */
const IPV6_HEADER = 40;

/** Where our messages go, and the ones that wait to be sent. */
export class Outbox {
  readonly #gateway: Endpoint;
  #path: Path;
  #transport: Transport = 'ike';
  #datagrams: OutboundDatagram[] = [];

  constructor(gateway: Endpoint, natPort: number, path: number) {
    const { address } = gateway;
    const nowhere = addressOf(new Uint8Array(addressLength(address.family)));
    this.#gateway = gateway;
    this.#path = { id: path, local: { address: nowhere, port: natPort }, remote: { address, port: natPort } };
  }

  get remote(): Endpoint {
    return this.#transport === 'nat' ? this.#path.remote : this.#gateway;
  }

  /** The path that is taken now. Where we are on the first one is unspecified until something has arrived. */
  get path(): Path {
    return this.#path;
  }

  /** Everything from now on goes to the gateway's port for NAT traversal. */
  moveToNatPort(): void {
    this.#transport = 'nat';
  }

  /** Everything from now on takes another path. */
  moveTo(path: Path): void {
    this.#path = path;
  }

  /** Everything from now on goes to where the first message went: another IKE SA begins. */
  startOver(): void {
    this.#transport = 'ike';
  }

  /**
   * Octets of the longest IKE message whose IP packet has at most `packetOctets`, of whichever family: the same octets
   * may have to go over IPv6 next.
   */
  maxLength(packetOctets: number): number {
    return packetOctets - IPV6_HEADER - UDP_HEADER - (this.#transport === 'nat' ? NON_ESP_MARKER.length : 0);
  }

  push(octets: Uint8Array): void {
    this.#datagrams.push(datagram(octets, this.#transport, this.remote, this.#path.id));
  }

  /** A copy over a path of its own, once messages go to the port for NAT traversal. */
  pushOver({ id, remote }: Path, octets: Uint8Array): void {
    this.#datagrams.push(datagram(octets, 'nat', remote, id));
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
