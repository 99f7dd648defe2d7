/** A machine that sleeps: the client is stopped, and time goes on without it; some clocks stand still, others do not. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, test } from 'node:test';
import type { Causeway } from '../interop/causeway.ts';
import { duringConnection, openRoamingOffice, type RoamingOffice } from '../interop/roaming.ts';
import { ShiftedClocks } from '../support/clocks/shifted-clocks.ts';
import { monotonicMs } from '../support/monotonic.ts';
import { waitFor } from '../support/netns.ts';
import type { RelayProcess } from '../support/relay/spawn.ts';
import { ROAM_OFFICE } from '../support/roam-lab.ts';
import { UdpStream } from '../support/traffic/streams.ts';
import { limit, skip, statesOf, times } from './staying.ts';

const ROUNDS = times(1, 5);
const AWAKE_WITHIN_MS = 3000;
/** What a sleep takes of the test's time, if what happens meanwhile takes no longer. */
const STOPPED_MS = 1200;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** The gateway asks a client that it has not heard of for two seconds, and forgets it after three more. */
const DPD_SECONDS = 2;
const FORGETFUL = { retransmit_tries: 2, retransmit_timeout: '1.0', retransmit_base: '1.0' };

let office: RoamingOffice;
let relay: RelayProcess;
let clocks: ShiftedClocks;

before(async () => {
  if (skip !== false) return;
  clocks = new ShiftedClocks();
  office = await openRoamingOffice('sleep', {
    uplinks: [{ name: 'a' }, { name: 'r', nat: 'relay' }],
    daemon: { settings: FORGETFUL },
  });
  await office.configure({ dpdDelaySeconds: DPD_SECONDS });
  relay = await office.lab.startRelay('r');
  await office.lab.ready('r');
});
after(async () => {
  if (skip !== false) return;
  await office.close();
  clocks.close();
});

/**
 * What the connection is afterwards. A strongSwan with ESP of its own makes new keys for traffic whenever an address
 * changes, so that other keys alone do not make another connection.
 */
type Outcome = 'the same' | 'with other keys' | 'another';

interface Sleep {
  readonly what: string;
  /** How much time passes by the clocks that go on. */
  readonly passesMs: number;
  /**
   * A real sleep stops the program and the monotonic clock. A debugger or Ctrl-Z stops the program alone, and a sleep that
   * is over before the program had anything to do shows in the clocks alone.
   */
  readonly like?: 'stop' | 'clocks';
  readonly meanwhile?: () => unknown;
  /** Once it is awake, which counts from here. */
  readonly afterwards?: () => unknown;
  readonly then: Outcome;
}

function forgotten(): Promise<void> {
  return waitFor(
    async () => (await office.gateway.sas()).length === 0,
    15_000,
    'the gateway to give it up by its own schedule',
  );
}

/** The keys are those of the default profile: an hour for traffic, four hours for the control channel. */
const SLEEPS: readonly Sleep[] = [
  { what: 'its keys for traffic grow old', passesMs: HOUR_MS, then: 'with other keys' },
  {
    what: 'it is carried to another network',
    passesMs: 5 * MINUTE_MS,
    meanwhile: () => office.lab.uplink('a').cut(),
    then: 'the same',
  },
  {
    what: 'the NAT forgets it',
    passesMs: 10 * MINUTE_MS,
    meanwhile: () => relay.rebind({ address: true }),
    then: 'the same',
  },
  { what: 'a night passes', passesMs: 10 * HOUR_MS, then: 'another' },
  {
    what: 'it is carried back',
    passesMs: 20 * MINUTE_MS,
    meanwhile: () => {
      office.lab.uplink('a').restore();
      return office.lab.ready('a');
    },
    then: 'the same',
  },
  { what: 'the gateway gives it up', passesMs: 20 * MINUTE_MS, meanwhile: forgotten, then: 'another' },
  { what: 'its keys for traffic end', passesMs: 2 * HOUR_MS, then: 'another' },
  {
    what: 'nothing happens, and no timer notices',
    passesMs: 15 * MINUTE_MS,
    like: 'clocks',
    then: 'the same',
  },
  { what: 'the program alone is stopped', passesMs: 3500, like: 'stop', then: 'the same' },
  {
    what: 'the network comes back later than the machine, to a gateway that has given it up',
    passesMs: 5 * MINUTE_MS,
    meanwhile: async () => {
      for (const name of ['r', 'a']) office.lab.uplink(name).cut();
      await forgotten();
    },
    afterwards: async () => {
      await sleep(1500);
      for (const name of ['a', 'r']) office.lab.uplink(name).restore();
    },
    then: 'another',
  },
];

