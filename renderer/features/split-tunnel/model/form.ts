/** A rule as the fields in which somebody writes it. */
import type { PolicyRuleText } from '../../../../core/contract/policy.ts';
import {
  appProblem,
  destinationProblem,
  MAX_APP_LENGTH,
  MAX_DESTINATIONS,
  MAX_NOTE_LENGTH,
  MAX_PORTS,
  portsProblem,
} from '../../../../core/contract/policy-text.ts';
import { hasControlCharacters } from '../../../../core/contract/text-forms.ts';
import type { Action } from './draft.ts';

export interface RuleForm {
  readonly action: Action;
  /** One a line, or with commas between; nothing: everywhere. */
  readonly to: string;
  readonly protocol: NonNullable<PolicyRuleText['protocol']> | 'any';
  readonly ports: string;
  readonly app: string;
  readonly note: string;
}

/** What is wrong with a field: the words that are, or that there is too much of it. */
export type FormProblem =
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'too-many' | 'too-long' | 'wrong' | 'needs-protocol' };

export type FormProblems = { readonly [F in keyof RuleForm]?: FormProblem };

export const EMPTY_RULE: PolicyRuleText = { action: 'bypass' };

export function formOf({ action, to, protocol, ports, app, note }: PolicyRuleText): RuleForm {
  return {
    action,
    to: (to ?? []).join('\n'),
    protocol: protocol ?? 'any',
    ports: (ports ?? []).join(', '),
    app: app ?? '',
    note: note ?? '',
  };
}

/** The rule that the fields say; they are right. */
export function ruleOfForm({ action, to, protocol, ports, app, note }: RuleForm): PolicyRuleText {
  const [places, numbers] = [placesOf(to), numbersOf(ports)];
  return {
    action,
    ...(places.length > 0 ? { to: places } : {}),
    ...(protocol === 'any' ? {} : { protocol }),
    ...(numbers.length > 0 ? { ports: numbers } : {}),
    ...(app.trim() === '' ? {} : { app: app.trim() }),
    ...(note.trim() === '' ? {} : { note: note.trim() }),
  };
}

export function problemsOfForm({ to, protocol, ports, app, note }: RuleForm): FormProblems {
  const [places, numbers] = [placesOf(to), numbersOf(ports)];
  const wrongPlaces = places.filter((word) => destinationProblem(word) !== undefined);
  const wrongPorts = numbers.filter((word) => portsProblem(word) !== undefined);
  const needsProtocol = numbers.length > 0 && protocol !== 'tcp' && protocol !== 'udp';
  return {
    ...(wrongPlaces.length > 0
      ? { to: { kind: 'words', words: wrongPlaces } }
      : places.length > MAX_DESTINATIONS
        ? { to: { kind: 'too-many' } }
        : {}),
    ...(wrongPorts.length > 0
      ? { ports: { kind: 'words', words: wrongPorts } }
      : needsProtocol
        ? { ports: { kind: 'needs-protocol' } }
        : numbers.length > MAX_PORTS
          ? { ports: { kind: 'too-many' } }
          : {}),
    ...(app.trim() === '' || (appProblem(app.trim()) === undefined && app.trim().length <= MAX_APP_LENGTH)
      ? {}
      : { app: { kind: 'wrong' } }),
    ...(note.trim().length > MAX_NOTE_LENGTH
      ? { note: { kind: 'too-long' } }
      : hasControlCharacters(note.trim())
        ? { note: { kind: 'wrong' } }
        : {}),
  };
}

/** Ranges may have spaces in them. */
function placesOf(text: string): string[] {
  const words = text
    .replace(/\s+-\s+/g, '-')
    .split(/[\s,;]+/)
    .filter((word) => word !== '');
  return [...new Set(words)];
}

function numbersOf(text: string): string[] {
  return [...new Set(text.split(/[\s,;]+/).filter((word) => word !== ''))];
}
