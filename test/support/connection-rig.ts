import { parseProfile, type Profile, type ProfileInput } from '../../core/contract/profile.ts';
import {
  connectionEventSchema,
  type ConnectionEvent,
  type StateEvent,
} from '../../core/contract/snapshot.ts';
import type { Millis } from '../../core/lib/ports.ts';
import { utf8 } from '../../core/lib/bytes.ts';
import { ok } from '../../core/lib/result.ts';
import type { IpAddress } from '../../core/net/address.ts';
import { SecretBytes } from '../../core/lib/secret.ts';
import type { DnsManager, Firewall } from '../../core/platform/ports.ts';
import { Connection } from '../../core/vpn/connection.ts';
import type { CredentialQuestion, CredentialSource } from '../../core/vpn/credential-source.ts';
import type { Outcome } from '../../core/vpn/machine/state.ts';
import type { ConnectionPorts } from '../../core/vpn/ports.ts';
import { IdType } from '../../core/wire/constants.ts';
import type { FakeNetworkMonitor } from './fake-network.ts';
import { FakeDns, FakeLaptop } from './fake-ports.ts';
import { FakeOffice } from './fake-office.ts';
import { address, GATEWAY_NAME, type MakeGatewayOptions, PASSWORD, PSK, USER } from './gateway/index.ts';
import { issue } from './pki-factory.ts';

/** What the profile calls the other gateway. */
export const OTHER_NAME = 'vpn2.example.com';

const EPOCH = Date.parse('2026-08-01T00:00:00Z');

export type RigMethod = 'password' | 'psk';

export interface RigOptions {
  readonly method?: RigMethod;
  readonly profile?: { readonly [K in keyof ProfileInput]?: Partial<ProfileInput[K]> };
  readonly gateway?: MakeGatewayOptions;
  /** Where the gateway is; 203.0.113.1 unless told. */
  readonly at?: IpAddress;
  /** What the person gives each time; the right secret of the method unless told, nothing when empty. */
  readonly secret?: string;
  readonly keyLog?: (line: string) => void;
  /** The networks that the machine is on; without them nobody watches. */
  readonly network?: FakeNetworkMonitor;
  /** Another gateway, which the profile names as an alternative: where it is, and what is special about it. */
  readonly alternative?: MakeGatewayOptions & { readonly at: IpAddress };
  /** Sets whom names are asked of; nobody does without it. */
  readonly dns?: DnsManager;
  /** The machine's firewall; there is none without it. */
  readonly firewall?: Firewall;
  /** Names are looked up through the tunnel. */
  readonly names?: true;
  /** Sees every event besides the rig. */
  readonly onEvent?: (event: ConnectionEvent) => void;
}

/** A person who always gives the same answer, and remembers the questions. */
export class FakeCredentials implements CredentialSource {
  readonly questions: CredentialQuestion[] = [];
  /** Every copy that was given. */
  readonly given: SecretBytes[] = [];
  /** Nothing is given when it is empty. */
  answer: string;

  constructor(answer: string) {
    this.answer = answer;
  }

  get(question: CredentialQuestion): Promise<SecretBytes | undefined> {
    this.questions.push(question);
    if (this.answer === '') return Promise.resolve(undefined);
    const copy = SecretBytes.ofText(this.answer);
    this.given.push(copy);
    return Promise.resolve(copy);
  }

  /** Whether no copy is left. */
  get forgotten(): boolean {
    return this.given.every(({ wiped }) => wiped);
  }
}

/** A whole connection in one process: core/vpn over a fake laptop, joined to a fake office. */
export class Rig {
  readonly laptop: FakeLaptop;
  readonly office: FakeOffice;
  readonly alternative: FakeOffice | undefined;
  readonly events: ConnectionEvent[] = [];
  readonly credentials: FakeCredentials;
  readonly connection: Connection;
  /** How the connection ended, once it did. */
  outcome: Outcome | undefined;

