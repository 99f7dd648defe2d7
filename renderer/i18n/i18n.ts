import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';
import type { AppState } from '../../core/contract/gui-api.ts';
import { de } from './de/catalogue.ts';
import { en } from './en/catalogue.ts';

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'translation';
    resources: { translation: typeof en };
  }
}

type Language = AppState['language'];

await i18next.use(initReactI18next).init({
  resources: { en: { translation: en }, de: { translation: de } },
  lng: 'en',
  fallbackLng: 'en',
  interpolation: { escapeValue: false },
  returnNull: false,
});

export async function setLanguage(language: Language): Promise<void> {
  await i18next.changeLanguage(language);
}

/** The language in use. */
export function languageOf(): Language {
  return i18next.language === 'de' ? 'de' : 'en';
}
