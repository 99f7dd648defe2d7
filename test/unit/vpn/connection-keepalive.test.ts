import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { proves } from '../../conformance/tag.ts';
import { Rig } from '../../support/connection-rig.ts';
import { type SentDatagram, systemError } from '../../support/fake-ports.ts';
import { address } from '../../support/gateway/index.ts';
import { packet } from '../net/packets.ts';

const OUT = packet({ source: '10.9.0.2', destination: '10.1.0.5' });
const IN = packet({ source: '10.1.0.5', destination: '10.9.0.2' });

/** Signs of life are asked for so seldom that they do not get in the way. */
const QUIET = { liveness: { intervalSeconds: 3600 } };

async function behindNat(): Promise<Rig> {
  const rig = new Rig({ profile: QUIET });
  rig.office.seenAs = address('198.51.100.9');
  await rig.connected();
  assert.equal(rig.event('connected')?.nat, true);
  return rig;
}

const keepalives = (rig: Rig): SentDatagram[] =>
  rig.laptop.sent.filter(({ payload }) => payload.length === 1 && payload[0] === 0xff);

describe('behind a NAT', () => {
  test(
    'a keepalive goes after twenty seconds without a packet, and every twenty seconds after that',
    proves(['RFC3948-4-x2', 'does'], ['RFC3948-2.3-2', 'does'], ['RFC3948-4-x1', 'does']),
    async () => {
      const rig = await behindNat();
      await rig.advance(19_999);
      assert.equal(keepalives(rig).length, 0);
      await rig.advance(1);
      assert.equal(keepalives(rig).length, 1);
      await rig.advance(40_000);
      assert.equal(keepalives(rig).length, 3);
      assert.equal(rig.office.keepalives, 3);
    },
  );

  test(
    'it goes between the ports that ESP uses',
    proves(['RFC3948-2.3-x1', 'does'], ['RFC3948-2.1-2', 'does']),
    async () => {
      const rig = await behindNat();
      rig.laptop.tun.enter(OUT);
      const esp = rig.laptop.sent.at(-1);
      rig.office.send(IN);
      await rig.advance(20_000);
      const [keepalive] = keepalives(rig);
      assert.deepEqual([keepalive?.fromPort, keepalive?.to], [esp?.fromPort, esp?.to]);
      assert.equal(esp?.fromPort, 4500);
    },
  );

  test('it waits while packets go out', proves('RFC3948-4-x2', 'refuses'), async () => {
    const rig = await behindNat();
    for (let i = 0; i < 10; i++) {
      await rig.advance(15_000);
      rig.laptop.tun.enter(OUT);
      rig.office.send(IN);
    }
    assert.equal(keepalives(rig).length, 0);
    await rig.advance(20_000);
    assert.equal(keepalives(rig).length, 1);
  });

  test('what comes in does not keep the NAT open', proves('RFC3948-4-3', 'refuses'), async () => {
    const rig = await behindNat();
    await rig.advance(15_000);
    rig.office.send(IN);
    await rig.advance(5_000);
    assert.equal(keepalives(rig).length, 1);
  });

  test('without a network it is tried at its pace and no faster', async () => {
    const rig = await behindNat();
    rig.laptop.socket(4500).sendError = systemError('ENETUNREACH', 'sendmmsg');
    const before = rig.laptop.clock.set;
    await rig.advance(50_000);
    assert.ok(rig.laptop.clock.set - before < 200, `${rig.laptop.clock.set - before} timers`);
    assert.equal(keepalives(rig).length, 0);
    rig.laptop.socket(4500).sendError = undefined;
    await rig.advance(40_000);
    assert.ok(keepalives(rig).length > 0);
  });

  test('none goes once the connection has ended', async () => {
    const rig = await behindNat();
    void rig.connection.stop();
    await rig.advance(100_000);
    assert.equal(keepalives(rig).length, 0);
  });
});

test('a keepalive from the gateway is no sign of life', proves('RFC3948-4-3', 'does'), async () => {
  const rig = await new Rig({ profile: { reconnect: { enabled: false } } }).connected();
  rig.office.made.gateway.setSilent(true);
  for (let i = 0; i < 90; i++) {
    await rig.advance(1_000);
    if (rig.outcome) break;
    const socket = rig.laptop.socket(4500);
    socket.arrive(Uint8Array.of(0xff), { address: rig.office.address, port: 4500 });
  }
  assert.equal(rig.failureCode, 'timeout.liveness');
});

test('where no NAT is, no keepalive goes', proves('RFC3948-4-x2', 'refuses'), async () => {
  const rig = await new Rig({ profile: QUIET }).connected();
  await rig.advance(300_000);
  assert.equal(keepalives(rig).length, 0);
});
