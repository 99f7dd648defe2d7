import type * as z from 'zod';
import { failure, type Failure } from '../lib/failure.ts';
import type { Log, Millis } from '../lib/ports.ts';
import { ok, type Result } from '../lib/result.ts';
import type { SecretBytes } from '../lib/secret.ts';
import type { Access, Api, CallName, StreamName } from '../contract/api.ts';
import type { Caller, Handlers, StreamSink } from './handlers.ts';
import { type RateLimit, RateMeter } from './limits.ts';
import { clientMessageSchema, type ClientMessage, type ServerMessage, toWire, VERSIONS } from './protocol.ts';
import type { Frame } from './frame.ts';

/** What one client may have at a time. */
export interface PeerLimits {
  readonly pendingCalls: number;
  readonly openStreams: number;
  readonly rate: RateLimit;
}

export const DEFAULT_PEER_LIMITS: PeerLimits = {
  pendingCalls: 16,
  openStreams: 8,
  rate: { burst: 200, perSecond: 50 },
};

export interface ServerPeerOptions<A extends Api> {
  readonly api: A;
  readonly handlers: Handlers<A>;
  readonly caller: Caller;
  readonly limits: PeerLimits;
  /** The program that serves, and its version, as the greeting tells them. */
  readonly server: string;
  readonly now: () => Millis;
  readonly log: Log;
  readonly send: (message: ServerMessage) => void;
  /** Whether the client reads what is sent: while it does not, streams keep their newest item back. */
  readonly isFlowing: () => boolean;
  /** Nothing of this client is listened to any more; what was sent before may still go out. */
  readonly hangUp: () => void;
}

interface OpenStream {
  readonly close: () => void;
  /** The newest item that could not be sent yet. */
  held: { readonly value: unknown } | undefined;
}

/**
 * One client as the server sees it: greeting, calls, streams. It decides what the client may do from who the kernel
 * says it is and from nothing that the client says.
 */
export class ServerPeer<A extends Api> {
  readonly #options: ServerPeerOptions<A>;
  readonly #rate: RateMeter;
  readonly #pending = new Set<number>();
  readonly #streams = new Map<number, OpenStream>();
  #greeted = false;
  #over = false;

  constructor(options: ServerPeerOptions<A>) {
    this.#options = options;
    this.#rate = new RateMeter(options.limits.rate, options.now());
  }

  get greeted(): boolean {
    return this.#greeted;
  }

