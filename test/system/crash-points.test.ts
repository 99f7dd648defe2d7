/**
 * The service killed in place of each thing that it does to the machine, from the beginning of a connection to its end,
 * and while it repairs: what the next start makes of the machine is what was there before, and meanwhile nothing leaves
 * that must not, as captures of every outer link see it. Whatever the service does by a program, a file or a message bus
 * is found by itself: a step that is new is a point that is new.
 */
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { DaemonApi, Status } from '../../core/contract/daemon-api.ts';
import type { PolicyInput } from '../../core/contract/policy.ts';
import type { ProfileInput } from '../../core/contract/profile.ts';
import type { MachineSettings } from '../../core/contract/settings.ts';
import type { Client } from '../../core/rpc/client.ts';
import { DIRECT, DIRECT_V6, LAN_HOST, LAN_HOST_V6 } from '../interop/lab.ts';
import {
  BY_USER_CERTIFICATE,
  byCertificate,
  certificateProfile,
  openOffice,
  serverCertificate,
  userCertificate,
  type Office,
} from '../interop/office.ts';
import { DaemonProcess, StatusWatch } from '../support/daemon.ts';
import { effectsIn, under } from '../support/effects.ts';
import { type Destination, LeakWatch } from '../support/leaks.ts';
import { pictureOf } from '../support/machine-picture.ts';
import { NetLab } from '../support/netns.ts';

const DESTINATIONS: readonly Destination[] = [
  { name: 'site', address: '198.51.100.80' },
  { name: 'site-by-device', address: '198.51.100.80', device: 'behind' },
  { name: 'passing', address: '198.51.100.82' },
  { name: 'blocked', address: '198.51.100.81' },
  { name: 'router', address: '10.9.0.1' },
  { name: 'gateway', address: DIRECT },
  { name: 'gateway6', address: DIRECT_V6 },
  { name: 'office', address: LAN_HOST },
  { name: 'office6', address: LAN_HOST_V6 },
];

interface Variant {
  readonly title: string;
  readonly settings: MachineSettings;
  readonly tunnel: ProfileInput['tunnel'];
  readonly policy?: Omit<PolicyInput, 'version'>;
  /** Strict, so that answers need marks. */
  readonly filter: 0 | 1;
  /** What may leave while the connection is meant to be up, and when the service was killed meanwhile. */
  readonly mayLeave: readonly string[];
  /** From when on that holds. */
  readonly from: 'asked' | 'closed' | 'connected';
  /** What may leave at other times; everything without it. */
  readonly mayLeaveIdle?: readonly string[];
}

const VARIANTS: readonly Variant[] = [
  {
    title: 'a split tunnel with a policy, kill switch off',
    settings: { killSwitch: 'off', lan: true },
    tunnel: { addresses: ['ipv4'], remote: ['10.50.0.0/24'] },
    policy: { rules: [{ action: 'block', to: ['198.51.100.81'] }], otherwise: 'gateway' },
    filter: 0,
    mayLeave: ['site', 'site-by-device', 'passing', 'router', 'gateway', 'gateway6', 'office6'],
    from: 'connected',
  },
  {
    title: 'a full tunnel of IPv4 with strict filters, kill switch for the session',
    settings: { killSwitch: 'session', lan: false },
    tunnel: { addresses: ['ipv4'] },
    filter: 1,
    mayLeave: [],
    from: 'closed',
  },
  {
    title: 'a full tunnel of both families with a policy, kill switch always',
    settings: { killSwitch: 'always', lan: false },
    tunnel: {},
    policy: {
      rules: [
        { action: 'block', to: ['198.51.100.81'] },
        { action: 'bypass', to: ['198.51.100.82'] },
      ],
    },
    filter: 0,
    mayLeave: ['passing'],
    from: 'asked',
    mayLeaveIdle: [],
  },
];

/** A machine with its service and its gateway, and everything that is watched about it. */
class Lane {
  readonly office: Office;
  readonly daemon: DaemonProcess;
  readonly leaks: LeakWatch;
  /** Each phase that something was sent in, with what may leave in it; everything where that is not said. */
  readonly #phases = new Map<string, readonly string[] | undefined>();
  /** The last effect of the service before this one. */
  was = '';
  #client: Client<DaemonApi> | undefined;
  #untouched: Record<string, string> = {};
  /** The captures hold what was sent in all of them. */
  #furnished = 0;

  private constructor(office: Office, daemon: DaemonProcess, leaks: LeakWatch) {
    this.office = office;
    this.daemon = daemon;
    this.leaks = leaks;
  }

