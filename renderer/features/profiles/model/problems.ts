import { parseProfile } from '../../../../core/contract/profile.ts';
import type { Written } from './written.ts';

/** One problem of a profile: the place, and what is wrong there. */
export interface Problem {
  readonly path: string;
  readonly text: string;
}

/** A problem as the contract writes it, `path: what is wrong`. */
export function readProblem(line: string): Problem {
  const at = line.indexOf(': ');
  return at < 0 ? { path: 'profile', text: line } : { path: line.slice(0, at), text: line.slice(at + 2) };
}

export function problemsOf(profile: Written): readonly Problem[] {
  const parsed = parseProfile(profile);
  return parsed.ok ? [] : parsed.error.map(readProblem);
}

/** Whether a problem is about a place, or about an entry of the list there. */
export function isAbout({ path }: Problem, place: string): boolean {
  return path === place || path.startsWith(`${place}[`);
}

/** Whether a problem is about something that is missing at a place above, so that the field for it is here. */
function isAbove({ path }: Problem, place: string): boolean {
  return place.startsWith(`${path}.`);
}

/** The problem that a field shows: the first about it. */
export function problemAt(problems: readonly Problem[], place: string): Problem | undefined {
  return problems.find((problem) => isAbout(problem, place));
}

/** Those that no field shows. */
export function problemsBeside(problems: readonly Problem[], places: readonly string[]): readonly Problem[] {
  return problems.filter((problem) => !places.some((place) => isAbout(problem, place)));
}

/** Those that a group of fields has, with what is missing as a whole. */
export function problemsAmong(problems: readonly Problem[], places: readonly string[]): readonly Problem[] {
  return problems.filter((problem) =>
    places.some((place) => isAbout(problem, place) || isAbove(problem, place)),
  );
}
