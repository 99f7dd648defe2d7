import { failedEvent } from '../../../core/contract/failure-text.ts';
import type { ConnectedEvent } from '../../../core/contract/snapshot.ts';
import type { ConnectionPort, ConnectionSetup, Outcome } from '../../../core/composition/connection-port.ts';
import type { Failure } from '../../../core/lib/failure.ts';

export const CONNECTED: ConnectedEvent = {
  event: 'connected',
  atMs: 812,
  gateway: { host: 'vpn.example.com', address: '192.0.2.1', port: 4500, identity: 'vpn.example.com' },
  addresses: ['10.3.0.5'],
  dns: ['10.0.0.53'],
  domains: ['office.example'],
  selectors: { local: ['10.3.0.5/32'], remote: ['10.0.0.0/8'] },
  suite: { ike: 'aes256gcm16-prfsha384-ecp384', esp: 'aes256gcm16' },
  nat: true,
  spis: { in: 'c0ffee00', out: '00000100' },
  mtu: 1400,
  tun: 'causeway0',
  timing: { resolving: 12, init: 40, auth: 700, configuring: 60 },
};

/** A connection that does what its test tells it, in the order that core/vpn's keeps. */
export class FakeConnection implements ConnectionPort {
  readonly setup: ConnectionSetup;
  readonly done: Promise<Outcome>;
  readonly #finish: (outcome: Outcome) => void;
  /** What happens at start(). */
  readonly script: (connection: FakeConnection) => void;
  readonly stops: ('orderly' | 'at-once')[] = [];
  /** Whether the fake gateway answers the deletion; when not, only an end at once is one. */
  gatewayAnswers = true;

  constructor(setup: ConnectionSetup, script: (connection: FakeConnection) => void) {
    this.setup = setup;
    this.script = script;
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    this.done = promise;
    this.#finish = resolve;
  }

  start(): void {
    this.setup.onEvent({ event: 'phase', atMs: 0, phase: 'resolving', gateway: 'vpn.example.com' });
    this.script(this);
  }

  connects(): void {
    const { onEvent } = this.setup;
    onEvent({ event: 'phase', atMs: 12, phase: 'init', gateway: '192.0.2.1:500' });
    onEvent({ event: 'phase', atMs: 52, phase: 'auth', method: 'eap-mschapv2' });
    onEvent({ event: 'phase', atMs: 752, phase: 'configuring' });
    onEvent(CONNECTED);
  }

  counts(bytesIn: number, bytesOut: number): void {
    this.setup.onEvent({
      event: 'counters',
      atMs: 1000,
      bytesIn,
      bytesOut,
      packetsIn: 1,
      packetsOut: 1,
      drops: {},
    });
  }

  fails(failure: Failure, wasConnected: boolean): void {
    this.setup.onEvent(failedEvent(failure, 900));
    this.setup.onEvent({ event: 'disconnected', atMs: 950, reason: 'failure' });
    this.#finish({ kind: 'failed', failure, wasConnected });
  }

  stop(how: 'orderly' | 'at-once'): Promise<void> {
    this.stops.push(how);
    if (this.gatewayAnswers || how === 'at-once') {
      this.setup.onEvent({ event: 'disconnected', atMs: 2000, reason: 'user' });
      this.#finish({ kind: 'stopped' });
    }
    return this.done.then(() => undefined);
  }
}
