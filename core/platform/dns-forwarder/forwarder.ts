import { toHex } from '../../lib/bytes.ts';
import type { Log, RandomBytes } from '../../lib/ports.ts';
import type { IpAddress } from '../../net/address.ts';
import { addressesIn, type NameAnswer } from '../../net/dns/answers.ts';
import { type Query, readQuery, refusal, ResponseCode, truncation, withId } from '../../net/dns/message.ts';
import { lookupWay, type NamePlan } from '../../net/dns/way.ts';
import { type After, askServers, type Found } from './ask-servers.ts';
import type { OnAnswers } from '../ports.ts';
import type { DnsUpstream, Transport } from './upstream.ts';

/** Questions that are being asked at once; a machine asks a few. */
const MAX_PENDING = 512;
/** How long whoever is told of the answers may take. */
const TELL_TIMEOUT_MS = 2_000;

/** Whom the forwarder asks for what. */
export interface ForwarderPlan extends NamePlan {
  readonly servers: readonly IpAddress[];
  readonly formerServers: readonly IpAddress[];
}

export interface ForwarderOptions {
  readonly upstream: DnsUpstream;
  readonly random: RandomBytes;
  readonly after: After;
  readonly onAnswers: OnAnswers;
  readonly log: Log;
}

/**
 * Passes questions of programs on to the servers that are to be asked, and their answers back, octet by octet but for
 * the id. Keeps nothing. A question goes out with an id of its own from a port of its own, so that who wants to forge an
 * answer has to guess both, and what several ask at the same time goes out once (RFC 5452 sections 5 and 9).
 */
export class Forwarder {
  readonly #options: ForwarderOptions;
  readonly #pending = new Map<string, Promise<Uint8Array>>();
  readonly #cancels = new Set<() => void>();
  #plan: ForwarderPlan;

  constructor(options: ForwarderOptions, plan: ForwarderPlan) {
    this.#options = options;
    this.#plan = plan;
  }

  update(plan: ForwarderPlan): void {
    this.#plan = plan;
  }

  /** Gives up what is being asked. */
  close(): void {
    for (const cancel of [...this.#cancels]) cancel();
  }

  /** The answer to a program; undefined when it is best not answered at all. Never rejects. */
  async answer(octets: Uint8Array, transport: Transport): Promise<Uint8Array | undefined> {
    const query = readQuery(octets);
    if (!query.ok) {
      const { code, reason } = query.error;
      this.#options.log('trace', 'dns-query-refused', { reason });
      return code === undefined ? undefined : refusal(octets, code);
    }
    const key = `${transport} ${toHex(octets.subarray(2))}`;
    let pending = this.#pending.get(key);
    if (pending === undefined) {
      if (this.#pending.size >= MAX_PENDING) return refusal(octets, ResponseCode.FAILURE);
      pending = this.#lookUp(octets, query.value, transport).finally(() => this.#pending.delete(key));
      this.#pending.set(key, pending);
    }
    return withId(await pending, query.value.id);
  }

  async #lookUp(octets: Uint8Array, query: Query, transport: Transport): Promise<Uint8Array> {
    const found = await this.#ask(octets, query, transport);
    if (found === undefined) return refusal(octets, ResponseCode.FAILURE);
    if (transport === 'udp' && (found.response.truncated || found.octets.length > query.udpLength)) {
      return truncation(octets);
    }
    const answers = addressesIn(found.octets, found.response);
    // An address that nobody knows to be this name's would be reached by the wrong way.
    const known = answers.length === 0 || (await this.#tell(answers));
    return known ? found.octets : refusal(octets, ResponseCode.FAILURE);
  }

  #ask(octets: Uint8Array, query: Query, transport: Transport): Promise<Found | undefined> {
    const { servers: own, formerServers, fullTunnel } = this.#plan;
    // Where the tunnel brings no servers, names are asked for as they were before it.
    const alone = fullTunnel ? 'usual' : 'former';
    const way = own.length === 0 ? alone : lookupWay(query.question.name, this.#plan);
    const servers = way === 'tunnel' ? own : formerServers;
    if (servers.length === 0) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const cancel = askServers({ octets, query, servers, way, transport }, this.#options, (found) => {
        this.#cancels.delete(giveUp);
        resolve(found);
      });
      const giveUp = (): void => cancel();
      this.#cancels.add(giveUp);
    });
  }

  /** False when whoever is told failed, or takes too long. */
  async #tell(answers: readonly NameAnswer[]): Promise<boolean> {
    const { onAnswers, after, log } = this.#options;
    let cancel = (): void => undefined;
    try {
      const late = new Promise<'late'>((resolve) => {
        cancel = after(TELL_TIMEOUT_MS, () => resolve('late'));
      });
      const told = (async () => {
        await onAnswers(answers);
        return 'told' as const;
      })();
      if ((await Promise.race([told, late])) === 'told') return true;
      log('warn', 'dns-answer-too-late', {});
    } catch (error) {
      log('error', 'dns-answer-lost', { detail: error instanceof Error ? error.message : String(error) });
    } finally {
      cancel();
    }
    return false;
  }
}
