import type { common as english } from '../en/common.ts';
import type { Same } from '../same.ts';

export const common: Same<typeof english> = {
  app: 'Causeway',
  navigation: 'Ansichten',
  cancel: 'Abbrechen',
  close: 'Schließen',
  remove: 'Entfernen',
  undo: 'Rückgängig',
  working: 'Bitte warten …',
  tryAgain: 'Erneut versuchen',
  who: {
    user: 'Das können Sie selbst beheben',
    it: 'Ihre IT-Abteilung muss handeln',
    network: 'Der Betreiber dieses Netzes muss handeln',
    makers: 'Das ist ein Fehler in Causeway',
  },
  next: 'Was Sie tun können',
  service: {
    connecting: 'Der Dienst von Causeway wird gesucht …',
    absentTitle: 'Der Dienst von Causeway läuft nicht',
    absentBody:
      'Der Dienst stellt die Verbindungen her; ohne ihn geht es nicht. Dieses Fenster sucht ihn fortlaufend. Kommt er nicht von selbst zurück, starten Sie den Computer neu oder fragen Sie Ihre IT-Abteilung.',
    noAccessTitle: 'Sie dürfen Causeway auf diesem Computer noch nicht verwenden',
    noAccessBody:
      'Der Dienst ist für die Mitglieder der Gruppe „causeway“ da, und Sie gehören nicht dazu. Bitten Sie Ihre IT-Abteilung, Sie aufzunehmen, und melden Sie sich danach neu an.',
    untrustedTitle: 'Etwas anderes antwortet anstelle des Dienstes',
    untrustedBody:
      'Was dort lauscht, wo der Dienst sein sollte, gehört nicht dem Administrator dieses Computers. Causeway spricht nicht damit. Sagen Sie Ihrer IT-Abteilung Bescheid.',
    otherVersionTitle: 'App und Dienst verstehen einander nicht',
    otherVersionBody:
      'Einer von beiden ist älter als der andere. Aktualisieren Sie Causeway und starten Sie den Computer neu, damit beide dieselbe Version haben.',
    olderService:
      'Der Dienst ({{service}}) ist älter als diese App ({{app}}). Wurde Causeway gerade aktualisiert, starten Sie den Computer neu: Mit ihm startet der neue Dienst. Sonst installieren Sie beide in derselben Version.',
    olderApp:
      'Diese App ({{app}}) ist älter als der Dienst ({{service}}). Wurde Causeway gerade aktualisiert, starten Sie die App neu; eine Verbindung bleibt bestehen. Sonst installieren Sie beide in derselben Version.',
    restartApp: 'App neu starten',
  },
};
