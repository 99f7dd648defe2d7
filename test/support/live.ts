import assert from 'node:assert/strict';
import type { Payload } from '../../core/wire/payload.ts';
import type { GatewayEvent } from './gateway/index.ts';
import { Pair, type PairOptions } from './pair.ts';

/** A pair that is connected; what both sides have said so far is forgotten. */
export class Live extends Pair {
  constructor(options: PairOptions = {}) {
    super(options);
    this.connect().settle();
    assert.ok(this.event('established'));
    this.events.length = 0;
    this.gatewayEvents.length = 0;
  }

  get saId(): number {
    return this.made.gateway.sas[0]!.id;
  }

  /** The gateway asks for something; its request waits in `toClient`. */
  gatewayAsks(exchange: number, payloads: readonly Payload[]): this {
    return this.takeGateway(this.made.gateway.request(this.saId, { exchange, payloads }, this.now));
  }

  /** What the client answered, as the gateway opened it. */
  get answer(): Extract<GatewayEvent, { kind: 'answered' }> | undefined {
    return this.gatewayEvents.find((event) => event.kind === 'answered');
  }
}
