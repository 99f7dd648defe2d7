/** A connection as text for people: each step on a line, then one line that is kept up to date. */
import { unreachable } from '../lib/result.ts';
import type {
  ConnectedEvent,
  ConnectionEvent,
  ConnectionPhase,
  CountersEvent,
  FailedEvent,
  StateEvent,
} from '../contract/snapshot.ts';
import type { UserMethod } from '../contract/profile.ts';
import { addressOctets } from '../contract/text-forms.ts';
import { bytesText, clockText, spanText } from './quantities.ts';
import { logLine, type Renderer } from './renderer.ts';
import type { Screen } from './screen.ts';
import { nameServersText, nextAttemptText, troubleText } from './state-text.ts';
import { colored, harmless, marksOf, wrapped } from './terminal.ts';

type PhaseEvent = Extract<ConnectionEvent, { event: 'phase' }>;

/** Where no line can be written over, the traffic is told at most this often. */
const COUNTERS_EVERY_MS = 60_000;
const TEXT_COLUMNS = 100;

interface Options {
  readonly name: string;
  readonly verbose: boolean;
  /** Monotonic milliseconds since the start. */
  readonly now: () => number;
}

export function textRenderer(screen: Screen, options: Options): Renderer {
  const { look } = screen;
  const marks = marksOf(look);
  let step: PhaseEvent | undefined;
  let connected: ConnectedEvent | undefined;
  let connectedAtMs = 0;
  let counters: CountersEvent | undefined;
  let countersToldAtMs = 0;
  let ending = false;
  let asking = false;
  let trouble: { readonly text: string; readonly dueAtMs: number | undefined } | undefined;

  const done = (text: string): void => screen.line(`${colored(look, 'green', marks.done)} ${text}`);

  const beginStep = (next: PhaseEvent): void => {
    screen.clearLive();
    if (step !== undefined && look.live)
      done(`${finished(step, next)} ${colored(look, 'dim', `(${spanText(next.atMs - step.atMs)})`)}`);
    step = next;
    const text = `${marks.busy} ${beginning(next)}`;
    if (look.live) screen.live(`${text}${marks.dots}`);
    else screen.line(text);
  };

  const showFacts = (rows: readonly Fact[]): void => {
    for (const [label, value] of rows) screen.line(`  ${label.padEnd(10)} ${value}`);
  };

  const showConnected = (event: ConnectedEvent): void => {
    screen.clearLive();
    const before = connected;
    connected = event;
    if (before === undefined) {
      connectedAtMs = options.now();
      countersToldAtMs = connectedAtMs;
      step = undefined;
      done(colored(look, 'bold', `Connected to ${harmless(options.name)} in ${spanText(event.atMs)}`));
      showFacts(facts(event));
    } else {
      const known = facts(before).map(String);
      showFacts(facts(event).filter((fact) => !known.includes(String(fact))));
    }
    tick();
  };

  const showState = (event: StateEvent): void => {
    const text = connected === undefined || ending ? undefined : troubleText(event);
    const wasInTrouble = trouble?.text;
    const waitMs = event.retryAtMs === undefined ? undefined : event.retryAtMs - event.atMs;
    trouble =
      text === undefined
        ? undefined
        : { text, dueAtMs: waitMs === undefined ? undefined : options.now() + waitMs };
    if (text !== undefined && text !== wasInTrouble) {
      const line = look.live ? text : `${text}${nextAttemptText(waitMs)}`;
      screen.line(`${colored(look, 'yellow', marks.warning)} ${harmless(line)}`);
    }
    if (event.state === 'connected' && wasInTrouble !== undefined) {
      screen.clearLive();
      done(colored(look, 'bold', `Connected to ${harmless(options.name)} again`));
    }
    tick();
  };

  const traffic = (): string =>
    `${marks.up} ${bytesText(counters?.bytesOut ?? 0)} ${marks.down} ${bytesText(counters?.bytesIn ?? 0)}`;

  const tick = (): void => {
    if (connected === undefined || ending || asking) return;
    if (trouble !== undefined) {
      const waitMs = trouble.dueAtMs === undefined ? undefined : trouble.dueAtMs - options.now();
      screen.live(harmless(`${trouble.text}${nextAttemptText(waitMs)}`));
      return;
    }
    const parts = [
      `connected for ${clockText(options.now() - connectedAtMs)}`,
      ...connected.addresses,
      traffic(),
    ];
    screen.live(parts.map(harmless).join(marks.separator));
  };

  const showCounters = (event: CountersEvent): void => {
    const changed = event.bytesIn !== counters?.bytesIn || event.bytesOut !== counters.bytesOut;
    counters = event;
    if (look.live) tick();
    else if (
      connected !== undefined &&
      trouble === undefined &&
      changed &&
      options.now() - countersToldAtMs >= COUNTERS_EVERY_MS
    ) {
      countersToldAtMs = options.now();
      screen.line(`${marks.busy} connected for ${clockText(countersToldAtMs - connectedAtMs)}, ${traffic()}`);
    }
  };

  const showFailure = ({ failure }: FailedEvent): void => {
    screen.clearLive();
    if (step !== undefined && look.live)
      screen.line(`${colored(look, 'red', marks.failed)} ${beginning(step)}`);
    step = undefined;
    const columns = look.live ? Math.min(look.columns, TEXT_COLUMNS) : Number.POSITIVE_INFINITY;
    screen.errorLine(colored(look, 'red', colored(look, 'bold', `${marks.failed} ${failure.title}`)));
    for (const text of [failure.why, failure.next, `[${failure.code}]`])
      for (const line of wrapped(text, '  ', columns)) screen.errorLine(line);
  };

  const showEnd = (): void => {
    screen.clearLive();
    const span = connected === undefined ? undefined : clockText(options.now() - connectedAtMs);
    done(span === undefined ? 'Stopped' : `Disconnected after ${span}, ${traffic()}`);
  };

  return {
    event: (event) => {
      switch (event.event) {
        case 'phase':
          beginStep(event);
          break;
        case 'state':
          showState(event);
          break;
        case 'connected':
          showConnected(event);
          break;
        case 'counters':
          showCounters(event);
          break;
        case 'warning':
          screen.errorLine(`${colored(look, 'yellow', marks.warning)} ${harmless(event.message)}`);
          break;
        case 'failed':
          showFailure(event);
          break;
        case 'disconnected':
          if (event.reason === 'user') showEnd();
          else screen.clearLive();
          break;
        default:
          unreachable(event);
      }
    },
    disconnecting: () => {
      ending = true;
      const text = `${marks.busy} Disconnecting${marks.dots}`;
      if (look.live) screen.live(text);
      else screen.line(text);
    },
    asking: (isAsking) => {
      asking = isAsking;
      screen.clearLive();
    },
    tick,
    log: (...entry) => {
      if (options.verbose && entry[0] !== 'trace') screen.errorLine(logLine(options.now(), ...entry));
    },
  };
}