  handle({ value, secret }: Frame): void {
    const message = clientMessageSchema.safeParse(value);
    if (this.#over || !message.success) {
      secret?.wipe();
      if (!this.#over) this.refuse(failure('contract.invalid', { detail: 'a message of an unknown form' }));
      return;
    }
    if (secret && message.data.type !== 'call') {
      secret.wipe();
      return this.refuse(failure('contract.invalid', { detail: 'a secret where none is taken' }));
    }
    this.#follow(message.data, secret);
  }

  /** Says why, and hangs up. */
  refuse(why: Failure): void {
    if (this.#over) return;
    this.#options.log('warn', 'client-refused', { code: why.code, uid: this.#options.caller.uid });
    this.#options.send({ type: 'bye', failure: toWire(why) });
    this.end();
    this.#options.hangUp();
  }

  /** The client is gone: its streams close, and answers to its calls have no one left to tell. */
  end(): void {
    this.#over = true;
    for (const { close } of this.#streams.values()) close();
    this.#streams.clear();
  }

  /** The client reads again: what was kept back goes out. */
  flow(): void {
    for (const [id, stream] of this.#streams) {
      const { held } = stream;
      stream.held = undefined;
      if (held) this.#options.send({ type: 'item', id, value: held.value });
    }
  }

  #follow(message: ClientMessage, secret: SecretBytes | undefined): void {
    if (message.type === 'hello') return this.#greet(message.versions);
    if (!this.#greeted) {
      secret?.wipe();
      return this.refuse(failure('contract.invalid', { detail: 'no greeting' }));
    }
    switch (message.type) {
      case 'call':
        void this.#call(message.id, message.name, message.params, secret);
        return;
      case 'open':
        return this.#open(message.id, message.name, message.params);
      case 'close':
        return this.#close(message.id);
    }
  }

  #greet(versions: readonly number[]): void {
    if (this.#greeted) return this.refuse(failure('contract.invalid', { detail: 'a second greeting' }));
    const version = VERSIONS.find((ours) => versions.includes(ours));
    if (version === undefined)
      return this.refuse(failure('contract.version', { server: this.#options.server }));
    this.#greeted = true;
    this.#options.send({ type: 'hello', version, server: this.#options.server });
  }

  async #call(id: number, name: string, params: unknown, secret: SecretBytes | undefined): Promise<void> {
    try {
      const admitted = this.#admit(this.#pending, id, this.#options.limits.pendingCalls);
      if (admitted) {
        this.#failed(id, admitted);
        return;
      }
      this.#pending.add(id);
      const answer = await this.#answer(name, params, secret);
      this.#pending.delete(id);
      if (this.#over) return;
      if (answer.ok) this.#options.send({ type: 'result', id, value: answer.value });
      else this.#failed(id, answer.error);
    } finally {
      secret?.wipe();
    }
  }

  /** Why a call or a stream cannot begin now. */
  #admit(
    taken: { has(id: number): boolean; readonly size: number },
    id: number,
    limit: number,
  ): Failure | undefined {
    if (taken.has(id)) return failure('contract.invalid', { detail: 'a number that is in use' });
    if (taken.size >= limit || !this.#rate.take(this.#options.now())) return failure('contract.busy');
    return undefined;
  }

  #failed(id: number, why: Failure): void {
    if (!this.#over) this.#options.send({ type: 'failed', id, failure: toWire(why) });
  }

  async #answer(
    name: string,
    params: unknown,
    secret: SecretBytes | undefined,
  ): Promise<Result<unknown, Failure>> {
    const { api, handlers, caller, log } = this.#options;
    if (!isCall(api, name)) return unknownName(name);
    const spec = api.calls[name];
    if (!spec) return unknownName(name);
    if (secret && !spec.takesSecret) return invalid('a secret where none is taken');
    const checked = this.#check(spec, name, params);
    if (!checked.ok) return checked;
    const handler = handlers.calls[name];
    if (!handler) return unknownName(name);
    try {
      // The schema made the value what the handler's type says.
      const answer = await handler(checked.value as never, caller, secret);
      return answer.ok ? ok(spec.result.parse(answer.value)) : answer;
    } catch (error) {
      log('error', 'call-broke', {
        call: name,
        detail: error instanceof Error ? error.message : String(error),
      });
      return { ok: false, error: failure('internal.bug', { detail: `the call ${name}` }) };
    }
  }

  #check(
    spec: { readonly access: Access; readonly params: z.ZodType },
    name: string,
    params: unknown,
  ): Result<unknown, Failure> {
    const { handlers, caller } = this.#options;
    // Who may not make the call is not told what is wrong with it.
    if (spec.access === 'administrator' && !caller.isAdministrator) return denied(name);
    const checked = spec.params.safeParse(params);
    if (!checked.success) {
      const [issue] = checked.error.issues;
      return invalid(`${name}: ${issue ? `${issue.path.join('.')}: ${issue.message}` : 'parameters'}`);
    }
    if (spec.access === 'owner' && !caller.isAdministrator) {
      const owner = handlers.ownerOf(name, checked.data);
      if (owner !== undefined && owner !== caller.uid) return denied(name);
    }
    return ok(checked.data);
  }

  #open(id: number, name: string, params: unknown): void {
    const { api, handlers, caller, limits, log } = this.#options;
    const admitted = this.#admit(this.#streams, id, limits.openStreams);
    if (admitted) return this.#failed(id, admitted);
    const isKnown = isStream(api, name);
    const spec = isKnown ? api.streams[name] : undefined;
    const handler = isKnown ? handlers.streams[name] : undefined;
    if (!spec || !handler) return this.#failed(id, unknownName(name).error);
    const checked = this.#check(spec, name, params);
    if (!checked.ok) return this.#failed(id, checked.error);
    const sink: StreamSink<unknown> = {
      item: (value) => this.#item(id, spec.item.parse(value)),
      end: (why) => this.#endStream(id, why),
    };
    const stream: OpenStream = { close: () => close(), held: undefined };
    this.#streams.set(id, stream);
    let close = (): void => undefined;
    try {
      close = handler(checked.value as never, caller, sink);
    } catch (error) {
      log('error', 'stream-broke', { stream: name, detail: String(error) });
      this.#endStream(id, failure('internal.bug', { detail: `the stream ${name}` }));
    }
  }

  #item(id: number, value: unknown): void {
    const stream = this.#streams.get(id);
    if (!stream) return;
    if (this.#options.isFlowing()) this.#options.send({ type: 'item', id, value });
    else stream.held = { value };
  }

  #endStream(id: number, why: Failure | undefined): void {
    if (!this.#streams.delete(id)) return;
    this.#options.send({ type: 'end', id, ...(why ? { failure: toWire(why) } : {}) });
  }

  #close(id: number): void {
    const stream = this.#streams.get(id);
    if (!stream) return;
    stream.close();
    this.#endStream(id, undefined);
  }
}

function isCall<A extends Api>(api: A, name: string): name is CallName<A> {
  return Object.hasOwn(api.calls, name);
}

function isStream<A extends Api>(api: A, name: string): name is StreamName<A> {
  return Object.hasOwn(api.streams, name);
}

function unknownName(name: string): { readonly ok: false; readonly error: Failure } {
  return { ok: false, error: failure('contract.unknown-call', { call: name }) };
}

function invalid(detail: string): { readonly ok: false; readonly error: Failure } {
  return { ok: false, error: failure('contract.invalid', { detail }) };
}

function denied(name: string): { readonly ok: false; readonly error: Failure } {
  return { ok: false, error: failure('contract.denied', { call: name }) };
}
