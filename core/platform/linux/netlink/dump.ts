import { ProtocolError } from '../../../lib/reader.ts';
import { Control, NATIVE_ORDER, RouteMessage, dumpRequest, errorNumber, splitMessages } from './message.ts';
import type { NetlinkMessage } from './message.ts';
import { readAddress, readLink, readRoute } from './values.ts';
import type { AddressValue, LinkValue, RouteValue } from './values.ts';

/** A NETLINK_ROUTE socket: NetlinkSocket of node-tun, or a test's. */
export interface NetlinkPort {
  send(octets: Uint8Array): void;
  /** Octets of the next datagram, 0 when none waits. Throws with code 'ENOBUFS' when messages were lost. */
  receive(into: Uint8Array): number;
  onReadable(callback: (() => void) | undefined): void;
  close(): void;
}

/** What the kernel says of its networks, all at about the same time. */
export interface NetworkDump {
  readonly links: readonly LinkValue[];
  readonly addresses: readonly AddressValue[];
  /** Of table main. */
  readonly routes: readonly RouteValue[];
}

/** The routing table that is the machine's own (RT_TABLE_MAIN). */
export const MAIN_TABLE = 254;

/** The kernel fills datagrams of a dump up to 32 KiB. */
export const DATAGRAM_LENGTH = 65_536;

/** How often a dump is asked for again that was interrupted by a change. */
const ATTEMPTS = 10;

/** struct ifinfomsg, struct ifaddrmsg and struct rtmsg have their family first. */
const [LINK_LENGTH, ADDRESS_LENGTH, ROUTE_LENGTH] = [16, 8, 12];
const FAMILY = { 4: 2, 6: 10 } as const;
const TABLE_AT = 4;

/** ENOENT, EOPNOTSUPP, EAFNOSUPPORT: there is no such table, or no such family at all. */
const NONE_OF_THAT: readonly number[] = [2, 95, 97];

/**
 * Asks for links, addresses and routes. Throws ProtocolError when the answer is no answer, and what the socket throws.
 * A single message that cannot be read is left out: the others are still true.
 */
export function dumpNetwork(port: NetlinkPort): NetworkDump {
  const { GET_LINK, GET_ADDRESS, GET_ROUTE, NEW_LINK, NEW_ADDRESS, NEW_ROUTE } = RouteMessage;
  const dump = new Dump(port);
  const links = dump.of(GET_LINK, new Uint8Array(LINK_LENGTH), NEW_LINK, readLink);
  const addresses = [4, 6].flatMap((family) => {
    const found = dump.of(GET_ADDRESS, body(ADDRESS_LENGTH, family), NEW_ADDRESS, readAddress);
    return found.filter(({ address }) => address.family === family);
  });
  const routes = [4, 6].flatMap((family) => {
    const request = body(ROUTE_LENGTH, family);
    // The kernel sends this table alone when it can; what else it sends is left out here.
    request[TABLE_AT] = MAIN_TABLE;
    const found = dump.of(GET_ROUTE, request, NEW_ROUTE, readRoute);
    return found.filter(
      ({ table, destination }) => table === MAIN_TABLE && destination.address.family === family,
    );
  });
  return { links, addresses, routes };
}

function body(length: number, family: number): Uint8Array {
  const octets = new Uint8Array(length);
  octets[0] = family === 4 ? FAMILY[4] : FAMILY[6];
  return octets;
}

/**
 * Judges whether a message that the kernel sent by itself may be about something that a NetworkDump tells. What is about
 * links that are not looked at is not; `isOwn` knows them by their names, and this remembers their numbers.
 */
export class Concern {
  readonly #isOwn: (name: string) => boolean;
  readonly #own = new Set<number>();

  constructor(isOwn: (name: string) => boolean) {
    this.#isOwn = isOwn;
  }

  /** Throws ProtocolError for a message that cannot be read. */
  mayBe({ type, body: octets }: NetlinkMessage): boolean {
    switch (type) {
      case RouteMessage.NEW_ROUTE:
      case RouteMessage.DEL_ROUTE:
        return octets[TABLE_AT] === MAIN_TABLE;
      case RouteMessage.NEW_LINK:
      case RouteMessage.DEL_LINK:
        return !this.#isOwnLink(octets, type === RouteMessage.NEW_LINK);
      case RouteMessage.NEW_ADDRESS:
      case RouteMessage.DEL_ADDRESS:
        return !this.#own.has(readAddress(octets)?.link ?? 0);
      default:
        return true;
    }
  }

  /** Messages were lost: a number that was ours may be another link's by now. */
  forget(): void {
    this.#own.clear();
  }

  /** A number may be another link's, once the link that had it is gone. */
  #isOwnLink(octets: Uint8Array, isThere: boolean): boolean {
    const told = readLink(octets);
    if (!told) return false;
    const isOwn = this.#isOwn(told.name);
    if (isOwn && isThere) this.#own.add(told.index);
    else this.#own.delete(told.index);
    return isOwn;
  }
}

type Parse<T> = (body: Uint8Array) => T | undefined;

class Dump {
  readonly #port: NetlinkPort;
  readonly #buffer = new Uint8Array(DATAGRAM_LENGTH);
  #sequence = 0;

  constructor(port: NetlinkPort) {
    this.#port = port;
  }

  /** Everything of a kind. After too many interruptions the last answer counts: a change is told by a message too. */
  of<T>(request: number, fixed: Uint8Array, answer: number, parse: Parse<T>): T[] {
    for (let attempt = 1; ; attempt++) {
      this.#sequence++;
      this.#port.send(dumpRequest(request, this.#sequence, fixed));
      const { values, interrupted } = this.#collect(answer, parse);
      if (!interrupted || attempt === ATTEMPTS) return values;
    }
  }

  /** Reads up to the end of the answer: the kernel refuses a further request before that. */
  #collect<T>(answer: number, parse: Parse<T>): { readonly values: T[]; readonly interrupted: boolean } {
    const values: T[] = [];
    let interrupted = false;
    for (;;) {
      const datagram = this.#receive();
      if (datagram === undefined) {
        interrupted = true;
        continue;
      }
      for (const message of splitMessages(datagram, NATIVE_ORDER)) {
        if (message.sequence !== this.#sequence) continue;
        interrupted ||= message.interrupted;
        if (message.type === Control.DONE || message.type === Control.ERROR) {
          checkEnd(message);
          return { values, interrupted };
        }
        if (message.type !== answer) continue;
        const value = tolerant(parse, message.body);
        if (value !== undefined) values.push(value);
      }
    }
  }

  /** The next datagram; undefined when some were lost. */
  #receive(): Uint8Array | undefined {
    try {
      const length = this.#port.receive(this.#buffer);
      if (length === 0) throw new ProtocolError('a dump without an end');
      return this.#buffer.subarray(0, length);
    } catch (error) {
      if (isOverflow(error)) return undefined;
      throw error;
    }
  }
}

/** The kernel's word that messages were lost. */
export function isOverflow(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOBUFS';
}

function checkEnd(message: NetlinkMessage): void {
  const error = errorNumber(message.body);
  if (error !== 0 && !NONE_OF_THAT.includes(error))
    throw new ProtocolError(`a dump was refused: errno ${error}`);
}

function tolerant<T>(parse: Parse<T>, octets: Uint8Array): T | undefined {
  try {
    return parse(octets);
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}
