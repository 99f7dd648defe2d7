/**
 * The split-tunnel policy as people write it: ordered rules of what goes through the tunnel, past it, or nowhere.
 * core/contract/policy.md explains it to people.
 */
import * as z from 'zod';
import { err, ok, type Result } from '../lib/result.ts';
import { problemsOf } from './profile-problems.ts';
import {
  ACTIONS,
  appProblem,
  destinationProblem,
  MAX_APP_LENGTH,
  MAX_DESTINATIONS,
  MAX_NOTE_LENGTH,
  MAX_PORTS,
  MAX_RULES,
  portsProblem,
  PROTOCOLS,
} from './policy-text.ts';
import { hasControlCharacters } from './text-forms.ts';

export { ACTIONS, PROTOCOLS };

function checked(maxLength: number, check: (text: string) => string | undefined) {
  return z
    .string()
    .max(maxLength, { abort: true })
    .superRefine((text, context) => {
      const problem = check(text);
      if (problem !== undefined) context.addIssue(problem);
    });
}

function line(maxLength: number) {
  return z
    .string()
    .min(1)
    .max(maxLength)
    .refine((text) => !hasControlCharacters(text), { error: 'must not contain control characters' });
}

/** A program by the name of its service or desktop entry. */
export const appName = checked(MAX_APP_LENGTH, appProblem);

const ruleObject = z.strictObject({
  action: z.enum(ACTIONS),
  /** Networks, addresses, ranges, host names, domains; any of them. Everywhere when absent. */
  to: z.array(checked(253, destinationProblem)).min(1).max(MAX_DESTINATIONS).optional(),
  protocol: z.enum(PROTOCOLS).optional(),
  ports: z.array(checked(11, portsProblem)).min(1).max(MAX_PORTS).optional(),
  /** The program that sends, by the name of its service or desktop entry. */
  app: appName.optional(),
  /** For people. */
  note: line(MAX_NOTE_LENGTH).optional(),
});

const OTHERWISE = [...ACTIONS, 'gateway', 'subnets'] as const;

const policyObject = z.strictObject({
  version: z.literal(1),
  rules: z.array(ruleObject).max(MAX_RULES).default([]),
  /**
   * What becomes of traffic that no rule speaks of; `gateway`: what the gateway takes is protected, the rest bypasses;
   * `subnets`: of that only what the gateway calls its own networks is protected, if it names any.
   */
  otherwise: z.enum(OTHERWISE).default('gateway'),
});

function checkPorts(
  { rules }: { readonly rules: readonly z.output<typeof ruleObject>[] },
  context: z.core.$RefinementCtx,
): void {
  for (const [i, { protocol, ports }] of rules.entries()) {
    if (ports !== undefined && protocol !== 'tcp' && protocol !== 'udp') {
      context.addIssue({
        code: 'custom',
        path: ['rules', i, 'ports'],
        message: 'need protocol "tcp" or "udp" beside them',
      });
    }
  }
}

/** The schema of a policy, version 1. What parsing returns has every default filled in. */
export const policySchema = policyObject.superRefine(checkPorts);

/** What IT says about a profile of the machine: its rules come before those of a user, and its last word is the last. */
export const fixedPolicySchema = policyObject
  .extend({ otherwise: z.enum(OTHERWISE).optional() })
  .superRefine(checkPorts);

/** A policy that was checked and completed. */
export type Policy = z.output<typeof policySchema>;
/** A policy as it is written: defaults may be left out. */
export type PolicyInput = z.input<typeof policySchema>;
export type PolicyRuleText = Policy['rules'][number];
/** What a user cannot change of the policy for a profile. */
export type FixedPolicy = z.output<typeof fixedPolicySchema>;

const KEYS: Readonly<Record<string, readonly string[]>> = {
  '': Object.keys(policyObject.shape),
  rules: Object.keys(ruleObject.shape),
};

/** Checks a parsed JSON value. On failure every problem is a sentence `path: what is wrong`. */
export function parsePolicy(value: unknown): Result<Policy, readonly string[]> {
  return parsedBy(policySchema, value);
}

/** The same for what IT says. */
export function parseFixedPolicy(value: unknown): Result<FixedPolicy, readonly string[]> {
  return parsedBy(fixedPolicySchema, value);
}

function parsedBy<T>(schema: z.ZodType<T>, value: unknown): Result<T, readonly string[]> {
  const parsed = schema.safeParse(value);
  return parsed.success ? ok(parsed.data) : err(problemsOf(parsed.error.issues, value, KEYS));
}

/** The policy that holds: rules are counted through, those of IT first. */
export function policyWith(fixed: FixedPolicy, own: Policy): Policy {
  return {
    version: own.version,
    rules: [...fixed.rules, ...own.rules],
    otherwise: fixed.otherwise ?? own.otherwise,
  };
}
