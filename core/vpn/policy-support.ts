import type { Policy } from '../contract/policy.ts';
import { effortOf } from '../net/policy/effort.ts';
import { splitPolicyOf } from './policy-rules.ts';

/** More would take the service seconds to think about, for every user. */
const MAX_DESTINATIONS = 1000;
/** Likewise, in steps of which some ten million take a second. */
const MAX_EFFORT = 10_000_000;

const NO_PROGRAMS =
  'this machine cannot tell programs apart: it has no control groups of version 2 at /sys/fs/cgroup';

/** What this machine can do about a policy. */
export interface PolicySupport {
  /** It can tell programs apart. */
  readonly programs: boolean;
}

/**
 * What of a policy cannot be carried out on this machine, a sentence each, with the numbers of rules as people count.
 * A policy of which a part would be ignored is refused as a whole: whoever wrote it relies on all of it.
 */
export function policyProblems(policy: Policy, support: PolicySupport): string[] {
  const { rules } = splitPolicyOf(policy);
  const lines = rules.filter((rule, i) => rules[i - 1]?.number !== rule.number);
  const problems = lines.flatMap(({ number, app }) =>
    app === undefined || support.programs ? [] : [`rule ${number}: ${NO_PROGRAMS}`],
  );
  return [...problems, ...burdenOf(policy, 'plan')];
}

/** Why nobody can be made to wait for what is to be done with a policy; nothing when it can be done. */
export function burdenOf(policy: Policy, purpose: 'plan' | 'lint'): string[] {
  const count = policy.rules.reduce((sum, { to = [] }) => sum + to.length, 0);
  if (count > MAX_DESTINATIONS) {
    return [`it has ${count} destinations; ${MAX_DESTINATIONS} can be carried out`];
  }
  const effort = effortOf(splitPolicyOf(policy), purpose === 'plan' ? 2 : 3, MAX_EFFORT);
  return effort < MAX_EFFORT ? [] : ['too many of its rules speak of the same destinations'];
}
