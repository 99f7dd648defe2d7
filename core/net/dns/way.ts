import { isWithin } from './name.ts';

/** Whom names are asked of. Domains are lower-case, without final dots, and stand for every name below them too. */
export interface NamePlan {
  /** Looked up through the tunnel. */
  readonly matchDomains: readonly string[];
  /** Likewise, and tried behind short names. */
  readonly searchDomains: readonly string[];
  /** Every name is looked up through the tunnel. */
  readonly fullTunnel: boolean;
}

/**
 * 'tunnel': the servers of the tunnel, through it. 'former': those that the machine had before, past it. 'usual': those
 * too, by whatever way the routes lead.
 */
export type LookupWay = 'tunnel' | 'former' | 'usual';

/** Whom a name is asked of where the tunnel has servers. Nobody else is asked when these do not answer: that would tell it to the wrong ones. */
export function lookupWay(name: string, plan: NamePlan): 'tunnel' | 'former' {
  if (plan.fullTunnel) return 'tunnel';
  const domains = [...plan.matchDomains, ...plan.searchDomains];
  return domains.some((domain) => isWithin(name, domain)) ? 'tunnel' : 'former';
}
