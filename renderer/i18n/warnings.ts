import type { TFunction } from 'i18next';
import type { ToldWarning, WarningCode, WarningFacts } from '../../core/contract/snapshot.ts';
import { failureWords } from './failures.ts';

/** The words are undefined when they would lack what they are about. */
const WORDS: Readonly<Record<WarningCode, (t: TFunction, facts: WarningFacts) => string | undefined>> = {
  'eap-notification': said,
  'gateway-notify': said,
  'name-server-outside': (t, { servers }) =>
    servers && t('connection.warnings.nameServerOutside', { servers: servers.join(', ') }),
  'names-not-set': failed,
  'names-outside': (t) => t('connection.warnings.namesOutside'),
  'not-undone': failed,
};

/** A warning in the language of the window; in English when it is one that this app does not know. */
export function warningText(t: TFunction, { code, message, facts = {} }: ToldWarning): string {
  const words = Object.hasOwn(WORDS, code) ? WORDS[code as WarningCode](t, facts) : undefined;
  return words ?? message;
}

function said(t: TFunction, { said: text }: WarningFacts): string | undefined {
  return text === undefined ? undefined : t('connection.warnings.said', { said: text });
}

function failed(_t: TFunction, { failure }: WarningFacts): string | undefined {
  if (!failure) return undefined;
  const { title, why, next } = failureWords(failure);
  return `${title}. ${why} ${next}`;
}
