import type { SERVICE_FAILURES as english } from '../english/service.ts';
import { given, type Facts, type Translation } from '../facts.ts';

function call(c: Facts<'call'>): string {
  return given(c.call, (name) => ` (${name})`);
}

export const SERVICE_FAILURES: Translation<typeof english> = {
  'contract.invalid': (c) => ({
    title: 'Zwei Teile von Causeway verstehen einander nicht',
    why: `Eine Nachricht zwischen ihnen hat nicht die vereinbarte Form${given(c.detail, (text) => `: ${text}`)}. Meist wurde ein Teil aktualisiert und der andere nicht neu gestartet.`,
    next: 'Starten Sie Causeway neu. Hilft das nicht, installieren Sie es erneut.',
  }),

  'contract.version': (c) => ({
    title: 'Zwei Teile von Causeway haben verschiedene Versionen',
    why: `Dieses Programm und der Dienst${given(c.server, (server) => ` (${server})`)} haben keine gemeinsame Version ihrer Sprache: Eines wurde aktualisiert, das andere nicht.`,
    next: 'Starten Sie den Dienst von Causeway und dieses Programm neu. Hilft das nicht, installieren Sie beide in derselben Version.',
  }),

  'contract.unknown-call': (c) => ({
    title: 'Das kann der Dienst von Causeway nicht',
    why: `Er kennt nicht, worum er gebeten wurde${call(c)}: Er hat eine andere Version als dieses Programm.`,
    next: 'Starten Sie den Dienst von Causeway neu. Hilft das nicht, installieren Sie beide in derselben Version.',
  }),

  'contract.denied': (c) => ({
    title: 'Das dürfen Sie nicht',
    why: `Worum gebeten wurde${call(c)}, ist Administratoren vorbehalten oder der Person, die die Verbindung gestartet hat.`,
    next: 'Wenden Sie sich an die Person, die die Verbindung gestartet hat, oder an einen Administrator.',
  }),

  'contract.no-access': () => ({
    title: 'Sie dürfen den Dienst von Causeway nicht benutzen',
    why: 'Der Dienst spricht nur mit den Mitgliedern seiner Gruppe, und Sie gehören nicht dazu.',
    next: 'Bitten Sie einen Administrator, Sie in die Gruppe causeway aufzunehmen, und melden Sie sich danach neu an diesem Computer an.',
  }),

  'contract.busy': () => ({
    title: 'Der Dienst von Causeway wurde um zu viel auf einmal gebeten',
    why: 'Er nimmt von jedem Programm nur eine begrenzte Zahl von Anfragen an, damit ihn keines von seiner Arbeit abhält.',
    next: 'Warten Sie einen Augenblick und versuchen Sie es erneut.',
  }),

  'contract.too-late': () => ({
    title: 'Darauf wartet niemand mehr',
    why: 'Die Frage war schon beantwortet, hat zu lange gewartet oder gehörte zu einer Verbindung, die es nicht mehr gibt.',
    next: 'Sehen Sie nach dem Zustand der Verbindung. Ist sie beendet, starten Sie sie neu.',
  }),

  'contract.timeout': (c) => ({
    title: 'Der Dienst von Causeway hat nicht geantwortet',
    why: `Die Antwort dauerte zu lange${call(c)}.`,
    next: 'Versuchen Sie es erneut. Bleibt es dabei, starten Sie den Dienst von Causeway neu.',
  }),

  'contract.disconnected': () => ({
    title: 'Der Dienst von Causeway ist nicht da',
    why: 'Die Verbindung zu ihm ist abgebrochen: Der Dienst wurde angehalten oder wird gerade neu gestartet.',
    next: 'Versuchen Sie es gleich noch einmal. Bleibt es dabei, starten Sie den Dienst von Causeway.',
  }),

  'contract.untrusted-service': (c) => ({
    title: 'Was antwortet, ist nicht der Dienst von Causeway',
    why: `Der Ort, an dem der Dienst lauscht${given(c.path, (path) => ` (${path})`)}, gehört jemand anderem, oder jemand anderes kann dort schreiben. Dorthin wurde nichts gesendet.`,
    next: 'Sagen Sie Ihrer IT-Abteilung Bescheid: Vielleicht versucht ein anderes Programm, an Passwörter zu kommen. Causeway erneut zu installieren, bringt den Ort in Ordnung.',
  }),

  'internal.self-test': (c) => ({
    title: 'Die Prüfung der Kryptografie ist fehlgeschlagen',
    why: `Vor dem Verbinden rechnet Causeway bekannte Beispiele nach, und eines kam falsch heraus${given(c.detail, (text) => `: ${text}`)}. Nichts wurde gesendet: Einer Verbindung wäre nicht zu trauen.`,
    next: 'Installieren Sie Causeway erneut. Bleibt es dabei, melden Sie es mit der Version, die causeway --version ausgibt.',
  }),

  'internal.bug': (c) => ({
    title: 'Causeway hat einen Fehler gemacht',
    why: `Etwas ist geschehen, wofür das Programm nicht geschrieben ist${given(c.detail, (text) => `: ${text}`)}. Die Verbindung wurde beendet und das Netz wiederhergestellt.`,
    next: 'Versuchen Sie es erneut. Bitte melden Sie es mit dem, was oben steht, und der Ausgabe von causeway --version.',
  }),
};
