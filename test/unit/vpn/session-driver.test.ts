import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { failure } from '../../../core/lib/failure.ts';
import type { Millis } from '../../../core/lib/ports.ts';
import { SecretBytes } from '../../../core/lib/secret.ts';
import type { IkeEvent } from '../../../core/ike/events.ts';
import { SessionDriver } from '../../../core/vpn/session-driver.ts';
import { proves } from '../../conformance/tag.ts';
import { FakeOffice } from '../../support/fake-office.ts';
import { FakeLaptop, type SentDatagram, systemError } from '../../support/fake-ports.ts';
import { address, GATEWAY_ADDRESS, PASSWORD } from '../../support/gateway/index.ts';
import { clientConfig } from '../../support/pair.ts';

const EPOCH = Date.parse('2026-08-01T00:00:00Z');

/** A driver over the fake sockets and the fake clock of a laptop, with the gateway at the other end. */
class Wire {
  readonly laptop = new FakeLaptop({ epoch: EPOCH, addresses: [address('192.0.2.7')] });
  readonly office = new FakeOffice(this.laptop, { encap: false });
  readonly events: IkeEvent[] = [];
  readonly broken: string[] = [];
  readonly keyLog: string[] = [];
  /** Signs of life would keep a NAT open as well as keepalives do; 0 never asks for them. */
  livenessMs = 30_000;

  open(): ReturnType<typeof SessionDriver.open> {
    return SessionDriver.open({
      config: clientConfig(this.office.made, 'eap', { keyLog: true, livenessMs: this.livenessMs }),
      ports: this.laptop.ports,
      onEvent: (event) => this.events.push(event),
      onBroken: ({ code }) => this.broken.push(code),
      keyLog: (line) => this.keyLog.push(line),
    });
  }

  settle(): this {
    while (this.office.deliver());
    return this;
  }

  /** Moves the clock, and calls back what falls due on the way. The gateway hears nothing of it. */
  advance(ms: Millis): this {
    const end = this.laptop.clock.now() + ms;
    while (this.laptop.clock.step(end));
    return this;
  }
}

function connected(wire: Wire = new Wire()): { wire: Wire; driver: SessionDriver } {
  const opened = wire.open();
  assert.ok(opened.ok);
  const driver = opened.value;
  driver.command({ kind: 'connect' });
  wire.settle();
  driver.command({ kind: 'password', password: SecretBytes.ofText(PASSWORD) });
  wire.settle();
  assert.ok(wire.events.some(({ kind }) => kind === 'established'));
  return { wire, driver };
}

function behindNat(): Wire {
  const wire = new Wire();
  wire.office.seenAs = address('198.51.100.9');
  wire.livenessMs = 0;
  return wire;
}

const keepalives = ({ laptop }: Wire): SentDatagram[] =>
  laptop.sent.filter(({ payload }) => payload.length === 1);

describe('the sockets of a session', () => {
  test('carry IKE_SA_INIT on port 500 and the rest on 4500', proves('RFC7296-2.23-2', 'does'), () => {
    const { wire, driver } = connected();
    const [first, ...rest] = wire.laptop.sent;
    assert.deepEqual([first?.fromPort, first?.to.port], [500, 500]);
    assert.ok(rest.length > 3 && rest.every(({ fromPort, to }) => fromPort === 4500 && to.port === 4500));
    assert.equal(driver.espPath.udp, wire.laptop.socket(4500));
    assert.deepEqual(driver.espPath.gateway, { address: GATEWAY_ADDRESS, port: 4500 });
  });

  test('are closed with their timers, and nothing happens after that', () => {
    const { wire, driver } = connected();
    driver.close();
    assert.ok(wire.laptop.sockets.every(({ closings }) => closings === 1));
    assert.equal(wire.laptop.clock.pending, 0);
    const sent = wire.laptop.sent.length;
    driver.command({ kind: 'disconnect' });
    driver.close();
    wire.advance(100_000);
    assert.equal(wire.laptop.sent.length, sent);
  });

  test('are both there or neither', () => {
    const wire = new Wire();
    wire.laptop.noSocket = { port: 4500, failure: failure('platform.socket-failed') };
    const opened = wire.open();
    assert.equal(!opened.ok && opened.error.code, 'platform.socket-failed');
    assert.equal(wire.laptop.socket(500).closings, 1);
  });

  test('that cannot send for a while only cost time', () => {
    const wire = new Wire();
    const opened = wire.open();
    assert.ok(opened.ok);
    wire.laptop.socket(500).sendError = systemError('ENETUNREACH', 'sendmmsg');
    opened.value.command({ kind: 'connect' });
    assert.equal(wire.laptop.sent.length, 0);
    wire.laptop.socket(500).sendError = undefined;
    wire.advance(600).settle();
    assert.ok(wire.events.some(({ kind }) => kind === 'initiated'));
  });
});

