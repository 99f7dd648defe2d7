/**
 * The textual forms that a rule of a policy is written in. Judged here without a schema, for those who have no need of
 * all of one: the window tells while somebody writes.
 */
import { addressOctets, isHostName, prefixProblem, shorten } from './text-forms.ts';

export const ACTIONS = ['protect', 'bypass', 'block'] as const;
export const PROTOCOLS = ['tcp', 'udp', 'icmp'] as const;
export const MAX_RULES = 1000;
/** In one rule. */
export const MAX_DESTINATIONS = 1000;
export const MAX_PORTS = 64;
export const MAX_APP_LENGTH = 100;
export const MAX_NOTE_LENGTH = 200;

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

/** Undefined for the name of a program as rules have it, otherwise what is wrong with it. */
export function appProblem(text: string): string | undefined {
  return /^[A-Za-z0-9_][A-Za-z0-9_.@-]*$/.test(text)
    ? undefined
    : 'must be the name of a service or an application';
}
