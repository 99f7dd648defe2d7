import type { Outcome } from '../../../core/contract/automatic.ts';
import { Automatic, type ConnectionHandle } from '../../../core/daemon/automatic.ts';
import type { Chosen } from '../../../core/daemon/automatic-store.ts';
import type { StoredProfile } from '../../../core/daemon/profile-store.ts';
import { parseProfile } from '../../../core/contract/profile.ts';
import { failure, type Failure, type FailureCode } from '../../../core/lib/failure.ts';
import { silent, type Millis } from '../../../core/lib/ports.ts';
import { err, ok, type Result } from '../../../core/lib/result.ts';
import { parseAddress, type IpAddress } from '../../../core/net/address.ts';
import { NO_NETWORK, type NetworkState } from '../../../core/net/network-state.ts';
import type { SleepEvent } from '../../../core/platform/ports.ts';

export const EPOCH = 1_700_000_000_000;
export const PIN = '47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=';

/** A network with one link and a router. */
export function networkAt(index: number): NetworkState {
  const address = ip(`192.0.${index}.2`);
  const routes = [
    { destination: { address: ip(`192.0.${index}.0`), length: 24 }, metric: 0 },
    { destination: { address: ip('0.0.0.0'), length: 0 }, metric: 100, gateway: ip(`192.0.${index}.1`) },
  ];
  const addresses = [{ address, prefixLength: 24, stage: 'preferred' as const, temporary: false }];
  return { links: [{ index, name: `eth${index}`, mtu: 1500, addresses, routes }], refusals: [] };
}

function ip(text: string): IpAddress {
  const address = parseAddress(text);
  if (!address) throw new RangeError(text);
  return address;
}

/** What connects by itself, on a machine whose networks, beacons and time are the test's. */
export class AutomaticRig implements ConnectionHandle {
  readonly automatic: Automatic;
  now: Millis = 1000;
  network: NetworkState = NO_NETWORK;
  /** What the beacons answer; undefined: nothing yet. */
  outcome: Outcome | undefined = 'silent';
  isClosed = false;
  profile: Record<string, unknown> = { connect: 'untrusted', beacons: [{ host: '10.0.0.9', pins: [PIN] }] };
  saved: Chosen | undefined;
  connection: Chosen | undefined;
  /** Why a connection cannot begin. */
  refusal: FailureCode | undefined;
  readonly acts: string[] = [];
  rounds = 0;
  opened = 0;
  changes = 0;
  #onNetwork: ((state: NetworkState) => void) | undefined;
  #onSleep: ((event: SleepEvent) => void) | undefined;
  #timer: { readonly at: Millis; readonly callback: () => void } | undefined;

  constructor() {
    this.automatic = new Automatic({
      store: {
        read: () => this.saved,
        write: (chosen) => {
          this.saved = chosen;
          return ok(null);
        },
      },
      profiles: { read: (_uid, id) => this.#read(id) },
      monitors: () => {
        this.opened += 1;
        const close = (): void => void (this.opened -= 1);
        return {
          network: {
            current: () => this.network,
            changes: (callback) => {
              this.#onNetwork = callback;
              return () => (this.#onNetwork = undefined);
            },
            close,
          },
          sleep: {
            changes: (callback) => {
              this.#onSleep = callback;
              return () => (this.#onSleep = undefined);
            },
            look: () => undefined,
            close: () => undefined,
          },
        };
      },
      ask: async (beacons) => {
        this.rounds += 1;
        const { outcome } = this;
        if (!outcome) return new Promise(() => undefined);
        const link = this.network.links[0]?.name;
        return Promise.resolve(
          beacons.map(({ host, port }) => ({
            beacon: `${host}:${port}`,
            outcome,
            ...(link ? { link } : {}),
          })),
        );
      },
      isClosed: () => this.isClosed,
      now: () => this.now,
      epoch: () => EPOCH + this.now,
      after: (ms, callback) => {
        const timer = { at: this.now + ms, callback };
        this.#timer = timer;
        return () => {
          if (this.#timer === timer) this.#timer = undefined;
        };
      },
      log: silent,
    });
  }

  #read(id: string): Result<StoredProfile, Failure> {
    const profile = parseProfile({
      version: 1,
      name: 'Office',
      gateway: { address: 'vpn.example.com' },
      user: { method: 'eap-mschapv2', username: 'alice' },
      automatic: this.profile,
    });
    if (id === 'system.gone' || !profile.ok) return err(failure('config.profile-unknown', { profile: id }));
    return ok({ id, contents: {}, profile: profile.value });
  }

  /** Time passes, with everything that happens in it. */
  async pass(ms: Millis): Promise<void> {
    const end = this.now + ms;
    for (;;) {
      await settled();
      const timer = this.#timer;
      if (!timer || timer.at > end) break;
      this.now = Math.max(this.now, timer.at);
      this.#timer = undefined;
      timer.callback();
    }
    this.now = end;
  }

  /** The machine comes to a network, which stays until its beacons were asked. */
  async goTo(network: NetworkState, outcome: Outcome): Promise<void> {
    this.network = network;
    this.outcome = outcome;
    this.#onNetwork?.(network);
    await this.pass(1_000);
  }

  async wake(): Promise<void> {
    this.#onSleep?.({ kind: 'woke', asleepMs: 60_000 });
    await this.pass(1_000);
  }

  /** As the service does when a connection is over by itself. */
  async fail(code: FailureCode, wasConnected = false): Promise<void> {
    const was = this.connection ?? { uid: 0, profile: '' };
    this.connection = undefined;
    this.automatic.ended(was, wasConnected, code);
    await settled();
  }

  up(uid: number, profile: string): Result<null, Failure> {
    if (this.refusal) return err(failure(this.refusal));
    this.acts.push('up');
    this.connection = { uid, profile };
    return ok(null);
  }

  async down(): Promise<void> {
    this.acts.push('down');
    const was = this.connection;
    await Promise.resolve();
    this.connection = undefined;
    if (was) this.automatic.ended(was, true, undefined);
  }

  running(): Chosen | undefined {
    return this.connection;
  }

  onChange(): void {
    this.changes += 1;
  }
}

/** Everything that was promised has come. */
async function settled(): Promise<void> {
  for (let i = 0; i < 10; i++) await Promise.resolve();
}
