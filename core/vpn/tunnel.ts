import type { Profile } from '../contract/profile.ts';
import { failure, type Failure } from '../lib/failure.ts';
import { addressOf } from '../net/address.ts';
import { err, ok, type Result } from '../lib/result.ts';
import type { EstablishedChild } from '../ike/events.ts';
import type { ChildSaSpec } from '../ipsec/child-sa.ts';
import { EspEngine, type PairTraffic } from '../ipsec/engine.ts';
import { innerMtu } from '../ipsec/mtu.ts';
import { type Prefix, rangeToPrefixes } from '../net/prefix.ts';
import type { NetworkPlan, TunPort } from '../platform/ports.ts';
import { DataPath } from './data-path.ts';
import { espKeyLogLines } from './keylog.ts';
import type { Established } from './machine/state.ts';
import type { ConnectionPorts } from './ports.ts';
import { BYPASS_MARK, type SessionDriver } from './session-driver.ts';

/** The only child so far; the engine's name for it outlives its SAs. */
const CHILD_ID = 1;
/** What we suppose of a path before it is measured: Ethernet. */
const PATH_MTU = 1500;
/** Inner packets stay under this, so that paths a bit narrower than Ethernet (PPPoE, mobile) carry them too. */
const CAUTIOUS_MTU = 1400;
/** IPv6 asks for this of every link (RFC 8200 section 5). */
const MIN_MTU6 = 1280;

export interface TunnelOptions {
  readonly established: Established;
  readonly profile: Profile;
  readonly ports: ConnectionPorts;
  readonly session: SessionDriver;
  readonly onBroken: (failure: Failure) => void;
  readonly keyLog?: (line: string) => void;
}

/** The established tunnel on this machine: device, addresses, routes, and the engine between device and socket. */
export class Tunnel {
  readonly name: string;
  readonly mtu: number;
  readonly #options: TunnelOptions;
  readonly #tun: TunPort;
  readonly #engine: EspEngine;
  readonly #dataPath: DataPath;
  #closing: Promise<Failure | undefined> | undefined;

  private constructor(options: TunnelOptions, tun: TunPort, mtu: number) {
    const { ports, session } = options;
    this.#options = options;
    this.#tun = tun;
    this.name = tun.name;
    this.mtu = mtu;
    this.#engine = new EspEngine({ random: ports.random });
    this.#dataPath = new DataPath({
      engine: this.#engine,
      tun,
      ...session.espPath,
      now: ports.clock.now,
      onReceived: (now) => session.noteTraffic(now),
      onSent: (now) => session.noteSent(now),
      onBroken: (code) => options.onBroken(failure('platform.tun-failed', { name: tun.name, detail: code })),
    });
  }

  static async open(options: TunnelOptions): Promise<Result<Tunnel, Failure>> {
    const mtu = mtuFor(options);
    const tun = options.ports.openTun({ mtu });
    if (!tun.ok) return tun;
    const tunnel = new Tunnel(options, tun.value, mtu);
    const applied = await options.ports.routes.apply(tunnel.#plan());
    if (!applied.ok) {
      await tunnel.close();
      return err(applied.error);
    }
    tunnel.#install(options.established.child);
    return ok(tunnel);
  }

  #plan(): NetworkPlan {
    const { child, config } = this.#options.established;
    return {
      tun: { name: this.name, mtu: this.mtu },
      addresses: config.addresses,
      routes: child.remote.flatMap((selector): Prefix[] =>
        rangeToPrefixes(addressOf(selector.start), addressOf(selector.end)),
      ),
      bypassMark: BYPASS_MARK,
      gateway: this.#options.session.espPath.gateway.address,
    };
  }

  /** Keys go into the engine, and out of everything else. */
  #install(child: EstablishedChild): void {
    const { keyLog, session } = this.#options;
    if (keyLog) espKeyLogLines(child, session.outerFamily).forEach(keyLog);
    this.#engine.install(childSpec(child));
    this.#engine.setPolicies([
      { action: 'protect', childId: CHILD_ID, local: child.local, remote: child.remote },
    ]);
    for (const key of [child.encrIn, child.encrOut, child.integIn, child.integOut]) key.wipe();
    session.onEsp((batch) => this.#dataPath.inbound(batch));
    this.#dataPath.start();
  }

  traffic(): PairTraffic[] {
    return this.#engine.traffic(CHILD_ID);
  }

  counters(): Readonly<Record<string, number>> {
    return { ...this.#engine.counters(), 'out-not-sent': this.#dataPath.notSent };
  }

  /** Undoes everything; the failure is what could not be undone. Safe to call again. */
  close(): Promise<Failure | undefined> {
    this.#closing ??= this.#undo();
    return this.#closing;
  }

  async #undo(): Promise<Failure | undefined> {
    this.#options.session.onEsp(undefined);
    this.#dataPath.stop();
    this.#engine.remove(CHILD_ID);
    const cleared = await this.#options.ports.routes.clear();
    this.#tun.close();
    return cleared.ok ? undefined : cleared.error;
  }
}

function mtuFor({ profile, session, established }: TunnelOptions): number {
  if (profile.tunnel.mtu !== undefined) return profile.tunnel.mtu;
  const fits = innerMtu(PATH_MTU, session.outerFamily, established.child.suite, true) ?? MIN_MTU6;
  return Math.max(MIN_MTU6, Math.min(fits, CAUTIOUS_MTU));
}

function childSpec(child: EstablishedChild): ChildSaSpec {
  const { suite } = child;
  return {
    childId: CHILD_ID,
    spiIn: child.spiIn,
    spiOut: child.spiOut,
    suite,
    keyIn: child.encrIn.reveal(),
    keyOut: child.encrOut.reveal(),
    ...(suite.integ === undefined
      ? {}
      : { integIn: child.integIn.reveal(), integOut: child.integOut.reveal() }),
    local: child.local,
    remote: child.remote,
    udpEncap: child.udpEncap,
  };
}
