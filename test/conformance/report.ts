import { bindsUs, reasons, register, type Reason, type Requirement } from './register.ts';
import type { Proofs } from './tags.ts';

/** How the MUSTs of one RFC that bind us stand. */
export interface Standing {
  readonly rfc: string;
  readonly total: number;
  readonly both: readonly Requirement[];
  readonly one: readonly Requirement[];
  readonly reasoned: readonly (Requirement & { readonly reason: Reason })[];
  /** Without a test and without a reason: the suite fails. */
  readonly none: readonly Requirement[];
}

export function standingOf(rfc: string, proofs: Proofs): Standing {
  const binding = register(rfc).filter(bindsUs);
  const written = new Map(reasons(rfc).map((reason) => [reason.id, reason]));
  const sides = ({ id }: Requirement): number => {
    const found = proofs.get(id);
    return found ? Number(found.does.length > 0) + Number(found.refuses.length > 0) : 0;
  };
  const untested = binding.filter((requirement) => sides(requirement) === 0);
  return {
    rfc,
    total: binding.length,
    both: binding.filter((requirement) => sides(requirement) === 2),
    one: binding.filter((requirement) => sides(requirement) === 1),
    reasoned: untested.flatMap((requirement) => {
      const reason = written.get(requirement.id);
      return reason ? [{ ...requirement, reason }] : [];
    }),
    none: untested.filter(({ id }) => !written.has(id)),
  };
}

/** Reasons for what has a test by now, or for what does not exist: both are out of date. */
export function staleReasons(rfc: string, proofs: Proofs): string[] {
  const known = new Map(register(rfc).map((requirement) => [requirement.id, requirement]));
  return reasons(rfc)
    .filter(({ id }) => !known.has(id) || proofs.has(id))
    .map(({ id }) => `${id}: ${known.has(id) ? 'is tested, so it needs no reason' : 'is in no register'}`);
}
