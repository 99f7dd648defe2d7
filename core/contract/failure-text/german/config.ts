import type { CONFIG_FAILURES as english } from '../english/config.ts';
import { given, type Translation } from '../facts.ts';

/** The secrets that a connection can need, with their articles. */
const SECRETS: Readonly<Record<string, string>> = {
  password: 'das Passwort',
  'pre-shared key': 'der gemeinsame Schlüssel',
  passphrase: 'die Passphrase',
  'one-time code': 'der Einmalcode',
};

function secretOf(what: string | undefined): string {
  return what === undefined ? 'das Passwort' : (SECRETS[what] ?? what);
}

function capital(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}

export const CONFIG_FAILURES: Translation<typeof english> = {
  'config.profile-unknown': (c) => ({
    title: 'Dieses Profil gibt es nicht',
    why: `Der Dienst kennt ${given(c.profile, (name) => `kein Profil ${name}`) || 'kein Profil dieses Namens'}, weder von Ihnen noch für diesen Computer.`,
    next: 'Sehen Sie nach, welche es gibt: causeway profile list.',
  }),

  'config.profile-ambiguous': (c) => ({
    title: 'Welches Profil ist gemeint?',
    why: `Auf die Angabe passt mehr als ein Profil${given(c.profiles, (names) => `: ${names}`)}.`,
    next: 'Nennen Sie es bei seiner Kennung, dem Wort in Klammern.',
  }),

  'config.profile-unreadable': (c) => ({
    title: 'Das Profil kann nicht gelesen werden',
    why: `${c.file ?? 'Die Datei des Profils'} konnte nicht gelesen werden${given(c.detail, (text) => `: ${text}`)}.`,
    next: 'Prüfen Sie den Pfad, und ob Sie die Datei lesen dürfen.',
  }),

  'config.profile-not-json': (c) => ({
    title: 'Das Profil ist kein gültiges JSON',
    why: `${c.file ?? 'Das Profil'} ist nicht zu verstehen${given(c.line, (line) => `, Zeile ${line}`)}${given(c.column, (column) => `, Spalte ${column}`)}${given(c.detail, (text) => `: ${text}`)}.`,
    next: 'Sehen Sie sich diese Stelle und die davor an: Meist fehlt ein Komma, ist eines zu viel, oder ein Anführungszeichen ist nicht geschlossen.',
  }),

  'config.profile-invalid': (c) => ({
    title: 'Das Profil enthält Fehler',
    why:
      given(c.problems, (text) => `In ${c.file ?? 'dem Profil'} steht:\n${text}`) ||
      `${c.file ?? 'Das Profil'} enthält etwas, das Causeway nicht kennt oder das die falsche Form hat.`,
    next: 'Berichtigen Sie das Profil und prüfen Sie es mit: causeway check PROFIL.json',
  }),

  'config.policy-unreadable': (c) => ({
    title: 'Die Richtlinie kann nicht gelesen werden',
    why: `${c.file ?? 'Die Datei'} ist als JSON nicht zu verstehen${given(c.detail, (text) => `: ${text}`)}.`,
    next: 'Prüfen Sie den Pfad, und suchen Sie nach einem fehlenden oder überzähligen Komma oder einem offenen Anführungszeichen.',
  }),

  'config.policy-invalid': (c) => ({
    title: 'Die Richtlinie enthält Fehler',
    why:
      given(c.problems, (text) => `In ${c.file ?? 'der Richtlinie'} steht:\n${text}`) ||
      `${c.file ?? 'Die Richtlinie'} enthält etwas, das Causeway nicht kennt oder das die falsche Form hat.`,
    next: 'Berichtigen Sie die Richtlinie und schreiben Sie sie erneut mit: causeway policy set.',
  }),

  'config.policy-changed': () => ({
    title: 'Jemand anderes hat die Richtlinie inzwischen geändert',
    why: 'Es gilt nicht mehr die, die im Editor geöffnet wurde; die bearbeitete zu schreiben, würde jene Änderung rückgängig machen.',
    next: 'Sehen Sie sich mit causeway policy show an, was jetzt gilt, und bearbeiten Sie das.',
  }),

  'config.editor-failed': (c) => ({
    title: 'Der Editor hat seine Arbeit nicht getan',
    why: `${c.editor ?? 'Der Editor'} lief nicht bis zum Ende${given(c.detail, (text) => `: ${text}`)}. Die Richtlinie ist, wie sie war.`,
    next: 'Setzen Sie die Umgebungsvariable EDITOR auf einen Editor dieses Computers, etwa nano oder vi, und versuchen Sie es erneut.',
  }),

  'config.file-not-written': (c) => ({
    title: 'Die Datei konnte nicht geschrieben werden',
    why: `${c.file ?? 'Die Datei'} konnte nicht angelegt werden${given(c.detail, (text) => `: ${text}`)}. Nichts wurde ersetzt.`,
    next: 'Nennen Sie mit --output eine neue Datei in einem Ihrer Verzeichnisse.',
  }),

  'config.fixed-policy-invalid': (c) => ({
    title: 'Der von der IT-Abteilung festgelegte Teil der Aufteilung enthält Fehler',
    why:
      given(c.problems, (text) => `In seiner Datei steht:\n${text}`) ||
      'Seine Datei enthält etwas, das Causeway nicht kennt oder das die falsche Form hat.',
    next: 'Bitten Sie Ihre IT-Abteilung, die Richtlinie zu berichtigen, die in /etc/causeway/profiles.d neben dem Profil liegt. Ohne das, was sie bestimmt, wird nichts verbunden.',
  }),

  'config.too-many-profiles': (c) => ({
    title: 'Für ein weiteres Profil ist kein Platz',
    why: `Der Dienst bewahrt für jede Person nur so viel auf${given(c.limit, (text) => `: ${text}`)}.`,
    next: 'Entfernen Sie Profile, die Sie nicht brauchen: causeway profile remove NAME.',
  }),

  'config.policy-unusable': (c) => ({
    title: 'Die Richtlinie der Aufteilung ist nicht ausführbar',
    why:
      given(c.problems, (text) => `Zur Richtlinie:\n${text}`) ||
      'Sie verlangt etwas, das Causeway auf diesem Computer nicht durchsetzen kann.',
    next: 'Ändern Sie die Richtlinie und schreiben Sie sie erneut mit: causeway policy set.',
  }),

  'config.not-automatic': (c) => ({
    title: 'Dieses Profil verbindet sich nicht von selbst',
    why: `${c.profile ?? 'Das Profil'} sagt nicht, in welchen Netzen das geschehen soll.`,
    next: 'Bitten Sie Ihre IT-Abteilung um ein Profil mit automatic.connect, oder ergänzen Sie es in Ihrem; core/contract/profile.md erklärt, wie.',
  }),

  'config.credential-missing': (c) => ({
    title: `${capital(secretOf(c.what))} fehlt`,
    why: `Zum Verbinden wird ${secretOf(c.what)}${given(c.user, (user) => ` von ${user}`)} gebraucht${given(c.detail, (text) => `: ${text}`) || ' und wurde nicht angegeben'}.`,
    next: 'Verbinden Sie sich erneut, und antworten Sie auf die Frage danach. Wo niemand gefragt werden kann, etwa in einem Skript, geben Sie es über einen Dateideskriptor: --password-fd N für ein Passwort oder einen gemeinsamen Schlüssel, --passphrase-fd N für die Passphrase eines privaten Schlüssels.',
  }),

  'config.certificate-invalid': (c) => ({
    title: 'Ein Zertifikat im Profil ist nicht verwendbar',
    why: `Das Zertifikat ${given(c.field, (field) => `in ${field}`) || 'im Profil'} ist nicht verwendbar${given(c.detail, (text) => `: ${text}`)}.`,
    next: 'Fügen Sie das Zertifikat erneut im PEM-Format ein (Text, der mit -----BEGIN CERTIFICATE----- beginnt), oder bitten Sie Ihre IT-Abteilung um ein neues.',
  }),

  'config.key-invalid': (c) => ({
    title: 'Der private Schlüssel im Profil ist nicht verwendbar',
    why: `Der Schlüssel in ${c.field ?? 'user.privateKey'} ist nicht verwendbar${given(c.detail, (text) => `: ${text}`)}.`,
    next: 'Fügen Sie den privaten Schlüssel erneut im PEM-Format ein (Text, der mit -----BEGIN PRIVATE KEY----- beginnt), oder bitten Sie Ihre IT-Abteilung um einen neuen.',
  }),

  'config.passphrase-wrong': () => ({
    title: 'Die Passphrase des privaten Schlüssels ist falsch',
    why: 'Der private Schlüssel im Profil ist verschlüsselt, und diese Passphrase öffnet ihn nicht.',
    next: 'Versuchen Sie es erneut. Gemeint ist die Passphrase, die beim Erstellen der Schlüsseldatei gesetzt wurde, nicht das Passwort Ihres Kontos.',
  }),

  'config.key-mismatch': (c) => ({
    title: 'Der private Schlüssel gehört nicht zum Zertifikat',
    why: `Das Zertifikat${given(c.subject, (subject) => ` von ${subject}`)} enthält einen anderen öffentlichen Schlüssel als den, der zu user.privateKey passt.`,
    next: 'Setzen Sie ein Zertifikat und einen privaten Schlüssel ein, die zusammen erstellt wurden. Enthält user.certificate mehrere, muss Ihr eigenes das erste sein.',
  }),

  'config.usage': (c) => ({
    title: 'Der Befehl wurde nicht verstanden',
    why: c.detail ?? 'Der Befehl enthält eine Option oder ein Argument, das Causeway nicht kennt.',
    next: 'Alle Befehle und Optionen zeigt: causeway --help',
  }),

  'config.keylog-refused': (c) => ({
    title: 'Die Schlüssel der Verbindung können nicht in diese Datei geschrieben werden',
    why: `Causeway weigert sich, Schlüssel in ${c.file ?? 'die Datei nach --keylog'} zu schreiben${given(c.detail, (text) => `: ${text}`)}. Wer diese Datei lesen kann, kann den Verkehr der Verbindung lesen.`,
    next: 'Führen Sie den Befehl als root aus, und nennen Sie eine Datei, die es noch nicht gibt, in einem Ordner, in den nur root schreiben darf.',
  }),
};
