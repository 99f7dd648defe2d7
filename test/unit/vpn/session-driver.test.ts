import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { failure, type Failure } from '../../../core/lib/failure.ts';
import type { Millis } from '../../../core/lib/ports.ts';
import { err, ok } from '../../../core/lib/result.ts';
import { SecretBytes } from '../../../core/lib/secret.ts';
import type { IkeEvent } from '../../../core/ike/events.ts';
import type { Endpoint } from '../../../core/net/address.ts';
import { appendPacket, type Batch, packetAt, resetBatch } from '../../../core/net/batch.ts';
import type { SocketErrorReport, UdpPort } from '../../../core/platform/ports.ts';
import { decodeEndpoint, encodeEndpoint } from '../../../core/vpn/endpoint.ts';
import type { ConnectionPorts } from '../../../core/vpn/ports.ts';
import { SessionDriver } from '../../../core/vpn/session-driver.ts';
import { proves } from '../../conformance/tag.ts';
import {
  address,
  type GatewayDatagram,
  GATEWAY_ADDRESS,
  type MadeGateway,
  makeGateway,
  PASSWORD,
  seededRandom,
} from '../../support/gateway/index.ts';
import { clientConfig } from '../../support/pair.ts';

const EPOCH = Date.parse('2026-08-01T00:00:00Z');
const OWN = address('192.0.2.7');

interface Sent {
  readonly payload: Uint8Array;
  readonly fromPort: number;
  readonly to: Endpoint;
  readonly at: Millis;
}

/** A socket of the fake machine: what is sent is kept, what arrives waits to be read. */
class FakeUdp implements UdpPort {
  readonly localPort: number;
  readonly errors: SocketErrorReport[] = [];
  closed = false;
  sendError: Error | undefined;
  readonly #machine: Machine;
  readonly #waiting: { readonly octets: Uint8Array; readonly from: Uint8Array }[] = [];
  #readable: (() => void) | undefined;

  constructor(localPort: number, machine: Machine) {
    this.localPort = localPort;
    this.#machine = machine;
  }

  arrive(octets: Uint8Array, from: Endpoint): void {
    this.#waiting.push({ octets, from: encodeEndpoint(from) });
    this.#readable?.();
  }

  report(code: string): void {
    this.errors.push({ code, to: encodeEndpoint({ address: GATEWAY_ADDRESS, port: this.localPort }) });
    this.#readable?.();
  }

  receive(batch: Batch, from: Uint8Array): number {
    resetBatch(batch);
    for (let i = 0; i < batch.capacity && this.#waiting.length > 0; i++) {
      const next = this.#waiting.shift()!;
      assert.ok(appendPacket(batch, next.octets));
      from.set(next.from, i * next.from.length);
    }
    return batch.count;
  }

  send(batch: Batch, to: Uint8Array): number {
    assert.ok(!this.closed);
    if (this.sendError) throw this.sendError;
    for (let i = 0; i < batch.count; i++) {
      const payload = packetAt(batch, i).slice();
      this.#machine.sent.push({
        payload,
        fromPort: this.localPort,
        to: decodeEndpoint(to, 0),
        at: this.#machine.now,
      });
    }
    return batch.count;
  }

  onReadable(callback: (() => void) | undefined): void {
    this.#readable = callback;
  }

  takeErrors(): readonly SocketErrorReport[] {
    return this.errors.splice(0);
  }

  localAddressFor(): Uint8Array {
    return OWN.octets;
  }

  close(): void {
    this.closed = true;
    this.#readable = undefined;
  }
}

/** A machine with a clock that the test moves, joined to the test gateway. */
class Machine {
  now: Millis = 1_000;
  readonly sent: Sent[] = [];
  readonly sockets: FakeUdp[] = [];
  readonly events: IkeEvent[] = [];
  readonly broken: string[] = [];
  readonly keyLog: string[] = [];
  readonly made: MadeGateway;
  /** The address from which the gateway sees this machine. */
  seenAs = OWN;
  refuseSocket: { readonly port: number; readonly failure: Failure } | undefined;
  readonly #timers = new Set<{ readonly at: Millis; readonly callback: () => void }>();
  #delivered = 0;

