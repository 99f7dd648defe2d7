/** What zod found wrong with a profile, as sentences for people. No sentence holds a value that may be secret. */
import type { z } from 'zod';
import { nearest } from './near.ts';
import { shorten } from './text-forms.ts';

type Issue = z.core.$ZodIssue;
type Keys = Readonly<Record<string, readonly string[]>>;

/** One sentence `path: what is wrong` an issue, in the order of the issues; `profile` stands for the whole. */
export function problemsOf(issues: readonly Issue[], input: unknown, keys: Keys): readonly string[] {
  return issues.flatMap((issue) => describe(issue, input, keys));
}

function describe(issue: Issue, input: unknown, keys: Keys): readonly string[] {
  const where = pathText(issue.path);
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => unknownKey(key, issue.path, input, keys));
  if (issue.code === 'invalid_union' && issue.discriminator !== undefined)
    return [`${where}: ${oneOf(optionsOf(issue))}${got(at(input, issue.path))}`];
  return [`${where}: ${sentence(issue, at(input, issue.path))}`];
}

function sentence(issue: Issue, value: unknown): string {
  switch (issue.code) {
    case 'invalid_type':
      return value === undefined
        ? `is missing; ${expected(issue.expected)}`
        : `${expected(issue.expected)}, not ${kindOf(value)}`;
    case 'invalid_value':
      return value === undefined
        ? `is missing; ${oneOf(issue.values.map(String))}`
        : `${oneOf(issue.values.map(String))}${got(value)}`;
    case 'too_small':
      return issue.origin === 'array'
        ? `must have at least ${issue.minimum} ${issue.minimum === 1 ? 'entry' : 'entries'}`
        : `must be at least ${issue.minimum}${got(value)}`;
    case 'too_big':
      if (issue.origin === 'array') return `must have at most ${issue.maximum} entries`;
      return issue.origin === 'string'
        ? `must be at most ${issue.maximum} characters long`
        : `must be at most ${issue.maximum}${got(value)}`;
    case 'invalid_union':
      return value === undefined ? `is missing; ${issue.message}` : issue.message;
    default:
      return issue.message;
  }
}

/** The values that tell a union's branches apart; zod gives them, its types do not. */
function optionsOf(issue: object): readonly string[] {
  return 'options' in issue && Array.isArray(issue.options) ? issue.options.map(String) : [];
}

function expected(type: string): string {
  switch (type) {
    case 'int':
      return 'must be a whole number';
    case 'string':
      return 'must be text';
    case 'array':
      return 'must be a list [...]';
    case 'object':
      return 'must be an object {...}';
    default:
      return `must be a ${type}`;
  }
}

function oneOf(options: readonly string[]): string {
  return options.length === 1 ? `must be ${options.join()}` : `must be one of ${options.join(', ')}`;
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'an object';
  if (typeof value === 'string') return 'text';
  return typeof value === 'number' ? (Number.isInteger(value) ? 'a number' : 'a fraction') : typeof value;
}

/** Shows a number or a short word that was given where a fixed set of values was expected. */
function got(value: unknown): string {
  if (typeof value === 'number') return `, not ${value}`;
  return typeof value === 'string' && value.length <= 32 ? `, not '${shorten(value)}'` : '';
}

function unknownKey(key: string, path: readonly PropertyKey[], input: unknown, keys: Keys): string {
  const here = pathText([...path, key]);
  const place = path.filter((part) => typeof part !== 'number').join('.');
  const known = keys[place] ?? [];
  if (known.includes(key)) {
    const method = at(input, [...path, 'method']);
    return `${here}: is not used with method ${String(method)}`;
  }
  if (/password|passphrase|secret|psk/i.test(key))
    return `${here}: a profile holds no secret; it is asked for when connecting, or read by --password-fd`;
  const meant = nearest(key, known);
  if (meant !== undefined) return `${here}: is not a known key; did you mean '${meant}'?`;
  const elsewhere = Object.entries(keys).find(([, names]) => names.includes(key));
  return elsewhere === undefined
    ? `${here}: is not a known key; known here: ${known.join(', ')}`
    : `${here}: is not a known key here; it belongs in ${elsewhere[0] === '' ? 'the profile itself' : elsewhere[0]}`;
}

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  let here = value;
  for (const key of path) {
    if (typeof here !== 'object' || here === null) return undefined;
    here = (here as Record<PropertyKey, unknown>)[key];
  }
  return here;
}

/** `tunnel.remote[0]`; a key that is no plain word is shown in quotation marks. */
function pathText(path: readonly PropertyKey[]): string {
  if (path.length === 0) return 'profile';
  const parts = path.map((key) => {
    if (typeof key === 'number') return `[${key}]`;
    const text = shorten(String(key));
    return /^\w+$/.test(text) ? `.${text}` : `["${text}"]`;
  });
  return parts.join('').replace(/^\./, '');
}
