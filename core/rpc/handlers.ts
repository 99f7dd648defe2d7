import type { Failure } from '../lib/failure.ts';
import type { Result } from '../lib/result.ts';
import type { SecretBytes } from '../lib/secret.ts';
import type { Api, ItemOf, ParamsOutput, ResultOf } from '../contract/api.ts';

/** Who is at the other end of a socket, as the kernel says (SO_PEERCRED), not as the client does. */
export interface Caller {
  readonly uid: number;
  readonly pid: number;
  /** Root, or a member of the administrators' group. */
  readonly isAdministrator: boolean;
}

/** Where a stream puts its items. Later items replace earlier ones that the client has not read. */
export interface StreamSink<I> {
  readonly item: (value: I) => void;
  /** The stream is over. */
  readonly end: (why?: Failure) => void;
}

/** What a server of an interface does. A call's secret is wiped when its answer is there. */
export interface Handlers<A extends Api> {
  readonly calls: {
    readonly [N in keyof A['calls']]: (
      params: ParamsOutput<A['calls'][N]>,
      caller: Caller,
      secret: SecretBytes | undefined,
    ) => Promise<Result<ResultOf<A['calls'][N]>, Failure>> | Result<ResultOf<A['calls'][N]>, Failure>;
  };
  readonly streams: {
    /** Gives the first item, then the later ones, until what it returned is called. */
    readonly [N in keyof A['streams']]: (
      params: ParamsOutput<A['streams'][N]>,
      caller: Caller,
      sink: StreamSink<ItemOf<A['streams'][N]>>,
    ) => () => void;
  };
  /** The uid to whom the thing belongs that a call or stream with `owner` access is about; undefined for nobody's. */
  readonly ownerOf: (name: string, params: unknown) => number | undefined;
}
