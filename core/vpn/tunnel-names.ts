import { sentence, toldFailure } from '../contract/failure-text.ts';
import type { Profile } from '../contract/profile.ts';
import type { WarningCode, WarningFacts } from '../contract/snapshot.ts';
import type { Failure } from '../lib/failure.ts';
import { formatAddress } from '../net/address.ts';
import type { DnsManager, DnsPlan } from '../platform/ports.ts';
import { bug } from './faults.ts';
import { type NamePlan, sameNames } from './name-plan.ts';

export type Warn = (code: WarningCode, message: string, facts?: WarningFacts) => void;

/**
 * How this machine looks names up while there is a tunnel. Where names have to go through it, or rules wait for their
 * addresses, a machine that cannot do that is no place for the connection. Where only some names are concerned the rest
 * of the connection is of use without them: there is a warning.
 */
export class TunnelNames {
  readonly #dns: DnsManager | undefined;
  readonly #use: Profile['dns']['use'];
  readonly #warn: Warn;
  readonly #told = new Set<string>();
  #standing: DnsPlan | undefined;
  /** Something of it may be on the machine: what failed may not have been put back whole. */
  #isLeft = false;

  constructor(dns: DnsManager | undefined, profile: Profile, warn: Warn) {
    this.#dns = dns;
    this.#use = profile.dns.use;
    this.#warn = warn;
  }

  /** Whom names are asked of now; undefined: whom they were before. */
  get standing(): DnsPlan | undefined {
    return this.#standing;
  }

  /** The failure is why the connection cannot be. Safe to call again: what stands is not made anew. */
  async apply(plan: NamePlan): Promise<Failure | undefined> {
    const { dns, isRequired } = plan;
    if (!this.#dns) return undefined;
    this.#tell(plan);
    if (dns.servers.length === 0 && !dns.follows) return this.clear();
    if (this.#standing && sameNames(this.#standing, dns)) return undefined;
    this.#isLeft = true;
    const done = await guarded(this.#dns.apply(dns));
    this.#standing = done ? undefined : dns;
    if (!done || isRequired) return done;
    const { title, why, next } = sentence(done);
    this.#warn('names-not-set', `${title}. ${why} ${next}`, { failure: toldFailure(done) });
    return undefined;
  }

  /** Before the ways to the name servers go. */
  async clear(): Promise<Failure | undefined> {
    if (!this.#dns || !this.#isLeft) return undefined;
    const undone = await guarded(this.#dns.clear());
    if (undone) return undone;
    this.#standing = undefined;
    this.#isLeft = false;
    return undefined;
  }

  #tell({ dns, outside, takesAll }: NamePlan): void {
    if (outside.length > 0) {
      const servers = outside.map(formatAddress);
      const list = servers.join(', ');
      this.#once(
        'name-server-outside',
        `The gateway does not take questions to ${list}: not used as a name server. Name another one in the profile (dns.servers), or ask IT.`,
        { servers },
      );
    }
    if (takesAll && dns.servers.length === 0 && this.#use !== 'none') {
      this.#once(
        'names-outside',
        'Everything goes through the tunnel, but the gateway gives no name servers: names are looked up as without it, by servers of the local network perhaps. Name some in the profile (dns.servers), or ask IT.',
      );
    }
  }

  #once(code: WarningCode, message: string, facts?: WarningFacts): void {
    if (this.#told.has(message)) return;
    this.#told.add(message);
    this.#warn(code, message, facts);
  }
}

async function guarded(work: ReturnType<DnsManager['apply']>): Promise<Failure | undefined> {
  try {
    const done = await work;
    return done.ok ? undefined : done.error;
  } catch (error) {
    return bug(error);
  }
}
