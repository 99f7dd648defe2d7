import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { EspEngine } from '../../../core/ipsec/engine.ts';
import { appendPacket, newBatch } from '../../../core/net/batch.ts';
import { DataPath } from '../../../core/vpn/data-path.ts';
import { FakeLaptop, type FakeUdp, systemError } from '../../support/fake-ports.ts';
import { GATEWAY, GATEWAY_6, ip } from '../../support/scripted-wire.ts';
import { packet } from '../net/packets.ts';
import { engineWith, laptopChild, mirrored, sealAll, seeded } from '../ipsec/pair.ts';

const SUITE = { encr: 20, keyBits: 128, esn: false };
const OUT = packet({ source: '10.0.0.1', destination: '10.1.2.3' });
const IN = packet({ source: '10.1.2.3', destination: '10.0.0.1' });

const NOBODY = { noteSent: () => undefined, noteNotSent: () => undefined };

class Rig {
  readonly laptop = new FakeLaptop({ epoch: 0, addresses: [ip('192.0.2.7'), ip('2001:db8::7')] });
  readonly engine: EspEngine = engineWith([laptopChild(SUITE)]);
  readonly path: DataPath;
  readonly broken: unknown[] = [];
  sentAt: number[] = [];
  refused = 0;

  constructor() {
    const tun = this.laptop.ports.openTun({ mtu: 1400 });
    assert.ok(tun.ok);
    this.path = new DataPath({
      engine: this.engine,
      tun: tun.value,
      mtu: 1400,
      now: this.laptop.clock.now,
      onBroken: (error) => this.broken.push(error),
    });
    this.path.start();
  }

  /** ESP goes through a socket of its own to that address. */
  to(address = GATEWAY): FakeUdp {
    const { family } = address;
    const opened = this.laptop.ports.openUdp({ family, preferredPort: 0, mark: 1 });
    assert.ok(opened.ok);
    this.path.sendTo(
      { udp: opened.value, gateway: { address, port: 4500 } },
      { noteSent: (now) => this.sentAt.push(now), noteNotSent: () => (this.refused += 1) },
    );
    return this.laptop.socket(opened.value.localPort);
  }
}

describe('packets of the device', () => {
  test('go where they are sent now, from one batch to the next', () => {
    const rig = new Rig();
    const first = rig.to();
    rig.laptop.tun.enter(OUT);
    const second = rig.to(GATEWAY_6);
    rig.laptop.tun.enter(OUT);
    assert.deepEqual(
      rig.laptop.sent.map(({ socket, to }) => [socket, to.address]),
      [
        [first, GATEWAY],
        [second, GATEWAY_6],
      ],
    );
  });

  test('are told of once a batch', () => {
    const rig = new Rig();
    rig.to();
    rig.laptop.tun.enter(...Array.from({ length: 100 }, () => OUT));
    assert.deepEqual(rig.sentAt, [1_000, 1_000]);
    assert.equal(rig.laptop.sent.length, 100);
  });

  test('are read and dropped while nobody takes them, so that none is late when somebody does', () => {
    const rig = new Rig();
    rig.laptop.tun.enter(...Array.from({ length: 100 }, () => OUT));
    assert.equal(rig.path.noSession, 100);
    rig.to();
    rig.laptop.tun.enter(OUT);
    rig.path.hold();
    rig.laptop.tun.enter(OUT, OUT);
    assert.deepEqual([rig.path.noSession, rig.laptop.sent.length], [102, 1]);
    assert.equal(rig.engine.counters()['packets-out'], 1, 'no sequence number is spent on them');
  });

  test('that the socket refuses are lost, and somebody hears of it', () => {
    const rig = new Rig();
    rig.to().sendError = systemError('ENETUNREACH', 'sendmmsg');
    rig.laptop.tun.enter(OUT, OUT);
    assert.deepEqual([rig.path.notSent, rig.refused, rig.sentAt], [2, 1, []]);
    assert.deepEqual(rig.broken, []);
  });

  test('do not leave through what an event of the engine put an end to', () => {
    const rig = new Rig();
    const stopping: DataPath[] = [];
    const engine = new EspEngine({ random: seeded(1), onEvent: () => stopping[0]?.stop() });
    engine.install(laptopChild(SUITE, { limits: { softPackets: 1 } }));
    const { local, remote } = laptopChild(SUITE);
    engine.setPolicies([{ action: 'protect', childId: 1, local, remote }]);
    const tun = rig.laptop.ports.openTun({ mtu: 1400 });
    assert.ok(tun.ok);
    const path = new DataPath({
      engine,
      tun: tun.value,
      mtu: 1400,
      now: rig.laptop.clock.now,
      onBroken: (error) => rig.broken.push(error),
    });
    const udp = rig.to();
    path.sendTo({ udp, gateway: { address: GATEWAY, port: 4500 } }, NOBODY);
    stopping.push(path);
    path.start();
    rig.laptop.tun.enter(...Array.from({ length: 70 }, () => OUT));
    assert.equal(rig.laptop.tun.reads, 1);
    assert.equal(rig.laptop.tun.isRead, false);
  });
});

describe('packets from the gateway', () => {
  const sealed = (count: number): ReturnType<typeof newBatch> => {
    const office = engineWith([mirrored(laptopChild(SUITE))]);
    const batch = newBatch(64, 2048, 0);
    for (const esp of sealAll(
      office,
      Array.from({ length: count }, () => IN),
    ))
      appendPacket(batch, esp);
    return batch;
  };

  test('reach the device, from whatever socket, also while nobody sends', () => {
    const rig = new Rig();
    assert.equal(rig.path.inbound(sealed(3)), true);
    assert.deepEqual(rig.laptop.tun.written, [IN, IN, IN]);
  });

  test('that are nothing are no sign of life', () => {
    const rig = new Rig();
    const batch = newBatch(64, 2048, 0);
    appendPacket(batch, new Uint8Array(100).fill(7));
    assert.equal(rig.path.inbound(batch), false);
    rig.path.stop();
    rig.path.stop();
    assert.equal(rig.path.inbound(sealed(1)), false);
    assert.deepEqual(rig.laptop.tun.written, []);
  });

  test('break the path when the device does not take them', () => {
    const rig = new Rig();
    rig.laptop.tun.writeError = systemError('EIO', 'writev');
    assert.equal(rig.path.inbound(sealed(1)), true);
    assert.equal(rig.broken.length, 1);
    assert.equal(rig.laptop.tun.isRead, false);
  });
});
