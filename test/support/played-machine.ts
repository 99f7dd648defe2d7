import assert from 'node:assert/strict';
import { failure, type FailureCode } from '../../core/lib/failure.ts';
import type { Millis } from '../../core/lib/ports.ts';
import { SecretBytes } from '../../core/lib/secret.ts';
import { addressOf, type IpAddress } from '../../core/net/address.ts';
import type { NatFindings } from '../../core/ike/nat-detection.ts';
import type { Established, SessionEvent } from '../../core/vpn/carrier.ts';
import {
  INITIAL,
  type Effect,
  type Settings,
  type VpnEvent,
  type VpnState,
  type Way,
} from '../../core/vpn/machine/state.ts';
import { step, wakeAt } from '../../core/vpn/machine/step.ts';

export const ONE: IpAddress = addressOf(Uint8Array.of(192, 0, 2, 1));
export const TWO: IpAddress = addressOf(Uint8Array.of(192, 0, 2, 2));
export const SIX: IpAddress = addressOf(
  Uint8Array.of(0x20, 1, 0xd, 0xb8, ...new Array<number>(11).fill(0), 1),
);

export const SETTINGS: Settings = {
  gateways: ['vpn.example.com'],
  reconnect: true,
  goodbyeMs: 3_000,
  longSleepMs: 14_400_000,
};

const NAT: NatFindings = { supported: true, local: false, remote: false };
const INITIATED: SessionEvent = {
  kind: 'initiated',
  suite: '',
  nat: NAT,
  initiatorSpi: new Uint8Array(8),
  responderSpi: new Uint8Array(8),
};

export function establishedBy(mobike: boolean): Established {
  const secret = (): SecretBytes => new SecretBytes(new Uint8Array(4));
  return {
    kind: 'established',
    child: {
      spiIn: 1000,
      spiOut: 2000,
      suite: { encr: 20, keyBits: 256, esn: false, name: 'aes256gcm16' },
      encrIn: secret(),
      encrOut: secret(),
      integIn: secret(),
      integOut: secret(),
      local: [],
      remote: [],
      udpEncap: true,
    },
    config: { addresses: [], dnsServers: [], searchDomains: [], subnets: [] },
    gatewayIdentity: 'vpn.example.com',
    gatewaySignature: 'RSA',
    mobike,
  };
}

type EffectOf<K extends Effect['kind']> = Extract<Effect, { kind: K }>;

/** The pure machine on a clock of its own, whose sessions say what a test has them say. */
export class Played {
  state: VpnState = INITIAL;
  now: Millis = 0;
  /** What the unforeseeable number is. */
  chance = 0;
  readonly effects: Effect[] = [];
  readonly settings: Settings;

  constructor(settings: Partial<Settings> = {}) {
    this.settings = { ...SETTINGS, ...settings };
  }

  /** One event; returns its effects. */
  on(event: VpnEvent): readonly Effect[] {
    const { state, effects } = step(this.state, event, { now: this.now, chance: this.chance });
    this.state = state;
    this.effects.push(...effects);
    return effects;
  }

  start(...addresses: readonly IpAddress[]): this {
    this.on({ kind: 'start', settings: this.settings, online: true });
    this.on({ kind: 'prepared', addresses });
    return this;
  }

  /** On demand: the tunnel stands, and the gateway's addresses are known. */
  armed(...addresses: readonly IpAddress[]): this {
    this.on({ kind: 'start', settings: this.settings, online: true });
    this.on({ kind: 'armed', known: { 0: addresses } });
    return this;
  }

  says(id: number, event: SessionEvent): readonly Effect[] {
    return this.on({ kind: 'session', id, event });
  }

  initiated(id: number): readonly Effect[] {
    return this.says(id, INITIATED);
  }

  closed(id: number, code?: FailureCode): readonly Effect[] {
    return this.says(id, { kind: 'closed', ...(code ? { failure: failure(code) } : {}) });
  }

  established(id: number, mobike = true): readonly Effect[] {
    return this.says(id, establishedBy(mobike));
  }

  path(id: number, confirmed: boolean): readonly Effect[] {
    const end = { address: ONE, port: 4500 };
    return this.says(id, {
      kind: 'path',
      path: { id: 1, local: end, remote: end },
      confirmed,
      nat: NAT,
    });
  }

  way(id: number, way: Way): readonly Effect[] {
    return this.on({ kind: 'way', id, way });
  }

  network(online: boolean): readonly Effect[] {
    return this.on({ kind: 'network', online });
  }

  /** From the answer to IKE_SA_INIT to the tunnel. */
  goesUp(id: number, mobike = true): this {
    this.initiated(id);
    this.established(id, mobike);
    this.on({ kind: 'configured', id });
    assert.equal(this.state.name, 'connected', JSON.stringify(this.state));
    return this;
  }

  /** A connection that stands, with this session. */
  connected(mobike = true): number {
    this.start(ONE);
    const id = this.opened().id;
    this.goesUp(id, mobike);
    return id;
  }

  /** Lets time pass, with everything that the machine wants to do in it. */
  pass(ms: Millis): readonly Effect[] {
    const end = this.now + ms;
    const effects: Effect[] = [];
    for (let turns = 0; ; turns++) {
      assert.ok(turns < 1000, `it is awake all the time in ${this.state.name}`);
      const at = wakeAt(this.state);
      if (at === undefined || at > end) break;
      this.now = Math.max(this.now, at);
      effects.push(...this.on({ kind: 'time' }));
    }
    this.now = end;
    return effects;
  }

  /** Every effect of a kind so far. */
  all<K extends Effect['kind']>(kind: K): EffectOf<K>[] {
    return this.effects.filter((effect): effect is EffectOf<K> => effect.kind === kind);
  }

  /** The session that was opened last. */
  opened(): EffectOf<'open'> {
    const last = this.all('open').at(-1);
    assert.ok(last, 'no session was opened');
    return last;
  }

  /** Ids of sessions that were opened and neither dropped nor cleared away. */
  get open(): number[] {
    if (this.all('clear').length > 0) return [];
    const dropped = new Set(this.all('drop').map(({ id }) => id));
    return this.all('open')
      .map(({ id }) => id)
      .filter((id) => !dropped.has(id));
  }

  get name(): VpnState['name'] {
    return this.state.name;
  }

  /** The code of the failure that ended it; undefined while it goes on, and when it was stopped. */
  get failureCode(): FailureCode | undefined {
    const { state } = this;
    return state.name === 'ended' && state.outcome.kind === 'failed' ? state.outcome.failure.code : undefined;
  }

  /** Why there is no connection. */
  get cause(): FailureCode | undefined {
    return 'outage' in this.state ? this.state.outage.cause.code : undefined;
  }
}
