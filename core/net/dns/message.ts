import { concat } from '../../lib/bytes.ts';
import { ProtocolError, Reader } from '../../lib/reader.ts';
import { err, ok, type Result } from '../../lib/result.ts';
import { readName } from './name.ts';

/*
 * Messages of the domain name system (RFC 1035 section 4), as far as somebody has to understand them who passes them on:
 * who is asked for what, and what the answer says about addresses. Octets are passed on as they came; nothing is put
 * together anew but refusals.
 *
 *    0                 2                 4                 6                 8                10                12
 *   +-----------------+-----------------+-----------------+-----------------+-----------------+-----------------+
 *   |       id        |      flags      |    questions    |     answers     |   authorities   |    additional   |
 *   +-----------------+-----------------+-----------------+-----------------+-----------------+-----------------+
 *    flags: QR 1 | opcode 4 | AA 1 | TC 1 | RD 1 | RA 1 | Z 1 | AD 1 | CD 1 | rcode 4
 */

export const HEADER_LENGTH = 12;
/** Octets of an answer over UDP to somebody who does not say that more are fine (RFC 1035 section 2.3.4). */
export const PLAIN_UDP_LENGTH = 512;
/** Octets of the longest message there can be. */
export const MAX_MESSAGE_LENGTH = 65_535;

export const RecordType = { A: 1, CNAME: 5, AAAA: 28, OPT: 41, SVCB: 64, HTTPS: 65 } as const;
export const RecordClass = { IN: 1 } as const;
export const ResponseCode = {
  OK: 0,
  FORMAT: 1,
  FAILURE: 2,
  NO_NAME: 3,
  NOT_IMPLEMENTED: 4,
  REFUSED: 5,
} as const;

const Flag = {
  RESPONSE: 0x8000,
  TRUNCATED: 0x0200,
  RECURSION_DESIRED: 0x0100,
  RECURSION_AVAILABLE: 0x0080,
} as const;
const OPCODE = 0x7800;
const RESPONSE_CODE = 0x000f;

/** More than any answer has that fits into a message and is of use. */
const MAX_RECORDS = 1_024;

export interface Question {
  readonly name: string;
  readonly type: number;
  readonly class: number;
}

export interface DnsRecord {
  readonly name: string;
  readonly type: number;
  readonly class: number;
  readonly ttlSeconds: number;
  /** Where its data stands in the message: names in there may point to before it. */
  readonly dataStart: number;
  readonly dataEnd: number;
}

/** A question that we can pass on. */
export interface Query {
  readonly id: number;
  readonly question: Question;
  /** Where the question ends. */
  readonly questionEnd: number;
  /** Octets of the answer that who asks can take over UDP (RFC 6891 section 6.2.3). */
  readonly udpLength: number;
}

export interface Response {
  readonly id: number;
  readonly code: number;
  readonly truncated: boolean;
  readonly question: Question;
  readonly answers: readonly DnsRecord[];
}

/** Why a query is not passed on: the code to refuse it with, or undefined when nothing can be said to it. */
export interface BadQuery {
  readonly code: number | undefined;
  readonly reason: string;
}

interface Header {
  readonly id: number;
  readonly flags: number;
  readonly counts: readonly [questions: number, answers: number, authorities: number, additional: number];
}

/** Reads what a program asks: one question, nothing unusual. */
export function readQuery(octets: Uint8Array): Result<Query, BadQuery> {
  let header: Header;
  try {
    header = readHeader(octets);
  } catch (error) {
    return err({ code: undefined, reason: reasonOf(error) });
  }
  const { id, flags, counts } = header;
  // Never an answer to an answer: two servers would go on for ever.
  if ((flags & Flag.RESPONSE) !== 0) return err({ code: undefined, reason: 'an answer' });
  if ((flags & OPCODE) !== 0) return err({ code: ResponseCode.NOT_IMPLEMENTED, reason: 'not a query' });
  try {
    if (counts[0] !== 1) throw new ProtocolError(`${counts[0]} questions`);
    const { question, end } = readQuestion(octets);
    const more = readRecords(octets, end, counts[1] + counts[2] + counts[3]);
    const edns = more.find(({ type }) => type === RecordType.OPT);
    const udpLength = Math.max(PLAIN_UDP_LENGTH, edns?.class ?? 0);
    return ok({ id, question, questionEnd: end, udpLength });
  } catch (error) {
    return err({ code: ResponseCode.FORMAT, reason: reasonOf(error) });
  }
}

