import { type Failure, failure } from '../../lib/failure.ts';
import type { Millis } from '../../lib/ports.ts';
import {
  type Endpoint,
  formatAddress,
  type IpAddress,
  sameAddress,
  sameEndpoint,
} from '../../net/address.ts';
import type { IkeEvent, Path } from '../events.ts';
import type { NatFindings } from '../nat-detection.ts';
import type { UpdateVerdict } from '../tasks/update-addresses.ts';
import { Misses } from './misses.ts';

/** What follows from a decision, in this order. */
export type Step =
  | { readonly kind: 'tell'; readonly event: IkeEvent }
  /** Requests under way go out again at once, over the paths that there are now. */
  | { readonly kind: 'send-again' }
  /** UPDATE_SA_ADDRESSES goes before everything that waits. */
  | { readonly kind: 'update' }
  /** Ask over the paths that are better than the one in use. */
  | { readonly kind: 'probe' }
  /** Ask whether the gateway is there. */
  | { readonly kind: 'ask' }
  /** The path is lost, and this session cannot take another. */
  | { readonly kind: 'stranded' }
  | { readonly kind: 'leave'; readonly failure: Failure };

/** The answer to one request of ours, as far as paths are concerned. */
export interface PathAnswer {
  /** Id of the path that the answer took. */
  readonly path: number;
  /** Ids of the paths that copies of the request went over. */
  readonly over: ReadonlySet<number>;
  /** For UPDATE_SA_ADDRESSES: what it was made for, and what became of it. */
  readonly update?: {
    readonly path: Path | undefined;
    readonly verdict: UpdateVerdict;
    readonly nat: NatFindings;
  };
}

/**
 * What is known of the path in use.
 * 'settled': the gateway has agreed to it. 'heard': the gateway answers there, but does not send ESP there yet.
 * 'hoped': nothing came from there yet.
 */
type Standing = 'settled' | 'heard' | 'hoped';

/** New requests after UNEXPECTED_NAT_DETECTED (RFC 4555 section 3.9). */
const MAX_NAT_RETRIES = 5;

/** How often a request goes out over a path where the gateway has just answered, before others are tried as well. */
const ROUNDS_ALONE = 3;

/** What is assumed of a path before the gateway has said it: NATs are what needs care. */
const UNKNOWN_NAT: NatFindings = { supported: true, local: true, remote: false };

/**
 * Decides which path to the gateway is used (RFC 4555 section 3.5). Pure: what happened goes in, and steps for whoever
 * sends and asks come out.
 *
 * The path in use is left when it is not among those that there are, when an answer that was to come over it came over
 * another, and when a better one has answered. A better one is tried before it is used. With a gateway that does not
 * speak MOBIKE nothing is ever moved, except that the gateway itself may move (RFC 7296 section 2.23).
 */
export class Mover {
  #current: Path;
  #standing: Standing = 'settled';
  /** Where the gateway sends ESP, as far as we know, and what it said about NATs there. */
  #agreed: { readonly path: Path; readonly nat: NatFindings };
  #paths: readonly Path[] | undefined;
  #isEstablished = false;
  #isMobile = false;
  #isStranded = false;
  #natRetries = 0;
  readonly #refused = new Set<number>();
  readonly #misses = new Misses();
  readonly #proved: IpAddress[] = [];

  constructor(first: Path) {
    this.#current = first;
    this.#agreed = { path: first, nat: UNKNOWN_NAT };
  }

  get current(): Path {
    return this.#current;
  }

  get isMobile(): boolean {
    return this.#isMobile;
  }

  /** What the gateway said last about NATs on the path that it has agreed to. */
  get nat(): NatFindings {
    return this.#agreed.nat;
  }

  /** There is no path at all: nothing can be sent. */
  get isSuspended(): boolean {
    return this.#paths?.length === 0;
  }

  /** The SA stands: `local` is where its last message arrived. Paths that came up meanwhile may be taken now. */
  establish(isMobile: boolean, local: Endpoint, nat: NatFindings, now: Millis): Step[] {
    this.#isEstablished = true;
    this.#isMobile = isMobile;
    this.#current = { ...this.#current, local };
    this.#agreed = { path: this.#current, nat };
    this.#proved.push(this.#current.remote.address);
    const paths = this.#paths;
    this.#paths = undefined;
    return paths ? this.setPaths(paths, now) : [];
  }

