import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { silent } from '../../core/lib/ports.ts';
import { ok } from '../../core/lib/result.ts';
import { SecretBytes } from '../../core/lib/secret.ts';
import { peerOf, UnixListener } from '../../core/node-tun/index.ts';
import { connect } from '../../core/rpc/connect.ts';
import { encodeFrame, FrameDecoder } from '../../core/rpc/frame.ts';
import type { Handlers, StreamSink } from '../../core/rpc/handlers.ts';
import { Server, type ServerLimits } from '../../core/rpc/server.ts';
import { exampleApi, type ExampleApi } from '../unit/rpc/example-api.ts';

const UID = process.getuid?.() ?? 0;
const HELLO = { type: 'hello', versions: [1], client: 'test' };

describe('a service on a Unix socket', () => {
  let directory = '';
  let path = '';
  let server: Server<ExampleApi> | undefined;
  let sink: StreamSink<number> | undefined;
  const open: Socket[] = [];

  const handlers: Handlers<ExampleApi> = {
    calls: {
      double: ({ number }) => ok(2 * number),
      stop: () => ok(null),
      reset: () => ok(null),
      answer: (_params, _caller, secret) => ok(secret?.length ?? 0),
      never: () => new Promise(() => undefined),
      broken: () => ok(1),
    },
    streams: {
      numbers: ({ from }, _caller, into) => {
        sink = into;
        into.item(from);
        return () => undefined;
      },
      secrets: () => () => undefined,
    },
    ownerOf: () => undefined,
  };

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'cw-rpc-'));
    mkdirSync(join(directory, 'run'), { mode: 0o750 });
    path = join(directory, 'run', 'socket');
  });

  afterEach(() => {
    server?.close();
    for (const socket of open.splice(0)) socket.destroy();
    rmSync(directory, { recursive: true, force: true });
  });

  function serve(limits: Partial<ServerLimits> = {}): Server<ExampleApi> {
    server = new Server({
      api: exampleApi,
      handlers,
      source: UnixListener.open({ path, mode: 0o660 }),
      isAdministrator: (uid) => uid === 0,
      server: 'example 1.0',
      limits,
      now: () => performance.now(),
      log: silent,
    });
    return server;
  }

  /** A connection that says what it wants, and what it was told until it was hung up on. */
  async function raw(...pieces: readonly Uint8Array[]): Promise<unknown[]> {
    const socket = createConnection(path);
    open.push(socket);
    const decoder = new FrameDecoder();
    const told: unknown[] = [];
    socket.on('data', (piece: Buffer) => {
      const frames = decoder.push(piece);
      if (frames.ok) told.push(...frames.value.map(({ value }) => value));
    });
    socket.on('error', () => undefined);
    for (const piece of pieces) socket.write(piece);
    await new Promise((resolve) => socket.once('close', resolve));
    return told;
  }

  function lastCode(told: readonly unknown[]): unknown {
    const last = told.at(-1) as { type: string; failure?: { code: string } } | undefined;
    return last?.type === 'bye' ? last.failure?.code : undefined;
  }

  test('has the mode that it was given from the moment that it is there', () => {
    const before = process.umask(0o007);
    serve();
    process.umask(before);
    assert.equal(statSync(path).mode & 0o777, 0o660);
  });

  test('knows who is at the other end, and so does the other end', () => {
    const listener = UnixListener.open({ path, mode: 0o600 });
    open.push(createConnection(path));
    const found = listener.accept();
    assert.ok(found);
    assert.deepEqual(found.peer, { pid: process.pid, uid: UID, gid: process.getgid?.() });
    assert.deepEqual(peerOf(found.descriptor), found.peer);
    assert.equal(listener.accept(), undefined);
    listener.close();
    assert.throws(() => listener.accept(), { code: 'EBADF' });
  });

  test('is not put where a file is, nor outside the file system', () => {
    writeFileSync(path, '');
    assert.throws(() => UnixListener.open({ path, mode: 0o600 }), { code: 'EADDRINUSE' });
    assert.throws(() => UnixListener.open({ path: '', mode: 0o600 }), RangeError);
    assert.throws(() => UnixListener.open({ path: '\0abstract', mode: 0o600 }), /NUL/);
    assert.throws(() => UnixListener.open({ path: 'x'.repeat(108), mode: 0o600 }), /path/);
  });

  test('answers calls, takes secrets, and streams', async () => {
    serve();
    const client = await connect({ api: exampleApi, path, ownerUid: UID, client: 'test' });
    assert.ok(client.ok);
    assert.deepEqual(await client.value.call('double', { number: 21 }), { ok: true, value: 42 });
    const secret = SecretBytes.ofText('four');
    assert.deepEqual(await client.value.call('answer', {}, secret), { ok: true, value: 4 });
    const items: number[] = [];
    const two = Promise.withResolvers<undefined>();
    client.value.open(
      'numbers',
      { from: 1 },
      {
        item: (value) => {
          items.push(value);
          if (value === 1) sink?.item(2);
          else two.resolve(undefined);
        },
        end: () => undefined,
      },
    );
    await two.promise;
    assert.deepEqual(items, [1, 2]);
    client.value.close();
  });

  test('serves fifty clients with calls at once', async () => {
    serve();
    const clients = await Promise.all(
      Array.from({ length: 50 }, () => connect({ api: exampleApi, path, ownerUid: UID, client: 'test' })),
    );
    const answers = await Promise.all(
      clients.flatMap((client) => {
        assert.ok(client.ok);
        return [1, 2, 3, 4].map((number) => client.value.call('double', { number }));
      }),
    );
    assert.equal(answers.filter((answer) => answer.ok).length, 200);
    for (const client of clients) if (client.ok) client.value.close();
  });

  test('takes calls behind a greeting that nobody has waited for', async () => {
    serve();
    const hasty = await connect({ api: exampleApi, path, ownerUid: UID, client: 'test', isHasty: true });
    assert.ok(hasty.ok);
    assert.deepEqual(await hasty.value.call('double', { number: 21 }), { ok: true, value: 42 });
    assert.equal((await hasty.value.ready).ok, true);
    hasty.value.close();
  });

  test('that is not there, or went away, is told as that', async () => {
    const absent = await connect({ api: exampleApi, path, ownerUid: UID, client: 'test' });
    assert.equal(absent.ok || absent.error.code, 'contract.disconnected');
    serve();
    const closed = Promise.withResolvers<string>();
    const client = await connect({
      api: exampleApi,
      path,
      ownerUid: UID,
      client: 'test',
      onClosed: (why) => closed.resolve(why.code),
    });
    assert.ok(client.ok);
    const pending = client.value.call('never', {});
    server?.close();
    assert.equal(await closed.promise, 'contract.disconnected');
    const outcome = await pending;
    assert.equal(outcome.ok || outcome.error.code, 'contract.disconnected');
  });

  test('in a place of somebody else, or where others can write, is not talked to', async () => {
    serve();
    const code = async (at: string, ownerUid: number): Promise<unknown> => {
      const outcome = await connect({ api: exampleApi, path: at, ownerUid, client: 'test' });
      return outcome.ok || outcome.error.code;
    };
    assert.equal(await code(path, UID + 1), 'contract.untrusted-service');
    const link = join(directory, 'run', 'link');
    symlinkSync(path, link);
    assert.equal(await code(link, UID), 'contract.untrusted-service');
    chmodSync(join(directory, 'run'), 0o777);
    assert.equal(await code(path, UID), 'contract.untrusted-service');
  });

  test('hangs up on oversize, deep, malformed and secret-bearing frames, and says why', async () => {
    serve();
    const header = (text: number, secret = 0): Uint8Array => {
      const octets = Buffer.alloc(8);
      octets.writeUInt32BE(text, 0);
      octets.writeUInt32BE(secret, 4);
      return octets;
    };
    for (const attack of [
      header(0xffff_ffff),
      header(2, 0xffff_ffff),
      Buffer.concat([header(4), Buffer.from('nul!')]),
      Buffer.concat([header(200), Buffer.from('['.repeat(200))]),
      encodeFrame({ type: 'open', id: 1, name: 'numbers', params: {} }, SecretBytes.ofText('x')),
    ]) {
      assert.equal(lastCode(await raw(encodeFrame(HELLO), attack)), 'contract.invalid');
    }
  });

  test('hangs up on who is slow with a greeting or a frame, not on who waits', async () => {
    serve({ slowMs: 150 });
    assert.equal(lastCode(await raw()), 'contract.timeout');
    assert.equal(lastCode(await raw(encodeFrame(HELLO), Uint8Array.of(0, 0, 0))), 'contract.timeout');
    const client = await connect({ api: exampleApi, path, ownerUid: UID, client: 'test' });
    assert.ok(client.ok);
    await pause(400);
    assert.ok((await client.value.call('double', { number: 1 })).ok);
    client.value.close();
  });

  test('has room for so many clients, and takes others when some have left', async () => {
    const limited = serve({ clientsOfOneUser: 2 });
    const join2 = (): ReturnType<typeof connect<ExampleApi>> =>
      connect({ api: exampleApi, path, ownerUid: UID, client: 'test' });
    const [first, second] = [await join2(), await join2()];
    assert.ok(first.ok && second.ok);
    const third = await join2();
    assert.equal(third.ok || third.error.code, 'contract.busy');
    first.value.close();
    while (limited.clients > 1) await pause(5);
    assert.ok((await join2()).ok);
  });
});
