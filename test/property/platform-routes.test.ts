import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { addressOf } from '../../core/net/address.ts';
import { maskedPrefix, type Prefix } from '../../core/net/prefix.ts';
import { LinuxRouteManager } from '../../core/platform/linux/route-manager.ts';
import type { NetworkPlan } from '../../core/platform/ports.ts';
import { FakeMachine, Killed, rpFilter } from '../support/fake-os.ts';

const DEVICE = 'causeway0';

/** Few addresses and lengths, so that plans share parts with each other. */
const prefix: fc.Arbitrary<Prefix> = fc
  .tuple(fc.constantFrom<4 | 16>(4, 16), fc.integer({ min: 1, max: 3 }), fc.constantFrom(0, 8, 24, 32))
  .map(([octets, value, length]) => maskedPrefix(addressOf(new Uint8Array(octets).fill(value)), length));

const host: fc.Arbitrary<Prefix> = prefix.map(({ address }) => ({
  address: addressOf(address.octets.map(() => 9)),
  length: address.octets.length * 8,
}));

const plain: fc.Arbitrary<NetworkPlan> = fc.record({
  tun: fc.record({ name: fc.constant(DEVICE), mtu: fc.constantFrom(1280, 1400) }),
  addresses: fc.array(
    fc.oneof(
      host,
      prefix.map(({ address }) => ({ address, length: 24 })),
    ),
    { maxLength: 4 },
  ),
  routes: fc.array(prefix, { maxLength: 6 }),
  past: fc.array(prefix, { maxLength: 3 }),
  bypassMark: fc.constant(0xca75),
});

/** Plans with what a policy adds to some of them. */
const plan: fc.Arbitrary<NetworkPlan> = fc
  .tuple(
    plain,
    fc.option(fc.constant(0xca76)),
    fc.option(
      fc.array(
        prefix.filter(({ length }) => length > 0),
        { maxLength: 3 },
      ),
    ),
  )
  .map(([base, tunnelMark, localFirst]) => ({
    ...base,
    ...(tunnelMark === null ? {} : { tunnelMark }),
    ...(localFirst === null ? {} : { localFirst }),
  }));

const strict = fc.boolean().map((on) => rpFilter({ eth0: on ? 1 : 0 }));

function machine(parameters: Record<string, string>): FakeMachine {
  const fake = new FakeMachine(parameters);
  fake.addDevice(DEVICE);
  return fake;
}

function without(fake: FakeMachine, ...parts: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fake.state()).filter(([name]) => !parts.includes(name)));
}

test('whatever plans came before, the last one alone decides what is on the machine', async () => {
  await fc.assert(
    fc.asyncProperty(strict, fc.array(plan, { minLength: 1, maxLength: 4 }), async (parameters, plans) => {
      const fake = machine(parameters);
      const manager = new LinuxRouteManager(fake.process());
      for (const each of plans) assert.deepEqual(await manager.apply(each), { ok: true, value: undefined });
      const scratch = machine(parameters);
      await new LinuxRouteManager(scratch.process()).apply(plans.at(-1)!);
      assert.deepEqual(without(fake, 'journal'), without(scratch, 'journal'));
    }),
  );
});

test('whatever plans came before, clearing leaves no trace', async () => {
  await fc.assert(
    fc.asyncProperty(strict, fc.array(plan, { maxLength: 4 }), async (parameters, plans) => {
      const fake = machine(parameters);
      const before = without(fake, 'links');
      const manager = new LinuxRouteManager(fake.process());
      for (const each of plans) await manager.apply(each);
      assert.equal((await manager.clear()).ok, true);
      assert.deepEqual(without(fake, 'links'), before);
    }),
  );
});

test('wherever a process is killed, the next one finds out and leaves no trace', async () => {
  const places = fc.nat({ max: 40 });
  await fc.assert(
    fc.asyncProperty(strict, fc.array(plan, { maxLength: 3 }), places, fc.boolean(), async (...drawn) => {
      const [parameters, plans, place, deviceDies] = drawn;
      const fake = machine(parameters);
      const before = without(fake, 'links');
      const os = fake.process();
      const manager = new LinuxRouteManager(os);
      fake.killAfter(place);
      try {
        for (const each of plans) await manager.apply(each);
      } catch (error) {
        assert.ok(error instanceof Killed);
      }
      fake.killAfter(Number.POSITIVE_INFINITY);
      fake.end(os.self.pid);
      if (deviceDies) fake.removeDevice(DEVICE);
      assert.equal((await new LinuxRouteManager(fake.process()).repairStale()).ok, true);
      assert.deepEqual(without(fake, 'links'), before);
    }),
  );
});
