import { PayloadType } from '../../../core/wire/constants.ts';
import { encodeFragmented } from '../../../core/wire/fragment.ts';
import { encodeMessage } from '../../../core/wire/message.ts';
import type { Message, MessageProtection } from '../../../core/wire/message.ts';
import { payloadTypeOf, type Payload } from '../../../core/wire/payload.ts';
import type { Faults, Step } from './faults.ts';
import { spoilFragments, type Cut } from './fragment-faults.ts';

const VERSION_AT = 17;
const CRITICAL = 0x80;
const IKE_HEADER = 28;

/** A message as it will be sent: what the gateway itself believes it sent, and what goes on the wire. */
export interface Outgoing {
  readonly message: Message;
  /** With everything that the gateway did wrong on purpose; AUTH covers this. Fragments make it several. */
  readonly datagrams: readonly Uint8Array[];
  /** After tamperOctets, which stands for somebody on the path: at first, and when it is repeated. */
  readonly wire: readonly Uint8Array[];
  readonly again: readonly Uint8Array[];
}

/** What protects a message, and the octets of a datagram from which on it is cut into fragments. */
export interface Wrapping {
  readonly protection: MessageProtection;
  readonly maxOctets: number;
}

/** The datagrams of a message under the faults, or undefined when a fault swallows it. */
export function encodeOutgoing(
  message: Message,
  step: Step,
  faults: Faults,
  wrapping: Wrapping | undefined,
): Outgoing | undefined {
  const spoiled = spoil(message, step, faults);
  if (spoiled === undefined) return undefined;
  // Core's encoder sends no critical payload in a response, so that bit is set afterwards.
  const critical = spoiled.payloads.flatMap((p) => (p.kind === 'unknown' && p.critical ? [p.type] : []));
  const tame = {
    ...spoiled,
    payloads: spoiled.payloads.map((p) => (p.kind === 'unknown' ? { ...p, critical: false } : p)),
  };
  const { datagrams, cut } =
    wrapping === undefined
      ? inClear(encodeClear(tame, critical, faults))
      : inFragments(
          tame,
          damaged(wrapping.protection, tame, critical, step, faults),
          wrapping.maxOctets,
          faults,
        );
  const tampered = (octets: Uint8Array): Uint8Array => faults.tamperOctets?.(octets, step) ?? octets;
  const wire = cut.first.map(tampered);
  // A repetition is what went out before, octet by octet.
  const again = cut.again.map((octets) => wire[cut.first.indexOf(octets)] ?? tampered(octets));
  return { message: spoiled, datagrams, wire, again };
}

interface Encoded {
  readonly datagrams: readonly Uint8Array[];
  readonly cut: Cut;
}

function inClear(octets: Uint8Array): Encoded {
  return { datagrams: [octets], cut: { first: [octets], again: [octets] } };
}

function inFragments(
  message: Message,
  protection: MessageProtection,
  maxOctets: number,
  { fragments }: Faults,
): Encoded {
  const datagrams = encodeFragmented(message, protection, maxOctets);
  return { datagrams, cut: spoilFragments(datagrams, message, protection, maxOctets, fragments) };
}

function spoil(message: Message, step: Step, faults: Faults): Message | undefined {
  const additions = (faults.add ?? []).filter(({ at }) => at === step);
  const before = additions.filter(({ first }) => first === true).flatMap(({ payloads }) => payloads);
  const after = additions.filter(({ first }) => first !== true).flatMap(({ payloads }) => payloads);
  const concerned = faults.steps?.includes(step) ?? true;
  const { flags } = concerned ? faults : {};
  const wrong: Message = {
    ...message,
    payloads: [...before, ...message.payloads, ...after],
    fromInitiator: flags === 'initiator' || flags === 'both' ? true : message.fromInitiator,
    response: flags === 'request' || flags === 'both' ? !message.response : message.response,
    messageId: message.messageId + (concerned ? (faults.messageIdOffset ?? 0) : 0),
  };
  return faults.tamper === undefined ? wrong : faults.tamper(wrong, step);
}

function encodeClear(message: Message, critical: readonly number[], faults: Faults): Uint8Array {
  const octets = encodeMessage(message);
  markCritical(octets, IKE_HEADER, firstType(message.payloads), critical);
  if (faults.majorVersion !== undefined) octets[VERSION_AT] = faults.majorVersion << 4;
  return octets;
}

/** The protection with what a fault does to the plaintext in front of it. */
function damaged(
  protection: MessageProtection,
  message: Message,
  critical: readonly number[],
  step: Step,
  faults: Faults,
): MessageProtection {
  return {
    sealedLength: (length) => protection.sealedLength(length),
    open: (associated, body) => protection.open(associated, body),
    seal(associated, plaintext) {
      const copy = plaintext.slice();
      markCritical(copy, 0, firstType(message.payloads), critical);
      return protection.seal(associated, faults.tamperPlaintext?.(copy, step) ?? copy);
    },
  };
}

function firstType(payloads: readonly Payload[]): number {
  const [first] = payloads;
  return first === undefined ? PayloadType.NONE : payloadTypeOf(first);
}

/** Sets the critical bit of the payloads with these types in a chain that starts at `offset`. */
function markCritical(chain: Uint8Array, offset: number, first: number, types: readonly number[]): void {
  let at = offset;
  let type = first;
  while (types.length > 0 && at + 4 <= chain.length) {
    const length = ((chain[at + 2] ?? 0) << 8) | (chain[at + 3] ?? 0);
    if (types.includes(type)) chain[at + 1] = CRITICAL;
    type = chain[at] ?? 0;
    if (length < 4) return;
    at += length;
  }
}
