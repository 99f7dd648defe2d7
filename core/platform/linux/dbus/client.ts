import { EMPTY, concat, toHex, utf8, utf8Text } from '../../../lib/bytes.ts';
import { ProtocolError } from '../../../lib/reader.ts';
import { MessageType, decodeMessage, encodeCall, messageLength } from './message.ts';
import type { DbusMessage } from './message.ts';

/** Octets of a line of the authentication; the longest that a bus sends lists a few words. */
const MAX_LINE_LENGTH = 1_024;

const BUS = {
  destination: 'org.freedesktop.DBus',
  path: '/org/freedesktop/DBus',
  interface: 'org.freedesktop.DBus',
} as const;

export interface DbusClientOptions {
  /** Ours, as the kernel tells it to the bus. */
  readonly userId: number;
  /** Which signals the bus is to send us ("Match Rules" in the specification). */
  readonly match: string;
  readonly send: (octets: Uint8Array) => void;
  /** A signal for everybody that matches. */
  readonly onSignal: (signal: DbusMessage) => void;
}

/**
 * One connection to a message bus as a subscriber, without input and output: says who we are (AUTH EXTERNAL), takes a
 * name (Hello), asks for signals (AddMatch), and reads. It sends nothing else.
 *
 * A signal that is addressed to us is passed over: on the system bus every user may send one, whatever it says about
 * itself. One for everybody comes here because the bus found that it matches, its sender's name among the rest.
 */
export class DbusClient {
  readonly #options: DbusClientOptions;
  #waiting: Uint8Array = EMPTY;
  #phase: 'authenticating' | 'running' = 'authenticating';

  constructor(options: DbusClientOptions) {
    this.#options = options;
  }

  /** The connection is there. */
  begin(): void {
    const identity = toHex(utf8(String(this.#options.userId)));
    this.#options.send(utf8(`\0AUTH EXTERNAL ${identity}\r\n`));
  }

  /** Octets came in. Throws ProtocolError when the connection is of no use any more. */
  receive(octets: Uint8Array): void {
    this.#waiting = this.#waiting.length === 0 ? octets : concat(this.#waiting, octets);
    if (this.#phase === 'authenticating' && !this.#authenticate()) return;
    for (;;) {
      const length = messageLength(this.#waiting);
      if (length === undefined || length > this.#waiting.length) return;
      const message = decodeMessage(this.#waiting.subarray(0, length));
      this.#waiting = this.#waiting.subarray(length);
      this.#take(message);
    }
  }

  /** Waits for the bus to accept us, then asks for what we came for. False: not yet. */
  #authenticate(): boolean {
    const end = this.#waiting.indexOf(0x0a);
    if (end < 0 && this.#waiting.length < MAX_LINE_LENGTH) return false;
    const line = utf8Text(this.#waiting.subarray(0, Math.max(0, end)));
    if (!line.startsWith('OK ')) throw new ProtocolError('the bus did not accept us');
    this.#waiting = this.#waiting.subarray(end + 1);
    this.#phase = 'running';
    const calls = [
      { ...BUS, serial: 1, member: 'Hello' },
      { ...BUS, serial: 2, member: 'AddMatch', argument: this.#options.match },
    ];
    this.#options.send(concat(utf8('BEGIN\r\n'), ...calls.map(encodeCall)));
    return true;
  }

  #take(message: DbusMessage): void {
    if (message.type === MessageType.ERROR) {
      throw new ProtocolError(`the bus refused: ${message.errorName ?? 'no reason'}`);
    }
    if (message.type !== MessageType.SIGNAL || message.destination !== undefined) return;
    this.#options.onSignal(message);
  }
}
