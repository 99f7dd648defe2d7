import type { settings as english } from '../en/settings.ts';
import type { Same } from '../same.ts';

export const settings: Same<typeof english> = {
  title: 'Einstellungen',
  app: 'Diese App',
  theme: 'Farben',
  themes: { system: 'Wie der Desktop', light: 'Hell', dark: 'Dunkel', contrast: 'Hoher Kontrast' },
  language: 'Sprache',
  languages: { system: 'Wie der Desktop', en: 'English', de: 'Deutsch' },
  launchAtLogin: 'Beim Anmelden starten',
  notifications: 'Melden, wenn eine Verbindung abreißt oder eine Eingabe braucht',
  trayMissing:
    'Dieser Desktop zeigt keine Symbole im Infobereich. Wer das Fenster schließt, beendet deshalb die App, und eine Verbindung bleibt; unter GNOME hilft die Erweiterung „AppIndicator“.',
  secrets: 'Passwörter',
  saveSecrets: 'Anbieten, Passwörter zu merken',
  saveSecretsHelp:
    'Sie kommen in den Schlüsselbund dieses Desktops und sonst nirgendwohin. Beim Ausschalten werden sie vergessen.',
  keychain: 'Schlüsselbund',
  keychainStates: {
    unknown: '{{backend}}, noch nicht benutzt',
    ready: '{{backend}}, in Benutzung',
    locked: '{{backend}}, gesperrt: entsperren Sie ihn, damit Passwörter gemerkt werden',
    absent: 'keiner: Sie werden jedes Mal gefragt',
  },
  machine: 'Dieser Computer',
  machineNote: 'Nur ein Administrator kann das ändern; es gilt für alle an diesem Computer.',
  killSwitch: 'Notschalter',
  killSwitches: {
    off: 'Aus: ohne Verbindung geht alles seinen gewöhnlichen Weg',
    session: 'Während der Verbindung: bei Unterbrechungen dringt nichts nach außen',
    always: 'Immer: ohne Verbindung kommt nichts durch',
  },
  lan: 'Drucker und Computer im lokalen Netz erreichen',
  doctor: {
    title: 'Prüfung',
    body: 'Sieht nach, was Causeway an diesem Computer geändert hat und ob etwas übrig ist, das nicht sein sollte.',
    run: 'Jetzt prüfen',
    repair: 'Reparieren',
    states: { good: 'gut', changed: 'von Causeway geändert', bad: 'falsch' },
  },
  about: 'Über',
  versions: 'App {{app}}, Dienst {{service}}',
  noService: 'keiner',
};
