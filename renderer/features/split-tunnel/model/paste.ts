/** Takes what people have in lists, mails and configurations as destinations, and says what became of each. */
import type { PolicyRuleText } from '../../../../core/contract/policy.ts';
import {
  ACTIONS,
  destinationProblem,
  MAX_NOTE_LENGTH,
  PROTOCOLS,
} from '../../../../core/contract/policy-text.ts';
import { addressOctets } from '../../../../core/contract/text-forms.ts';
import { problemsOfForm, formOf, ruleOfForm } from './form.ts';

/** Why something is no destination. */
export type Refusal = 'form' | 'network' | 'range' | 'port';

export interface Pasted {
  /** In their order, each once. */
  readonly destinations: readonly string[];
  /** Whole rules, where those were pasted. */
  readonly rules: readonly PolicyRuleText[];
  /** What was understood as something else than it says. */
  readonly changed: readonly { readonly from: string; readonly to: string }[];
  /** How many were there before, or twice. */
  readonly repeated: number;
  readonly refused: readonly { readonly text: string; readonly why: Refusal }[];
}

const SHOWN = 120;

/** `there`: destinations that need not be there twice. */
export function readPasted(text: string, there: readonly string[] = []): Pasted {
  const found = fromJson(text) ?? { words: wordsOf(text), rules: [], refused: [] };
  const known = new Set(there);
  const destinations: string[] = [];
  const changed: { from: string; to: string }[] = [];
  const refused: { text: string; why: Refusal }[] = [...found.refused];
  let repeated = 0;
  for (const word of found.words) {
    const meant = destinationProblem(word) === undefined ? word : repaired(word);
    if (meant === undefined || destinationProblem(meant) !== undefined) {
      refused.push({ text: word.slice(0, SHOWN), why: refusalOf(word) });
    } else if (known.has(meant)) repeated += 1;
    else {
      known.add(meant);
      destinations.push(meant);
      if (meant !== word) changed.push({ from: word, to: meant });
    }
  }
  return { destinations, rules: found.rules, changed, repeated, refused };
}

interface Found {
  readonly words: readonly string[];
  readonly rules: readonly PolicyRuleText[];
  readonly refused: Pasted['refused'];
}

function fromJson(text: string): Found | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const list = Array.isArray(value) ? (value as unknown[]) : entriesOf(value);
  const words: string[] = [];
  const rules: PolicyRuleText[] = [];
  const refused: { text: string; why: Refusal }[] = [];
  for (const one of list) {
    if (typeof one === 'string') words.push(one.trim());
    else {
      const rule = ruleOf(one);
      if (rule) rules.push(rule);
      else refused.push({ text: JSON.stringify(one).slice(0, SHOWN), why: 'form' });
    }
  }
  return { words, rules, refused };
}

/** The rules of a whole policy, or one rule. */
function entriesOf(value: unknown): unknown[] {
  if (typeof value === 'object' && value !== null && 'rules' in value && Array.isArray(value.rules))
    return value.rules as unknown[];
  return [value];
}

const KEYS: readonly string[] = ['action', 'to', 'protocol', 'ports', 'app', 'note'];

function ruleOf(value: unknown): PolicyRuleText | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const given = value as Record<string, unknown>;
  if (Object.keys(given).some((key) => !KEYS.includes(key))) return undefined;
  const { app, note } = given;
  const action = ACTIONS.find((one) => one === given['action']);
  const protocol = PROTOCOLS.find((one) => one === given['protocol']);
  const [to, ports] = [textsOf(given['to']), textsOf(given['ports'])];
  const isText = (one: unknown): one is string | undefined => one === undefined || typeof one === 'string';
  if (!action || !to || !ports || protocol !== given['protocol'] || !isText(app) || !isText(note))
    return undefined;
  if ((note?.length ?? 0) > MAX_NOTE_LENGTH) return undefined;
  const form = formOf({
    action,
    ...(to.length > 0 ? { to } : {}),
    ...(protocol ? { protocol } : {}),
    ...(ports.length > 0 ? { ports } : {}),
    ...(app === undefined ? {} : { app }),
    ...(note === undefined ? {} : { note }),
  });
  return Object.keys(problemsOfForm(form)).length === 0 ? ruleOfForm(form) : undefined;
}

