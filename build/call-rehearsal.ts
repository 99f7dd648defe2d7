import { type DaemonApi, daemonApi } from '../core/contract/daemon-api.ts';
import { silent } from '../core/lib/ports.ts';
import { ok } from '../core/lib/result.ts';
import { encodeFrame, FrameDecoder } from '../core/rpc/frame.ts';
import type { Handlers } from '../core/rpc/handlers.ts';
import type { ClientMessage } from '../core/rpc/protocol.ts';
import { DEFAULT_PEER_LIMITS, ServerPeer } from '../core/rpc/server-peer.ts';
import { PROFILE, STATUSES } from './pretended-service.ts';

/** What `causeway up` says, in its order. */
const SAID: readonly ClientMessage[] = [
  { type: 'hello', versions: [1], client: 'causeway' },
  { type: 'call', id: 1, name: 'profile.list', params: {} },
  { type: 'call', id: 2, name: 'connection.up', params: { profile: PROFILE.id } },
  { type: 'open', id: 3, name: 'status', params: {} },
];

/** The server's side of a client that connects, with a service behind it that only pretends. */
export async function rehearseCalls(): Promise<void> {
  const decoder = new FrameDecoder();
  let answers = 0;
  const peer = new ServerPeer<DaemonApi>({
    api: daemonApi,
    handlers: pretendedHandlers(),
    caller: { uid: 0, pid: 0, isAdministrator: true },
    limits: DEFAULT_PEER_LIMITS,
    server: 'causewayd',
    now: () => 0,
    log: silent,
    send: (message) => {
      encodeFrame(message);
      answers += 1;
    },
    isFlowing: () => true,
    hangUp: () => undefined,
  });
  for (const message of SAID) {
    const frames = decoder.push(encodeFrame(message));
    for (const frame of frames.ok ? frames.value : []) peer.handle(frame);
    // The answer to a call comes behind what waits already.
    await Promise.resolve();
  }
  peer.end();
  if (answers === 0) throw new Error('the rehearsal of calls failed');
}

function pretendedHandlers(): Handlers<DaemonApi> {
  const values: Readonly<Record<string, unknown>> = { 'profile.list': [PROFILE] };
  const calls = Object.keys(daemonApi.calls).map((name) => [name, () => ok(values[name] ?? null)]);
  const streams = Object.keys(daemonApi.streams).map((name) => [name, () => () => undefined]);
  return {
    calls: Object.fromEntries(calls) as Handlers<DaemonApi>['calls'],
    streams: {
      ...(Object.fromEntries(streams) as Handlers<DaemonApi>['streams']),
      status: (_params, _caller, sink) => {
        for (const status of STATUSES) sink.item(status);
        return () => undefined;
      },
    },
    ownerOf: () => undefined,
  };
}
