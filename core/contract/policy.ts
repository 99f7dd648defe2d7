/**
 * The split-tunnel policy as people write it: ordered rules of what goes through the tunnel, past it, or nowhere.
 * core/contract/policy.md explains it to people.
 */
import * as z from 'zod';
import { err, ok, type Result } from '../lib/result.ts';
import { problemsOf } from './profile-problems.ts';
import { addressOctets, hasControlCharacters, isHostName, prefixProblem, shorten } from './text-forms.ts';

export const ACTIONS = ['protect', 'bypass', 'block'] as const;
export const PROTOCOLS = ['tcp', 'udp', 'icmp'] as const;
const MAX_RULES = 1000;
const MAX_DESTINATIONS = 1000;

/** Undefined for a good destination, otherwise what is wrong with it. */
export function destinationProblem(text: string): string | undefined {
  if (text.startsWith('*.')) {
    return isHostName(text.slice(2)) ? undefined : `'${shorten(text)}' is not a domain like *.example.com`;
  }
  if (text.includes('/')) return prefixProblem(text);
  if (addressOctets(text) !== undefined) return undefined;
  const [start = '', end = '', ...more] = text.split('-').map((part) => part.trim());
  const [first, last] = [addressOctets(start), addressOctets(end)];
  if (first && last && more.length === 0) return rangeProblem(text, first, last);
  if (isHostName(text)) return undefined;
  return `'${shorten(text)}' is not a network, an address, a range like 10.0.0.1-10.0.0.9, a host name, or a domain like *.example.com`;
}

function rangeProblem(text: string, first: readonly number[], last: readonly number[]): string | undefined {
  if (first.length !== last.length) return `'${shorten(text)}' mixes IPv4 and IPv6`;
  const at = first.findIndex((octet, i) => octet !== last[i]);
  return at >= 0 && (first[at] ?? 0) > (last[at] ?? 0)
    ? `'${shorten(text)}' ends before it begins`
    : undefined;
}

/** Undefined for good ports, otherwise what is wrong with them. */
export function portsProblem(text: string): string | undefined {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text);
  const start = Number(match?.[1]);
  const end = Number(match?.[2] ?? match?.[1]);
  if (!match || start < 1 || end > 65535)
    return `'${shorten(text)}' is not a port from 1 to 65535, or a range like 8000-8100`;
  return start > end ? `'${shorten(text)}' ends before it begins` : undefined;
}

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
export const appName = checked(100, (text) =>
  /^[A-Za-z0-9_][A-Za-z0-9_.@-]*$/.test(text) ? undefined : 'must be the name of a service or an application',
);

const ruleObject = z.strictObject({
  action: z.enum(ACTIONS),
  /** Networks, addresses, ranges, host names, domains; any of them. Everywhere when absent. */
  to: z.array(checked(253, destinationProblem)).min(1).max(MAX_DESTINATIONS).optional(),
  protocol: z.enum(PROTOCOLS).optional(),
  ports: z.array(checked(11, portsProblem)).min(1).max(64).optional(),
  /** The program that sends, by the name of its service or desktop entry. */
  app: appName.optional(),
  /** For people. */
  note: line(200).optional(),
});

const policyObject = z.strictObject({
  version: z.literal(1),
  rules: z.array(ruleObject).max(MAX_RULES).default([]),
  /** What becomes of traffic that no rule speaks of; `gateway`: what the gateway takes is protected, the rest bypasses. */
  otherwise: z.enum([...ACTIONS, 'gateway']).default('gateway'),
});

/** The schema of a policy, version 1. What parsing returns has every default filled in. */
export const policySchema = policyObject.superRefine((policy, context) => {
  for (const [i, { protocol, ports }] of policy.rules.entries()) {
    if (ports !== undefined && protocol !== 'tcp' && protocol !== 'udp') {
      context.addIssue({
        code: 'custom',
        path: ['rules', i, 'ports'],
        message: 'need protocol "tcp" or "udp" beside them',
      });
    }
  }
});

/** A policy that was checked and completed. */
export type Policy = z.output<typeof policySchema>;
/** A policy as it is written: defaults may be left out. */
export type PolicyInput = z.input<typeof policySchema>;
export type PolicyRuleText = Policy['rules'][number];

const KEYS: Readonly<Record<string, readonly string[]>> = {
  '': Object.keys(policyObject.shape),
  rules: Object.keys(ruleObject.shape),
};

/** Checks a parsed JSON value. On failure every problem is a sentence `path: what is wrong`. */
export function parsePolicy(value: unknown): Result<Policy, readonly string[]> {
  const parsed = policySchema.safeParse(value);
  return parsed.success ? ok(parsed.data) : err(problemsOf(parsed.error.issues, value, KEYS));
}