  constructor(made: MadeGateway = makeGateway({ epoch: EPOCH, encap: false })) {
    this.made = made;
  }

  get timers(): number {
    return this.#timers.size;
  }

  get ports(): ConnectionPorts {
    const unused = (): never => {
      throw new Error('not of the session');
    };
    return {
      preflight: unused,
      resolve: unused,
      openTun: unused,
      routes: { apply: unused, clear: unused },
      openUdp: ({ preferredPort }) => {
        if (this.refuseSocket?.port === preferredPort) return err(this.refuseSocket.failure);
        const socket = new FakeUdp(preferredPort, this);
        this.sockets.push(socket);
        return ok(socket);
      },
      clock: {
        now: () => this.now,
        epoch: () => EPOCH + this.now,
        at: (at, callback) => {
          const timer = { at, callback };
          this.#timers.add(timer);
          return () => this.#timers.delete(timer);
        },
      },
      random: seededRandom('driver'),
      log: () => undefined,
    };
  }

  open(): ReturnType<typeof SessionDriver.open> {
    return SessionDriver.open({
      config: clientConfig(this.made, 'eap', { keyLog: true }),
      ports: this.ports,
      onEvent: (event) => this.events.push(event),
      onBroken: ({ code }) => this.broken.push(code),
      keyLog: (line) => this.keyLog.push(line),
    });
  }

  socket(port: number): FakeUdp {
    const found = this.sockets.find(({ localPort }) => localPort === port);
    assert.ok(found);
    return found;
  }

  /** Takes what was sent to the gateway, and its answers back, until both are silent. */
  settle(): this {
    while (this.#delivered < this.sent.length) {
      const { payload, fromPort, to } = this.sent[this.#delivered++]!;
      if (payload.length === 1) continue;
      const octets = to.port === 4500 ? payload.subarray(4) : payload;
      const remote = { address: this.seenAs, port: fromPort };
      const { datagrams } = this.made.gateway.handleDatagram(
        { octets, remote, localPort: to.port },
        this.now,
      );
      for (const datagram of datagrams) this.#answer(datagram);
    }
    return this;
  }

  #answer({ octets, localPort, remote }: GatewayDatagram): void {
    const marked = localPort === 4500 ? Uint8Array.of(0, 0, 0, 0, ...octets) : octets;
    this.socket(remote.port).arrive(marked, { address: GATEWAY_ADDRESS, port: localPort });
  }

