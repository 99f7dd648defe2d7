import type { ProfileInput } from '../../core/contract/profile.ts';

/** By this word what was put into a field is known again, wherever it comes out. */
export const MARK = 'INJECTED';

/** What has ended one thing and begun another, in configurations, shells, command lines and scripts of others. */
export const INJECTIONS: readonly string[] = [
  `\n${MARK}`,
  `\r\nPassword helper /bin/${MARK}`,
  `\0${MARK}`,
  `\u2028${MARK}`,
  `\u0085${MARK}`,
  `$(touch /tmp/${MARK})`,
  `\`touch /tmp/${MARK}\``,
  `; touch /tmp/${MARK} #`,
  ` | sh -c ${MARK}`,
  ` && ${MARK}`,
  `' OR ${MARK} --`,
  `" } delete table inet causeway_${MARK} {`,
  ` --script=/tmp/${MARK}`,
  `%n%s\${${MARK}}`,
  `/../../../../tmp/${MARK}`,
  `"},"${MARK}":{"`,
];

/** Puts a text behind the value of a field (`gateway.alternatives[].address`) of a profile, or in front of it. */
export function withInjection(
  profile: ProfileInput,
  field: string,
  injection: string,
  where: 'before' | 'behind',
): unknown {
  const copy = structuredClone(profile) as unknown;
  const steps = field.split(/\.|(?=\[\])/);
  const last = steps.pop() ?? '';
  let place = copy as Record<string, unknown>;
  for (const step of steps) place = place[step === '[]' ? '0' : step] as Record<string, unknown>;
  const key = last === '[]' ? '0' : last;
  const value = place[key];
  if (typeof value !== 'string') throw new Error(`the profile has no text at ${field}`);
  place[key] = where === 'before' ? injection + value : value + injection;
  return copy;
}
