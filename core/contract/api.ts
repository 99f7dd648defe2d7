/**
 * The form in which an interface between two processes is written down: calls with an answer, and streams of values.
 * From one such object come the types, the checks on both sides, the client, the server and the test double.
 */
import type * as z from 'zod';

/**
 * Who may make a call. `anyone`: every user who can reach the socket. `owner`: the user to whom the thing belongs that
 * the call is about, and administrators. `administrator`: root and the members of the administrators' group.
 */
export type Access = 'anyone' | 'owner' | 'administrator';

export interface CallSpec<P extends z.ZodType = z.ZodType, R extends z.ZodType = z.ZodType> {
  readonly access: Access;
  readonly params: P;
  readonly result: R;
  /** For so long a client waits for the answer. */
  readonly timeoutMs: number;
  /** The call carries octets that never become text. */
  readonly takesSecret?: true;
}

/** The first item of a stream is all there is to know; each later one replaces what came before. */
export interface StreamSpec<P extends z.ZodType = z.ZodType, I extends z.ZodType = z.ZodType> {
  readonly access: Access;
  readonly params: P;
  readonly item: I;
}

export interface Api {
  readonly calls: Readonly<Record<string, CallSpec>>;
  readonly streams: Readonly<Record<string, StreamSpec>>;
}

export type CallName<A extends Api> = keyof A['calls'] & string;
export type StreamName<A extends Api> = keyof A['streams'] & string;
/** Parameters as a client writes them. */
export type ParamsInput<S extends { readonly params: z.ZodType }> = z.input<S['params']>;
/** Parameters as a handler gets them: checked and completed. */
export type ParamsOutput<S extends { readonly params: z.ZodType }> = z.output<S['params']>;
export type ResultOf<S extends CallSpec> = z.output<S['result']>;
export type ItemOf<S extends StreamSpec> = z.output<S['item']>;