  static async open(label: string): Promise<Lane> {
    const office = await openOffice(label);
    await office.gateway.configure({
      gateway: byCertificate(serverCertificate('p256')),
      client: BY_USER_CERTIFICATE(),
      ike: ['aes256gcm16-prfsha384-ecp384'],
      esp: ['aes256gcm16'],
      dns: ['10.50.0.53'],
    });
    const { lab, client } = office.net;
    // Without the tunnel there is a way to the office, in clear.
    lab.route(client, 'fd50::/64', 'via', DIRECT_V6);
    const leaks = await LeakWatch.start(lab, client, ['direct', 'behind'], DESTINATIONS);
    return new Lane(office, await DaemonProcess.start(client), leaks);
  }

  async close(): Promise<void> {
    this.#client?.close();
    await this.leaks.close();
    await this.daemon.end();
    await this.daemon.destroy();
    await this.office.close();
  }

  /** Makes the machine and the service as the variant wants them, and ends the service. The id of its profile. */
  async furnish({ settings, tunnel, policy, filter }: Variant): Promise<string> {
    this.#furnished += 1;
    this.office.net.client.sysctl('net.ipv4.conf.all.rp_filter', filter);
    if (this.daemon.isGone) await this.daemon.start();
    const client = await this.#attach();
    assert.ok((await client.call('settings.write', settings)).ok);
    const contents = certificateProfile(userCertificate('p256'), { tunnel });
    const written = await client.call('profile.write', { contents });
    assert.ok(written.ok);
    const profile = written.value.id;
    if (policy) {
      const done = await client.call('policy.write', { profile, policy: { version: 1, ...policy } });
      assert.ok(done.ok);
    }
    this.#untouched = this.picture();
    await this.daemon.end();
    return profile;
  }

  picture(): Record<string, string> {
    return pictureOf(this.office.net.client, join(this.daemon.directory, 'state'));
  }

