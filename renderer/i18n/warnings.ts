import type { TFunction } from 'i18next';
import { type ToldWarning, WARNING_CODES, type WarningCode } from '../../core/contract/snapshot.ts';
import { failureWords } from './failures.ts';

/** A warning in the language of the window; in English when it is one that this app does not know. */
export function warningText(t: TFunction, { code, message, facts = {} }: ToldWarning): string {
  const known = WARNING_CODES.find((one) => one === code);
  return (known && wordsFor(t, known, facts)) ?? message;
}

/** Undefined when the words would lack what they are about. */
function wordsFor(
  t: TFunction,
  code: WarningCode,
  { servers, said, failure }: NonNullable<ToldWarning['facts']>,
): string | undefined {
  switch (code) {
    case 'eap-notification':
    case 'gateway-notify':
      return said === undefined ? undefined : t('connection.warnings.said', { said });
    case 'name-server-outside':
      return servers && t('connection.warnings.nameServerOutside', { servers: servers.join(', ') });
    case 'names-outside':
      return t('connection.warnings.namesOutside');
    case 'names-not-set':
    case 'not-undone': {
      if (!failure) return undefined;
      const { title, why, next } = failureWords(failure);
      return `${title}. ${why} ${next}`;
    }
  }
}
