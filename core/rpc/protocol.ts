/**
 * What the frames say, whatever the interface: a greeting each way, calls and their answers by number, streams that a
 * client opens and closes. Everything here is checked before anything acts on it.
 */
import * as z from 'zod';
import { FAILURES, type Failure, failure, type FailureCode } from '../lib/failure.ts';

/** The versions of this protocol that we speak, best first. */
export const VERSIONS = [1] as const;

const id = z.number().int().min(1).max(Number.MAX_SAFE_INTEGER);
const name = z.string().min(1).max(64);

export const clientMessageSchema = z.discriminatedUnion('type', [
  /** The first message, and only the first. */
  z.strictObject({
    type: z.literal('hello'),
    versions: z.array(z.number().int().min(0).max(0xffff)).min(1).max(16),
    client: z.string().max(128),
  }),
  z.strictObject({ type: z.literal('call'), id, name, params: z.unknown() }),
  z.strictObject({ type: z.literal('open'), id, name, params: z.unknown() }),
  z.strictObject({ type: z.literal('close'), id }),
]);

const codes = Object.keys(FAILURES) as [FailureCode, ...FailureCode[]];
const contextValue = z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]);

const failureSchema = z.strictObject({
  code: z.enum(codes),
  context: z.record(z.string(), contextValue),
});

export const serverMessageSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('hello'), version: z.number().int(), server: z.string().max(128) }),
  z.strictObject({ type: z.literal('result'), id, value: z.unknown() }),
  z.strictObject({ type: z.literal('failed'), id, failure: failureSchema }),
  z.strictObject({ type: z.literal('item'), id, value: z.unknown() }),
  /** The stream is over, and why when that was not the client's wish. */
  z.strictObject({ type: z.literal('end'), id, failure: failureSchema.optional() }),
  /** The connection is: nothing follows. */
  z.strictObject({ type: z.literal('bye'), failure: failureSchema }),
]);

export type ClientMessage = z.infer<typeof clientMessageSchema>;
export type ServerMessage = z.infer<typeof serverMessageSchema>;
export type WireFailure = z.infer<typeof failureSchema>;

export function toWire({ code, context }: Failure): WireFailure {
  const known: WireFailure['context'] = {};
  for (const [field, value] of Object.entries(context)) {
    if (value !== undefined) known[field] = typeof value === 'object' ? [...value] : value;
  }
  return { code, context: known };
}

export function fromWire({ code, context }: WireFailure): Failure {
  return failure(code, context);
}
