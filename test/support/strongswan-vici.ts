import { connect, type Socket } from 'node:net';

/*
 * The VICI protocol of strongSwan's charon, over its Unix socket. Talking to it directly, instead of through
 * swanctl, makes changing a gateway's configuration a matter of a millisecond and gives its answers as values.
 *
 *  packet    +---------------+--------+---------------------------+--------------
 *            | length (be32) |  type  | name length, name (named) |  message ...
 *            +---------------+--------+---------------------------+--------------
 *  message   a sequence of elements, each starting with one octet that says what it is; names have one octet
 *            of length, values two (network order)
 */

/** A VICI message: sections nest, lists hold texts or octets. */
export interface ViciSection {
  readonly [name: string]: ViciValue | undefined;
}
export type ViciValue = string | Uint8Array | readonly (string | Uint8Array)[] | ViciSection;

const PacketType = {
  CMD_REQUEST: 0,
  CMD_RESPONSE: 1,
  CMD_UNKNOWN: 2,
  EVENT_REGISTER: 3,
  EVENT_UNREGISTER: 4,
  EVENT_CONFIRM: 5,
  EVENT_UNKNOWN: 6,
  EVENT: 7,
} as const;

const Element = {
  SECTION_START: 1,
  SECTION_END: 2,
  KEY_VALUE: 3,
  LIST_START: 4,
  LIST_ITEM: 5,
  LIST_END: 6,
} as const;

interface Packet {
  readonly type: number;
  readonly name: string;
  readonly message: ViciSection;
}

interface Pending {
  readonly resolve: (packet: Packet) => void;
  readonly reject: (error: Error) => void;
}

