import { wipe } from '../lib/secret.ts';
import { Writer } from '../lib/writer.ts';
import { PayloadType } from './constants.ts';
import { GENERIC_HEADER_LENGTH, encodeChain, encodeGenericHeader } from './chain.ts';
import { FRAGMENT_NUMBERS_LENGTH } from './decode.ts';
import { MAX_FRAGMENTS } from './fragment-queue.ts';
import { IKE_HEADER_LENGTH, encodeHeader } from './header.ts';
import { encodeProtectedMessage, firstType, join, refuseCriticalResponse } from './message.ts';
import type { Message, MessageProtection } from './message.ts';

/** Octets before the protected body of a fragment. */
const FRAGMENT_OVERHEAD = IKE_HEADER_LENGTH + GENERIC_HEADER_LENGTH + FRAGMENT_NUMBERS_LENGTH;

/**
 * The datagrams of a protected message, each at most `maxLength` octets (of IKE: without the non-ESP marker, UDP
 * and IP). One with SK when that fits, else fragments of RFC 7383 section 2.5. Throws RangeError when a fragment
 * of `maxLength` octets could carry nothing, or when it takes more of them than a peer of ours would keep.
 */
export function encodeFragmented(
  message: Message,
  protection: MessageProtection,
  maxLength: number,
): Uint8Array[] {
  const plaintext = encodeChain(message.payloads);
  const whole = IKE_HEADER_LENGTH + GENERIC_HEADER_LENGTH + protection.sealedLength(plaintext.length);
  if (whole <= maxLength) {
    wipe(plaintext);
    return [encodeProtectedMessage(message, protection)];
  }
  refuseCriticalResponse(message);
  const chunk = chunkLength(protection, maxLength);
  const total = Math.ceil(plaintext.length / chunk);
  if (total > MAX_FRAGMENTS) throw new RangeError(`${total} fragments`);
  const datagrams: Uint8Array[] = [];
  for (let number = 1; number <= total; number++) {
    const part = plaintext.slice((number - 1) * chunk, number * chunk);
    datagrams.push(encodeFragment(message, protection, number, total, part));
    wipe(part);
  }
  wipe(plaintext);
  return datagrams;
}

/** The most octets whose sealed form still fits. Padding makes the length a step function: search downwards. */
function chunkLength(protection: MessageProtection, maxLength: number): number {
  for (let plain = maxLength - FRAGMENT_OVERHEAD; plain > 0; plain--) {
    if (FRAGMENT_OVERHEAD + protection.sealedLength(plain) <= maxLength) return plain;
  }
  throw new RangeError(`no fragment fits ${maxLength} octets`);
}

function encodeFragment(
  message: Message,
  protection: MessageProtection,
  number: number,
  total: number,
  part: Uint8Array,
): Uint8Array {
  const length = FRAGMENT_OVERHEAD + protection.sealedLength(part.length);
  const writer = new Writer(length);
  encodeHeader(message, PayloadType.SKF, length, writer);
  const firstInner = number === 1 ? firstType(message) : PayloadType.NONE;
  encodeGenericHeader(firstInner, false, length - IKE_HEADER_LENGTH, writer);
  const associated = writer.u16(number).u16(total).finish();
  return join(associated, protection.seal(associated, part), length);
}
