import type { LintProblem } from '../../../../core/contract/daemon-api.ts';
import type { PolicyRuleText } from '../../../../core/contract/policy.ts';
import type { Action, Otherwise } from './draft.ts';

/** A rule with the number that it has among all, those that IT fixed counted first. */
export interface NumberedRule {
  readonly number: number;
  readonly rule: PolicyRuleText;
  readonly isFixed: boolean;
}

export interface LaneRule extends NumberedRule {
  /** Only that part of it which the gateway takes, or does not take. */
  readonly part?: 'taken' | 'not-taken';
}

/** What no rule speaks of: all of it, what the gateway takes or does not take, or all of one family. */
export type Rest = 'everything' | 'taken' | 'not-taken' | 'ipv4' | 'ipv6' | 'subnets';

export interface Lane {
  readonly action: Action;
  readonly rules: readonly LaneRule[];
  readonly rest: readonly Rest[];
}

export interface Picture {
  /** Through the tunnel, past it, nowhere. */
  readonly lanes: readonly [Lane, Lane, Lane];
  /** The numbers of rules that never decide anything. */
  readonly idle: readonly number[];
}

/**
 * Where traffic goes, by rules in their order. `taken`: the selectors that the gateway takes or is asked to take;
 * `hasSubnets`: whether it calls some networks its own, once that is known; if not, it is as with what it takes.
 */
export function pictureOf(
  rules: readonly NumberedRule[],
  otherwise: Otherwise,
  problems: readonly LintProblem[],
  taken: readonly string[],
  hasSubnets?: boolean,
): Picture {
  const idle = problems.flatMap((one) => (one.kind === 'shadowed' ? [one.rule] : []));
  const refused = new Map(
    problems.flatMap((one) => (one.kind === 'not-granted' ? [[one.rule, one.part]] : [])),
  );
  const rest = restOf(otherwise, taken, hasSubnets);
  const laneOf = (action: Action): Lane => ({
    action,
    rules: rules
      .filter(({ number }) => !idle.includes(number))
      .flatMap((one): LaneRule[] => {
        const part = refused.get(one.number);
        if (part === undefined) return one.rule.action === action ? [one] : [];
        if (action === 'block') return [{ ...one, part: 'not-taken' }];
        return action === 'protect' && part === 'some' ? [{ ...one, part: 'taken' }] : [];
      }),
    rest: rest.flatMap(([goes, what]) => (goes === action ? [what] : [])),
  });
  return { lanes: [laneOf('protect'), laneOf('bypass'), laneOf('block')], idle };
}

function restOf(
  otherwise: Otherwise,
  taken: readonly string[],
  hasSubnets: boolean | undefined,
): readonly (readonly [Action, Rest])[] {
  const of = (family: 4 | 6): 'all' | 'some' | 'none' => {
    const mine = taken.filter((selector) => selector.includes(':') === (family === 6));
    if (mine.includes(family === 4 ? '0.0.0.0/0' : '::/0')) return 'all';
    return mine.length > 0 ? 'some' : 'none';
  };
  const [v4, v6] = [of(4), of(6)];
  if (otherwise === 'bypass' || otherwise === 'block') return [[otherwise, 'everything']];
  if (otherwise === 'subnets' && hasSubnets !== false)
    return [
      ['protect', 'subnets'],
      ['bypass', 'not-taken'],
    ];
  if (v4 === 'all' && v6 === 'all') return [['protect', 'everything']];
  if (otherwise === 'protect') {
    return v4 === 'none' && v6 === 'none'
      ? [['block', 'everything']]
      : [
          ['protect', 'taken'],
          ['block', 'not-taken'],
        ];
  }
  // What the gateway takes none of goes nowhere where it takes all of the other family.
  if (v4 === 'all' && v6 === 'none')
    return [
      ['protect', 'ipv4'],
      ['block', 'ipv6'],
    ];
  if (v6 === 'all' && v4 === 'none')
    return [
      ['protect', 'ipv6'],
      ['block', 'ipv4'],
    ];
  if (v4 === 'none' && v6 === 'none') return [['bypass', 'everything']];
  return [
    ['protect', 'taken'],
    ['bypass', 'not-taken'],
  ];
}