async function identity(): Promise<{ readonly sa: string; readonly keys: string | undefined }> {
  const { uniqueId, children } = await office.gateway.sa();
  return { sa: uniqueId, keys: children.find(({ state }) => state === 'INSTALLED')?.spiIn };
}

/** Resolves when what the gateway knows is as it should be now. */
async function becomes(outcome: Outcome, than: Awaited<ReturnType<typeof identity>>): Promise<void> {
  await waitFor(
    async () => {
      const now = await identity().catch(() => undefined);
      if (!now?.keys) return false;
      if (outcome === 'another') return now.sa !== than.sa;
      return now.sa === than.sa && (outcome === 'the same' || now.keys !== than.keys);
    },
    5000,
    `a connection that is ${outcome}`,
  );
}

/** Lets it sleep while `meanwhile` happens. Returns when it was awake again. */
async function asleep({ child }: Causeway, one: Sleep): Promise<number> {
  const { passesMs, like, meanwhile, afterwards } = one;
  if (like !== 'clocks') child.kill('SIGSTOP');
  const beganMs = monotonicMs();
  await meanwhile?.();
  if (like !== 'clocks') await sleep(beganMs + (like === 'stop' ? passesMs : STOPPED_MS) - monotonicMs());
  // The clock that stands still in a sleep went on while the program was stopped, and the others with it.
  const stoppedMs = monotonicMs() - beganMs;
  const rest = passesMs - stoppedMs;
  if (like !== 'stop')
    clocks.pass({
      monotonicMs: like === 'clocks' ? 0 : -stoppedMs,
      boottimeMs: rest,
      realtimeMs: rest,
    });
  child.kill('SIGCONT');
  await afterwards?.();
  return monotonicMs();
}

function startStream(): Promise<UdpStream> {
  return UdpStream.start(office.lab.client, { target: ROAM_OFFICE[4], perSecond: 50 });
}

test(
  `traffic passes again soon after each of ${ROUNDS * SLEEPS.length} sleeps of minutes and hours`,
  limit(120_000, 600_000),
  async (t) => {
    await duringConnection(
      office,
      async (client) => {
        for (let round = 0; round < ROUNDS * SLEEPS.length; round++) {
          const one = SLEEPS[round % SLEEPS.length]!;
          const before = await identity();
          // Around every second sleep somebody talks all the time, after the others as soon as it is over.
          const talk = round % 2 === 1 ? await startStream() : undefined;
          await talk?.through(0);
          const wokeMs = await asleep(client, one);
          const stream = talk ?? (await startStream());
          const tookMs = (await stream.through(wokeMs, 20_000).catch(() => Infinity)) - wokeMs;
          t.diagnostic(`${one.what}: ${Math.round(tookMs)} ms`);
          assert.ok(tookMs <= AWAKE_WITHIN_MS, `sleep ${round + 1}, ${one.what}: ${tookMs} ms`);
          await becomes(one.then, before).catch((error: unknown) => {
            throw new Error(`${one.what}: ${String(error)}`, { cause: error });
          });
          await stream.stop(0);
        }
      },
      { wrap: clocks.wrap },
    );
  },
);

test('a wall clock that is set back and forward again changes nothing', limit(60_000, 60_000), async () => {
  await duringConnection(
    office,
    async (client) => {
      const stream = await startStream();
      await stream.through(0);
      const before = await identity();
      const told = statesOf(client).length;
      for (const hours of [-5, 5]) {
        clocks.pass({ realtimeMs: hours * HOUR_MS });
        await sleep(1500);
      }
      const { lost } = await stream.stop();
      assert.equal(lost, 0);
      assert.deepEqual(await identity(), before);
      assert.deepEqual(statesOf(client).slice(told), []);
    },
    { wrap: clocks.wrap },
  );
});