function textsOf(value: unknown): string[] | undefined {
  if (value === undefined) return [];
  if (!Array.isArray(value)) return undefined;
  const list = value as unknown[];
  return list.every((one) => typeof one === 'string') ? list : undefined;
}

/** The words of lines: without comments, marks of lists and quotation marks. */
export function wordsOf(text: string): string[] {
  return text.split(/\r?\n/).flatMap((line) =>
    line
      .replace(/(^|\s)(#|\/\/).*$/, '')
      .replace(/^\s*[-*•]\s+/, '')
      .replace(/([0-9a-fA-F])\s+[-–]\s+([0-9a-fA-F:])/g, '$1-$2')
      .replace(/([0-9])\s+(?:netmask\s+)?(255\.[0-9.]+)/g, '$1/$2')
      .split(/[\s,;]+/)
      .map((word) => word.replace(/^["'“„<]+|["'”“>]+$/g, ''))
      .filter((word) => word !== ''),
  );
}

/** What somebody means who writes something else than a destination; it is one only if it is checked. */
function repaired(word: string): string | undefined {
  const url = /^[a-z][a-z0-9+.-]*:\/\/(?:[^@/]*@)?(\[[^\]]+\]|[^/:?#]+)(?::\d+)?(?:[/?#].*)?$/i.exec(word);
  const bare = (url?.[1] ?? word).replace(/^\[(.*)\]$/, '$1');
  if (/^\.[^.]/.test(bare)) return `*${bare}`;
  if (/[^.]\.$/.test(bare)) return bare.slice(0, -1);
  if (/^(\d+\.){1,3}\*(\.\*)*$/.test(bare)) return starred(bare);
  if (bare.includes('/')) return masked(bare);
  return bare.replace('–', '-');
}

function starred(text: string): string {
  const known = text.split('.').filter((part) => part !== '*');
  return `${[...known, '0', '0', '0'].slice(0, 4).join('.')}/${known.length * 8}`;
}

/** A network with the bits behind its length set to nothing; a length may be written as a mask. */
function masked(text: string): string | undefined {
  const [address = '', size = ''] = text.split('/');
  const octets = addressOctets(address);
  const length = lengthOf(size);
  if (!octets || length === undefined || length > octets.length * 8) return undefined;
  const kept = octets.map((octet, i) => {
    const bits = Math.min(8, Math.max(0, length - 8 * i));
    return octet & (0xff00 >> bits) & 0xff;
  });
  return `${octets.length === 4 ? kept.join('.') : ipv6Text(kept)}/${length}`;
}

function lengthOf(size: string): number | undefined {
  if (/^\d{1,3}$/.test(size)) return Number(size);
  const octets = size.includes(':') ? undefined : addressOctets(size);
  const bits = octets?.map((octet) => octet.toString(2).padStart(8, '0')).join('');
  return bits !== undefined && /^1*0*$/.test(bits) ? bits.replaceAll('0', '').length : undefined;
}

/** The URL standard writes addresses as RFC 5952 does. */
function ipv6Text(octets: readonly number[]): string {
  const groups = octets.flatMap((octet, i) =>
    i % 2 === 0 ? [((octet << 8) | (octets[i + 1] ?? 0)).toString(16)] : [],
  );
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}

function refusalOf(word: string): Refusal {
  if (/^[^:/]+:\d{1,5}$/.test(word)) return 'port';
  if (word.includes('/')) return 'network';
  return /^[0-9a-f.:]+[-–][0-9a-f.:]+$/i.test(word) ? 'range' : 'form';
}
