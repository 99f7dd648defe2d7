import { failure, type Failure } from '../lib/failure.ts';
import { err, ok, type Result } from '../lib/result.ts';
import type { SecretBytes } from '../lib/secret.ts';
import type { Api, CallName, ItemOf, ParamsInput, ResultOf, StreamName } from '../contract/api.ts';
import { encodeFrame, FrameDecoder } from './frame.ts';
import {
  fromWire,
  serverMessageSchema,
  type ClientMessage,
  type ServerMessage,
  VERSIONS,
} from './protocol.ts';

/** The way to the server: octets in order, or nothing any more. */
export interface Wire {
  readonly write: (octets: Uint8Array) => void;
  readonly close: () => void;
}

export interface ClientOptions<A extends Api> {
  readonly api: A;
  readonly wire: Wire;
  /** Our program and its version, as the greeting tells them. */
  readonly client: string;
  /** Calls back after so many milliseconds, and returns what calls it off. */
  readonly after: (ms: number, callback: () => void) => () => void;
  /** The connection is over; every call and stream has heard of it by then. */
  readonly onClosed: (why: Failure) => void;
}

export interface StreamWatcher<I> {
  readonly item: (value: I) => void;
  /** Nothing follows. Without a failure it was our own wish. */
  readonly end: (why: Failure | undefined) => void;
}

interface Pending {
  readonly finish: (outcome: Result<unknown, Failure>) => void;
}

/** For so long the greeting may take. */
const GREETING_MS = 5_000;

/**
 * A client of an interface over one connection. Whatever happens to the connection every call ends with an answer or a
 * failure. What the server says is checked like anything from outside.
 */
export class Client<A extends Api> {
  /** Settles when the greeting is done; with the server's name, or why there is no talking to it. */
  readonly ready: Promise<Result<string, Failure>>;
  readonly #options: ClientOptions<A>;
  readonly #decoder = new FrameDecoder();
  readonly #pending = new Map<number, Pending>();
  readonly #streams = new Map<number, { readonly name: string; readonly watcher: StreamWatcher<never> }>();
  readonly #greeted: (outcome: Result<string, Failure>) => void;
  readonly #cancelGreeting: () => void;
  #nextId = 1;
  #closed: Failure | undefined;

  constructor(options: ClientOptions<A>) {
    this.#options = options;
    const { promise, resolve } = Promise.withResolvers<Result<string, Failure>>();
    this.ready = promise;
    this.#greeted = resolve;
    this.#cancelGreeting = options.after(GREETING_MS, () =>
      this.close(failure('contract.timeout', { call: 'hello' })),
    );
    this.#send({ type: 'hello', versions: [...VERSIONS], client: options.client });
  }

  /** Makes a call. `secret` is copied onto the wire and stays the caller's. */
  call<N extends CallName<A>>(
    name: N,
    params: ParamsInput<A['calls'][N]>,
    secret?: SecretBytes,
  ): Promise<Result<ResultOf<A['calls'][N]>, Failure>> {
    const spec = this.#options.api.calls[name];
    if (!spec) throw new Error(`no call ${name}`);
    if (this.#closed) return Promise.resolve(err(this.#closed));
    const id = this.#nextId++;
    const { promise, resolve } = Promise.withResolvers<Result<ResultOf<A['calls'][N]>, Failure>>();
    const cancel = this.#options.after(spec.timeoutMs, () => {
      this.#pending.delete(id);
      resolve(err(failure('contract.timeout', { call: name })));
    });
    this.#pending.set(id, {
      finish: (outcome) => {
        cancel();
        resolve(outcome.ok ? this.#checked(spec.result.safeParse(outcome.value), name) : outcome);
      },
    });
    this.#send({ type: 'call', id, name, params }, secret);
    return promise;
  }

  /** Opens a stream, and returns what closes it. */
  open<N extends StreamName<A>>(
    name: N,
    params: ParamsInput<A['streams'][N]>,
    watcher: StreamWatcher<ItemOf<A['streams'][N]>>,
  ): () => void {
    if (this.#closed) {
      watcher.end(this.#closed);
      return () => undefined;
    }
    const id = this.#nextId++;
    // The schema of the stream makes each value what the watcher's type says.
    this.#streams.set(id, { name, watcher: watcher });
    this.#send({ type: 'open', id, name, params });
    return () => {
      if (!this.#streams.delete(id)) return;
      if (!this.#closed) this.#send({ type: 'close', id });
      watcher.end(undefined);
    };
  }

  /** Octets that came from the server. */
  receive(piece: Uint8Array): void {
    const frames = this.#decoder.push(piece);
    if (!frames.ok) return this.close(failure('contract.invalid', { detail: frames.error }));
    for (const { value, secret } of frames.value) {
      secret?.wipe();
      const message = serverMessageSchema.safeParse(value);
      if (!message.success)
        return this.close(failure('contract.invalid', { detail: 'a message of an unknown form' }));
      this.#follow(message.data);
    }
  }

  /** The connection ended by itself, or shall end. */
  close(why: Failure = failure('contract.disconnected')): void {
    if (this.#closed) return;
    this.#closed = why;
    this.#cancelGreeting();
    this.#greeted(err(why));
    this.#options.wire.close();
    this.#decoder.wipe();
    for (const { finish } of [...this.#pending.values()]) finish(err(why));
    this.#pending.clear();
    for (const { watcher } of [...this.#streams.values()]) watcher.end(why);
    this.#streams.clear();
    this.#options.onClosed(why);
  }

  #follow(message: ServerMessage): void {
    switch (message.type) {
      case 'hello':
        this.#cancelGreeting();
        return this.#greeted(ok(message.server));
      case 'result':
        return this.#finish(message.id, ok(message.value));
      case 'failed':
        return this.#failed(message.id, fromWire(message.failure));
      case 'item':
        return this.#item(message.id, message.value);
      case 'end': {
        const stream = this.#streams.get(message.id);
        this.#streams.delete(message.id);
        return stream?.watcher.end(message.failure && fromWire(message.failure));
      }
      case 'bye':
        return this.close(fromWire(message.failure));
    }
  }

  #finish(id: number, outcome: Result<unknown, Failure>): void {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    pending?.finish(outcome);
  }

  /** A call that failed, or a stream that never began. */
  #failed(id: number, why: Failure): void {
    const stream = this.#streams.get(id);
    this.#streams.delete(id);
    stream?.watcher.end(why);
    this.#finish(id, err(why));
  }

  #item(id: number, value: unknown): void {
    const stream = this.#streams.get(id);
    if (!stream) return;
    const item = this.#options.api.streams[stream.name]?.item.safeParse(value);
    if (item?.success) return stream.watcher.item(item.data as never);
    this.#streams.delete(id);
    this.#send({ type: 'close', id });
    stream.watcher.end(failure('contract.invalid', { detail: stream.name }));
  }

  #checked<T>(
    parsed: { readonly success: boolean; readonly data?: unknown },
    name: string,
  ): Result<T, Failure> {
    return parsed.success
      ? ok(parsed.data as T)
      : err(failure('contract.invalid', { detail: `the answer to ${name}` }));
  }

  #send(message: ClientMessage, secret?: SecretBytes): void {
    const octets = encodeFrame(message, secret);
    this.#options.wire.write(octets);
  }
}
