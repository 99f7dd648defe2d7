import { EMPTY, concat, toHex, utf8, utf8Text } from '../../../lib/bytes.ts';
import { ProtocolError } from '../../../lib/reader.ts';
import { MessageType, decodeMessage, encodeCall, messageLength } from './message.ts';
import type { DbusCall, DbusMessage } from './message.ts';

/** Octets of a line of the authentication; the longest that a bus sends lists a few words. */
const MAX_LINE_LENGTH = 1_024;

export const BUS = {
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
  /** The bus took our match rule: no signal is missed from here on. */
  readonly onReady?: () => void;
}

/** What is asked of somebody on the bus. */
export type DbusRequest = Omit<DbusCall, 'serial'>;

/**
 * One connection to a message bus, without input and output: says who we are (AUTH EXTERNAL), takes a name (Hello), asks
 * for signals (AddMatch), reads them, and makes the calls that it is given, in their order.
 *
 * A signal that is addressed to us is passed over: on the system bus every user may send one, whatever it says about
 * itself. One for everybody comes here because the bus found that it matches, its sender's name among the rest. An answer
 * comes only from whom we asked: the bus lets nobody else answer.
 */
export class DbusClient {
  readonly #options: DbusClientOptions;
  /** By serial: who waits for the answer to which call. */
  readonly #calls = new Map<number, (answer: DbusMessage) => void>();
  #waiting: Uint8Array = EMPTY;
  #unsent: Uint8Array[] = [];
  #phase: 'authenticating' | 'running' = 'authenticating';
  #serial = 0;

  constructor(options: DbusClientOptions) {
    this.#options = options;
    this.call({ ...BUS, member: 'Hello' }, accepted);
    this.call({ ...BUS, member: 'AddMatch', signature: 's', arguments: [options.match] }, (answer) => {
      accepted(answer);
      options.onReady?.();
    });
  }

  /** The connection is there. */
  begin(): void {
    const identity = toHex(utf8(String(this.#options.userId)));
    this.#options.send(utf8(`\0AUTH EXTERNAL ${identity}\r\n`));
  }

  /**
   * Makes a call, as soon as the bus has accepted us. `done` gets what is returned, or an error by its name, if anything
   * comes. Throws RangeError for arguments that are not of their types.
   */
  call(request: DbusRequest, done: (answer: DbusMessage) => void): void {
    this.#serial += 1;
    const octets = encodeCall({ ...request, serial: this.#serial });
    this.#calls.set(this.#serial, done);
    if (this.#phase === 'running') this.#options.send(octets);
    else this.#unsent.push(octets);
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
    this.#options.send(concat(utf8('BEGIN\r\n'), ...this.#unsent));
    this.#unsent = [];
    return true;
  }

  #take(message: DbusMessage): void {
    switch (message.type) {
      case MessageType.RETURN:
      case MessageType.ERROR: {
        const serial = message.replySerial ?? 0;
        const done = this.#calls.get(serial);
        this.#calls.delete(serial);
        done?.(message);
        return;
      }
      case MessageType.SIGNAL:
        if (message.destination === undefined) this.#options.onSignal(message);
        return;
      default:
        // Others have nothing to ask of us.
        return;
    }
  }
}

/** Throws for an answer without which the connection is of no use. */
function accepted(answer: DbusMessage): void {
  if (answer.type === MessageType.ERROR) {
    throw new ProtocolError(`the bus refused: ${answer.errorName ?? 'no reason'}`);
  }
}
