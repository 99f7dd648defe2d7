import { utf8 } from '../../core/lib/bytes.ts';
import { SecretBytes } from '../../core/lib/secret.ts';
import { silent } from '../../core/lib/ports.ts';
import type { Result } from '../../core/lib/result.ts';
import { IKE_DEFAULTS, type IkeConfig, type UserAuth } from '../../core/ike/config.ts';
import { gatewayByCertificate, userByCertificate } from '../../core/ike/credentials.ts';
import type { IkeEvent, OutboundDatagram } from '../../core/ike/events.ts';
import { parseIdentity, type Identity } from '../../core/ike/identity.ts';
import { IkeSession } from '../../core/ike/session.ts';
import { selectorOfPrefix } from '../../core/net/selector.ts';
import type { Endpoint } from '../../core/net/address.ts';
import { decodeMessage } from '../../core/wire/decode.ts';
import { type Message } from '../../core/wire/message.ts';
import { issue } from './pki-factory.ts';
import {
  address,
  GATEWAY_ADDRESS,
  GATEWAY_NAME,
  type GatewayDatagram,
  type GatewayEvent,
  type GatewayOutput,
  type MadeGateway,
  makeGateway,
  type MakeGatewayOptions,
  PASSWORD,
  prefix,
  PSK,
  seededRandom,
  USER,
} from './gateway/index.ts';

export type LoginMethod = 'eap' | 'certificate' | 'psk';

export interface PairOptions {
  readonly gateway?: MakeGatewayOptions;
  /** A gateway that there is already, in place of a new one with those options. */
  readonly made?: MadeGateway;
  readonly method?: LoginMethod;
  readonly client?: Partial<IkeConfig>;
  readonly password?: string;
  /** When the client gives its password: as soon as it is asked for, or when the test says givePassword(). */
  readonly asked?: 'at-once' | 'later';
  readonly seed?: string;
  /** Where the gateway sees the client; differs from what the client knows of itself behind a NAT. */
  readonly seenAs?: Endpoint;
}

const CLIENT: Endpoint = { address: address('192.0.2.7'), port: 500 };
const EPOCH = Date.parse('2026-08-01T00:00:00Z');

export function identity(text: string): Identity {
  const parsed = parseIdentity(text);
  if (!parsed) throw new Error(`not an identity: ${text}`);
  return parsed;
}

/** A client's configuration that fits `makeGateway`'s defaults. */
export function clientConfig(
  made: MadeGateway,
  method: LoginMethod,
  overrides: Partial<IkeConfig> = {},
): IkeConfig {
  const remoteId = identity(GATEWAY_NAME);
  return {
    ...IKE_DEFAULTS,
    localId: method === 'certificate' ? identity(`CN=${USER}`) : identity(USER),
    remoteId,
    gatewayAuth: method === 'psk' ? pskAuth() : value(gatewayByCertificate(remoteId, [made.ca.der])),
    userAuth: userAuth(made, method),
    addressFamilies: [4, 6],
    remoteSelectors: [selectorOfPrefix(prefix('0.0.0.0/0')), selectorOfPrefix(prefix('::/0'))],
    gateway: { address: GATEWAY_ADDRESS, port: 500 },
    ...overrides,
  };
}

function pskAuth(): { readonly kind: 'psk'; readonly secret: SecretBytes } {
  return { kind: 'psk', secret: new SecretBytes(utf8(PSK)) };
}

function userAuth(made: MadeGateway, method: LoginMethod): UserAuth {
  if (method === 'psk') return pskAuth();
  if (method === 'eap') return { kind: 'eap', identity: USER, username: USER };
  const certificate = issue(made.ca, { subject: `CN=${USER}`, key: 'p256' });
  return value(userByCertificate({ certificates: certificate.pem, privateKey: certificate.keyPem }, EPOCH))
    .auth;
}

function value<T>(result: Result<T, unknown>): T {
  if (!result.ok) throw new Error(`unexpected: ${JSON.stringify(result.error)}`);
  return result.value;
}

/**
 * A client session and the test gateway in one process, joined by two queues that the test empties one message at
 * a time, under a clock that only the test moves. Nothing here sleeps, and the same seed gives the same octets.
 */
export class Pair {
  now = 1_000;
  readonly session: IkeSession;
  readonly made: MadeGateway;
  readonly toGateway: OutboundDatagram[] = [];
  readonly toClient: GatewayDatagram[] = [];
  readonly events: IkeEvent[] = [];
  readonly gatewayEvents: GatewayEvent[] = [];
  readonly #seenAs: Endpoint;
  readonly #password: string;
  readonly #answers: boolean;

