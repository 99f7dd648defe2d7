import type { Millis } from '../../core/lib/ports.ts';
import type { IkeConfig } from '../../core/ike/config.ts';
import type { IkeCommand, IkeEvent, InboundDatagram, OutboundDatagram, Path } from '../../core/ike/events.ts';
import type { NatFindings } from '../../core/ike/nat-detection.ts';
import type { SessionCore } from '../../core/vpn/session-driver.ts';

/** What a path is found to be where no NAT is. */
export const NO_NAT: NatFindings = { supported: true, local: false, remote: false };
export const BEHIND_NAT: NatFindings = { supported: true, local: true, remote: false };

/** A session that does nothing of its own: it keeps what it is told, and says what a test wants it to say. */
export class ScriptedSession implements SessionCore {
  readonly config: IkeConfig;
  readonly commands: IkeCommand[] = [];
  readonly received: InboundDatagram[] = [];
  readonly sentAt: Millis[] = [];
  readonly trafficAt: Millis[] = [];
  readonly trafficOver: (number | undefined)[] = [];
  hints = 0;
  /** Whether ESP that goes out makes it want to be called back earlier. */
  isHasty = false;
  closed = false;
  /** Does what the session would do at once when it is told something. */
  onCommand: ((command: IkeCommand) => void) | undefined;
  timeoutAt: Millis | undefined;
  #datagrams: OutboundDatagram[] = [];
  #events: IkeEvent[] = [];

  constructor(config: IkeConfig) {
    this.config = config;
  }

  /** Waits for whoever next asks the session what it has to say. */
  say(...events: readonly IkeEvent[]): this {
    this.#events.push(...events);
    return this;
  }

  /** A message on that path, to port 4500. */
  send(path: Path | number, remote = this.config.gateway.address): this {
    const [id, to] = typeof path === 'number' ? [path, remote] : [path.id, path.remote.address];
    const payload = Uint8Array.of(0, 0, 0, 0, 1, 2, 3);
    this.#datagrams.push({ payload, transport: 'nat', remote: { address: to, port: 4500 }, path: id });
    return this;
  }

  /** The last paths that it was told of. */
  get paths(): readonly Path[] | undefined {
    const told = this.commands.findLast((one) => one.kind === 'paths');
    return told?.kind === 'paths' ? told.paths : undefined;
  }

  handleCommand(command: IkeCommand): void {
    this.commands.push(command);
    this.onCommand?.(command);
  }

  handleDatagram(datagram: InboundDatagram): void {
    this.received.push(datagram);
  }

  takeDatagrams(): OutboundDatagram[] {
    const datagrams = this.#datagrams;
    this.#datagrams = [];
    return datagrams;
  }

  takeEvents(): IkeEvent[] {
    const events = this.#events;
    this.#events = [];
    if (events.some(({ kind }) => kind === 'closed')) this.closed = true;
    return events;
  }

  takeKeyLog(): [] {
    return [];
  }

  nextTimeout(): { readonly at: Millis; readonly why: string } | undefined {
    return this.timeoutAt === undefined ? undefined : { at: this.timeoutAt, why: 'script' };
  }

  handleTimeout(): void {
    this.timeoutAt = undefined;
  }

  noteTraffic(now: Millis, path?: number): boolean {
    this.trafficAt.push(now);
    this.trafficOver.push(path);
    return false;
  }

  noteSent(now: Millis): boolean {
    this.sentAt.push(now);
    return this.isHasty;
  }

  noteUnreachable(): void {
    this.hints += 1;
  }

  wipe(): void {
    this.closed = true;
  }
}
