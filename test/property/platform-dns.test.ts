import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { silent } from '../../core/lib/ports.ts';
import { LinuxDnsManager } from '../../core/platform/linux/dns/manager.ts';
import type { DnsPlan } from '../../core/platform/ports.ts';
import { FakeDnsMachine, RESOLV_CONF, textFile, type DnsKind } from '../support/fake-dns.ts';
import { Killed } from '../support/fake-os.ts';
import { dnsPlan, FORWARDER } from '../unit/platform/dns/plans.ts';

const kind = fc.constantFrom<DnsKind>(
  'plain',
  'absent',
  'followed',
  'no-bus',
  'resolved',
  'uplinks',
  'in-front',
  'alone',
);
const domains = fc.subarray(['corp.example', 'lab.test', '10.in-addr.arpa']);
/** Few servers and domains, so that plans share parts with each other. */
const plan: fc.Arbitrary<DnsPlan> = fc
  .record({
    servers: fc.subarray(['10.1.0.53', '10.1.0.54', 'fd01::53']),
    match: domains,
    search: domains,
    full: fc.boolean(),
    follows: fc.boolean(),
  })
  .map(dnsPlan);

function manage(machine: FakeDnsMachine): LinuxDnsManager {
  const timers = { now: () => 0, after: () => () => undefined };
  return new LinuxDnsManager({
    os: machine.process(),
    address: FORWARDER,
    forward: machine.forward,
    log: silent,
    timers,
  });
}

test('whatever plans came before, the last one alone decides how names are looked up', async () => {
  await fc.assert(
    fc.asyncProperty(kind, fc.array(plan, { minLength: 1, maxLength: 4 }), async (what, plans) => {
      const machine = new FakeDnsMachine(what);
      const manager = manage(machine);
      for (const each of plans) assert.deepEqual(await manager.apply(each), { ok: true, value: undefined });
      const scratch = new FakeDnsMachine(what);
      await manage(scratch).apply(plans.at(-1)!);
      assert.deepEqual(machine.state(), scratch.state());
    }),
  );
});

test('whatever plans came before, clearing leaves no trace', async () => {
  await fc.assert(
    fc.asyncProperty(kind, fc.array(plan, { maxLength: 4 }), async (what, plans) => {
      const machine = new FakeDnsMachine(what);
      const before = machine.state();
      const manager = manage(machine);
      for (const each of plans) await manager.apply(each);
      assert.equal((await manager.clear()).ok, true);
      assert.deepEqual(machine.state(), before);
    }),
  );
});

test('wherever a process is killed, the next one finds out and leaves no trace, also after a reboot', async () => {
  const places = fc.nat({ max: 30 });
  await fc.assert(
    fc.asyncProperty(
      kind,
      fc.array(plan, { maxLength: 3 }),
      places,
      fc.boolean(),
      async (what, plans, place, boots) => {
        const machine = new FakeDnsMachine(what);
        const before = machine.state();
        const manager = manage(machine);
        machine.killAfter(place);
        try {
          for (const each of plans) await manager.apply(each);
        } catch (error) {
          assert.ok(error instanceof Killed);
        }
        machine.killAll();
        if (boots) machine.reboot();
        assert.equal((await manage(machine).repairStale()).ok, true);
        assert.deepEqual(machine.state(), before);
      },
    ),
    { numRuns: 500 },
  );
});

test('whoever wrote last, what they wrote is there in the end, and never what we wrote', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof(plan, fc.nat(9)), { maxLength: 6 }),
      fc.boolean(),
      async (events, dies) => {
        const machine = new FakeDnsMachine('plain');
        const manager = manage(machine);
        let theirs = machine.files.get(RESOLV_CONF);
        for (const event of events) {
          if (typeof event === 'number') {
            theirs = textFile(`nameserver 192.168.9.${event}\n`);
            machine.files.set(RESOLV_CONF, theirs);
          } else await manager.apply(event);
        }
        if (dies) {
          machine.killAll();
          await manage(machine).repairStale();
        } else await manager.clear();
        assert.deepEqual(machine.files.get(RESOLV_CONF), theirs);
      },
    ),
  );
});
