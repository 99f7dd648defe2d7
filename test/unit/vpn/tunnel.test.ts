import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseProfile, type Profile } from '../../../core/contract/profile.ts';
import { failure } from '../../../core/lib/failure.ts';
import { readU32 } from '../../../core/lib/bytes.ts';
import { SecretBytes } from '../../../core/lib/secret.ts';
import type { EstablishedChild } from '../../../core/ike/events.ts';
import type { SaLimits } from '../../../core/ipsec/lifetime.ts';
import { formatPrefix } from '../../../core/net/prefix.ts';
import type { Established } from '../../../core/vpn/carrier.ts';
import { Tunnel } from '../../../core/vpn/tunnel.ts';
import {
  CABLE,
  childOf,
  establishedWith,
  GATEWAY,
  type ScriptedDriver,
  ScriptedWire,
} from '../../support/scripted-wire.ts';
import { packet } from '../net/packets.ts';
import { engineWith, mirrored, sealAll } from '../ipsec/pair.ts';

const OUT = packet({ source: '10.9.0.2', destination: '10.1.2.3' });
const IN = packet({ source: '10.1.2.3', destination: '10.9.0.2' });

function profile(): Profile {
  const user = { method: 'psk', identity: 'alice' };
  const parsed = parseProfile({ version: 1, name: 'Office', gateway: { address: 'vpn.example.com' }, user });
  assert.ok(parsed.ok);
  return parsed.value;
}

/** A laptop with a tunnel, and sessions that a test opens for it. */
class Office {
  readonly wire = new ScriptedWire();
  readonly broken: string[] = [];
  readonly first: ScriptedDriver = this.wire.open();
  #tunnel: Tunnel | undefined;

  async opened(established = establishedWith(childOf(1, 2)), limits?: SaLimits): Promise<this> {
    const opened = await Tunnel.open({
      established,
      profile: profile(),
      ports: this.wire.laptop.ports,
      session: this.first.driver,
      isWanted: () => true,
      onBroken: ({ code }) => this.broken.push(code),
      ...(limits ? { limits } : {}),
    });
    assert.ok(opened.ok);
    this.#tunnel = opened.value;
    return this;
  }