  constructor(options: PairOptions = {}) {
    const method = options.method ?? 'eap';
    this.made =
      options.made ??
      makeGateway({
        epoch: EPOCH,
        ...(method === 'psk' ? { credentials: { kind: 'psk' } } : {}),
        ...options.gateway,
      });
    this.#seenAs = options.seenAs ?? CLIENT;
    this.#password = options.password ?? PASSWORD;
    this.#answers = options.asked !== 'later';
    this.session = new IkeSession(clientConfig(this.made, method, options.client), {
      random: seededRandom(options.seed ?? 'client'),
      log: silent,
      epochOffsetMs: EPOCH,
    });
  }

  /** Starts the client; its first request then waits in `toGateway`. */
  connect(): this {
    this.session.handleCommand({ kind: 'connect' }, this.now);
    return this.#collect();
  }

  #collect(): this {
    this.toGateway.push(...this.session.takeDatagrams());
    for (const event of this.session.takeEvents()) {
      this.events.push(event);
      if (event.kind === 'need' && this.#answers) this.givePassword();
    }
    return this;
  }

  givePassword(): this {
    return this.command({ kind: 'password', password: new SecretBytes(utf8(this.#password)) });
  }

  /** Delivers the oldest message to the gateway, and puts its answers in the queue. */
  stepToGateway(): this {
    const datagram = this.toGateway.shift();
    if (!datagram) throw new Error('no message waits for the gateway');
    this.giveGateway(datagram);
    return this;
  }

  giveGateway(datagram: OutboundDatagram): this {
    const octets = datagram.transport === 'nat' ? datagram.payload.subarray(4) : datagram.payload;
    const remote = {
      address: this.#seenAs.address,
      port: datagram.transport === 'nat' ? 4500 : this.#seenAs.port,
    };
    this.takeGateway(
      this.made.gateway.handleDatagram(
        { octets, remote, localPort: datagram.transport === 'nat' ? 4500 : 500 },
        this.now,
      ),
    );
    return this;
  }

  /** Puts what a call to the gateway led to into the queues. */
  takeGateway(output: GatewayOutput): this {
    this.toClient.push(...output.datagrams);
    this.gatewayEvents.push(...output.events);
    return this;
  }

  /** Delivers the oldest message to the client. */
  stepToClient(): this {
    const datagram = this.toClient.shift();
    if (!datagram) throw new Error('no message waits for the client');
    return this.giveClient(datagram);
  }

  giveClient(datagram: GatewayDatagram): this {
    const transport = datagram.localPort === 4500 ? 'nat' : 'ike';
    const local = { address: CLIENT.address, port: transport === 'nat' ? 4500 : 500 };
    const remote = { address: GATEWAY_ADDRESS, port: datagram.localPort };
    this.session.handleDatagram({ octets: datagram.octets, transport, local, remote, path: 0 }, this.now);
    return this.#collect();
  }

  /** Octets straight to the client, as if the gateway had sent them. */
  inject(octets: Uint8Array, port: 500 | 4500 = 4500): this {
    return this.giveClient({ octets, remote: CLIENT, localPort: port });
  }

  /** Delivers everything, both ways, until nobody has anything to say. */
  settle(limit = 100): this {
    for (let i = 0; i < limit; i++) {
      if (this.toGateway.length > 0) this.stepToGateway();
      else if (this.toClient.length > 0) this.stepToClient();
      else return this;
    }
    throw new Error('the two never come to rest');
  }

  /** Moves the clock, letting both sides do on the way what their timers ask for. */
  advance(ms: number): this {
    const end = this.now + ms;
    for (let i = 0; i < 10_000; i++) {
      const client = this.session.nextTimeout()?.at ?? Infinity;
      const gateway = this.made.gateway.nextTimeout() ?? Infinity;
      const next = Math.min(client, gateway);
      if (next > end) {
        this.now = end;
        return this;
      }
      this.now = Math.max(this.now, next);
      if (client <= gateway) {
        this.session.handleTimeout(this.now);
        this.#collect();
      } else this.takeGateway(this.made.gateway.handleTimeout(this.now));
    }
    throw new Error('timers that never end');
  }

  command(command: Parameters<IkeSession['handleCommand']>[0]): this {
    this.session.handleCommand(command, this.now);
    return this.#collect();
  }

  /** The client's requests as the gateway opened them, in order. */
  get requests(): Message[] {
    return this.gatewayEvents.flatMap((event) => (event.kind === 'received' ? [event.message] : []));
  }

  event<K extends IkeEvent['kind']>(kind: K): Extract<IkeEvent, { kind: K }> | undefined {
    return this.events.find((event): event is Extract<IkeEvent, { kind: K }> => event.kind === kind);
  }

  /** The code of the failure with which the session closed; undefined while it lives or when it closed well. */
  get failureCode(): string | undefined {
    return this.event('closed')?.failure?.code;
  }
}

/** The clear message in a datagram of the client. Throws when it is none. */
export function clearMessage(datagram: OutboundDatagram): Message {
  const decoded = decodeMessage(datagram.payload, undefined);
  if (decoded.kind !== 'ok') throw new Error(`no clear message: ${decoded.kind}`);
  return decoded.message;
}
