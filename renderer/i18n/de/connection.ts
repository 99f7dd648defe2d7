import type { connection as english } from '../en/connection.ts';
import type { Same } from '../same.ts';

export const connection: Same<typeof english> = {
  title: 'Verbindung',
  stateLabel: 'Zustand der Verbindung',
  state: {
    starting: 'Startet',
    noService: 'Kein Dienst',
    disconnected: 'Getrennt',
    blocked: 'Getrennt, alles zurückgehalten',
    preparing: 'Verbindet',
    connecting: 'Verbindet',
    configuring: 'Verbindet',
    connected: 'Verbunden',
    roaming: 'Wechselt das Netz',
    checking: 'Prüft das Gateway',
    reconnecting: 'Verbindet erneut',
    'waiting-for-network': 'Wartet auf ein Netz',
    disconnecting: 'Trennt',
    asking: 'Braucht Ihre Eingabe',
    'on-demand': 'Verbindet bei Bedarf',
  },
  phase: {
    resolving: 'Sucht das Gateway',
    init: 'Ruft das Gateway',
    auth: 'Prüft, wer wer ist',
    configuring: 'Richtet den Tunnel ein',
  },
  connect: 'Verbinden',
  disconnect: 'Trennen',
  cancel: 'Abbrechen',
  profile: 'Profil',
  noProfile: 'Es gibt noch kein Profil. Ein Profil sagt, mit welchem Gateway und als wer Sie sich verbinden.',
  addProfile: 'Profil hinzufügen',
  since: 'seit {{time}}, {{duration}} lang',
  someoneElse:
    'Eine andere Person an diesem Computer hat die Verbindung gestartet; nur sie oder ein Administrator kann sie beenden.',
  retryIn: 'Nächster Versuch in {{seconds}} s (Versuch {{attempt}})',
  retryNow: 'Versuch {{attempt}} läuft',
  facts: {
    title: 'Einzelheiten',
    path: 'Weg',
    pathValue: '{{host}} unter {{address}}, Port {{port}}',
    pathNat: 'durch eine Adressumsetzung',
    identity: 'Hat sich ausgewiesen als',
    addresses: 'Ihre Adressen',
    networks: 'Durch den Tunnel',
    subnets: 'Eigene Netze des Gateways',
    dns: 'Nameserver',
    noDns: 'unverändert',
    domains: 'Domänen',
    suite: 'Verschlüsselung',
    strength: {
      strong: 'stark',
      sufficient: 'ausreichend, aber altmodisch',
      weak: 'schwach: Bitten Sie Ihre IT-Abteilung um etwas Neueres',
    },
    mtu: 'Größtes Paket',
    mtuValue: '{{octets}} Oktette',
    interface: 'Schnittstelle',
  },
  traffic: {
    title: 'Datenverkehr',
    down: 'Empfangen',
    up: 'Gesendet',
    graph: 'Datenverkehr der letzten Minuten: gerade {{down}} empfangen, {{up}} gesendet je Sekunde',
    dropped: 'Verworfene Pakete',
  },
  health: 'Gut zu wissen',
  warnings: {
    said: 'Das Gateway sagt: {{said}}',
    nameServerOutside:
      'Das Gateway nimmt keine Anfragen an {{servers}} an: Als Nameserver wird das nicht benutzt. Nennen Sie einen anderen im Profil, oder fragen Sie Ihre IT-Abteilung.',
    namesOutside:
      'Alles geht durch den Tunnel, aber das Gateway nennt keine Nameserver: Namen werden aufgelöst wie ohne ihn, vielleicht von Servern des lokalen Netzes. Nennen Sie welche im Profil, oder fragen Sie Ihre IT-Abteilung.',
  },
  need: {
    title: '{{profile}} fragt nach: {{what}}',
    password: 'Passwort',
    'pre-shared key': 'gemeinsamer Schlüssel',
    passphrase: 'Passphrase',
    'one-time code': 'Einmalcode',
    label: {
      password: 'Passwort',
      'pre-shared key': 'Gemeinsamer Schlüssel',
      passphrase: 'Passphrase Ihres Schlüssels',
      'one-time code': 'Einmalcode',
    },
    forUser: 'für {{username}}',
    rejected: 'Das wurde nicht angenommen. Bitte versuchen Sie es noch einmal.',
    says: 'Das Gateway sagt: {{message}}',
    onlyOnce:
      'Ein Code gilt einmal und wird nie gemerkt. Nehmen Sie den, den Ihr Token oder Ihre App jetzt zeigt.',
    remember: 'In {{backend}} merken',
    rememberOff: 'Wird nicht gemerkt: Das Speichern ist in den Einstellungen ausgeschaltet.',
    rememberLocked: 'In {{backend}} merken; gesperrt, Sie werden um die Freigabe gebeten',
    rememberAbsent:
      'Wird nicht gemerkt: Dieser Computer hat keinen Schlüsselbund, den Causeway benutzen kann. Sie werden jedes Mal gefragt.',
    answer: 'Weiter',
    refuse: 'Nicht verbinden',
    left: 'noch {{seconds}} s',
  },
  notKept: {
    title: 'Ihre Eingabe wurde nicht gemerkt',
    locked:
      '{{backend}} ist gesperrt. Sie werden beim nächsten Mal wieder gefragt, außer Sie geben es frei und antworten dann.',
    absent:
      'Es gibt keinen Schlüsselbund, den Causeway verwenden könnte, und anderswo bewahrt es keine Geheimnisse auf. Sie werden jedes Mal gefragt.',
    other: '{{backend}} hat sie nicht angenommen. Sie werden beim nächsten Mal wieder gefragt.',
  },
  protection: {
    blockedTitle: 'Alles wird zurückgehalten',
    blockedBody:
      'Der Notschalter lässt ohne Verbindung nichts hinaus. Verbinden Sie sich, oder erlauben Sie sich die Anmeldung an einem Portal.',
    portal: '5 Minuten lang an einem Portal anmelden',
    hole: 'Ein Anmeldeportal ist bis {{time}} erreichbar.',
  },
};