const METHODS: Readonly<Record<string, string>> = {
  'eap-mschapv2': ' by password',
  'eap-gtc': ' by one-time code',
  certificate: ' by certificate',
  psk: ' by pre-shared key',
} satisfies Readonly<Record<UserMethod, string>>;

function beginning({ phase, gateway, method }: PhaseEvent): string {
  const texts: Readonly<Record<ConnectionPhase, string>> = {
    resolving: isAddress(gateway)
      ? `Preparing for ${gateway ?? ''}`
      : `Looking up ${gateway ?? 'the gateway'}`,
    init: `Agreeing on keys with ${gateway ?? 'the gateway'}`,
    auth: `Signing in${METHODS[method ?? ''] ?? ''}`,
    configuring: 'Setting up the tunnel',
  };
  return harmless(texts[phase]);
}

function isAddress(gateway: string | undefined): boolean {
  return gateway !== undefined && addressOctets(gateway) !== undefined;
}

function finished({ phase, gateway }: PhaseEvent, next: PhaseEvent): string {
  const texts: Readonly<Record<ConnectionPhase, string>> = {
    resolving: isAddress(gateway)
      ? 'Prepared'
      : `Found ${gateway ?? 'the gateway'}${next.gateway === undefined ? '' : ` at ${next.gateway}`}`,
    init: 'Agreed on keys',
    auth: 'Signed in',
    configuring: 'Set up the tunnel',
  };
  return harmless(texts[phase]);
}

const EVERYTHING: Readonly<Record<string, string>> = { '0.0.0.0/0': 'all of IPv4', '::/0': 'all of IPv6' };

type Fact = readonly [label: string, value: string];

function facts(event: ConnectedEvent): readonly Fact[] {
  const { gateway, suite } = event;
  const rows: readonly (readonly [string, string])[] = [
    ['Address', event.addresses.join(', ')],
    ['Networks', event.selectors.remote.map((network) => EVERYTHING[network] ?? network).join(', ')],
    ['Subnets', (event.subnets ?? []).join(', ')],
    ['DNS', nameServersText(event)],
    [
      'Gateway',
      `${gateway.identity} at ${gateway.address}, UDP port ${gateway.port}${event.nat ? ', through an address translator' : ''}`,
    ],
    ['Encryption', `${suite.esp} (control: ${suite.ike})`],
    ['Interface', `${event.tun}, packets up to ${event.mtu} octets`],
  ];
  return rows.filter(([, value]) => value !== '').map(([label, value]) => [label, harmless(value)]);
}