  /** Moves the clock, and calls back what falls due on the way. */
  advance(ms: Millis): this {
    const end = this.now + ms;
    for (;;) {
      const [next] = [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (!next) break;
      this.#timers.delete(next);
      this.now = Math.max(this.now, next.at);
      next.callback();
    }
    this.now = end;
    return this;
  }
}

function connected(machine: Machine = new Machine()): { machine: Machine; driver: SessionDriver } {
  const opened = machine.open();
  assert.ok(opened.ok);
  const driver = opened.value;
  driver.command({ kind: 'connect' });
  machine.settle();
  driver.command({ kind: 'password', password: SecretBytes.ofText(PASSWORD) });
  machine.settle();
  assert.ok(machine.events.some(({ kind }) => kind === 'established'));
  return { machine, driver };
}

function behindNat(): Machine {
  const machine = new Machine();
  machine.seenAs = address('198.51.100.9');
  return machine;
}

const keepalives = ({ sent }: Machine): Sent[] => sent.filter(({ payload }) => payload.length === 1);

describe('the sockets of a session', () => {
  test('carry IKE_SA_INIT on port 500 and the rest on 4500', proves('RFC7296-2.23-2', 'does'), () => {
    const { machine, driver } = connected();
    const [first, ...rest] = machine.sent;
    assert.deepEqual([first?.fromPort, first?.to.port], [500, 500]);
    assert.ok(rest.length > 3 && rest.every(({ fromPort, to }) => fromPort === 4500 && to.port === 4500));
    assert.equal(driver.espPath.udp, machine.socket(4500));
    assert.deepEqual(driver.espPath.gateway, { address: GATEWAY_ADDRESS, port: 4500 });
  });

  test('are closed with their timers, and nothing happens after that', () => {
    const { machine, driver } = connected();
    driver.close();
    assert.ok(machine.sockets.every(({ closed }) => closed));
    assert.equal(machine.timers, 0);
    const sent = machine.sent.length;
    driver.command({ kind: 'disconnect' });
    driver.close();
    machine.advance(100_000);
    assert.equal(machine.sent.length, sent);
  });

  test('are both there or neither', () => {
    const machine = new Machine();
    machine.refuseSocket = { port: 4500, failure: failure('platform.socket-failed') };
    const opened = machine.open();
    assert.equal(!opened.ok && opened.error.code, 'platform.socket-failed');
    assert.ok(machine.socket(500).closed);
  });

  test('that cannot send for a while only cost time', () => {
    const machine = new Machine();
    const opened = machine.open();
    assert.ok(opened.ok);
    machine.socket(500).sendError = Object.assign(new Error('no route'), { code: 'ENETUNREACH' });
    opened.value.command({ kind: 'connect' });
    assert.equal(machine.sent.length, 0);
    machine.socket(500).sendError = undefined;
    machine.advance(600).settle();
    assert.ok(machine.events.some(({ kind }) => kind === 'initiated'));
  });
});

describe('keepalives', () => {
  test(
    'go every twenty seconds while a NAT is before us, between the ports that ESP uses',
    proves(['RFC3948-2.3-x1', 'does'], ['RFC3948-2.3-2', 'does']),
    () => {
      const { machine, driver } = connected(behindNat());
      const last = machine.sent.at(-1)!.at;
      machine.advance(20_000);
      const [first, ...more] = keepalives(machine);
      assert.equal(more.length, 0);
      assert.equal(first?.at, last + 20_000);
      assert.deepEqual(first.payload, Uint8Array.of(0xff));
      assert.equal(first.fromPort, driver.espPath.udp.localPort);
      assert.deepEqual(first.to, driver.espPath.gateway);
    },
  );

  test('are not sent while ESP or IKE keeps the NAT open', () => {
    const { machine, driver } = connected(behindNat());
    for (let i = 0; i < 5; i++) {
      machine.advance(15_000);
      driver.noteSent(machine.now);
      driver.noteTraffic(machine.now);
    }
    assert.equal(keepalives(machine).length, 0);
    machine.advance(20_000);
    assert.equal(keepalives(machine).length, 1);
  });

  test('are not sent where no NAT is', () => {
    const { machine } = connected();
    machine.advance(29_000);
    assert.equal(keepalives(machine).length, 0);
  });
});

test('a session whose gateway vanished ends by its timers alone', () => {
  const { machine } = connected();
  machine.made.gateway.setSilent(true);
  machine.advance(61_000);
  const end = machine.events.at(-1);
  assert.equal(end?.kind === 'closed' && end.failure?.code, 'timeout.liveness');
  assert.equal(machine.timers, 0);
});

test('a port that the network refuses again and again is given up early', () => {
  const machine = new Machine();
  const opened = machine.open();
  assert.ok(opened.ok);
  opened.value.command({ kind: 'connect' });
  for (let i = 0; i < 100 && machine.events.length === 0; i++) {
    const before = machine.sent.length;
    machine.advance(100);
    if (machine.sent.length > before) machine.socket(500).report('ECONNREFUSED');
  }
  const [end] = machine.events;
  assert.equal(end?.kind === 'closed' && end.failure?.code, 'network.port-closed');
});

test('the key log gets the line of the IKE SA once', () => {
  const { machine } = connected();
  assert.equal(machine.keyLog.length, 1);
  assert.match(machine.keyLog[0] ?? '', /^ikev2_decryption_table [0-9a-f]{16},[0-9a-f]{16},/);
});