/** Reads what a name server says. The error is what is wrong with it. */
export function readResponse(octets: Uint8Array): Result<Response, string> {
  try {
    const { id, flags, counts } = readHeader(octets);
    if ((flags & Flag.RESPONSE) === 0 || (flags & OPCODE) !== 0) throw new ProtocolError('not an answer');
    if (counts[0] !== 1) throw new ProtocolError(`${counts[0]} questions`);
    const { question, end } = readQuestion(octets);
    const truncated = (flags & Flag.TRUNCATED) !== 0;
    // What is behind the cut may be missing in the middle of a record.
    const answers = truncated ? [] : readRecords(octets, end, counts[1]);
    return ok({ id, code: flags & RESPONSE_CODE, truncated, question, answers });
  } catch (error) {
    return err(reasonOf(error));
  }
}

/** Whether a response is to this very question (RFC 5452 section 9.1). `id` is what the question was sent with. */
export function answersQuery(response: Response, query: Query, id: number): boolean {
  const [asked, said] = [query.question, response.question];
  return (
    response.id === id && said.name === asked.name && said.type === asked.type && said.class === asked.class
  );
}

/** The same message with another id. */
export function withId(octets: Uint8Array, id: number): Uint8Array {
  // slice() of a Buffer, which is a Uint8Array too, would not copy.
  const copy = new Uint8Array(octets);
  new DataView(copy.buffer).setUint16(0, id);
  return copy;
}

/** The answer that there is none: nothing but the question and the code. */
export function refusal(octets: Uint8Array, code: number): Uint8Array {
  return reply(octets, 0, code);
}

/** The answer that it is too long for UDP: who gets it asks again over TCP. */
export function truncation(octets: Uint8Array): Uint8Array {
  return reply(octets, Flag.TRUNCATED, ResponseCode.OK);
}

function reply(octets: Uint8Array, flag: number, code: number): Uint8Array {
  const { id, flags } = readHeader(octets);
  let question = new Uint8Array(0);
  try {
    question = octets.slice(HEADER_LENGTH, readQuestion(octets).end);
  } catch {
    // A question that cannot be read is not repeated.
  }
  const header = new DataView(new ArrayBuffer(HEADER_LENGTH));
  header.setUint16(0, id);
  const kept = flags & (OPCODE | Flag.RECURSION_DESIRED);
  header.setUint16(2, Flag.RESPONSE | Flag.RECURSION_AVAILABLE | kept | flag | code);
  header.setUint16(4, question.length > 0 ? 1 : 0);
  return concat(new Uint8Array(header.buffer), question);
}

function readHeader(octets: Uint8Array): Header {
  const reader = new Reader(octets);
  const id = reader.u16('id');
  const flags = reader.u16('flags');
  const count = (): number => reader.u16('count');
  return { id, flags, counts: [count(), count(), count(), count()] };
}

function readQuestion(octets: Uint8Array): { readonly question: Question; readonly end: number } {
  const { name, end } = readName(octets, HEADER_LENGTH);
  const reader = new Reader(octets.subarray(end));
  const question = { name, type: reader.u16('type'), class: reader.u16('class') };
  return { question, end: end + reader.offset };
}

/**
 *   +------ … ------+--------+--------+--------+--------+--------+--------+------- … -------+
 *   |     name      |      type       |      class      |   TTL (4)  | length (2) |  data  |
 *   +------ … ------+--------+--------+--------+--------+--------+--------+------- … -------+
 */
function readRecords(octets: Uint8Array, start: number, count: number): DnsRecord[] {
  if (count > MAX_RECORDS) throw new ProtocolError(`${count} records`);
  const records: DnsRecord[] = [];
  let at = start;
  for (let i = 0; i < count; i++) {
    const { name, end } = readName(octets, at);
    const reader = new Reader(octets.subarray(end));
    const type = reader.u16('type');
    const recordClass = reader.u16('class');
    const ttl = reader.u32('TTL');
    const length = reader.u16('data length');
    reader.skip(length, 'data');
    at = end + reader.offset;
    // A TTL with its highest bit set is none at all (RFC 2181 section 8).
    const ttlSeconds = ttl > 0x7fffffff ? 0 : ttl;
    records.push({ name, type, class: recordClass, ttlSeconds, dataStart: at - length, dataEnd: at });
  }
  return records;
}

function reasonOf(error: unknown): string {
  if (error instanceof ProtocolError) return error.reason;
  throw error;
}
