import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CallName } from '../../core/contract/api.ts';
import type { DaemonApi, ProfileSummary, Status } from '../../core/contract/daemon-api.ts';
import { encodeFrame, FrameDecoder } from '../../core/rpc/frame.ts';
import type { ServerMessage, WireFailure } from '../../core/rpc/protocol.ts';

export const FAKE_PROFILE: ProfileSummary = {
  id: '00112233445566aa',
  name: 'Office',
  origin: 'user',
  gateway: 'vpn.example.com',
  method: 'eap-mschapv2',
  username: 'alice',
};

export const CALM: Status = {
  version: '0.1.0',
  connection: null,
  protection: { killSwitch: 'off', blocked: false },
};

export interface SeenCall {
  readonly name: string;
  readonly params: unknown;
  readonly secret: string | undefined;
}

export interface FakeServiceOptions {
  /** The first message that it sends, in place of an ordinary greeting. */
  readonly greeting?: ServerMessage | Record<string, unknown>;
  /** Of the directory and the socket; others than root for a service that nobody should trust. */
  readonly owner?: number;
  readonly group?: number;
  /** Of the socket. */
  readonly mode?: number;
}

/** Speaks as the service does, says what a test wants said, and writes down what it is asked. It does nothing. */
export class FakeService {
  readonly directory = mkdtempSync(join(tmpdir(), 'cw-fake-service-'));
  readonly socketPath: string;
  readonly calls: SeenCall[] = [];
  readonly profiles: ProfileSummary[] = [FAKE_PROFILE];
  /** Sent to whoever watches; not checked, so that it can be that of another version. */
  status: unknown = CALM;
  /** What calls come back with; those that are not named with null. */
  readonly answers = new Map<CallName<DaemonApi>, unknown>();
  readonly failures = new Map<CallName<DaemonApi>, WireFailure>();
  #options: FakeServiceOptions;
  readonly #watchers = new Map<Socket, number>();
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #wake = (): void => undefined;

  private constructor(options: FakeServiceOptions) {
    this.#options = options;
    this.socketPath = join(this.directory, 'run', 'socket');
    chmodSync(this.directory, 0o755);
    mkdirSync(join(this.directory, 'run'), { mode: 0o755 });
  }

  static async start(options: FakeServiceOptions = {}): Promise<FakeService> {
    const service = new FakeService(options);
    await service.listen();
    return service;
  }

  /** Again, after stop(), and as another one if that is said. */
  async listen(options: FakeServiceOptions = this.#options): Promise<void> {
    this.#options = options;
    const server = createServer((socket) => this.#serve(socket));
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(this.socketPath, resolve));
    const { owner, group = 0, mode = 0o666 } = this.#options;
    chmodSync(this.socketPath, mode);
    for (const path of [join(this.directory, 'run'), this.socketPath]) chownSync(path, owner ?? 0, group);
  }

  /** As a service that is killed. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()));
    rmSync(this.socketPath, { force: true });
  }

  async close(): Promise<void> {
    await this.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }

  tell(status: unknown): void {
    this.status = status;
    for (const [socket, id] of this.#watchers) send(socket, { type: 'item', id, value: status });
  }

  /** Resolves with the next call of that name, or one that came already and was not taken. */
  async call(name: CallName<DaemonApi>): Promise<SeenCall> {
    for (;;) {
      const at = this.calls.findIndex((call) => call.name === name);
      const [found] = at < 0 ? [] : this.calls.splice(at, 1);
      if (found) return found;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  #serve(socket: Socket): void {
    const decoder = new FrameDecoder();
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#sockets.delete(socket);
      this.#watchers.delete(socket);
    });
    socket.on('data', (piece: Buffer) => {
      const frames = decoder.push(piece);
      if (!frames.ok) return socket.destroy();
      for (const { value, secret } of frames.value) {
        const text = secret && new TextDecoder().decode(secret.reveal());
        this.#follow(socket, value as Message, text);
      }
      return undefined;
    });
  }

  #follow(socket: Socket, { type, id = 0, name = '', params }: Message, secret: string | undefined): void {
    const { greeting = { type: 'hello', version: 1, server: 'causewayd 0.1.0' } } = this.#options;
    if (type === 'hello') return send(socket, greeting);
    if (type === 'open') {
      this.#watchers.set(socket, id);
      return send(socket, { type: 'item', id, value: this.status });
    }
    if (type !== 'call') return;
    this.calls.push({ name, params, secret });
    const call = name as CallName<DaemonApi>;
    const why = this.failures.get(call);
    if (why) send(socket, { type: 'failed', id, failure: why });
    else send(socket, { type: 'result', id, value: this.#answer(call) });
    this.#wake();
  }

  #answer(call: CallName<DaemonApi>): unknown {
    if (this.answers.has(call)) return this.answers.get(call);
    if (call === 'profile.list') return this.profiles;
    return call === 'settings.read' ? { killSwitch: 'off', lan: true } : null;
  }
}

interface Message {
  readonly type: string;
  readonly id?: number;
  readonly name?: string;
  readonly params?: unknown;
}

function send(socket: Socket, message: object): void {
  if (!socket.destroyed) socket.write(encodeFrame(message));
}