/** A connection to a charon. Commands are answered in the order in which they were sent. */
export class Vici {
  readonly #socket: Socket;
  #buffer: Buffer = Buffer.alloc(0);
  readonly #pending: Pending[] = [];
  readonly #listeners = new Map<string, ((message: ViciSection) => void)[]>();

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('charon closed its vici socket')));
  }

  /** Connects to the socket at `path`; rejects when nobody listens there. */
  static connect(path: string): Promise<Vici> {
    return new Promise((resolve, reject) => {
      const socket = connect(path);
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new Vici(socket));
      });
    });
  }

  /** Runs a command; rejects when charon does not know it or answers `success = no`. */
  async command(name: string, message: ViciSection = {}): Promise<ViciSection> {
    const answer = await this.#send(PacketType.CMD_REQUEST, name, encodeSection(message));
    if (answer.type !== PacketType.CMD_RESPONSE) throw new Error(`vici: charon does not know ${name}`);
    if (answer.message['success'] === 'no')
      throw new Error(`vici ${name}: ${textOf(answer.message['errmsg'])}`);
    return answer.message;
  }

  /** Runs a command whose answer comes as a stream of events, such as `list-sas` with `list-sa`. */
  async stream(name: string, event: string, message: ViciSection = {}): Promise<ViciSection[]> {
    const items: ViciSection[] = [];
    const stop = await this.on(event, (item) => items.push(item));
    await this.command(name, message);
    await stop();
    return items;
  }

  /** Subscribes to an event; the returned function ends the subscription. */
  async on(event: string, listener: (message: ViciSection) => void): Promise<() => Promise<void>> {
    const listeners = this.#listeners.get(event) ?? [];
    this.#listeners.set(event, listeners);
    listeners.push(listener);
    if (listeners.length === 1) await this.#event(PacketType.EVENT_REGISTER, event);
    return async () => {
      listeners.splice(listeners.indexOf(listener), 1);
      if (listeners.length === 0) await this.#event(PacketType.EVENT_UNREGISTER, event);
    };
  }

  close(): void {
    this.#socket.destroy();
  }

  async #event(type: number, event: string): Promise<void> {
    const answer = await this.#send(type, event, Buffer.alloc(0));
    if (answer.type !== PacketType.EVENT_CONFIRM) throw new Error(`vici: charon has no event ${event}`);
  }

  #send(type: number, name: string, message: Buffer): Promise<Packet> {
    const head = Buffer.alloc(6);
    head.writeUInt32BE(2 + name.length + message.length);
    head.writeUInt8(type, 4);
    head.writeUInt8(name.length, 5);
    return new Promise((resolve, reject) => {
      this.#pending.push({ resolve, reject });
      this.#socket.write(Buffer.concat([head, Buffer.from(name), message]));
    });
  }

  #receive(chunk: Buffer): void {
    this.#buffer = Buffer.concat([this.#buffer, chunk]);
    while (this.#buffer.length >= 4) {
      const end = 4 + this.#buffer.readUInt32BE();
      if (this.#buffer.length < end) return;
      const packet = decodePacket(this.#buffer.subarray(4, end));
      this.#buffer = this.#buffer.subarray(end);
      if (packet.type === PacketType.EVENT) {
        for (const listener of this.#listeners.get(packet.name) ?? []) listener(packet.message);
      } else this.#pending.shift()?.resolve(packet);
    }
  }

  #fail(error: Error): void {
    for (const { reject } of this.#pending.splice(0)) reject(error);
  }
}

/** The section at `value`, or an empty one. */
export function sectionOf(value: ViciValue | undefined): ViciSection {
  const isSection = typeof value === 'object' && !Array.isArray(value) && !(value instanceof Uint8Array);
  return isSection ? (value as ViciSection) : {};
}

/** The text at `value`; lists are joined by commas, and what is missing is ''. */
export function textOf(value: ViciValue | undefined): string {
  if (value === undefined) return '';
  if (typeof value === 'string') return value;
  if (value instanceof Uint8Array) return Buffer.from(value).toString();
  return Array.isArray(value) ? value.map((item) => textOf(item as string)).join(',') : '';
}

function named(kind: number, name: string): Buffer {
  return Buffer.concat([Buffer.of(kind, name.length), Buffer.from(name)]);
}

function counted(value: string | Uint8Array): Buffer {
  const octets = Buffer.from(value);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(octets.length);
  return Buffer.concat([length, octets]);
}

function encodeSection(section: ViciSection): Buffer {
  const parts: Buffer[] = [];
  for (const [name, value] of Object.entries(section)) {
    if (value === undefined) continue;
    if (typeof value === 'string' || value instanceof Uint8Array) {
      parts.push(named(Element.KEY_VALUE, name), counted(value));
    } else if (Array.isArray(value)) {
      parts.push(named(Element.LIST_START, name));
      for (const item of value as readonly (string | Uint8Array)[])
        parts.push(Buffer.of(Element.LIST_ITEM), counted(item));
      parts.push(Buffer.of(Element.LIST_END));
    } else {
      parts.push(named(Element.SECTION_START, name), encodeSection(sectionOf(value)));
      parts.push(Buffer.of(Element.SECTION_END));
    }
  }
  return Buffer.concat(parts);
}

function decodePacket(octets: Buffer): Packet {
  const type = octets.readUInt8();
  if (type !== PacketType.EVENT) return { type, name: '', message: decodeMessage(octets.subarray(1)) };
  const end = 2 + octets.readUInt8(1);
  return {
    type,
    name: octets.subarray(2, end).toString(),
    message: decodeMessage(octets.subarray(end)),
  };
}

function decodeMessage(octets: Buffer): ViciSection {
  let at = 0;
  const text = (lengthOctets: 1 | 2): string => {
    const start = at + lengthOctets;
    at = start + octets.readUIntBE(at, lengthOctets);
    return octets.subarray(start, at).toString();
  };
  const list = (): string[] => {
    const items: string[] = [];
    while (octets[at++] === Element.LIST_ITEM) items.push(text(2));
    return items;
  };
  const section = (): ViciSection => {
    const out: Record<string, ViciValue> = {};
    while (at < octets.length) {
      const kind = octets[at++];
      if (kind === Element.SECTION_END) break;
      const name = text(1);
      if (kind === Element.SECTION_START) out[name] = section();
      else if (kind === Element.KEY_VALUE) out[name] = text(2);
      else if (kind === Element.LIST_START) out[name] = list();
      else throw new Error(`vici: element ${kind} at ${at}`);
    }
    return out;
  };
  return section();
}
