import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { concat } from '../../../core/lib/bytes.ts';
import { addressOf, type Endpoint } from '../../../core/net/address.ts';
import { appendPacket, newBatch, packetAt } from '../../../core/net/batch.ts';
import { ENDPOINT_LENGTH, type UdpPort } from '../../../core/platform/ports.ts';
import { decodeEndpoint, encodeEndpoint } from '../../../core/vpn/endpoint.ts';
import type { UdpRequest } from '../../../core/vpn/ports.ts';
import { SharedSockets } from '../../../core/vpn/shared-sockets.ts';
import { FakeLaptop, systemError } from '../../support/fake-ports.ts';

const GATEWAY: Endpoint = { address: addressOf(Uint8Array.of(203, 0, 113, 1)), port: 4500 };
const REQUEST: UdpRequest = { family: 4, preferredPort: 4500, mark: 1 };

/** An IKE message on port 4500 whose initiator has this SPI, eight times the octet. */
const ike = (spi: number): Uint8Array =>
  concat(new Uint8Array(4), new Uint8Array(8).fill(spi), Uint8Array.of(9));
const esp = (spi: number): Uint8Array => new Uint8Array(40).fill(spi);

/** A sharer with what it read. */
class Reader {
  readonly udp: UdpPort;
  readonly read: Uint8Array[] = [];
  readonly from: Endpoint[] = [];
  readonly errors: string[] = [];
  fault: unknown;
  /** What happens in the middle of reading. */
  onRead: (() => void) | undefined;

  constructor(udp: UdpPort) {
    this.udp = udp;
    udp.onReadable(() => {
      const batch = newBatch(4, 2_000, 0);
      const from = new Uint8Array(4 * ENDPOINT_LENGTH);
      try {
        for (let count = udp.receive(batch, from); count > 0; count = udp.receive(batch, from)) {
          for (let i = 0; i < count; i++) {
            this.read.push(packetAt(batch, i).slice());
            this.from.push(decodeEndpoint(from, i * ENDPOINT_LENGTH));
          }
          this.onRead?.();
        }
        this.errors.push(...udp.takeErrors().map(({ code }) => code));
      } catch (error) {
        this.fault = error;
      }
    });
  }

  send(payload: Uint8Array): void {
    const batch = newBatch(1, 2_000, 0);
    appendPacket(batch, payload);
    assert.equal(this.udp.send(batch, encodeEndpoint(GATEWAY)), 1);
  }
}

function bench(): { readonly laptop: FakeLaptop; readonly share: (request?: UdpRequest) => Reader } {
  const laptop = new FakeLaptop({ epoch: 0, addresses: [addressOf(Uint8Array.of(192, 0, 2, 7))] });
  const shared = new SharedSockets(laptop.ports.openUdp);
  return {
    laptop,
    share: (request = REQUEST) => {
      const opened = shared.open(request);
      assert.ok(opened.ok);
      return new Reader(opened.value);
    },
  };
}