  /** Before IKE_AUTH is over: the address that we have on the path. The port is the one for NAT traversal. */
  noteLocal(address: IpAddress): void {
    const { port } = this.#current.local;
    this.#current = { ...this.#current, local: { address, port } };
  }

  /** The ways that there are now, best first. */
  setPaths(paths: readonly Path[], now: Millis): Step[] {
    const wasSuspended = this.isSuspended;
    const known = new Set((this.#paths ?? [this.#current]).map(({ id }) => id));
    const hasNew = paths.some(({ id }) => !known.has(id));
    this.#paths = paths;
    this.#misses.keep(paths);
    const current = paths.find(({ id }) => id === this.#current.id);
    // Before IKE_AUTH is over nobody knows whether the gateway can move.
    if (!this.#isEstablished) {
      this.#current = current ?? this.#current;
      return [];
    }
    if (paths.length === 0) return [];
    if (current) return this.#stillThere(wasSuspended, hasNew, now);
    if (!this.#isMobile) {
      this.#isStranded = true;
      return [{ kind: 'stranded' }];
    }
    return this.#takeBest();
  }

  /**
   * The session says goodbye. When its path is lost and cannot be replaced, any other will do for that: a gateway answers
   * to where a request came from (RFC 7296 section 2.11), and ESP is not moved.
   */
  part(): Step[] {
    const [best] = this.#paths ?? [];
    if (!this.#isStranded || !best) return [];
    this.#current = best;
    return [{ kind: 'send-again' }];
  }

  #stillThere(wasSuspended: boolean, hasNew: boolean, now: Millis): Step[] {
    const wasStranded = this.#isStranded;
    this.#isStranded = false;
    if (!this.#isMobile) return wasSuspended || wasStranded ? [{ kind: 'send-again' }, { kind: 'ask' }] : [];
    if (wasSuspended) {
      // Without a network for a while: a NAT may have forgotten us, and the path may be another by now.
      this.#standing = 'hoped';
      return [{ kind: 'send-again' }, { kind: 'update' }];
    }
    if (this.#standing !== 'settled') return hasNew ? [{ kind: 'send-again' }] : [];
    return this.#probeSteps(now);
  }

  /** Takes the best path that the gateway did not refuse, without knowing whether it works. */
  #takeBest(): Step[] {
    const [best] = this.#usable;
    if (!best)
      return [
        {
          kind: 'leave',
          failure: failure('network.path-lost', {
            gateway: formatAddress(this.#agreed.path.remote.address),
            refused: true,
          }),
        },
      ];
    this.#current = best;
    this.#standing = 'hoped';
    const isProved = this.#proved.some((address) => sameAddress(address, best.remote.address));
    // ESP goes to no address from which nothing ever came: it might be somebody else's (section 3.7).
    return [...(isProved ? [this.#tellUnconfirmed()] : []), { kind: 'send-again' }, { kind: 'update' }];
  }

  get #usable(): Path[] {
    return (this.#paths ?? [this.#current]).filter(({ id }) => !this.#refused.has(id));
  }

  /** Where a request goes in its round number `round`, best first. `isHeard`: something came since it first went out. */
  lineup(round: number, isProbe: boolean, isHeard: boolean): readonly Path[] {
    if (!this.#isMobile) return [this.#current];
    const others = this.#usable.filter(({ id }) => id !== this.#current.id);
    const better = isProbe && round < 2 ? this.#better : [];
    if (better.length > 0) return better;
    if (this.#standing === 'hoped') return [this.#current, ...others];
    // It answers, if slowly; and an update that went over others too would have to be followed by another one.
    if (this.#standing === 'heard' && round < ROUNDS_ALONE) return [this.#current];
    // Traffic that comes in proves the path; then an unanswered request is no reason to leave it.
    return round === 0 || (isHeard && !isProbe) ? [this.#current] : [this.#current, ...others];
  }

  get #better(): Path[] {
    return this.#betterThan(this.#current);
  }

  #betterThan(path: Path): Path[] {
    const usable = this.#usable;
    const rank = usable.findIndex(({ id }) => id === path.id);
    return usable.slice(0, Math.max(rank, 0));
  }

  /** When better paths are to be tried, if there are any. */
  probeAt(): Millis | undefined {
    if (!this.#isMobile || this.#standing !== 'settled') return undefined;
    const times = this.#better.map(({ id }) => this.#misses.nextTry(id));
    return times.length > 0 ? Math.min(...times) : undefined;
  }

  #probeSteps(now: Millis): Step[] {
    const at = this.probeAt();
    return at !== undefined && at <= now ? [{ kind: 'probe' }] : [];
  }

  /** A request of ours was answered. */
  answered(answer: PathAnswer, now: Millis): Step[] {
    const path = this.#usable.find(({ id }) => id === answer.path);
    if (!this.#isMobile || !path) return answer.update && this.#isMobile ? [{ kind: 'update' }] : [];
    this.#prove(path.remote.address);
    for (const { id } of this.#betterThan(path)) if (answer.over.has(id)) this.#misses.count(id, now);
    if (path.id !== this.#current.id) return this.#hear(path);
    if (answer.update) return this.#updated(path, answer, answer.update, now);
    if (this.#standing === 'hoped') this.#standing = 'heard';
    return [];
  }

  /** The gateway answers on another path than the one in use. */
  #hear(path: Path): Step[] {
    this.#current = path;
    this.#standing = 'heard';
    return [this.#tellUnconfirmed(), { kind: 'update' }];
  }

  #updated(
    path: Path,
    { over }: PathAnswer,
    { path: made, verdict, nat }: NonNullable<PathAnswer['update']>,
    now: Millis,
  ): Step[] {
    // Of several copies nobody knows which one the gateway acted upon (sections 3.5 and 3.6).
    if (over.size !== 1 || made?.id !== path.id) {
      this.#standing = 'heard';
      return [{ kind: 'update' }];
    }
    switch (verdict) {
      case 'moved':
        this.#natRetries = 0;
        this.#standing = 'settled';
        this.#agreed = { path, nat };
        this.#misses.settled(path.id, now);
        return [
          { kind: 'tell', event: { kind: 'path', path, confirmed: true, nat } },
          ...this.#probeSteps(now),
        ];
      case 'nat-detected':
        // Somebody may have changed that one packet alone: no reason to give up the path yet.
        this.#natRetries += 1;
        if (this.#natRetries <= MAX_NAT_RETRIES) return [{ kind: 'update' }];
        return this.#refuse(path);
      case 'refused':
        return this.#refuse(path);
    }
  }

  /** The gateway does not want to be where the path goes: back to where it is, or on to the next one. */
  #refuse(path: Path): Step[] {
    this.#natRetries = 0;
    const { path: agreed, nat } = this.#agreed;
    if (path.id === agreed.id) {
      this.#standing = 'settled';
      return [];
    }
    this.#refused.add(path.id);
    if (!this.#usable.some(({ id }) => id === agreed.id)) return this.#takeBest();
    this.#current = agreed;
    this.#standing = 'settled';
    return [{ kind: 'tell', event: { kind: 'path', path: agreed, confirmed: true, nat } }, { kind: 'ask' }];
  }

  #prove(address: IpAddress): void {
    if (!this.#proved.some((known) => sameAddress(known, address))) this.#proved.push(address);
  }

  #tellUnconfirmed(): Step {
    return {
      kind: 'tell',
      event: { kind: 'path', path: this.#current, confirmed: false, nat: UNKNOWN_NAT },
    };
  }

  /**
   * A fresh message of the gateway came from `remote` over the path in use. Without MOBIKE, and unless a NAT is before
   * us, the gateway is there from now on (RFC 7296 section 2.23).
   */
  heardFrom(remote: Endpoint): Step[] {
    const { path, nat } = this.#agreed;
    if (this.#isMobile || nat.local || sameEndpoint(path.remote, remote)) return [];
    this.#current = { ...path, remote };
    this.#agreed = { path: this.#current, nat };
    return [{ kind: 'tell', event: { kind: 'path', path: this.#current, confirmed: true, nat } }];
  }
}
