import type { Millis, RandomBytes } from '../../lib/ports.ts';
import type { IpAddress } from '../../net/address.ts';
import {
  answersQuery,
  type Query,
  readResponse,
  type Response,
  ResponseCode,
  withId,
} from '../../net/dns/message.ts';
import type { LookupWay } from '../../net/dns/way.ts';
import type { DnsUpstream, Transport } from './upstream.ts';

/** The next server is asked, or the same again, when there is no answer for so long. */
const PATIENCE_MS = { udp: 1_000, tcp: 2_000 } as const;
/** When nobody answered: the C library waits for 5 s and then asks again. */
const DEADLINE_MS = 4_500;
/** How often a question is sent over UDP, to all servers together. */
const MAX_TRIES = 6;

/** Calls back once after a while, and returns what calls it off. */
export type After = (delayMs: Millis, callback: () => void) => () => void;

export interface ServersAsk {
  readonly octets: Uint8Array;
  readonly query: Query;
  readonly servers: readonly IpAddress[];
  readonly way: LookupWay;
  readonly transport: Transport;
}

export interface AskOptions {
  readonly upstream: DnsUpstream;
  readonly random: RandomBytes;
  readonly after: After;
}

export interface Found {
  readonly octets: Uint8Array;
  readonly response: Response;
}

/** Codes with which a server says that another one might know better. */
const UNHELPFUL: ReadonlySet<number> = new Set([
  ResponseCode.FAILURE,
  ResponseCode.NOT_IMPLEMENTED,
  ResponseCode.REFUSED,
]);

/**
 * Asks one server after the other until one knows, each time with a new id. A server that does not know, or cannot be
 * reached, is not asked again. `done` gets what was found: at the worst the words of one that does not know, or undefined.
 * The returned function gives up at once.
 */
export function askServers(
  ask: ServersAsk,
  options: AskOptions,
  done: (found: Found | undefined) => void,
): () => void {
  const race = new ServerRace(ask, options, done);
  race.next();
  return () => race.giveUp();
}

class ServerRace {
  readonly #ask: ServersAsk;
  readonly #options: AskOptions;
  readonly #done: (found: Found | undefined) => void;
  /** What calls the questions off that wait for an answer. */
  readonly #cancels = new Set<() => void>();
  /** Servers, by their place, that are of no use. */
  readonly #useless = new Set<number>();
  readonly #cancelDeadline: () => void;
  #cancelPatience = (): void => undefined;
  #tries = 0;
  /** The best of the answers that do not help. */
  #fallback: Found | undefined;
  #over = false;

  constructor(ask: ServersAsk, options: AskOptions, done: (found: Found | undefined) => void) {
    this.#ask = ask;
    this.#options = options;
    this.#done = done;
    this.#cancelDeadline = options.after(DEADLINE_MS, () => this.giveUp());
  }

  giveUp(): void {
    this.#settle(this.#fallback);
  }

  next(): void {
    this.#cancelPatience();
    const at = this.#nextServer();
    const server = at === undefined ? undefined : this.#ask.servers[at];
    if (at === undefined || server === undefined) {
      if (this.#cancels.size === 0) this.giveUp();
      return;
    }
    this.#tries += 1;
    this.#cancelPatience = this.#options.after(PATIENCE_MS[this.#ask.transport], () => this.next());
    this.#send(at, server);
  }

  #send(at: number, server: IpAddress): void {
    const { octets, query, way, transport } = this.#ask;
    const id = this.#randomId();
    let found: Found | undefined;
    const cancel = this.#options.upstream.ask({
      server,
      way,
      transport,
      query: withId(octets, id),
      accept: (reply) => {
        const response = readResponse(reply);
        if (!response.ok || !answersQuery(response.value, query, id)) return false;
        found = { octets: reply, response: response.value };
        return true;
      },
      done: () => {
        this.#cancels.delete(cancel);
        if (this.#over) return;
        if (found !== undefined && !UNHELPFUL.has(found.response.code)) {
          this.#settle(found);
          return;
        }
        this.#useless.add(at);
        this.#fallback = found ?? this.#fallback;
        this.next();
      },
    });
    this.#cancels.add(cancel);
  }

  /** Round and round over UDP, where a question may be lost; each once over TCP. */
  #nextServer(): number | undefined {
    const { servers, transport } = this.#ask;
    const most = transport === 'udp' ? MAX_TRIES : servers.length;
    if (this.#tries >= most) return undefined;
    const round = servers.map((_, i) => (this.#tries + i) % servers.length);
    return round.find((at) => !this.#useless.has(at));
  }

  #randomId(): number {
    const [high = 0, low = 0] = this.#options.random(2);
    return (high << 8) | low;
  }

  #settle(found: Found | undefined): void {
    if (this.#over) return;
    this.#over = true;
    this.#cancelPatience();
    this.#cancelDeadline();
    for (const cancel of this.#cancels) cancel();
    this.#done(found);
  }
}
