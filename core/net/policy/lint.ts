import { type Decision, decide, layOut, type Plot, type PolicyFacts } from './compile.ts';
import { conditionsMeet, namesName, type PolicyRule, type SplitPolicy } from './model.ts';

/** Something about a rule that its writer should know. `rule` and `by` are numbers of lines. */
export type PolicyProblem =
  /** It never decides anything: the rules in `by` decide all of it before. */
  | { readonly kind: 'shadowed'; readonly rule: number; readonly by: readonly number[] }
  /** Rules before it that say something else decide a part of it. */
  | { readonly kind: 'partly-shadowed'; readonly rule: number; readonly by: readonly number[] }
  /** Without it the same would happen. */
  | { readonly kind: 'redundant'; readonly rule: number }
  /** It wants to protect what the gateway does not take: none of it, or not all of it. */
  | { readonly kind: 'not-granted'; readonly rule: number; readonly part: 'all' | 'some' };

/** What was found out about one rule over all pieces of the address space. */
interface Finding {
  /** Earlier rules that decide something of what it speaks of. */
  readonly before: Set<PolicyRule>;
  decides: boolean;
  /** Leaving it out would change something. */
  matters: boolean;
  fulfilled: boolean;
  refused: boolean;
}

/** Finds what is odd in a policy, in the order of the rules. */
export function lintPolicy(policy: SplitPolicy, facts: PolicyFacts): PolicyProblem[] {
  const findings = new Map(policy.rules.map((rule) => [rule.number, newFinding()]));
  const plots = [
    ...([4, 6] as const).flatMap((family) => layOut(policy, facts, family)),
    ...namePlots(policy, facts),
  ];
  for (const plot of plots) note(plot, policy, findings);
  for (const plot of plots) noteWhatMatters(plot, policy, findings);
  // Several rules with one number are one line to its writer.
  const lines = policy.rules.filter((rule, i) => policy.rules[i - 1]?.number !== rule.number);
  return lines.flatMap((rule) => problemsOf(rule, findings.get(rule.number) ?? newFinding()));
}

/**
 * Addresses that nobody knows yet, one for each name that rules speak of and one below each domain: whatever they will
 * be, these rules speak of them. The gateway is supposed to take them; whether it calls them its own, nobody knows.
 */
function namePlots({ rules, otherwise }: SplitPolicy, { subnets = [] }: PolicyFacts): Plot[] {
  const names = rules
    .flatMap(({ destinations }) => destinations)
    .flatMap((one) => {
      if (one.kind === 'range') return [];
      return one.kind === 'host' ? [one.name] : [one.name, `?.${one.name}`];
    });
  const owned = otherwise === 'subnets' && subnets.length > 0 ? [{ isOwn: true }, { isOwn: false }] : [{}];
  return [...new Set(names)].flatMap((name) =>
    owned.map((isOwn): Plot => ({
      span: { first: 0n, last: 0n },
      rules: rules.filter(
        ({ destinations }) => destinations.length === 0 || destinations.some((one) => namesName(one, name)),
      ),
      taken: [{}],
      rest: 'bypass',
      ...isOwn,
    })),
  );
}

function newFinding(): Finding {
  return { before: new Set(), decides: false, matters: false, fulfilled: false, refused: false };
}

function note(plot: Plot, { otherwise }: SplitPolicy, findings: ReadonlyMap<number, Finding>): void {
  const { rules } = plot;
  const decisions = decide(plot, otherwise);
  for (const [at, rule] of rules.entries()) {
    const finding = findings.get(rule.number);
    if (!finding) continue;
    for (const earlier of rules.slice(0, at)) {
      if (earlier.number === rule.number || !conditionsMeet(earlier, rule)) continue;
      if (decisions.some(saidBy(earlier))) finding.before.add(earlier);
    }
    const own = decisions.filter(saidBy(rule));
    if (own.length === 0) continue;
    finding.decides = true;
    finding.fulfilled ||= own.some(({ effective }) => effective === rule.action);
    finding.refused ||= own.some(({ effective }) => effective !== rule.action);
  }
}

/** A rule matters that changes something, in the policy as it is or in one without the rules that never decide. */
function noteWhatMatters(
  plot: Plot,
  { otherwise }: SplitPolicy,
  findings: ReadonlyMap<number, Finding>,
): void {
  const { rules } = plot;
  const effect = effectOf(decide(plot, otherwise));
  const deciding = rules.filter(({ number }) => findings.get(number)?.decides);
  for (const rule of deciding) {
    const finding = findings.get(rule.number);
    if (!finding || finding.matters) continue;
    finding.matters = [rules, deciding].some((list) => {
      const without = list.filter(({ number }) => number !== rule.number);
      return effectOf(decide({ ...plot, rules: without }, otherwise)) !== effect;
    });
  }
}

function saidBy({ number }: PolicyRule): (decision: Decision) => boolean {
  return ({ reason }) => reason.kind === 'rule' && reason.rule === number;
}

/** What decisions do, as a text that is the same for decisions that do the same. */
function effectOf(decisions: readonly Decision[]): string {
  const kept = [...decisions];
  const last = kept.at(-1);
  // Conditional decisions behind which the same happens anyway.
  while (kept.length > 1 && kept.at(-2)?.effective === last?.effective) kept.splice(-2, 1);
  return JSON.stringify(kept.map(({ condition, effective }) => [condition, effective]));
}

function problemsOf(rule: PolicyRule, finding: Finding): PolicyProblem[] {
  const { number } = rule;
  const before = [...finding.before].sort((a, b) => a.number - b.number);
  if (!finding.decides) return [{ kind: 'shadowed', rule: number, by: numbersOf(before) }];
  const problems: PolicyProblem[] = [];
  const other = before.filter(({ action }) => action !== rule.action);
  if (other.length > 0) problems.push({ kind: 'partly-shadowed', rule: number, by: numbersOf(other) });
  if (finding.refused)
    problems.push({ kind: 'not-granted', rule: number, part: finding.fulfilled ? 'some' : 'all' });
  if (!finding.matters) problems.push({ kind: 'redundant', rule: number });
  return problems;
}

function numbersOf(rules: readonly PolicyRule[]): number[] {
  return [...new Set(rules.map(({ number }) => number))];
}
