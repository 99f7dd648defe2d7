import { formatEndpoint, sameAddress, type Endpoint, type IpAddress } from '../../core/net/address.ts';
import { appendPacket, newBatch, packetAt } from '../../core/net/batch.ts';
import type { ChildSaSpec } from '../../core/ipsec/child-sa.ts';
import { EspEngine } from '../../core/ipsec/engine.ts';
import { ANYTHING } from '../../core/ipsec/spd.ts';
import type { Message } from '../../core/wire/message.ts';
import type { FakeLaptop, FakeUdp, SentDatagram } from './fake-ports.ts';
import {
  GATEWAY_ADDRESS,
  type GatewayEvent,
  type GatewayOutput,
  type MadeGateway,
  makeGateway,
  type MakeGatewayOptions,
  seededRandom,
} from './gateway/index.ts';

const CHILD = 1;

/** The office end of a connection in one process: the test gateway, and an engine that opens what it is sent. */
export class FakeOffice {
  made: MadeGateway;
  readonly address: IpAddress;
  readonly events: GatewayEvent[] = [];
  /** Inner packets that came out of the tunnel here. */
  readonly received: Uint8Array[] = [];
  keepalives = 0;
  /** Where ESP goes to: at first where the laptop is first seen on port 4500. */
  peer: Endpoint | undefined;
  /** Where the gateway sees the laptop; its own address when nobody rewrites it. */
  seenAs: IpAddress | undefined;
  /** The laptop's sockets by where the gateway sees them. */
  readonly #sockets = new Map<string, FakeUdp>();
  readonly #laptop: FakeLaptop;
  readonly #engine = new EspEngine({ random: seededRandom('office') });
  readonly #opened = newBatch(8, 16_384, 0);
  readonly #options: MakeGatewayOptions;
  #child: ChildSaSpec | undefined;
  #handled = 0;

  constructor(laptop: FakeLaptop, options: MakeGatewayOptions & { readonly at?: IpAddress } = {}) {
    const { at = GATEWAY_ADDRESS, ...config } = options;
    this.#laptop = laptop;
    this.address = at;
    this.#options = { addresses: [at], epoch: laptop.clock.epoch() - laptop.clock.now(), ...config };
    this.made = makeGateway(this.#options);
  }

  /** The gateway begins anew, without its memory but with its certificate; `changes` are settings that differ. */
  restart(changes: MakeGatewayOptions = {}): void {
    const { ca, certificate } = this.made;
    const credentials = {
      kind: 'certificate',
      chain: [certificate.der],
      privateKey: certificate.key,
    } as const;
    const options = { credentials, anchors: [ca.der], ...this.#options, ...changes };
    const { gateway } = makeGateway({ ...options, seed: `restarted at ${this.#laptop.clock.now()}` });
    this.made = { gateway, ca, certificate };
  }

  get child(): ChildSaSpec {
    if (!this.#child) throw new Error('no Child SA');
    return this.#child;
  }

  /** Takes what the laptop sent since the last call; false when that was nothing. */
  deliver(): boolean {
    const waiting = this.#laptop.sent.slice(this.#handled);
    this.#handled += waiting.length;
    for (const datagram of waiting) {
      if (sameAddress(datagram.to.address, this.address)) this.#take(datagram);
    }
    return waiting.length > 0;
  }

  /** What a call to the gateway led to goes on its way. */
  follow({ datagrams, events }: GatewayOutput): void {
    for (const event of events) this.#note(event);
    for (const { octets, localPort, remote } of datagrams) {
      const payload = localPort === 4500 ? Uint8Array.of(0, 0, 0, 0, ...octets) : octets;
      this.#toMachine(payload, localPort, remote);
    }
  }

  /** A packet of the office goes through the tunnel, whoever it is for. */
  send(packet: Uint8Array): void {
    const plain = newBatch(1, 16_384, 128);
    const sealed = newBatch(1, 16_384, 0);
    if (!appendPacket(plain, packet)) throw new Error('a packet too long for this office');
    if (this.#engine.outbound(plain, sealed, this.#laptop.clock.now()) !== 1) throw new Error('no Child SA');
    this.#toMachine(packetAt(sealed, 0).slice(), 4500, this.peer);
  }

  /** Messages that the gateway opened. */
  get requests(): Message[] {
    return this.events.flatMap((event) => (event.kind === 'received' ? [event.message] : []));
  }

  /** Whether the client said goodbye. */
  get heardGoodbye(): boolean {
    return this.events.some((event) => event.kind === 'closed' && event.reason === 'client');
  }

  #take({ payload, socket, fromAddress, fromPort, to }: SentDatagram): void {
    const remote: Endpoint = { address: this.seenAs ?? fromAddress ?? to.address, port: fromPort };
    this.#sockets.set(formatEndpoint(remote), socket);
    if (to.port === 4500) this.peer ??= remote;
    if (to.port === 500) return this.#ike(payload, remote, 500);
    if (payload.length === 1) this.keepalives += 1;
    else if (payload.subarray(0, 4).every((octet) => octet === 0))
      this.#ike(payload.subarray(4), remote, 4500);
    else this.#esp(payload);
  }

  #ike(octets: Uint8Array, remote: Endpoint, localPort: number): void {
    this.follow(this.made.gateway.handleDatagram({ octets, remote, localPort }, this.#laptop.clock.now()));
  }

  #esp(payload: Uint8Array): void {
    const batch = newBatch(1, 16_384, 0);
    appendPacket(batch, payload);
    const count = this.#engine.inbound(batch, this.#opened, this.#laptop.clock.now());
    for (let i = 0; i < count; i++) this.received.push(packetAt(this.#opened, i).slice());
  }

  #note(event: GatewayEvent): void {
    this.events.push(event);
    if (event.kind === 'closed') this.#laptop.calls.push(`gateway closed: ${event.reason}`);
    if (event.kind === 'moved') this.peer = event.remote;
    if (event.kind !== 'child-added') return;
    this.#child = event.child;
    if (event.replaces === undefined && event.localPort === 4500) this.peer = event.remote;
    // A rogue one: it sends to whom it likes, whatever was agreed.
    this.#engine.install({ ...event.child, childId: CHILD, local: ANYTHING, remote: ANYTHING });
    this.#engine.setPolicies([{ action: 'protect', childId: CHILD, local: ANYTHING, remote: ANYTHING }]);
  }

  #toMachine(payload: Uint8Array, localPort: number, to: Endpoint | undefined): void {
    const socket = to && this.#sockets.get(formatEndpoint(to));
    socket?.arrive(payload, { address: this.address, port: localPort });
  }
}