  constructor(options: RigOptions = {}) {
    const { method = 'password' } = options;
    this.laptop = new FakeLaptop({
      epoch: EPOCH,
      addresses: [address('192.0.2.7'), address('2001:db8::7')],
      ...(options.network ? { network: options.network } : {}),
    });
    if (options.names) this.laptop.dns = new FakeDns(this.laptop);
    this.office = new FakeOffice(this.laptop, {
      encap: false,
      ...(method === 'psk' ? { credentials: { kind: 'psk' } } : {}),
      ...options.gateway,
      ...(options.at ? { at: options.at } : {}),
    });
    this.laptop.names = ok([this.office.address]);
    this.alternative = this.#otherOffice(options);
    this.credentials = new FakeCredentials(options.secret ?? (method === 'psk' ? PSK : PASSWORD));
    this.connection = new Connection({
      profile: profileFor(this.office, method, options),
      credentials: this.credentials,
      ports: {
        ...this.laptop.ports,
        ...dnsOf(options),
        ...(options.firewall ? { firewall: options.firewall } : {}),
      },
      systemAnchors: () => [],
      onEvent: (event) => {
        // Whatever happens, a watcher can rely on the form of what it is told.
        this.events.push(connectionEventSchema.parse(event));
        options.onEvent?.(event);
      },
      ...(options.keyLog ? { keyLog: options.keyLog } : {}),
    });
    void this.connection.done.then((outcome) => (this.outcome = outcome));
  }

  /** It has a certificate of the same authority, in its own name. */
  #otherOffice({ alternative }: RigOptions): FakeOffice | undefined {
    if (!alternative) return undefined;
    const { ca } = this.office.made;
    const certificate = issue(ca, {
      subject: `CN=${OTHER_NAME}`,
      san: [{ dns: OTHER_NAME }],
      key: 'p256',
    });
    this.laptop.hosts.set(OTHER_NAME, [alternative.at]);
    return new FakeOffice(this.laptop, {
      encap: false,
      identity: { idType: IdType.FQDN, data: utf8(OTHER_NAME) },
      credentials: { kind: 'certificate', chain: [certificate.der], privateKey: certificate.key },
      anchors: [ca.der],
      seed: 'other',
      ...alternative,
    });
  }

  start(): this {
    this.connection.start();
    return this;
  }

  /** Starts it, and lets everything happen that does not take time. */
  async connected(): Promise<this> {
    await this.start().settle();
    if (!this.event('connected')) throw new Error(`not connected: ${JSON.stringify(this.events)}`);
    return this;
  }

  /** Delivers datagrams and lets promises go on until nothing moves. */
  async settle(): Promise<this> {
    for (let quietTurns = 0; quietTurns < 2; quietTurns++) {
      if (this.office.deliver()) quietTurns = 0;
      if (this.alternative?.deliver()) quietTurns = 0;
      await turnOfTheLoop();
    }
    return this;
  }

  /** Moves the clock; timers, datagrams and promises take their turns on the way. */
  async advance(ms: Millis): Promise<this> {
    const { clock } = this.laptop;
    const end = clock.now() + ms;
    await this.settle();
    while (clock.step(end)) await this.settle();
    return this.settle();
  }

  event<E extends ConnectionEvent['event']>(name: E): Extract<ConnectionEvent, { event: E }> | undefined {
    return this.events.find((event): event is Extract<ConnectionEvent, { event: E }> => event.event === name);
  }

  /** The events by name, phases by theirs, and without the states, which are a story of their own. */
  get story(): string[] {
    return this.events.flatMap((event) => {
      if (event.event === 'state') return [];
      return event.event === 'phase' ? event.phase : event.event;
    });
  }

  /** The states by name, each once in a row. */
  get states(): string[] {
    const names = this.events.flatMap((event) => (event.event === 'state' ? event.state : []));
    return names.filter((name, i) => name !== names[i - 1]);
  }

  /** The state that was told last. */
  get state(): StateEvent | undefined {
    return this.events.findLast((event) => event.event === 'state');
  }

  /** The code of the failure that was told. */
  get failureCode(): string | undefined {
    return this.event('failed')?.failure.code;
  }
}

function dnsOf({ dns }: RigOptions): Pick<ConnectionPorts, 'dns'> {
  return dns ? { dns: () => dns } : {};
}

/** Promises that can go on have done so; nothing waits for time to pass. */
function turnOfTheLoop(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function profileFor(
  { made }: FakeOffice,
  method: RigMethod,
  { profile: changes = {}, alternative }: RigOptions,
): Profile {
  const gateway = {
    address: GATEWAY_NAME,
    ...(alternative ? { alternatives: [{ address: OTHER_NAME }] } : {}),
    ...(method === 'psk' ? {} : { authorities: made.ca.pem }),
    ...changes.gateway,
  };
  const user =
    method === 'psk' ? { method: 'psk', identity: USER } : { method: 'eap-mschapv2', username: USER };
  const parsed = parseProfile({ version: 1, name: 'Office', user, ...changes, gateway });
  if (!parsed.ok) throw new Error(parsed.error.join('\n'));
  return parsed.value;
}
