import type { activity as english } from '../en/activity.ts';
import type { Same } from '../same.ts';

export const activity: Same<typeof english> = {
  title: 'Verlauf',
  empty: 'Seit dem Start der App ist nichts geschehen.',
  filter: 'Filter',
  filterPlaceholder: 'Gesuchte Wörter',
  noneFound: 'Nichts hier enthält diese Wörter.',
  what: 'Was',
  kinds: {
    all: 'Alles',
    trouble: 'Nur Störungen',
  },
  ended: 'Getrennt',
  connectedTo: 'Verbunden: {{detail}}',
  connected: 'Verbunden',
  link: {
    ready: 'Der Dienst ist da',
    absent: 'Der Dienst läuft nicht',
    'no-access': 'Diese Person darf den Dienst nicht verwenden',
    untrusted: 'Etwas anderes antwortet anstelle des Dienstes',
    'other-version': 'Der Dienst hat eine andere Version',
  },
  failure: {
    title: 'Die letzte Störung erklärt',
    when: 'Wann',
    profile: 'Profil',
    why: 'Warum',
    next: 'Was zu tun ist',
    who: 'Wer handeln muss',
    offered: 'Wir boten an',
    configured: 'Das Gateway will',
    code: 'Code für den Support',
  },
  log: {
    title: 'Protokoll des Dienstes',
    read: 'Protokoll zeigen',
    again: 'Neu lesen',
    note: 'Nur Administratoren dürfen es lesen: Es enthält, was alle an diesem Computer getan haben.',
    empty: 'Das Protokoll ist leer.',
  },
  report: {
    title: 'Ein Problem melden',
    body: 'Erstellt einen Bericht für den Support. Namen und Adressen darin sind ersetzt; Sie sehen ihn, bevor er gespeichert wird.',
    make: 'Bericht erstellen',
    dialog: 'Das steht im Bericht',
    save: 'Speichern …',
    saved: 'Der Bericht ist gespeichert.',
  },
};
