import * as z from 'zod';
import type { Api } from '../../../core/contract/api.ts';
import { failure, type Failure } from '../../../core/lib/failure.ts';
import { silent } from '../../../core/lib/ports.ts';
import { err, ok, type Result } from '../../../core/lib/result.ts';
import { utf8Text } from '../../../core/lib/bytes.ts';
import { Client } from '../../../core/rpc/client.ts';
import { encodeFrame, FrameDecoder } from '../../../core/rpc/frame.ts';
import type { Caller, Handlers, StreamSink } from '../../../core/rpc/handlers.ts';
import type { ServerMessage } from '../../../core/rpc/protocol.ts';
import { DEFAULT_PEER_LIMITS, type PeerLimits, ServerPeer } from '../../../core/rpc/server-peer.ts';

/** A small interface with one of everything. */
export const exampleApi = {
  calls: {
    double: {
      access: 'anyone',
      params: z.strictObject({ number: z.number() }),
      result: z.number(),
      timeoutMs: 1000,
    },
    stop: { access: 'owner', params: z.strictObject({}), result: z.null(), timeoutMs: 1000 },
    reset: { access: 'administrator', params: z.strictObject({}), result: z.null(), timeoutMs: 1000 },
    answer: {
      access: 'anyone',
      params: z.strictObject({}),
      result: z.number(),
      timeoutMs: 1000,
      takesSecret: true,
    },
    never: { access: 'anyone', params: z.strictObject({}), result: z.null(), timeoutMs: 1000 },
    broken: { access: 'anyone', params: z.strictObject({}), result: z.number(), timeoutMs: 1000 },
  },
  streams: {
    numbers: { access: 'anyone', params: z.strictObject({ from: z.number() }), item: z.number() },
    secrets: { access: 'administrator', params: z.strictObject({}), item: z.string() },
  },
} as const satisfies Api;

export type ExampleApi = typeof exampleApi;

export const OWNER = 1000;

/** Client and server in one process, joined by queues that a test can look into. */
export class Rig {
  readonly client: Client<ExampleApi>;
  readonly peer: ServerPeer<ExampleApi>;
  readonly fromServer: ServerMessage[] = [];
  readonly timers: { at: number; callback: () => void }[] = [];
  readonly sinks: StreamSink<number>[] = [];
  closedStreams = 0;
  secretSeen = '';
  wipeCheck: () => boolean = () => false;
  now = 0;
  isFlowing = true;
  hungUp = false;
  clientClosed: Failure | undefined;

  constructor(caller: Partial<Caller> = {}, limits: Partial<PeerLimits> = {}) {
    const decoder = new FrameDecoder();
    this.peer = new ServerPeer({
      api: exampleApi,
      handlers: this.#handlers(),
      caller: { uid: OWNER, pid: 1, isAdministrator: false, ...caller },
      limits: { ...DEFAULT_PEER_LIMITS, ...limits },
      server: 'example 1.0',
      now: () => this.now,
      log: silent,
      send: (message) => {
        this.fromServer.push(message);
        this.client.receive(encodeFrame(message));
      },
      isFlowing: () => this.isFlowing,
      hangUp: () => (this.hungUp = true),
    });
    const waiting: Uint8Array[] = [];
    let deliver = (octets: Uint8Array): void => void waiting.push(octets);
    this.client = new Client({
      api: exampleApi,
      wire: { write: (octets) => deliver(octets), close: () => this.peer.end() },
      client: 'test',
      after: (ms, callback) => {
        const timer = { at: this.now + ms, callback };
        this.timers.push(timer);
        return () => this.timers.splice(this.timers.indexOf(timer), 1);
      },
      onClosed: (why) => (this.clientClosed = why),
    });
    deliver = (octets) => {
      const frames = decoder.push(octets);
      if (frames.ok) for (const frame of frames.value) this.peer.handle(frame);
    };
    for (const octets of waiting) deliver(octets);
  }

  advance(ms: number): void {
    this.now += ms;
    for (const timer of this.timers.filter(({ at }) => at <= this.now)) timer.callback();
  }

  #handlers(): Handlers<ExampleApi> {
    const done = (): Result<null, Failure> => ok(null);
    return {
      calls: {
        double: ({ number }) => (number === 13 ? err(failure('contract.busy')) : ok(2 * number)),
        stop: done,
        reset: done,
        answer: (_params, _caller, secret) => {
          this.secretSeen = secret ? utf8Text(secret.reveal()) : '';
          this.wipeCheck = () => secret?.wiped ?? false;
          return ok(secret?.length ?? 0);
        },
        never: () => new Promise(() => undefined),
        broken: () => {
          throw new Error('a mistake');
        },
      },
      streams: {
        numbers: ({ from }, _caller, sink) => {
          this.sinks.push(sink);
          sink.item(from);
          return () => (this.closedStreams += 1);
        },
        secrets: () => () => undefined,
      },
      ownerOf: (name) => (name === 'stop' ? OWNER : undefined),
    };
  }
}
