import { Writer } from '../../../core/lib/writer.ts';
import { encodeChain, encodeGenericHeader, GENERIC_HEADER_LENGTH } from '../../../core/wire/chain.ts';
import { PayloadType } from '../../../core/wire/constants.ts';
import { encodeFragmented } from '../../../core/wire/fragment.ts';
import { encodeHeader, IKE_HEADER_LENGTH } from '../../../core/wire/header.ts';
import { encodeProtectedMessage, type Message, type MessageProtection } from '../../../core/wire/message.ts';
import { payloadTypeOf } from '../../../core/wire/payload.ts';

/** How the fragments (RFC 7383) of a message go wrong. Only messages that are cut are concerned. */
export interface FragmentFaults {
  readonly order?: 'reversed' | 'rotated';
  /** The number of one that only repetitions of the message contain. */
  readonly lose?: number;
  /**
   * What comes before the last of them. 'forged': each of them from somebody who lacks the keys. 'larger-cut': the
   * message cut into fewer pieces, all but the last one; 'smaller-cut': into more, and all of them. 'huge-total': one of 65535.
   * 'other-octets': another text under the numbers of the first. 'whole': the message in one piece.
   */
  readonly between?: 'forged' | 'larger-cut' | 'smaller-cut' | 'huge-total' | 'other-octets' | 'whole';
}

/** The datagrams of a message as they go out first, and as they are repeated. */
export interface Cut {
  readonly first: readonly Uint8Array[];
  readonly again: readonly Uint8Array[];
}

/** What the faults make of the honest fragments. */
export function spoilFragments(
  honest: readonly Uint8Array[],
  message: Message,
  protection: MessageProtection,
  maxOctets: number,
  faults: FragmentFaults | undefined,
): Cut {
  if (faults === undefined || honest.length < 2) return { first: honest, again: honest };
  const ordered = inOrder(honest, faults.order);
  const noise = between(honest, message, protection, maxOctets, faults.between);
  const spoiled = [...ordered.slice(0, -1), ...noise, ...ordered.slice(-1)];
  const lost = faults.lose === undefined ? undefined : honest[faults.lose - 1];
  return { first: spoiled.filter((octets) => octets !== lost), again: honest };
}

function inOrder(honest: readonly Uint8Array[], order: FragmentFaults['order']): readonly Uint8Array[] {
  if (order === 'reversed') return honest.toReversed();
  return order === 'rotated' ? [...honest.slice(1), ...honest.slice(0, 1)] : honest;
}

function between(
  honest: readonly Uint8Array[],
  message: Message,
  protection: MessageProtection,
  maxOctets: number,
  fault: FragmentFaults['between'],
): readonly Uint8Array[] {
  switch (fault ?? 'none') {
    case 'none':
      return [];
    case 'forged':
      return honest.map((octets) => octets.map((octet, i) => (i === octets.length - 1 ? octet ^ 1 : octet)));
    case 'larger-cut':
      return encodeFragmented(message, protection, Math.ceil(maxOctets * 1.5)).slice(0, -1);
    case 'smaller-cut':
      return encodeFragmented(message, protection, Math.ceil(maxOctets / 2));
    case 'huge-total':
      return [encodeFragment(message, protection, 1, 0xffff, encodeChain(message.payloads).subarray(0, 64))];
    case 'other-octets':
      return [encodeFragment(message, protection, 1, honest.length, new Uint8Array(64))];
    case 'whole':
      return [encodeProtectedMessage(message, protection)];
  }
}

/** One fragment with any numbers, RFC 7383 section 2.5. */
function encodeFragment(
  message: Message,
  protection: MessageProtection,
  number: number,
  total: number,
  part: Uint8Array,
): Uint8Array {
  const before = IKE_HEADER_LENGTH + GENERIC_HEADER_LENGTH + 4;
  const length = before + protection.sealedLength(part.length);
  const writer = new Writer(length);
  encodeHeader(message, PayloadType.SKF, length, writer);
  const [first] = message.payloads;
  encodeGenericHeader(
    first === undefined ? 0 : payloadTypeOf(first),
    false,
    length - IKE_HEADER_LENGTH,
    writer,
  );
  const associated = writer.u16(number).u16(total).finish();
  const out = new Uint8Array(length);
  out.set(associated);
  out.set(protection.seal(associated, part), before);
  return out;
}
