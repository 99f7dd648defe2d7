import type { Millis } from '../lib/ports.ts';
import { type ChildPair, Children } from './children.ts';
import type { EstablishedChild } from './events.ts';
import type { LifePort, Requests } from './life-port.ts';
import { endOfKeys, lifetimeFrom } from './lifetimes.ts';
import type { Role } from './protection.ts';
import type { Nonces } from './tasks/create-child.ts';
import { DeleteChildTask } from './tasks/informational.ts';

/** For so long is what still comes in through a replaced pair taken. */
const LINGER_MS = 10_000;
/** For so long the gateway may take to delete what it has replaced; then we do it. */
const TIDY_MS = 60_000;

/** Where a pair comes from. */
export interface Origin {
  readonly role: Role;
  readonly nonces?: Nonces;
  readonly replaces?: number;
  readonly sendNow: boolean;
}

/** Whoever asks for new pairs. */
interface Asking {
  rekey(spiIn: number, now: Millis): void;
  /** Something in the place of the pair is asked for, now or later. */
  isAskedFor(spiIn: number): boolean;
}

/** The pairs of Child SAs of a session from their making to their end, and what the data plane is told of them. */
export class ChildPairs {
  readonly all = new Children();
  readonly #port: LifePort;
  readonly #requests: Requests;
  readonly #asking: Asking;

  constructor(port: LifePort, requests: Requests, asking: Asking) {
    this.#port = port;
    this.#requests = requests;
    this.#asking = asking;
  }

  /** Nothing has taken its place, or is to. */
  isToBeRekeyed({ spiIn, state }: ChildPair): boolean {
    return state === 'live' && !this.all.heirOf(spiIn);
  }

  isTaken(spiIn: number): boolean {
    return this.all.get(spiIn) !== undefined;
  }

  /** A pair that the data plane hears of by an event. */
  add(child: EstablishedChild, origin: Origin, now: Millis): void {
    this.keep(child, origin, now);
    const { replaces, sendNow } = origin;
    this.#port.emit({
      kind: 'child-added',
      child,
      ...(replaces === undefined ? {} : { replaces }),
      sendNow,
    });
  }

  /** A pair that it hears of in another way. */
  keep(child: EstablishedChild, { sendNow, ...origin }: Origin, now: Millis): void {
    const { config, random, timers } = this.#port;
    const lifetime = lifetimeFrom(now, config.rekey.childMs, config.rekey.jitter, random);
    const { spiIn } = this.all.add(child, { ...origin, lifetime, state: 'live', sends: sendNow });
    timers.set(`rekey ${spiIn}`, lifetime.rekeyAt, 'rekey', (then) => {
      // After a sleep both may be due. Behind a request of this kind the last word would not leave any more.
      if (then < lifetime.endAt) this.#asking.rekey(spiIn, then);
    });
    timers.set(`end ${spiIn}`, lifetime.endAt, 'lifetime', (then) => this.end(spiIn, then));
  }

  /** Traffic goes out through it from now on. */
  send(pair: ChildPair): void {
    if (pair.sends) return;
    pair.sends = true;
    this.#port.emit({ kind: 'child-send', spiIn: pair.spiIn });
  }

  /** Nothing more goes through it, and the gateway is told. */
  delete(spiIn: number, now: Millis): void {
    const pair = this.all.get(spiIn);
    if (!pair || pair.state === 'deleting') return;
    pair.state = 'doomed';
    this.#requests.enqueue(new DeleteChildTask(spiIn, true), now);
  }

  /** The gateway should delete it. If it does not, we do, after we have moved to what takes its place. */
  tidyLater(spiIn: number, now: Millis): void {
    this.#port.timers.set(`tidy ${spiIn}`, now + TIDY_MS, 'tidy', (then) => {
      const heir = this.all.heirOf(spiIn);
      if (heir) this.send(heir);
      this.delete(spiIn, then);
    });
  }

  /** It is gone at the gateway; what is still on its way is taken for a while. */
  close(pair: ChildPair, now: Millis): void {
    const { spiIn, replaces } = pair;
    this.all.remove(spiIn);
    for (const what of ['rekey', 'end', 'tidy']) this.#port.timers.cancel(`${what} ${spiIn}`);
    const heir = this.all.heirOf(spiIn);
    if (heir) this.send(heir);
    this.#port.emit({ kind: 'child-closed', spiIn, lingerMs: LINGER_MS });
    // What it was to replace stays after all.
    const old = replaces === undefined ? undefined : this.all.get(replaces);
    if (old && this.isToBeRekeyed(old) && !this.#asking.isAskedFor(old.spiIn)) {
      this.#port.timers.cancel(`tidy ${old.spiIn}`);
      this.#port.timers.set(
        `rekey ${old.spiIn}`,
        Math.max(now + TIDY_MS, old.lifetime.rekeyAt),
        'rekey',
        (then) => this.#asking.rekey(old.spiIn, then),
      );
    }
  }

  /** The end of its keys: they may not be used any more (RFC 7296 section 2.8). */
  end(spiIn: number, now: Millis): void {
    const pair = this.all.get(spiIn);
    if (!pair) return;
    if (this.isToBeRekeyed(pair)) this.#port.expire(endOfKeys(pair.lifetime.endAt, now), now);
    else this.close(pair, now);
  }
}
