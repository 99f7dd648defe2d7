import { utf8 } from '../lib/bytes.ts';
import { ProtocolError, Reader } from '../lib/reader.ts';
import { err, ok, type Result } from '../lib/result.ts';
import { Writer } from '../lib/writer.ts';
import { displayText } from './display-text.ts';

export const OpCode = { CHALLENGE: 1, RESPONSE: 2, SUCCESS: 3, FAILURE: 4 } as const;

export const CHALLENGE_LENGTH = 16;
export const NT_RESPONSE_LENGTH = 24;
/** `S=` and 40 digits. */
export const AUTHENTICATOR_RESPONSE_LENGTH = 42;

/** What an authenticator says in a request. */
export type MsChapRequest =
  | { readonly kind: 'challenge'; readonly id: number; readonly challenge: Uint8Array; readonly name: string }
  /** `proof` are the octets where `S=…` belongs; fewer when the message is shorter. */
  | { readonly kind: 'success'; readonly proof: Uint8Array; readonly message: string }
  | { readonly kind: 'failure'; readonly report: FailureReport | undefined };

/** The message of a Failure request, RFC 2759 section 6. */
export interface FailureReport {
  /** `E`, a Windows error such as 691. */
  readonly error: number;
  /** `R=1`: another attempt is welcome. */
  readonly retryAllowed: boolean;
  /** `M`, as it may be shown; empty when absent. */
  readonly message: string;
}

/**
 * Reads the Type-Data of a request (draft-kamath-pppext-eap-mschapv2 section 2):
 *
 *    0                   1                   2                   3
 *    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *   +---------------+---------------+-------------------------------+
 *   |    OpCode     |  MS-CHAPv2-ID |           MS-Length           |
 *   +---------------+---------------+-------------------------------+
 *   |                            Data ...
 *   +---------------
 *
 *   Challenge  Value-Size (16), 16 octets of challenge, name of the authenticator
 *   Success    `S=<40 hexadecimal digits> M=<text>`
 *   Failure    `E=<number> R=<0 or 1> C=<32 hexadecimal digits> V=<number> M=<text>`
 *
 * MS-Length counts from OpCode. Octets beyond it are ignored; fewer octets than it says are an error.
 */
export function decodeMsChapRequest(data: Uint8Array): Result<MsChapRequest, ProtocolError> {
  try {
    return ok(readRequest(data));
  } catch (error) {
    if (error instanceof ProtocolError) return err(error);
    throw error;
  }
}

const HEADER_LENGTH = 4;

function readRequest(data: Uint8Array): MsChapRequest {
  const outer = new Reader(data);
  const opCode = outer.u8('OpCode');
  const id = outer.u8('MS-CHAPv2-ID');
  const length = outer.u16('MS-Length');
  const body = outer.sub(length - HEADER_LENGTH, 'MS-Length');
  switch (opCode) {
    case OpCode.CHALLENGE: {
      const size = body.u8('Value-Size');
      if (size !== CHALLENGE_LENGTH) throw new ProtocolError(`challenge of ${size} octets`);
      const challenge = body.take(CHALLENGE_LENGTH, 'challenge');
      return { kind: 'challenge', id, challenge, name: displayText(body.rest()) };
    }
    case OpCode.SUCCESS: {
      const proof = body.take(
        Math.min(AUTHENTICATOR_RESPONSE_LENGTH, body.remaining),
        'authenticator response',
      );
      return { kind: 'success', proof, message: messageOf(body.rest()) };
    }
    case OpCode.FAILURE:
      return { kind: 'failure', report: failureReport(body.rest()) };
    default:
      throw new ProtocolError(`OpCode ${opCode} in a request`);
  }
}

/** The text after `M=`, which is at the start or after a space. */
function messageOf(octets: Uint8Array): string {
  const [, message = ''] = /(?:^|\s)M=(.*)$/s.exec(latin1(octets)) ?? [];
  return displayText(octetsOfLatin1(message));
}

/**
 * The fields of a Failure request, each checked for its form; undefined when one has another form or `E` is missing.
 * The challenge is not kept: a person who mistyped the password starts a new connection.
 */
function failureReport(octets: Uint8Array): FailureReport | undefined {
  const form = /^E=(\d{1,10})(?: R=([01]))?(?: C=[0-9A-Fa-f]{32})?(?: V=\d{1,10})?(?: M=(.*))?[\0 ]*$/s;
  const [, error, retry, message = ''] = form.exec(latin1(octets)) ?? [];
  if (error === undefined) return undefined;
  return { error: Number(error), retryAllowed: retry === '1', message: displayText(octetsOfLatin1(message)) };
}

/** One character an octet, so that octets can be matched by their form before they are decoded as text. */
function latin1(octets: Uint8Array): string {
  return Array.from(octets, (octet) => String.fromCharCode(octet)).join('');
}

function octetsOfLatin1(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/**
 * The Type-Data of a Response, RFC 2759 section 4: header as above, then
 *
 *   Value-Size (49) | peer challenge (16) | zeros (8) | NT-Response (24) | flags (1, zero) | name
 */
export function encodeMsChapResponse(response: {
  readonly id: number;
  readonly peerChallenge: Uint8Array;
  readonly ntResponse: Uint8Array;
  readonly userName: string;
}): Uint8Array {
  const name = utf8(response.userName);
  const valueSize = CHALLENGE_LENGTH + 8 + NT_RESPONSE_LENGTH + 1;
  return new Writer()
    .u8(OpCode.RESPONSE)
    .u8(response.id)
    .u16(HEADER_LENGTH + 1 + valueSize + name.length)
    .u8(valueSize)
    .bytes(response.peerChallenge)
    .zeros(8)
    .bytes(response.ntResponse)
    .u8(0)
    .bytes(name)
    .finish();
}

/** Success and Failure are acknowledged by the OpCode alone (draft-kamath sections 2.4 and 2.6). */
export function encodeMsChapAck(opCode: typeof OpCode.SUCCESS | typeof OpCode.FAILURE): Uint8Array {
  return Uint8Array.of(opCode);
}
