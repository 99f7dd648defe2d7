import type { Host } from '../../../core/cli/connect.ts';
import type { Look } from '../../../core/cli/terminal.ts';
import { FakeConnection } from './fake-connection.ts';

export const PLAIN: Look = { live: false, color: false, unicode: false, columns: Number.POSITIVE_INFINITY };
export const LIVE: Look = { live: true, color: false, unicode: true, columns: 80 };

/** A process around `connect` whose clock, signals and outputs belong to the test. */
export class FakeHost implements Host {
  readonly look: Look;
  readonly terminal = undefined;
  readonly script: (connection: FakeConnection) => void;
  system = 'linux';
  userId: number | undefined = 0;
  nowMs = 0;
  shown = '';
  shownAsError = '';
  connection: FakeConnection | undefined;
  endAsked: ((how: 'orderly' | 'at-once') => void) | undefined;
  fault: ((error: unknown) => void) | undefined;
  second: (() => void) | undefined;
  later: (() => void)[] = [];
  interrupted = 0;

  constructor(script: (connection: FakeConnection) => void, look: Look = PLAIN) {
    this.script = script;
    this.look = look;
  }

  readonly out = { write: (text: string): void => void (this.shown += text) };
  readonly error = { write: (text: string): void => void (this.shownAsError += text) };
  readonly now = (): number => this.nowMs;
  readonly loadConnections: Host['loadConnections'] = () =>
    Promise.resolve((setup) => (this.connection = new FakeConnection(setup, this.script)));
  readonly onEndAsked: Host['onEndAsked'] = (callback) => {
    this.endAsked = callback;
    return () => (this.endAsked = undefined);
  };
  readonly onFault: Host['onFault'] = (callback) => {
    this.fault = callback;
    return () => (this.fault = undefined);
  };
  readonly everySecond: Host['everySecond'] = (callback) => {
    this.second = callback;
    return () => (this.second = undefined);
  };
  readonly after: Host['after'] = (_delayMs, callback) => this.later.push(callback);
  readonly interrupt = (): void => {
    this.interrupted++;
  };
}