describe('a socket that sessions share', () => {
  test('is one, on one port, and closes when the last of them does', () => {
    const { laptop, share } = bench();
    const [one, two] = [share(), share()];
    assert.equal(laptop.sockets.length, 1);
    assert.deepEqual([one.udp.localPort, two.udp.localPort], [4500, 4500]);
    one.udp.close();
    one.udp.close();
    assert.deepEqual(laptop.open, ['udp 4500']);
    two.udp.close();
    assert.deepEqual(laptop.open, []);
    share();
    assert.equal(laptop.sockets.length, 2, 'what is closed is not shared');
  });

  test('is another one for another address, link, family or port, and for any port', () => {
    const { laptop, share } = bench();
    share();
    share({ ...REQUEST, device: 'wlan0' });
    share({ ...REQUEST, localAddress: addressOf(Uint8Array.of(192, 0, 2, 7)) });
    share({ ...REQUEST, family: 6 });
    share({ ...REQUEST, preferredPort: 500 });
    share({ ...REQUEST, preferredPort: 0 });
    share({ ...REQUEST, preferredPort: 0 });
    assert.equal(laptop.sockets.length, 7);
  });

  test('gives an IKE message to the session whose SPI it has, and a strange one to all', () => {
    const { laptop, share } = bench();
    const [one, two] = [share(), share()];
    one.send(ike(1));
    two.send(ike(2));
    for (const spi of [2, 1, 7]) laptop.socket(4500).arrive(ike(spi), GATEWAY);
    assert.deepEqual(one.read, [ike(1), ike(7)]);
    assert.deepEqual(two.read, [ike(2), ike(7)]);
    assert.deepEqual(two.from, [GATEWAY, GATEWAY]);
  });

  test('leaves a session the SPI that it was the first to use', () => {
    const { laptop, share } = bench();
    const [one, two] = [share(), share()];
    one.send(ike(1));
    // Its gateway has begun an IKE SA with the SPI of the other one.
    two.send(ike(1));
    laptop.sockets[0]?.arrive(ike(1), GATEWAY);
    assert.deepEqual([one.read.length, two.read.length], [1, 0]);
  });

  test('forgets what SPIs a session used long ago', () => {
    const { laptop, share } = bench();
    const [one, two] = [share(), share()];
    for (let spi = 0; spi < 200; spi++) one.send(ike(spi));
    for (const spi of [0, 199]) laptop.sockets[0]?.arrive(ike(spi), GATEWAY);
    assert.deepEqual([one.read.length, two.read.length], [2, 1], 'which then go to all');
  });

  test('gives ESP to the session that sends it, once', () => {
    const { laptop, share } = bench();
    const [one, two] = [share(), share()];
    one.send(ike(1));
    two.send(ike(2));
    laptop.socket(4500).arrive(esp(5), GATEWAY);
    assert.deepEqual([one.read.length, two.read.length], [1, 0], 'to the older one before anybody sends');
    two.send(esp(6));
    laptop.socket(4500).arrive(esp(7), GATEWAY);
    assert.deepEqual([one.read.length, two.read.length], [1, 1]);
    two.send(Uint8Array.of(0xff));
    one.send(esp(8));
    two.send(Uint8Array.of(0xff));
    laptop.socket(4500).arrive(esp(9), GATEWAY);
    assert.deepEqual([one.read.length, two.read.length], [2, 1], 'a keepalive is not ESP');
    one.udp.close();
    laptop.socket(4500).arrive(esp(9), GATEWAY);
    assert.equal(two.read.length, 2);
  });

  test('gives messages out before traffic, which may go through what they make', () => {
    const { laptop, share } = bench();
    const [one, two] = [share(), share()];
    one.send(esp(1));
    two.send(ike(2));
    // Nobody reads until all of it is there.
    for (const { udp } of [one, two]) udp.onReadable(undefined);
    const socket = laptop.socket(4500);
    socket.arrive(esp(3), GATEWAY);
    socket.arrive(ike(2), GATEWAY);
    const order: string[] = [];
    new Reader(one.udp).onRead = () => order.push('traffic');
    new Reader(two.udp).onRead = () => order.push('message');
    socket.arrive(ike(2), GATEWAY);
    assert.deepEqual(order, ['message', 'traffic']);
  });

  test('on the port without a marker tells messages apart as well', () => {
    const { laptop, share } = bench();
    const request = { ...REQUEST, preferredPort: 500 };
    const [one, two] = [share(request), share(request)];
    one.send(ike(1).subarray(4));
    two.send(ike(2).subarray(4));
    laptop.socket(500).arrive(ike(2).subarray(4), GATEWAY);
    assert.deepEqual([one.read.length, two.read.length], [0, 1]);
  });

  test('passes everything on that the network reports, to everybody', () => {
    const { laptop, share } = bench();
    const one = share();
    laptop.socket(4500).report('ECONNREFUSED', GATEWAY);
    const two = share();
    laptop.socket(4500).report('EHOSTUNREACH', GATEWAY);
    assert.deepEqual([one.errors, two.errors], [['ECONNREFUSED', 'EHOSTUNREACH'], ['EHOSTUNREACH']]);
  });

  test('loses nothing when one of them closes while the other reads', () => {
    const { laptop, share } = bench();
    const [one, two] = [share(), share()];
    one.send(esp(1));
    const socket = laptop.socket(4500);
    one.onRead = () => two.udp.close();
    for (let i = 1; i <= 10; i++) socket.arrive(esp(i), GATEWAY);
    assert.equal(one.read.length, 10);
    one.onRead = undefined;
    socket.arrive(esp(11), GATEWAY);
    assert.equal(one.read.length, 11);
  });

  test('that fails tells all of them, and whoever comes next gets another one', () => {
    const { laptop, share } = bench();
    const [one, two] = [share(), share()];
    laptop.socket(4500).receiveError = systemError('ENOMEM', 'recvmmsg');
    laptop.socket(4500).arrive(esp(1), GATEWAY);
    assert.match(String(one.fault), /ENOMEM/);
    assert.match(String(two.fault), /ENOMEM/);
    const three = share();
    assert.equal(laptop.sockets.length, 2);
    one.udp.close();
    two.udp.close();
    three.udp.close();
    assert.deepEqual(laptop.open, []);
  });

  test('that nobody listens to is not read', () => {
    const { laptop, share } = bench();
    const [one, two] = [share(), share()];
    one.udp.onReadable(undefined);
    two.udp.onReadable(undefined);
    laptop.socket(4500).arrive(esp(1), GATEWAY);
    assert.deepEqual([one.read, two.read], [[], []]);
  });
});