  assertUntouched(when: string): void {
    assert.deepEqual(this.picture(), this.#untouched, when);
  }

  /** A service that dies behind so many effects from now on, or from `arm` on. */
  async start(point?: number, from: 'now' | 'arm' = 'arm'): Promise<void> {
    const [record, armedBy] = [this.#file('effects'), this.#file('armed')];
    rmSync(armedBy, { force: true });
    this.was = this.effects.at(-1) ?? 'nothing';
    if (point === undefined) return this.daemon.start();
    rmSync(record, { force: true });
    const orders = { record, killAfter: point };
    await this.daemon.start(under(from === 'now' ? orders : { ...orders, armedBy }));
  }

  arm(): void {
    writeFileSync(this.#file('armed'), '');
  }

  /** What the service did, or was about to do when it was killed. */
  get effects(): readonly string[] {
    return effectsIn(this.#file('effects')).map(({ what }) => what);
  }

  /** A connection from its beginning to its end, and the end of the service; false when that was killed on the way. */
  async live(variant: Variant, profile: string, point: number): Promise<boolean> {
    const { from, mayLeave, mayLeaveIdle } = variant;
    const closed = (): Promise<void> => this.phase(`up-${point}`, mayLeave);
    await this.phase(`idle-${point}`, mayLeaveIdle);
    if (from === 'asked') await closed();
    this.arm();
    const client = await this.up(profile, from === 'closed' ? closed : undefined);
    if (!client) return false;
    await closed();
    if (from !== 'asked') await this.phase(`ending-${point}`, mayLeaveIdle);
    const isDown = await client.call('connection.down', {});
    if (!isDown.ok) {
      await this.daemon.gone();
      return false;
    }
    await this.phase(`ended-${point}`, mayLeaveIdle);
    return (await this.daemon.end()) === 0;
  }

  /** Has a connection; undefined when the service was killed before. `onClosed`: from here on it must be. */
  async up(profile: string, onClosed?: () => Promise<void>): Promise<Client<DaemonApi> | undefined> {
    const client = await this.#attach();
    const watch = new StatusWatch(client);
    const until = async (fits: (status: Status) => boolean, what: string): Promise<void> => {
      const seen = watch.until(fits, what);
      // When the service is gone nobody wants to know that nothing came.
      seen.catch(() => undefined);
      await Promise.race([this.daemon.gone(), seen]);
    };
    const begun = await client.call('connection.up', { profile });
    if (!begun.ok) await this.daemon.gone();
    const isClosed = ({ protection, connection }: Status): boolean =>
      protection.blocked || connection?.facts !== undefined;
    if (onClosed) await until(isClosed, 'a closed firewall');
    if (onClosed && !this.daemon.isGone) await onClosed();
    await until(({ connection }) => connection?.facts !== undefined, 'a connection');
    return this.daemon.isGone ? undefined : client;
  }

  /** The service is gone: what holds now goes on until it is started. */
  async mourn({ mayLeaveIdle }: Variant, point: number): Promise<void> {
    await this.leaks.round();
    if (mayLeaveIdle === undefined) await this.phase(`gone-${point}`, undefined);
  }

  async phase(state: string, mayLeave: readonly string[] | undefined): Promise<void> {
    const name = `${state}-of-${this.#furnished}`;
    this.#phases.set(name, mayLeave);
    await this.leaks.phase(name);
  }

  /** Nothing left that must not; and the captures see what may. */
  async assertNothingLeaked(): Promise<void> {
    const seen = await this.leaks.seen();
    const leaked = seen.filter(
      ({ phase, destination }) => this.#phases.get(phase)?.includes(destination) === false,
    );
    assert.deepEqual([...new Set(leaked.map(({ phase, destination }) => `${phase}: ${destination}`))], []);
    const open = [...this.#phases].filter(([, mayLeave]) => mayLeave === undefined || mayLeave.length > 0);
    const silent = open.filter(([phase]) => !seen.some((one) => one.phase === phase));
    assert.ok(open.length === 0 || silent.length < open.length, 'the captures see something');
    this.#phases.clear();
  }

  async #attach(): Promise<Client<DaemonApi>> {
    this.#client?.close();
    this.#client = await this.daemon.client();
    return this.#client;
  }

  #file(name: string): string {
    return join(this.daemon.directory, name);
  }
}

/** How many machines are killed side by side. */
const LANES = 2;
const IS_LONG = process.env['CAUSEWAY_LONG'] === '1';

/** Before and behind these the machine is the same, and what is written of it. */
const NEUTRAL = /^(fsyncSync|mkdirSync|ran) /;
/** So many points of a life are taken in the short form. */
const SHORT = 12;

/** The points where a life is cut off: all of them; in the short form some of those that differ, from first to last. */
function pointsOf(effects: readonly string[]): number[] {
  const all = effects.map((_, at) => at);
  if (IS_LONG) return all;
  const differing = all.filter((at) => !NEUTRAL.test(effects[at] ?? ''));
  const step = Math.max(1, (differing.length - 1) / (SHORT - 1));
  const taken = new Set(Array.from({ length: SHORT }, (_, i) => Math.round(i * step)));
  return differing.filter((_, i) => taken.has(i));
}

/** Behind all that a service ever does. */
const NEVER = 1_000_000;

describe('the service killed in place of', { skip: NetLab.unavailable() }, () => {
  let lanes: readonly Lane[] = [];
  before(async () => {
    lanes = await Promise.all(Array.from({ length: LANES }, (_, index) => Lane.open(`crash${index}`)));
  });
  after(async () => {
    for (const lane of lanes) await lane.close();
  });

  /**
   * One lane lives without being killed; then all of them are killed at one point after the other of what it did. What
   * they did is told.
   */
  async function atEveryPoint(
    variant: Variant,
    tell: (text: string) => void,
    life: (lane: Lane, profile: string, point: number) => Promise<unknown>,
  ): Promise<readonly string[]> {
    const [first] = lanes;
    assert.ok(first);
    await life(first, await first.furnish(variant), NEVER);
    const { effects } = first;
    const points = pointsOf(effects);
    tell(`${points.length} of ${effects.length} points`);
    // None goes on by itself when another one has failed.
    const shares = await Promise.allSettled(
      lanes.map(async (lane) => {
        const profile = await lane.furnish(variant);
        for (let point = points.shift(); point !== undefined; point = points.shift()) {
          await life(lane, profile, point);
        }
        await lane.start();
        lane.assertUntouched('the last start');
        await lane.daemon.end();
        lane.assertUntouched('the end');
        await lane.assertNothingLeaked();
      }),
    );
    for (const share of shares) if (share.status === 'rejected') throw share.reason;
    return effects;
  }

  for (const variant of VARIANTS) {
    test(`each thing that a connection does, it leaves no trace and nothing leaks: ${variant.title}`, async (t) => {
      const tell = t.diagnostic.bind(t);
      const effects = await atEveryPoint(variant, tell, async (lane, profile, point) => {
        await lane.start(point);
        lane.assertUntouched(`started behind ${lane.was}`);
        if (!(await lane.live(variant, profile, point))) await lane.mourn(variant, point);
      });
      for (const kind of [/^netlink/, /^run .*nft/, /^linkSync .*causeway/, /^rmSync .*json/, /\/dns\/net-/])
        assert.ok(
          effects.some((what) => kind.test(what)),
          `${String(kind)} in\n${effects.join('\n')}`,
        );
    });
  }

  test('each thing that repairs what a connection left, the start behind that repairs it', async (t) => {
    const [, variant] = VARIANTS;
    assert.ok(variant);
    const effects = await atEveryPoint(variant, t.diagnostic.bind(t), async (lane, profile, point) => {
      await lane.start();
      assert.ok(await lane.up(profile));
      await lane.daemon.end('SIGKILL');
      const isWhole = await lane.start(point, 'now').then(
        () => true,
        () => false,
      );
      if (!isWhole) await lane.start();
      lane.assertUntouched(`repaired behind ${lane.was}`);
      await lane.daemon.end();
    });
    assert.ok(effects.some((what) => what.startsWith('netlink')));
  });
});
