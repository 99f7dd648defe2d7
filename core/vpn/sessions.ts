import type { Failure } from '../lib/failure.ts';
import type { IkeCommand } from '../ike/events.ts';
import type { ResumptionTicket } from '../ike/ticket.ts';
import type { IpAddress } from '../net/address.ts';
import type { SessionEvent } from './carrier.ts';
import { configFor, type PreparedConfig } from './ike-config.ts';
import type { Target, Way } from './machine/state.ts';
import type { ConnectionPorts } from './ports.ts';
import { SessionDriver } from './session-driver.ts';

export interface SessionsOptions {
  readonly ports: ConnectionPorts;
  readonly onEvent: (id: number, event: SessionEvent) => void;
  readonly onWay: (id: number, way: Way) => void;
  readonly onBroken: (id: number, failure: Failure) => void;
  readonly keyLog?: (line: string) => void;
}

export interface OpenOptions {
  readonly target: Target;
  /** A ticket may take the place of the login. */
  readonly resume: boolean;
  /** A gateway that is not there yet is asked more often than one that was never heard of. */
  readonly urgent: boolean;
}

/** The sessions of a connection by their ids, and the newest ticket that any of them got. */
export class Sessions {
  readonly #options: SessionsOptions;
  readonly #drivers = new Map<number, SessionDriver>();
  /** And the gateway of the profile that gave it out: it says nothing to another one. */
  #ticket: { readonly value: ResumptionTicket; readonly gateway: number } | undefined;
  /** The addresses inside that the last session got. */
  #addresses: readonly IpAddress[] = [];

  constructor(options: SessionsOptions) {
    this.#options = options;
  }

  /** Sockets and a session, which connects at once. */
  open(id: number, prepared: PreparedConfig, { target, resume, urgent }: OpenOptions): Failure | undefined {
    const { ports, onEvent, onWay, onBroken, keyLog } = this.#options;
    const ticket = resume && this.#ticket?.gateway === target.gateway ? this.#ticket.value : undefined;
    const opened = SessionDriver.open({
      config: configFor(prepared, target, {
        urgent,
        wantedAddresses: this.#addresses,
        ...(ticket ? { ticket } : {}),
      }),
      ports,
      onEvent: (event) => {
        if (event.kind === 'ticket') return this.#keep(event.ticket, target.gateway);
        if (event.kind === 'established') {
          this.#addresses = event.config.addresses.map(({ address }) => address);
        }
        onEvent(id, event);
      },
      onWay: (way) => onWay(id, way),
      onBroken: (failure) => onBroken(id, failure),
      ...(keyLog ? { keyLog } : {}),
    });
    if (!opened.ok) return opened.error;
    this.#drivers.set(id, opened.value);
    opened.value.command({ kind: 'connect' });
    return undefined;
  }

  get(id: number): SessionDriver | undefined {
    return this.#drivers.get(id);
  }

  /** All addresses that gateways told of themselves. */
  get gatewayAddresses(): readonly IpAddress[] {
    return [...this.#drivers.values()].flatMap((driver) => driver.gatewayAddresses);
  }

  /** Whether a ticket may take the place of the next login. */
  get hasTicket(): boolean {
    return this.#ticket?.value.wiped === false;
  }

  /** False when there is no such session. */
  command(id: number, command: IkeCommand): boolean {
    const driver = this.#drivers.get(id);
    driver?.command(command);
    return driver !== undefined;
  }

  drop(id: number): void {
    this.#drivers.get(id)?.close();
    this.#drivers.delete(id);
  }

  close(): void {
    for (const id of [...this.#drivers.keys()]) this.drop(id);
    this.#ticket?.value.wipe();
    this.#ticket = undefined;
  }

  #keep(value: ResumptionTicket, gateway: number): void {
    if (this.#ticket?.value !== value) this.#ticket?.value.wipe();
    this.#ticket = { value, gateway };
  }
}