describe('keepalives', () => {
  test(
    'go every twenty seconds while a NAT is before us, between the ports that ESP uses',
    proves(['RFC3948-2.3-x1', 'does'], ['RFC3948-2.3-2', 'does']),
    () => {
      const { wire, driver } = connected(behindNat());
      const last = wire.laptop.sent.at(-1)!.at;
      wire.advance(20_000);
      const [first, ...more] = keepalives(wire);
      assert.equal(more.length, 0);
      assert.equal(first?.at, last + 20_000);
      assert.deepEqual(first.payload, Uint8Array.of(0xff));
      assert.equal(first.fromPort, driver.espPath.udp.localPort);
      assert.deepEqual(first.to, driver.espPath.gateway);
    },
  );

  test('are not sent while ESP or IKE keeps the NAT open', () => {
    const { wire, driver } = connected(behindNat());
    for (let i = 0; i < 5; i++) {
      wire.advance(15_000);
      driver.noteSent(wire.laptop.clock.now());
      driver.noteTraffic(wire.laptop.clock.now(), 0);
    }
    assert.equal(keepalives(wire).length, 0);
    wire.advance(20_000);
    assert.equal(keepalives(wire).length, 1);
  });

  test('are not sent where no NAT is', () => {
    const { wire } = connected();
    wire.advance(29_000);
    assert.equal(keepalives(wire).length, 0);
  });
});

test('a session whose gateway vanished ends by its timers alone', () => {
  const { wire } = connected();
  wire.office.made.gateway.setSilent(true);
  wire.advance(61_000);
  const end = wire.events.at(-1);
  assert.equal(end?.kind === 'closed' && end.failure?.code, 'timeout.liveness');
  assert.equal(wire.laptop.clock.pending, 0);
});

test('a gateway that was not heard is believed as soon as traffic of it comes in', () => {
  const { wire, driver } = connected();
  wire.advance(31_000);
  assert.equal(wire.events.at(-1)?.kind, 'unanswered');
  driver.noteTraffic(wire.laptop.clock.now(), 0);
  assert.equal(wire.events.at(-1)?.kind, 'answered');
});

test('a port that the network refuses again and again is given up early', () => {
  const wire = new Wire();
  const opened = wire.open();
  assert.ok(opened.ok);
  opened.value.command({ kind: 'connect' });
  for (let i = 0; i < 100 && wire.events.length === 0; i++) {
    const before = wire.laptop.sent.length;
    wire.advance(100);
    if (wire.laptop.sent.length > before)
      wire.laptop.socket(500).report('ECONNREFUSED', { address: GATEWAY_ADDRESS, port: 500 });
  }
  const [end] = wire.events;
  assert.equal(end?.kind === 'closed' && end.failure?.code, 'network.port-closed');
});

test('the key log gets the line of the IKE SA once', () => {
  const { wire } = connected();
  assert.equal(wire.keyLog.length, 1);
  assert.match(wire.keyLog[0] ?? '', /^ikev2_decryption_table [0-9a-f]{16},[0-9a-f]{16},/);
});

test('what a socket throws before there is a session is told once, and nothing more is read from it', () => {
  const wire = new Wire();
  assert.ok(wire.open().ok);
  const socket = wire.laptop.socket(4500);
  socket.receiveError = systemError('ENOMEM', 'recvmmsg');
  for (let i = 0; i < 3; i++) socket.arrive(new Uint8Array(40), { address: GATEWAY_ADDRESS, port: 4500 });
  assert.deepEqual(wire.broken, ['platform.socket-failed']);
});

test('a driver that is closed tells nothing any more', () => {
  const { wire, driver } = connected();
  const events = wire.events.length;
  driver.close();
  wire.laptop.socket(4500).arrive(new Uint8Array(40), { address: GATEWAY_ADDRESS, port: 4500 });
  assert.equal(wire.events.length, events);
  assert.deepEqual(wire.broken, []);
});