  get tunnel(): Tunnel {
    assert.ok(this.#tunnel);
    return this.#tunnel;
  }

  /** Another session, already established as said. */
  async adopted(established: Established): Promise<ScriptedDriver> {
    const next = this.wire.open();
    assert.equal(await this.tunnel.adopt(next.driver, established), undefined);
    return next;
  }

  /** What the device takes in leaves as ESP with these SPIs. */
  spisOf(...packets: readonly Uint8Array[]): number[] {
    const before = this.wire.laptop.sent.length;
    this.wire.laptop.tun.enter(...packets);
    return this.wire.laptop.sent.slice(before).map(({ payload }) => readU32(payload));
  }

  /** A packet that the gateway seals with that pair comes to a socket of the session. */
  arrive({ driver }: ScriptedDriver, child: EstablishedChild, inner = IN): void {
    const { suite, local, remote } = child;
    const keys = { keyIn: child.encrIn.reveal(), keyOut: child.encrOut.reveal() };
    const spec = { childId: 1, spiIn: child.spiIn, spiOut: child.spiOut, suite, ...keys, local, remote };
    const [esp] = sealAll(engineWith([mirrored({ ...spec, udpEncap: true })]), [inner]);
    assert.ok(esp);
    this.wire.laptop.socket(driver.path.local.port).arrive(esp, { address: GATEWAY, port: 4500 });
  }

  get written(): number {
    return this.wire.laptop.tun.written.length;
  }

  get routes(): string[] {
    return this.wire.laptop.routes.plans.at(-1)?.routes.map(formatPrefix) ?? [];
  }
}

/** Promises that can go on have done so. */
const settled = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

describe('a tunnel', () => {
  test('carries for the session that it was opened with, whose keys are then its own', async () => {
    const child = childOf(1, 2);
    const office = await new Office().opened(establishedWith(child));
    assert.ok(child.encrIn.wiped && child.encrOut.wiped);
    assert.deepEqual(office.spisOf(OUT), [2]);
    office.arrive(office.first, childOf(1, 2));
    assert.equal(office.written, 1);
    assert.equal(office.first.session.trafficAt.length, 1);
    assert.equal(office.first.session.sentAt.length, 1);
  });

  test('has an MTU that fits whichever family the outer packets are of', async () => {
    const suite = { encr: 12, keyBits: 256, integ: 14, esn: false, name: 'AES_CBC_256/HMAC_SHA2_512_256' };
    const key = { encrIn: 32, encrOut: 32, integIn: 64, integOut: 64 };
    const keys = Object.fromEntries(
      Object.entries(key).map(([name, length]) => [name, new SecretBytes(new Uint8Array(length))]),
    );
    const child = { ...childOf(1, 2), ...keys, suite };
    const office = await new Office().opened(establishedWith(child));
    // 1500 - 40 - 8 - 8 - 16 - 32 = 1396: 87 blocks of 16, less the trailer.
    assert.equal(office.tunnel.mtu, 1390);
  });

  test('follows its session to another path, and has the machine follow', async () => {
    const office = await new Office().opened();
    office.wire.network.change('eth0', CABLE);
    office.first.take(office.first.path(0), false);
    office.spisOf(OUT);
    assert.equal(office.wire.laptop.sent.at(-1)?.socket.device, 'eth0');
    await settled();
    assert.equal(office.wire.laptop.routes.plans.length, 2, 'another link may filter another way');
  });

  test('whose machine cannot follow is broken', async () => {
    const office = await new Office().opened();
    office.wire.laptop.routes.applying = failure('platform.route-failed');
    office.wire.network.change('eth0', CABLE);
    office.first.take(office.first.path(0), false);
    await settled();
    assert.deepEqual(office.broken, ['platform.route-failed']);
  });
});

describe('the Child SAs of a session', () => {
  test('are replaced at once when we asked for it', async () => {
    const office = await new Office().opened();
    const child = childOf(3, 4);
    office.first.session.say({ kind: 'child-added', child, replaces: 1, sendNow: true });
    office.first.hear();
    assert.ok(child.encrIn.wiped);
    assert.deepEqual(office.spisOf(OUT), [4]);
    office.first.session.say({ kind: 'child-closed', spiIn: 1, lingerMs: 5_000 });
    office.first.hear();
    office.arrive(office.first, childOf(1, 2));
    assert.equal(office.written, 1, 'what was on its way');
    assert.equal(office.tunnel.traffic().length, 2);
    office.wire.advance(5_000);
    assert.equal(office.tunnel.traffic().length, 1, 'its keys are gone without another packet');
  });

  test('that the gateway asked for send when it has used them, and the session hears of that', async () => {
    const office = await new Office().opened();
    office.first.session.say({ kind: 'child-added', child: childOf(3, 4), replaces: 1, sendNow: false });
    office.first.hear();
    assert.deepEqual(office.spisOf(OUT), [2]);
    office.arrive(office.first, childOf(3, 4));
    assert.deepEqual(office.first.session.commands.at(-1), { kind: 'child-used', spiIn: 3 });
    assert.deepEqual(office.spisOf(OUT), [4]);
  });

  test('that the gateway asked for send when the session says so', async () => {
    const office = await new Office().opened();
    office.first.session.say({ kind: 'child-added', child: childOf(3, 4), replaces: 1, sendNow: false });
    office.first.session.say({ kind: 'child-send', spiIn: 3 });
    office.first.hear();
    assert.deepEqual(office.spisOf(OUT), [4]);
  });

  test('that have carried what they should are rekeyed', async () => {
    const office = await new Office().opened(undefined, { softPackets: 2, hardPackets: 3 });
    office.spisOf(OUT);
    assert.ok(!office.first.session.commands.some(({ kind }) => kind === 'rekey-child'));
    office.spisOf(OUT);
    assert.deepEqual(office.first.session.commands.at(-1), { kind: 'rekey-child', spiIn: 1 });
    assert.deepEqual(office.spisOf(OUT, OUT), [2]);
    assert.deepEqual(office.first.session.commands.at(-1), { kind: 'child-spent', spiIn: 1 });
    assert.equal(office.tunnel.counters()['out-lifetime'], 1);
  });

  test('besides the first have routes and policies of their own', async () => {
    const office = await new Office().opened();
    const web = packet({ source: '10.9.0.2', destination: '172.16.5.5' });
    assert.deepEqual(office.spisOf(web), []);
    const further = childOf(5, 6, ['172.16.0.0/16', '10.1.2.3/32']);
    office.first.session.say({ kind: 'child-added', child: further, sendNow: true });
    office.first.hear();
    assert.deepEqual(office.spisOf(web, OUT), [6, 6]);
    assert.deepEqual(office.routes, ['10.0.0.0/8', '172.16.0.0/16', '10.1.2.3/32']);
    office.first.session.say({ kind: 'child-closed', spiIn: 5, lingerMs: 0 });
    office.first.hear();
    assert.deepEqual(office.spisOf(web, OUT), [2], 'what only it protected goes nowhere');
    assert.equal(office.routes.length, 3, 'least of all beside the tunnel');
  });

  test('that come before the tunnel stands are there when it does', async () => {
    const office = new Office();
    const child = childOf(3, 4);
    office.first.session.say({ kind: 'child-added', child, replaces: 1, sendNow: true });
    office.first.session.say({ kind: 'child-closed', spiIn: 1, lingerMs: 5_000 });
    office.first.hear();
    assert.ok(!child.encrIn.wiped);
    await office.opened();
    assert.deepEqual(office.spisOf(OUT), [4]);
  });

  test('that nobody ever carried are forgotten with the session', () => {
    const { first } = new Office();
    const child = childOf(3, 4);
    first.session.say({ kind: 'child-added', child, sendNow: true });
    first.hear();
    first.driver.close();
    assert.ok(child.encrIn.wiped);
  });
});

describe('another session', () => {
  test('that wants the same of the machine takes over between two packets', async () => {
    const office = await new Office().opened();
    const next = office.wire.open();
    const adopting = office.tunnel.adopt(next.driver, establishedWith(childOf(11, 12)));
    assert.deepEqual(office.spisOf(OUT), [12]);
    assert.equal(await adopting, undefined);
    assert.equal(next.session.sentAt.length, 1);
    // The one before is still there, and what it was sent comes in.
    office.arrive(office.first, childOf(1, 2));
    assert.equal(office.written, 1);
    office.wire.advance(10_000);
    office.arrive(office.first, childOf(1, 2));
    assert.equal(office.written, 1);
    assert.equal(office.tunnel.traffic().length, 1);
  });

  test('that wants other things has them before it carries', async () => {
    const office = await new Office().opened();
    const ended = Promise.withResolvers<undefined>();
    office.wire.laptop.routes.applying = ended.promise;
    const next = office.wire.open();
    const established = establishedWith(childOf(11, 12), { addresses: ['10.9.0.7/32'] });
    const adopting = office.tunnel.adopt(next.driver, established);
    assert.deepEqual(office.spisOf(OUT), [2], 'until then the other one does');
    ended.resolve(undefined);
    assert.equal(await adopting, undefined);
    assert.ok(!office.wire.laptop.calls.includes('routes cleared'));
    assert.deepEqual(office.wire.laptop.routes.plans.at(-1)?.addresses.map(formatPrefix), ['10.9.0.7/32']);
    assert.deepEqual(office.spisOf(OUT), [], 'nobody has that address any more');
  });

  test('whose wishes the machine does not grant carries nothing', async () => {
    const office = await new Office().opened();
    office.wire.laptop.routes.applying = failure('platform.address-failed');
    const next = office.wire.open();
    const established = establishedWith(childOf(11, 12), { addresses: ['10.9.0.7/32'] });
    assert.equal((await office.tunnel.adopt(next.driver, established))?.code, 'platform.address-failed');
    assert.deepEqual(office.spisOf(OUT), []);
    assert.ok(established.child.encrIn.wiped);
  });

  test('is passed over when a newer one comes while the machine is made ready', async () => {
    const office = await new Office().opened();
    const [second, third] = [office.wire.open(), office.wire.open()];
    const other = { addresses: ['10.9.0.2/32', 'fd09::2/128'] };
    const both = [
      office.tunnel.adopt(second.driver, establishedWith(childOf(11, 12), other)),
      office.tunnel.adopt(third.driver, establishedWith(childOf(21, 22), other)),
    ];
    assert.deepEqual(await Promise.all(both), [undefined, undefined]);
    assert.deepEqual(office.spisOf(OUT), [22]);
  });

  test('changes nothing about what the ones before it led into the tunnel', async () => {
    const office = await new Office().opened();
    const further = childOf(5, 6, ['172.16.0.0/16']);
    office.first.session.say({ kind: 'child-added', child: further, sendNow: true });
    office.first.hear();
    const routes = office.routes;
    assert.deepEqual(routes, ['10.0.0.0/8', '172.16.0.0/16']);
    await office.adopted(establishedWith(childOf(11, 12)));
    assert.deepEqual(office.routes, routes, 'its own further SAs have still to come');
    office.tunnel.suspend();
    await office.adopted(establishedWith(childOf(21, 22, ['10.1.0.0/16']), { addresses: ['10.9.0.7/32'] }));
    assert.deepEqual(office.routes, [...routes, '10.1.0.0/16']);
  });

  test('has the machine as it wants it, whatever happens to the one before in the meantime', async () => {
    const office = await new Office().opened();
    const made = Promise.withResolvers<undefined>();
    office.wire.laptop.routes.applying = made.promise;
    const next = office.wire.open();
    const established = establishedWith(childOf(11, 12), { addresses: ['10.9.0.7/32'] });
    const adopting = office.tunnel.adopt(next.driver, established);
    office.wire.network.change('eth0', CABLE);
    office.first.take(office.first.path(0), true);
    made.resolve(undefined);
    assert.equal(await adopting, undefined);
    await settled();
    assert.deepEqual(office.wire.laptop.routes.plans.at(-1)?.addresses.map(formatPrefix), ['10.9.0.7/32']);
  });

  test('leaves the one before without a say', async () => {
    const office = await new Office().opened();
    await office.adopted(establishedWith(childOf(11, 12)));
    const child = childOf(3, 4);
    office.first.session.say({ kind: 'child-added', child, replaces: 1, sendNow: true });
    office.first.hear();
    assert.ok(child.encrIn.wiped);
    assert.deepEqual(office.spisOf(OUT), [12]);
    office.wire.network.change('eth0', CABLE);
    office.first.take(office.first.path(0), true);
    office.spisOf(OUT);
    assert.equal(office.wire.laptop.sent.at(-1)?.socket.device, 'wlan0');
  });
});

describe('a tunnel without a session', () => {
  test('drops what the machine sends, forgets the keys, and keeps its routes', async () => {
    const office = await new Office().opened();
    office.tunnel.suspend();
    office.first.driver.close();
    assert.deepEqual(office.spisOf(OUT, OUT), []);
    assert.equal(office.tunnel.counters()['out-no-session'], 2);
    assert.deepEqual(office.tunnel.traffic(), []);
    assert.ok(!office.wire.laptop.calls.includes('routes cleared'));
    const next = await office.adopted(establishedWith(childOf(11, 12)));
    assert.deepEqual(office.spisOf(OUT), [12]);
    office.arrive(next, childOf(11, 12));
    assert.equal(office.written, 1);
  });

  test('does not take the session that was to come when it was given up meanwhile', async () => {
    const office = await new Office().opened();
    office.tunnel.suspend();
    const next = office.wire.open();
    const adopting = office.tunnel.adopt(next.driver, establishedWith(childOf(11, 12)));
    office.tunnel.suspend();
    assert.equal(await adopting, undefined);
    assert.deepEqual(office.spisOf(OUT), []);
  });
});

describe('a closed tunnel', () => {
  test('leaves nothing behind', async () => {
    const office = await new Office().opened();
    await office.adopted(establishedWith(childOf(11, 12)));
    assert.equal(await office.tunnel.close(), undefined);
    assert.deepEqual(office.tunnel.traffic(), [], 'no key, whether it was still of use or not');
    assert.ok(office.wire.laptop.calls.includes('routes cleared'));
    office.first.driver.close();
    assert.equal(office.wire.laptop.tun.closings, 1);
    const next = office.wire.open();
    const late = establishedWith(childOf(21, 22));
    assert.equal(await office.tunnel.adopt(next.driver, late), undefined);
    assert.ok(late.child.encrIn.wiped);
    assert.deepEqual(office.tunnel.traffic(), []);
  });
});
