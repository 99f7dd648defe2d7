import { failure, type Failure } from '../../lib/failure.ts';
import type { Log, Millis } from '../../lib/ports.ts';
import { ProtocolError } from '../../lib/reader.ts';
import { err, ok, type Result } from '../../lib/result.ts';
import { networkKey, type NetworkState } from '../../net/network-state.ts';
import { NetlinkSocket } from '../../node-tun/index.ts';
import type { NetworkMonitor } from '../ports.ts';
import { Concern, DATAGRAM_LENGTH, dumpNetwork, isOverflow, type NetlinkPort } from './netlink/dump.ts';
import { splitMessages } from './netlink/message.ts';
import { stateOf } from './netlink/state.ts';
import { isTunnelDevice } from './numbers.ts';
import { systemTimers, type Timers } from './timers.ts';

/** RTMGRP_LINK, _IPV4_IFADDR, _IPV4_ROUTE, _IPV6_IFADDR and _IPV6_ROUTE (linux/rtnetlink.h). */
const GROUPS = 0x1 | 0x10 | 0x40 | 0x100 | 0x400;

/** A change is told when nothing more has happened for so long: what follows from it comes within a few milliseconds. */
const QUIET_MS = 20;
/** … but no later than this after its beginning, whatever goes on. */
const LONGEST_MS = 100;
/** How soon the kernel is asked again when it could not answer. */
const RETRY_MS = 1_000;
/** Datagrams in one turn of the loop; others have their turn before more. */
const DATAGRAMS_PER_TURN = 100;

export interface NetworkMonitorOptions {
  readonly log: Log;
  /** For tests. */
  readonly open?: (groups: number) => NetlinkPort;
  readonly timers?: Timers;
}

/**
 * Watches links, addresses and routes over rtnetlink. Needs no privilege. Messages of the kernel only say that
 * something changed: what there is now is always asked for as a whole, so that none that is lost does any harm. Fails
 * with platform.monitor-failed.
 */
export function openNetworkMonitor(options: NetworkMonitorOptions): Result<NetworkMonitor, Failure> {
  const open = options.open ?? ((groups) => NetlinkSocket.open({ groups }));
  const ports: NetlinkPort[] = [];
  try {
    // One hears and one asks: what is heard never fills the buffer that an answer needs.
    const events = open(GROUPS);
    ports.push(events);
    const questions = open(0);
    ports.push(questions);
    return ok(new LinuxNetworkMonitor(events, questions, options.log, options.timers ?? systemTimers));
  } catch (error) {
    for (const port of ports) port.close();
    const detail = error instanceof Error ? error.message : String(error);
    return err(failure('platform.monitor-failed', { detail }));
  }
}

class LinuxNetworkMonitor implements NetworkMonitor {
  readonly #events: NetlinkPort;
  readonly #questions: NetlinkPort;
  readonly #log: Log;
  readonly #timers: Timers;
  readonly #callbacks = new Set<(state: NetworkState) => void>();
  readonly #buffer = new Uint8Array(DATAGRAM_LENGTH);
  /** What happens to our own devices is no news. */
  readonly #concern = new Concern(isTunnelDevice);
  #state: NetworkState;
  /** Of the state that was told last. */
  #toldKey: string;
  /** Somebody who asked has seen another state since then. */
  #hasShownOther = false;
  /** When the change began that has not been looked at yet. */
  #changedAt: Millis | undefined;
  #cancelTimer: (() => void) | undefined;
  #closed = false;

  /** Throws when the kernel does not say what there is. */
  constructor(events: NetlinkPort, questions: NetlinkPort, log: Log, timers: Timers) {
    this.#events = events;
    this.#questions = questions;
    this.#log = log;
    this.#timers = timers;
    this.#state = stateOf(dumpNetwork(questions), isTunnelDevice);
    this.#toldKey = networkKey(this.#state);
    events.onReadable(() => this.#heard());
  }

  current(): NetworkState {
    if (this.#closed) return this.#state;
    // A callback of the loop may not have had its turn yet: after a sleep, say.
    this.#heard();
    if (this.#changedAt !== undefined) {
      this.#read();
      this.#hasShownOther ||= networkKey(this.#state) !== this.#toldKey;
    }
    return this.#state;
  }

  changes(callback: (state: NetworkState) => void): () => void {
    // A function of its own, so that the same callback can listen twice.
    const own = (state: NetworkState): void => callback(state);
    this.#callbacks.add(own);
    return () => this.#callbacks.delete(own);
  }

  close(): void {
    this.#closed = true;
    this.#cancelTimer?.();
    this.#callbacks.clear();
    this.#events.close();
    this.#questions.close();
  }

  #heard(): void {
    if (!this.#takeMessages()) return;
    const now = this.#timers.now();
    this.#changedAt ??= now;
    const due = Math.min(now + QUIET_MS, this.#changedAt + LONGEST_MS);
    this.#lookAfter(Math.max(0, due - now));
  }

  /** Takes what waits. True when something may have changed. */
  #takeMessages(): boolean {
    let changed = false;
    for (let i = 0; i < DATAGRAMS_PER_TURN; i++) {
      try {
        const length = this.#events.receive(this.#buffer);
        if (length === 0) break;
        for (const message of splitMessages(this.#buffer.subarray(0, length))) {
          // Each is looked at: it may say which link is ours.
          const mayConcern = this.#concern.mayBe(message);
          changed ||= mayConcern;
        }
      } catch (error) {
        // Something was said that we do not know, which is as good as a change.
        changed = true;
        this.#concern.forget();
        if (!isOverflow(error) && !(error instanceof ProtocolError)) break;
      }
    }
    return changed;
  }

  #lookAfter(delayMs: number): void {
    this.#cancelTimer?.();
    this.#cancelTimer = this.#timers.after(delayMs, () => this.#look());
  }

  /** Looks what there is, and tells it when it is something else than was told. */
  #look(): void {
    this.#cancelTimer = undefined;
    this.#read();
    const key = networkKey(this.#state);
    // Who has asked in between may have acted on what was taken back since.
    const isNews = key !== this.#toldKey || this.#hasShownOther;
    this.#hasShownOther = false;
    if (!isNews) return;
    this.#toldKey = key;
    this.#log('debug', 'network-changed', { links: this.#state.links.map(({ name }) => name).join(' ') });
    for (const callback of [...this.#callbacks]) {
      // One of them may have ended another, or closed the monitor.
      if (this.#callbacks.has(callback)) callback(this.#state);
    }
  }

  #read(): void {
    this.#changedAt = undefined;
    try {
      this.#state = stateOf(dumpNetwork(this.#questions), isTunnelDevice);
    } catch (error) {
      // What was known stays: to believe that there is no network would end a connection that works.
      this.#log('warn', 'network-unreadable', {
        detail: error instanceof Error ? error.message : String(error),
      });
      this.#lookAfter(RETRY_MS);
    }
  }
}
